"""Individuals and moving range (I-MR): charts of one value at a time."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.spc.points import POINT_COLUMNS, keep_measured, require_samples


def to_individual_points(samples: DataFrame) -> DataFrame:
    """Turn single measurements into the points of an individuals and a moving-range chart.

    The moving range is the absolute step from the sample before on the same chart. It does not span a change of
    `run_id` (a setup or a recipe): the first sample of a run has none. Missing samples are skipped, so the step goes
    to the last one that counts. Samples of one instant are taken in ascending order of value (one per instant is
    wanted: `keep_last_sample`).

    Columns in:  `chart_id` (string), `event_time_utc` (timestamp), `value_double` (number); optionally `run_id`
                 (string), `quality` (BAD and STALE are passed over).
    Columns out: `chart_id`, `chart_kind` (i_mr), `statistic` (individual or moving_range), `event_time_utc`,
                 `run_id`, `sample_size` (1, 2), `value` (in the unit of the measurement).
    Grain out:   one row per chart, statistic and sample that counts.
    Nulls:       none in `chart_id`, `event_time_utc`; null, NaN and infinite values are skipped. Out come `run_id`
                 and, where there is no moving range, `value`: the row tells the rules that a run began.
    Cost:        one shuffle by `chart_id`.     Streaming: batch only.
    Source of the formula: NIST/SEMATECH e-Handbook 6.3.2.2.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
    """
    require_samples("to_individual_points", samples, texts=["chart_id"], numbers=["value_double"])
    counted = keep_measured(samples, "value_double").withColumn("value_double", sf.col("value_double").cast("double"))
    in_time = Window.partitionBy("chart_id").orderBy("event_time_utc", "run_id", "value_double")
    same_run = sf.col("run_id").eqNullSafe(sf.lag("run_id").over(in_time))
    step = sf.abs(sf.col("value_double") - sf.lag("value_double").over(in_time))
    stepped = counted.withColumn("_step", sf.when(same_run, step))
    both = sf.array(
        _statistic("individual", 1.0, sf.col("value_double")), _statistic("moving_range", 2.0, sf.col("_step"))
    )
    kind = sf.lit("i_mr").alias("chart_kind")
    return stepped.select("chart_id", kind, "event_time_utc", "run_id", sf.inline(both)).select(*POINT_COLUMNS)


def _statistic(name: str, size: float, value: Column) -> Column:
    return sf.struct(sf.lit(name).alias("statistic"), sf.lit(size).alias("sample_size"), value.alias("value"))
