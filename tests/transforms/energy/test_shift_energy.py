"""Energy by shift and state loses none of it, and a shift is compared only with shifts before the baseline's end."""

from __future__ import annotations

import datetime as dt

import pytest

from fabric_ot.testing import frame
from fabric_ot.transforms.energy.shifts import to_shift_baseline, to_shift_state_energy

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
DAY = T0.date()
KEY = "asset_id string, site_id string, shift_id string, production_date date"
ENERGY = f"{KEY}, state string, time_category string, energy_kwh double, good_qty double, specific_energy_kwh double"
PRODUCTION = f"{KEY}, product_id string, produced_qty double, good_qty double"
INTERVALS = (
    "tag_id string, asset_id string, site_id string, local_date date, start_utc timestamp, end_utc timestamp, "
    "energy_kwh double"
)
STATES = "asset_id string, start_utc timestamp, end_utc timestamp, state string, time_category string"
SHIFTS = f"{KEY}, start_utc timestamp, end_utc timestamp"
UNITS = (100.0, 220.0, 310.0, 450.0)


def at(hours: float) -> dt.datetime:
    return T0 + dt.timedelta(hours=hours)


def day(n: int) -> dt.date:
    return DAY + dt.timedelta(days=n)


def test_only_shifts_before_the_baselines_end_are_learned_from_and_all_are_compared(spark) -> None:
    # 40 kWh and 0.5 kWh per unit, in two states and two products; from the fifth day on 30 kWh more
    days = [(n, units, 40.0 + 0.5 * units + (30.0 if n >= 4 else 0.0)) for n, units in enumerate((*UNITS, *UNITS[:2]))]
    energy = [
        ("press", "a", "early", day(n), state, "production", kwh * share, None, None)
        for n, _, kwh in days
        for state, share in (("RUN", 0.75), ("IDLE", 0.25))
    ]
    made = [
        ("press", "a", "early", day(n), product, units * share, 0.0)
        for n, units, _ in days
        for product, share in (("p", 0.5), ("q", 0.5))
    ]
    frames = frame(spark, ENERGY, energy), frame(spark, PRODUCTION, made)
    rows = to_shift_baseline(*frames, baseline_to=day(4)).orderBy("production_date").collect()
    assert [row.production_date for row in rows] == [day(n) for n in range(6)]
    assert {(row.fit_status, row.observation_count) for row in rows} == {("fitted", 4)}
    assert [row.energy_kwh for row in rows] == pytest.approx([kwh for _, _, kwh in days])
    assert [row.expected_kwh for row in rows] == pytest.approx([40.0 + 0.5 * units for _, units, _ in days])
    assert [row.savings_kwh for row in rows] == pytest.approx([0, 0, 0, 0, -30, -30], abs=1e-9)
    assert (rows[0].intercept_kwh, rows[0].slope_kwh_per_unit) == pytest.approx((40.0, 0.5))
    whole = to_shift_baseline(*frames).first()
    assert (whole.fit_status, whole.observation_count) == ("fitted", 6)
    nothing = to_shift_baseline(*frames, baseline_to=day(0)).collect()
    assert {(row.fit_status, row.expected_kwh) for row in nothing} == {("no_baseline", None)}
    assert len(nothing) == 6


def test_energy_is_cut_by_shift_and_state_and_none_of_it_is_lost(spark) -> None:
    # 10 kWh an hour from two hours before the shift of 8 h to one hour after it
    intervals = [("meter", "press", "a", DAY, at(h), at(h + 1), 10.0) for h in range(-2, 9)]
    states = [("press", at(1), at(5), "RUN", "production"), ("press", at(5), at(7.5), "DOWN", "unplanned_down")]
    shifts = [("press", "a", "early", DAY, at(0), at(8))]
    made = [("press", "a", "early", DAY, "p", 25.0, 20.0)]
    rows = to_shift_state_energy(
        frame(spark, INTERVALS, intervals), frame(spark, STATES, states), frame(spark, SHIFTS, shifts),
        frame(spark, PRODUCTION, made),
    ).collect()  # fmt: skip
    found = {(row.shift_id, row.state, row.time_category): row.energy_kwh for row in rows}
    assert found == {
        ("early", "RUN", "production"): pytest.approx(40.0),
        ("early", "DOWN", "unplanned_down"): pytest.approx(25.0),
        ("early", "NO_SIGNAL", "unqualified"): pytest.approx(15.0),
        ("", "", "unqualified"): pytest.approx(30.0),
    }
    assert {row.production_date for row in rows} == {DAY}
