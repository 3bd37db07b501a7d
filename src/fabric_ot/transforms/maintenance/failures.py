"""Failures and operating time from state evidence, and the maintenance orders that can be used."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import elapsed_us, require_columns

ORDER_COLUMNS: tuple[str, ...] = (
    "order_id",
    "asset_id",
    "order_type",
    "component",
    "reported_utc",
    "acknowledged_utc",
    "started_utc",
    "finished_utc",
    "verified_utc",
    "due_utc",
)
ORDER_TYPES: tuple[str, ...] = ("corrective", "preventive")
ORDER_STAGES: tuple[str, ...] = ("reported_utc", "acknowledged_utc", "started_utc", "finished_utc", "verified_utc")
_INTERVAL = ("asset_id", "start_utc", "end_utc", "state", "time_category", "is_open")
_MICROS = 1_000_000


def to_failures(
    intervals: DataFrame,
    *,
    micro_stop_s: float = 0.0,
    max_gap_s: float = 0.0,
    down_categories: Sequence[str] = ("unplanned_down",),
) -> DataFrame:
    """Turn state intervals into failures: maximal spells of unplanned downtime.

    Adjacent down states are one spell, whatever their names; so are spells at most `max_gap_s` apart (a trial start),
    the gap included. A spell shorter than `micro_stop_s` is a micro-stop, not a failure; an open one is not a failure
    until it has lasted that long.

    Columns in:  `plant.state_interval`: `asset_id`, `start_utc`, `end_utc`, `state`, `time_category`, `is_open`.
    Columns out: `asset_id`, `failure_start_utc`, `failure_end_utc` (of an open one: so far), `failure_s` (seconds, the
                 whole spell), `state` (the first of the spell), `is_open`.
    Grain out:   one row per asset and failure.
    Nulls:       none in `asset_id`, `start_utc`, `end_utc`; none come out. Intervals not longer than zero are passed
                 over.
    Cost:        one shuffle by `asset_id`.     Streaming: batch only.

    Raises:
        ColumnContractError: a column is missing.
    """
    spells = _to_spells("to_failures", intervals, max_gap_s, down_categories)
    return spells.where(_length_us() >= _us(micro_stop_s)).select(
        "asset_id",
        sf.col("spell_start").alias("failure_start_utc"),
        sf.col("spell_end").alias("failure_end_utc"),
        (_length_us() / _MICROS).alias("failure_s"),
        "state",
        "is_open",
    )


def to_operating(
    intervals: DataFrame,
    *,
    micro_stop_s: float = 0.0,
    max_gap_s: float = 0.0,
    operating_categories: Sequence[str] = ("production",),
    down_categories: Sequence[str] = ("unplanned_down",),
) -> DataFrame:
    """Turn state intervals into those that count as operating time: production, and micro-stops.

    Planned stops, setup and idle time are not operating time unless `operating_categories` says so. Pass the same
    thresholds as to `to_failures`, then no second is both operating and a failure (but gaps bridged by `max_gap_s`).

    Columns in:  `plant.state_interval`: `asset_id`, `start_utc`, `end_utc`, `state`, `time_category`, `is_open`.
    Columns out: `asset_id`, `start_utc`, `end_utc`.
    Grain out:   one row per interval that counts, or per micro-stop; not overlapping where the intervals do not.
    Nulls:       none in `asset_id`, `start_utc`, `end_utc`; none come out.
    Cost:        one shuffle by `asset_id` where `micro_stop_s` is above zero, else none.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("to_operating", intervals, _INTERVAL)
    columns = ("asset_id", "start_utc", "end_utc")
    running = intervals.where(sf.col("time_category").isin(*operating_categories)).select(*columns)
    if micro_stop_s <= 0:
        return running
    marked = _with_spell("to_operating", intervals, max_gap_s, down_categories)
    spell = Window.partitionBy("asset_id", "_spell")
    start, end = sf.min("start_utc").over(spell), sf.max("end_utc").over(spell)
    lengths = marked.withColumn("_us", elapsed_us(start, end)).withColumn("_open", sf.max("is_open").over(spell))
    short = lengths.where((sf.col("_us") < _us(micro_stop_s)) & ~sf.col("_open"))
    return running.unionByName(short.select(*columns))


def split_orders(orders: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Split maintenance orders into those that can be used and those that cannot, with all reasons.

    Reasons: no_order_id, no_asset_id, unknown_order_type, no_reported_time, times_out_of_order (of reported,
    acknowledged, started, finished, verified, as far as told), repeated_order_id (every row of it).

    Columns in:  `order_id`, `asset_id`, `order_type`, `reported_utc`, `acknowledged_utc`, `started_utc`,
                 `finished_utc`, `verified_utc` and more.
    Columns out: first frame: those of `orders`; second: those of `orders`, `reasons` (array of string, not empty).
    Grain out:   that of `orders`; each row is in one of the two.
    Nulls:       none in the first frame's keys, type and `reported_utc`.
    Cost:        one shuffle by `order_id`, computed for each of the two frames that is used.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("split_orders", orders, [*ORDER_COLUMNS[:3], *ORDER_STAGES])
    told = sf.array_compact(sf.array(*ORDER_STAGES))
    repeats = sf.count(sf.lit(1)).over(Window.partitionBy("order_id")) > 1
    is_known = sf.coalesce(sf.col("order_type").isin(*ORDER_TYPES), sf.lit(False))
    reasons = sf.array_compact(
        sf.array(
            sf.when(sf.col("order_id").isNull(), "no_order_id"),
            sf.when(sf.col("asset_id").isNull(), "no_asset_id"),
            sf.when(~is_known, "unknown_order_type"),
            sf.when(sf.col("reported_utc").isNull(), "no_reported_time"),
            sf.when(told != sf.array_sort(told), "times_out_of_order"),
            sf.when(repeats & sf.col("order_id").isNotNull(), "repeated_order_id"),
        )
    )
    judged = orders.withColumn("reasons", reasons)
    is_good = sf.size("reasons") == 0
    return judged.where(is_good).drop("reasons"), judged.where(~is_good)


def _to_spells(where: str, intervals: DataFrame, max_gap_s: float, categories: Sequence[str]) -> DataFrame:
    marked = _with_spell(where, intervals, max_gap_s, categories)
    first = sf.min(sf.struct("start_utc", "end_utc", "state"))
    return marked.groupBy("asset_id", "_spell").agg(
        sf.min("start_utc").alias("spell_start"),
        sf.max("end_utc").alias("spell_end"),
        first["state"].alias("state"),
        sf.max("is_open").alias("is_open"),
    )


def _with_spell(where: str, intervals: DataFrame, max_gap_s: float, categories: Sequence[str]) -> DataFrame:
    """Keep the down intervals and add `_spell`: the number of the spell on its asset."""
    require_columns(where, intervals, _INTERVAL)
    is_down = sf.col("time_category").isin(*categories) & (sf.col("start_utc") < sf.col("end_utc"))
    down = intervals.where(is_down).withColumn("is_open", sf.coalesce("is_open", sf.lit(False)))
    in_time = Window.partitionBy("asset_id").orderBy("start_utc", "end_utc")
    latest_end = sf.max("end_utc").over(in_time.rowsBetween(Window.unboundedPreceding, -1))
    starts = sf.coalesce(elapsed_us(latest_end, sf.col("start_utc")) > _us(max_gap_s), sf.lit(True))
    marked = down.withColumn("_starts", starts.cast("int"))
    return marked.withColumn("_spell", sf.sum("_starts").over(in_time))


def _length_us() -> Column:
    return elapsed_us(sf.col("spell_start"), sf.col("spell_end"))


def _us(seconds: float) -> int:
    return round(seconds * _MICROS)
