"""Small frames for tests, built so that a transform that depends on row order fails on a laptop."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from fabric_ot.lakehouse.row_frames import frame_of_rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PARTITIONS = 3


def frame(
    spark: SparkSession, ddl: str, rows: Sequence[Sequence[Any]], *, seed: int = 7, partitions: int = PARTITIONS
) -> DataFrame:
    """Build a frame whose rows are shuffled with a fixed seed and spread over several partitions.

    Args:
        spark: the session.
        ddl: the columns, as in `"tag_id string, event_time_utc timestamp"`.
        rows: one sequence per row; naive datetimes are read in the process's zone, so run tests under UTC.
        seed: another seed is another row order.
        partitions: how many partitions the rows are spread over.
    """
    shuffled = [tuple(row) for row in rows]
    Random(seed).shuffle(shuffled)  # noqa: S311 an order for tests, not a secret
    # of rows that it knows to be none Spark plans nothing, and an empty frame would test nothing
    told = frame_of_rows(spark, shuffled, ddl) if shuffled else spark.createDataFrame([], ddl)
    return told.repartition(partitions)
