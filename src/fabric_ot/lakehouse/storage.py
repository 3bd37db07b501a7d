"""What the storage below a path holds, asked through Hadoop's file system: the same on OneLake and on a disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


def delta_version(spark: SparkSession, path: str) -> int | None:
    """Return the last committed version of the Delta table at `path`; None where there is no table."""
    system, log = _open(spark, f"{path}/_delta_log")
    if not system.exists(log):
        return None
    commits = (_COMMIT.fullmatch(status.getPath().getName()) for status in system.listStatus(log))
    return max((int(commit[1]) for commit in commits if commit), default=None)


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
    hadoop_path = spark._jvm.org.apache.hadoop.fs.Path(path)  # type: ignore[union-attr]
    return hadoop_path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()), hadoop_path


def _plain(uri: str) -> str:
    return re.sub(r"^file:/+", "/", uri)
