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
            ("total", "oven", "interval_total", "double", "kvarh", None, SINCE, None, True),
        ]
        self.put("tag", tags)
        archive = ("swinging_door", 0.5, None, "linear", 1800.0)
        self.put("signal_rule", [("temp", 60.0, 150.0, 120.0, 0.0, 90.0, 1.0, 240.0, None, *archive)])

    def put(self, table: str, rows: list[tuple]) -> None:
        self.silver.append(f"plant.{table}", self.silver.frame(f"plant.{table}", rows))

    def read(self, batch: str, *samples: tuple[float, float, str], node: str | None = None, tag: str = "temp") -> None:
        """Land (minute, value, unit) of the oven's temperature, as the steps before have finished it."""
        rows = [
            (
                *(tag, at(minute), 0, "oven", float(value), None, unit, "GOOD", None, None, False, "payload"),
                *("hivemq", batch, n, 0, node, at(minute + 0.05), batch, at(minute).date()),
            )
            for n, (minute, value, unit) in enumerate(samples)
        ]
        self.put("reading", rows)
        self.finish(batch)

    def finish(self, batch: str) -> None:
        self.put("progress", [("production", batch, DAY)])

    def run(self, minute: float) -> dict[str, int]:
        return dict(run_signals(self.silver, as_of_utc=at(minute)).counts)

    def minutes(self, *columns: str) -> dict[float, tuple]:
        rows = self.silver.read("plant.reading_minute").select("minute_utc", *columns).collect()
        return {(row.minute_utc - DAY.replace(tzinfo=None)).total_seconds() / 60: tuple(row)[1:] for row in rows}


def test_a_new_sample_ends_a_silence_whose_minutes_are_then_filled_and_said_to_be(spark, tmp_path) -> None:
    plant = Signals(spark, tmp_path)
    states = [("IDLE", -60, 5), ("EXECUTE", 5, 12.5), ("HELD", 12.5, 14)]
    category = ("production", 1.0)
    plant.put("state_interval", [("oven", at(a), at(b), s, *category, s == "HELD") for s, a, b in states])
    plant.read("a", *((float(minute), 20.0, "degC") for minute in range(4)))
    plant.run(12)
    before = plant.minutes("mean")
    plant.read("b", (14, 31, "degC"))
    plant.run(15)

    # 20 holds until minute 5; from minute 3 to minute 14 it rises by 1 K a minute
    assert set(before) == {0, 1, 2, 3, 4}
    columns = ("mean", "filled_value", "fill_method", "coverage", "quality", "sample_count", "state")
    measured, filled = ("GOOD", 1), ("BAD", 0)
    assert plant.minutes(*columns) == {
        **dict.fromkeys(range(4), (20.0, None, None, 1.0, *measured, "IDLE")),
        4: (20.0, None, None, 1.0, "GOOD", 0, "IDLE"),
        **{n: (None, pytest.approx(17.5 + n), "linear", 0.0, *filled, "EXECUTE") for n in range(5, 13)},
        13: (None, pytest.approx(30.5), "linear", 0.0, *filled, "HELD"),
        14: (31.0, None, None, 1.0, *measured, "HELD"),
    }
    kept = plant.silver.read("plant.reading_compressed").orderBy("event_time_utc").collect()
    found = [(row.event_time_utc.minute, row.value_double, row.stands_for_count, row.max_error) for row in kept]
    assert found == [(0, 20.0, 3, 0.0), (3, 20.0, 1, 0.0), (14, 31.0, 1, 0.0)]


def test_a_late_sample_compresses_its_own_hour_again_and_no_other(spark, tmp_path) -> None:
    plant = Signals(spark, tmp_path)
    plant.read("a", *((float(minute), 20.0, "degC") for minute in range(0, 180, 2)))
    first = plant.run(180)
    plant.read("b", (61, 60.0, "degC"))
    late = plant.run(180)

    kept = plant.silver.read("plant.reading_compressed").select("event_time_utc", "stands_for_count").collect()
    found = [((row[0].hour, row[0].minute), row[1]) for row in sorted(kept)]
    assert found == [((0, 0), 29), ((0, 58), 1), ((1, 0), 1), ((1, 1), 1), ((1, 2), 28), ((1, 58), 1),
                     ((2, 0), 29), ((2, 58), 1)]  # fmt: skip
    assert (first["reading_compressed"], late["reading_compressed"]) == (6, 3)


def test_readings_that_waited_for_their_birth_are_measured_when_it_comes(spark, tmp_path) -> None:
    plant = Signals(spark, tmp_path)
    plant.finish("a")
    plant.run(1)
    plant.read("z", (0, 20, "degC"))
    plant.run(9)
    assert set(plant.minutes()) == {0, 1}
    # the birth of batch b releases what batch a held
    birth = ("hivemq", "0", 1, "g/n", None, "NBIRTH", 0, 0, 1, None, "decoded", None, 1, at(8), "b")
    plant.put("sparkplug_message", [birth])
    plant.read("b", (8, 21, "degC"), node="g/n")
    released = ("temp", at(4), 1, "oven", 22.0, None, "degC", "GOOD", None, None, False, "metric")
    plant.put("reading", [(*released, "hivemq", "a", 0, 0, "g/n", at(4), "a", DAY.date())])
    plant.run(9)
    assert plant.minutes("mean", "filled_value") == {
        **dict.fromkeys((0, 1), (20.0, None)),
        2: (None, 21.25),
        3: (None, 21.75),
        **dict.fromkeys((4, 5), (22.0, None)),
        6: (None, 21.375),
        7: (None, 21.125),
        8: (21.0, None),
    }


def test_a_silence_is_told_as_time_passes_and_at_the_same_clock_nothing_changes(spark, tmp_path) -> None:
    plant = Signals(spark, tmp_path)
    plant.read("a", (0, 20, "degC"), (1, 21, "degC"))
    tables = ("reading_minute", "reading_gap", "reading_compressed", "clock_skew", "progress")

    def known() -> tuple[list[int | None], list[tuple], list[float]]:
        gaps = plant.silver.read("plant.reading_gap").collect()
        versions = [plant.silver.version(f"plant.{name}") for name in tables]
        return versions, [(row.gap_s, row.missing_count, row.is_open) for row in gaps], sorted(plant.minutes())

    plant.run(2)
    assert known()[1:] == ([], [0, 1])
    plant.run(3.9)
    assert known()[1:] == ([], [0, 1, 2])
    plant.run(10.5)
    told = known()
    assert told[1:] == ([(540.0, 8, True)], [0, 1, 2])
    assert plant.run(10.5) == {"batches": 0, "reading_minute": 0, "reading_compressed": 0, "reading_gap": 0}
    assert known() == told
    plant.run(30)
    plant.read("b", (31, 20, "degC"))
    plant.run(32)
    assert known()[1] == [(1800.0, 29, False)]


def test_a_signal_is_measured_in_the_unit_of_the_catalogue_and_held_to_its_rules(spark, tmp_path) -> None:
    plant = Signals(spark, tmp_path)
    plant.read("a", (0, 20, "degC"), (1, 77, "degF"), (2, 95, "degC"), (3, 50, "kg"), (8, 30, "degC"))
    plant.read("of a quarter of an hour", (6, 7, "kvarh"), tag="total")  # a total is no level that holds

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
    assert [(row.route, row.source, row.skew_s, row.live_count) for row in skews] == [("hivemq", "", 3.0, 6)]
    assert counts["reading_minute"] == 7


def test_late_data_restates_the_minutes_it_touches_and_a_second_run_nothing(spark, tmp_path) -> None:
    plant = Signals(spark, tmp_path)
    plant.read("a", *((float(minute), 20.0 + minute, "degC") for minute in range(12)))
    plant.run(12)
    before = plant.minutes("mean")

    again = plant.run(12)
    plant.read("b", (4.5, 30.0, "degC"))
    late = plant.run(12)

    assert again == {"batches": 0}  # the clock stands still
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
