"""The inputs of the KPIs by asset and day: sums over products and shifts, and a day as long as the clock makes it."""

from __future__ import annotations

import datetime as dt

import pytest

from fabric_ot.testing import frame
from fabric_ot.transforms.production.kpi_facts import to_day_facts, to_energy_facts, to_kpis, to_shift_facts

pytestmark = pytest.mark.spark

SPRING = dt.date(2026, 3, 29)  # 23 hours in Berlin
PLAIN = dt.date(2026, 3, 30)
KEY = "asset_id string, site_id string, shift_id string, production_date date"
PRODUCTION = (
    f"{KEY}, product_id string, planned_busy_s double, production_s double, ideal_runtime_s double, "
    "ideal_good_runtime_s double, produced_qty double, good_qty double, scrap_qty double, rework_qty double"
)
STATE_TIME = f"{KEY}, time_category string, duration_s double, planned_stop_s double"
ENERGY = f"{KEY}, energy_kwh double, good_qty double"
SITES = "site_id string, time_zone string"

MADE = [
    # p: 2 s each, q: 5 s each; of 1000 s busy 800 s ran
    ("press", "a", "early", SPRING, "p", 600.0, 500.0, 400.0, 360.0, 200.0, 180.0, 20.0, 0.0),
    ("press", "a", "early", SPRING, "q", 400.0, 300.0, 250.0, 250.0, 50.0, 50.0, 0.0, 0.0),
    ("press", "a", "late", SPRING, "p", 1000.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    ("press", "a", "early", PLAIN, "p", 600.0, 500.0, 400.0, 360.0, 200.0, 180.0, 20.0, 0.0),
]
STOOD = [
    ("press", "a", "early", SPRING, "production", 800.0, 0.0),
    ("press", "a", "early", SPRING, "setup", 130.0, 30.0),
    ("press", "a", "early", SPRING, "idle", 40.0, 0.0),
    ("press", "a", "early", SPRING, "unplanned_down", 60.0, 0.0),
    ("press", "a", "late", SPRING, "unplanned_down", 1000.0, 0.0),
]


@pytest.fixture(scope="module")
def shift_facts(spark_session):
    return to_shift_facts(frame(spark_session, PRODUCTION, MADE), frame(spark_session, STATE_TIME, STOOD))


def test_a_shift_adds_up_its_products_and_tells_why_it_stood(shift_facts) -> None:
    rows = {(r.shift_id, r.production_date): r for r in shift_facts.collect()}
    early = rows["early", SPRING]
    assert (early.planned_busy_s, early.production_s, early.produced_qty, early.good_qty) == (1000, 800, 250, 230)
    assert early.capacity_qty == pytest.approx(600 / 2 + 400 / 5), (
        "what the busy time would have made at the ideal cycle"
    )
    assert (early.setup_s, early.idle_s, early.unplanned_down_s, early.planned_down_s) == (100, 40, 60, 0)
    assert rows["late", SPRING].capacity_qty is None, "nothing was made, so no cycle is known"
    untold = rows["early", PLAIN]
    assert (untold.setup_s, untold.idle_s, untold.unqualified_s) == (0, 0, 0), (
        "a shift without states stood for no cause"
    )


def test_a_day_adds_up_its_shifts_and_is_as_long_as_the_clock_makes_it(spark, shift_facts) -> None:
    energy = [
        ("press", "a", "early", SPRING, 7.0, 230.0),
        ("press", "a", "late", SPRING, 2.5, 0.0),
        ("press", "a", "", SPRING, 100.0, None),  # outside every shift
    ]
    energy_facts = to_energy_facts(frame(spark, ENERGY, energy))
    days = to_day_facts(shift_facts, frame(spark, SITES, [("a", "Europe/Berlin")]), [energy_facts])
    rows = {r.production_date: r for r in days.collect()}
    spring, plain = rows[SPRING], rows[PLAIN]
    assert (spring.calendar_s, plain.calendar_s) == (23 * 3600, 24 * 3600)
    assert (spring.planned_busy_s, spring.production_s, spring.produced_qty) == (2000, 800, 250)
    assert (spring.unit_delay_s, spring.unit_processing_s, spring.unit_busy_s) == (1100, 900, 2000)
    assert spring.capacity_qty is None, "one unknown part makes the sum unknown"
    assert plain.capacity_qty == 300
    assert (spring.converted_energy_kwh, spring.own_energy_kwh) == (9.5, 0.0)
    assert (plain.converted_energy_kwh, plain.own_energy_kwh) == (None, None)
    kpis = {(r.production_date, r.kpi): r.value for r in to_kpis(days).collect()}
    assert kpis[SPRING, "availability"] == pytest.approx(800 / 2000)
    assert kpis[PLAIN, "availability"] == pytest.approx(500 / 600)
