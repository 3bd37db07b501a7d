"""The truth about power factors: known triangles, and no factor of energies of different times."""

from __future__ import annotations

import pytest

from fabric_ot.workbench.simulate.meters import Meter
from fabric_ot.workbench.simulate.power_factor_truth import power_factor_period_rows, power_factor_rows

WINDOW_MS = 900_000


def demand(n: int, kwh: float, day: str) -> dict:
    return {
        "tag_id": "m", "site_id": "s", "local_date": day, "start_ms": n * WINDOW_MS, "start_text": f"w{n}",
        "energy_kwh": kwh, "coverage": 1.0,
    }  # fmt: skip


def test_triangles_of_three_four_five_and_a_quarter_hour_that_is_half_told():
    register = Meter(
        "q", "a", "s", [(0, WINDOW_MS, 4.0), (WINDOW_MS, 2 * WINDOW_MS, 0.0), (2 * WINDOW_MS, 2_250_000, 9.0)]
    )
    rows = [demand(0, 3.0, "2026-03-30"), demand(1, 5.0, "2026-03-31"), demand(2, 7.0, "2026-04-01")]
    windows = power_factor_rows([*rows, {**rows[0], "tag_id": "other"}], {"m": {"lagging": register}}, window_s=900)
    told = [(row["is_whole"], row["lagging_kvarh"], row["lagging_power_factor_pct"]) for row in windows]
    assert told == [("true", 4.0, pytest.approx(60.0)), ("true", 0.0, pytest.approx(100.0)), ("false", 9.0, None)]
    periods = {(row["period"], row["from_date"]): row for row in power_factor_period_rows(windows)}
    march, april = periods["month", "2026-03-01"], periods["month", "2026-04-01"]
    assert (march["energy_kwh"], march["lagging_kvarh"], march["leading_kvarh"]) == (8.0, 4.0, None)
    assert march["lagging_power_factor_pct"] == pytest.approx(100 * 2 / 5**0.5)
    assert (april["energy_kwh"], april["window_count"], april["left_out_kwh"]) == (None, 0, 7.0)


def test_the_plant_has_lagging_and_leading_windows_and_meters_of_both_kinds(plant_day):
    _, truth = plant_day
    rows = truth.families["power_factor"]
    assert {row["tag_id"].split("/")[0] for row in rows} == {"historian", "spBv1.0"}
    main = [row for row in rows if row["leading_kvarh"] is not None]
    assert min(row["lagging_kvarh"] for row in main) == min(row["leading_kvarh"] for row in main) == 0
    assert all(row["leading_power_factor_pct"] is None for row in rows if row not in main)
    assert {row["period"] for row in truth.families["power_factor_period"]} == {"day", "month"}
