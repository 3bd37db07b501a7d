"""Energy cost: prices by local wall time across daylight saving time, and the charge for a month's peak."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.energy.tariffs import (
    keep_overlapping_periods,
    rollup_demand_charge,
    rollup_energy_cost,
    to_energy_cost,
    to_tariff_periods,
)

pytestmark = pytest.mark.spark

RATES = (
    "tariff_id string, time_zone string, weekdays array<int>, period string, start_local string, end_local string, "
    "price_per_kwh decimal(12,6), valid_from date, valid_to date"
)
HOLIDAYS = "tariff_id string, date date"
INTERVALS = "tag_id string, tariff_id string, start_utc timestamp, end_utc timestamp, energy_kwh double"
DEMAND = "tag_id string, tariff_id string, start_utc timestamp, demand_kw double, coverage double"
CHARGES = "tariff_id string, price_per_kw decimal(12,6), valid_from date, valid_to date"
SINCE = dt.date(2020, 1, 1)
WORKDAYS, WEEKEND, ALL = [1, 2, 3, 4, 5], [6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8]


def rate(tariff: str, zone: str, days: list[int], period: str, start: str, end: str, price: str, **valid) -> tuple:
    bounds = (valid.get("since", SINCE), valid.get("until"))
    return (tariff, zone, days, period, f"{start}:00", f"{end}:00", Decimal(price), *bounds)


def two_prices(tariff: str, zone: str) -> list[tuple]:
    return [
        rate(tariff, zone, WORKDAYS, "day", "06:00", "22:00", "0.30"),
        rate(tariff, zone, ALL, "night", "22:00", "06:00", "0.20"),
        rate(tariff, zone, WEEKEND, "off", "06:00", "22:00", "0.20"),
    ]


ZONES = {
    "phx": "America/Phoenix", "den": "America/Denver", "ber": "Europe/Berlin", "kol": "Asia/Kolkata",
    "lhi": "Australia/Lord_Howe", "hcm": "Asia/Ho_Chi_Minh",
}  # fmt: skip
HOLIDAY = dt.date(2026, 10, 26)


def period_by_hand(moment: dt.datetime, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    if not 6 <= local.hour < 22:
        return "night"
    return "off" if local.isoweekday() > 5 or local.date() == HOLIDAY else "day"


def test_energy_is_priced_by_the_wall_clock_minute_by_minute(spark) -> None:
    random, rows, wanted = Random(3), [], {}
    starts = [dt.datetime(2026, m, d, tzinfo=dt.UTC) for m, d in ((3, 7), (3, 28), (4, 4), (10, 3), (10, 24), (10, 31))]
    for tariff, zone in ZONES.items():
        for start in starts:
            now = start + dt.timedelta(minutes=random.randint(0, 600))
            for _ in range(4):
                minutes = random.randint(1, 900)
                rows.append((f"{tariff} {start:%m%d}", tariff, now, now + dt.timedelta(minutes=minutes), minutes / 4))
                for n in range(minutes):
                    key = (tariff, period_by_hand(now + dt.timedelta(minutes=n), zone))
                    wanted[key] = wanted.get(key, 0.0) + 0.25
                now += dt.timedelta(minutes=minutes)
    rates = [row for tariff, zone in ZONES.items() for row in two_prices(tariff, zone)]
    periods = to_tariff_periods(
        frame(spark, RATES, rates),
        frame(spark, HOLIDAYS, [(tariff, HOLIDAY) for tariff in ZONES] * 2),
        from_date=dt.date(2026, 3, 5),
        to_date=dt.date(2026, 11, 4),
    )
    costs = to_energy_cost(frame(spark, INTERVALS, rows), periods)
    sums = rollup_energy_cost(costs, by=["tariff_id", "period"]).collect()
    assert {(r.tariff_id, r.period): r.energy_kwh for r in sums} == {k: pytest.approx(v) for k, v in wanted.items()}
    for r in sums:
        price = Decimal("0.30" if r.period == "day" else "0.20")
        assert r.energy_cost == pytest.approx(Decimal(wanted[r.tariff_id, r.period]) * price, abs=Decimal("0.0005"))
        assert r.unpriced_kwh == 0


def test_periods_touch_without_gap_or_overlap_where_the_clock_is_changed(spark) -> None:
    rates = []
    for tariff, zone in ZONES.items():
        rates += [
            rate(tariff, zone, ALL, "early", "02:15", "14:00", "1"),
            rate(tariff, zone, ALL, "late", "14:00", "02:15", "2"),
        ]
    rates += [*two_prices("double", "UTC")[:2], rate("double", "UTC", ALL, "extra", "21:00", "22:30", "1")]
    holidays = spark.createDataFrame([], HOLIDAYS)
    year = {"from_date": dt.date(2026, 1, 1), "to_date": dt.date(2026, 12, 31)}
    periods = to_tariff_periods(frame(spark, RATES, rates), holidays, **year)
    found: dict[str, list] = {}
    for r in periods.where("tariff_id != 'double'").collect():
        found.setdefault(r.tariff_id, []).append((r.start_utc, r.end_utc))
    for tariff, spans in found.items():
        spans.sort()
        assert len(spans) == 730, tariff
        assert all(before[1] == after[0] for before, after in pairwise(spans)), tariff
    # 02:15 does not exist on 29 March (03:15 then) and is the first of two on 25 October
    assert {(end - start).total_seconds() / 3600 for start, end in found["ber"]} == {11.75, 10.75, 12.25, 12.75}
    doubled = {r.tariff_id for r in keep_overlapping_periods(periods).collect()}
    assert doubled == {"double"}


def test_prices_change_with_their_dates_and_energy_without_a_price_is_told(spark) -> None:
    rates = [
        rate("t", "UTC", ALL, "all", "00:00", "00:00", "0.10", until=dt.date(2026, 2, 1)),
        rate("t", "UTC", ALL, "all", "00:00", "00:00", "0.20", since=dt.date(2026, 2, 1), until=dt.date(2026, 2, 2)),
    ]
    periods = to_tariff_periods(
        frame(spark, RATES, rates),
        frame(spark, HOLIDAYS, []),
        from_date=dt.date(2026, 1, 31),
        to_date=dt.date(2026, 2, 9),
    )

    def hour(day: int, n: int) -> dt.datetime:
        return dt.datetime(2026, 1, 31, tzinfo=dt.UTC) + dt.timedelta(days=day, hours=n)

    rows = [
        ("across", "t", hour(0, 23), hour(1, 1), 2.0), ("over", "t", hour(1, 22), hour(2, 1), 3.0),
        ("never", "t", hour(5, 0), hour(5, 1), 4.0), ("other", "unknown", hour(0, 0), hour(0, 1), 5.0),
    ]  # fmt: skip
    costs = rollup_energy_cost(to_energy_cost(frame(spark, INTERVALS, rows), periods), by=["tag_id"]).collect()
    found = {r.tag_id: (r.energy_kwh, r.unpriced_kwh, r.energy_cost) for r in costs}
    assert found == {
        "across": (2.0, 0.0, Decimal("0.30")), "over": (3.0, pytest.approx(1.0), Decimal("0.40")),
        "never": (4.0, 4.0, None), "other": (5.0, 5.0, None),
    }  # fmt: skip


def test_the_peak_of_each_local_month_is_charged(spark) -> None:
    def utc(*parts: int) -> dt.datetime:
        return dt.datetime(2026, *parts, tzinfo=dt.UTC)

    rows = [
        ("m", "t", utc(2, 1, 6, 45), 80.0, 1.0),  # still January in Phoenix
        ("m", "t", utc(2, 1, 7), 50.0, 1.0), ("m", "t", utc(2, 3), 50.0, 1.0),
        ("m", "t", utc(2, 4), 99.0, 0.9), ("m", "t", utc(2, 5), 99.0, 2.0), ("m", "t", utc(2, 6), None, 1.0),
        ("m", "unknown", utc(2, 1, 7), 1.0, 1.0),
    ]  # fmt: skip
    charges = [
        ("t", Decimal("2.5"), dt.date(2025, 1, 1), dt.date(2026, 2, 1)),
        ("t", Decimal(3), dt.date(2026, 2, 1), None),
    ]
    sums = rollup_demand_charge(frame(spark, DEMAND, rows), frame(spark, CHARGES, charges), zone="America/Phoenix")
    found = {
        (r.tariff_id, str(r.billing_month)): (r.peak_kw, r.peak_start_utc.day, r.demand_cost) for r in sums.collect()
    }
    assert found == {
        ("t", "2026-01-01"): (80.0, 1, Decimal(200)), ("t", "2026-02-01"): (50.0, 1, Decimal(150)),
        ("unknown", "2026-02-01"): (1.0, 1, None),
    }  # fmt: skip


def test_a_tariff_without_its_columns_or_days_is_refused(spark) -> None:
    rates, holidays = spark.createDataFrame([], RATES), spark.createDataFrame([], HOLIDAYS)
    day = dt.date(2026, 1, 1)
    with pytest.raises(ContractError, match="is after to_date"):
        to_tariff_periods(rates, holidays, from_date=day, to_date=day - dt.timedelta(days=1))
    with pytest.raises(ColumnContractError, match="valid_to"):
        to_tariff_periods(rates.drop("valid_to"), holidays, from_date=day, to_date=day)
    with pytest.raises(ColumnContractError, match="tariff_id"):
        to_energy_cost(spark.createDataFrame([], INTERVALS).drop("tariff_id"), rates)
