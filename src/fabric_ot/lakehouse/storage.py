"""What the storage below a path holds, asked through Hadoop's file system: the same on OneLake and on a disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fabric_ot.lakehouse.java_classes import java_class

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_COMMIT = re.compile(r"(\d{20})\.json")


@dataclass(frozen=True)
class StoredFile:
    """One file: its full path, size and modification time in epoch milliseconds."""

    path: str
    size_bytes: int
    modified_ms: int


def stored_files(spark: SparkSession, root: str) -> Iterator[StoredFile]:
    """Yield every file below `root`, sorted by path; nothing where `root` does not exist."""
    system, path = _open(spark, root)
    if system.exists(path):
        yield from _walk(system, path)


@dataclass(frozen=True)
class Commit:
    """One commit of a Delta table: its version, and when and how large it was written."""

    version: int
    modified_ms: int
    size_bytes: int


def last_commit(spark: SparkSession, path: str) -> Commit | None:
    """Return the last commit of the Delta table at `path`; None where there is no table."""
    system, log = _open(spark, f"{path}/_delta_log")
    if not system.exists(log):
        return None
    listed = ((_COMMIT.fullmatch(status.getPath().getName()), status) for status in system.listStatus(log))
    commits = [(int(name[1]), status) for name, status in listed if name]
    if not commits:
        return None
    version, status = max(commits, key=lambda commit: commit[0])
    return Commit(version, status.getModificationTime(), status.getLen())


def commit_at(spark: SparkSession, path: str, version: int) -> Commit | None:
    """Return one commit of the Delta table at `path`; None where its log no longer has it."""
    system, entry = _open(spark, f"{path}/_delta_log/{version:020d}.json")
    if not system.exists(entry):
        return None
    status = system.getFileStatus(entry)
    return Commit(version, status.getModificationTime(), status.getLen())


def release(settled: DataFrame) -> None:
    """Free what a locally checkpointed frame holds on the executors, without waiting for a garbage collection."""
    plan: Any = settled._jdf.queryExecution().logical()
    if plan.getClass().getSimpleName() == "LogicalRDD":
        plan.rdd().unpersist(False)


def _walk(system: Any, folder: Any) -> Iterator[StoredFile]:
    for status in sorted(system.listStatus(folder), key=lambda s: s.getPath().getName()):
        if status.isDirectory():
            yield from _walk(system, status.getPath())
        else:
            yield StoredFile(_plain(status.getPath().toString()), status.getLen(), status.getModificationTime())


def _open(spark: SparkSession, path: str) -> tuple[Any, Any]:
    # Hadoop's API is stable and public; Spark's own readers would start a job only to list a folder.
    hadoop_path = java_class(spark, "org.apache.hadoop.fs.Path")(path)
    return hadoop_path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()), hadoop_path


def _plain(uri: str) -> str:
    return re.sub(r"^file:/+", "/", uri)
