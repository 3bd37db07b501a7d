"""A simulated day of energy and KPIs: every claim holds, and a second run is free."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fabric_ot.errors import ContractError
from fabric_ot.jobs.energy import run_energy
from fabric_ot.jobs.kpis import run_kpis
from fabric_ot.jobs.production import run_production
from fabric_ot.jobs.reference import run_reference
from fabric_ot.lakehouse import Lakehouse
from fabric_ot.workbench.local.desk import Desk, table_folders
from fabric_ot.workbench.plant_day.claims import CLAIMS
from fabric_ot.workbench.plant_day.comparison import Check, compare_rows
from fabric_ot.workbench.simulate.day import live_through, plan_calendar
from fabric_ot.workbench.simulate.layout import METER_TAG_ID
from fabric_ot.workbench.simulate.plant import simulate_plant
from fabric_ot.workbench.simulate.reports import full_values

pytestmark = pytest.mark.spark

ENERGY = ("energy_demand", "energy_load", "energy_cost", "energy_state", "energy_baseline")
KPIS = ("production_loss", "kpi", "formula_comparison")
START, SEED, SCALE = dt.date(2026, 3, 28), 7, 0.02
_FIELDS = ("state", "product", "good", "scrap", "energy")


def utc(at_ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)


class SimulatedPlant:
    """Bronze with the reference files, silver with a reading of every sample that a machine really told."""

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
        self.as_of_utc = dt.datetime.fromisoformat(self.truth.as_of_utc)
        self._land_lines(sorted((landing / "reference").glob("*.csv")))
        self._read()

    def _land_lines(self, paths: Sequence[Path]) -> None:
        rows = [
            ("file", path.name, n, f"reference/{path.stem}", _line(fields), *[None] * 4, self.as_of_utc, "p", "b1")
            for path in paths
            for n, fields in enumerate(list(csv.reader(path.open(encoding="utf-8")))[1:])
        ]
        self.bronze.append("plant.message", self.bronze.frame("plant.message", rows))
        landed = [("reference", 1, self.as_of_utc, "file", len(rows), "landed", None, "b1", self.as_of_utc)]
        self.bronze.append("plant.landing_file", self.bronze.frame("plant.landing_file", landed))

    def _read(self) -> None:
        rows = [
            (tag, at, 0, None, *value, None, quality, None, False, "payload", "hivemq", "b1", n, 0, None, at, "b1",
             at.date())
            for n, (tag, at, value, quality) in enumerate(self._samples())
        ]  # fmt: skip
        self.silver.append("plant.reading", self.silver.frame("plant.reading", rows))
        self.silver.append("plant.progress", self.silver.frame("plant.progress", [("reading", "b1", self.as_of_utc)]))

    def _samples(self) -> list[tuple[str, dt.datetime, tuple[Any, Any], str]]:
        spoken = {
            known.asset.tag_id(field): (known.machine, field)
            for known in self.day.known
            if known.machine
            for field in _FIELDS
        }
        told, stale = set[tuple[str, int]](), set[tuple[str, int]]()
        for message in self.day.messages:
            if message.outcome == "decoded":
                told |= {(tag, at) for tag, at, _ in message.samples if tag in spoken}
                stale |= {(tag, at) for tag, at, _ in message.stale if tag in spoken}
        samples = []
        for tag, at_ms in sorted(told - stale):
            machine, field = spoken[tag]
            value = full_values(machine, at_ms)[field]
            both = (None, value) if isinstance(value, str) else (float(value), None)
            samples.append((tag, utc(at_ms), both, "GOOD"))
        samples += [(tag, utc(at_ms), (None, None), "STALE") for tag, at_ms in sorted(stale)]
        meter = [(METER_TAG_ID, utc(reading.end_ms), (reading.kwh, None), "GOOD") for reading in self.day.main_meter]
        return [*samples, *meter]

    def run_production(self, as_of_utc: dt.datetime) -> None:
        run_reference(self.bronze, self.silver, as_of_utc=as_of_utc)
        run_production(self.silver, as_of_utc=as_of_utc)

    def check(self, *names: str) -> dict[str, Check]:
        """Return the claims `names` about the tables as they are now."""
        with Desk(table_folders(self.onelake)) as desk:
            return {
                c.truth: compare_rows(c.text, self.truth.families[c.truth], desk.ask(c.sql), c.keys, c.values)
                for c in CLAIMS
                if c.truth in names
            }

    def versions(self, *names: str) -> dict[str, int | None]:
        return {name: self.silver.version(f"plant.{name}") for name in names}

    def values(self, table: str, *columns: str) -> list[tuple]:
        return sorted(tuple(row) for row in self.silver.read(f"plant.{table}").select(*columns).collect())


def _line(fields: Sequence[str]) -> bytes:
    return ",".join(fields).encode()


@pytest.fixture(scope="module")
def plant(spark_session, tmp_path_factory):
    plant = SimulatedPlant(spark_session, tmp_path_factory.mktemp("onelake"))
    plant.run_production(plant.as_of_utc)
    return plant


def test_energy_is_what_the_simulator_knows_and_a_second_run_is_free(plant: SimulatedPlant) -> None:
    report = run_energy(plant.silver, as_of_utc=plant.as_of_utc)
    assert report.counts["batches"] == 1
    assert report.notes, "energy without a price is told"
    assert {name: check.differences[:5] for name, check in plant.check(*ENERGY).items()} == dict.fromkeys(ENERGY, ())
    before = plant.versions(*ENERGY, "progress")
    assert dict(run_energy(plant.silver, as_of_utc=plant.as_of_utc).counts) == {"batches": 0}
    assert plant.versions(*ENERGY, "progress") == before


def test_losses_and_kpis_are_what_the_simulator_knows_and_a_second_run_is_free(plant: SimulatedPlant) -> None:
    assert run_kpis(plant.silver, as_of_utc=plant.as_of_utc).counts["batches"] == 1, "runs after energy"
    names = (*KPIS, "production_loss_sums")
    assert {name: check.differences[:5] for name, check in plant.check(*names).items()} == dict.fromkeys(names, ())
    before = plant.versions(*KPIS, "progress")
    assert dict(run_kpis(plant.silver, as_of_utc=plant.as_of_utc).counts) == {"batches": 0}
    assert plant.versions(*KPIS, "progress") == before


class SmallPlant:
    """Silver tables by hand: one site in UTC, one machine with a meter, one shift."""

    def __init__(self, spark, folder: Path) -> None:
        self.silver = Lakehouse(
            spark, name="ot_silver", layer="silver", tables_path=str(folder / "T"), files_path=str(folder / "F")
        )
        since, start, end = (dt.datetime(2026, 3, 2, hour, tzinfo=dt.UTC) for hour in (0, 6, 14))
        self.day, self.as_of_utc = since.date(), end
        self.put("site", ("utc", "Zulu", "UTC"))
        self.put("asset", ("oven", "Oven", "utc", None, None, since, None, True))
        self.put("tag", ("oven/state", "oven", "state", "string", None, None, since, None, True))
        self.put("shift_instance", ("utc", "day", self.day, "Day", start, end, 0.0, 28_800.0, "UTC"))
        self.put("state_interval", ("oven", start, end, "RUN", "production", 28_800.0, False))
        # an hour of it lies before the shift
        self.put("energy_interval", ("oven/kwh", "oven", start - dt.timedelta(hours=1), end, 18.0))
        self.finish("b1")

    def put(self, table: str, *rows: tuple) -> None:
        self.silver.append(f"plant.{table}", self.silver.frame(f"plant.{table}", list(rows)))

    def finish(self, batch: str) -> None:
        """Let a batch with reference rows pass the steps before."""
        self.put("batch_audit", (batch, "file", "reference", "decoded", "", 1, 0))
        self.put("progress", ("production", batch, self.as_of_utc))

    def rate(self, start_local: str, end_local: str) -> None:
        since = dt.date(2026, 1, 1)
        self.put("tariff_rate", ("t", "utc", "EUR", "all", "1234567", start_local, end_local, 0.25, since, None))

    def run(self) -> dict[str, int]:
        return dict(run_energy(self.silver, as_of_utc=self.as_of_utc).counts)

    def states(self) -> list[tuple]:
        return sorted(
            (row.shift_id, row.state, row.energy_kwh, row.specific_energy_kwh)
            for row in self.silver.read("plant.energy_state").collect()
        )


def test_energy_waits_for_the_facts_of_its_shift_and_two_prices_at_a_time_are_refused(spark, tmp_path: Path) -> None:
    plant = SmallPlant(spark, tmp_path)
    plant.rate("00:00:00", "10:00:00")
    plant.run()
    assert plant.states() == [("", "", 2.0, None), ("day", "RUN", 16.0, None)], "energy outside shifts is kept apart"
    costs = plant.silver.read("plant.energy_cost").orderBy("period").collect()
    assert [(r.period, r.energy_kwh, r.unpriced_kwh, r.cost) for r in costs] == [
        ("", 8.0, 8.0, None),
        ("all", 10.0, 0.0, Decimal("2.5")),
    ]

    start = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
    times, made = (28_800.0, 28_800.0, 0.0, 0.0, 0.0), (10.0, 8.0, 2.0, 0.0, 100.0, 80.0)
    plant.put("production", ("oven", "utc", "day", plant.day, "P", start, *times, *made))
    counts = plant.run()
    assert (counts["batches"], counts["energy_state"], counts["energy_demand"]) == (0, 1, 0), "time alone completes it"
    assert plant.states()[1] == ("day", "RUN", 16.0, 2.0)
    assert plant.run() == {"batches": 0}

    plant.rate("09:00:00", "12:00:00")
    plant.finish("b2")
    before = plant.silver.version("plant.energy_cost")
    with pytest.raises(ContractError, match=r"utc t all from 2026-03-02 09:00:00"):
        plant.run()
    assert plant.silver.version("plant.energy_cost") == before
    assert plant.silver.read("plant.progress").where("step = 'energy'").count() == 1
