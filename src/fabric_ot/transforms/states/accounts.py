"""The account of time: what is told, not heard, missing or told twice of every shift adds up to the calendar."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.contracts.roles import NO_SIGNAL
from fabric_ot.transforms.intervals import elapsed_us, join_overlaps, require_columns
from fabric_ot.transforms.states.segments import ASSET_SHIFT_KEY

_PARTS = ("_told_us", "_no_signal_us", "_covered_us", "_segment_us")


def to_time_account(intervals: DataFrame, asset_shifts: DataFrame, segments: DataFrame) -> DataFrame:
    """Account for the time of each asset and shift instance.

    calendar = told + no signal + gap - overlap, to the microsecond, also where intervals overlap or are missing:
    intervals are added up as they are, and what they cover together is measured apart. `difference_s` holds the
    segments, of which facts are made, against the calendar: 0, or facts count time twice or lose it.

    Columns in:  intervals: `asset_id`, `start_utc`, `end_utc`, `state`; asset_shifts: as `to_asset_shifts` returns
                 them; segments: as `to_segments` returns them.
    Columns out: those of `plant.time_account`.
    Grain out:   one row per asset and shift instance.
    Nulls:       none come out.
    Cost:        asset shifts are few and broadcast; one shuffle of intervals and one of sums, by asset and shift.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("to_time_account intervals", intervals, ["asset_id", "start_utc", "end_utc", "state"])
    require_columns("to_time_account asset_shifts", asset_shifts, [*ASSET_SHIFT_KEY, "start_utc", "end_utc"])
    require_columns("to_time_account segments", segments, [*ASSET_SHIFT_KEY, "duration_us"])
    parts = _interval_parts(intervals, asset_shifts).unionByName(
        segments.select(*ASSET_SHIFT_KEY, sf.col("duration_us").alias("_segment_us")), allowMissingColumns=True
    )
    sums = parts.groupBy(*ASSET_SHIFT_KEY).agg(*[sf.sum(name).alias(name) for name in _PARTS])
    calendar_us = elapsed_us(sf.col("start_utc"), sf.col("end_utc"))
    shifts = asset_shifts.select(*ASSET_SHIFT_KEY, calendar_us.alias("_calendar_us"))
    known = {name: sf.coalesce(name, sf.lit(0)) for name in _PARTS}
    calendar, told, silent = sf.col("_calendar_us"), sf.col("_told_us"), sf.col("_no_signal_us")
    return (
        shifts.join(sums, list(ASSET_SHIFT_KEY), "left")
        .withColumns(known)
        .select(
            *ASSET_SHIFT_KEY,
            _seconds("calendar_s", calendar),
            _seconds("told_s", told),
            _seconds("no_signal_s", silent),
            _seconds("gap_s", calendar - sf.col("_covered_us")),
            _seconds("overlap_s", told + silent - sf.col("_covered_us")),
            _seconds("difference_s", calendar - sf.col("_segment_us")),
        )
    )


def _interval_parts(intervals: DataFrame, asset_shifts: DataFrame) -> DataFrame:
    """Return the part of each interval in each shift, and of it what no interval before covers."""
    windows = asset_shifts.select(
        *ASSET_SHIFT_KEY,
        "start_utc",
        "end_utc",
        sf.col("start_utc").alias("_shift_start"),
        sf.col("end_utc").alias("_shift_end"),
    )
    spans = intervals.select("asset_id", "start_utc", "end_utc", "state")
    met = join_overlaps(spans, windows, on=("asset_id",))
    start_us = sf.unix_micros(sf.greatest("start_utc", "_shift_start"))
    end_us = sf.unix_micros(sf.least("end_utc", "_shift_end"))
    clipped = met.select(*ASSET_SHIFT_KEY, "state", "overlap_us", start_us.alias("_start_us"), end_us.alias("_end_us"))
    before = (
        Window.partitionBy(*ASSET_SHIFT_KEY).orderBy("_start_us", "_end_us").rowsBetween(Window.unboundedPreceding, -1)
    )
    fresh_from = sf.greatest(sf.col("_start_us"), sf.max("_end_us").over(before))
    is_silent = sf.col("state") == NO_SIGNAL
    return clipped.select(
        *ASSET_SHIFT_KEY,
        sf.when(is_silent, 0).otherwise(sf.col("overlap_us")).alias("_told_us"),
        sf.when(is_silent, sf.col("overlap_us")).otherwise(0).alias("_no_signal_us"),
        sf.greatest(sf.col("_end_us") - fresh_from, sf.lit(0)).alias("_covered_us"),
    )


def _seconds(name: str, microseconds: Column) -> Column:
    return (microseconds / 1e6).alias(name)
