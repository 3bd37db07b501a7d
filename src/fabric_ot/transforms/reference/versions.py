"""Slowly changing reference data: one row per version, and the last word per key."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns

ARRIVAL_ORDER: tuple[str, ...] = ("arrival_time_utc", "route", "source_partition", "source_offset")
"""What "last" means for reference rows: the arrival, then the place in the file."""


def to_versions(
    rows: DataFrame, *, key: Sequence[str], tracked: Sequence[str], order_by: Sequence[str] = ARRIVAL_ORDER
) -> DataFrame:
    """Turn dated rows of reference data into versions without gap or overlap (SCD2).

    A version holds from `valid_from_utc` (inclusive) to the next one's (exclusive; null while current). Of two rows
    of one key and instant the last in `order_by` wins; a row that changes nothing joins the version before it;
    a back-dated row splits the version it falls into. Built from all rows at once, so their order does not matter.

    Columns in:  *key, `valid_from_utc` (timestamp), *tracked, *order_by.
    Columns out: *key, *tracked, `valid_from_utc`, `valid_to_utc`, `is_current`.
    Grain out:   one row per key and version.
    Nulls:       none in key, `valid_from_utc`, `order_by`; a null in `tracked` is a value of its own.
    Cost:        one shuffle by `key`.     Streaming: batch only.
    """
    require_columns("to_versions", rows, [*key, "valid_from_utc", *tracked, *order_by])
    in_order = Window.partitionBy(*key).orderBy("valid_from_utc", *order_by)
    following = sf.lead("valid_from_utc").over(in_order)
    last = rows.withColumn("_next", following).where(
        sf.col("_next").isNull() | (sf.col("_next") > sf.col("valid_from_utc"))
    )
    in_time = Window.partitionBy(*key).orderBy("valid_from_utc")
    valid = last.withColumn("_state", sf.struct(*tracked)).withColumn("_before", sf.lag("_state").over(in_time))
    changed = valid.where(~sf.col("_state").eqNullSafe(sf.col("_before")))
    ends = changed.withColumn("valid_to_utc", sf.lead("valid_from_utc").over(in_time))
    return ends.select(
        *key, *tracked, "valid_from_utc", "valid_to_utc", sf.col("valid_to_utc").isNull().alias("is_current")
    )


def keep_last_arrival(rows: DataFrame, *, key: Sequence[str], order_by: Sequence[str] = ARRIVAL_ORDER) -> DataFrame:
    """Keep the last row of each key.

    Columns in:  *key, *order_by.
    Columns out: those of `rows`.
    Grain out:   one row per key.
    Nulls:       none in key and `order_by`.
    Cost:        one shuffle by `key`.
    """
    require_columns("keep_last_arrival", rows, [*key, *order_by])
    newest_first = Window.partitionBy(*key).orderBy(*[sf.col(name).desc() for name in order_by])
    return rows.withColumn("_rank", sf.row_number().over(newest_first)).where(sf.col("_rank") == 1).drop("_rank")
