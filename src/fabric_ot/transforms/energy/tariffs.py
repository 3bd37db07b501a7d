"""What energy costs: prices by local wall time and weekday, and a charge for the month's peak demand.

Costs are decimals and are not rounded here: round once, at the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.transforms.energy.parts import to_energy_parts
from fabric_ot.transforms.intervals import keep_overlapping, require_columns
from fabric_ot.transforms.production.kpis import known_sum

HOLIDAY = 8
"""The weekday number of a holiday; 1 is Monday, 7 is Sunday."""

_DAY_S = 86_400
_RATE_COLUMNS = (
    "tariff_id", "time_zone", "weekdays", "period", "start_local", "end_local", "price_per_kwh", "valid_from",
    "valid_to",
)  # fmt: skip
_KWH, _KW, _PRICE = "decimal(20,9)", "decimal(20,9)", "decimal(12,6)"


def to_tariff_periods(rates: DataFrame, holidays: DataFrame, *, from_date: dt.date, to_date: dt.date) -> DataFrame:
    """Turn a tariff's wall times into intervals in UTC with a price, one per local date.

    An end at or before the start means the next day, and the whole stretch has the weekday of its start. A holiday
    counts as weekday 8 and no other. A wall time that does not exist moves forward by the gap, one that occurs twice
    is the first: periods that touch in wall time touch in UTC, and the night of a change is an hour short or long.

    Columns in:  rates: `tariff_id`, `time_zone` (IANA), `weekdays` (array<int>), `period`, `start_local`, `end_local`
                 (HH:mm:ss), `price_per_kwh`, `valid_from` (date, inclusive), `valid_to` (date, exclusive; null: open);
                 holidays: `tariff_id`, `date`, may be empty.
    Columns out: `tariff_id`, `period`, `price_per_kwh` (decimal(12,6)), `start_utc`, `end_utc`.
    Grain out:   one row per rate and local date from `from_date` to `to_date` (both included) that it holds on.
    Nulls:       none, but in `valid_to`.
    Cost:        small: rows come from the calendar; holidays are broadcast.

    Raises:
        ColumnContractError: a column is missing.
        ContractError: `from_date` is after `to_date`.
    """
    require_columns("to_tariff_periods rates", rates, _RATE_COLUMNS)
    require_columns("to_tariff_periods holidays", holidays, ["tariff_id", "date"])
    if from_date > to_date:
        message = f"to_tariff_periods: from_date {from_date} is after to_date {to_date}; both are included"
        raise ContractError(message)
    dates = sf.explode(sf.sequence(sf.lit(from_date), sf.lit(to_date)))
    off = sf.broadcast(holidays.select("tariff_id", sf.col("date").alias("_date"), sf.lit(HOLIDAY).alias("_off")))
    dated = rates.withColumn("_date", dates).join(off.distinct(), ["tariff_id", "_date"], "left")
    weekday = sf.coalesce("_off", sf.weekday("_date") + 1).cast("int")
    is_valid = (sf.col("valid_from") <= sf.col("_date")) & sf.coalesce(
        sf.col("_date") < sf.col("valid_to"), sf.lit(True)
    )
    holds = dated.where(is_valid & sf.array_contains(sf.col("weekdays").cast("array<int>"), weekday))
    start_s, end_s = _seconds("start_local"), _seconds("end_local")
    next_day = sf.when(end_s <= start_s, _DAY_S).otherwise(0)
    return holds.select(
        "tariff_id",
        "period",
        sf.col("price_per_kwh").cast(_PRICE).alias("price_per_kwh"),
        _utc(start_s).alias("start_utc"),
        _utc(end_s + next_day).alias("end_utc"),
    ).where(sf.col("start_utc") < sf.col("end_utc"))


def keep_overlapping_periods(periods: DataFrame) -> DataFrame:
    """Keep the tariff periods that begin before an earlier one of the same tariff has ended.

    Columns in:  `tariff_id`, `start_utc`, `end_utc` and more.
    Columns out: those of `periods`.
    Grain out:   one row per period that overlaps an earlier one; none in a sound tariff.
    Cost:        one shuffle by `tariff_id`.
    """
    require_columns("keep_overlapping_periods", periods, ["tariff_id", "start_utc", "end_utc"])
    return keep_overlapping(periods, on=("tariff_id",))


def to_energy_cost(
    intervals: DataFrame, periods: DataFrame, *, on: Sequence[str] = ("tariff_id",), carry: Sequence[str] = ()
) -> DataFrame:
    """Cut energy intervals by tariff period and price them.

    Columns in:  intervals: `on`, `start_utc`, `end_utc`, `energy_kwh` and more; periods: as `to_tariff_periods`
                 returns them, with `on` and `carry`, not overlapping per `on`.
    Columns out: those of `intervals` (`energy_kwh` the part's), `carry`, `period`, `price_per_kwh`, `part_s`,
                 `energy_cost` (decimal(38,12), the price's currency).
    Grain out:   one row per interval and period in it, and one per stretch and UTC day without a period; parts add up
                 to the interval's energy.
    Nulls:       `carry`, period, price and cost are null where no price is told: see `rollup_energy_cost`.
    Cost:        as `to_energy_parts`: no shuffle of `intervals`.
    """
    require_columns("to_energy_cost intervals", intervals, on)
    parts = to_energy_parts(intervals, periods, on=on, carry=(*carry, "period", "price_per_kwh"))
    cost = sf.col("energy_kwh").cast(_KWH) * sf.col("price_per_kwh")
    return parts.withColumn("energy_cost", cost.cast("decimal(38,12)"))


def rollup_energy_cost(costs: DataFrame, *, by: Sequence[str]) -> DataFrame:
    """Add up energy and its cost, and tell the energy that has no price.

    Columns in:  `by`, `energy_kwh`, `energy_cost`.
    Columns out: `by`, `energy_kwh`, `unpriced_kwh` (double), `energy_cost` (decimal, of the priced energy), unrounded.
    Grain out:   one row per group.
    Nulls:       `energy_cost` is null where nothing has a price.
    Cost:        one shuffle of partial sums by `by`.
    """
    require_columns("rollup_energy_cost", costs, [*by, "energy_kwh", "energy_cost"])
    unpriced = sf.when(sf.col("energy_cost").isNull(), sf.col("energy_kwh")).otherwise(0.0)
    return costs.groupBy(*by).agg(
        known_sum("energy_kwh"),
        sf.sum(unpriced).alias("unpriced_kwh"),
        sf.sum("energy_cost").alias("energy_cost"),
    )


def rollup_demand_charge(
    demand: DataFrame,
    charges: DataFrame,
    *,
    zone: str | Column,
    by: Sequence[str] = ("tag_id",),
    min_coverage: float = 1.0,
) -> DataFrame:
    """Price the peak demand of each local month.

    Choice: a window belongs to the local month of its start, and counts where its coverage is at least
    `min_coverage` and not above 1. Of equal peaks the first is told.

    Columns in:  demand: `by`, `tariff_id`, `start_utc`, `demand_kw`, `coverage`; charges: `tariff_id`, `price_per_kw`
                 (per month), `valid_from`, `valid_to` (dates of months, exclusive end; null: open), not overlapping.
    Columns out: `by`, `tariff_id`, `billing_month` (date), `peak_kw`, `peak_start_utc`, `demand_cost` (decimal(38,12)).
    Grain out:   one row per `by`, tariff and local month with a window that counts; `zone` is an IANA name, or a
                 column that holds one.
    Nulls:       `demand_cost` is null where no price is told.
    Cost:        one shuffle of partial maxima; charges are broadcast.
    """
    require_columns("rollup_demand_charge demand", demand, [*by, "tariff_id", "start_utc", "demand_kw", "coverage"])
    require_columns("rollup_demand_charge charges", charges, ["tariff_id", "price_per_kw", "valid_from", "valid_to"])
    month = sf.trunc(sf.from_utc_timestamp("start_utc", zone).cast("date"), "month").alias("billing_month")
    ranked = sf.struct(sf.col("demand_kw").alias("kw"), (-sf.unix_micros("start_utc")).alias("before_us"))
    counted = demand.where(sf.col("coverage").between(min_coverage, 1.0) & sf.col("demand_kw").isNotNull())
    keys = list(dict.fromkeys((*by, "tariff_id")))
    peaks = counted.groupBy(*keys, month).agg(sf.max(ranked).alias("_peak")).alias("peak")
    price = sf.broadcast(charges.select("tariff_id", "price_per_kw", "valid_from", "valid_to")).alias("price")
    is_valid = (sf.col("price.valid_from") <= sf.col("peak.billing_month")) & sf.coalesce(
        sf.col("peak.billing_month") < sf.col("price.valid_to"), sf.lit(True)
    )
    same = sf.col("peak.tariff_id") == sf.col("price.tariff_id")
    cost = sf.col("peak._peak.kw").cast(_KW) * sf.col("price.price_per_kw").cast(_PRICE)
    return peaks.join(price, same & is_valid, "left").select(
        *[f"peak.{key}" for key in keys],
        "peak.billing_month",
        sf.col("peak._peak.kw").alias("peak_kw"),
        sf.timestamp_micros(-sf.col("peak._peak.before_us")).alias("peak_start_utc"),
        cost.cast("decimal(38,12)").alias("demand_cost"),
    )


def _seconds(wall: str) -> Column:
    hours, minutes, seconds = (sf.substring(wall, start, 2).cast("int") for start in (1, 4, 7))
    return hours * 3600 + minutes * 60 + seconds


def _utc(seconds: Column) -> Column:
    wall = sf.timestamp_seconds(sf.unix_date("_date").cast("long") * _DAY_S + seconds)
    return sf.to_utc_timestamp(wall, sf.col("time_zone"))
