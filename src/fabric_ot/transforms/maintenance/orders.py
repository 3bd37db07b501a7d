"""Maintenance orders against their plan: PM and schedule compliance, corrective ratio, backlog."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.transforms.intervals import elapsed_us, epoch_us, join_covering, require_columns, utc_literal
from fabric_ot.transforms.maintenance.reliability import to_named_periods

_PERIOD = ("period_id", "period_start_utc", "period_end_utc")


def rollup_order_compliance(
    orders: DataFrame,
    periods: DataFrame,
    *,
    as_of_utc: dt.datetime,
    late_s: float = 0.0,
    early_s: float | None = None,
) -> DataFrame:
    """Compare maintenance orders with their due times: PM compliance and schedule compliance.

    An order is done in its window if it was finished from `early_s` before (None: any time before) to `late_s` after
    it was due, both included. It counts in the period in which it was due, as soon as it is decided: when it is
    finished, or when its window has closed by `as_of_utc`; until then it is pending. What was finished after
    `as_of_utc` is not finished yet. PM compliance is about preventive orders, schedule compliance about all.

    Columns in:  orders: `asset_id`, `order_type`, `finished_utc`, `due_utc`; periods: `period_id`, `start_utc`,
                 `end_utc`, few.
    Columns out: `asset_id`, `period_id`, `period_start_utc`, `period_end_utc`, `due_orders`, `done_orders`,
                 `pending_orders`, `schedule_compliance` (0 to 1), `due_preventive`, `done_preventive`,
                 `pm_compliance` (0 to 1).
    Grain out:   one row per asset and period in which an order of it was due.
    Nulls:       none in `asset_id`; orders without `due_utc` are not planned and not counted; a ratio of none is null.
    Cost:        periods are broadcast; one shuffle by asset and period after partial sums.
    Source of the formula: the SMRP taxonomy (schedule compliance, PM compliance).

    Raises:
        ColumnContractError: a column is missing.
        ContractError: `as_of_utc` has no time zone.
    """
    require_columns("rollup_order_compliance orders", orders, ["asset_id", "order_type", "finished_utc", "due_utc"])
    late_us, now_us = round(late_s * 1e6), epoch_us(as_of_utc)
    is_finished = _is_finished(as_of_utc)
    delay_us = elapsed_us(sf.col("due_utc"), sf.col("finished_utc"))
    is_timely = delay_us <= late_us
    if early_s is not None:
        is_timely = is_timely & (delay_us >= -round(early_s * 1e6))
    is_decided = is_finished | (sf.unix_micros("due_utc") + late_us < now_us)
    is_preventive = sf.col("order_type") == "preventive"
    named = to_named_periods("rollup_order_compliance", periods)
    planned = join_covering(orders, named, on=(), at="due_utc").where(sf.col("period_id").isNotNull())
    counts = planned.groupBy("asset_id", *_PERIOD).agg(
        sf.count_if(is_decided).alias("due_orders"),
        sf.count_if(is_finished & is_timely).alias("done_orders"),
        sf.count_if(~is_decided).alias("pending_orders"),
        sf.count_if(is_decided & is_preventive).alias("due_preventive"),
        sf.count_if(is_finished & is_timely & is_preventive).alias("done_preventive"),
    )
    return counts.select(
        "asset_id",
        *_PERIOD,
        "due_orders",
        "done_orders",
        "pending_orders",
        sf.try_divide("done_orders", "due_orders").alias("schedule_compliance"),
        "due_preventive",
        "done_preventive",
        sf.try_divide("done_preventive", "due_preventive").alias("pm_compliance"),
    )


def rollup_maintenance_time(orders: DataFrame, periods: DataFrame) -> DataFrame:
    """Add up the time of corrective (CMT) and preventive (PMT) work, and their ratio CMT / (CMT + PMT).

    The time of an order is started to finished; it counts, whole, in the period in which work started. Work that is
    not finished is left out.

    Columns in:  orders: `asset_id`, `order_type`, `started_utc`, `finished_utc`; periods: `period_id`, `start_utc`,
                 `end_utc`, few.
    Columns out: `asset_id`, `period_id`, `period_start_utc`, `period_end_utc`, `corrective_s`, `preventive_s`,
                 `corrective_maintenance_ratio` (0 to 1).
    Grain out:   one row per asset and period in which finished work of it started.
    Nulls:       none in `asset_id`; the ratio where both times are zero.
    Cost:        periods are broadcast; one shuffle by asset and period after partial sums.
    Source of the formula: ISO 22400-2 (corrective maintenance ratio).

    Raises:
        ColumnContractError: a column is missing.
    """
    needed = ["asset_id", "order_type", "started_utc", "finished_utc"]
    require_columns("rollup_maintenance_time orders", orders, needed)
    named = to_named_periods("rollup_maintenance_time", periods)
    finished = orders.where(sf.col("finished_utc").isNotNull()).select(*needed)
    placed = join_covering(finished, named, on=(), at="started_utc").where(sf.col("period_id").isNotNull())
    sums = placed.groupBy("asset_id", *_PERIOD).agg(
        _work_s("corrective").alias("corrective_s"), _work_s("preventive").alias("preventive_s")
    )
    ratio = sf.try_divide("corrective_s", sf.col("corrective_s") + sf.col("preventive_s"))
    return sums.withColumn("corrective_maintenance_ratio", ratio)


def rollup_backlog(orders: DataFrame, *, as_of_utc: dt.datetime, weekly_capacity_s: float | None = None) -> DataFrame:
    """Count the orders that are open at an instant, and say how many weeks of work they are.

    Open is what was reported at or before `as_of_utc` and not finished by then; overdue is what was due before it.
    Backlog weeks = estimated work of open orders / `weekly_capacity_s` of the crew; weeks of assets that share the
    crew add up.

    Columns in:  `asset_id`, `reported_utc`, `finished_utc`, `due_utc`; `estimated_s` (seconds of work), needed with
                 `weekly_capacity_s` only.
    Columns out: `asset_id`, `open_orders`, `overdue_orders`, `oldest_age_s` (seconds since the oldest was reported),
                 `unestimated_orders`, `estimated_s`, `backlog_weeks` (of the estimated ones).
    Grain out:   one row per asset with an open order.
    Nulls:       none in `asset_id`; `estimated_s` where no order is estimated, `backlog_weeks` also without a
                 capacity.
    Cost:        one shuffle by `asset_id` after partial sums.
    Source of the formula: the SMRP taxonomy (planned backlog).

    Raises:
        ColumnContractError: a column is missing.
        ContractError: `as_of_utc` has no time zone, or `weekly_capacity_s` is not above zero.
    """
    if weekly_capacity_s is not None and not weekly_capacity_s > 0:
        message = f"rollup_backlog: weekly_capacity_s is {weekly_capacity_s}\nHint: seconds of work per week, above 0"
        raise ContractError(message)
    needed = ["asset_id", "reported_utc", "finished_utc", "due_utc"]
    require_columns("rollup_backlog", orders, [*needed, *(["estimated_s"] if weekly_capacity_s else [])])
    now = utc_literal(as_of_utc)
    estimate = sf.col("estimated_s") if "estimated_s" in orders.columns else sf.lit(None)
    is_open = (sf.col("reported_utc") <= now) & ~_is_finished(as_of_utc)
    sums = orders.where(is_open).withColumn("_estimate", estimate.cast("double")).groupBy("asset_id").agg(
        sf.count(sf.lit(1)).alias("open_orders"),
        sf.count_if(sf.col("due_utc") < now).alias("overdue_orders"),
        (elapsed_us(sf.min("reported_utc"), now) / 1e6).alias("oldest_age_s"),
        sf.count_if(sf.col("_estimate").isNull()).alias("unestimated_orders"),
        sf.sum("_estimate").alias("estimated_s"),
    )  # fmt: skip
    return sums.withColumn("backlog_weeks", sf.col("estimated_s") / sf.lit(weekly_capacity_s).cast("double"))


def _is_finished(as_of_utc: dt.datetime) -> Column:
    return sf.coalesce(sf.col("finished_utc") <= utc_literal(as_of_utc), sf.lit(False))


def _work_s(order_type: str) -> Column:
    length_us = elapsed_us(sf.col("started_utc"), sf.col("finished_utc"))
    return sf.coalesce(sf.sum(sf.when(sf.col("order_type") == order_type, length_us)), sf.lit(0)) / sf.lit(1e6)
