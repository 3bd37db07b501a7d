"""The Delta and Avro jars: fetched once into the user's cache, checked, then used by class path.

Spark's own resolver fetches them (so no repository address is written here); without the exclusions it would
bring 30 more jars that Spark already has, at every start.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fabric_ot.errors import PlatformError
from fabric_ot.workbench.local.spark.runtimes import Jar, Runtime

_ALREADY_IN_SPARK = (
    "org.apache.hadoop:*", "org.apache.parquet:*", "org.apache.logging.log4j:*", "org.apache.commons:*",
    "org.apache.avro:*", "org.apache.httpcomponents*:*", "org.openapitools:*", "org.scala-lang*:*", "org.slf4j:*",
    "org.tukaani:*", "org.xerial*:*", "io.unitycatalog:*", "io.delta:delta-kernel*", "io.netty:*", "commons-*:*",
    "com.fasterxml.jackson.*:*", "com.google*:*",
)  # fmt: skip

_FETCH = """
import sys
from pyspark.sql import SparkSession
packages, ivy, excludes = sys.argv[1:]
SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config(
    "spark.jars.packages", packages).config("spark.jars.ivy", ivy).config(
    "spark.jars.excludes", excludes).getOrCreate().stop()
"""


def cache_folder() -> Path:
    """Return the user's cache folder; `FABRIC_OT_CACHE` moves it."""
    base = os.environ.get("FABRIC_OT_CACHE") or os.environ.get("XDG_CACHE_HOME")
    if os.environ.get("FABRIC_OT_CACHE"):
        return Path(str(base))
    return (Path(base) if base else Path.home() / ".cache") / "fabric_ot"


def missing_jars(runtime: Runtime, folder: Path) -> list[Jar]:
    """Return the jars of `runtime` that are not in `folder`, or whose bytes are not the pinned ones."""
    return [jar for jar in runtime.jars if not _is_intact(folder / jar.file_name, jar)]


def ensure_jars(runtime: Runtime, *, environment: Mapping[str, str] | None = None) -> list[Path]:
    """Return the jars of `runtime`, fetching them first where the cache lacks them.

    Raises:
        PlatformError: the fetch failed, or a fetched jar has other bytes than the pinned ones.
    """
    folder = cache_folder() / "jars" / runtime.version
    stamp = folder / "checked"
    paths = [folder / jar.file_name for jar in runtime.jars]
    wanted = "\n".join(jar.sha256 for jar in runtime.jars)
    if stamp.is_file() and stamp.read_text() == wanted and all(path.is_file() for path in paths):
        return paths
    if missing_jars(runtime, folder):
        _fetch(runtime, folder, environment)
    stamp.write_text(wanted)
    return paths


def _fetch(runtime: Runtime, folder: Path, environment: Mapping[str, str] | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as ivy:
        packages = ",".join(jar.coordinates for jar in runtime.jars)
        command = [sys.executable, "-c", _FETCH, packages, ivy, ",".join(_ALREADY_IN_SPARK)]
        done = subprocess.run(command, capture_output=True, text=True, env=dict(environment or os.environ), check=False)  # noqa: S603
        for jar in runtime.jars:
            fetched = Path(ivy) / "jars" / jar.file_name
            if not _is_intact(fetched, jar):
                found = "other bytes than the pinned ones" if fetched.is_file() else "nothing"
                message = (
                    f"fetching {jar.coordinates} brought {found}.\n"
                    f"Spark's resolver said: {done.stderr.strip()[-600:]}\n"
                    f"Hint: check the network, or place {jar.file_name} in {folder} yourself."
                )
                raise PlatformError(message)
            shutil.move(fetched, folder / jar.file_name)


def _is_intact(path: Path, jar: Jar) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256
