"""Time-weighted measures: against a walk second by second, over partitions of time, and in closed form."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction
from random import Random

import pytest

from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.samples import keep_last_sample
from fabric_ot.transforms.signals.time_weighted import aggregate_status, rollup_buckets, rollup_time_weighted

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SAMPLES = "tag_id string, event_time_utc timestamp, value_double double, quality string, hold_s double"
VALUES = (0.0, -0.0, 1.0, 2.5, -7.0, 1e6, None, math.nan, math.inf)
QUALITIES = ("GOOD", "GOOD", "GOOD", "UNCERTAIN", "BAD", "STALE")
RANKS = ("GOOD", "UNCERTAIN", "BAD", "STALE")
BUCKET, END = 60, 240
EXACT = ("covered_s", "bad_s", "coverage", "percent_good", "nonzero_s")

Series = list[tuple[int, float | None, str]]


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def a_series(seed: int) -> tuple[Series, float | None]:
    random = Random(seed)
    times = sorted(random.sample(range(-90, END + 60), random.randint(1, 12)))
    times = [t // 60 * 60 if random.random() < 0.2 else t for t in times]
    samples = [(t, random.choice(VALUES), random.choice(QUALITIES)) for t in sorted(set(times))]
    return samples, random.choice([None, 1.0, 25.0, 70.0])


def rows_of(cases: dict[str, tuple[Series, float | None]]) -> list[tuple]:
    return [(tag, at(t), value, quality, hold) for tag, (s, hold) in cases.items() for t, value, quality in s]


CASES = {f"t{seed:03}": a_series(seed) for seed in range(300)}


def found(buckets) -> dict[tuple[str, int], dict]:
    rows = [row.asDict() for row in buckets.collect()]
    keyed = {(r["tag_id"], round((r["bucket_start_utc"].replace(tzinfo=dt.UTC) - T0).total_seconds())): r for r in rows}
    assert len(keyed) == len(rows), "one row per tag and bucket"
    return keyed


def measured(samples, start: int = 0, end: int = END, bucket_s: int = BUCKET, **options) -> dict[tuple[str, int], dict]:
    return found(rollup_time_weighted(samples, bucket_s=bucket_s, start_utc=at(start), end_utc=at(end), **options))


def walk(series: Series, hold: float | None, a: int, b: int, method: str, uncertain_is_bad: bool) -> dict:
    """Measure one bucket by looking at every second of it."""
    good = ("GOOD",) if uncertain_is_bad else ("GOOD", "UNCERTAIN")
    points = [
        (t, Fraction(v) if v is not None and math.isfinite(v) and q in good else None, _told(v, q))
        for t, v, q in series
        if t < b or method == "linear"
    ]
    slices, bad, ranks = [], 0, []
    for second in range(a, b):
        before = [n for n, (t, _, _) in enumerate(points) if t <= second]
        if not before or (hold is not None and second - points[before[-1]][0] >= hold):
            continue
        (t, value, told), after = points[before[-1]], points[before[-1] + 1 : before[-1] + 2]
        ranks.append(RANKS.index(told))
        if value is None:
            bad += 1
            continue
        slope = Fraction(0)
        if method == "linear" and after and after[0][1] is not None:
            slope = (after[0][1] - value) / (after[0][0] - t)
        slices.append((value + slope * (second - t), value + slope * (second + 1 - t)))
    inside = [(n, p) for n, p in enumerate(points) if a <= p[0] < b]
    goods = [n for n, p in inside if p[1] is not None]
    earlier = {n: next((p[1] for p in reversed(points[:n]) if p[1] is not None), None) for n in goods}
    total, ends = sum((x + y) / 2 for x, y in slices), [v for pair in slices for v in pair]
    share = 100 * len(slices) / (b - a)
    return {
        "mean": float(total / len(slices)) if slices else None,
        "min": float(min(ends)) if slices else None,
        "max": float(max(ends)) if slices else None,
        "range": float(max(ends) - min(ends)) if slices else None,
        "start_value": float(ends[0]) if slices else None,
        "end_value": float(ends[-1]) if slices else None,
        "delta": float(ends[-1] - ends[0]) if slices else None,
        "total": float(total) if slices else None,
        "covered_s": float(len(slices)),
        "bad_s": float(bad),
        "coverage": len(slices) / (b - a),
        "percent_good": share,
        "quality": "GOOD" if share == 100 else "UNCERTAIN" if slices else "BAD",
        "worst_quality": RANKS[max(ranks)] if ranks else None,
        "sample_count": len(inside),
        "good_count": len(goods),
        "transition_count": sum(earlier[n] != points[n][1] for n in goods),
        "nonzero_s": float(sum(x != 0 for x, _ in slices)) if method == "step" else None,
    }


def _told(value: float | None, quality: str) -> str:
    has_number = value is not None and math.isfinite(value)
    return quality if has_number or quality in ("BAD", "STALE") else "BAD"


def nodes(plan) -> list[str]:
    children = plan.children()
    return [plan.nodeName(), *[name for n in range(children.size()) for name in nodes(children.apply(n))]]


def differences(left: dict, right: dict, *, but: tuple[str, ...] = ()) -> list[tuple]:
    wrong: list[tuple] = [("rows", key) for key in left.keys() ^ right.keys()]
    for key in left.keys() & right.keys():
        for name, value in left[key].items():
            other = right[key][name]
            if name in but or value == other:
                continue
            if name in EXACT or not (isinstance(value, float) and other == pytest.approx(value, rel=1e-9, abs=1e-6)):
                wrong.append((key, name, value, other))
    return sorted(wrong, key=str)


@pytest.fixture(scope="module")
def samples(spark_session):
    return frame(spark_session, SAMPLES, rows_of(CASES))


@pytest.mark.acceptance(6)
@pytest.mark.parametrize("uncertain_is_bad", [True, False])
@pytest.mark.parametrize("method", ["step", "linear"])
def test_measures_agree_with_a_look_at_every_second(spark, samples, method: str, uncertain_is_bad: bool) -> None:
    hold = "hold_s" if uncertain_is_bad else 40.0
    rows = measured(samples, method=method, max_hold_s=hold, treat_uncertain_as_bad=uncertain_is_bad)
    names = [name for name in next(iter(rows.values())) if name not in ("tag_id", "bucket_start_utc", "bucket_s")]
    expected = {}
    for tag, (series, own_hold) in CASES.items():
        limit = own_hold if uncertain_is_bad else 40.0
        for a in range(max(0, series[0][0] // BUCKET * BUCKET), END, BUCKET):
            expected[tag, a] = walk(series, limit, a, a + BUCKET, method, uncertain_is_bad)
    assert len(expected) > 900
    assert differences(expected, {key: {name: row[name] for name in names} for key, row in rows.items()}) == []


@pytest.mark.acceptance(6)
@pytest.mark.parametrize("method", ["step", "linear"])
def test_any_partition_of_a_time_gives_the_whole_of_it(spark, samples, method: str) -> None:
    options = {"method": method, "max_hold_s": "hold_s"}
    whole = measured(samples, bucket_s=BUCKET, **options)
    parts = rollup_time_weighted(samples, bucket_s=20, start_utc=at(0), end_utc=at(END), **options)
    assert differences(whole, found(rollup_buckets(parts, bucket_s=BUCKET))) == []
    for tag, a in whole:
        row = whole[tag, a]
        assert row["covered_s"] + row["bad_s"] <= BUCKET
        assert row["mean"] is None or row["min"] <= row["mean"] <= row["max"]


@pytest.mark.parametrize("method", ["step", "linear"])
def test_what_is_carried_in_does_not_depend_on_how_time_was_cut_into_calls(spark, samples, method: str) -> None:
    def needed(start: int, end: int) -> list[tuple]:
        cut = {}
        for tag, (series, hold) in CASES.items():
            before = [s for s in series if s[0] < start][-1:]
            after = [s for s in series if s[0] >= end][: 1 if method == "linear" else 0]
            cut[tag] = ([*before, *[s for s in series if start <= s[0] < end], *after], hold)
        return rows_of(cut)

    options = {"method": method, "max_hold_s": "hold_s"}
    once = measured(samples, **options)
    twice = {}
    for start, end in ((0, 120), (120, END)):
        twice |= measured(frame(spark, SAMPLES, needed(start, end)), start, end, **options)
    assert differences(once, twice, but=("transition_count",)) == []


@pytest.mark.acceptance(5)
def test_a_block_of_bad_quality_lowers_percent_good_and_leaves_the_mean(spark) -> None:
    steady: Series = [(t, 10.0 if t < 30 else 20.0, "GOOD") for t in range(0, 60, 5)]
    blocked = [(t, 999.0 if t in (25, 30) else v, "BAD" if t in (25, 30) else q) for t, v, q in steady]
    rows = measured(frame(spark, SAMPLES, rows_of({"steady": (steady, None), "blocked": (blocked, None)})), end=60)
    steady_row, row = rows["steady", 0], rows["blocked", 0]
    assert (steady_row["mean"], steady_row["percent_good"], steady_row["quality"]) == (15.0, 100.0, "GOOD")
    assert (row["mean"], row["max"], row["quality"]) == (15.0, 20.0, "UNCERTAIN")
    assert (row["percent_good"], row["bad_s"], row["worst_quality"]) == (pytest.approx(100 * 50 / 60), 10.0, "BAD")
    buckets = rollup_time_weighted(
        frame(spark, SAMPLES, rows_of({"steady": (steady, None), "blocked": (blocked, None)})),
        bucket_s=60, start_utc=at(0), end_utc=at(120), max_hold_s=5.0,
    ).withColumn("status", aggregate_status())  # fmt: skip
    assert {(r.tag_id, r.bucket_start_utc.minute): r.status for r in buckets.collect()} == {
        ("steady", 0): "Good", ("steady", 1): "Bad", ("blocked", 0): "Uncertain_DataSubNormal", ("blocked", 1): "Bad",
    }, "the second minute is silence: unknown is not good"  # fmt: skip
    lenient = measured(
        frame(spark, SAMPLES, rows_of({"blocked": (blocked, None)})),
        end=60,
        percent_data_good=80.0,
        percent_data_bad=50,
    )
    assert lenient["blocked", 0]["quality"] == "GOOD"


def test_an_uncertain_sample_counts_as_bad_unless_told(spark) -> None:
    doubted: Series = [(0, 10.0, "GOOD"), (15, 30.0, "UNCERTAIN"), (30, 10.0, "GOOD")]
    samples = frame(spark, SAMPLES, rows_of({"doubted": (doubted, None)}))
    rows = measured(samples, end=60), measured(samples, end=60, treat_uncertain_as_bad=False)
    told = [(row["doubted", 0]["mean"], row["doubted", 0]["bad_s"]) for row in rows]
    assert told == [(10.0, 15.0), (15.0, 0.0)]


@pytest.mark.acceptance(6)
def test_a_ramp_sampled_seldom_has_the_closed_form_mean_of_its_method(spark) -> None:
    ramp: Series = [(t, float(t), "GOOD") for t in range(-30, 300, 50)]
    samples = frame(spark, SAMPLES, rows_of({"ramp": (ramp, None)}))
    step, linear = (measured(samples, method=method) for method in ("step", "linear"))
    assert [linear["ramp", a]["mean"] for a in range(0, END, BUCKET)] == pytest.approx([30.0, 90.0, 150.0, 210.0])
    assert [linear["ramp", a]["delta"] for a in range(0, END, BUCKET)] == pytest.approx([60.0] * 4)
    # -30 holds for 20 s, then 20 for 40 s
    assert step["ramp", 0]["mean"] == pytest.approx((-30 * 20 + 20 * 40) / 60)
    assert step["ramp", 0]["mean"] < linear["ramp", 0]["mean"], "holding a rising value lags behind it"


def test_silent_buckets_may_be_left_out_and_the_others_stay_as_they_are(spark) -> None:
    series: Series = [(-200, 1.0, "GOOD"), (10, 2.0, "GOOD"), (60, 3.0, "BAD"), (200, 4.0, "GOOD")]
    samples = frame(spark, SAMPLES, rows_of({"tag": (series, None)}))
    every = measured(samples, max_hold_s=30.0)
    told = measured(samples, max_hold_s=30.0, keep_silent=False)
    assert sorted(told) == [("tag", 0), ("tag", 60), ("tag", 180)]
    assert told == {key: row for key, row in every.items() if key in told}
    silent = [row for key, row in every.items() if key not in told]
    assert [(row["covered_s"], row["bad_s"], row["sample_count"]) for row in silent] == [(0.0, 0.0, 0)]


def test_a_sample_that_holds_no_time_still_counts_in_its_bucket(spark) -> None:
    series: Series = [(0, 1.0, "GOOD"), (60, 2.0, "GOOD"), (130, 3.0, "BAD")]
    samples = frame(spark, SAMPLES, rows_of({"tag": (series, 0.0)}))
    told = measured(samples, max_hold_s="hold_s", keep_silent=False)
    assert {key: (row["sample_count"], row["good_count"], row["covered_s"]) for key, row in told.items()} == {
        ("tag", 0): (1, 1, 0.0), ("tag", 60): (1, 1, 0.0), ("tag", 120): (1, 0, 0.0),
    }  # fmt: skip


def test_microseconds_and_times_before_1970_are_exact(spark) -> None:
    rows = [
        ("us", at(0), 0.0, "GOOD", None), ("us", at(59.999999), 6e7, "GOOD", None),
        ("old", dt.datetime(1969, 12, 31, 23, 58, 30, tzinfo=dt.UTC), 4.0, "GOOD", None),
        *[("rest", at(t), 0.17, "GOOD", None) for t in (0, 12, 36)],
    ]  # fmt: skip
    rows_found = measured(frame(spark, SAMPLES, rows), end=60)
    assert rows_found["us", 0]["total"] == 60.0
    assert rows_found["rest", 0]["mean"] == 0.17, "a constant is its own mean, to the last bit"
    old = rollup_time_weighted(
        frame(spark, SAMPLES, rows).where("tag_id = 'old'"),
        bucket_s=60,
        start_utc=dt.datetime(1969, 12, 31, 23, 58, tzinfo=dt.UTC),
        end_utc=dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
    )
    assert sorted((r.bucket_start_utc.minute, r.covered_s) for r in old.collect()) == [(58, 30.0), (59, 60.0)]


def test_numbers_that_overflow_are_undefined_not_infinite(spark) -> None:
    big = 1.7e308
    rows = [("swings", at(t), big * (-1) ** n, "GOOD", None) for n, t in enumerate(range(0, 70, 10))]
    rows += [("rests", at(t), big, "GOOD", None) for t in range(0, 70, 10)]
    found_rows = measured(frame(spark, SAMPLES, rows), end=60, method="linear")
    swings, rests = found_rows["swings", 0], found_rows["rests", 0]
    assert (swings["range"], swings["min"], swings["max"]) == (None, -big, big)
    assert (swings["start_value"], swings["end_value"], swings["mean"]) == (big, big, 0.0)
    assert (rests["mean"], rests["total"], rests["min"], rests["covered_s"]) == (None, None, big, 60.0)


def test_an_empty_frame_gives_an_empty_frame_with_the_same_columns(spark, samples) -> None:
    empty = rollup_time_weighted(
        spark.createDataFrame([], SAMPLES), bucket_s=60, start_utc=at(0), end_utc=at(60), method="linear"
    )
    full = rollup_time_weighted(samples, bucket_s=60, start_utc=at(0), end_utc=at(60), method="step")
    assert empty.dtypes == full.dtypes == rollup_buckets(full, bucket_s=3600).dtypes
    assert empty.collect() == []


def test_what_cannot_be_measured_is_refused_at_plan_time(spark, samples) -> None:
    good = {"bucket_s": 60, "start_utc": at(0), "end_utc": at(60)}
    wrong = [
        {"bucket_s": 0}, {"start_utc": at(1)}, {"end_utc": at(-60)}, {"max_hold_s": 0.0}, {"max_hold_s": math.nan},
        {"method": "cubic"}, {"percent_data_good": 60.0, "percent_data_bad": 30.0},
    ]  # fmt: skip
    for options in wrong:
        with pytest.raises(ConfigError):
            rollup_time_weighted(samples, **{**good, **options})
    with pytest.raises(ColumnContractError, match="quality"):
        rollup_time_weighted(samples.drop("quality"), **good)
    with pytest.raises(ColumnContractError, match="value_double is string, not double"):
        rollup_time_weighted(samples.withColumn("value_double", samples.value_double.cast("string")), **good)
    with pytest.raises(ColumnContractError, match="no_such"):
        rollup_time_weighted(samples, **good, max_hold_s="no_such")
    with pytest.raises(ConfigError, match="bucket_s"):
        rollup_buckets(rollup_time_weighted(samples, **good), bucket_s=0)


def test_measuring_costs_one_shuffle_together_with_the_choice_of_the_last_sample(spark) -> None:
    order = "source_sequence long, arrival_time_utc timestamp, route string, source_partition int, source_offset long"
    readings = spark.createDataFrame([], f"{SAMPLES}, {order}, metric_index int")
    for samples_in in (readings, keep_last_sample(readings)):
        buckets = rollup_time_weighted(samples_in, bucket_s=60, start_utc=at(0), end_utc=at(60), method="linear")
        plan = nodes(buckets._jdf.queryExecution().executedPlan())
        assert plan.count("Exchange") == 1
        assert plan.count("Sort") == 1
        assert plan.count("HashAggregate") == 2
        assert not {"SortAggregate", "ObjectHashAggregate", "BatchEvalPython"} & set(plan)
