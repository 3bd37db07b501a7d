"""Rules that a signal must keep: limits, rate of change, and values that stand still for too long.

Each rule is a flag beside the sample; what becomes of a flagged sample is the caller's choice. A sample without a
number breaks no rule: its flag is null. Flags look back only, so that they are the same however time was cut.
"""

from __future__ import annotations

import math

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ConfigError
from fabric_ot.transforms.intervals import elapsed_us
from fabric_ot.transforms.numbers import finite_or_null, nonzero
from fabric_ot.transforms.samples import is_counted
from fabric_ot.transforms.signals.series import Limit, limit_of, limit_us, require_limits, require_series


def is_within_limits(*, low: Limit | None = None, high: Limit | None = None, value: str = "value_double") -> Column:
    """Say whether a number lies in `[low, high]`, both included; null where it is null or NaN.

    A limit is a number (of either sign), the name of a column, or none; a column that is null is no limit.

    Raises:
        ConfigError: a limit is NaN, or `low` is above `high`.
    """
    numbers = [limit for limit in (low, high) if isinstance(limit, (int, float))]
    is_crossed = len(numbers) == 2 and numbers[0] > numbers[1]
    if is_crossed or any(math.isnan(limit) for limit in numbers):
        raise ConfigError("is_within_limits", [f"low {low}, high {high}; two numbers in this order are needed"])
    number, inside = sf.col(value), sf.lit(True)
    if low is not None:
        inside = inside & sf.coalesce(number >= limit_of(low), sf.lit(True))
    if high is not None:
        inside = inside & sf.coalesce(number <= limit_of(high), sf.lit(True))
    return sf.when(number.isNotNull() & ~sf.isnan(number), inside)


def with_rate(samples: DataFrame, *, max_rate_per_s: Limit, max_gap_s: Limit | None = None) -> DataFrame:
    """Add how fast the value changed since the last sample with a number, and whether that was too fast.

    A spike is too fast twice, on its way up and down. Across more than `max_gap_s` nothing is said.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality`, one per tag and instant.
    Columns out: those of `samples`, `rate_per_s` (double, the value's unit per second), `is_too_fast` (boolean: the
                 absolute rate is above `max_rate_per_s`).
    Grain out:   that of `samples`.
    Nulls:       both are null without a number here or before.
    Cost:        one shuffle by `tag_id`.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: a limit that is not positive.
    """
    require_series("with_rate", samples, max_rate_per_s=max_rate_per_s, max_gap_s=max_gap_s)
    before = Window.partitionBy("tag_id").orderBy("event_time_utc").rowsBetween(Window.unboundedPreceding, -1)
    point = sf.when(
        is_counted(), sf.struct(sf.col("event_time_utc").alias("at"), sf.col("value_double").alias("value"))
    )
    earlier = sf.last("_point", ignorenulls=True).over(before)
    paired = samples.withColumn("_point", point).withColumn("_earlier", earlier)
    elapsed = elapsed_us(sf.col("_earlier.at"), sf.col("_point.at"))
    change = (sf.col("_point.value") - sf.col("_earlier.value")) / nonzero(elapsed) * 1e6
    near = sf.lit(True) if max_gap_s is None else sf.coalesce(elapsed <= limit_us(max_gap_s), sf.lit(True))
    rated = paired.withColumn("rate_per_s", sf.when(near, finite_or_null(change)))
    is_too_fast = sf.abs("rate_per_s") > limit_of(max_rate_per_s)
    return rated.withColumn("is_too_fast", is_too_fast).drop("_point", "_earlier")


def with_stuck(
    samples: DataFrame, *, min_duration_s: Limit, min_count: int = 2, max_gap_s: Limit | None = None
) -> DataFrame:
    """Add for how long a value has been repeated exactly, and whether that is too long for a live sensor.

    A repetition ends at another value, at a sample without a number, and (where told) across a longer gap than
    `max_gap_s`. It is stuck from the sample on at which it has lasted `min_duration_s` and `min_count` samples.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality`, one per tag and instant.
    Columns out: those of `samples`, `stuck_s` (double, seconds since the first of the equal values), `stuck_count`
                 (long, how many so far), `is_stuck`.
    Grain out:   that of `samples`.
    Nulls:       the three are null for a sample without a number.
    Cost:        one shuffle by `tag_id`, which the count per repetition reuses.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: a limit that is not positive.
    """
    require_series("with_stuck", samples, min_duration_s=min_duration_s, max_gap_s=max_gap_s)
    require_limits("with_stuck", min_count=min_count)
    in_time = Window.partitionBy("tag_id").orderBy("event_time_utc")
    number = sf.when(is_counted(), sf.col("value_double"))
    before = sf.lag("_number").over(in_time), sf.lag("event_time_utc").over(in_time)
    paired = samples.withColumn("_number", number).withColumns({"_before": before[0], "_before_at": before[1]})
    same = sf.col("_number") == sf.col("_before")
    if max_gap_s is not None:
        apart = elapsed_us(sf.col("_before_at"), sf.col("event_time_utc")) > limit_us(max_gap_s)
        same = same & ~sf.coalesce(apart, sf.lit(False))
    marked = paired.withColumn("_starts", (~sf.coalesce(same, sf.lit(False))).cast("int"))
    runs = marked.withColumn("_run", sf.sum("_starts").over(in_time))
    of_run = Window.partitionBy("tag_id", "_run").orderBy("event_time_utc")
    lasting = elapsed_us(sf.first("event_time_utc").over(of_run), sf.col("event_time_utc")) / 1e6
    is_number = sf.col("_number").isNotNull()
    told = runs.withColumns(
        {
            "stuck_s": sf.when(is_number, lasting),
            "stuck_count": sf.when(is_number, sf.row_number().over(of_run).cast("long")),
        }
    )
    is_stuck = (sf.col("stuck_s") >= limit_of(min_duration_s)) & (sf.col("stuck_count") >= min_count)
    return told.withColumn("is_stuck", is_stuck).drop("_number", "_before", "_before_at", "_starts", "_run")


def with_flat_line(samples: DataFrame, *, window_s: float, tolerance: Limit, min_count: int = 3) -> DataFrame:
    """Add how far the value moved within the last `window_s`, and whether that is no more than `tolerance`.

    For sensors whose noise never rests: a slow drift within `tolerance` is flat too. Only a window that the tag's
    samples fill from its beginning, with `min_count` numbers in it, is judged; the earlier bound is included.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality`, one per tag and instant.
    Columns out: those of `samples`, `spread` (double: largest less smallest number of the window), `is_flat_line`.
    Grain out:   that of `samples`.
    Nulls:       both are null for a sample without a number; the flag is false where it cannot be judged yet.
    Cost:        one shuffle by `tag_id`.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: a limit that is not positive.
    """
    require_series("with_flat_line", samples, tolerance=tolerance)
    require_limits("with_flat_line", window_s=window_s, min_count=min_count)
    window_us = round(window_s * 1_000_000)
    number = sf.when(is_counted(), sf.col("value_double"))
    points = samples.withColumns({"_number": number, "_at": sf.unix_micros("event_time_utc")})
    in_time = Window.partitionBy("tag_id").orderBy("_at")
    recent = in_time.rangeBetween(-window_us, Window.currentRow)
    begun = sf.min(sf.when(sf.col("_number").isNotNull(), sf.col("_at"))).over(in_time)
    spread = finite_or_null(sf.max("_number").over(recent) - sf.min("_number").over(recent))
    judged = points.withColumns({"_begun": begun, "_spread": spread, "_count": sf.count("_number").over(recent)})
    is_filled = (sf.col("_begun") <= sf.col("_at") - window_us) & (sf.col("_count") >= min_count)
    is_flat = is_filled & sf.coalesce(sf.col("_spread") <= limit_of(tolerance), sf.lit(False))
    is_number = sf.col("_number").isNotNull()
    told = {"spread": sf.when(is_number, sf.col("_spread")), "is_flat_line": sf.when(is_number, is_flat)}
    return judged.withColumns(told).drop("_number", "_at", "_begun", "_spread", "_count")
