"""Build the wheel into the Environment item, so that what is deployed is what was tested."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from fabric_ot.errors import PlatformError
from fabric_ot.workbench.items.repository import load_repository

# Zip entries carry a time; a fixed one makes the same source give the same bytes.
_FIXED_TIME = "1704067200"


@dataclass(frozen=True)
class BuiltWheel:
    """The wheel that was placed in the Environment, and how many modules it holds."""

    path: Path
    modules: int


def build_wheel(root: Path, *, environment: str = "ot_runtime") -> BuiltWheel:
    """Build the checkout at `root` and place the wheel in the Environment's custom libraries, replacing older ones.

    Raises:
        PlatformError: the build failed; the Environment is left as it was.
    """
    folder = load_repository(root).find("Environment", environment).folder / "Libraries" / "CustomLibraries"
    with tempfile.TemporaryDirectory() as scratch:
        wheel = _build(root, Path(scratch))
        modules = _count_modules(wheel)
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("fabric_ot-*.whl"):
            old.unlink()
        placed = folder / wheel.name
        shutil.copyfile(wheel, placed)
    return BuiltWheel(placed, modules)


def _build(root: Path, out: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(out), str(root)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": _FIXED_TIME}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603
    wheels = sorted(out.glob("fabric_ot-*.whl"))
    if done.returncode or not wheels:
        message = f"building the wheel of {root} failed:\n{done.stderr.strip()[-800:]}"
        raise PlatformError(message)
    return wheels[0]


def _count_modules(wheel: Path) -> int:
    with zipfile.ZipFile(wheel) as archive:
        modules = [name for name in archive.namelist() if name.endswith(".py")]
    if "fabric_ot/__init__.py" not in modules:
        message = f"{wheel.name} does not hold the package; found {modules[:5]}"
        raise PlatformError(message)
    return len(modules)
