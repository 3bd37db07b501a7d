"""Losses, energy, cost, maintenance and control charts in gold: what adds up, where it stands, and when it changes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

MONDAY = dt.date(2026, 3, 2)
SIX = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
SHIFT = {"asset_id": "press", "site_id": "site_a", "shift_id": "early", "production_date": MONDAY}
MONTH = {
    "period_id": "2026-03",
    "period_start_utc": dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
    "period_end_utc": dt.datetime(2026, 4, 1, tzinfo=dt.UTC),
}
SOURCES = (
    "production_loss", "energy_state", "energy_cost", "reliability", "maintenance_compliance", "spc_point"
)  # fmt: skip
FACTS = ("production_loss", "energy", "energy_cost", "maintenance", "spc_signal")


def loss(position: int, node: str, parent: str | None, seconds: int, *, is_leaf: bool = True) -> dict[str, Any]:
    told = {"position": position, "node": node, "parent": parent, "is_leaf": is_leaf, "share": None}
    return {**SHIFT, **told, "duration_s": Decimal(seconds)}


def state(name: str, category: str, kwh: float, good: float | None, **changes: Any) -> dict[str, Any]:
    told = {"state": name, "time_category": category, "energy_kwh": kwh, "good_qty": good, "specific_energy_kwh": None}
    return {**SHIFT, **told, **changes}


def cost(tag_id: str, kwh: float, price: str | None, **changes: Any) -> dict[str, Any]:
    is_priced = price is not None
    return {
        "site_id": "site_a",
        "charge": "energy",
        "tag_id": tag_id,
        "local_date": MONDAY,
        "tariff_id": "tou" if is_priced else "",
        "period": "peak" if is_priced else "",
        "currency": "EUR" if is_priced else None,
        "energy_kwh": kwh,
        "unpriced_kwh": 0.0 if is_priced else kwh,
        "peak_kw": None,
        "peak_start_utc": None,
        "cost": Decimal(price) if price is not None else None,
    } | changes


def tag(tag_id: str, asset_id: str = "press") -> dict[str, Any]:
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return {
        "tag_id": tag_id, "asset_id": asset_id, "role": "energy", "data_type": "double", "unit": "kWh",
        "counter_modulus": None, "valid_from_utc": start, "valid_to_utc": None, "is_current": True,
    }  # fmt: skip


def reliability(scope: str, component: str, failures: int, operating_s: float, **changes: Any) -> dict[str, Any]:
    counts = {"failures": failures, "restored_failures": failures, "open_failures": 0, "acknowledged_orders": failures}
    times = {"restore_s": 600.0 * failures, "acknowledge_s": 60.0, "waiting_s": 60.0, "wrench_s": 300.0}
    ratios = dict.fromkeys(("mtbf_s", "mttr_s", "mtta_s", "inherent_availability"))
    row = {"asset_id": "press", "scope": scope, "component": component, **MONTH, "operating_s": operating_s}
    return {**row, **counts, **times, **ratios, "is_censored": failures == 0} | changes


def plans(**changes: Any) -> dict[str, Any]:
    counts = {"due_orders": 3, "done_orders": 2, "pending_orders": 1, "due_preventive": 2, "done_preventive": 1}
    rest = ("schedule_compliance", "pm_compliance", "corrective_maintenance_ratio", "open_orders", "overdue_orders",
            "oldest_open_utc", "unestimated_orders", "backlog_s", "backlog_weeks")  # fmt: skip
    times = {"corrective_s": 900.0, "preventive_s": 600.0}
    return {"asset_id": "press", **MONTH, **counts, **times, **dict.fromkeys(rest)} | changes


def point(minute: int, fired: str | None, **changes: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("run_id", "value", "limit_version", "center", "sigma", "ucl", "lcl"))
    return {
        "chart_id": "bore",
        "asset_id": "press",
        "chart_kind": "i_mr",
        "statistic": "individual",
        "event_time_utc": SIX + dt.timedelta(minutes=minute),
        "sample_size": 1.0,
        **empty,
        "rules_fired": fired,
        "is_signal": bool(fired),
    } | changes


@pytest.fixture
def busy(plant: Any) -> Any:
    """A plant with something in every table."""
    plant.add_shift(MONDAY)
    plant.rows["production_loss"] = [
        loss(1, "planned_busy", None, 25200, is_leaf=False),
        loss(5, "unplanned_down_loss", "availability_loss", 2820),
        loss(10, "speed_loss", "production", 3109),
        loss(12, "quality_loss", "ideal_runtime", 423),
        loss(13, "good", "ideal_runtime", 18848),
    ]
    plant.rows["energy_state"] = [
        state("EXECUTE", "production", 70.0, 50.0),
        state("ABORTED", "unplanned_down", 5.0, 50.0),
    ]
    plant.rows["tag"] = [tag("main", "grid"), tag("press_meter")]
    plant.rows["asset"].append(plant.asset("grid"))
    plant.rows["energy_meter"] = [{"tag_id": "press_meter", "parent_tag_id": "main"}]
    plant.rows["energy_cost"] = [
        cost("main", 100.0, "30.5"),
        cost("press_meter", 75.0, "22.875"),
        cost("press_meter", 2.0, None),
        cost("", 0.0, "140.25", charge="demand", local_date=dt.date(2026, 3, 1), period="", peak_kw=12.0),
    ]
    plant.rows["reliability"] = [
        reliability("asset", "", 3, 36000.0),
        reliability("component", "", 1, 36000.0),
        reliability("component", "drive", 2, 36000.0),
        reliability("asset", "", 3, 36000.0, period_id="all"),
    ]
    plant.rows["maintenance_compliance"] = [plans(), plans(period_id="all")]
    plant.rows["spc_point"] = [point(1, ""), point(2, "nelson_1, nelson_5"), point(3, "nelson_1"), point(4, None)]
    return plant


def failed_checks(plant: Any) -> dict[str, int]:
    rows = plant.read("SELECT check_name, failed_rows FROM etl.publish_check WHERE failed_rows > 0 ORDER BY check_name")
    return {row["check_name"]: row["failed_rows"] for row in rows}


def test_loading_twice_changes_no_row_and_writes_no_delta_version(busy: Any) -> None:
    busy.load(day=1)
    assert failed_checks(busy) == {}
    versions = busy.versions()
    assert {f"fact.{fact}" for fact in FACTS} <= set(versions)
    again = busy.load(day=2)
    assert busy.versions() == versions
    assert all(result.rowcount == 0 for result in again.values())


@pytest.mark.parametrize(
    "changes",
    [
        {
            "production_loss": ("production_loss", "duration_s", Decimal(2821)),
            "energy": ("energy_state", "energy_kwh", 70.5),
            "energy_cost": ("energy_cost", "cost", None),
            "maintenance": ("reliability", "operating_s", 36001.0),
            "spc_signal": ("spc_point", "is_signal", True),
        },
        {
            "energy_cost": ("energy_cost", "energy_kwh", 101.0),
            "maintenance": ("maintenance_compliance", "done_orders", 3),
        },
    ],
    ids=["of each fact", "of other columns"],
)
def test_a_change_restates_its_row_and_no_other(busy: Any, changes: dict[str, tuple[str, str, Any]]) -> None:
    busy.load(day=1)
    for fact, (source, column, value) in changes.items():
        busy.rows[source][1 if fact == "production_loss" else 0][column] = value
    results = busy.load(day=2)
    assert {load: r.rowcount for load, r in results.items() if r.rowcount} == {f"fact_{fact}": 1 for fact in changes}
    for fact in changes:
        told = busy.read(f"SELECT DAY(restated_at_utc) AS day FROM fact.{fact} WHERE version = 2")
        assert told == [{"day": 2}]


def test_what_silver_takes_back_goes(busy: Any) -> None:
    busy.load(day=1)
    for source in SOURCES:
        busy.rows[source].clear()
    busy.load(day=2)
    for fact in FACTS:
        assert busy.read(f"SELECT COUNT(*) AS n FROM fact.{fact}") == [{"n": 0}]


def test_only_leaves_of_the_loss_tree_are_kept_and_add_up(busy: Any) -> None:
    busy.load("dim_shift", "fact_production_loss")
    rows = busy.read("SELECT node, loss_category, position FROM fact.production_loss ORDER BY position")
    assert [tuple(row.values()) for row in rows] == [
        ("unplanned_down_loss", "availability", 5),
        ("speed_loss", "performance", 10),
        ("quality_loss", "quality", 12),
        ("good", "good", 13),
    ]
    assert busy.read("SELECT SUM(duration_s) AS s FROM fact.production_loss") == [{"s": 25200.0}]


def test_good_units_of_a_shift_stand_in_one_state_and_wait_for_its_end(busy: Any) -> None:
    running = {"shift_id": "early", "production_date": dt.date(2026, 3, 3)}
    busy.rows["energy_state"].append(state("EXECUTE", "production", 9.0, None, **running))
    busy.add_shift(dt.date(2026, 3, 3))
    busy.load("dim_shift", "fact_energy")
    rows = busy.read(
        "SELECT state, energy_kwh, finished_energy_kwh AS f, good_qty FROM fact.energy ORDER BY date_key, state"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("ABORTED", 5.0, 5.0, 50.0),
        ("EXECUTE", 70.0, 70.0, 0.0),
        ("EXECUTE", 9.0, 0.0, 0.0),
    ]


def test_energy_outside_every_shift_has_shift_zero_and_its_date(busy: Any) -> None:
    sunday = dt.date(2026, 3, 1)
    busy.rows["energy_state"] = [state("", "unqualified", 4.0, None, shift_id="", production_date=sunday)]
    busy.load("dim_shift", "dim_asset", "dim_date", "fact_energy")
    sql = "SELECT s.shift_name, d.[date] AS day FROM fact.energy AS f JOIN dim.shift AS s ON s.shift_key = f.shift_key "
    rows = busy.read(sql + "JOIN dim.[date] AS d ON d.date_key = f.date_key")
    assert rows == [{"shift_name": "outside shifts", "day": sunday}]
    assert failed_checks(busy) == {}


def test_a_bill_is_that_of_top_meters_and_demand_is_charged_to_the_site(busy: Any) -> None:
    busy.load("dim_asset", "fact_energy_cost")
    sql = """
    SELECT a.asset_id, a.asset_name, f.charge, f.cost, f.is_top_meter, f.is_leaf_meter
    FROM fact.energy_cost AS f JOIN dim.asset AS a ON a.asset_key = f.asset_key ORDER BY a.asset_id, f.cost
    """
    assert [tuple(row.values()) for row in busy.read(sql)] == [
        ("grid", "Grid", "energy", 30.5, True, False),
        ("press", "Press", "energy", None, False, True),
        ("press", "Press", "energy", 22.875, False, True),
        ("site_a", "Alpha (whole site)", "demand", 140.25, True, False),
    ]


def test_a_price_that_comes_late_restates_the_cost(busy: Any) -> None:
    missing = busy.rows["energy_cost"][2]
    missing |= {"tariff_id": "tou", "period": "night", "currency": "EUR"}
    busy.load("dim_asset", "fact_energy_cost", day=1)
    missing |= {"cost": Decimal("0.5"), "unpriced_kwh": 0.0}
    busy.load("fact_energy_cost", day=2)
    rows = busy.read("SELECT cost, version FROM fact.energy_cost WHERE period = 'night'")
    assert rows == [{"cost": 0.5, "version": 2}]


def test_a_site_that_pays_for_no_demand_is_no_asset(plant: Any) -> None:
    plant.load("dim_asset")
    assert plant.read("SELECT asset_id FROM dim.asset") == [{"asset_id": "press"}]


def test_operating_time_and_plans_of_an_asset_stand_in_one_component(busy: Any) -> None:
    busy.load("fact_maintenance")
    sql = """
    SELECT date_key, component, operating_s, failures, restore_s, due_orders, corrective_s
    FROM fact.maintenance ORDER BY component
    """
    assert [tuple(row.values()) for row in busy.read(sql)] == [
        (20260301, "drive", 0.0, 2, 1200.0, 0, 0.0),
        (20260301, "not told", 36000.0, 1, 600.0, 3, 900.0),
    ]


def test_maintenance_has_the_asset_of_the_months_start(busy: Any) -> None:
    change = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    busy.rows["asset"][0] |= {"valid_to_utc": change, "is_current": False}
    busy.rows["asset"].append(busy.asset("press", change, line="Line 2"))
    busy.load("dim_asset", "fact_maintenance")
    sql = "SELECT DISTINCT a.line FROM fact.maintenance AS f JOIN dim.asset AS a ON a.asset_key = f.asset_key"
    assert busy.read(sql) == [{"line": "Line 1"}]


def test_points_are_counted_once_and_each_fired_rule_by_itself(busy: Any) -> None:
    busy.load("dim_shift", "fact_spc_signal")
    sql = "SELECT rule_name, points, judged_points, signal_points, fired_count FROM fact.spc_signal ORDER BY rule_name"
    assert [tuple(row.values()) for row in busy.read(sql)] == [
        ("", 4, 3, 2, 0),
        ("nelson_1", 0, 0, 0, 2),
        ("nelson_5", 0, 0, 0, 1),
    ]


def test_a_point_belongs_to_the_shift_in_which_it_was_taken(busy: Any) -> None:
    busy.rows["spc_point"] = [point(-1, ""), point(0, ""), point(479, ""), point(480, "")]
    busy.load("dim_shift", "dim_asset", "dim_date", "fact_spc_signal")
    sql = """
    SELECT s.shift_id, f.date_key, f.points FROM fact.spc_signal AS f JOIN dim.shift AS s ON s.shift_key = f.shift_key
    ORDER BY s.shift_id
    """
    assert [tuple(row.values()) for row in busy.read(sql)] == [("", 20260302, 2), ("early", 20260302, 2)]
    assert failed_checks(busy) == {}


def test_a_missing_asset_is_kept_and_stops_the_gate(busy: Any) -> None:
    ghost = {"asset_id": "ghost"}
    busy.rows["production_loss"][1] |= ghost
    busy.rows["energy_state"][0] |= ghost
    busy.rows["energy_cost"][0] |= {"tag_id": "ghost"}
    busy.rows["reliability"][0] |= ghost
    busy.rows["spc_point"] = [point(1, "", **ghost)]
    busy.load()
    assert failed_checks(busy) == {f"{fact}: asset is missing": 1 for fact in FACTS}


def test_the_gate_names_what_is_wrong(busy: Any) -> None:
    busy.rows["energy_state"] = [
        state("EXECUTE", "production", 1.0, -1.0),
        state("IDLE", "idle", 1.0, 0.0, shift_id="late"),
    ]
    busy.rows["energy_cost"][0] |= {"unpriced_kwh": 101.0}
    busy.rows["energy_cost"][1] |= {"currency": None}
    busy.rows["reliability"][0] |= {"operating_s": -1.0}
    busy.rows["reliability"][2] |= {"open_failures": 1}
    busy.rows["spc_point"] = [point(1, None, is_signal=True)]
    busy.load()
    assert failed_checks(busy) == {
        "energy: a quantity is negative": 1,
        "energy: shift is missing": 1,
        "energy_cost: more energy without a price than energy": 1,
        "energy_cost: a cost has no currency": 1,
        "maintenance: a time or a count is negative": 1,
        "maintenance: more failures restored than failed": 1,
        "spc_signal: more points out of control than judged": 1,
    }


def test_every_date_that_a_fact_stands_on_is_a_date(busy: Any) -> None:
    late = dt.datetime(2026, 5, 4, 23, tzinfo=dt.UTC)
    busy.rows["spc_point"].append(point(0, "", event_time_utc=late))
    busy.load("dim_date")
    days = [row["date"] for row in busy.read("SELECT [date] FROM dim.[date] ORDER BY [date]")]
    assert days == [dt.date(2026, 3, 1), MONDAY, dt.date(2026, 5, 4)]
