"""What may be put into a silence, by a declared policy, and never as if it had been measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.contracts.roles import FILL_METHODS
from fabric_ot.errors import ConfigError
from fabric_ot.transforms.intervals import elapsed_us, require_columns
from fabric_ot.transforms.numbers import finite_or_null, nonzero
from fabric_ot.transforms.signals.gaps import missing_count
from fabric_ot.transforms.signals.series import Limit, is_usable, limit_us, require_series

Fill = Literal["empty", "hold", "linear"]
_SAMPLE = ("tag_id", "event_time_utc", "value_double", "quality")
_MINUTE_US = 60_000_000


def to_filled_samples(
    samples: DataFrame,
    *,
    interval_s: Limit,
    policy: Fill = "empty",
    max_fill_s: Limit | None = None,
    treat_uncertain_as_bad: bool = True,
) -> DataFrame:
    """Put samples at the expected interval into the gaps, with values by a declared policy.

    `empty` puts no value: null, BAD. `hold` repeats the last value, `linear` goes straight to the next one (and holds
    where that is bad): both UNCERTAIN, until `max_fill_s` after the last real sample, then `empty`. Nothing is filled
    after a bad sample but `empty` ones. Real samples are not changed; time-weighted means need no filling.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality`, one per tag and instant.
    Columns out: `tag_id`, `event_time_utc`, `value_double`, `quality`, `is_filled`.
    Grain out:   one row per sample and per interval missed after it: round(length / interval) - 1.
    Nulls:       none in `tag_id`, `event_time_utc`; where `interval_s` by column is null, nothing is filled.
    Cost:        one shuffle by `tag_id`.     Streaming: batch only.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: an unknown policy, or a limit that is not positive.
    """
    require_series("to_filled_samples", samples, interval_s=interval_s, max_fill_s=max_fill_s)
    if policy not in get_args(Fill):
        raise ConfigError("to_filled_samples", [f"policy {policy!r}; one of {list(get_args(Fill))} is needed"])
    longest = sf.lit(None).cast("long") if max_fill_s is None else limit_us(max_fill_s)
    usable = is_usable(treat_uncertain_as_bad=treat_uncertain_as_bad)
    pairs = _pairs(samples, usable, {"_interval": limit_us(interval_s), "_longest": longest})
    missing = sf.coalesce(missing_count(sf.col("_length"), sf.col("_interval")), sf.lit(0).cast("long"))
    placed = pairs.withColumn("_nth", sf.explode(sf.sequence(sf.lit(0).cast("long"), missing)))
    return _filled(placed.withColumn("_after", sf.col("_nth") * sf.col("_interval")), policy)


def _filled(placed: DataFrame, policy: Fill) -> DataFrame:
    number, is_filled = sf.col("_number"), sf.col("_nth") > 0
    values = {
        "empty": sf.lit(None).cast("double"),
        "hold": number,
        "linear": sf.coalesce(_on_line(), number),
    }
    in_reach = sf.coalesce(sf.col("_after") <= sf.col("_longest"), sf.lit(True))
    value = sf.when(in_reach, values[policy])
    return placed.select(
        "tag_id",
        # nth is 0 for the sample itself, whose interval may be unknown
        sf.when(is_filled, sf.timestamp_micros(sf.unix_micros("event_time_utc") + sf.col("_after")))
        .otherwise(sf.col("event_time_utc"))
        .alias("event_time_utc"),
        sf.when(is_filled, value).otherwise(sf.col("value_double")).alias("value_double"),
        sf.when(is_filled, sf.when(value.isNull(), "BAD").otherwise("UNCERTAIN"))
        .otherwise(sf.col("quality"))
        .alias("quality"),
        is_filled.alias("is_filled"),
    )


def to_filled_minutes(samples: DataFrame, *, method: str, max_hold_s: Limit, max_fill_s: Limit) -> DataFrame:
    """Turn silences between two good samples into the whole minutes of them, with a value by the tag's own method.

    `hold` repeats the sample before, `linear` is the mean over the minute of the straight line to the one after.
    Choices: a silence begins when the value before it no longer speaks, `max_hold_s` after its sample; only minutes
    that lie in it from their first to their last moment are filled. A silence beside a bad, uncertain or stale sample
    is not filled, nor one longer than `max_fill_s` from sample to sample, nor one that still goes on.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality`, `method` (string: `hold`, `linear`; another or
                 null fills nothing), one row per tag and instant.
    Columns out: `tag_id`, `minute_utc` (timestamp), `filled_value` (double, the value's unit), `fill_method`.
    Grain out:   one row per filled minute.
    Nulls:       none come out.
    Cost:        one shuffle by `tag_id`.     Streaming: batch only.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: a limit that is not positive.
    """
    where = "to_filled_minutes"
    require_series(where, samples, max_hold_s=max_hold_s, max_fill_s=max_fill_s)
    require_columns(where, samples, [method])
    told = {"_hold": limit_us(max_hold_s), "_longest": limit_us(max_fill_s), "_method": sf.col(method)}
    pairs = _pairs(samples.where(sf.col(method).isin(*FILL_METHODS)), is_usable(treat_uncertain_as_bad=True), told)
    at, length = sf.unix_micros("event_time_utc"), sf.col("_length")
    first, end = _minute(at + sf.col("_hold") + _MINUTE_US - 1), _minute(at + length)
    is_between = sf.col("_number").isNotNull() & sf.col("_next_number").isNotNull() & (length <= sf.col("_longest"))
    silences = pairs.where(is_between & (first < end))
    minutes = sf.explode(sf.sequence(first, end - _MINUTE_US, sf.lit(_MINUTE_US)))
    placed = silences.withColumn("_from", minutes).withColumn("_after", sf.col("_from") + _MINUTE_US / 2 - at)
    value = sf.when(sf.col("_method") == "hold", sf.col("_number")).otherwise(_on_line())
    filled = placed.select(
        "tag_id",
        sf.timestamp_micros("_from").alias("minute_utc"),
        finite_or_null(value).alias("filled_value"),
        sf.col("_method").alias("fill_method"),
    )
    return filled.where(sf.col("filled_value").isNotNull())


def _pairs(samples: DataFrame, usable: Column, told: Mapping[str, Column]) -> DataFrame:
    """Add to each sample its number where it may be used, the next one's, and how far off that is."""
    in_time = Window.partitionBy("tag_id").orderBy("event_time_utc")
    number = sf.when(usable, sf.col("value_double")).alias("_number")
    points = samples.select(*_SAMPLE, number, *[column.alias(name) for name, column in told.items()])
    length = elapsed_us(sf.col("event_time_utc"), sf.lead("event_time_utc").over(in_time))
    return points.withColumns({"_length": length, "_next_number": sf.lead("_number").over(in_time)})


def _on_line() -> Column:
    share = sf.col("_after") / nonzero(sf.col("_length"))
    return sf.col("_number") * (1 - share) + sf.col("_next_number") * share


def _minute(micros: Column) -> Column:
    return micros - sf.pmod(micros, sf.lit(_MINUTE_US))
