"""The curve of a tag between its samples, and the measures of a stretch cut from it.

A curve is one row per sample, in integer microseconds: from `_at` the sample speaks until `_told`, the next sample
comes (or the horizon is) at `_until`. Between `_told` and `_until` there is a gap.
"""

from __future__ import annotations

from typing import Literal, get_args

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.contracts.roles import QUALITIES
from fabric_ot.errors import ConfigError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.numbers import finite_or_null, nonzero
from fabric_ot.transforms.signals.series import Limit, is_usable, limit_us, quality_rank, require_series

Method = Literal["step", "linear"]
_BAD = QUALITIES.index("BAD")


def to_curve(
    where: str,
    samples: DataFrame,
    *,
    end_us: int,
    method: Method,
    max_hold_s: Limit | None,
    treat_uncertain_as_bad: bool,
) -> DataFrame:
    """Turn samples into the curve of their tag up to `end_us`.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality`, one per tag and instant.
    Columns out: `tag_id`, `_at`, `_told`, `_until` (long, microseconds), `_value` (null where bad), `_rank` (of the
                 quality), `_is_change`; for linear also `_next`, `_next_value`.
    Grain out:   one row per sample before `end_us`.
    Cost:        one shuffle by `tag_id` (none where `keep_last_sample` has just done it).

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: an unknown method, or a limit that is not positive.
    """
    require_series(where, samples, max_hold_s=max_hold_s)
    if method not in get_args(Method):
        raise ConfigError(where, [f"method {method!r}; one of {list(get_args(Method))} is needed"])
    usable = is_usable(treat_uncertain_as_bad=treat_uncertain_as_bad)
    hold = [] if max_hold_s is None else [limit_us(max_hold_s).alias("_hold")]
    is_empty = sf.col("quality").isin("GOOD", "UNCERTAIN") & ~is_usable(treat_uncertain_as_bad=False)
    points = samples.select(
        "tag_id",
        "event_time_utc",
        sf.unix_micros("event_time_utc").alias("_at"),
        sf.when(usable, sf.col("value_double")).alias("_value"),
        sf.when(is_empty, _BAD).otherwise(quality_rank("quality")).alias("_rank"),
        *hold,
    )
    # by the column that `keep_last_sample` sorted by, so that its sort is used again
    in_time = Window.partitionBy("tag_id").orderBy("event_time_utc")
    before = in_time.rowsBetween(Window.unboundedPreceding, -1)
    followed = points.withColumns(
        {
            "_next": sf.lead("_at").over(in_time),
            "_next_value": sf.lead("_value").over(in_time),
            "_earlier": sf.last("_value", ignorenulls=True).over(before),
        }
    )
    return _ruled(followed.where(sf.col("_at") < end_us), end_us, method, has_hold=bool(hold))


def _ruled(followed: DataFrame, end_us: int, method: Method, *, has_hold: bool) -> DataFrame:
    """Add how long each sample speaks, and the line to the next one (none beside a sample without a value)."""
    until = sf.least(sf.coalesce("_next", sf.lit(end_us)), sf.lit(end_us))
    # a limit per tag that is null is no limit
    told = sf.least(until, sf.col("_at") + sf.col("_hold")) if has_hold else until
    is_change = sf.col("_value").isNotNull() & ~sf.col("_value").eqNullSafe(sf.col("_earlier"))
    line = [] if method == "step" else ["_next", "_next_value"]
    return followed.select(
        "tag_id",
        "_at",
        "_value",
        "_rank",
        until.alias("_until"),
        told.alias("_told"),
        is_change.alias("_is_change"),
        *line,
    )


def rollup_cuts(cuts: DataFrame, *, keys: list[str], method: Method) -> DataFrame:
    """Measure the stretches `[_cut_from, _cut_to)` that were cut from curves, added up per `keys`.

    Columns in:  those of `to_curve`, `_cut_from`, `_cut_to` (long, microseconds), `keys`.
    Columns out: `keys`, `covered_us`, `bad_us`, `area` (value x microseconds), `min`, `max`, `start_value`,
                 `end_value`, `worst_rank`, `sample_count`, `good_count`, `transition_count`, `nonzero_us`.
    Grain out:   one row per `keys`.
    Cost:        none where `keys` begin with `tag_id` and the curve comes straight from `to_curve`.
    """
    require_columns("rollup_cuts", cuts, [*keys, "_cut_from", "_cut_to", "_told"])
    begins = sf.greatest("_at", "_cut_from")
    told = cuts.withColumns(
        {"_from": begins, "_to": sf.least("_told", "_cut_to"), "_is_inside": sf.col("_at") == begins}
    )
    held = told.withColumn("_held", sf.greatest(sf.col("_to") - sf.col("_from"), sf.lit(0).cast("long")))
    speaks = sf.col("_held") > 0
    bounds = {"_first": sf.when(speaks, _value_at("_from", method)), "_last": sf.when(speaks, _value_at("_to", method))}
    return _summed(held.withColumns(bounds), keys, method)


def _value_at(at: str, method: Method) -> Column:
    value = sf.col("_value")
    if method == "step":
        return value
    run = nonzero(sf.col("_next") - sf.col("_at"))
    share, following = (sf.col(at) - sf.col("_at")) / run, sf.col("_next_value")
    # the first form keeps a constant exactly, the second one cannot overflow, the third is a value without a line
    by_rise = finite_or_null(value + (following - value) * share)
    return sf.coalesce(by_rise, value * (1 - share) + following * share, value)


def _summed(held: DataFrame, keys: list[str], method: Method) -> DataFrame:
    first, last, held_us = sf.col("_first"), sf.col("_last"), sf.col("_held")
    none, is_told = sf.lit(0).cast("long"), sf.col("_first").isNotNull()
    when_told = sf.when(is_told, sf.col("_from"))
    is_good = sf.col("_is_inside") & sf.col("_value").isNotNull()
    nonzero_us = sf.sum(sf.when(first != 0, held_us).otherwise(none)) if method == "step" else sf.lit(None).cast("long")
    return held.groupBy(*keys).agg(
        sf.sum(sf.when(is_told, held_us).otherwise(none)).alias("covered_us"),
        sf.sum(sf.when(is_told, none).otherwise(held_us)).alias("bad_us"),
        finite_or_null(sf.sum((first / 2 + last / 2) * held_us)).alias("area"),
        sf.min(sf.least(first, last)).alias("min"),
        sf.max(sf.greatest(first, last)).alias("max"),
        sf.min_by(first, when_told).alias("start_value"),
        sf.max_by(last, when_told).alias("end_value"),
        sf.max(sf.when(held_us > 0, sf.col("_rank"))).alias("worst_rank"),
        sf.sum(sf.col("_is_inside").cast("long")).alias("sample_count"),
        sf.sum(is_good.cast("long")).alias("good_count"),
        sf.sum((is_good & sf.col("_is_change")).cast("long")).alias("transition_count"),
        nonzero_us.alias("nonzero_us"),
    )
