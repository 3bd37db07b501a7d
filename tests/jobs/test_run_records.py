"""Records of people become charts and traces as by hand; late ones restate what they touch, frozen limits stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from fabric_ot.contracts import find_table
from fabric_ot.jobs.genealogy import run_genealogy
from fabric_ot.jobs.quality_control import run_quality_control
from fabric_ot.lakehouse import Lakehouse
from fabric_ot.workbench.plant_day.claims import CLAIMS
from fabric_ot.workbench.plant_day.comparison import compare_rows
from fabric_ot.workbench.simulate.day import live_through, plan_calendar
from fabric_ot.workbench.simulate.genealogy import tell_genealogy
from fabric_ot.workbench.simulate.quality import tell_quality

pytestmark = pytest.mark.spark

AS_OF = dt.datetime(2026, 3, 30, tzinfo=dt.UTC)
CHARTS = ("control_limit", "spc_point", "process_capability")
LOTS = ("lot_trace", "lot_blend", "mass_balance")


@pytest.fixture(scope="module")
def day():
    return live_through(plan_calendar(dt.date(2026, 3, 28), 1), seed=7, scale=0.02)


class SilverRecords:
    """Reference tables as rows of the simulator's files, batch by batch."""

    def __init__(self, spark, folder: Path) -> None:
        self.silver = Lakehouse(
            spark, name="ot_silver", layer="silver", tables_path=str(folder / "T"), files_path=str(folder / "F")
        )

    def land(self, batch: str, rows: Mapping[str, Sequence[Sequence[Any]]]) -> None:
        told = {**rows, "batch_audit": [(batch, "file", "reference", "decoded", "", 1, 0)]}
        for name, found in {**told, "progress": [("reference", batch, AS_OF)]}.items():
            table = find_table("silver", f"plant.{name}")
            typed = [
                tuple(_typed(value, column.type) for value, column in zip(row, table.columns, strict=True))
                for row in found
            ]
            self.silver.append(table.full_name, self.silver.frame(table.full_name, typed))

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [row.asDict() for row in self.silver.read(f"plant.{table}").collect()]

    def versions(self, *tables: str) -> list[int | None]:
        return [self.silver.version(f"plant.{name}") for name in (*tables, "progress")]


def _typed(value: Any, type_: str) -> Any:
    if value is None:
        return None
    if type_ == "timestamp" and isinstance(value, str):
        return dt.datetime.fromisoformat(value)
    return float(value) if type_ == "double" else value


def differences(
    found: Mapping[str, list[dict[str, Any]]], truth: Mapping[str, list[dict[str, Any]]]
) -> dict[str, tuple[str, ...]]:
    """Return what each claim about the tables of `found` sees wrong, by the name of its truth."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA silver; SET TimeZone = 'UTC'")
        for name, rows in found.items():
            connection.register("found", pa.Table.from_pylist(rows))
            connection.execute(f"CREATE TABLE silver.{name} AS SELECT * FROM found")
        checks = {
            claim.truth: compare_rows(
                claim.text, truth[claim.truth], _answer(connection, claim.sql), claim.keys, claim.values
            )
            for claim in CLAIMS
            if claim.truth in found
        }
    return {name: check.differences for name, check in checks.items()}


def _answer(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.acceptance(9)
def test_the_laboratorys_day_is_charted_as_by_hand_and_late_samples_restate_points_not_limits(
    spark, tmp_path, day
) -> None:
    told = tell_quality(day, Random(7))
    plant = SilverRecords(spark, tmp_path)
    plant.land("b1", {records.entity: records.good for records in told.records})
    report = run_quality_control(plant.silver, as_of_utc=AS_OF)
    assert report.counts == {"batches": 1, **{name: len(told.truth[name]) for name in CHARTS}}
    assert report.notes == (
        "1 sample(s) lack what a chart of kind i_mr needs: passed over",
        "1 sample(s) lack what a chart of kind xbar_r needs: passed over",
        "2 baseline(s) without limits: not over yet, too few points, or no spread",
    )
    found = {name: plant.rows(name) for name in CHARTS}
    assert differences(found, told.truth) == dict.fromkeys(CHARTS, ())
    fired = {row["rules_fired"] for row in found["spc_point"] if row["is_signal"]}
    assert {"nelson_1, nelson_2, nelson_5, nelson_6", "nelson_1"} <= fired, "the shifts of the mean are seen"

    before = plant.versions(*CHARTS)
    assert run_quality_control(plant.silver, as_of_utc=AS_OF).counts == {"batches": 0}
    assert plant.versions(*CHARTS) == before, "a second run writes nothing"

    times = [row["event_time_utc"] for row in found["spc_point"] if row["chart_id"] == "fill-volume"]
    late = [
        (f"late-{n}", "fill-volume", None, "P-100", at + dt.timedelta(minutes=1), 40.0, None, None, None)
        for n, at in enumerate((min(times), max(times)))
    ]
    not_over = ("fill-volume", "v3", max(times), min(times), AS_OF + dt.timedelta(days=1))
    plant.land("b2", {"quality_sample": late, "control_baseline": [not_over]})
    report = run_quality_control(plant.silver, as_of_utc=AS_OF)
    assert report.counts["control_limit"] == 0, "a late sample in a baseline does not move its limits"
    assert report.notes[-1].startswith("3 baseline(s) without limits")
    points = {
        (r["statistic"], r["event_time_utc"]): r for r in plant.rows("spc_point") if r["chart_id"] == "fill-volume"
    }
    late_points = [points["individual", row[4]] for row in late]
    assert [row["rules_fired"].split(", ")[0] for row in late_points] == ["nelson_1", "nelson_1"]
    assert [row["limit_version"] for row in late_points] == ["v1", "v2"]


@pytest.mark.acceptance(9)
def test_late_samples_are_judged_again_from_the_first_of_them_on_and_what_lies_before_stands(
    spark, tmp_path, day
) -> None:
    told = tell_quality(day, Random(7))
    rows = {records.entity: records.good for records in told.records}
    plant, fresh = SilverRecords(spark, tmp_path / "late"), SilverRecords(spark, tmp_path / "whole")
    plant.land("b1", rows)
    assert "reevaluated" not in run_quality_control(plant.silver, as_of_utc=AS_OF).counts, (
        "all of it, for the first time"
    )
    before = charted(plant)
    ends = [row[4] for row in rows["control_baseline"] if row[0] == "fill-volume"]
    # after the baselines, whose limits would be others if they had not been frozen before it came
    first_late = max(map(dt.datetime.fromisoformat, ends)).replace(tzinfo=None) + dt.timedelta(minutes=31)
    late = [
        (f"late-{n}", "fill-volume", None, "P-100", first_late + dt.timedelta(hours=n), 40.0, None, None, None)
        for n in range(2)
    ]
    plant.land("b2", {"quality_sample": late})
    counts = run_quality_control(plant.silver, as_of_utc=AS_OF).counts
    after = charted(plant)
    suffix = {key for key in after if key[0] == "fill-volume" and key[2] >= first_late}
    changed = {key for key, row in after.items() if before.get(key) != row}
    assert changed <= suffix, "no other chart, and nothing before the first late sample"
    assert {("fill-volume", "individual", row[4]) for row in late} <= changed
    assert (counts["reevaluated"], counts["spc_point"]) == (len(suffix), len(changed))
    assert 0 < len(changed) < len(suffix) < len(after), "a rule looks back over few points: most verdicts stand"

    fresh.land("b1", rows)
    fresh.land("b2", {"quality_sample": late})
    run_quality_control(fresh.silver, as_of_utc=AS_OF)
    assert charted(fresh) == after, "as if all samples had come at once"
    assert capability(plant) == capability(fresh)


def capability(plant: SilverRecords) -> list[str]:
    """The last bits of a mean depend on the order of its numbers."""
    rows = plant.rows("process_capability")
    return sorted(str({k: round(v, 9) if isinstance(v, float) else v for k, v in row.items()}) for row in rows)


def charted(plant: SilverRecords) -> dict[tuple, dict[str, Any]]:
    return {(r["chart_id"], r["statistic"], r["event_time_utc"]): r for r in plant.rows("spc_point")}


@pytest.mark.acceptance(11)
def test_the_days_lots_are_traced_blended_and_balanced_as_by_hand(spark, tmp_path, day) -> None:
    told = tell_genealogy(day, Random(7))
    plant = SilverRecords(spark, tmp_path)
    plant.land("b1", {records.entity: records.good for records in told.records})
    report = run_genealogy(plant.silver, as_of_utc=AS_OF, max_depth=5, max_steps=8)
    assert report.counts["lot_trace"] == len(told.truth["lot_trace"])
    assert report.notes == (
        "8 lot(s) of which more came in than is accounted for",
        "2 lot(s) of which less came in than is accounted for",
        "1 lot(s) in several units: their balance is undefined",
    )
    assert differences({name: plant.rows(name) for name in LOTS}, told.truth) == dict.fromkeys(LOTS, ())
    before = plant.versions(*LOTS)
    assert run_genealogy(plant.silver, as_of_utc=AS_OF).counts == {"batches": 0}
    assert plant.versions(*LOTS) == before, "a second run writes nothing"
