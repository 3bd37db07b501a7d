"""Quality control charts the laboratory's day as a person would by hand; frozen limits stay, late samples restate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from fabric_ot.jobs.quality_control import run_quality_control
from fabric_ot.lakehouse import Lakehouse
from fabric_ot.workbench.plant_day.claims import CLAIMS
from fabric_ot.workbench.plant_day.comparison import compare_rows
from fabric_ot.workbench.simulate.day import live_through, plan_calendar
from fabric_ot.workbench.simulate.quality import tell_quality

pytestmark = pytest.mark.spark

AS_OF = dt.datetime(2026, 3, 30, tzinfo=dt.UTC)
TABLES = ("control_limit", "spc_point", "process_capability")


class Plant:
    """A silver lakehouse that a reference run has filled."""

    def __init__(self, spark, folder: Path) -> None:
        self.silver = Lakehouse(
            spark, name="ot_silver", layer="silver", tables_path=str(folder / "T"), files_path=str(folder / "F")
        )

    def put(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        self.silver.append(f"plant.{table}", self.silver.frame(f"plant.{table}", [tuple(row) for row in rows]))

    def land(self, batch: str, **rows: Sequence[Sequence[Any]]) -> None:
        for table, found in rows.items():
            self.put(table, [[_typed(value) for value in row] for row in found])
        self.put("batch_audit", [(batch, "file", "reference", "decoded", "", 1, 0)])
        self.put("progress", [("reference", batch, AS_OF)])

    def run(self) -> tuple[dict[str, int], tuple[str, ...]]:
        report = run_quality_control(self.silver, as_of_utc=AS_OF)
        return dict(report.counts), report.notes

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [row.asDict() for row in self.silver.read(f"plant.{table}").collect()]

    def versions(self) -> list[int | None]:
        return [self.silver.version(f"plant.{name}") for name in (*TABLES, "progress")]


def _typed(value: Any) -> Any:
    if isinstance(value, str) and value.endswith("Z") and value[4] == "-":
        return dt.datetime.fromisoformat(value)
    return float(value) if isinstance(value, int) else value


def ask(tables: dict[str, list[dict[str, Any]]], sql: str) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA silver; SET TimeZone = 'UTC'")
        for name, rows in tables.items():
            connection.register("found", pa.Table.from_pylist(rows))
            connection.execute(f"CREATE TABLE silver.{name} AS SELECT * FROM found")
        return connection.execute(sql).to_arrow_table().to_pylist()


def test_the_laboratorys_day_is_charted_as_by_hand_and_late_samples_restate_points_not_limits(spark, tmp_path) -> None:
    day = live_through(plan_calendar(dt.date(2026, 3, 28), 1), seed=7, scale=0.02)
    told = tell_quality(day, Random(7))
    plant = Plant(spark, tmp_path)
    plant.land("b1", **{records.entity: records.good for records in told.records})
    counts, notes = plant.run()
    assert counts == {
        "batches": 1,
        "control_limit": 7,
        "spc_point": len(told.truth["spc_point"]),
        "process_capability": 2,
    }
    assert notes == (
        "1 sample(s) lack what a chart of kind i_mr needs: passed over",
        "1 sample(s) lack what a chart of kind xbar_r needs: passed over",
        "2 baseline(s) without limits: not over yet, too few points, or no spread",
    )
    found = {name: plant.rows(name) for name in TABLES}
    for claim in (claim for claim in CLAIMS if claim.truth in TABLES):
        check = compare_rows(claim.text, told.truth[claim.truth], ask(found, claim.sql), claim.keys, claim.values)
        assert check.differences == (), claim.text
    fired = {row["rules_fired"] for row in found["spc_point"] if row["is_signal"]}
    assert {"nelson_1, nelson_2, nelson_5, nelson_6", "nelson_1"} <= fired, "the shifts of the mean are seen"

    before = plant.versions()
    assert plant.run() == ({"batches": 0}, ())
    assert plant.versions() == before, "a second run writes nothing"

    limits = sorted(found["control_limit"], key=str)
    first, last = (
        f(r["event_time_utc"] for r in found["spc_point"] if r["chart_id"] == "fill-volume") for f in (min, max)
    )
    late = [
        (f"late-{n}", "fill-volume", None, "P-100", at + dt.timedelta(minutes=1), 40.0, None, None, None)
        for n, at in enumerate((first, last))
    ]
    redeclared = ("fill-volume", "v3", last, first, AS_OF + dt.timedelta(days=1))
    plant.land("b2", quality_sample=late, control_baseline=[redeclared])
    counts, notes = plant.run()
    assert counts["control_limit"] == 0
    assert notes[-1].startswith("3 baseline(s) without limits")
    assert sorted(plant.rows("control_limit"), key=str) == limits, (
        "a late sample in a baseline does not move its limits"
    )
    points = {
        (r["statistic"], r["event_time_utc"]): r for r in plant.rows("spc_point") if r["chart_id"] == "fill-volume"
    }
    late_points = [points["individual", row[4]] for row in late]
    assert [row["rules_fired"].split(", ")[0] for row in late_points] == ["nelson_1", "nelson_1"]
    assert [row["limit_version"] for row in late_points] == ["v1", "v2"]
    assert plant.run()[0] == {"batches": 0}
