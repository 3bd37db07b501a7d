"""Bills of a site: its energy by tariff period, and the peak of its month; neither carries anything of the other."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from fabric_ot.testing import frame
from fabric_ot.transforms.energy.bills import to_demand_bill, to_energy_bill, to_site_periods

pytestmark = pytest.mark.spark

RATES = (
    "tariff_id string, site_id string, currency string, period string, weekdays string, start_local string, "
    "end_local string, price_per_kwh double, valid_from date, valid_to date"
)
SITES = "site_id string, time_zone string"
HOLIDAYS = "tariff_id string, date date"
DEMAND = "site_id string, tag_id string, local_date date, start_utc timestamp, end_utc timestamp, energy_kwh double"
SITE_DEMAND = "site_id string, start_utc timestamp, demand_kw double, coverage double"
CHARGES = "tariff_id string, price_per_kw double, valid_from date, valid_to date"
SINCE, MONDAY = dt.date(2026, 1, 1), dt.date(2026, 3, 2)


@pytest.fixture(scope="module")
def sites(spark_session):
    return frame(spark_session, SITES, [("hcm", "Asia/Ho_Chi_Minh"), ("free", "UTC")])


@pytest.fixture(scope="module")
def rates(spark_session):
    rows = [
        ("t", "hcm", "VND", "day", "12345", "06:00:00", "22:00:00", 2.0, SINCE, None),
        ("t", "hcm", "VND", "night", "12345678", "22:00:00", "06:00:00", 1.0, SINCE, None),
        ("t", "hcm", "VND", "feast", "8", "06:00:00", "22:00:00", 0.5, SINCE, None),
    ]
    return frame(spark_session, RATES, rows)


def utc(day: int, hour: int) -> dt.datetime:
    return dt.datetime(2026, 3, day, hour, tzinfo=dt.UTC)


def test_energy_is_priced_by_the_wall_time_of_its_site_and_told_without_a_price(spark, rates, sites) -> None:
    holidays = frame(spark, HOLIDAYS, [("t", dt.date(2026, 3, 3))])
    periods = to_site_periods(rates, holidays, sites, from_date=MONDAY, to_date=dt.date(2026, 3, 3))
    windows = [
        ("hcm", "m", MONDAY, utc(2, 14), utc(2, 16), 8.0),  # 21:00 to 23:00: half by day, half by night
        ("hcm", "m", dt.date(2026, 3, 3), utc(3, 3), utc(3, 4), 4.0),  # ten o'clock of a holiday
        ("free", "n", MONDAY, utc(2, 14), utc(2, 15), 3.0),
    ]
    bill = to_energy_bill(frame(spark, DEMAND, windows), periods).collect()
    told = {(r.tag_id, r.local_date.day, r.period): (r.energy_kwh, r.unpriced_kwh, r.cost, r.currency) for r in bill}
    assert told == {
        ("m", 2, "day"): (4.0, 0.0, Decimal(8), "VND"),
        ("m", 2, "night"): (4.0, 0.0, Decimal(4), "VND"),
        ("m", 3, "feast"): (4.0, 0.0, Decimal(2), "VND"),
        ("n", 2, ""): (3.0, 3.0, None, None),
    }
    assert {(r.charge, r.peak_kw, r.peak_start_utc) for r in bill} == {("energy", None, None)}


def test_a_peak_is_billed_by_the_local_month_and_bills_no_energy(spark, rates, sites) -> None:
    rows = [
        ("hcm", dt.datetime(2026, 2, 28, 17, tzinfo=dt.UTC), 70.0, 1.0),  # March has begun there
        ("hcm", utc(9, 3), 60.0, 1.0),
        ("hcm", utc(9, 4), 99.0, 0.5),
        ("free", utc(9, 3), 60.0, 1.0),
    ]
    charges = frame(spark, CHARGES, [("t", 3.0, SINCE, None)])
    (row,) = to_demand_bill(frame(spark, SITE_DEMAND, rows), rates, charges, sites).collect()
    assert (row.charge, row.site_id, row.tariff_id, row.currency) == ("demand", "hcm", "t", "VND")
    assert (row.local_date, row.peak_kw, row.cost) == (dt.date(2026, 3, 1), 70.0, Decimal(210))
    assert (row.energy_kwh, row.unpriced_kwh, row.tag_id, row.period) == (0.0, 0.0, "", "")
