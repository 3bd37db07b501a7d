"""Silence between samples: where it is, and how long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import elapsed_us, require_columns, utc_literal
from fabric_ot.transforms.numbers import nonzero
from fabric_ot.transforms.signals.series import Limit, limit_us, require_series


def with_time_steps(readings: DataFrame, *, order: Sequence[str], keys: Sequence[str] = ("tag_id",)) -> DataFrame:
    """Add how far the clock of the source went from one reading to the next, in the order they were sent.

    Columns in:  *keys, `event_time_utc` (timestamp), *order (e.g. `source_sequence`: unique per keys).
    Columns out: those of `readings`, `step_s` (double, seconds; negative where the clock was set back, 0 for a
                 repeated instant, null for the first), `is_backward` (boolean; null for the first).
    Grain out:   that of `readings`.
    Nulls:       a null `event_time_utc` gives null steps to it and from it.
    Cost:        one shuffle by `keys`.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("with_time_steps", readings, [*keys, *order, "event_time_utc"])
    before = sf.lag("event_time_utc").over(Window.partitionBy(*keys).orderBy(*order))
    stepped = readings.withColumn("step_s", elapsed_us(before, sf.col("event_time_utc")) / 1e6)
    return stepped.withColumn("is_backward", sf.col("step_s") < 0)


def to_gaps(
    samples: DataFrame,
    *,
    expected_interval_s: Limit,
    max_interval_s: Limit | None = None,
    horizon_utc: dt.datetime | None = None,
) -> DataFrame:
    """Turn samples into the stretches in which some were expected and none came.

    Choices: longer than `max_interval_s` (told nothing: 1.5 times the expected interval) is a gap; a BAD sample ends
    one as well as a good one does (it is quality that is missing then, not data). With `horizon_utc`, samples from
    it on are passed over, and the silence after the last one is an open gap.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality`, one per tag and instant.
    Columns out: `tag_id`, `start_utc` (the last sample), `end_utc` (the next one, or the horizon), `gap_s` (double,
                 seconds), `missing_count` (long, samples at the expected interval), `is_open`.
    Grain out:   one row per gap.
    Nulls:       none in `tag_id`, `event_time_utc`; where a limit by column is null, no gap is told.
    Cost:        one shuffle by `tag_id`.     Streaming: batch only.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: an interval that is not positive.
    """
    require_series("to_gaps", samples, expected_interval_s=expected_interval_s, max_interval_s=max_interval_s)
    expected = limit_us(expected_interval_s)
    longest = expected * 1.5 if max_interval_s is None else limit_us(max_interval_s)
    horizon = sf.lit(None).cast("timestamp") if horizon_utc is None else utc_literal(horizon_utc)
    known = samples if horizon_utc is None else samples.where(sf.col("event_time_utc") < horizon)
    following = sf.lead("event_time_utc").over(Window.partitionBy("tag_id").orderBy("event_time_utc"))
    pairs = known.withColumns({"_next": following, "_expected": expected, "_longest": longest})
    ended = pairs.withColumn("end_utc", sf.coalesce("_next", horizon))
    length = elapsed_us(sf.col("event_time_utc"), sf.col("end_utc"))
    return ended.where(length > sf.col("_longest")).select(
        "tag_id",
        sf.col("event_time_utc").alias("start_utc"),
        "end_utc",
        (length / 1e6).alias("gap_s"),
        missing_count(length, sf.col("_expected")).alias("missing_count"),
        sf.col("_next").isNull().alias("is_open"),
    )


def missing_count(length: Column, interval: Column) -> Column:
    """Return how many samples at `interval` are missing in a step of `length`; null where the interval is."""
    whole = sf.round(length / nonzero(interval)).cast("long")
    return sf.greatest(whole - 1, sf.when(whole.isNotNull(), 0).cast("long"))
