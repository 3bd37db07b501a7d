"""One sample per tag and instant, joined to the catalogue as it was then."""

from __future__ import annotations

import datetime as dt

import pytest

from fabric_ot.testing import frame
from fabric_ot.transforms.samples import is_counted, join_tags, keep_last_sample

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SAMPLES = (
    "tag_id string, event_time_utc timestamp, source_sequence long, quality string, value_double double, unit string, "
    "arrival_time_utc timestamp, route string, source_partition string, source_offset long, metric_index int"
)
TAGS = (
    "tag_id string, asset_id string, role string, unit string, counter_modulus double, "
    "valid_from_utc timestamp, valid_to_utc timestamp"
)


def at(seconds: int) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def sample(tag, time, value, *, sequence=0, quality="GOOD", arrival=0, offset=0, index=0, unit=None) -> tuple:
    return (tag, at(time), sequence, quality, value, unit, at(arrival), "hivemq", "p", offset, index)


def test_of_samples_of_one_instant_death_wins_then_sequence_then_arrival(spark) -> None:
    rows = [
        sample("by_sequence", 1, 1.0, sequence=2, arrival=1),
        sample("by_sequence", 1, 2.0, sequence=1, arrival=9),
        sample("by_arrival", 1, 1.0, arrival=5, offset=9),
        sample("by_arrival", 1, 2.0, arrival=6, offset=1),
        sample("by_offset", 1, 1.0, offset=3),
        sample("by_offset", 1, 2.0, offset=4),
        sample("by_place", 1, 1.0, index=0),
        sample("by_place", 1, 2.0, index=1),
        sample("by_death", 1, None, quality="STALE"),
        sample("by_death", 1, 2.0, sequence=99, arrival=99),
        sample("alone", 1, 1.0),
        sample("alone", 2, 2.0),
    ]
    kept = keep_last_sample(frame(spark, SAMPLES, rows))
    assert sorted((r.tag_id, r.value_double) for r in kept.collect()) == [
        ("alone", 1.0), ("alone", 2.0), ("by_arrival", 2.0), ("by_death", None), ("by_offset", 2.0),
        ("by_place", 2.0), ("by_sequence", 1.0),
    ]  # fmt: skip
    assert kept.columns == frame(spark, SAMPLES, []).columns


@pytest.mark.acceptance(8)
def test_a_sample_takes_the_version_of_its_tag_that_held_then(spark) -> None:
    tags = [
        ("t", "old", "measure", "kWh", None, at(10), at(20)),
        ("t", "new", "good_counter", "Wh", 8.0, at(20), None),
    ]
    rows = [sample("t", time, float(time)) for time in (9, 10, 19, 20, 99)] + [sample("x", 10, 1.0)]
    rows.append(sample("t", 15, 1.0, unit="MWh"))
    joined = join_tags(frame(spark, SAMPLES, rows), frame(spark, TAGS, tags)).collect()
    assert sorted((r.value_double, r.asset_id, r.role, r.counter_modulus, r.unit) for r in joined) == [
        (1.0, "old", "measure", None, "MWh"),
        (10.0, "old", "measure", None, "kWh"),
        (19.0, "old", "measure", None, "kWh"),
        (20.0, "new", "good_counter", 8.0, "Wh"),
        (99.0, "new", "good_counter", 8.0, "Wh"),
    ]


def test_only_finite_numbers_of_good_or_uncertain_quality_are_counted(spark) -> None:
    rows = [
        sample(name, 0, value, quality=quality)
        for name, value, quality in [
            ("good", 1.0, "GOOD"), ("unsure", 1.0, "UNCERTAIN"), ("bad", 1.0, "BAD"), ("stale", 1.0, "STALE"),
            ("none", None, "GOOD"), ("nan", float("nan"), "GOOD"), ("endless", float("-inf"), "GOOD"),
        ]
    ]  # fmt: skip
    assert {r.tag_id for r in frame(spark, SAMPLES, rows).where(is_counted()).collect()} == {"good", "unsure"}


def test_keeping_the_last_sample_costs_one_shuffle(spark) -> None:
    kept = keep_last_sample(spark.createDataFrame([], SAMPLES))
    plan = kept._jdf.queryExecution().executedPlan().toString()
    assert plan.count("Exchange") == 1
