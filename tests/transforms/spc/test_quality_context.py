"""A sample sees the last word of each declared tag from before it, if that is young enough."""

from __future__ import annotations

import datetime as dt
from random import Random

import pytest

from fabric_ot.contracts.silver_quality import QUALITY_CONTEXT
from fabric_ot.errors import ColumnContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.spc.context import to_process_values

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1)
SAMPLES = "chart_id string, sample_id string, event_time_utc timestamp"
DECLARED = "chart_id string, tag_id string, max_age_s double"
READINGS = "tag_id string, event_time_utc timestamp, value_double double, unit string, quality string"


def at(second: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=second)


def test_values_agree_with_a_slow_search(spark) -> None:
    rng = Random(11)
    samples = [(rng.choice("abc"), f"s{n}", rng.randint(0, 600)) for n in range(80)]
    declared = {("a", "t1"): 30.0, ("a", "t2"): 120.0, ("b", "t1"): 5.0, ("b", "never"): 60.0}
    readings = {
        (tag, second): (rng.choice([None, 1.5, float(second)]), "degC", rng.choice(["GOOD", "BAD", "STALE"]))
        for tag in ("t1", "t2", "t3")
        for second in rng.sample(range(600), 25)
    }

    def expected(chart: str, second: int, tag: str) -> tuple:
        known = [s for t, s in readings if t == tag and second - declared[chart, tag] <= s <= second]
        if not known:
            return (None,) * 5
        last = max(known)
        return (*readings[tag, last], at(last), float(second - last))

    found = to_process_values(
        frame(spark, SAMPLES, [(chart, name, at(second)) for chart, name, second in samples]),
        frame(spark, DECLARED, [(*key, age) for key, age in declared.items()]),
        frame(spark, READINGS, [(tag, at(second), *told) for (tag, second), told in readings.items()]),
    )
    assert set(found.columns) == set(QUALITY_CONTEXT.column_names)
    rows = {(r.sample_id, r.tag_id): (r.value_double, r.unit, r.quality, r.as_of_utc, r.age_s) for r in found.collect()}
    asked = [(c, n, s, t) for c, n, s in samples for chart, t in declared if chart == c]
    assert rows == {(name, tag): expected(chart, second, tag) for chart, name, second, tag in asked}
    assert sum(row[3] is None for row in rows.values()) > 5
    assert sum(row[3] is not None for row in rows.values()) > 20


def test_the_instant_itself_and_the_oldest_age_count_and_a_bad_reading_hides_a_good_one(spark) -> None:
    declared = frame(spark, DECLARED, [("c", "t", 10.0)])
    samples = frame(spark, SAMPLES, [("c", "same", at(20)), ("c", "oldest", at(30)), ("c", "older", at(30.001))])
    readings = frame(spark, READINGS, [("t", at(19), 1.0, "bar", "GOOD"), ("t", at(20), None, "bar", "STALE")])
    found = {
        r.sample_id: (r.value_double, r.quality, r.age_s)
        for r in to_process_values(samples, declared, readings).collect()
    }
    assert found == {"same": (None, "STALE", 0.0), "oldest": (None, "STALE", 10.0), "older": (None, None, None)}


def test_a_missing_column_is_named(spark) -> None:
    samples = spark.createDataFrame([], SAMPLES)
    with pytest.raises(ColumnContractError, match="max_age_s"):
        to_process_values(samples, spark.createDataFrame([], DECLARED).drop("max_age_s"), samples)
