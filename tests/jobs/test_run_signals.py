"""A signal run measures what new readings touch, in the catalogue's unit, and restates exactly the touched minutes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from fabric_ot.jobs.signals import run_signals
from fabric_ot.lakehouse import Lakehouse

pytestmark = pytest.mark.spark

DAY = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
SINCE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def at(minute: float) -> dt.datetime:
    return DAY + dt.timedelta(minutes=minute)


class Signals:
    """A silver lakehouse with two measured tags of one oven, one of them with rules."""

    def __init__(self, spark, folder: Path) -> None:
        self.silver = Lakehouse(
            spark, name="ot_silver", layer="silver", tables_path=str(folder / "T"), files_path=str(folder / "F")
        )
        tags = [
            ("temp", "oven", "measure", "double", "degC", None, SINCE, None, True),
            ("count", "oven", "good_counter", "double", "1", None, SINCE, None, True),
        ]
        self.put("tag", tags)
        self.put("signal_rule", [("temp", 60.0, 150.0, 120.0, 0.0, 90.0, 1.0, 240.0, None)])

    def put(self, table: str, rows: list[tuple]) -> None:
        self.silver.append(f"plant.{table}", self.silver.frame(f"plant.{table}", rows))

    def read(self, batch: str, *samples: tuple[float, float, str]) -> None:
        """Land (minute, value, unit) of the oven's temperature, as the steps before have finished it."""
        rows = [
            (
                *("temp", at(minute), 0, "oven", float(value), None, unit, "GOOD", None, None, False, "payload"),
                *("hivemq", batch, n, 0, None, at(minute + 0.05), batch, at(minute).date()),
            )
            for n, (minute, value, unit) in enumerate(samples)
        ]
        self.put("reading", rows)
        self.put("progress", [(step, batch, DAY) for step in ("reference", "reading")])

    def run(self, minute: float) -> dict[str, int]:
        return dict(run_signals(self.silver, as_of_utc=at(minute)).counts)

    def minutes(self, *columns: str) -> dict[float, tuple]:
        rows = self.silver.read("plant.reading_minute").select("minute_utc", *columns).collect()
        return {(row.minute_utc - DAY.replace(tzinfo=None)).total_seconds() / 60: tuple(row)[1:] for row in rows}


def test_a_signal_is_measured_in_the_unit_of_the_catalogue_and_held_to_its_rules(spark, tmp_path) -> None:
    plant = Signals(spark, tmp_path)
    plant.read("a", (0, 20, "degC"), (1, 77, "degF"), (2, 95, "degC"), (3, 50, "kg"), (8, 30, "degC"))

    counts = plant.run(10)

    # 77 degF are 25 degC; 70 K in a minute is faster than 1 K/s; kilograms are no temperature
    columns = ("mean", "covered_s", "bad_s", "out_of_limits_count", "too_fast_count", "unit_refused_count", "unit")
    assert plant.minutes(*columns) == {
        0: (20.0, 60.0, 0.0, 0, 0, 0, "degC"),
        1: (pytest.approx(25.0), 60.0, 0.0, 0, 0, 0, "degC"),
        2: (95.0, 60.0, 0.0, 1, 1, 0, "degC"),
        3: (None, 0.0, 60.0, 0, 0, 1, "degC"),
        4: (None, 0.0, 60.0, 0, 0, 0, "degC"),
        8: (30.0, 60.0, 0.0, 0, 0, 0, "degC"),
        9: (30.0, 60.0, 0.0, 0, 0, 0, "degC"),
    }
    gaps = plant.silver.read("plant.reading_gap").collect()
    assert [(row.gap_s, row.missing_count, row.is_open) for row in gaps] == [(300.0, 4, False)]
    skews = plant.silver.read("plant.clock_skew").collect()
    assert [(row.route, row.source, row.skew_s, row.live_count) for row in skews] == [("hivemq", "", 3.0, 5)]
    assert counts["reading_minute"] == 7


def test_late_data_restates_the_minutes_it_touches_and_a_second_run_nothing(spark, tmp_path) -> None:
    plant = Signals(spark, tmp_path)
    plant.read("a", *((float(minute), 20.0 + minute, "degC") for minute in range(12)))
    plant.run(12)
    before = plant.minutes("mean")

    again = plant.run(12)
    plant.read("b", (4.5, 30.0, "degC"))
    late = plant.run(12)

    assert again == {"batches": 0}
    assert late["reading_minute"] == 1
    after = plant.minutes("mean")
    assert after[4] == (27.0,)
    assert {m: v for m, v in after.items() if m != 4} == {m: v for m, v in before.items() if m != 4}


def test_a_long_silence_is_one_gap_that_grows_and_ends(spark, tmp_path) -> None:
    plant = Signals(spark, tmp_path)
    plant.read("a", (0, 20, "degC"), (1, 21, "degC"))
    plant.run(3)

    def gaps() -> list[tuple]:
        rows = plant.silver.read("plant.reading_gap").collect()
        return [(row.start_utc.minute, row.gap_s, row.is_open) for row in rows]

    assert gaps() == []
    plant.read("b", (500, 22, "degC"))
    plant.run(502)
    assert gaps() == [(1, 499 * 60.0, False)]
    plant.read("c", (502, 22, "degC"))
    plant.run(520)
    assert sorted(gaps()) == [(1, 499 * 60.0, False), (22, 18 * 60.0, True)]


def test_a_value_that_stands_still_is_counted_from_the_moment_it_is_stuck(spark, tmp_path) -> None:
    plant = Signals(spark, tmp_path)
    plant.read("a", *((float(minute), 20.0 if 2 <= minute <= 8 else 30.0 + minute, "degC") for minute in range(12)))
    plant.run(12)

    assert [minute for minute, (count,) in sorted(plant.minutes("stuck_count").items()) if count] == [6, 7, 8]
