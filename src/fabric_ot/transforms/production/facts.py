"""Production facts: asset x shift instance x product, additive; ratios are formed where they are read."""

from __future__ import annotations

from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import elapsed_us, join_overlaps, require_columns
from fabric_ot.transforms.production.counters import PART_COUNTERS
from fabric_ot.transforms.production.quantities import with_derived_quantity
from fabric_ot.transforms.samples import is_before_end
from fabric_ot.transforms.states.segments import ASSET_SHIFT_KEY

_TIMES_US: tuple[str, ...] = ("production_us", "planned_stop_production_us", "unplanned_down_us", "unqualified_us")
_COUNTS: tuple[str, ...] = tuple(PART_COUNTERS.values())
_MEASURES: tuple[str, ...] = (*_TIMES_US, *_COUNTS)


def to_shift_counts(deltas: DataFrame, asset_shifts: DataFrame, tags: DataFrame) -> DataFrame:
    """Allocate the increments of counters of parts to shift instances, linearly in time, and derive what none counts.

    An increment belongs to the time since the previous sample, up to and with its own instant: a sample exactly on a
    shift's border counts for the earlier shift. What falls outside all shifts is left out.

    Columns in:  deltas: `plant.count_delta`; asset_shifts: as `to_asset_shifts` returns them; tags: `plant.tag`.
    Columns out: `asset_id`, `site_id`, `shift_id`, `production_date`, `product_id` ('' where none was set),
                 `good_qty`, `scrap_qty`, `rework_qty`, `produced_qty`: see `with_derived_quantity`.
    Grain out:   one row per asset, shift instance and product that counted anything.
    Cost:        asset shifts and the assets' counters are few and broadcast; one shuffle of partial sums.
    """
    needed = ["asset_id", "role", "previous_time_utc", "event_time_utc", "delta", "product_id"]
    require_columns("to_shift_counts", deltas, needed)
    counted = deltas.where(sf.col("role").isin(*PART_COUNTERS) & (sf.col("delta") != 0)).select(
        "asset_id",
        "role",
        "delta",
        sf.coalesce("product_id", sf.lit("")).alias("product_id"),
        sf.col("previous_time_utc").alias("start_utc"),
        sf.col("event_time_utc").alias("end_utc"),
    )
    parts = join_overlaps(counted, asset_shifts.select(*ASSET_SHIFT_KEY, "start_utc", "end_utc"), on=("asset_id",))
    whole_us = elapsed_us(sf.col("start_utc"), sf.col("end_utc"))
    part = sf.when(sf.col("overlap_us") == whole_us, sf.col("delta")).otherwise(
        sf.col("delta") * sf.col("overlap_us") / whole_us
    )
    sums = [
        sf.sum(sf.when(sf.col("role") == role, part).otherwise(0.0)).alias(name) for role, name in PART_COUNTERS.items()
    ]
    return with_derived_quantity(parts.groupBy(*ASSET_SHIFT_KEY, "product_id").agg(*sums), tags)


def to_production(segments: DataFrame, counts: DataFrame, asset_shifts: DataFrame, products: DataFrame) -> DataFrame:
    """Turn segments and counts into the additive facts of each asset, shift instance and product.

    Choices: the planned busy time of a shift (planned minutes without a place included) is split by the time each
    product ran outside planned stops; the other times stand at the product that was set meanwhile. Where nothing
    ran, all times stand at product ''. Production inside planned stops is told apart and is not production time.
    The ideal cycle is that of the product's version as of the shift's start, else its first one; an unknown product
    has no ideal time (0). Nothing is clamped: an effectiveness above 1 is a finding.

    Columns in:  segments: as `to_segments` returns them; counts: as `to_shift_counts` returns them; asset_shifts: as
                 `to_asset_shifts` returns them; products: `plant.product`.
    Columns out: those of `plant.production`.
    Grain out:   one row per asset, shift instance and product set or counted; at least one per asset and shift.
    Nulls:       none come out.
    Cost:        one shuffle by asset, shift and product and one by asset and shift, both of sums; products broadcast.
    """
    parts = (
        _segment_times(segments)
        .unionByName(counts, allowMissingColumns=True)
        .unionByName(
            asset_shifts.select(*ASSET_SHIFT_KEY).withColumn("product_id", sf.lit("")), allowMissingColumns=True
        )
    )
    sums = [sf.coalesce(sf.sum(name), sf.lit(0)).alias(name) for name in _MEASURES]
    by_product = parts.groupBy(*ASSET_SHIFT_KEY, "product_id").agg(*sums)
    shifts = asset_shifts.select(*ASSET_SHIFT_KEY, sf.col("start_utc").alias("shift_start_utc"), "planned_busy_s")
    shared = _with_share(by_product).join(sf.broadcast(shifts), list(ASSET_SHIFT_KEY))
    return _facts(_with_ideal_cycle(shared, products))


def _segment_times(segments: DataFrame) -> DataFrame:
    stopped, category = sf.col("is_planned_stop"), sf.col("time_category")
    conditions = {
        "production_us": (category == "production") & ~stopped,
        "planned_stop_production_us": (category == "production") & stopped,
        "unplanned_down_us": (category == "unplanned_down") & ~stopped,
        "unqualified_us": (category == "unqualified") & ~stopped,
    }
    times = [sf.when(condition, sf.col("duration_us")).otherwise(0).alias(n) for n, condition in conditions.items()]
    return segments.select(*ASSET_SHIFT_KEY, "product_id", *times)


def _with_share(by_product: DataFrame) -> DataFrame:
    """Add `_share` of the shift's running time; where nothing ran, all times move to product ''."""
    in_shift = Window.partitionBy(*ASSET_SHIFT_KEY)
    totals = {f"_{name}": sf.sum(name).over(in_shift) for name in _TIMES_US}
    ran, unnamed = sf.col("_production_us") > 0, sf.col("product_id") == ""
    moved = {
        name: sf.when(ran, sf.col(name)).otherwise(sf.when(unnamed, sf.col(f"_{name}")).otherwise(0))
        for name in _TIMES_US
    }
    share = sf.when(ran, sf.col("production_us") / sf.col("_production_us")).otherwise(unnamed.cast("double"))
    is_told, is_counted = _is_any(_MEASURES), _is_any(_COUNTS)
    stands = sf.when(unnamed, ~ran | is_told).otherwise(ran | is_counted)
    # the share looks at the times as they were, so it comes before they move
    return by_product.withColumns(totals).withColumn("_share", share).withColumns(moved).where(stands)


def _is_any(names: tuple[str, ...]) -> Column:
    return reduce(or_, [sf.col(name) != 0 for name in names])


def _with_ideal_cycle(facts: DataFrame, products: DataFrame) -> DataFrame:
    """Add `_ideal_cycle_s` of the product's version as of `shift_start_utc`, else of its first version."""
    first_from = sf.min("valid_from_utc").over(Window.partitionBy("product_id"))
    begins = sf.when(sf.col("valid_from_utc") > first_from, sf.col("valid_from_utc"))
    versions = products.select("product_id", "ideal_cycle_s", begins.alias("_begins"), "valid_to_utc").alias("version")
    at = sf.col("fact.shift_start_utc")
    valid = (
        (sf.col("fact.product_id") == sf.col("version.product_id"))
        & (sf.col("version._begins").isNull() | (sf.col("version._begins") <= at))
        & is_before_end("fact.shift_start_utc", "version.valid_to_utc")
    )
    joined = facts.alias("fact").join(sf.broadcast(versions), valid, "left")
    cycle = sf.coalesce("version.ideal_cycle_s", sf.lit(0.0)).alias("_ideal_cycle_s")
    return joined.select("fact.*", cycle)


def _facts(facts: DataFrame) -> DataFrame:
    return facts.select(
        *ASSET_SHIFT_KEY,
        "product_id",
        "shift_start_utc",
        (sf.col("planned_busy_s") * sf.col("_share")).alias("planned_busy_s"),
        _seconds(sf.col("production_us")).alias("production_s"),
        _seconds(sf.col("planned_stop_production_us")).alias("planned_stop_production_s"),
        _seconds(sf.col("unplanned_down_us")).alias("unplanned_down_s"),
        _seconds(sf.col("unqualified_us")).alias("unqualified_s"),
        "produced_qty",
        "good_qty",
        "scrap_qty",
        "rework_qty",
        (sf.col("_ideal_cycle_s") * sf.col("produced_qty")).alias("ideal_runtime_s"),
        (sf.col("_ideal_cycle_s") * sf.col("good_qty")).alias("ideal_good_runtime_s"),
    )


def _seconds(microseconds: Column) -> Column:
    return microseconds / 1e6
