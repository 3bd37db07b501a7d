"""Control charts: points, limits frozen as versions, and each point's own limits."""

from __future__ import annotations

import datetime as dt
import math
import statistics
from random import Random

import pytest

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.spc.attributes import is_proportion, to_proportion_points, to_rate_points
from fabric_ot.transforms.spc.constants import CONSTANTS
from fabric_ot.transforms.spc.individuals import to_individual_points
from fabric_ot.transforms.spc.limits import join_limits, to_limits
from fabric_ot.transforms.spc.rules import with_fired_rules
from fabric_ot.transforms.spc.subgroups import to_subgroup_points

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SAMPLES = "chart_id string, subgroup_id string, run_id string, event_time_utc timestamp, value_double double"
INSPECTIONS = "chart_id string, event_time_utc timestamp, inspected_qty double, {} double"
POINTS = (
    "chart_id string, chart_kind string, statistic string, event_time_utc timestamp, run_id string, "
    "sample_size double, value double"
)
BASELINES = (
    "chart_id string, limit_version string, valid_from_utc timestamp, baseline_start_utc timestamp, "
    "baseline_end_utc timestamp"
)
LIMITS = "chart_id string, limit_version string, valid_from_utc timestamp, center double, sigma double"
NAN, INF = float("nan"), float("inf")


def at(minutes: float) -> dt.datetime:
    return T0 + dt.timedelta(minutes=minutes)


def utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)


def constant(name: str, n: float) -> float:
    return CONSTANTS[name][int(n) - 2]


def baselines_of(spark, *charts: str, until: float = 1e6):
    return frame(spark, BASELINES, [(chart, "v1", at(0), at(0), at(until)) for chart in charts])


@pytest.mark.acceptance(9)
def test_individuals_of_the_handbook_have_its_limits(spark) -> None:
    flow = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
    rows = [("flow", "", None, at(n), value) for n, value in enumerate(flow)]
    points = to_individual_points(frame(spark, SAMPLES, rows))
    limits = to_limits(points, baselines_of(spark, "flow"), min_points=10)
    judged = join_limits(points, limits).orderBy("event_time_utc", "statistic").collect()
    of_value, of_range = judged[-2], judged[-1]
    assert [r.statistic for r in judged if r.value is None] == ["moving_range"], "the first sample has none"
    mean_step = 16.9 / 9
    assert (of_value.center, of_value.sigma) == (pytest.approx(50.81), pytest.approx(mean_step / 1.128))
    assert of_value.ucl == pytest.approx(50.81 + 2.660 * mean_step)
    assert (of_value.ucl, of_value.lcl) == (pytest.approx(55.8041, abs=1e-3), pytest.approx(45.8159, abs=1e-3))
    assert (of_range.center, of_range.ucl, of_range.lcl) == pytest.approx((mean_step, 3.267 * mean_step, 0.0))
    assert len(judged) == 20


@pytest.mark.acceptance(9)
def test_textbook_limits_come_out_of_a_frozen_version(spark) -> None:
    frozen = [
        ("wafer", 1.5056, 0.32521 / 2.326), ("ring", 74.001, 0.0094 / 0.94),
        ("juice", 0.2313, math.sqrt(0.2313 * 0.7687)), ("orders", 0.074, math.sqrt(0.074)),
        ("rare", 0.99, math.sqrt(0.0099)),
    ]  # fmt: skip
    rows = [
        ("wafer", "xbar_r", "mean", at(1), None, 5.0, 1.6), ("wafer", "xbar_r", "range", at(1), None, 5.0, 0.3),
        ("ring", "xbar_s", "mean", at(1), None, 5.0, 74.0), ("ring", "xbar_s", "stddev", at(1), None, 5.0, 0.01),
        ("juice", "p", "proportion", at(1), None, 50.0, 0.2), ("orders", "u", "rate", at(1), None, 50.0, 0.07),
        ("rare", "p", "proportion", at(1), None, 50.0, 0.2),
        ("wafer", "xbar_r", "mean", at(2), None, 1.0, 1.6), ("wafer", "xbar_r", "range", at(2), None, 26.0, 1.6),
    ]  # fmt: skip
    limits = frame(spark, LIMITS, [(chart, "v1", at(0), *numbers) for chart, *numbers in frozen])
    judged = join_limits(frame(spark, POINTS, rows), limits).collect()
    found = {
        (r.chart_id, r.statistic): (r.lcl, r.ucl) for r in judged if r.event_time_utc == at(1).replace(tzinfo=None)
    }
    assert found[("wafer", "mean")] == pytest.approx((1.31795, 1.69325), abs=5e-6)
    assert found[("wafer", "range")] == pytest.approx((0.0, 0.68749), abs=5e-6)
    assert found[("ring", "mean")] == pytest.approx((73.988, 74.014), abs=5e-4)
    assert found[("ring", "stddev")] == pytest.approx((0.0, 0.0196), abs=5e-5)
    assert found[("juice", "proportion")] == pytest.approx((0.0524, 0.4102), abs=5e-5)
    assert found[("orders", "rate")] == pytest.approx((0.0, 0.1894), abs=5e-5)
    assert found[("rare", "proportion")][1] == 1.0, "no share is above one"
    sigmas = {(r.chart_id, r.statistic): r.sigma for r in judged if r.event_time_utc == at(1).replace(tzinfo=None)}
    within = {"wafer": 0.32521 / 2.326, "ring": 0.0094 / 0.94}
    assert sigmas["wafer", "mean"] == pytest.approx(within["wafer"] / math.sqrt(5))
    assert sigmas["wafer", "range"] == pytest.approx(within["wafer"] * 0.864), "d3 of five"
    assert sigmas["ring", "mean"] == pytest.approx(within["ring"] / math.sqrt(5))
    assert sigmas["ring", "stddev"] == pytest.approx(within["ring"] * math.sqrt(1 - 0.94**2), rel=1e-3)
    assert sigmas["juice", "proportion"] == pytest.approx(math.sqrt(0.2313 * 0.7687 / 50))
    assert sigmas["orders", "rate"] == pytest.approx(math.sqrt(0.074 / 50))
    untabulated = [r for r in judged if r.event_time_utc == at(2).replace(tzinfo=None)]
    assert [(r.limit_version, r.sigma, r.ucl, r.lcl) for r in untabulated] == [("v1", None, None, None)] * 2


def slow_individuals(samples: list[tuple]) -> list[tuple]:
    """Walk along one chart's (run, minute, value): -> (statistic, minute, run, size, value)."""
    found, last = [], None
    for run, minute, value in sorted(samples, key=lambda s: (s[1], s[0], s[2] if s[2] is not None else 0)):
        if value is None or not math.isfinite(value):
            continue
        found.append(("individual", minute, run, 1.0, value))
        has_step = last is not None and last[0] == run
        found.append(("moving_range", minute, run, 2.0, abs(value - last[1]) if has_step else None))
        last = (run, value)
    return found


def slow_subgroups(samples: list[tuple], spread: str) -> list[tuple]:
    groups: dict[tuple, list] = {}
    for group, run, minute, value in samples:
        if value is not None and math.isfinite(value):
            groups.setdefault((group, run), []).append((minute, value))
    found = []
    for (_, run), members in groups.items():
        values, minute = [value for _, value in members], max(minute for minute, _ in members)
        found.append(("mean", minute, run, float(len(values)), statistics.fmean(values)))
        width = max(values) - min(values) if spread == "range" or len(values) < 2 else statistics.stdev(values)
        found.append((spread, minute, run, float(len(values)), width if len(values) > 1 else None))
    return found


def slow_limits(points: list[tuple], until: float, least: int) -> tuple[int, float | None, float | None]:
    inside = [p for p in points if 0 <= p[1] < until]
    located = [(size, value) for statistic, _, _, size, value in inside if statistic in ("individual", "mean")]
    told = []
    for statistic, _, _, size, value in inside:
        name = {"moving_range": "d2", "range": "d2", "stddev": "c4"}.get(statistic)
        told += [value / constant(name, size)] if name and value is not None else []
    sigma = statistics.fmean(told) if told else 0.0
    if len(located) < least or not sigma > 0:
        return len(located), None, None
    return len(located), sum(n * v for n, v in located) / sum(n for n, _ in located), sigma


def random_samples(rng: Random) -> list[tuple]:
    values = [-0.0, 0.0, 1.5, 2.0, 2.25, 7.0] if rng.random() < 0.9 else [0.1]
    odd = [None, NAN, INF]
    found = []
    for n in range(rng.choice([0, 1, 2, 5, 12, 24])):
        value = rng.choice(odd) if rng.random() < 0.1 else rng.choice(values)
        minute = n if rng.random() < 0.9 else n - 1
        found.append((f"g{n // rng.choice([1, 3, 4])}", rng.choice("AAAAAAB"), minute, value))
    return found


def rounded(points: list[tuple]) -> list[tuple]:
    return sorted(
        (s, minute, run, size, value is None, 0.0 if value is None else round(value, 9) + 0.0)
        for s, minute, run, size, value in points
    )


def test_points_and_limits_agree_with_a_walk_along_random_samples(spark) -> None:
    rng = Random(20260301)
    series = {f"c{n}": random_samples(rng) for n in range(200)}
    rows = [
        (chart, group, run, at(minute), value)
        for chart, samples in series.items()
        for group, run, minute, value in samples
    ]
    samples, baselines = frame(spark, SAMPLES, rows), baselines_of(spark, *series, until=15)
    made = {
        "i_mr": to_individual_points(samples),
        "range": to_subgroup_points(samples),
        "stddev": to_subgroup_points(samples, spread="stddev"),
    }
    for kind, points in made.items():
        found: dict[str, list[tuple]] = {chart: [] for chart in series}
        for r in points.collect():
            minute = round((utc(r.event_time_utc) - T0).total_seconds() / 60)
            found[r.chart_id].append((r.statistic, minute, r.run_id, r.sample_size, r.value))
        limits = {r.chart_id: r for r in to_limits(points, baselines, min_points=2).collect()}
        assert len(limits) == len(series)
        defined = 0
        for chart, told in series.items():
            singles = [sample[1:] for sample in told]
            wanted = slow_individuals(singles) if kind == "i_mr" else slow_subgroups(told, kind)
            assert rounded(found[chart]) == rounded(wanted), (kind, chart)
            count, center, sigma = slow_limits(wanted, 15, 2)
            version = limits[chart]
            assert version.baseline_points == count
            assert (version.center, version.sigma) == pytest.approx((center, sigma)), (kind, chart)
            defined += center is not None
        assert 50 < defined < 180, "both kinds of baselines were met"


def test_attributes_are_charted_where_they_can_be_counted(spark) -> None:
    rows = [
        ("p", at(0), 100.0, 4.0), ("p", at(1), 50.0, 0.0), ("p", at(2), 0.0, 0.0), ("p", at(3), 10.0, 11.0),
        ("p", at(4), None, 1.0), ("p", at(5), 10.0, None), ("p", at(6), 10.0, -1.0), ("p", at(7), NAN, 1.0),
        ("p", at(8), 10.0, 10.0), ("none", at(0), 10.0, 0.0),
    ]  # fmt: skip
    inspections = frame(spark, INSPECTIONS.format("defective_qty"), rows)
    shares, rates = to_proportion_points(inspections), to_rate_points(
        inspections.withColumnRenamed("defective_qty", "defect_qty")
    )  # fmt: skip
    assert sorted(r.value for r in shares.where("chart_id = 'p'").collect()) == [0.0, 0.04, 1.0]
    assert sorted(r.value for r in rates.where("chart_id = 'p'").collect()) == [0.0, 0.04, 1.0, 1.1]
    assert inspections.where(~is_proportion()).count() == 5, "NaN is greater than all, so it passes as a quantity"
    both = shares.unionByName(
        rates.withColumn("chart_id", rates.chart_id.substr(1, 9)).replace({"p": "u"}, subset="chart_id")
    )
    limits = {r.chart_id: r for r in to_limits(both, baselines_of(spark, "p", "u", "none"), min_points=1).collect()}
    assert (limits["p"].center, limits["p"].sigma) == pytest.approx((14 / 160, math.sqrt(14 / 160 * 146 / 160)))
    assert (limits["u"].center, limits["u"].sigma) == pytest.approx((25 / 170, math.sqrt(25 / 170)))
    assert (limits["none"].center, limits["none"].sigma) == (None, None), "no defect tells no spread"


@pytest.mark.acceptance(9)
def test_a_version_is_frozen_on_its_half_open_window_without_excluded_points(spark) -> None:
    values = [10.0, 12.0] * 10 + [99.0, 50.0]
    rows = [("a", "", None, at(n), value) for n, value in enumerate(values)]
    points = to_individual_points(frame(spark, SAMPLES, rows))
    declared = [
        ("a", "v1", at(20), at(0), at(20)), ("a", "v2", at(30), at(0), at(21)), ("a", "few", at(40), at(0), at(19)),
        ("b", "v1", at(0), at(0), at(20)),
    ]  # fmt: skip
    baselines = frame(spark, BASELINES, declared)
    excluded = points.withColumn("is_excluded", points.value > 80)
    found = {(r.chart_id, r.limit_version): r for r in to_limits(points, baselines).collect()}
    without = {(r.chart_id, r.limit_version): r for r in to_limits(excluded, baselines).collect()}
    first = found[("a", "v1")]
    assert (first.baseline_points, first.center, first.sigma) == (20, 11.0, pytest.approx(2 / 1.128))
    assert (utc(first.valid_from_utc), utc(first.baseline_end_utc)) == (at(20), at(20))
    assert found[("a", "v2")].baseline_points == 21
    assert without[("a", "v2")].baseline_points == 20
    assert without[("a", "v2")].center == 11.0
    few = found[("a", "few")]
    assert (few.baseline_points, few.center, few.sigma) == (19, None, None), "fewer than min_points"
    unknown = found[("b", "v1")]
    assert (unknown.chart_kind, unknown.baseline_points, unknown.center) == (None, 0, None)


def test_a_point_has_the_limits_of_the_version_valid_at_its_time(spark) -> None:
    versions = [
        ("a", "v1", at(10), 1.0, 1.0), ("a", "v2", at(20), 2.0, 1.0), ("a", "v3", at(20), 3.0, 1.0),
        ("a", "v4", at(30), None, None), ("b", "v1", at(0), 9.0, 1.0),
    ]  # fmt: skip
    rows = [("a", "i_mr", "individual", at(n), None, 1.0, 5.0) for n in (0, 9.5, 10, 19.5, 20, 29.5, 30)]
    rows += [("unknown", "i_mr", "individual", at(0), None, 1.0, 5.0)]
    judged = join_limits(frame(spark, POINTS, rows), frame(spark, LIMITS, versions))
    found = {(r.chart_id, (utc(r.event_time_utc) - T0).total_seconds()): r for r in judged.collect()}
    assert {s / 60: (r.limit_version, r.center) for (chart, s), r in found.items() if chart == "a"} == {
        0: (None, None), 9.5: (None, None), 10: ("v1", 1.0), 19.5: ("v1", 1.0), 20: ("v3", 3.0), 29.5: ("v3", 3.0),
        30: ("v4", None),
    }  # fmt: skip
    assert found[("unknown", 0)].limit_version is None
    assert len(found) == len(rows)


def test_bad_quality_is_not_charted_and_the_order_of_arrival_changes_no_bit(spark) -> None:
    rng = Random(5)
    ddl = SAMPLES.replace("run_id string, ", "") + ", quality string"
    rows = [
        ("a", f"g{n // 5}", at(n), rng.gauss(10, 3), rng.choice(["GOOD", "UNCERTAIN", "BAD", "STALE"]))
        for n in range(200)
    ]
    results = []
    for seed in (1, 2):
        samples = frame(spark, ddl, rows, seed=seed, partitions=seed + 1)
        points = to_subgroup_points(samples, spread="stddev")
        results.append(join_limits(points, to_limits(points, baselines_of(spark, "a"))))
    first, second = (sorted(tuple(r) for r in result.collect()) for result in results)
    assert first == second
    charted = sum(r[5] for r in first if r[2] == "mean")
    assert charted == sum(row[4] in ("GOOD", "UNCERTAIN") for row in rows) < 200


def test_empty_frames_keep_their_columns(spark) -> None:
    empty = spark.createDataFrame([], SAMPLES)
    points = to_individual_points(empty)
    assert points.dtypes == to_subgroup_points(empty).dtypes
    assert points.dtypes == [tuple(column.split(" ")) for column in POINTS.split(", ")]
    limits = to_limits(points, spark.createDataFrame([], BASELINES))
    judged = with_fired_rules(join_limits(points, limits))
    assert judged.collect() == []
    assert judged.columns == [*points.columns, "limit_version", "center", "sigma", "ucl", "lcl", "rules_fired"]


def test_a_missing_or_mistyped_column_is_refused_by_name_before_anything_runs(spark) -> None:
    empty = spark.createDataFrame([], SAMPLES)
    with pytest.raises(ColumnContractError, match=r"to_individual_points: missing column\(s\) \['value_double'\]"):
        to_individual_points(empty.drop("value_double"))
    with pytest.raises(ColumnContractError, match="'value_double': 'string'"):
        to_subgroup_points(empty.withColumn("value_double", empty.chart_id))
    with pytest.raises(ColumnContractError, match="'event_time_utc': 'date'"):
        to_individual_points(empty.withColumn("event_time_utc", empty.event_time_utc.cast("date")))
    with pytest.raises(ColumnContractError, match=r"missing column.*'defect_qty', 'inspected_qty'"):
        to_rate_points(empty)
    with pytest.raises(ContractError, match="unknown spread 'iqr'"):
        to_subgroup_points(empty, spread="iqr")
    with pytest.raises(ColumnContractError, match="limit_version"):
        to_limits(to_individual_points(empty), empty)


def test_from_samples_to_fired_rules_there_is_one_shuffle_by_chart(spark) -> None:
    limits = spark.createDataFrame([], LIMITS)
    judged = with_fired_rules(join_limits(to_individual_points(spark.createDataFrame([], SAMPLES)), limits))
    plan = judged._jdf.queryExecution().executedPlan().toString()
    shuffles = [line for line in plan.splitlines() if "Exchange hashpartitioning" in line]
    assert len(shuffles) == 2, "one of the samples by chart, one of the few limits"
    assert "Python" not in plan
