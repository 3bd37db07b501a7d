"""Energy baselines: E = b0 + b1*x1 + ... by ordinary least squares, in column expressions, and savings against them.

The normal equations are solved on correlations, so that units of the drivers do not matter for accuracy.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.numbers import finite_or_null, is_finite, require_numbers

_MOST_DRIVERS = 3
_Matrix = list[list[Column]]


def rollup_baseline(
    periods: DataFrame,
    *,
    by: Sequence[str],
    drivers: Sequence[str],
    target: str = "energy_kwh",
    collinear_below: float = 1e-8,
) -> DataFrame:
    """Fit a linear baseline of energy on one to three drivers, one model per group.

    Choices: at least two observations more than drivers; a constant driver, or drivers whose correlation matrix has
    a determinant below `collinear_below`, are refused. Rows with a null, NaN or infinite number are left out and
    counted.

    Columns in:  `by`, `target` (number, kWh), `drivers` (numbers): production, degree days, hours.
    Columns out: `by`, `fit_status` (fitted, too_few_observations, collinear_drivers), `observation_count`,
                 `left_out_count` (long), `intercept`, per driver `slope_<driver>`, `least_<driver>`,
                 `greatest_<driver>`, `r2`, `rmse_kwh` (by n - drivers - 1).
    Grain out:   one row per group.
    Nulls:       coefficients, r2 and rmse are null unless fitted; r2 also where the target is constant.
    Cost:        one shuffle of partial moments by `by`.

    Raises:
        ColumnContractError: a column is missing or not a number.
        ContractError: no driver, more than three, or one named twice or as the target.

    Source: ISO 50006 by common usage; NIST/SEMATECH e-Handbook 4.4.3.1 (least squares).
    """
    _check("rollup_baseline", periods, by, drivers, target)
    finite = sf.lit(True)
    for name in (target, *drivers):
        finite = finite & is_finite(sf.col(name).cast("double"))
    used = {name: sf.when(finite, sf.col(name).cast("double")) for name in (target, *drivers)}
    return _solved(periods.groupBy(*by).agg(*_moments(used, finite)), by, drivers, collinear_below)


def join_baseline(
    periods: DataFrame, baselines: DataFrame, *, on: Sequence[str], drivers: Sequence[str], target: str = "energy_kwh"
) -> DataFrame:
    """Add what the baseline expects of each period, the residual and the savings.

    Columns in:  periods: `on`, `target`, `drivers` and more; baselines: as `rollup_baseline` returns them.
    Columns out: those of `periods`, `expected_kwh`, `residual_kwh` (actual - expected), `savings_kwh`
                 (expected - actual), `is_extrapolated` (a driver lies outside the range that the baseline saw).
    Grain out:   that of `periods`; without `on`, the one baseline is that of all.
    Nulls:       all four are null where there is no fitted baseline, or a driver is null; residual and savings also
                 where the target is.
    Cost:        baselines are broadcast; no shuffle.

    Raises:
        ColumnContractError, ContractError: as `rollup_baseline`.
    """
    _check("join_baseline", periods, on, drivers, target)
    parts = [f"{kind}_{name}" for name in drivers for kind in ("slope", "least", "greatest")]
    require_columns("join_baseline baselines", baselines, [*on, "intercept", *parts])
    model = sf.broadcast(baselines.select(*on, sf.struct("intercept", *parts).alias("_model")))
    joined = periods.join(model, list(on), "left") if on else periods.crossJoin(model)
    expected, outside = sf.col("_model.intercept"), sf.lit(False)
    for name in drivers:
        driver = sf.col(name).cast("double")
        expected = expected + sf.col(f"_model.slope_{name}") * driver
        outside = outside | ~driver.between(sf.col(f"_model.least_{name}"), sf.col(f"_model.greatest_{name}"))
    actual = sf.col(target).cast("double")
    told = joined.withColumn("expected_kwh", finite_or_null(expected))
    return told.select(
        *periods.columns,
        "expected_kwh",
        (actual - sf.col("expected_kwh")).alias("residual_kwh"),
        (sf.col("expected_kwh") - actual).alias("savings_kwh"),
        sf.when(sf.col("expected_kwh").isNotNull(), outside).alias("is_extrapolated"),
    )


def rollup_savings(compared: DataFrame, *, by: Sequence[str]) -> DataFrame:
    """Add up expected energy and savings over the periods that a baseline explains.

    Columns in:  `by`, `expected_kwh`, `savings_kwh` (as `join_baseline` returns them).
    Columns out: `by`, `expected_kwh`, `savings_kwh`, `savings_share` (of the expected), `compared_count`,
                 `left_out_count` (long).
    Grain out:   one row per group.
    Nulls:       sums are null where no period could be compared.
    Cost:        one shuffle of partial sums by `by`.
    """
    require_columns("rollup_savings", compared, [*by, "expected_kwh", "savings_kwh"])
    has_both = sf.col("savings_kwh").isNotNull() & sf.col("expected_kwh").isNotNull()
    sums = compared.groupBy(*by).agg(
        sf.sum(sf.when(has_both, sf.col("expected_kwh"))).alias("expected_kwh"),
        sf.sum(sf.when(has_both, sf.col("savings_kwh"))).alias("savings_kwh"),
        sf.count_if(has_both).alias("compared_count"),
        sf.count_if(~has_both).alias("left_out_count"),
    )
    share = sf.try_divide("savings_kwh", "expected_kwh").alias("savings_share")
    return sums.select(*by, "expected_kwh", "savings_kwh", share, "compared_count", "left_out_count")


def _check(where: str, periods: DataFrame, by: Sequence[str], drivers: Sequence[str], target: str) -> None:
    require_columns(where, periods, by)
    require_numbers(where, periods, [target, *drivers])
    if not 1 <= len(drivers) <= _MOST_DRIVERS or len({target, *drivers}) != len(drivers) + 1:
        message = f"{where}: drivers={list(drivers)}, target={target!r}\nHint: one to three, each once, not the target"
        raise ContractError(message)


def _moments(used: dict[str, Column], finite: Column) -> list[Column]:
    """Count, and give the means, covariances and ranges of the used numbers; `y` is the target, `x0`.. the drivers."""
    target, *drivers = used.values()
    columns = {"y": target, **{f"x{i}": driver for i, driver in enumerate(drivers)}}
    names = list(columns)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i:]]
    return [
        sf.count_if(finite).alias("observation_count"),
        sf.count_if(~finite).alias("left_out_count"),
        *[sf.avg(column).alias(f"mean_{name}") for name, column in columns.items()],
        *[sf.covar_samp(columns[a], columns[b]).alias(f"cov_{a}_{b}") for a, b in pairs],
        *[sf.min(driver).alias(f"low_{i}") for i, driver in enumerate(drivers)],
        *[sf.max(driver).alias(f"high_{i}") for i, driver in enumerate(drivers)],
    ]


def _solved(moments: DataFrame, by: Sequence[str], drivers: Sequence[str], collinear_below: float) -> DataFrame:
    count, observations = len(drivers), sf.col("observation_count")
    solved = _with_weights(moments, count, collinear_below)
    explained, level, per_driver = sf.lit(0.0), sf.col("mean_y"), []
    for i, name in enumerate(drivers):
        slope = sf.try_divide(sf.col(f"_b{i}"), _deviation(i))
        explained = explained + sf.col(f"_b{i}") * sf.col(f"_r{i}")
        level = level - slope * sf.col(f"mean_x{i}")
        per_driver.append(slope.alias(f"slope_{name}"))
        per_driver += [sf.col(f"low_{i}").alias(f"least_{name}"), sf.col(f"high_{i}").alias(f"greatest_{name}")]
    share = sf.try_divide(explained, sf.col("cov_y_y"))
    left = sf.greatest(sf.lit(0.0), (sf.col("cov_y_y") - explained) * (observations - 1))
    rmse = sf.sqrt(sf.try_divide(left, (observations - (count + 1)).cast("double")))
    return solved.select(
        *by,
        "fit_status",
        "observation_count",
        "left_out_count",
        level.alias("intercept"),
        *per_driver,
        # least() and greatest() pass over a null, so they alone would say 1 and 0 where nothing is fitted
        sf.when(share > 1, sf.lit(1.0)).otherwise(share).alias("r2"),
        sf.when(sf.col("fit_status") == "fitted", rmse).alias("rmse_kwh"),
    )


def _with_weights(moments: DataFrame, count: int, collinear_below: float) -> DataFrame:
    """Add `fit_status`, and by Cramer's rule the weight `_b<i>` of each driver scaled by its deviation."""
    matrix = [[_correlation(min(i, j), max(i, j)) for j in range(count)] for i in range(count)]
    # the target is not scaled: a constant target is a fit with slopes of 0
    right = {f"_r{i}": sf.try_divide(sf.col(f"cov_y_x{i}"), _deviation(i)) for i in range(count)}
    told = moments.withColumns(right).withColumn("_det", _determinant(matrix))
    is_apart = sf.coalesce(sf.col("_det") >= collinear_below, sf.lit(False))
    status = sf.when(sf.col("observation_count") < count + 2, "too_few_observations")
    told = told.withColumn("fit_status", status.when(~is_apart, "collinear_drivers").otherwise("fitted"))
    is_fitted = sf.col("fit_status") == "fitted"
    weights = [sf.try_divide(_determinant(_replaced(matrix, i)), sf.col("_det")) for i in range(count)]
    return told.withColumns({f"_b{i}": sf.when(is_fitted, weight) for i, weight in enumerate(weights)})


def _deviation(i: int) -> Column:
    return sf.sqrt(sf.col(f"cov_x{i}_x{i}"))


def _correlation(i: int, j: int) -> Column:
    shared = sf.try_divide(sf.col(f"cov_x{i}_x{j}"), _deviation(i) * _deviation(j))
    return sf.when(shared.isNotNull(), sf.lit(1.0)) if i == j else shared


def _replaced(matrix: _Matrix, column: int) -> _Matrix:
    return [[sf.col(f"_r{i}") if j == column else entry for j, entry in enumerate(row)] for i, row in enumerate(matrix)]


def _determinant(matrix: _Matrix) -> Column:
    if len(matrix) == 1:
        return matrix[0][0]
    terms = []
    for j, entry in enumerate(matrix[0]):
        minor = [[*row[:j], *row[j + 1 :]] for row in matrix[1:]]
        terms.append(entry * _determinant(minor) * sf.lit(-1.0 if j % 2 else 1.0))
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
