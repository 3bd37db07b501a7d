"""Compression: what is kept, and how far from it the samples left out can be."""

from __future__ import annotations

import datetime as dt
import math
from functools import partial
from itertools import pairwise
from random import Random

import pytest
from pyspark.sql import functions as sf

from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.signals.compression import keep_exceptions, keep_swinging_door, to_compressed

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SAMPLES = "tag_id string, event_time_utc timestamp, value_double double, quality string, error double, note string"
BLOCK = 3_600
LONGEST = 7.0

Point = tuple[float, float | None, str]


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def a_signal(seed: int) -> tuple[list[Point], float]:
    """A random walk with jumps, ramps, bad samples and a full hour; every other one in whole numbers."""
    random = Random(seed)
    second, value, points = random.choice([0, BLOCK - 60, -50]), random.uniform(-5, 5), []
    slope, is_whole = random.uniform(-1, 1), random.random() < 0.5
    for _ in range(random.randint(1, 40)):
        second += random.choice([1, 1, 1, 2, 5, 60])
        value = random.choice([value, value + slope, value + random.gauss(0, 1), random.uniform(-20, 20)])
        value = float(round(value)) if is_whole else value
        odd = random.random()
        if odd < 0.04:
            points.append((second, random.choice([None, math.nan, 999.0]), "BAD"))
        elif odd < 0.06:
            points.append((second, None, "GOOD"))
        else:
            points.append((second, value, "UNCERTAIN" if odd > 0.95 else "GOOD"))
    return points, random.choice([0.25, 1.0, 3.0])


SIGNALS = {f"t{seed:03}": a_signal(seed) for seed in range(300)}


def rows(signals: dict[str, tuple[list[Point], float]]) -> list[tuple]:
    return [(tag, at(t), v, q, e, f"row {t}") for tag, (points, e) in signals.items() for t, v, q in points]


def kept_times(frame_kept) -> dict[str, list[int]]:
    kept: dict[str, list[int]] = {tag: [] for tag in SIGNALS}
    for row in frame_kept.collect():
        second = round((row.event_time_utc.replace(tzinfo=dt.UTC) - T0).total_seconds())
        assert row.note == f"row {second}", "the other columns stay with their sample"
        kept.setdefault(row.tag_id, []).append(second)
    return {tag: sorted(times) for tag, times in kept.items()}


def is_number(point: Point) -> bool:
    _, value, quality = point
    return value is not None and not math.isnan(value) and quality != "BAD"


def runs_of(points: list[Point]) -> list[list[Point]]:
    """Cut at full hours, at samples without a number and where the quality changes."""
    runs: list[list[Point]] = []
    for point in points:
        t, _, q = point
        last = runs[-1][-1] if runs else None
        same = last is not None and is_number(last) and is_number(point) and last[2] == q
        if same and last[0] // BLOCK == t // BLOCK:
            runs[-1].append(point)
            continue
        runs.append([point])
    return runs


def slow_door(run: list[Point], error: float, variant: str, longest: float | None) -> list[float]:
    """Look from the last kept point at all points since, each time anew."""
    kept, origin = [run[0]], 0
    for n in range(1, len(run)):
        t0, v0 = run[origin][:2]
        between = [(t - t0, v - v0) for t, v, _ in run[origin + 1 : n + 1]]
        lows, highs = [(v - error) / t for t, v in between], [(v + error) / t for t, v in between]
        if variant == "published":
            shuts = max(lows) > min(highs)
        else:
            slope = between[-1][1] / between[-1][0]
            shuts = any(slope < low or slope > high for low, high in zip(lows[:-1], highs[:-1], strict=True))
        if n - 1 > origin and (shuts or (longest is not None and between[-1][0] > longest)):
            origin = n - 1
            kept.append(run[origin])
    return [t for t, _, _ in (kept if kept[-1] is run[-1] else [*kept, run[-1]])]


def slow_exceptions(run: list[Point], deadband: float, longest: float | None) -> list[float]:
    kept, last = {run[0][0]}, run[0]
    for before, point in pairwise(run):
        if abs(point[1] - last[1]) > deadband or (longest is not None and point[0] - last[0] > longest):
            kept |= {before[0], point[0]}
            last = point
    return sorted(kept | {run[-1][0]})


def expected(walk, **options) -> dict[str, list[float]]:
    return {
        tag: [t for run in runs_of(points) for t in walk(run, error, **options)]
        for tag, (points, error) in SIGNALS.items()
    }


@pytest.fixture(scope="module")
def samples(spark_session):
    return frame(spark_session, SAMPLES, rows(SIGNALS))


@pytest.mark.parametrize(("variant", "longest"), [("bounded", None), ("bounded", LONGEST), ("published", None)])
def test_the_door_keeps_what_a_look_back_at_all_points_keeps(spark, samples, variant: str, longest) -> None:
    kept = kept_times(keep_swinging_door(samples, error="error", variant=variant, max_interval_s=longest))
    assert kept == expected(slow_door, variant=variant, longest=longest)
    worst = max(error_of(SIGNALS[tag][0], times) / SIGNALS[tag][1] for tag, times in kept.items())
    if variant == "published":
        assert 1 < worst <= 2
    else:
        assert 0.9 < worst <= 1 + 1e-9, "no sample left out is further from the line than the error allowed"
    if longest is None:
        assert sum(map(len, kept.values())) < 0.9 * sum(len(points) for points, _ in SIGNALS.values())


def error_of(points: list[Point], kept: list[int]) -> float:
    """The largest distance of a sample that was left out from the line between its kept neighbors."""
    value, worst = {t: v for t, v, _ in points}, 0.0
    for a, b in pairwise(kept):
        for t in (t for t in value if a < t < b):
            line = value[a] + (value[b] - value[a]) * (t - a) / (b - a)
            worst = max(worst, abs(line - value[t]))
    return worst


def test_the_published_door_errs_by_more_than_it_says_and_the_bounded_one_does_not(spark) -> None:
    points = [(0, 0.0, "GOOD"), (1, 1.9, "GOOD"), (2, 0.9, "GOOD"), (3, -9.0, "GOOD")]
    samples = frame(spark, SAMPLES, rows({"p": (points, 1.0)}))
    published = kept_times(keep_swinging_door(samples, error=1.0, variant="published"))["p"]
    bounded = kept_times(keep_swinging_door(samples, error=1.0))["p"]
    assert published == [0, 2, 3]
    assert error_of(points, published) == pytest.approx(1.45)
    assert bounded == [0, 1, 2, 3]


@pytest.mark.parametrize("longest", [None, LONGEST])
def test_exceptions_are_those_of_a_walk_and_holding_them_stays_within_the_deadband(spark, samples, longest) -> None:
    kept = kept_times(keep_exceptions(samples, deadband="error", max_interval_s=longest))
    assert kept == expected(slow_exceptions, longest=longest)
    worst = 0.0
    for tag, times in kept.items():
        points, error = SIGNALS[tag]
        held = None
        for t, v, _ in points:
            held = v if t in times else held
            if t not in times:
                worst = max(worst, abs(v - held) / error)
    assert 0.9 < worst <= 1 + 1e-9


def stands_for(run: list[Point], kept: list[float], *, is_held: bool) -> list[tuple[float, int, float | None]]:
    """For each kept point: how many it stands for, and how far the furthest of them is from what is told of it."""
    told = []
    for n, t0 in enumerate(kept):
        following = kept[n + 1] if n + 1 < len(kept) else None
        own = [p for p in run if t0 <= p[0] and (following is None or p[0] < following)]
        v0, v1 = own[0][1], next((v for t, v, _ in run if t == following), None)
        errors = []
        for t, v, _ in own:
            if v is not None and not math.isnan(v):
                line = v0 if is_held or following is None else v0 + (v1 - v0) * (t - t0) / (following - t0)
                errors.append(abs(v - line))
        told.append((t0, len(own), pytest.approx(max(errors), abs=1e-9) if errors else None))
    return told


def test_each_tag_is_compressed_as_it_declares_and_what_is_kept_says_what_it_stands_for(spark, samples) -> None:
    number = sf.col("tag_id").substr(2, 3).cast("int") % 4
    methods = sf.when(number == 0, "exception").when(number == 1, "swinging_door").when(number == 2, "zip")
    declared = samples.withColumn("method", methods)
    found: dict[str, list] = {}
    for row in to_compressed(declared, method="method", deviation="error", max_interval_s=LONGEST).collect():
        second = round((row.event_time_utc.replace(tzinfo=dt.UTC) - T0).total_seconds())
        assert row.note == f"row {second}"
        found.setdefault(row.tag_id, []).append((second, row.stands_for_count, row.max_error))
    expected = {}
    for n, (tag, (points, error)) in enumerate(SIGNALS.items()):
        if n % 4 < 2:
            kept = slow_exceptions if n % 4 == 0 else partial(slow_door, variant="bounded")
            runs = [(run, kept(run, error, longest=LONGEST)) for run in runs_of(points)]
            expected[tag] = [told for run, times in runs for told in stands_for(run, times, is_held=n % 4 == 0)]
            assert sum(count for _, count, _ in found[tag]) == len(points)
            assert max((e for *_, e in found[tag] if e is not None), default=0) <= error * (1 + 1e-9)
    assert {tag: sorted(rows) for tag, rows in found.items()} == expected


def test_reporting_by_exception_biases_the_mean_of_samples(spark) -> None:
    points = [(t, 10.0 if t < 50 else 20.0 + t % 2, "GOOD") for t in range(60)]
    kept = keep_exceptions(frame(spark, SAMPLES, rows({"p": (points, 0.5)})), deadband=0.5)
    values = [row.value_double for row in kept.collect()]
    true = sum(v for _, v, _ in points) / 60
    assert true == pytest.approx(11.75)
    assert sum(values) / len(values) > 18, "the busy tenth of the minute counts more than the quiet rest"


def test_a_late_sample_changes_its_own_block_only(spark) -> None:
    random = Random(5)
    points = [(t, random.gauss(0, 1), "GOOD") for t in range(0, 3 * 3600, 60)]
    late = sorted([*points, (5405, 30.0, "GOOD")])
    without, with_late = (
        kept_times(keep_swinging_door(frame(spark, SAMPLES, rows({"p": (p, 1.0)})), error=1.0, block_s=3600))["p"]
        for p in (points, late)
    )
    assert 5405 in with_late
    assert [t for t in without if t // 3600 != 1] == [t for t in with_late if t // 3600 != 1]


def test_an_empty_frame_keeps_its_columns_and_what_cannot_be_used_is_refused(spark, samples) -> None:
    empty = spark.createDataFrame([], SAMPLES)
    for kept in (keep_exceptions(empty, deadband=1.0), keep_swinging_door(empty, error=1.0)):
        assert kept.columns == empty.columns
        assert kept.collect() == []
    for options in ({"error": 0.0}, {"error": -1.0}, {"error": math.nan}, {"error": 1.0, "variant": "exact"}):
        with pytest.raises(ConfigError):
            keep_swinging_door(samples, **options)
    with pytest.raises(ConfigError, match="block_s"):
        keep_exceptions(samples, deadband=1.0, block_s=0)
    with pytest.raises(ConfigError, match="at most 9007199254"):
        keep_exceptions(samples, deadband=1.0, block_s=10**10)
    with pytest.raises(ColumnContractError, match="no_such"):
        keep_exceptions(samples, deadband="no_such")
