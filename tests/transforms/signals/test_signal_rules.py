"""Rules of a signal: limits, rate of change, stuck values and flat lines, each against a plain walk."""

from __future__ import annotations

import datetime as dt
import math
from random import Random

import pytest
from pyspark.sql import functions as sf

from fabric_ot.errors import ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.signals.rules import is_within_limits, with_flat_line, with_rate, with_stuck

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SAMPLES = "tag_id string, event_time_utc timestamp, value_double double, quality string, limit double, reach double"

Sample = tuple[int, float | None, str]


def a_series(seed: int) -> list[Sample]:
    random = Random(seed)
    times = sorted(random.sample(range(200), random.randint(1, 25)))
    values = random.choice([(0.0, -0.0, 5.0), (1.0, 1.25, 1.5, 9.0), (3.0,), (1.0, None, math.nan)])
    return [(t, random.choice(values), random.choice(["GOOD"] * 8 + ["UNCERTAIN", "BAD", "STALE"])) for t in times]


CASES = {f"t{seed:03}": a_series(seed) for seed in range(300)}
REACH = {tag: None if n % 2 else 30.0 for n, tag in enumerate(CASES)}


@pytest.fixture(scope="module")
def samples(spark_session):
    rows = [(tag, T0 + dt.timedelta(seconds=t), v, q, 0.2, REACH[tag]) for tag, s in CASES.items() for t, v, q in s]
    return frame(spark_session, SAMPLES, rows)


def found(flagged, *names: str) -> dict[tuple[str, int], tuple]:
    rows = flagged.select("tag_id", sf.unix_seconds("event_time_utc").alias("at"), *names).collect()
    return {(row.tag_id, row.at - round(T0.timestamp())): tuple(row[name] for name in names) for row in rows}


def number(sample: Sample) -> float | None:
    _, value, quality = sample
    return value if quality in ("GOOD", "UNCERTAIN") and value is not None and math.isfinite(value) else None


def test_a_number_lies_within_its_limits_or_is_unknown(spark) -> None:
    numbers = [None, math.nan, -math.inf, -1.0, -0.0, 0.0, 5.0, 5.1, math.inf]
    rows = [(str(n), T0, value, "GOOD", None if n % 2 else 5.0, None) for n, value in enumerate(numbers)]
    flagged = frame(spark, SAMPLES, rows).select(
        "tag_id",
        is_within_limits(low=0.0, high=5.0).alias("both"),
        is_within_limits(high="limit").alias("by_tag"),
        is_within_limits().alias("none"),
    )
    told = {int(row.tag_id): (row.both, row.by_tag, row.none) for row in flagged.collect()}
    assert [told[n][0] for n in range(9)] == [None, None, False, False, True, True, True, False, False]
    assert [told[n][1] for n in range(9)] == [None, None, True, True, True, True, True, True, False]
    assert [told[n][2] for n in range(9)] == [None, None] + [True] * 7


@pytest.mark.parametrize("max_gap", [None, 30, "reach"])
def test_the_rate_is_taken_from_the_last_number_across_no_gap(spark, samples, max_gap) -> None:
    rated = found(with_rate(samples, max_rate_per_s="limit", max_gap_s=max_gap), "rate_per_s", "is_too_fast")
    expected: dict[tuple[str, int], tuple] = {}
    for tag, series in CASES.items():
        before = None
        reach = (REACH[tag] if max_gap == "reach" else max_gap) or math.inf
        for sample in series:
            t, value = sample[0], number(sample)
            near = value is not None and before is not None and t - before[0] <= reach
            rate = (value - before[1]) / (t - before[0]) if near else None
            expected[tag, t] = (pytest.approx(rate), abs(rate) > 0.2) if near else (None, None)
            before = (t, value) if value is not None else before
    assert rated == expected
    assert {flag for _, flag in rated.values()} == {True, False, None}


@pytest.mark.parametrize("max_gap", [None, 30])
def test_a_value_is_stuck_once_it_has_been_repeated_for_long_enough(spark, samples, max_gap) -> None:
    flagged = with_stuck(samples, min_duration_s=20, min_count=3, max_gap_s=max_gap)
    expected: dict[tuple[str, int], tuple] = {}
    for tag, series in CASES.items():
        run: list[Sample] = []
        for sample in series:
            value = number(sample)
            far = max_gap is not None and run and sample[0] - run[-1][0] > max_gap
            run = [*run, sample] if run and value == number(run[-1]) and not far else [sample]
            if value is None:
                run, expected[tag, sample[0]] = [], (None, None, None)
                continue
            lasted = float(sample[0] - run[0][0])
            expected[tag, sample[0]] = (lasted, len(run), lasted >= 20 and len(run) >= 3)
    told = found(flagged, "stuck_s", "stuck_count", "is_stuck")
    assert told == expected
    assert sum(flag is True for *_, flag in told.values()) > 50


def test_a_flat_line_is_told_by_the_spread_of_a_full_window(spark, samples) -> None:
    told = found(with_flat_line(samples, window_s=30, tolerance=0.5, min_count=3), "spread", "is_flat_line")
    expected: dict[tuple[str, int], tuple] = {}
    for tag, series in CASES.items():
        numbers = [(s[0], number(s)) for s in series if number(s) is not None]
        for sample in series:
            t = sample[0]
            recent = [v for s, v in numbers if t - 30 <= s <= t]
            if number(sample) is None:
                expected[tag, t] = (None, None)
                continue
            spread = max(recent) - min(recent)
            expected[tag, t] = (spread, numbers[0][0] <= t - 30 and len(recent) >= 3 and spread <= 0.5)
    assert told == expected
    assert sum(flag is True for _, flag in told.values()) > 50


def test_a_line_without_a_declared_tolerance_is_not_judged(spark, samples) -> None:
    told = found(with_flat_line(samples, window_s=30, tolerance="reach"), "is_flat_line")
    assert {flag for (tag, _), (flag,) in told.items() if REACH[tag] is None} == {False, None}
    assert True in {flag for (tag, _), (flag,) in told.items() if REACH[tag] is not None}


def test_flags_of_a_sample_do_not_change_when_later_ones_come(spark, samples) -> None:
    def flags(of) -> dict:
        rated = with_rate(of, max_rate_per_s=0.2)
        return found(
            with_flat_line(with_stuck(rated, min_duration_s=20), window_s=30, tolerance=0.5),
            "is_too_fast", "is_stuck", "is_flat_line",
        )  # fmt: skip

    whole, early = flags(samples), flags(samples.where(sf.unix_seconds("event_time_utc") < T0.timestamp() + 100))
    assert early == {key: value for key, value in whole.items() if key[1] < 100}
    assert len(early) > 500


def test_one_shuffle_serves_all_rules_and_an_empty_frame_stays_one(spark) -> None:
    empty = spark.createDataFrame([], SAMPLES)
    rated = with_rate(empty, max_rate_per_s=1.0)
    flagged = with_flat_line(with_stuck(rated, min_duration_s=20), window_s=30, tolerance=0.5)
    assert flagged.columns == [
        *empty.columns, "rate_per_s", "is_too_fast", "stuck_s", "stuck_count", "is_stuck", "spread", "is_flat_line",
    ]  # fmt: skip
    assert nodes(flagged._jdf.queryExecution().executedPlan()).count("Exchange") == 1
    assert flagged.collect() == []


def nodes(plan) -> list[str]:
    children = plan.children()
    return [plan.nodeName(), *[name for n in range(children.size()) for name in nodes(children.apply(n))]]


def test_limits_that_make_no_sense_are_refused(spark, samples) -> None:
    with pytest.raises(ConfigError, match="in this order"):
        is_within_limits(low=2.0, high=1.0)
    with pytest.raises(ConfigError, match="two numbers"):
        is_within_limits(low=math.nan)
    with pytest.raises(ConfigError, match="max_rate_per_s"):
        with_rate(samples, max_rate_per_s=0)
    with pytest.raises(ConfigError, match="min_duration_s"):
        with_stuck(samples, min_duration_s=-1)
    with pytest.raises(ConfigError, match="window_s"):
        with_flat_line(samples, window_s=0, tolerance=1)
