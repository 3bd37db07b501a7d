"""The facts: additive, keyed as of the shift's start, restated only where silver changed."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from fabric_ot.workbench.items.warehouse import SqlObject, WarehouseProject
from fabric_ot.workbench.local.warehouse import TsqlError, Warehouse

STAR = ("dim_shift", "dim_asset", "dim_product", "dim_date", "fact_production", "fact_state_time")
"""What production and its states need; test_gold_analysis loads everything."""
MONDAY = dt.date(2026, 3, 2)
FACTS = "SELECT date_key, good_qty, version, restated_at_utc FROM fact.production ORDER BY date_key, product_key"
OEE = "SELECT SUM(ideal_good_runtime_s) / SUM(planned_busy_s) AS oee FROM fact.production"


def day(number: int) -> dt.date:
    return MONDAY + dt.timedelta(days=number)


def failed_checks(plant: Any) -> dict[str, int]:
    rows = plant.read("SELECT check_name, failed_rows FROM etl.publish_check WHERE failed_rows > 0 ORDER BY check_name")
    return {row["check_name"]: row["failed_rows"] for row in rows}


def test_the_textbook_shift_has_its_oee(plant: Any) -> None:
    plant.add_shift(MONDAY)
    plant.load(*STAR)
    assert plant.read(OEE)[0]["oee"] == pytest.approx(0.7479365, abs=1e-7)
    row = plant.read("SELECT availability, performance, quality, oee FROM export.oee_by_shift")[0]
    assert row["availability"] == pytest.approx(22380 / 25200)
    assert row["performance"] == pytest.approx(19271 / 22380)
    assert row["quality"] == pytest.approx(18848 / 19271)
    assert row["oee"] == pytest.approx(row["availability"] * row["performance"] * row["quality"])


@pytest.mark.acceptance(3)
def test_a_week_is_a_ratio_of_sums_not_a_mean_of_ratios(plant: Any) -> None:
    plant.add_shift(day(0), planned_busy_s=3600.0, ideal_good_runtime_s=3240.0)
    plant.add_shift(day(1), planned_busy_s=600.0, ideal_good_runtime_s=60.0)
    plant.load(*STAR)
    assert plant.read(OEE)[0]["oee"] == pytest.approx(55 / 70)
    shifts = [row["oee"] for row in plant.read("SELECT oee FROM export.oee_by_shift ORDER BY production_date")]
    assert shifts == pytest.approx([0.9, 0.1])


def test_a_shift_without_planned_time_has_no_oee(plant: Any) -> None:
    zeros = dict.fromkeys(
        ("planned_busy_s", "production_s", "produced_qty", "good_qty", "ideal_runtime_s", "ideal_good_runtime_s"), 0.0
    )
    plant.add_shift(MONDAY, **zeros)
    plant.load(*STAR)
    row = plant.read("SELECT availability, performance, quality, oee FROM export.oee_by_shift")[0]
    assert set(row.values()) == {None}


@pytest.mark.acceptance(1)
def test_loading_twice_changes_no_row_and_writes_no_delta_version(plant: Any) -> None:
    for number in range(3):
        plant.add_shift(day(number))
    plant.load(*STAR, day=1)
    rows, versions = plant.read(FACTS), plant.versions()
    again = plant.load(*STAR, day=2)
    assert plant.read(FACTS) == rows
    assert plant.versions() == versions
    assert all(result.rowcount == 0 and result.published == () for result in again.values())


def test_late_data_restates_only_the_rows_that_it_touches(plant: Any) -> None:
    rows = [plant.add_shift(day(number)) for number in range(3)]
    plant.load(*STAR, day=1)
    rows[1]["good_qty"] = 18849.0
    results = plant.load(*STAR, day=2)
    first, second = dt.datetime(2026, 4, 1), dt.datetime(2026, 4, 2)
    found = [(row["version"], row["restated_at_utc"]) for row in plant.read(FACTS)]
    assert found == [(1, first), (2, second), (1, first)]
    assert results["fact_production"].rowcount == 1
    assert results["fact_production"].published == ("fact.production",)


def test_vanished_rows_go_and_new_rows_come_at_version_one(plant: Any) -> None:
    plant.add_shift(day(0))
    plant.add_shift(day(1))
    plant.load(*STAR, day=1)
    del plant.rows["production"][0], plant.rows["state_time"][0]
    plant.add_shift(day(2))
    plant.load(*STAR, day=2)
    assert [(r["date_key"], r["version"]) for r in plant.read(FACTS)] == [(20260303, 1), (20260304, 1)]
    assert plant.read("SELECT COUNT(*) AS n FROM fact.state_time") == [{"n": 2}]


@pytest.mark.acceptance(8)
def test_a_fact_has_the_versions_that_held_at_the_start_of_its_shift(plant: Any) -> None:
    change = dt.datetime(2026, 3, 3, 7, tzinfo=dt.UTC)  # an hour after Tuesday's shift has started
    plant.rows["asset"] = [
        plant.asset("press", valid_to_utc=change, is_current=False),
        plant.asset("press", change, line="Line 2"),
    ]
    for number in range(3):
        plant.add_shift(day(number))
    plant.load(*STAR)
    sql = "SELECT a.line FROM fact.production AS f JOIN dim.asset AS a ON a.asset_key = f.asset_key ORDER BY f.date_key"
    assert [row["line"] for row in plant.read(sql)] == ["Line 1", "Line 1", "Line 2"]
    assert failed_checks(plant) == {}


def test_a_version_boundary_belongs_to_the_new_version(plant: Any) -> None:
    change = dt.datetime(2026, 3, 3, 6, tzinfo=dt.UTC)  # exactly when Tuesday's shift starts
    plant.rows["product"] = [
        plant.product("widget", valid_to_utc=change, is_current=False),
        plant.product("widget", change, ideal_cycle_s=0.5),
    ]
    plant.add_shift(day(0))
    plant.add_shift(day(1))
    plant.load(*STAR)
    sql = "SELECT p.ideal_cycle_s AS s FROM fact.production AS f JOIN dim.product AS p ON p.product_key = f.product_key"
    assert sorted(row["s"] for row in plant.read(sql)) == [0.5, 1.0]


def test_the_first_version_covers_the_shift_in_which_it_begins(plant: Any) -> None:
    plant.rows["asset"] = [plant.asset("press", dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC))]
    plant.add_shift(MONDAY)
    plant.load(*STAR)
    assert failed_checks(plant) == {}
    assert plant.read("SELECT asset_key AS k FROM fact.production") == [{"k": 1}]


def test_time_without_a_product_has_key_zero(plant: Any) -> None:
    plant.add_shift(MONDAY, product_id="")
    plant.load(*STAR)
    assert plant.read("SELECT product_key AS k FROM fact.production") == [{"k": 0}]
    assert failed_checks(plant) == {}


def test_two_products_of_one_shift_are_two_rows(plant: Any) -> None:
    plant.rows["product"].append(plant.product("gadget"))
    plant.add_shift(MONDAY)
    plant.rows["production"].append(plant.rows["production"][0] | {"product_id": "gadget", "good_qty": 1.0})
    plant.load(*STAR)
    assert sorted(row["good_qty"] for row in plant.read(FACTS)) == [1.0, 18848.0]


def test_an_unknown_asset_is_kept_and_stops_the_gate(plant: Any) -> None:
    plant.add_shift(MONDAY, asset_id="ghost_1")
    plant.rows["production"].append(plant.rows["production"][0] | {"asset_id": "ghost_2"})
    plant.load(*STAR)
    plant.load(*STAR, day=2)
    assert plant.read("SELECT asset_key AS k, SUM(good_qty) AS g FROM fact.production GROUP BY asset_key") == [
        {"k": -1, "g": 37696.0}
    ]
    assert failed_checks(plant) == {"production: asset is missing": 1, "state_time: asset is missing": 1}


@pytest.mark.parametrize(
    ("facts", "check"),
    [
        ({"good_qty": 19272.0}, "production: good is more than produced"),
        ({"scrap_qty": -1.0}, "production: a quantity is negative"),
        ({"unplanned_down_s": -0.5}, "production: a duration is negative"),
        ({"product_id": "unknown"}, "production: product is missing"),
    ],
)
def test_the_gate_names_what_is_wrong(plant: Any, facts: dict[str, Any], check: str) -> None:
    plant.add_shift(MONDAY)
    plant.add_shift(day(1), **facts)
    plant.load(*STAR)
    assert failed_checks(plant) == {check: 1}


def test_every_check_of_the_gate_passes_on_a_sound_star(plant: Any) -> None:
    plant.add_shift(MONDAY)
    plant.load(*STAR)
    rows = plant.read("SELECT check_name, failed_rows FROM etl.publish_check")
    assert len(rows) == 32
    assert {row["failed_rows"] for row in rows} == {0}


def test_the_queries_of_the_pipeline_run(plant: Any, repository_root: Path) -> None:
    path = repository_root / "pipelines" / "gold" / "pl_gold_publish.DataPipeline" / "pipeline-content.json"
    if not path.is_file():
        pytest.skip("the pipeline is not in this checkout")
    activities = {a["name"]: a["typeProperties"] for a in json.loads(path.read_text())["properties"]["activities"]}
    plant.add_shift(MONDAY)
    for properties in activities.values():
        if "storedProcedureName" in properties:
            plant.write()
            assert set(properties["storedProcedureParameters"]) == {"as_of_utc"}
            plant.warehouse.execute_procedure(properties["storedProcedureName"], {"as_of_utc": "2026-04-01T00:00:00Z"})
    counted = plant.read(activities["Count facts"]["scripts"][0]["text"]["value"])
    new = ("production_loss", "energy", "energy_cost", "maintenance", "spc_signal")
    assert counted == [{"production_rows": 1, "state_time_rows": 1} | {f"{name}_rows": 0 for name in new}]
    assert plant.read(activities["Check before publishing"]["source"]["sqlReaderQuery"]["value"]) == []


def test_state_time_is_restated_like_production(plant: Any) -> None:
    plant.add_shift(MONDAY)
    plant.add_shift(day(1))
    plant.load(*STAR, day=1)
    plant.rows["state_time"][0]["duration_s"] += 1
    plant.load(*STAR, day=2)
    rows = plant.read("SELECT version, duration_s FROM fact.state_time ORDER BY date_key")
    assert rows == [{"version": 2, "duration_s": 22381.0}, {"version": 1, "duration_s": 22380.0}]


def test_the_published_facts_are_what_the_warehouse_holds(plant: Any) -> None:
    plant.add_shift(MONDAY)
    plant.load(*STAR)
    table = DeltaTable(str(plant.gold / "fact" / "production"))
    types = {field.name: field.type.type for field in table.schema().fields}
    assert types["restated_at_utc"] == "timestamp"
    assert types["good_qty"] == "double"
    assert types["version"] == "integer"
    assert not any(field.nullable for field in table.schema().fields)
    published = table.to_pyarrow_table().to_pylist()
    assert published[0]["good_qty"] == 18848.0
    assert published[0]["restated_at_utc"] == dt.datetime(2026, 4, 1, tzinfo=dt.UTC)


def test_a_procedure_that_fails_names_itself_and_leaves_the_tables_untouched(
    plant: Any, project: WarehouseProject
) -> None:
    plant.add_shift(MONDAY)
    plant.load(*STAR)
    before, versions = plant.read(FACTS), plant.versions()
    broken = [_breaking(item) if item.name == "load_fact_production" else item for item in project.objects]
    plant.warehouse.close()
    plant.warehouse = Warehouse.open(
        plant.gold.parent / "ot_gold.duckdb",
        WarehouseProject(project.name, project.collation, tuple(broken)),
        clock=lambda: dt.datetime(2026, 4, 3, tzinfo=dt.UTC),
        catalog=lambda _database, schema, table: plant.lake / schema / table,
        publish_to=plant.gold,
    )
    plant.add_shift(day(1))
    with plant.warehouse:
        with pytest.raises(
            TsqlError, match=r"etl\.load_fact_production, line \d+: error 8134: Divide by zero"
        ) as caught:
            plant.load(*STAR, day=3)
        lines = next(item.text for item in broken if item.name == "load_fact_production").splitlines()
        assert "INSERT INTO fact.production" in lines[caught.value.line - 1]
        assert plant.read(FACTS) == before
    assert {k: v for k, v in plant.versions().items() if k == "fact.production"} == {
        "fact.production": versions["fact.production"]
    }


def _breaking(item: SqlObject) -> SqlObject:
    before, found, after = item.text.rpartition("n.good_qty,\n")
    assert found
    text = f"{before}n.good_qty / (n.rework_qty * 0),\n{after}"
    return SqlObject(item.kind, item.schema, item.name, item.path, text)


def test_a_state_has_a_row_for_each_thing_that_it_counts_as(plant: Any) -> None:
    plant.add_shift(MONDAY)
    (row,) = plant.rows["state_time"]
    plant.rows["state_time"].append({**row, "time_category": "planned_down", "duration_s": 60.0})
    plant.load(*STAR, day=1)
    sql = "SELECT time_category, duration_s, version FROM fact.state_time ORDER BY time_category"
    told = [tuple(found.values()) for found in plant.read(sql)]
    assert told == [("planned_down", 60.0, 1), (row["time_category"], row["duration_s"], 1)]
    plant.rows["state_time"][1]["time_category"] = "setup"
    plant.load(*STAR, day=2)
    told = [tuple(found.values()) for found in plant.read(sql)]
    assert told == [(row["time_category"], row["duration_s"], 1), ("setup", 60.0, 1)]
    assert failed_checks(plant) == {}
