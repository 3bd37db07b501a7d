"""Charts of all kinds at once: points by each chart's own kind, judged by the rules that fit their statistic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.numbers import is_finite
from fabric_ot.transforms.spc.attributes import is_proportion, is_rate, to_proportion_points, to_rate_points
from fabric_ot.transforms.spc.individuals import to_individual_points
from fabric_ot.transforms.spc.points import LOCATIONS
from fabric_ot.transforms.spc.rules import NELSON, with_fired_rules
from fabric_ot.transforms.spc.subgroups import to_subgroup_points

_POINTS: dict[str, Callable[[DataFrame], DataFrame]] = {
    "i_mr": to_individual_points,
    "xbar_r": lambda samples: to_subgroup_points(samples, spread="range"),
    "xbar_s": lambda samples: to_subgroup_points(samples, spread="stddev"),
    "p": to_proportion_points,
    "u": to_rate_points,
}
CHART_KINDS: tuple[str, ...] = tuple(_POINTS)
"""Every kind of chart."""

MEASURED_KINDS: tuple[str, ...] = ("i_mr", "xbar_r", "xbar_s")
"""The kinds of measurements, which have a capability; the others count defects."""


def is_chartable() -> Column:
    """Say whether a sample carries what its `chart_kind` needs; never null."""
    is_measured = is_finite(sf.col("value_double"))
    in_subgroup = is_measured & sf.col("subgroup_id").isNotNull()
    kind = sf.col("chart_kind")
    verdict = (
        sf.when(kind == "i_mr", is_measured)
        .when(kind.isin("xbar_r", "xbar_s"), in_subgroup)
        .when(kind == "p", is_proportion())
        .when(kind == "u", is_rate())
    )
    return sf.coalesce(verdict, sf.lit(False))


def to_chart_points(samples: DataFrame, *, kinds: Sequence[str] = CHART_KINDS) -> DataFrame:
    """Turn the samples of charts of several kinds into their points, each by the kind of its chart.

    Samples that are not `is_chartable` are passed over. A chart has one point of a statistic per instant: of several
    that of the most samples counts, then the greatest value.

    Columns in:  `chart_id`, `chart_kind`, `subgroup_id`, `run_id` (string), `event_time_utc` (timestamp),
                 `value_double`, `inspected_qty`, `defective_qty`, `defect_qty` (double).
    Columns out: `POINT_COLUMNS`.
    Grain out:   one row per chart, statistic and instant.
    Nulls:       none in `chart_id`, `event_time_utc`; `value` where a spread has none, `run_id`.
    Cost:        that of each of `kinds` (name those there are), and one shuffle by chart, statistic and instant.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ContractError: no kind, or an unknown one.
    """
    unknown = sorted(set(kinds) - set(CHART_KINDS))
    if unknown or not kinds:
        message = f"to_chart_points: unknown kind(s) {unknown}, or none.\nHint: some of {list(CHART_KINDS)}"
        raise ContractError(message)
    require_columns("to_chart_points", samples, ["chart_kind"])
    fit = samples.where(is_chartable())
    families = [_POINTS[kind](fit.where(sf.col("chart_kind") == kind)) for kind in kinds]
    points = reduce(DataFrame.unionByName, families)
    greatest_first = [sf.desc("sample_size"), sf.desc("value"), sf.asc("run_id")]
    at_once = Window.partitionBy("chart_id", "statistic", "event_time_utc").orderBy(*greatest_first)
    return points.withColumn("_rank", sf.row_number().over(at_once)).where(sf.col("_rank") == 1).drop("_rank")


def with_chart_rules(points: DataFrame) -> DataFrame:
    """Add to each point the rules of Nelson that it completes; of spreads only the first one.

    A moving range shares a sample with its neighbor and a range is skewed: the rules about runs and zones would
    alarm without cause. They are for the statistics that tell where the process is.

    Columns in:  as `with_fired_rules`.
    Columns out: those of `points`, `rules_fired` (array of string).
    Grain out:   that of `points`.
    Nulls:       as `with_fired_rules`.
    Cost:        as `with_fired_rules`.
    """
    judged = with_fired_rules(points, rules=NELSON)
    is_location = sf.col("statistic").isin(*LOCATIONS)
    beyond = sf.array_intersect("rules_fired", sf.array(sf.lit(NELSON[0])))
    return judged.withColumn("rules_fired", sf.when(is_location, sf.col("rules_fired")).otherwise(beyond))
