"""Every KPI of the standard comes out of the job as the simulator knows it; a late record restates its date alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from fabric_ot.contracts import find_table
from fabric_ot.jobs.kpis import run_kpis
from fabric_ot.lakehouse import Lakehouse
from fabric_ot.transforms.production.kpis import KPIS
from fabric_ot.workbench.plant_day.comparison import compare_rows, is_close
from fabric_ot.workbench.simulate.day import live_through, plan_calendar
from fabric_ot.workbench.simulate.facts import production_rows, state_time_rows
from fabric_ot.workbench.simulate.families import tell_families
from fabric_ot.workbench.simulate.kpi_records_truth import ITEMS
from fabric_ot.workbench.simulate.reference import REFERENCE_COLUMNS, reference_rows

pytestmark = pytest.mark.spark

RECORDS = (
    "order_execution", "personnel_time", "maintenance_order", "lot_movement", "quality_sample", "control_chart",
)  # fmt: skip
KEYS = ("asset_id", "production_date", "kpi", "subject")


def utc(at_ms: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)


def typed(value: Any, type_: str) -> Any:
    if value is None or value == "":
        return None
    if type_ in ("timestamp", "date") and isinstance(value, str):
        instant = dt.datetime.fromisoformat(value)
        return instant.date() if type_ == "date" else instant
    return {"double": float, "long": int, "int": int}.get(type_, lambda v: v)(value)


def missing_of(column: Any) -> Any:
    """Return what stands in a required column that no KPI looks at."""
    if column.nullable:
        return None
    return {"string": "", "double": 0.0, "long": 0, "boolean": False, "timestamp": utc(0)}[column.type]


class Silver:
    """A silver lakehouse filled with rows by column name."""

    def __init__(self, spark, folder: Path) -> None:
        self.silver = Lakehouse(
            spark, name="ot_silver", layer="silver", tables_path=str(folder / "T"), files_path=str(folder / "F")
        )

    def land(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        contract = find_table("silver", f"plant.{table}")
        told = []
        for row in rows:
            values = [typed(row.get(c.name), c.type) for c in contract.columns]
            told.append(tuple(missing_of(c) if v is None else v for v, c in zip(values, contract.columns, strict=True)))
        is_new = self.silver.version(contract.full_name) is None
        write = self.silver.append if is_new else self.silver.merge
        write(contract.full_name, self.silver.frame(contract.full_name, told))

    def finish(self, batch: str, as_of: dt.datetime) -> None:
        told = {"ingest_batch_id": batch, "route": "file", "decoder": "reference", "outcome": "decoded"}
        self.land("batch_audit", [{**told, "message_count": 1}])
        self.land("progress", [{"step": "energy", "ingest_batch_id": batch, "finished_utc": as_of}])

    def kpis(self) -> list[dict[str, Any]]:
        return [row.asDict() for row in self.silver.read("plant.kpi").collect()]


@pytest.fixture(scope="module")
def day():
    return live_through(plan_calendar(dt.date(2026, 3, 28), 1), seed=7, scale=0.02)


def last_of_each(table: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    key = find_table("silver", f"plant.{table}").key
    return list({tuple(row[name] for name in key): row for row in rows}.values())


def test_every_kpi_equals_the_truth_and_a_late_execution_restates_its_own_date(spark, tmp_path, day) -> None:
    told = tell_families(day, seed=7)
    plant = Silver(spark, tmp_path)
    as_of = utc(day.calendar.as_of_ms)
    whole = [(known, i) for known in day.known for i in day.calendar.whole(known.asset.site_id)]
    plant.land("production", [row for known, i in whole for row in production_rows(known, i)])
    plant.land("state_time", [row for known, i in whole for row in state_time_rows(known, i)])
    sites = {known.asset.asset_id: known.asset.site_id for known in day.known}
    energy = [{**row, "site_id": sites[row["asset_id"]]} for row in told.truth["energy_state"]]
    plant.land("energy_state", energy)
    site_rows = [dict(zip(REFERENCE_COLUMNS["site"], row, strict=True)) for row in reference_rows()["site"]]
    plant.land("site", site_rows)
    zones = {row["site_id"]: row["time_zone"] for row in site_rows}
    instances = [
        {"site_id": i.site_id, "shift_id": i.shift_id, "production_date": i.production_date,
         "time_zone": zones[i.site_id],
         "start_utc": utc(i.start_ms), "end_utc": utc(i.end_ms)}
        for of_site in day.calendar.instances.values()
        for i in of_site
    ]  # fmt: skip
    plant.land("shift_instance", instances)
    landed = {
        r.entity: last_of_each(r.entity, [dict(zip(REFERENCE_COLUMNS[r.entity], row, strict=True)) for row in r.good])
        for r in told.records
        if r.entity in RECORDS
    }
    for entity, rows in landed.items():
        plant.land(entity, rows)
    components = {row["order_id"]: row["component"] for row in landed["maintenance_order"]}
    plant.land(
        "failure",
        [
            {**row, "event_utc": utc(row["event_ms"]), "component": components.get(row["order_id"]),
             "failure_start_utc": None if row["state"] is None else utc(row["event_ms"])}
            for row in told.truth["failure"]
        ],
    )  # fmt: skip
    charts = {row["chart_id"]: row["asset_id"] for row in landed["control_chart"]}
    capable = [{**row, "asset_id": charts[row["chart_id"]]} for row in told.truth["process_capability"]]
    plant.land("process_capability", capable)

    plant.finish("b1", as_of)
    report = run_kpis(plant.silver, as_of_utc=as_of, item_components=ITEMS)
    found, truth = plant.kpis(), told.truth["kpi"]
    assert report.counts["kpi"] == len(found) == len(truth)
    assert compare_rows("kpi", truth, found, KEYS, ("value",)).differences == ()
    assert {row["kpi"] for row in found} == set(KPIS)
    assert {row["unit"] for row in found if row["kpi"] == "throughput_per_h"} == {"1/h"}

    version = plant.silver.version("plant.kpi")
    assert run_kpis(plant.silver, as_of_utc=as_of, item_components=ITEMS).counts == {"batches": 0}
    assert plant.silver.version("plant.kpi") == version, "a second run writes nothing"

    oven = next(row for row in landed["order_execution"] if row["asset_id"] == "berlin-oven-3")
    plant.land("order_execution", [{**oven, "inspected_qty": 2 * oven["inspected_qty"]}])
    plant.finish("b2", as_of)
    run_kpis(plant.silver, as_of_utc=as_of, item_components=ITEMS)
    before = {tuple(row[name] for name in KEYS): row["value"] for row in found}
    after = {tuple(row[name] for name in KEYS): row["value"] for row in plant.kpis()}
    date = dt.date.fromisoformat(oven["production_date"])
    assert before.keys() == after.keys()
    changed = {key for key in before if not is_close(before[key], after[key])}
    assert changed == {("berlin-oven-3", date, "first_pass_yield", "")}
