"""Energy waits for facts and registers, and is billed by one price at a time; the plant day compares the rest."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from fabric_ot.errors import ContractError
from fabric_ot.jobs.energy import run_energy
from fabric_ot.lakehouse import Lakehouse

pytestmark = pytest.mark.spark


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


def test_power_factors_are_restated_when_a_register_speaks_and_registers_without_one_are_told(
    spark, tmp_path: Path
) -> None:
    plant = SmallPlant(spark, tmp_path)
    start = dt.datetime(2026, 3, 2, 5, tzinfo=dt.UTC)
    plant.put("reactive_meter", ("oven/kwh", "lagging", "oven/kvarh"))
    plant.put("reactive_interval", ("stray", "oven", start, start + dt.timedelta(hours=1), 1.0))
    notes = run_energy(plant.silver, as_of_utc=plant.as_of_utc).notes
    assert [note.split(":")[0] for note in notes if "power factor" in note] == [
        "oven/kvarh is in no power factor",
        "stray is in no power factor",
    ]

    def periods() -> list[tuple]:
        rows = plant.silver.read("plant.power_factor_period").orderBy("period").collect()
        return [(r.period, r.energy_kwh, r.lagging_kvarh, r.window_count, r.left_out_kwh) for r in rows]

    assert periods() == [("day", None, None, 0, 18.0), ("month", None, None, 0, 18.0)]
    # nine hours of 2 kWh each: the register tells of the first four
    plant.put("reactive_interval", ("oven/kvarh", "oven", start, start + dt.timedelta(hours=4), 6.0))
    plant.finish("b2")
    counts = plant.run()
    assert (counts["power_factor"], counts["power_factor_period"], counts["energy_demand"]) == (16, 2, 0)
    assert periods() == [("day", 8.0, 6.0, 16, 10.0), ("month", 8.0, 6.0, 16, 10.0)]
    factors = plant.silver.read("plant.power_factor_period").select("lagging_power_factor_pct").collect()
    assert [round(row[0], 9) for row in factors] == [80.0, 80.0]
    versions = [plant.silver.version(f"plant.{name}") for name in ("power_factor", "power_factor_period")]
    plant.finish("b3")
    again = plant.run()
    assert (again["batches"], again["power_factor"], again["power_factor_period"]) == (1, 0, 0)
    assert [plant.silver.version(f"plant.{name}") for name in ("power_factor", "power_factor_period")] == versions
