"""Clock skew per source: a median over what was live, and no time is moved."""

from __future__ import annotations

import datetime as dt
from random import Random
from statistics import median

import pytest

from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.signals.skew import is_from_future, rollup_clock_skew

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
READINGS = (
    "route string, edge_node_id string, event_time_utc timestamp, arrival_time_utc timestamp, is_historical boolean, "
    "time_source string"
)


def reading(node: str | None, skew_s: float, *, historical: bool = False, source: str = "payload", n: int = 0) -> tuple:
    event = T0 + dt.timedelta(seconds=n)
    return ("hivemq", node, event, event + dt.timedelta(seconds=skew_s), historical, source)


def test_the_skew_of_a_source_is_the_median_of_its_live_readings(spark) -> None:
    random, rows, expected = Random(1), [], {}
    for node in range(80):
        skews = [round(random.gauss(random.choice([0.3, -60, 7]), 2), 3) for _ in range(random.randint(1, 30))]
        rows += [
            reading(f"g/{node}", skew, n=n, source=random.choice(["metric", "payload"])) for n, skew in enumerate(skews)
        ]
        rows += [reading(f"g/{node}", 86_400, historical=True), reading(f"g/{node}", 0.0, source="broker")]
        is_skewed = None if len(skews) < 10 else abs(median(skews)) > 5
        numbers = (median(skews), min(skews), max(skews), len(skews))
        expected[f"g/{node}"] = (pytest.approx(numbers, abs=1e-6), is_skewed)
    found = {
        row.edge_node_id: ((row.skew_s, row.least_skew_s, row.greatest_skew_s, row.live_count), row.is_skewed)
        for row in rollup_clock_skew(frame(spark, READINGS, rows)).collect()
    }
    assert found == expected
    assert {flag for _, flag in found.values()} == {True, False, None}


def test_one_held_back_batch_does_not_move_the_estimate(spark) -> None:
    rows = [reading("g/a", 0.2, n=n) for n in range(20)] + [reading("g/a", 3600.0, n=n) for n in range(20, 29)]
    rows += [reading(None, 0.1, n=n) for n in range(3)] + [reading("g/only", 1.0, historical=True)]
    by_default = [reading(node, skew, n=n) for node, skew in (("g/5", 5.0), ("g/more", -5.001)) for n in range(10)]
    told = {row.edge_node_id: row.is_skewed for row in rollup_clock_skew(frame(spark, READINGS, by_default)).collect()}
    assert told == {"g/5": False, "g/more": True}
    found = {row.edge_node_id: row for row in rollup_clock_skew(frame(spark, READINGS, rows), max_skew_s=1.0).collect()}
    assert set(found) == {"g/a", None}
    assert (found["g/a"].skew_s, found["g/a"].greatest_skew_s, found["g/a"].is_skewed) == (0.2, 3600.0, False)


def test_an_event_from_the_future_is_told_not_moved(spark) -> None:
    rows = [reading("a", skew) for skew in (-10.000001, -10.0, 0.0, 50.0)]
    rows.append(("hivemq", "a", None, T0, False, "payload"))
    told = frame(spark, READINGS, rows).withColumn("is_future", is_from_future(tolerance_s=10)).collect()
    found = {
        row.event_time_utc and (row.arrival_time_utc - row.event_time_utc).total_seconds(): row.is_future
        for row in told
    }
    assert found == {-10.000001: True, -10.0: False, 0.0: False, 50.0: False, None: None}


def test_what_cannot_be_estimated_is_refused_and_an_empty_frame_stays_one(spark) -> None:
    empty = spark.createDataFrame([], READINGS)
    assert rollup_clock_skew(empty).collect() == []
    with pytest.raises(ColumnContractError, match="time_source"):
        rollup_clock_skew(empty.drop("time_source"))
    with pytest.raises(ConfigError, match="max_skew_s"):
        rollup_clock_skew(empty, max_skew_s=0)
    with pytest.raises(ConfigError, match="tolerance_s"):
        is_from_future(tolerance_s=-1)
