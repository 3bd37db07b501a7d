"""Planned busy time where a plant declares that planned down time is not busy time."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.states.segments import ASSET_SHIFT_KEY


def with_planned_down_off(asset_shifts: DataFrame, segments: DataFrame) -> DataFrame:
    """Take planned down time outside placed stops from the planned busy time of each shift; never below zero.

    Without it a stop that counts as planned is a loss like any other: Availability is APT / PBT, and PBT is what the
    calendar says. With it such a stop, measured or re-coded by a person, is no loss.

    Columns in:  asset_shifts: as `to_asset_shifts` returns them; segments: as `to_segments` returns them.
    Columns out: those of `asset_shifts`, `planned_busy_s` replaced.
    Grain out:   that of `asset_shifts`.
    Nulls:       none come out.
    Cost:        one shuffle of sums by asset and shift instance.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("with_planned_down_off asset_shifts", asset_shifts, [*ASSET_SHIFT_KEY, "planned_busy_s"])
    needed = [*ASSET_SHIFT_KEY, "time_category", "is_planned_stop", "duration_us"]
    require_columns("with_planned_down_off segments", segments, needed)
    is_off = (sf.col("time_category") == "planned_down") & ~sf.col("is_planned_stop")
    off = segments.where(is_off).groupBy(*ASSET_SHIFT_KEY).agg((sf.sum("duration_us") / 1e6).alias("_off_s"))
    joined = asset_shifts.join(off, list(ASSET_SHIFT_KEY), "left")
    busy_s = sf.greatest(sf.col("planned_busy_s") - sf.coalesce("_off_s", sf.lit(0.0)), sf.lit(0.0))
    return joined.withColumn("planned_busy_s", busy_s).select(*asset_shifts.columns)
