"""The periods that maintenance is judged in: calendar months in UTC, and all of them together."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns, utc_literal

ALL_PERIODS = "all"
_DAY_S = 86_400


def to_month_periods(instants: DataFrame, *, until_utc: dt.datetime, at: str = "start_utc") -> DataFrame:
    """Return the UTC months from the earliest instant to `until_utc`, and one period of all of them.

    Choice: months in UTC, so that they are the same span for machines of all sites; whole ones, also while a month is
    running, so that the bounds of a period do not move with the clock. Machines fail too rarely to be judged by the
    day; months and all of them say something after a day and after years.

    Columns in:  `at` (timestamp).
    Columns out: `period_id` (`2026-03`, and `all`), `start_utc` (inclusive), `end_utc` (exclusive).
    Grain out:   one row per month, and one of all; the month of `until_utc` where there is no instant before it.
    Nulls:       passed over; none come out.
    Cost:        one minimum over `instants`.

    Raises:
        ColumnContractError: `at` is missing.
        ContractError: `until_utc` has no time zone.
    """
    require_columns("to_month_periods", instants, [at])
    last = utc_literal(until_utc)
    bounds = instants.agg(sf.least(sf.min(at), last).alias("_first")).select(
        _first_of_month(sf.col("_first")).alias("_from"), sf.add_months(_first_of_month(last), 1).alias("_to")
    )
    count = sf.months_between("_to", "_from").cast("int")
    months = bounds.select(sf.col("_from"), sf.explode(sf.sequence(sf.lit(0), count - 1)).alias("_n"))
    starts = months.select(sf.add_months("_from", sf.col("_n")).alias("_start"))
    named = starts.select(
        sf.date_format("_start", "yyyy-MM").alias("period_id"),
        _midnight(sf.col("_start")).alias("start_utc"),
        _midnight(sf.add_months("_start", 1)).alias("end_utc"),
    )
    whole = bounds.select(
        sf.lit(ALL_PERIODS).alias("period_id"),
        _midnight(sf.col("_from")).alias("start_utc"),
        _midnight(sf.col("_to")).alias("end_utc"),
    )
    return named.unionByName(whole)


def _first_of_month(at: Column) -> Column:
    """Return the first day of the UTC month of `at`, whatever the session's zone is."""
    return sf.trunc(sf.date_from_unix_date(sf.floor(sf.unix_seconds(at) / _DAY_S).cast("int")), "month")


def _midnight(day: Column) -> Column:
    return sf.timestamp_seconds(sf.unix_date(day).cast("long") * _DAY_S)
