"""Failures and the corrective orders that were reported for them, with what has no partner on either side."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import elapsed_us, require_columns
from fabric_ot.transforms.maintenance.failures import ORDER_COLUMNS, ORDER_STAGES

_FAILED = ("failure_start_utc", "failure_end_utc", "failure_s", "state", "is_open")
_ORDERED = ("order_id", "component", *ORDER_STAGES)


def to_failure_matches(
    failures: DataFrame, orders: DataFrame, *, before_s: float = 3_600.0, after_s: float = 28_800.0
) -> DataFrame:
    """Pair failures with the corrective orders that were reported for them; keep what is unmatched on both sides.

    Choice: an order belongs to a failure of its asset if it was reported from `before_s` before the start to
    `after_s` after the end, both included (an hour, a shift); of several such failures to the nearest in time, of
    equally near ones to the one that began first. An order has one failure at most, a failure any number of orders;
    the first reported has `order_rank` 1. Preventive orders are passed over.

    Columns in:  failures: as `to_failures` returns them, those of one asset do not overlap; orders: `order_id`,
                 `asset_id`, `order_type`, `component`, `reported_utc`, `acknowledged_utc`, `started_utc`,
                 `finished_utc`, `verified_utc`, one row per order.
    Columns out: `match` (matched, failure_without_order, order_without_failure), `asset_id`, `failure_start_utc`,
                 `failure_end_utc`, `failure_s`, `state`, `is_open`, `order_id`, `component`, the five instants of the
                 order, `order_rank` (int).
    Grain out:   one row per corrective order, and one per failure without any.
    Nulls:       none in keys; the columns of the missing side are null. An order without asset or report matches none.
    Cost:        one shuffle of failures and corrective orders together, by asset; no join.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("to_failure_matches failures", failures, ["asset_id", *_FAILED])
    require_columns("to_failure_matches orders", orders, [*ORDER_COLUMNS[:4], *ORDER_STAGES])
    chosen = _events(failures, orders).withColumn("_chosen", _nearest(before_s, after_s))
    in_turn = Window.partitionBy("asset_id", "_chosen.failure_start_utc").orderBy("_is_order", "_at", "_order.order_id")
    ranked = chosen.withColumns(
        # a failure comes before its orders: what follows it tells whether it has any
        {"_turn": sf.row_number().over(in_turn), "_has_order": sf.lead("_is_order", 1, False).over(in_turn)}
    )
    is_order, is_matched = sf.col("_is_order"), sf.col("_chosen").isNotNull()
    match = sf.when(~is_order, "failure_without_order").when(is_matched, "matched").otherwise("order_without_failure")
    return ranked.where(is_order | ~sf.col("_has_order")).select(
        match.alias("match"),
        "asset_id",
        *[f"_chosen.{name}" for name in _FAILED],
        *[f"_order.{name}" for name in _ORDERED],
        sf.when(is_order & is_matched, sf.col("_turn") - 1).alias("order_rank"),
    )


def _events(failures: DataFrame, orders: DataFrame) -> DataFrame:
    """Return failures at their starts and corrective orders at their reports, as rows of one frame."""
    at_start = failures.select(
        "asset_id",
        sf.col("failure_start_utc").alias("_at"),
        sf.lit(False).alias("_is_order"),
        sf.struct(*_FAILED).alias("_failure"),
    )
    at_report = orders.where(sf.col("order_type") == "corrective").select(
        "asset_id",
        sf.col("reported_utc").alias("_at"),
        sf.lit(True).alias("_is_order"),
        sf.struct(*_ORDERED).alias("_order"),
    )
    return at_start.unionByName(at_report, allowMissingColumns=True)


def _nearest(before_s: float, after_s: float) -> Column:
    """Return the failure that an event belongs to: of the last one begun and the next one, the nearer within limits."""
    # two looks back, one of them in reverse: a frame that looks ahead is read again for every row
    of_asset = Window.partitionBy("asset_id")
    forward = of_asset.orderBy("_at", "_is_order").rowsBetween(Window.unboundedPreceding, Window.currentRow)
    backward = of_asset.orderBy(sf.desc("_at"), sf.desc("_is_order")).rowsBetween(
        Window.unboundedPreceding, Window.currentRow
    )
    begun = sf.last("_failure", ignorenulls=True).over(forward)
    coming = sf.last("_failure", ignorenulls=True).over(backward)
    since_us = elapsed_us(begun["failure_end_utc"], sf.col("_at"))
    late = sf.when(since_us > 0, since_us).otherwise(since_us * 0)  # null where none has begun
    early = elapsed_us(sf.col("_at"), coming["failure_start_utc"])
    is_late = sf.coalesce(late <= _us(after_s), sf.lit(False))
    is_early = sf.coalesce(early <= _us(before_s), sf.lit(False))
    nearest = sf.when(is_late & (~is_early | (late <= early)), begun).when(is_early, coming)
    return sf.coalesce("_failure", sf.when(sf.col("asset_id").isNotNull(), nearest))


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)
