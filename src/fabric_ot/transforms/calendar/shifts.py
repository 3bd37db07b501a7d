"""Shift instances: from a calendar in local wall time and IANA zone to intervals in UTC.

A wall time that does not exist (spring) moves forward by the length of the gap, 02:30 -> 03:30; one that occurs
twice (autumn) is the first. So a night shift lasts 7 h on one night of the year and 9 h on another.
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.transforms.intervals import elapsed_us, keep_overlapping, require_columns

INSTANCE_KEY: tuple[str, ...] = ("site_id", "shift_id", "production_date")
_DAY_S = 86_400


def to_shift_instances(
    shifts: DataFrame, stops: DataFrame, sites: DataFrame, *, from_date: dt.date, to_date: dt.date
) -> DataFrame:
    """Turn the shift calendar into one interval in UTC per shift and local date.

    An end at or before the start means the next day. The production date is the local date of the start.
    Planned busy time is the elapsed time less the planned stops: placed ones as long as they last within the shift
    (where two overlap, once), planned minutes without a place as told; never below zero.

    Columns in:  shifts: `plant.shift`; stops: `plant.shift_stop`; sites: `plant.site`.
    Columns out: those of `plant.shift_instance`.
    Grain out:   one row per shift whose site is known and local date from `from_date` to `to_date`, both included.
    Nulls:       none in keys, wall times and zones.
    Cost:        small: the rows come from the calendar, shuffled by shift instance.
    """
    instances = _instances(shifts, sites, from_date, to_date)
    placed = to_merged_stops(_placed(instances, stops))
    lengths = elapsed_us(sf.col("start_utc"), sf.col("end_utc"))
    placed_us = placed.groupBy(*INSTANCE_KEY).agg(sf.sum(lengths).alias("_placed_us"))
    unplaced = stops.where(sf.col("start_local").isNull())
    unplaced_us = unplaced.groupBy("site_id", "shift_id").agg((sf.sum("duration_s") * 1e6).alias("_unplaced_us"))
    joined = instances.join(placed_us, list(INSTANCE_KEY), "left").join(unplaced_us, ["site_id", "shift_id"], "left")
    stop_us = sf.coalesce("_placed_us", sf.lit(0)) + sf.coalesce("_unplaced_us", sf.lit(0.0))
    planned_us = sf.least(stop_us, lengths)
    return joined.select(
        *INSTANCE_KEY,
        "shift_name",
        "start_utc",
        "end_utc",
        (planned_us / 1e6).alias("planned_stop_s"),
        ((lengths - planned_us) / 1e6).alias("planned_busy_s"),
        "time_zone",
    )


def to_planned_stops(
    shifts: DataFrame, stops: DataFrame, sites: DataFrame, *, from_date: dt.date, to_date: dt.date
) -> DataFrame:
    """Turn the placed planned stops of the calendar into one interval in UTC per shift instance.

    A stop starts at its wall time, on the next day where that is before the shift's start, lasts `duration_s` of
    elapsed time and is cut at the shift's bounds. Stops without a start have no place and give no row.

    Columns in:  shifts: `plant.shift`; stops: `plant.shift_stop`; sites: `plant.site`.
    Columns out: those of `plant.planned_stop`.
    Grain out:   one row per placed stop and shift instance, longer than zero.
    Cost:        small: the rows come from the calendar.
    """
    placed = _placed(_instances(shifts, sites, from_date, to_date), stops)
    return placed.select(*INSTANCE_KEY, "stop_id", "reason", "start_utc", "end_utc")


def to_merged_stops(stops: DataFrame) -> DataFrame:
    """Turn planned stops into non-overlapping intervals, so that time is counted once.

    Columns in:  `site_id`, `shift_id`, `production_date`, `start_utc`, `end_utc`.
    Columns out: the same.
    Grain out:   one row per maximal stretch covered by stops, per shift instance.
    Cost:        one shuffle by shift instance.
    """
    require_columns("to_merged_stops", stops, [*INSTANCE_KEY, "start_utc", "end_utc"])
    in_time = Window.partitionBy(*INSTANCE_KEY).orderBy("start_utc", "end_utc")
    before = in_time.rowsBetween(Window.unboundedPreceding, -1)
    starts_new = sf.coalesce(sf.col("start_utc") > sf.max("end_utc").over(before), sf.lit(True))
    marked = stops.withColumn("_new", starts_new.cast("int"))
    numbered = marked.withColumn("_stretch", sf.sum("_new").over(in_time))
    bounds = (sf.min("start_utc").alias("start_utc"), sf.max("end_utc").alias("end_utc"))
    return numbered.groupBy(*INSTANCE_KEY, "_stretch").agg(*bounds).drop("_stretch")


def keep_overlapping_shifts(instances: DataFrame) -> DataFrame:
    """Keep the shift instances that begin before an earlier one of the same site has ended.

    Columns in:  `site_id`, `start_utc`, `end_utc` and more.
    Columns out: those of `instances`.
    Grain out:   one row per instance that overlaps an earlier one; none in a sound calendar.
    Cost:        one shuffle by `site_id`.
    """
    require_columns("keep_overlapping_shifts", instances, ["site_id", "start_utc", "end_utc"])
    return keep_overlapping(instances, on=("site_id",))


def _instances(shifts: DataFrame, sites: DataFrame, from_date: dt.date, to_date: dt.date) -> DataFrame:
    require_columns("to_shift_instances shifts", shifts, ["site_id", "shift_id", "start_local", "end_local"])
    require_columns("to_shift_instances sites", sites, ["site_id", "time_zone"])
    zones = sites.select("site_id", "time_zone")
    if from_date > to_date:
        message = f"to_shift_instances: from_date {from_date} is after to_date {to_date}; both are included"
        raise ContractError(message)
    dates = sf.explode(sf.sequence(sf.lit(from_date), sf.lit(to_date)))
    dated = shifts.join(sf.broadcast(zones), "site_id").withColumn("production_date", dates)
    start_s, end_s = _seconds("start_local"), _seconds("end_local")
    next_day = sf.when(end_s <= start_s, _DAY_S).otherwise(0)
    start = _utc(sf.col("production_date"), start_s)
    end = _utc(sf.col("production_date"), end_s + next_day)
    # between two wall times inside a gap the later one may come out first; such a shift has no time that day
    return dated.withColumn("start_utc", start).withColumn("end_utc", sf.greatest("start_utc", end))


def _placed(instances: DataFrame, stops: DataFrame) -> DataFrame:
    require_columns("to_planned_stops stops", stops, ["site_id", "shift_id", "stop_id", "start_local", "duration_s"])
    placed = stops.where(sf.col("start_local").isNotNull()).withColumnRenamed("start_local", "stop_local")
    joined = instances.join(sf.broadcast(placed), ["site_id", "shift_id"])
    stop_s = _seconds("stop_local")
    next_day = sf.when(stop_s < _seconds("start_local"), _DAY_S).otherwise(0)
    starts = _utc(sf.col("production_date"), stop_s + next_day)
    length_us = sf.round(sf.col("duration_s") * 1e6).cast("long")
    ends = sf.timestamp_micros(sf.unix_micros("_starts") + length_us)
    cut = (
        joined.withColumn("_starts", starts)
        .withColumn("_ends", sf.least(ends, "end_utc"))
        .withColumn("start_utc", sf.greatest("_starts", "start_utc"))
        .withColumn("end_utc", sf.col("_ends"))
    )
    return cut.where(sf.col("start_utc") < sf.col("end_utc"))


def _seconds(wall: str) -> Column:
    hours, minutes, seconds = (sf.substring(wall, start, 2).cast("int") for start in (1, 4, 7))
    return hours * 3600 + minutes * 60 + seconds


def _utc(date: Column, seconds: Column) -> Column:
    wall = sf.timestamp_seconds(sf.unix_date(date).cast("long") * _DAY_S + seconds)
    return sf.to_utc_timestamp(wall, sf.col("time_zone"))
