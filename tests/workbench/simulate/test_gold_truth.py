"""The truth of gold: sums that agree with what the families tell in other ways, and ratios that are no means."""

from __future__ import annotations

from collections import defaultdict

import pytest

from fabric_ot.workbench.plant_day.claims import CLAIMS, MEASURE_CLAIMS
from fabric_ot.workbench.simulate.gold_truth import tell_gold


@pytest.fixture(scope="module")
def families(plant_day):
    return plant_day[1].families


def test_losses_of_an_asset_are_what_its_oee_lacks(plant_day, families):
    truth = plant_day[1]
    sums = defaultdict(lambda: [0.0, 0.0])
    for row in truth.production:
        sums[row["asset_id"]][0] += row["ideal_good_runtime_s"]
        sums[row["asset_id"]][1] += row["planned_busy_s"]
    lost = defaultdict(float)
    for row in families["measure_loss"]:
        lost[row["asset_id"]] += row["share"]
    assert lost == {asset: pytest.approx(1 - good / busy) for asset, (good, busy) in sums.items()}


def test_good_units_of_a_shift_stand_in_one_state(families):
    told = {(r["asset_id"], r["shift_id"], r["production_date"]): r["good_qty"] or 0 for r in families["energy_state"]}
    added = defaultdict(float)
    for row in families["gold_energy"]:
        added[row["asset_id"], row["shift_id"], row["production_date"]] += row["good_qty"]
    assert added == told


def test_a_bill_counts_each_kilowatt_hour_once(families):
    meters = {r["series_id"]: 0.0 for r in families["energy_load"] if r["level"] == "site"}
    for row in families["energy_load"]:
        if row["level"] == "site":
            meters[row["series_id"]] += row["energy_kwh"]
    bills = {row["site_id"]: row["billed_kwh"] for row in families["measure_energy_cost"]}
    assert bills == {site: pytest.approx(kwh) for site, kwh in meters.items()}


def test_components_share_the_failures_of_their_asset(families):
    by_asset = {r["asset_id"]: r["failures"] for r in families["measure_maintenance"]}
    told = {r["asset_id"]: r for r in families["reliability"] if r["scope"] == "asset" and r["period_id"] == "all"}
    assert {a: n for a, n in by_asset.items() if n} == {a: r["failures"] for a, r in told.items() if r["failures"]}
    (plant,) = {sum(r["failures"] for r in families[name]) for name in ("measure_component", "measure_maintenance")}
    assert plant > 50


def test_the_plants_specific_energy_is_no_mean_of_its_assets(families):
    rows = families["measure_energy_asset"]
    mean = sum(r["specific_energy_kwh"] for r in rows) / len(rows)
    kwh, good = (sum(r[name] for r in families["gold_energy"]) for name in ("finished_energy_kwh", "good_qty"))
    assert kwh / good != pytest.approx(mean, rel=0.1)


def test_every_truth_of_gold_has_its_claim(families):
    told = {name for name in families if name.startswith(("gold_", "measure_"))}
    assert told == set(tell_gold(families))
    assert told == {c.truth for c in (*CLAIMS, *MEASURE_CLAIMS) if c.truth.startswith(("gold_", "measure_"))}
