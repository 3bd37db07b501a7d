"""What people told of the simulated day, over the states of its machines: every claim about it holds."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from fabric_ot.jobs.maintenance import MaintenanceChoices, run_maintenance
from fabric_ot.jobs.production import run_production
from fabric_ot.jobs.reference import run_reference
from fabric_ot.lakehouse import Lakehouse
from fabric_ot.workbench.local.desk import Desk, table_folders
from fabric_ot.workbench.plant_day.claims import CLAIMS
from fabric_ot.workbench.plant_day.comparison import Check, compare_rows
from fabric_ot.workbench.simulate.day import live_through, plan_calendar
from fabric_ot.workbench.simulate.plant import simulate_plant

pytestmark = pytest.mark.spark

START, SEED, SCALE = dt.date(2026, 3, 31), 7, 0.02
MINE = ("failure", "reliability", "maintenance_compliance", "state_evidence", "time_account")
TABLES = ("maintenance_order", "state_recoding", *MINE, "state_time", "production", "quarantine")
TIMES = ("planned_busy_s", "production_s", "planned_stop_production_s", "unplanned_down_s", "unqualified_s")
FACT = ("asset_id", "shift_id", "production_date")


def utc(at_ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)


class Plant:
    """Bronze with the simulated reference files, silver with one reading per state that a machine really had."""

    def __init__(self, spark, onelake: Path) -> None:
        self.onelake = onelake
        self.bronze, self.silver = (
            Lakehouse(
                spark,
                name=f"ot_{layer}",
                layer=layer,
                tables_path=str(onelake / layer / f"ot_{layer}.Lakehouse" / "Tables"),
                files_path=str(onelake / layer / f"ot_{layer}.Lakehouse" / "Files"),
            )
            for layer in ("bronze", "silver")
        )
        landing = onelake / "bronze" / "ot_bronze.Lakehouse" / "Files" / "landing"
        self.truth = simulate_plant(landing, seed=SEED, start=START, scale=SCALE)
        self.day = live_through(plan_calendar(START, 1), seed=SEED, scale=SCALE)
        self.as_of_utc = utc(self.day.calendar.as_of_ms)
        self._land_lines(sorted((landing / "reference").glob("*.csv")))
        self._read_states()

    def _land_lines(self, paths: list[Path]) -> None:
        rows = [
            ("file", path.name, n, f"reference/{path.stem}", ",".join(line).encode(), *[None] * 4, *told)
            for path in paths
            for told in [(self.as_of_utc, path.name, "b1")]
            for n, line in enumerate(list(csv.reader(path.open(encoding="utf-8")))[1:])
        ]
        self.bronze.append("plant.message", self.bronze.frame("plant.message", rows))
        landed = [("reference", 1, self.as_of_utc, "file", len(rows), "landed", None, "b1", self.as_of_utc)]
        self.bronze.append("plant.landing_file", self.bronze.frame("plant.landing_file", landed))

    def _read_states(self) -> None:
        samples = [
            (known.asset.tag_id("state"), utc(segment.start_ms), segment.label)
            for known in self.day.known
            for segment in known.known_states()
        ]
        rows = [
            (
                *(tag, at, 0, None, None, None if state == "NO_SIGNAL" else state, None),
                *("STALE" if state == "NO_SIGNAL" else "GOOD", None, False, "payload"),
                *("hivemq", "b1", n, 0, None, at, "b1", at.date()),
            )
            for n, (tag, at, state) in enumerate(samples)
        ]
        self.silver.append("plant.reading", self.silver.frame("plant.reading", rows))
        self.silver.append("plant.progress", self.silver.frame("plant.progress", [("reading", "b1", self.as_of_utc)]))

    def run(self) -> dict[str, int]:
        run_reference(self.bronze, self.silver, as_of_utc=self.as_of_utc)
        run_production(self.silver, as_of_utc=self.as_of_utc)
        choices = MaintenanceChoices(weekly_capacity_s=144_000.0)
        return dict(run_maintenance(self.silver, as_of_utc=self.as_of_utc, choices=choices).counts)

    def versions(self) -> dict[str, int | None]:
        return {name: self.silver.version(f"plant.{name}") for name in TABLES}


def _times(plant: Plant, desk: Desk) -> Check:
    """Compare the times of the facts, products put together: the test tells states only."""
    sums: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in plant.truth.production:
        key = tuple(row[name] for name in FACT)
        entry = sums.setdefault(key, {**dict(zip(FACT, key, strict=True)), **dict.fromkeys(TIMES, 0.0)})
        for name in TIMES:
            entry[name] += row[name]
    sql = "SELECT * REPLACE (CAST(production_date AS VARCHAR) AS production_date) FROM silver.production"
    return compare_rows("production", list(sums.values()), desk.ask(sql), FACT, TIMES)


def _state_times(plant: Plant, desk: Desk) -> Check:
    sql = "SELECT * REPLACE (CAST(production_date AS VARCHAR) AS production_date) FROM silver.state_time"
    keys = (*FACT, "state", "time_category")
    return compare_rows("state_time", plant.truth.state_time, desk.ask(sql), keys, ("duration_s", "planned_stop_s"))


def test_every_claim_about_what_people_told_holds_and_running_again_changes_nothing(spark, tmp_path: Path) -> None:
    plant = Plant(spark, tmp_path)
    plant.run()
    with Desk(table_folders(tmp_path)) as desk:
        checks = [
            compare_rows(c.text, plant.truth.families[c.truth], desk.ask(c.sql), c.keys, c.values)
            for c in CLAIMS
            if c.truth in MINE
        ]
        checks += [_times(plant, desk), _state_times(plant, desk)]
        refused = desk.ask("SELECT topic, unnest(reasons) AS reason FROM silver.quarantine ORDER BY source_offset")
    assert {check.claim: check.differences for check in checks} == {check.claim: () for check in checks}
    assert len(checks) == len(MINE) + 2
    reasons = ["times_out_of_order", "reference_not_found", "row_does_not_fit_mapping"]
    for entity in ("maintenance_order", "state_recoding"):
        assert [row["reason"] for row in refused if row["topic"] == f"reference/{entity}"] == reasons, entity
    before = plant.versions()
    assert plant.run() == {"batches": 0}
    assert plant.versions() == before
