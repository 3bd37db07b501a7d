"""Make the virtual environment of one Fabric runtime: `python3 set_up.py 2.0`. Only the standard library is needed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
# PySpark 3.5 knows Python up to 3.11; Spark 4.1 takes any from 3.11 on.
PYTHONS = {"2.0": ("python3", "python3.13", "python3.12", "python3.11"), "1.3": ("python3.11", "python3")}
SUPPORTED = {"2.0": [(3, 11), (3, 12), (3, 13)], "1.3": [(3, 11)]}
EXTRAS = {"2.0": "local,test,lint", "1.3": "local,test"}


def main(runtime: str) -> int:
    """Create `.venv-<runtime>`, install the pinned packages, fetch the jars, and mark it ready."""
    if runtime not in PYTHONS:
        say(f"RUNTIME must be one of {', '.join(PYTHONS)}, found {runtime!r}")
        return 2
    python = find_python(runtime)
    if python is None:
        wanted = " or ".join(f"{a}.{b}" for a, b in SUPPORTED[runtime])
        say(f"Fabric runtime {runtime} needs Python {wanted} on PATH; none of {', '.join(PYTHONS[runtime])} is one.")
        return 1
    folder = HERE / f".venv-{runtime}"
    say(f"setting up {folder.name} with {python} (once; a few minutes)")
    if python == sys.executable:
        venv.create(folder, with_pip=True, clear=True)
    else:
        run([python, "-m", "venv", "--clear", str(folder)])
    inside = str(folder / "bin" / "python")
    install(inside, runtime, EXTRAS[runtime])
    if run([inside, "-m", "fabric_ot.workbench.local.spark.prepare"], check=False) == 3:
        say("no fitting Java was found: installing one inside the environment")
        install(inside, runtime, "jre")
        run([inside, "-m", "fabric_ot.workbench.local.spark.prepare"])
    (folder / "ready").write_text(runtime)
    return 0


def find_python(runtime: str) -> str | None:
    """Return the first interpreter on PATH that this runtime's Spark supports."""
    for name in PYTHONS[runtime]:
        path = shutil.which(name)
        if path is None:
            continue
        done = subprocess.run(
            [path, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, check=False
        )
        if done.returncode == 0 and tuple(map(int, done.stdout.split())) in SUPPORTED[runtime]:
            return path
    return None


def install(python: str, runtime: str, extras: str) -> None:
    """Install the checkout with `extras`, every version pinned by the runtime's constraint file."""
    constraints = str(HERE / "constraints" / f"fabric-{runtime}.txt")
    run(
        [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "-c",
            constraints,
            "-e",
            f"{HERE}[{extras}]",
        ]
    )


def run(command: list[str], *, check: bool = True) -> int:
    """Run `command`; where `check` is set, a failure ends the set-up with its exit code."""
    code = subprocess.run(command, check=False).returncode
    if check and code:
        say(f"failed ({code}): {' '.join(command)}")
        raise SystemExit(code)
    return code


def say(text: str) -> None:
    """Print one line for the person who waits."""
    sys.stderr.write(f"fabric-ot: {text}\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "2.0"))
