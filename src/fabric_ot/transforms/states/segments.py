"""Time of an asset, cut wherever its state, its product, its shift or a planned stop changes.

The four are laid over each other by one sweep in time per asset: no range join, one shuffle.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.contracts.roles import NO_SIGNAL
from fabric_ot.transforms.calendar.shifts import INSTANCE_KEY, to_merged_stops
from fabric_ot.transforms.intervals import elapsed_us, require_columns
from fabric_ot.transforms.samples import is_before_end

ASSET_SHIFT_KEY: tuple[str, ...] = ("asset_id", *INSTANCE_KEY)
_BOUNDS = ("start_utc", "end_utc")


def to_asset_shifts(instances: DataFrame, assets: DataFrame) -> DataFrame:
    """Turn shift instances into those of each asset, by the site it stood at when the shift began.

    Columns in:  instances: `plant.shift_instance`; assets: `plant.asset`.
    Columns out: `asset_id`, those of `instances`.
    Grain out:   one row per asset and shift instance of its site.
    Cost:        assets are broadcast; no shuffle.
    """
    require_columns("to_asset_shifts instances", instances, [*INSTANCE_KEY, *_BOUNDS])
    require_columns("to_asset_shifts assets", assets, ["asset_id", "site_id", "valid_from_utc", "valid_to_utc"])
    versions = assets.select("asset_id", "site_id", "valid_from_utc", "valid_to_utc")
    valid = (sf.col("valid_from_utc") <= sf.col("start_utc")) & is_before_end("start_utc")
    joined = instances.join(sf.broadcast(versions), "site_id").where(valid)
    return joined.select("asset_id", *instances.columns)


def to_segments(intervals: DataFrame, product_runs: DataFrame, asset_shifts: DataFrame, stops: DataFrame) -> DataFrame:
    """Cut each asset's shifts into segments of one state, one product and in or out of planned stops.

    A stretch of a shift without any state interval is NO_SIGNAL, unqualified. Time outside shifts gives no segment.

    Columns in:  intervals: `plant.state_evidence`, or `plant.state_interval`;
                 product_runs: as `to_product_runs` returns them;
                 asset_shifts: as `to_asset_shifts` returns them, not overlapping per asset;
                 stops: `plant.planned_stop`.
    Columns out: `asset_id`, `site_id`, `shift_id`, `production_date`, `start_utc`, `end_utc`, `state`,
                 `time_category`, `product_id` ('' where none was set), `is_planned_stop`, `duration_us` (microseconds).
    Grain out:   one row per segment longer than zero; their durations add up to the shift's, per asset.
    Nulls:       none come out.
    Cost:        one shuffle by `asset_id`; no range join.     Streaming: batch only.
    """
    stopped = asset_shifts.select(*ASSET_SHIFT_KEY).join(to_merged_stops(stops), list(INSTANCE_KEY))
    edges = (
        _edges(asset_shifts, "_shift", INSTANCE_KEY)
        .unionByName(_edges(intervals, "_state", ("state", "time_category")), allowMissingColumns=True)
        .unionByName(_edges(product_runs, "_product", ("product_id",)), allowMissingColumns=True)
        .unionByName(_edges(stopped, "_stop", ()), allowMissingColumns=True)
    )
    in_time = Window.partitionBy("asset_id").orderBy("_at", "_rank")
    until_now = in_time.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    kinds = ("_shift", "_state", "_product", "_stop")
    current = {kind: sf.last(kind, ignorenulls=True).over(until_now) for kind in kinds}
    swept = edges.withColumn("_end", sf.lead("_at").over(in_time)).withColumns(current)
    inside = swept.where(sf.col("_shift.is_on") & (sf.col("_end") > sf.col("_at")))
    return inside.select(
        "asset_id",
        *[sf.col(f"_shift.{name}").alias(name) for name in INSTANCE_KEY],
        sf.col("_at").alias("start_utc"),
        sf.col("_end").alias("end_utc"),
        _while_on("_state", "state", NO_SIGNAL),
        _while_on("_state", "time_category", "unqualified"),
        _while_on("_product", "product_id", ""),
        sf.coalesce("_stop.is_on", sf.lit(False)).alias("is_planned_stop"),
        elapsed_us(sf.col("_at"), sf.col("_end")).alias("duration_us"),
    )


def to_state_time(segments: DataFrame) -> DataFrame:
    """Add up the time of each state, and of what it counts as, per asset and shift instance.

    Columns in:  as `to_segments` returns them.
    Columns out: those of `plant.state_time`.
    Grain out:   one row per asset, shift instance, state and time category (re-coding may give a state several);
                 durations add up to the shift's elapsed time.
    Cost:        one shuffle by asset, shift instance, state and category, after partial sums.
    """
    require_columns("to_state_time", segments, [*ASSET_SHIFT_KEY, "state", "time_category", "duration_us"])
    stopped_us = sf.when(sf.col("is_planned_stop"), sf.col("duration_us")).otherwise(0)
    times = segments.groupBy(*ASSET_SHIFT_KEY, "state", "time_category").agg(
        (sf.sum("duration_us") / 1e6).alias("duration_s"),
        (sf.sum(stopped_us) / 1e6).alias("planned_stop_s"),
    )
    return times.select(*ASSET_SHIFT_KEY, "state", "time_category", "duration_s", "planned_stop_s")


def _edges(spans: DataFrame, kind: str, values: Sequence[str]) -> DataFrame:
    """Turn spans into their beginnings (rank 1) and ends (rank 0: before whatever begins at the same instant)."""
    start = sf.struct(sf.col("start_utc").alias("at"), sf.lit(1).alias("rank"), sf.lit(True).alias("is_on"))
    end = sf.struct(sf.col("end_utc").alias("at"), sf.lit(0).alias("rank"), sf.lit(False).alias("is_on"))
    both = spans.select("asset_id", *values, sf.explode(sf.array(start, end)).alias("_edge"))
    return both.select(
        "asset_id",
        sf.col("_edge.at").alias("_at"),
        sf.col("_edge.rank").alias("_rank"),
        sf.struct(sf.col("_edge.is_on").alias("is_on"), *values).alias(kind),
    )


def _while_on(kind: str, field: str, otherwise: str) -> Column:
    value = sf.when(sf.col(f"{kind}.is_on"), sf.col(f"{kind}.{field}"))
    return sf.coalesce(value, sf.lit(otherwise)).alias(field)
