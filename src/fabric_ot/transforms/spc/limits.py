"""Control limits: frozen as a version from a declared baseline, and told to each point by its time."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.spc.constants import INDIVIDUALS_FACTOR, MOVING_RANGE_D2, MOVING_RANGE_D4
from fabric_ot.transforms.spc.points import LOCATIONS, POINT_COLUMNS, constant_of, sum_in_order

_BASELINE = ("limit_version", "valid_from_utc", "baseline_start_utc", "baseline_end_utc")


def to_limits(points: DataFrame, baselines: DataFrame, *, min_points: int = 20) -> DataFrame:
    """Turn the points of declared baselines into one frozen version of limits per chart.

    `center` is the mean of all measurements of the baseline; `sigma` that of a single measurement *within* subgroups:
    mean moving range / 1.128, mean of range / d2, mean of standard deviation / c4; of a p chart
    sqrt(center * (1 - center)), of a u chart sqrt(center). Keep the rows: a version is computed once, never again
    with later points. Points known to be out of control are left out by a column `is_excluded` in `points`.

    Columns in:  points: as one of the chart families returns them, optionally `is_excluded` (boolean);
                 baselines: `chart_id`, `limit_version` (string), `valid_from_utc`, and the half-open window
                 `baseline_start_utc`, `baseline_end_utc` (timestamp).
    Columns out: `chart_id`, `chart_kind`, `limit_version`, `valid_from_utc`, `baseline_start_utc`,
                 `baseline_end_utc`, `baseline_points` (of the location chart), `center`, `sigma`.
    Grain out:   that of `baselines`, also where no point lies in the window.
    Nulls:       none in keys and times; `center` and `sigma` are null below `min_points` or where the baseline has
                 no spread (limits that coincide would call any noise a signal), `chart_kind` where it has no point.
    Cost:        baselines are broadcast; one shuffle by version of the points inside baselines, one of baselines.
    Source of the formula: NIST/SEMATECH e-Handbook 6.3.2, 6.3.3.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("to_limits points", points, POINT_COLUMNS)
    require_columns("to_limits baselines", baselines, ["chart_id", *_BASELINE])
    declared = baselines.select("chart_id", *_BASELINE)
    kept = points.where(~sf.coalesce("is_excluded", sf.lit(False))) if "is_excluded" in points.columns else points
    at = sf.col("event_time_utc")
    inside = (sf.col("baseline_start_utc") <= at) & (at < sf.col("baseline_end_utc"))
    pooled = kept.join(sf.broadcast(declared), "chart_id").where(inside).groupBy("chart_id", "limit_version")
    is_location = sf.col("statistic").isin(*LOCATIONS)
    size = sf.when(is_location, sf.col("sample_size"))
    sums = pooled.agg(
        sf.max("chart_kind").alias("chart_kind"),
        sf.count(size).alias("_points"),
        sf.try_divide(sum_in_order(size * sf.col("value")), sum_in_order(size)).alias("_center"),
        sf.try_divide(sum_in_order(sigma_told()), sf.count(sigma_told())).alias("_within"),
    )
    found = sums.withColumn("_sigma", _sigma())
    is_defined = (sf.col("_points") >= min_points) & (sf.col("_sigma") > 0)
    return declared.join(found, ["chart_id", "limit_version"], "left").select(
        "chart_id",
        "chart_kind",
        *_BASELINE,
        sf.coalesce("_points", sf.lit(0)).alias("baseline_points"),
        sf.when(is_defined, sf.col("_center")).alias("center"),
        sf.when(is_defined, sf.col("_sigma")).alias("sigma"),
    )


def join_limits(points: DataFrame, limits: DataFrame) -> DataFrame:
    """Add to each point the limits of the version that is valid at its event time.

    A version is valid until the next one of its chart begins; of two that begin together the greater `limit_version`
    counts. The limits of a point are those of its statistic and its own sample size: with the tabulated factors
    (2.660, A2, A3, D3, D4, B3, B4) and 3 sigma / sqrt(n) for p and u, never below 0 or, for p, above 1.

    Columns in:  points: as one of the chart families returns them; limits: as `to_limits` returns them.
    Columns out: those of `points`, `limit_version`, `center`, `sigma` (of this statistic), `ucl`, `lcl`.
    Grain out:   that of `points`.
    Nulls:       the added columns where no version is valid or it is undefined; all but `limit_version` and `center`
                 where a subgroup is not of 2 to 25 samples.
    Cost:        limits are broadcast; no shuffle of `points`.
    Source of the formula: NIST/SEMATECH e-Handbook 6.3.2, 6.3.3.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("join_limits points", points, POINT_COLUMNS)
    require_columns("join_limits limits", limits, ["chart_id", "limit_version", "valid_from_utc", "center", "sigma"])
    by_start = Window.partitionBy("chart_id").orderBy("valid_from_utc", "limit_version")
    versions = limits.select(
        sf.col("chart_id").alias("_chart"),
        "limit_version",
        sf.col("valid_from_utc").alias("_from"),
        sf.lead("valid_from_utc").over(by_start).alias("_to"),
        sf.col("center").alias("_center"),
        sf.col("sigma").alias("_sigma"),
    )
    at = sf.col("event_time_utc")
    is_valid = (sf.col("_from") <= at) & (sf.col("_to").isNull() | (at < sf.col("_to")))
    joined = points.join(sf.broadcast(versions), (sf.col("chart_id") == sf.col("_chart")) & is_valid, "left")
    placed = joined.withColumn("_n", sf.col("sample_size")).withColumn("center", _point_center())
    bounded = placed.withColumns({"sigma": _point_sigma(), "ucl": _upper(), "lcl": _lower()})
    return bounded.select(*points.columns, "limit_version", "center", "sigma", "ucl", "lcl")


def sigma_told() -> Column:
    """Return what one point of a spread chart says of sigma; null for points of other charts."""
    value, size, statistic = sf.col("value"), sf.col("sample_size"), sf.col("statistic")
    return (
        sf.when(statistic == "moving_range", value / MOVING_RANGE_D2)
        .when(statistic == "range", value / constant_of("d2", size))
        .when(statistic == "stddev", value / constant_of("c4", size))
    )


def _sigma() -> Column:
    center = sf.col("_center")
    variance = sf.greatest(center * (1 - center), sf.lit(0.0))
    p_chart, u_chart = sf.col("chart_kind") == "p", sf.col("chart_kind") == "u"
    return sf.when(p_chart, sf.sqrt(variance)).when(u_chart, sf.sqrt(center)).otherwise(sf.col("_within"))


def _by_statistic(**columns: Column) -> Column:
    chosen = sf.lit(None).cast("double")
    for name, column in columns.items():
        chosen = sf.when(sf.col("statistic") == name, column).otherwise(chosen)
    return chosen


def _point_center() -> Column:
    sigma, n = sf.col("_sigma"), sf.col("_n")
    return sf.when(sf.col("statistic").isin(*LOCATIONS), sf.col("_center")).otherwise(
        _by_statistic(
            moving_range=sigma * MOVING_RANGE_D2,
            range=sigma * constant_of("d2", n),
            stddev=sigma * constant_of("c4", n),
        )
    )


def _point_sigma() -> Column:
    sigma, n, c4 = sf.col("_sigma"), sf.col("_n"), constant_of("c4", sf.col("_n"))
    of_mean = sigma / sf.sqrt(n)
    return _by_statistic(
        individual=sigma,
        mean=sf.when(c4.isNotNull(), of_mean),
        proportion=of_mean,
        rate=of_mean,
        moving_range=sigma * constant_of("d3", n),
        range=sigma * constant_of("d3", n),
        stddev=sigma * sf.sqrt(1 - c4 * c4),
    )


def _half_width() -> Column:
    sigma, n = sf.col("_sigma"), sf.col("_n")
    by_range = constant_of("A2", n) * constant_of("d2", n) * sigma
    by_stddev = constant_of("A3", n) * constant_of("c4", n) * sigma
    of_units = sf.lit(3.0) * sigma / sf.sqrt(n)
    return _by_statistic(
        individual=sigma * MOVING_RANGE_D2 * INDIVIDUALS_FACTOR,
        mean=sf.when(sf.col("chart_kind") == "xbar_r", by_range).otherwise(by_stddev),
        proportion=of_units,
        rate=of_units,
    )


def _upper() -> Column:
    center, n = sf.col("center"), sf.col("_n")
    above = center + _half_width()
    return _by_statistic(
        individual=above,
        mean=above,
        proportion=sf.when(above.isNotNull(), sf.least(above, sf.lit(1.0))),
        rate=above,
        moving_range=center * MOVING_RANGE_D4,
        range=center * constant_of("D4", n),
        stddev=center * constant_of("B4", n),
    )


def _lower() -> Column:
    center, n = sf.col("center"), sf.col("_n")
    below = center - _half_width()
    not_negative = sf.when(below.isNotNull(), sf.greatest(below, sf.lit(0.0)))
    return _by_statistic(
        individual=below,
        mean=below,
        proportion=not_negative,
        rate=not_negative,
        moving_range=center * 0.0,
        range=center * constant_of("D3", n),
        stddev=center * constant_of("B3", n),
    )
