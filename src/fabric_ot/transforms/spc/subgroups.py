"""Subgroups: charts of the mean with the range (Xbar-R) or with the standard deviation (Xbar-S)."""

from __future__ import annotations

from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.transforms.spc.points import POINT_COLUMNS, keep_measured, require_samples, sum_of

Spread = Literal["range", "stddev"]
_KINDS: dict[str, str] = {"range": "xbar_r", "stddev": "xbar_s"}


def to_subgroup_points(samples: DataFrame, *, spread: Spread = "range") -> DataFrame:
    """Turn measurements taken in subgroups into the points of a mean chart and a spread chart.

    A subgroup is complete at its last sample: that is the time of its points. Missing samples make it smaller. One
    that spans two runs counts as two. One of a single sample has a mean and no spread. Sums go in ascending order
    of the values and from the least, so that a point is the same double for any order of arrival, and equal values
    have exactly no spread.

    Columns in:  `chart_id`, `subgroup_id` (string), `event_time_utc` (timestamp), `value_double` (number);
                 optionally `run_id` (string), `quality` (BAD and STALE are passed over).
    Columns out: `chart_id`, `chart_kind` (xbar_r or xbar_s), `statistic` (mean, and range or stddev),
                 `event_time_utc`, `run_id`, `sample_size` (samples of the subgroup), `value`.
    Grain out:   one row per chart, statistic, subgroup and run.
    Nulls:       none in `chart_id`, `subgroup_id`, `event_time_utc`; null, NaN and infinite values are skipped. Out
                 come `run_id` and the `value` of a spread of one sample.
    Cost:        one shuffle by chart, subgroup and run.     Streaming: batch only.
    Source of the formula: NIST/SEMATECH e-Handbook 6.3.2.1.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ContractError: `spread` is neither range nor stddev.
    """
    if spread not in _KINDS:
        message = f"to_subgroup_points: unknown spread {spread!r}\nHint: one of {sorted(_KINDS)}"
        raise ContractError(message)
    require_samples("to_subgroup_points", samples, texts=["chart_id", "subgroup_id"], numbers=["value_double"])
    values = sf.array_sort(sf.collect_list(sf.col("value_double").cast("double")))
    counted = keep_measured(samples, "value_double").groupBy("chart_id", "subgroup_id", "run_id")
    groups = counted.agg(sf.max("event_time_utc").alias("event_time_utc"), values.alias("_values"))
    sized = groups.withColumn("sample_size", sf.size("_values").cast("double"))
    above_least = sf.transform("_values", lambda value: value - sf.element_at("_values", 1))
    raised = sized.withColumn("_above", above_least)
    rise = sum_of(sf.col("_above")) / sf.col("sample_size")
    averaged = raised.withColumn("_rise", rise)
    width = sf.element_at("_above", -1) if spread == "range" else _stddev()
    mean = sf.element_at("_values", 1) + sf.col("_rise")
    both = sf.array(_statistic("mean", mean), _statistic(spread, sf.when(sf.col("sample_size") > 1, width)))
    kind = sf.lit(_KINDS[spread]).alias("chart_kind")
    points = averaged.select("chart_id", kind, "event_time_utc", "run_id", "sample_size", sf.inline(both))
    return points.select(*POINT_COLUMNS)


def _stddev() -> Column:
    squares = sf.transform("_above", lambda value: (value - sf.col("_rise")) * (value - sf.col("_rise")))
    return sf.sqrt(sf.try_divide(sum_of(squares), sf.col("sample_size") - 1))


def _statistic(name: str, value: Column) -> Column:
    return sf.struct(sf.lit(name).alias("statistic"), value.alias("value"))
