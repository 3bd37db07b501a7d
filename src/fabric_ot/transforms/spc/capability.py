"""Capability of a process (Cp, Cpk, Pp, Ppk) and of a machine (Cm, Cmk), with one or two specification limits."""

from __future__ import annotations

from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.numbers import is_finite
from fabric_ot.transforms.spc.individuals import to_individual_points
from fabric_ot.transforms.spc.limits import sigma_told
from fabric_ot.transforms.spc.points import POINT_COLUMNS, keep_measured, require_samples
from fabric_ot.transforms.spc.subgroups import to_subgroup_points

Within = Literal["moving_range", "range", "stddev"]
_WITHIN = ("moving_range", "range", "stddev")


def rollup_capability(
    samples: DataFrame, specs: DataFrame, *, within: Within = "moving_range", min_samples: int = 30
) -> DataFrame:
    """Compare the spread of measurements with their specification: Cp, Cpk, Pp, Ppk per chart.

    Cp and Cpk use the sigma within subgroups (mean moving range / 1.128, mean range / d2, mean standard deviation
    / c4), Pp and Ppk the standard deviation of all samples (divisor n - 1). With one limit there is no Cp or Pp, and
    Cpk or Ppk looks at that side alone. They speak of a stable process only: look at the fired rules first.

    Columns in:  samples: `chart_id` (string), `event_time_utc` (timestamp), `value_double` (number), `subgroup_id`
                 unless `within` is moving_range; optionally `run_id`, `quality`; specs: `chart_id`, `lsl`, `usl`
                 (double, one of them may be null), one row per chart.
    Columns out: `chart_id`, `samples` (count), `mean`, `sigma_within`, `sigma_overall`, `cp`, `cpk`, `pp`, `ppk`,
                 `undefined_reason`.
    Grain out:   that of `specs`.
    Nulls:       none in keys; null, NaN and infinite values are skipped. An index is null with `undefined_reason`
                 too_few_samples, no_limit, limits_crossed (lsl >= usl) or no_spread, the first that holds.
    Cost:        two shuffles of `samples` by chart, one of `specs`. The last bits of the means depend on row order.
    Source of the formula: NIST/SEMATECH e-Handbook 6.1.6; ISO 22400-2 (Cp, Cpk).

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ContractError: `within` is unknown.
    """
    if within not in _WITHIN:
        message = f"rollup_capability: unknown within {within!r}\nHint: one of {list(_WITHIN)}"
        raise ContractError(message)
    points = to_individual_points(samples) if within == "moving_range" else to_subgroup_points(samples, spread=within)
    return rollup_charted_capability(samples, points, specs, min_samples=min_samples)


def rollup_charted_capability(
    samples: DataFrame, points: DataFrame, specs: DataFrame, *, min_samples: int = 30
) -> DataFrame:
    """Compare measurements with their specification where their points are there already: Cp, Cpk, Pp, Ppk per chart.

    As `rollup_capability`, for charts of any kinds at once: the sigma within subgroups is what the points of each
    chart's spread (moving_range, range, stddev) tell.

    Columns in:  samples, specs: as `rollup_capability`; points: of these samples, as the chart families return them.
    Columns out: those of `rollup_capability`.
    Grain out:   that of `specs`.
    Nulls:       as `rollup_capability`; a chart without points of a spread has no_spread.
    Cost:        one shuffle of `samples` by chart, one of `points`, one of `specs`.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
    """
    require_columns("rollup_charted_capability points", points, POINT_COLUMNS)
    within_sigma = points.groupBy("chart_id").agg(sf.avg(sigma_told()).alias("sigma_within"))
    found = _with_moments("rollup_capability", samples, specs).join(within_sigma, "chart_id", "left")
    reason = _undefined_reason(min_samples, "sigma_within", "sigma_overall")
    told = found.withColumn("undefined_reason", reason)
    return told.select(
        "chart_id",
        "samples",
        "mean",
        "sigma_within",
        "sigma_overall",
        _potential("sigma_within").alias("cp"),
        _actual("sigma_within").alias("cpk"),
        _potential("sigma_overall").alias("pp"),
        _actual("sigma_overall").alias("ppk"),
        "undefined_reason",
    )


def rollup_machine_capability(samples: DataFrame, specs: DataFrame, *, min_samples: int = 50) -> DataFrame:
    """Compare the spread of one short, undisturbed run with its specification: Cm, Cmk per chart.

    The formulas are those of Pp and Ppk; what differs is the sampling, which the caller vouches for.

    Columns in:  samples: `chart_id` (string), `event_time_utc` (timestamp), `value_double` (number); optionally
                 `quality`; specs: `chart_id`, `lsl`, `usl` (double, one of them may be null), one row per chart.
    Columns out: `chart_id`, `samples` (count), `mean`, `sigma_overall`, `cm`, `cmk`, `undefined_reason`.
    Grain out:   that of `specs`.
    Nulls:       as `rollup_capability`.
    Cost:        one shuffle of `samples` by chart, one of `specs`.
    Source of the formula: ISO 22400-2 (Cm, Cmk).

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
    """
    found = _with_moments("rollup_machine_capability", samples, specs)
    return found.withColumn("undefined_reason", _undefined_reason(min_samples, "sigma_overall")).select(
        "chart_id",
        "samples",
        "mean",
        "sigma_overall",
        _potential("sigma_overall").alias("cm"),
        _actual("sigma_overall").alias("cmk"),
        "undefined_reason",
    )


def _with_moments(where: str, samples: DataFrame, specs: DataFrame) -> DataFrame:
    """Add `samples`, `mean` and `sigma_overall` to the specifications; limits that are NaN or infinite are none."""
    require_samples(where, samples, texts=["chart_id"], numbers=["value_double"])
    require_columns(f"{where} specs", specs, ["chart_id", "lsl", "usl"])
    value = sf.col("value_double").cast("double")
    moments = keep_measured(samples, "value_double").groupBy("chart_id").agg(
        sf.count(value).alias("_samples"), sf.avg(value).alias("mean"), sf.stddev_samp(value).alias("sigma_overall")
    )  # fmt: skip
    limits = [sf.when(is_finite(sf.col(name)), sf.col(name)).alias(name) for name in ("lsl", "usl")]
    joined = specs.select("chart_id", *limits).join(moments, "chart_id", "left")
    return joined.withColumn("samples", sf.coalesce("_samples", sf.lit(0)))


def _undefined_reason(min_samples: int, *sigmas: str) -> Column:
    has_spread = sf.lit(True)
    for sigma in sigmas:
        has_spread = has_spread & sf.coalesce(sf.col(sigma) > 0, sf.lit(False))
    return (
        sf.when(sf.col("samples") < min_samples, "too_few_samples")
        .when(sf.col("lsl").isNull() & sf.col("usl").isNull(), "no_limit")
        .when(sf.col("lsl") >= sf.col("usl"), "limits_crossed")
        .when(~has_spread, "no_spread")
    )


def _potential(sigma: str) -> Column:
    return _where_defined(sf.try_divide(sf.col("usl") - sf.col("lsl"), sf.col(sigma) * 6))


def _actual(sigma: str) -> Column:
    # least() passes over nulls: the side without a limit
    nearest = sf.least(sf.col("usl") - sf.col("mean"), sf.col("mean") - sf.col("lsl"))
    return _where_defined(sf.try_divide(nearest, sf.col(sigma) * 3))


def _where_defined(index: Column) -> Column:
    reason = sf.coalesce("undefined_reason", sf.lit("no_spread"))
    return sf.when(reason == "no_spread", index)
