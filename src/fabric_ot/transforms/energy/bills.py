"""What a site's energy costs by its declared tariff: energy by period, peak demand by month."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.energy.tariffs import (
    HOLIDAY,
    rollup_demand_charge,
    rollup_energy_cost,
    to_energy_cost,
    to_tariff_periods,
)
from fabric_ot.transforms.intervals import require_columns

_ENERGY_KEY = ("site_id", "tag_id", "local_date", "tariff_id", "period", "currency")


def to_site_periods(
    rates: DataFrame, holidays: DataFrame, sites: DataFrame, *, from_date: dt.date, to_date: dt.date
) -> DataFrame:
    """Turn declared rates into priced intervals in UTC, by the wall time of their site.

    Columns in:  rates: `plant.tariff_rate`; holidays: `plant.tariff_holiday`; sites: `plant.site`.
    Columns out: as `to_tariff_periods` returns them, `site_id`, `currency`.
    Grain out:   one row per rate and local date that it holds on, from the day before `from_date` (a period may
                 run across midnight) to `to_date`.
    Nulls:       none come out.
    Cost:        small: rows come from the calendar.

    Raises:
        ColumnContractError: a column is missing.
        ContractError: `from_date` is more than a day after `to_date`.
    """
    require_columns("to_site_periods rates", rates, ["tariff_id", "site_id", "currency", "weekdays"])
    zoned = rates.join(sf.broadcast(sites.select("site_id", "time_zone")), "site_id")
    listed = zoned.withColumn("weekdays", _weekday_numbers(sf.col("weekdays")))
    before = from_date - dt.timedelta(days=1)
    periods = to_tariff_periods(listed, holidays, from_date=before, to_date=to_date)
    return periods.join(sf.broadcast(_owners(rates)), "tariff_id")


def to_energy_bill(demand: DataFrame, periods: DataFrame) -> DataFrame:
    """Price the energy of each meter by the tariff of its site.

    A border inside a window parts its energy evenly in time. Meters below others are priced too: add up top meters,
    or machines, not both.

    Columns in:  demand: as `to_meter_demand` returns them; periods: as `to_site_periods` does, not overlapping.
    Columns out: those of `plant.energy_cost`.
    Grain out:   one row per meter, local date of the window's start, tariff and period.
    Nulls:       `cost` and `currency` where no price is told; peak columns always.
    Cost:        periods are broadcast; two shuffles of parts.
    """
    spans = demand.select("site_id", "tag_id", "local_date", "start_utc", "end_utc", "energy_kwh")
    costs = to_energy_cost(spans, periods, on=("site_id",), carry=("tariff_id", "currency"))
    sums = rollup_energy_cost(costs.fillna("", ["tariff_id", "period"]), by=_ENERGY_KEY)
    return sums.select(
        sf.lit("energy").alias("charge"),
        *_ENERGY_KEY,
        "energy_kwh",
        "unpriced_kwh",
        sf.lit(None).cast("double").alias("peak_kw"),
        sf.lit(None).cast("timestamp").alias("peak_start_utc"),
        sf.col("energy_cost").cast("decimal(38,12)").alias("cost"),
    )


def to_demand_bill(site_demand: DataFrame, rates: DataFrame, charges: DataFrame, sites: DataFrame) -> DataFrame:
    """Price the peak demand of each site and local month.

    Columns in:  site_demand: as `to_site_demand` returns them; rates: `plant.tariff_rate`; charges:
                 `plant.demand_charge`; sites: `plant.site`.
    Columns out: those of `plant.energy_cost`.
    Grain out:   one row per site, tariff and local month with a price and a window that counts.
    Nulls:       none come out.
    Cost:        one shuffle of partial maxima.
    """
    placed = site_demand.join(sf.broadcast(sites.select("site_id", "time_zone")), "site_id")
    named = placed.join(sf.broadcast(_owners(rates)), "site_id")
    peaks = rollup_demand_charge(named, charges, zone=sf.col("time_zone"), by=("site_id", "currency"))
    return peaks.where(sf.col("demand_cost").isNotNull()).select(
        sf.lit("demand").alias("charge"),
        "site_id",
        sf.lit("").alias("tag_id"),
        sf.col("billing_month").alias("local_date"),
        "tariff_id",
        sf.lit("").alias("period"),
        "currency",
        sf.lit(0.0).alias("energy_kwh"),
        sf.lit(0.0).alias("unpriced_kwh"),
        "peak_kw",
        "peak_start_utc",
        sf.col("demand_cost").alias("cost"),
    )


def _owners(rates: DataFrame) -> DataFrame:
    return rates.select("tariff_id", "site_id", "currency").distinct()


def _weekday_numbers(digits: Column) -> Column:
    days = sf.array(*[sf.when(digits.contains(str(day)), sf.lit(day)) for day in range(1, HOLIDAY + 1)])
    return sf.filter(days, lambda day: day.isNotNull())
