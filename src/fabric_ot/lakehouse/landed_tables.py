"""Tables that others write into a lakehouse, and which of their rows are new since a version that was read before."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException
from pyspark.sql import functions as sf

from fabric_ot.lakehouse.files import decoded_path
from fabric_ot.lakehouse.storage import commit_at, last_commit

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_PATTERN = re.compile(r"[*?\[\]{}%\\]")
"""What Spark's reader of files would take for more than a name."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class TableVersion:
    """One version of a Delta table; when it was committed tells a table that was made anew from the one before."""

    version: int
    committed_utc: dt.datetime


class LandedTable:
    """A Delta table without a contract of its own, as it was when it was opened: nobody here writes it."""

    def __init__(self, spark: SparkSession, path: str, at: TableVersion) -> None:
        """Keep the session, the folder and the version."""
        self.at = at
        self._spark = spark
        self._path = path
        self._snapshot = self._read(at.version)

    @property
    def columns(self) -> dict[str, str]:
        """Its columns with Spark's names of their types."""
        return dict(self._snapshot.dtypes)

    def rows(self, since: TableVersion | None) -> DataFrame:
        """Return the rows that came after `since`, and maybe some that came before; all where `since` is None.

        A row that is new lies in a file that is new. Where files were rewritten (OPTIMIZE, DELETE), the new ones hold
        old rows too; where the log no longer knows `since`, or the table was made anew, all rows come. Rows that
        were deleted in between do not come.
        """
        if since is None or not self._knows(since):
            return self._snapshot
        try:
            before = set(self._read(since.version).inputFiles())
        except PySparkException:
            # the log was cut before this version, and its rest does not tell what the table was
            return self._snapshot
        new = sorted(set(self._snapshot.inputFiles()) - before)
        if not new:
            return self._snapshot.where(sf.lit(False))
        if not any(_PATTERN.search(name) for name in new) and self._has_plain_files():
            return self._spark.read.schema(self._snapshot.schema).parquet(*new)
        # Delta reads every file and drops the rows of the others: dear, and right with all that a table may have.
        names = [name.partition(":")[2].lstrip("/") for name in new]
        found = sf.regexp_replace(decoded_path("_metadata.file_path"), "^[^:]*:/*", "")
        return self._snapshot.where(found.isin(names))

    def _knows(self, since: TableVersion) -> bool:
        commit = commit_at(self._spark, self._path, since.version) if since.version <= self.at.version else None
        return commit is not None and _instant(commit.modified_ms) == since.committed_utc

    def _has_plain_files(self) -> bool:
        """Whether a file holds the table's rows as they are: no renamed columns, deletion vectors or partitions."""
        from delta.tables import DeltaTable

        told = DeltaTable.forPath(self._spark, self._path).detail().select("minReaderVersion", "partitionColumns")
        reader_version, partition_columns = told.collect()[0]
        return reader_version == 1 and not partition_columns

    def _read(self, version: int) -> DataFrame:
        return self._spark.read.format("delta").option("versionAsOf", version).load(self._path)


def open_landed_table(spark: SparkSession, path: str) -> LandedTable | None:
    """Return the Delta table at `path` as it is now; None where there is none."""
    commit = last_commit(spark, path)
    if commit is None:
        return None
    return LandedTable(spark, path, TableVersion(commit.version, _instant(commit.modified_ms)))


def _instant(epoch_ms: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(milliseconds=epoch_ms)
