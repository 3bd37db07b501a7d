"""A production run computes what was touched, writes what changed, and refuses a calendar that counts time twice."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from random import Random

import pytest

from fabric_ot.errors import ContractError
from fabric_ot.jobs.production import ProductionChoices, run_production
from fabric_ot.lakehouse import Lakehouse

pytestmark = pytest.mark.spark

DAY = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
SINCE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TABLES = (
    "shift_instance", "planned_stop", "state_interval", "count_delta", "energy_interval", "reactive_interval",
    "state_time", "production", "progress",
)  # fmt: skip
HOUR = 3600.0


def at(hour: float) -> dt.datetime:
    return DAY + dt.timedelta(hours=hour)


class Plant:
    """A silver lakehouse with one site in UTC, two shifts a day, two machines and one that never spoke."""

    def __init__(self, spark, folder: Path) -> None:
        self.silver = Lakehouse(
            spark, name="ot_silver", layer="silver", tables_path=str(folder / "T"), files_path=str(folder / "F")
        )
        self.put("site", [("utc", "Zulu", "UTC")])
        self.put("asset", [(name, name, "utc", None, None, SINCE, None, True) for name in ("oven", "press", "mute")])
        counters = ("good_counter", "energy_counter", "reactive_counter")
        roles = [("state", "string"), ("product", "string"), *((role, "double") for role in counters)]
        self.put(
            "tag",
            [
                (f"{asset}/{role}", asset, role, kind, None, None, SINCE, None, True)
                for asset in ("oven", "press", "mute")
                for role, kind in roles
            ],
        )
        self.put("product", [("P", "Product", 10.0, SINCE, None, True)])
        self.put("state_category", [("RUN", "production"), ("DOWN", "unplanned_down")])
        self.put(
            "shift", [("utc", "day", "Day", "06:00:00", "14:00:00"), ("utc", "late", "Late", "14:00:00", "22:00:00")]
        )
        self.put("shift_stop", [("utc", "day", "lunch", "Break", "10:00:00", HOUR)])

    def put(self, table: str, rows: list[tuple]) -> None:
        self.silver.append(f"plant.{table}", self.silver.frame(f"plant.{table}", rows))

    def read(self, batch: str, *samples: tuple[str, float, object]) -> None:
        """Land samples (tag, hour, value) as one batch that the earlier steps have finished."""
        rows = [
            (
                *(tag, at(hour), 0, None, *self._values(value), None, "GOOD", None, None, False, "payload"),
                *("hivemq", batch, n, 0, None, at(hour), batch, at(hour).date()),
            )
            for n, (tag, hour, value) in enumerate(samples)
        ]
        self.put("reading", rows)
        self.put("progress", [(step, batch, DAY) for step in ("reference", "reading")])

    @staticmethod
    def _values(value: object) -> tuple[float | None, str | None]:
        return (None, value) if isinstance(value, str) else (float(value), None)

    def run(self, hour: float, choices: ProductionChoices | None = None) -> dict[str, int]:
        return dict(run_production(self.silver, as_of_utc=at(hour), choices=choices).counts)

    def values(self, table: str, *columns: str) -> list[tuple]:
        return sorted(tuple(row) for row in self.silver.read(f"plant.{table}").select(*columns).collect())

    def versions(self) -> dict[str, int | None]:
        return {name: self.silver.version(f"plant.{name}") for name in TABLES}


def test_a_register_of_reactive_energy_counts_through_its_rollover_and_not_in_another_unit(
    spark, tmp_path: Path
) -> None:
    plant = Plant(spark, tmp_path)
    plant.put(
        "tag",
        [
            ("oven/kvarh", "oven", "reactive_counter", "double", "kvarh", 100.0, SINCE, None, True),
            ("oven/quarter", "oven", "reactive_interval", "double", "Mvarh", None, SINCE, None, True),
            ("oven/wrong", "oven", "reactive_counter", "double", "kWh", None, SINCE, None, True),
        ],
    )
    plant.read(
        "b1",
        ("oven/kvarh", 6, 98), ("oven/kvarh", 7, 3), ("oven/kvarh", 8, 4.5), ("oven/quarter", 7, 0.002),
        ("oven/wrong", 6, 1), ("oven/wrong", 7, 2), ("oven/energy_counter", 6, 10), ("oven/energy_counter", 7, 14),
    )  # fmt: skip
    report = run_production(plant.silver, as_of_utc=at(15), energy_interval_s={"oven/quarter": 1800.0})
    assert plant.values("reactive_interval", "tag_id", "start_utc", "end_utc", "reactive_kvarh") == [
        ("oven/kvarh", at(6).replace(tzinfo=None), at(7).replace(tzinfo=None), 5.0),
        ("oven/kvarh", at(7).replace(tzinfo=None), at(8).replace(tzinfo=None), 1.5),
        ("oven/quarter", at(6.5).replace(tzinfo=None), at(7).replace(tzinfo=None), 2.0),
    ]
    assert plant.values("energy_interval", "tag_id", "energy_kwh") == [("oven/energy_counter", 4.0)]
    assert "2 sample(s) of oven/wrong in 'kWh' left out: unit_dimension" in report.notes


def test_a_plant_day_in_steps(spark, tmp_path: Path) -> None:
    plant = Plant(spark, tmp_path)
    plant.read(
        "b1",
        ("oven/state", 6, "RUN"), ("oven/state", 12, "DOWN"), ("oven/state", 13, "RUN"), ("oven/product", 6, "P"),
        ("oven/good_counter", 6, 100), ("oven/good_counter", 14, 2100), ("oven/energy_counter", 6, 10),
        ("oven/energy_counter", 7, 14), ("press/state", 6.5, "RUN"),
    )  # fmt: skip
    plant.run(15)
    facts = ("asset_id", "shift_id", "product_id", "planned_busy_s", "production_s", "unplanned_down_s", "good_qty")
    day = [
        ("mute", "day", "", 7 * HOUR, 0.0, 0.0, 0.0),
        ("oven", "day", "P", 7 * HOUR, 6 * HOUR, HOUR, 2000.0),
        ("press", "day", "", 7 * HOUR, 6.5 * HOUR, 0.0, 0.0),
    ]
    assert plant.values("production", *facts) == day, "only the shift that is over gives facts"
    assert plant.values("production", "asset_id", "ideal_runtime_s")[1] == ("oven", 20_000.0)
    assert plant.values("energy_interval", "asset_id", "energy_kwh") == [("oven", 4.0)]
    assert [row for row in plant.values("state_interval", "asset_id", "state", "is_open") if row[2]] == [
        ("oven", "RUN", True),
        ("press", "RUN", True),
    ]
    assert plant.values("shift_instance", "shift_id", "planned_busy_s") == [("day", 7 * HOUR), ("late", 8 * HOUR)]
    times = plant.values("state_time", "asset_id", "duration_s")
    by_asset = {name: sum(seconds for asset, seconds in times if asset == name) for name, _ in times}
    assert by_asset == {"mute": 8 * HOUR, "oven": 8 * HOUR, "press": 8 * HOUR}

    before = plant.versions()
    assert plant.run(15) == {"batches": 0}
    assert plant.versions() == before, "a second run writes nothing"

    plant.read("b2", ("press/state", 9, "DOWN"))
    counts = plant.run(15)
    assert counts["production"] == 1, "late data restates the facts it touches and no others"
    assert plant.values("production", *facts)[2] == ("press", "day", "", 7 * HOUR, 2.5 * HOUR, 4 * HOUR, 0.0)
    assert plant.versions()["shift_instance"] == before["shift_instance"]

    assert plant.run(22)["production"] == 3, "time alone completes the next shift, of all machines"
    late = [row for row in plant.values("production", *facts) if row[1] == "late"]
    assert late == [
        ("mute", "late", "", 8 * HOUR, 0.0, 0.0, 0.0),
        ("oven", "late", "P", 8 * HOUR, 8 * HOUR, 0.0, 0.0),
        ("press", "late", "", 8 * HOUR, 0.0, 8 * HOUR, 0.0),
    ]

    plant.read("b3", ("oven/state", -5, "RUN"))
    plant.run(22)
    first_late = [row for row in plant.values("production", "shift_start_utc", "asset_id") if row[0].day == 1]
    assert first_late == [(dt.datetime(2026, 3, 1, 14), name) for name in ("mute", "oven", "press")], "for all machines"
    assert plant.values("progress", "step", "ingest_batch_id")[:3] == [("production", b) for b in ("b1", "b2", "b3")]


@pytest.mark.acceptance(1)
def test_any_order_and_batching_of_the_readings_gives_the_same_facts(spark, tmp_path: Path) -> None:
    samples = [
        ("oven/state", 6, "RUN"), ("oven/state", 12, "DOWN"), ("oven/state", 13, "RUN"), ("oven/state", 20, "DOWN"),
        ("oven/product", 6, "P"), ("oven/good_counter", 6, 100), ("oven/good_counter", 13.5, 2050),
        ("oven/good_counter", 14.5, 50), ("oven/good_counter", 21, 900), ("oven/energy_counter", 6, 10),
        ("oven/energy_counter", 15, 22), ("press/state", 6.5, "RUN"), ("press/state", 9, "DOWN"),
        ("press/good_counter", 7, 0), ("press/good_counter", 8, 30), ("oven/reactive_counter", 6, 5),
        ("oven/reactive_counter", 9, 8), ("oven/reactive_counter", 15, 2),
    ]  # fmt: skip
    whole, split = (Plant(spark, tmp_path / name) for name in ("whole", "split"))
    whole.read("b0", *samples)
    whole.run(22)
    shuffled = Random(3).sample(samples, len(samples))
    for n, hour in enumerate((15, 22)):
        split.read(f"b{n}", *shuffled[n::2])
        split.run(hour)
    for table in TABLES[:-1]:
        found, wanted = (sorted(map(tuple, p.silver.read(f"plant.{table}").collect()), key=str) for p in (split, whole))
        assert found == wanted, table
        assert found, f"{table} is empty: nothing was compared"


def test_a_stop_counts_as_a_person_said_and_lowers_availability_unless_the_plant_declares_otherwise(
    spark, tmp_path: Path
) -> None:
    plant = Plant(spark, tmp_path)
    plant.put("state_recoding", [("r1", "oven", at(12), at(13), "cleaning", "planned_down", at(20), "lead")])
    plant.read("b1", ("oven/state", 6, "RUN"), ("oven/state", 12, "DOWN"), ("oven/state", 13.5, "RUN"))
    plant.run(14.5)
    facts = ("asset_id", "planned_busy_s", "production_s", "unplanned_down_s")
    oven = next(row for row in plant.values("production", *facts) if row[0] == "oven")
    assert oven == ("oven", 7 * HOUR, 5.5 * HOUR, 0.5 * HOUR)
    assert plant.values("state_interval", "asset_id", "time_category", "duration_s")[1][1:] == (
        "production", 6 * HOUR,
    ), "what was measured stays as it is"  # fmt: skip
    evidence = plant.values("state_evidence", "start_utc", "time_category", "measured_category", "duration_s")
    assert [row[1:] for row in evidence[1:3]] == [
        ("planned_down", "unplanned_down", HOUR), ("unplanned_down", "unplanned_down", 0.5 * HOUR),
    ]  # fmt: skip
    account = plant.values("time_account", "asset_id", "told_s", "gap_s", "overlap_s", "difference_s")
    hours = (("mute", 0, 8), ("oven", 8, 0), ("press", 0, 8))
    assert account == [(name, told * HOUR, gap * HOUR, 0.0, 0.0) for name, told, gap in hours]

    plant.run(15, ProductionChoices(planned_down_is_busy=False))
    oven = next(row for row in plant.values("production", *facts) if row[0] == "oven")
    assert oven == ("oven", 6 * HOUR, 5.5 * HOUR, 0.5 * HOUR)
    plant.run(16, ProductionChoices(micro_stop_s=2 * HOUR))
    oven = next(row for row in plant.values("production", *facts) if row[0] == "oven")
    assert oven == ("oven", 7 * HOUR, 7 * HOUR, 0.0), "a micro-stop is production, and production is not talked away"


def test_overlapping_shifts_are_refused_by_name_and_nothing_is_written(spark, tmp_path: Path) -> None:
    plant = Plant(spark, tmp_path)
    plant.put("shift", [("utc", "extra", "Extra", "13:00:00", "15:00:00")])
    plant.read("b1", ("oven/state", 6, "RUN"))
    with pytest.raises(ContractError, match="utc extra on 2026-03-02"):
        plant.run(23)
    assert set(plant.versions().values()) - {plant.silver.version("plant.progress")} == {None}


def test_nothing_to_do_writes_nothing(spark, tmp_path: Path) -> None:
    plant = Plant(spark, tmp_path)
    assert plant.run(23) == {"batches": 0}
    assert set(plant.versions().values()) == {None}
