"""The energy baseline: least squares as exact arithmetic has it, refused where it says nothing, and savings."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import pytest

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.energy.baselines import join_baseline, rollup_baseline, rollup_savings

pytestmark = pytest.mark.spark

DRIVERS = ("produced_qty", "hdd", "hours")
DDL = "site string, energy_kwh double, produced_qty double, hdd double, hours double"
NAN = float("nan")


def solved(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction] | None:
    """Solve by elimination in exact fractions; None where the matrix is singular."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(len(rows)):
        pivot = next((row for row in rows[i:] if row[i] != 0), None)
        if pivot is None:
            return None
        rows.remove(pivot)
        rows.insert(i, pivot)
        for other in rows[:i] + rows[i + 1 :]:
            factor = other[i] / pivot[i]
            other[:] = [a - factor * b for a, b in zip(other, pivot, strict=True)]
    return [row[-1] / row[i] for i, row in enumerate(rows)]


def least_squares(rows: list[tuple], count: int) -> dict | None:
    """Fit by the normal equations on (1, x...), with intercept first."""
    used = [[Fraction(v) for v in row] for row in rows]
    design = [[Fraction(1), *row[1 : count + 1]] for row in used]
    target = [row[0] for row in used]
    matrix = [[sum(x[i] * x[j] for x in design) for j in range(count + 1)] for i in range(count + 1)]
    right = [sum(x[i] * y for x, y in zip(design, target, strict=True)) for i in range(count + 1)]
    found = solved(matrix, right)
    if found is None:
        return None
    errors = [y - sum(b * v for b, v in zip(found, x, strict=True)) for x, y in zip(design, target, strict=True)]
    mean = sum(target) / len(target)
    total, left = sum((y - mean) ** 2 for y in target), sum(e * e for e in errors)
    return {
        "coefficients": [float(b) for b in found],
        "r2": float(1 - left / total) if total else None,
        "rmse": math.sqrt(left / (len(rows) - count - 1)),
    }


def drawn(random: Random, count: int) -> list[tuple]:
    kind = random.choice(["noise", "noise", "exact", "constant driver", "copied driver", "constant target", "few"])
    size = random.randint(1, count + 1) if kind == "few" else random.randint(count + 2, 14)
    rows = []
    for _ in range(size):
        x = [float(random.randint(0, 50)) * 4.0**i for i in range(3)]
        if kind == "constant driver":
            x[0] = 7.0
        if kind == "copied driver" and count > 1:
            x[count - 1] = 3 * x[0] + 5
        y = 1000.0 + sum((i + 1) * v for i, v in enumerate(x[:count]))
        y = 42.0 if kind == "constant target" else y + (random.randint(-90, 90) if kind != "exact" else 0)
        rows.append((y, *x))
    return rows


@pytest.mark.parametrize("count", [1, 2, 3])
def test_coefficients_agree_with_the_normal_equations_in_exact_arithmetic(spark, count: int) -> None:
    random = Random(count)
    cases = {f"s{n}": drawn(random, count) for n in range(150)}
    rows = [(site, *row) for site, case in cases.items() for row in case]
    holes = [("s0", None, 1.0, 1.0, 1.0), ("s0", NAN, 1.0, 1.0, 1.0), ("s0", 1.0, float("inf"), 1.0, 1.0)]
    drivers = DRIVERS[:count]
    fitted = rollup_baseline(frame(spark, DDL, rows + holes), by=["site"], drivers=drivers)
    found = {r.site: r for r in fitted.collect()}
    assert (found["s0"].left_out_count, found["s1"].left_out_count) == (3, 0)
    seen = set()
    for site, case in cases.items():
        row, exact = found[site], least_squares(case, count) if len(case) >= count + 2 else None
        coefficients = [row.intercept, *[row[f"slope_{name}"] for name in drivers]]
        assert row.observation_count == len(case)
        assert row[f"least_{drivers[-1]}"] == min(r[count] for r in case)
        assert row[f"greatest_{drivers[-1]}"] == max(r[count] for r in case)
        seen.add(row.fit_status)
        if exact is None:
            refused = "too_few_observations" if len(case) < count + 2 else "collinear_drivers"
            assert (row.fit_status, *coefficients, row.r2, row.rmse_kwh) == (refused, *[None] * (count + 3)), site
            continue
        assert row.fit_status == "fitted", site
        assert coefficients == pytest.approx(exact["coefficients"], rel=1e-7, abs=1e-6), site
        assert row.rmse_kwh == pytest.approx(exact["rmse"], rel=1e-6, abs=1e-4), site
        assert (row.r2 is None) == (exact["r2"] is None)
        assert row.r2 is None or (row.r2 <= 1 and row.r2 == pytest.approx(exact["r2"], abs=1e-7)), site
    assert seen == {"fitted", "too_few_observations", "collinear_drivers"}


BASELINE = [("a", 100.0 + 2.0 * n + 0.5 * h, float(n), float(h), 0.0) for n in range(10, 15) for h in (0, 4, 9)]


def test_savings_are_expected_less_actual_and_beyond_the_baseline_is_flagged(spark) -> None:
    drivers = ("produced_qty", "hdd")
    model = rollup_baseline(frame(spark, DDL, BASELINE), by=["site"], drivers=drivers)
    later = [
        ("a", 120.0, 12.0, 4.0, 0.0), ("a", 160.0, 20.0, 4.0, 0.0), ("a", None, 10.0, 9.0, 0.0),
        ("a", 1.0, None, 1.0, 0.0), ("unknown", 1.0, 10.0, 1.0, 0.0),
    ]  # fmt: skip
    compared = join_baseline(frame(spark, DDL, later), model, on=["site"], drivers=drivers)
    rows = {(r.site, r.energy_kwh, r.produced_qty): r for r in compared.collect()}
    inside, beyond = rows["a", 120.0, 12.0], rows["a", 160.0, 20.0]
    assert inside.expected_kwh == pytest.approx(126)
    assert (inside.savings_kwh, inside.residual_kwh) == (pytest.approx(6), pytest.approx(-6))
    assert (inside.is_extrapolated, beyond.is_extrapolated) == (False, True)
    assert beyond.savings_kwh == pytest.approx(142 - 160)
    silent = rows["a", None, 10.0]
    assert (silent.expected_kwh, silent.savings_kwh, silent.is_extrapolated) == (pytest.approx(124.5), None, False)
    for key in (("a", 1.0, None), ("unknown", 1.0, 10.0)):
        assert tuple(rows[key])[-4:] == (None, None, None, None)
    sums = {r.site: tuple(r)[1:] for r in rollup_savings(compared, by=["site"]).collect()}
    assert sums["a"] == (pytest.approx(268), pytest.approx(-12), pytest.approx(-12 / 268), 2, 2)
    assert sums["unknown"] == (None, None, None, 0, 1)


def test_one_model_for_all_needs_no_key_and_an_empty_frame_has_too_few(spark) -> None:
    periods = frame(spark, DDL, BASELINE)
    model = rollup_baseline(periods, by=[], drivers=["produced_qty", "hdd"])
    worst = join_baseline(periods, model, on=[], drivers=["produced_qty", "hdd"]).collect()
    assert len(worst) == len(BASELINE)
    assert max(abs(r.residual_kwh) for r in worst) < 1e-9
    nothing = rollup_baseline(periods.where("site = ''"), by=[], drivers=["hdd"]).collect()[0]
    assert (nothing.fit_status, nothing.observation_count, nothing.intercept) == ("too_few_observations", 0, None)


def test_nearly_collinear_drivers_are_refused_by_a_declared_limit(spark) -> None:
    rows = [("a", float(n), float(n), n + 0.01 * (n % 2), 0.0) for n in range(20)]
    periods = frame(spark, DDL, rows)
    strict = rollup_baseline(periods, by=["site"], drivers=["produced_qty", "hdd"], collinear_below=1e-4).collect()[0]
    told = rollup_baseline(periods, by=["site"], drivers=["produced_qty", "hdd"]).collect()[0]
    assert (strict.fit_status, told.fit_status) == ("collinear_drivers", "fitted")


def test_a_model_that_cannot_be_is_refused_before_anything_runs(spark) -> None:
    periods = spark.createDataFrame([], DDL)
    for drivers in ([], ["hdd", "hdd"], ["energy_kwh"], [*DRIVERS, "site"]):
        with pytest.raises(ContractError):
            rollup_baseline(periods, by=["site"], drivers=drivers)
    with pytest.raises(ColumnContractError, match="should be numbers"):
        rollup_baseline(periods, by=[], drivers=["site"])
    with pytest.raises(ColumnContractError, match="slope_hdd"):
        join_baseline(periods, periods.withColumn("intercept", periods.hdd), on=["site"], drivers=["hdd"])
    plan = rollup_baseline(periods, by=["site"], drivers=["hdd"])._jdf.queryExecution().executedPlan().toString()
    assert plan.count("Exchange hashpartitioning") == 1
