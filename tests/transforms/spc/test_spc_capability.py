"""Capability: within and overall sigma, one-sided limits, and undefined where undefined."""

from __future__ import annotations

import datetime as dt
import math
import statistics
from itertools import pairwise
from random import Random

import pytest

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.spc.capability import (
    rollup_capability,
    rollup_charted_capability,
    rollup_machine_capability,
)
from fabric_ot.transforms.spc.constants import CONSTANTS
from fabric_ot.transforms.spc.subgroups import to_subgroup_points

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SAMPLES = "chart_id string, subgroup_id string, event_time_utc timestamp, value_double double"
SPECS = "chart_id string, lsl double, usl double"
NAN = float("nan")


def samples_of(spark, charts: dict[str, list]):
    rows = [
        (chart, f"g{n // 4}", T0 + dt.timedelta(minutes=n), value)
        for chart, values in charts.items()
        for n, value in enumerate(values)
    ]
    return frame(spark, SAMPLES, rows)


def slow_within(values: list, within: str) -> float | None:
    if within == "moving_range":
        counted = [v for v in values if v is not None and math.isfinite(v)]
        told = [abs(b - a) / 1.128 for a, b in pairwise(counted)]
        return statistics.fmean(told) if told else None
    told = []
    for start in range(0, len(values), 4):
        group = [v for v in values[start : start + 4] if v is not None and math.isfinite(v)]
        if len(group) > 1 and within == "range":
            told.append((max(group) - min(group)) / CONSTANTS["d2"][len(group) - 2])
        elif len(group) > 1:
            told.append(statistics.stdev(group) / CONSTANTS["c4"][len(group) - 2])
    return statistics.fmean(told) if told else None


def slow_indices(values: list, spec: tuple, sigma: float | None, least: int) -> tuple[float | None, float | None]:
    counted = [v for v in values if v is not None and math.isfinite(v)]
    lsl, usl = (limit if limit is not None and math.isfinite(limit) else None for limit in spec)
    crossed = lsl is not None and usl is not None and lsl >= usl
    if len(counted) < least or not sigma or crossed or (lsl is None and usl is None):
        return None, None
    mean = statistics.fmean(counted)
    sides = ([(usl - mean)] if usl is not None else []) + ([(mean - lsl)] if lsl is not None else [])
    both = (usl - lsl) / (6 * sigma) if lsl is not None and usl is not None else None
    return both, min(sides) / (3 * sigma)


def test_capability_of_a_hand_checked_series(spark) -> None:
    # mean 10, moving ranges all 2 (sigma within 2 / 1.128), standard deviation sqrt(32 / 31)
    charts = {name: [9.0, 11.0] * 16 for name in ("both", "upper", "lower")}
    specs = [("both", 4.0, 14.0), ("upper", None, 14.0), ("lower", 4.0, NAN), ("silent", 0.0, 1.0)]
    told = rollup_capability(samples_of(spark, charts), frame(spark, SPECS, specs)).collect()
    found = {r.chart_id: r for r in told}
    within, overall = 2 / 1.128, math.sqrt(32 / 31)
    both, upper, lower, silent = (found[name] for name in ("both", "upper", "lower", "silent"))
    assert (both.samples, both.mean) == (32, 10.0)
    assert (both.sigma_within, both.sigma_overall) == pytest.approx((within, overall))
    assert (both.cp, both.cpk) == pytest.approx((10 / (6 * within), 4 / (3 * within)))
    assert (both.pp, both.ppk) == pytest.approx((10 / (6 * overall), 4 / (3 * overall)))
    assert (both.undefined_reason, upper.undefined_reason, lower.undefined_reason) == (None, None, None)
    assert (upper.cp, upper.pp, lower.cp, lower.pp) == (None,) * 4, "one limit has no width"
    assert (upper.cpk, lower.cpk) == pytest.approx((4 / (3 * within), 6 / (3 * within)))
    assert (upper.ppk, lower.ppk) == pytest.approx((4 / (3 * overall), 6 / (3 * overall)))
    assert (silent.samples, silent.mean, silent.cp, silent.undefined_reason) == (0, None, None, "too_few_samples")


def test_a_process_off_its_limits_has_a_negative_cpk(spark) -> None:
    found = rollup_capability(samples_of(spark, {"a": [19.0, 21.0] * 15}), frame(spark, SPECS, [("a", 0.0, 10.0)]))
    (row,) = found.collect()
    assert row.cpk == pytest.approx(-10 / (3 * 2 / 1.128))
    assert row.cp > 0


def test_undefined_capability_is_null_with_its_reason(spark) -> None:
    charts = {
        "few": [1.0, 2.0] * 14 + [1.0, None, NAN], "enough": [1.0, 2.0] * 15, "stuck": [0.1] * 40,
        "no_limit": [1.0, 2.0] * 15, "crossed": [1.0, 2.0] * 15, "equal": [1.0, 2.0] * 15,
        "between": [1.0] * 4 + [2.0] * 36,
    }  # fmt: skip
    limits = {"no_limit": (None, NAN), "crossed": (2.0, 1.0), "equal": (1.0, 1.0)}
    specs = frame(spark, SPECS, [(name, *limits.get(name, (0.0, 3.0))) for name in charts])
    samples = samples_of(spark, charts)
    found = {r.chart_id: r for r in rollup_capability(samples, specs, within="range").collect()}
    assert {name: r.undefined_reason for name, r in found.items()} == {
        "few": "too_few_samples", "enough": None, "stuck": "no_spread", "no_limit": "no_limit",
        "crossed": "limits_crossed", "equal": "limits_crossed", "between": "no_spread",
    }  # fmt: skip
    for name, r in found.items():
        is_defined = name == "enough"
        assert (r.cp is not None, r.cpk is not None) == (is_defined, is_defined), name
        assert (r.ppk is not None) == (name in ("enough", "between")), name
    assert found["stuck"].sigma_within == 0.0
    charted = rollup_charted_capability(samples, to_subgroup_points(samples, spread="range"), specs).collect()
    assert {r.chart_id: r.undefined_reason for r in charted} == {name: r.undefined_reason for name, r in found.items()}
    machine = {r.chart_id: r for r in rollup_machine_capability(samples, specs, min_samples=30).collect()}
    assert machine["stuck"].undefined_reason == "no_spread"
    assert machine["few"].cmk is None
    assert (machine["enough"].cm, machine["enough"].cmk) == (found["enough"].pp, found["enough"].ppk)


@pytest.mark.parametrize("within", ["moving_range", "range", "stddev"])
def test_capability_agrees_with_a_slow_calculation_on_random_samples(spark, within: str) -> None:
    rng = Random(40)
    charts, specs = {}, {}
    for n in range(150):
        length, scale = rng.choice([0, 1, 2, 3, 9, 30]), rng.choice([0.0, 1.0, 5.0])
        values = [
            rng.choice([None, NAN, float("inf")]) if rng.random() < 0.1 else rng.gauss(10, 1) * scale
            for _ in range(length)
        ]
        charts[f"c{n}"], specs[f"c{n}"] = values, (rng.choice([None, 5.0, 8.0]), rng.choice([None, 8.0, 12.0, NAN]))
    frames = samples_of(spark, charts), frame(spark, SPECS, [(name, *spec) for name, spec in specs.items()])
    found = {r.chart_id: r for r in rollup_capability(*frames, within=within, min_samples=3).collect()}
    assert len(found) == 150
    for name, values in charts.items():
        counted = [v for v in values if v is not None and math.isfinite(v)]
        overall = statistics.stdev(counted) if len(counted) > 1 else None
        row = found[name]
        assert row.samples == len(counted)
        cp, cpk = slow_indices(values, specs[name], slow_within(values, within), 3)
        pp, ppk = slow_indices(values, specs[name], overall, 3)
        assert (row.cp, row.cpk, row.pp, row.ppk) == pytest.approx((cp, cpk, pp, ppk)), name


def test_capability_refuses_what_it_cannot_use(spark) -> None:
    samples, specs = spark.createDataFrame([], SAMPLES), spark.createDataFrame([], SPECS)
    with pytest.raises(ContractError, match="unknown within 'overall'"):
        rollup_capability(samples, specs, within="overall")
    with pytest.raises(ColumnContractError, match="subgroup_id"):
        rollup_capability(samples.drop("subgroup_id"), specs, within="range")
    with pytest.raises(ColumnContractError, match=r"rollup_capability specs.*'usl'"):
        rollup_capability(samples, specs.drop("usl"))
    assert rollup_capability(samples, specs).collect() == []
