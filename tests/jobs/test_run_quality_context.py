"""Samples are seen with the process as of each; late readings restate the samples that they are the last word for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from fabric_ot.jobs.quality_control import run_quality_control
from fabric_ot.lakehouse import Lakehouse

pytestmark = pytest.mark.spark

DAY = dt.datetime(2026, 3, 2)
SINCE = dt.datetime(2026, 1, 1)
AS_OF = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)


def at(minute: float) -> dt.datetime:
    return DAY + dt.timedelta(minutes=minute)


class Plant:
    """A silver lakehouse with one chart that looks at the temperature of one oven."""

    def __init__(self, spark, folder: Path) -> None:
        self.silver = Lakehouse(
            spark, name="ot_silver", layer="silver", tables_path=str(folder / "T"), files_path=str(folder / "F")
        )
        self.put("tag", [("temp", "oven", "measure", "double", "degC", None, SINCE, None, True)])
        self.put("control_chart", [("hardness", "oven", "Hardness", "i_mr", "HRC", 58.0, 62.0)])

    def put(self, table: str, rows: list[tuple]) -> None:
        self.silver.append(f"plant.{table}", self.silver.frame(f"plant.{table}", rows))

    def samples(self, batch: str, *minutes: float) -> None:
        nothing = (None, None, None)
        rows = [(f"{batch}{n}", "hardness", None, None, at(m), 60.0, *nothing) for n, m in enumerate(minutes)]
        self.put("quality_sample", rows)
        self.put("batch_audit", [(batch, "file", "reference", "decoded", "", len(rows), 0)])
        self.finish(batch)

    def read(self, batch: str, *samples: tuple[float, float, str]) -> None:
        rows = [
            (
                *("temp", at(minute), 0, "oven", value, None, unit, "GOOD", None, None, False, "payload"),
                *("hivemq", batch, n, 0, None, at(minute), batch, at(minute).date()),
            )
            for n, (minute, value, unit) in enumerate(samples)
        ]
        self.put("reading", rows)
        self.finish(batch)

    def finish(self, batch: str) -> None:
        self.put("progress", [(step, batch, AS_OF) for step in ("reference", "reading")])

    def run(self) -> dict[str, int]:
        return dict(run_quality_control(self.silver, as_of_utc=AS_OF).counts)

    def seen(self) -> dict[str, tuple]:
        rows = self.silver.read("plant.quality_context").collect()
        return {r.sample_id: (r.value_double, r.unit, r.age_s) for r in rows}


def test_a_late_reading_restates_what_it_is_the_last_word_for_and_a_late_sample_is_added(spark, tmp_path) -> None:
    plant = Plant(spark, tmp_path)
    plant.put("chart_tag", [("hardness", "temp", 600.0)])
    plant.samples("a", 5, 20, 40)
    plant.read("b", (0, 212.0, "degF"), (18, 20.0, "degC"))
    assert plant.run()["quality_context"] == 3
    first = {"a0": (pytest.approx(100.0), "degC", 300.0), "a1": (20.0, "degC", 120.0), "a2": (None, None, None)}
    assert plant.seen() == first
    version = plant.silver.version("plant.quality_context")
    assert "quality_context" not in plant.run()
    assert plant.silver.version("plant.quality_context") == version

    plant.read("c", (50, 21.0, "degC"))
    assert plant.run()["quality_context"] == 0, "a reading after the last sample"
    assert plant.silver.version("plant.quality_context") == version
    plant.read("d", (4, 30.0, "degC"), (17, 19.0, "degC"))
    assert plant.run()["quality_context"] == 1, "the second one is late, but not the last word for any sample"
    assert plant.seen() == first | {"a0": (30.0, "degC", 60.0)}
    plant.samples("e", 51)
    assert plant.run()["quality_context"] == 1
    assert plant.seen()["e0"] == (21.0, "degC", 60.0)


def test_all_at_once_gives_the_same_and_a_withdrawn_tag_leaves_nothing(spark, tmp_path) -> None:
    plant = Plant(spark, tmp_path)
    plant.read("b", (0, 1.0, "degC"))
    assert "quality_context" not in plant.run(), "no chart declares a tag"
    assert plant.silver.version("plant.quality_context") is None
    plant.put("chart_tag", [("hardness", "temp", 600.0)])
    plant.samples("a", 5, 20)
    plant.run()
    assert plant.seen() == {"a0": (1.0, "degC", 300.0), "a1": (None, None, None)}
    plant.silver.replace("plant.chart_tag", plant.silver.frame("plant.chart_tag", []))
    plant.samples("c", 30)
    assert plant.run()["quality_context"] == 2
    assert plant.seen() == {}
