"""Silence between samples: where it is, what may be put into it, and the last value that was known at an instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal, get_args

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.transforms.intervals import elapsed_us, require_columns, utc_literal
from fabric_ot.transforms.numbers import nonzero
from fabric_ot.transforms.signals.series import Limit, is_usable, limit_us, require_limits, require_series

Fill = Literal["empty", "hold", "linear"]
_SAMPLE = ("tag_id", "event_time_utc", "value_double", "quality")


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
        _missing(length, sf.col("_expected")).alias("missing_count"),
        sf.col("_next").isNull().alias("is_open"),
    )


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
    in_time = Window.partitionBy("tag_id").orderBy("event_time_utc")
    number = sf.when(is_usable(treat_uncertain_as_bad=treat_uncertain_as_bad), sf.col("value_double"))
    points = samples.select(
        *_SAMPLE,
        number.alias("_number"),
        limit_us(interval_s).alias("_interval"),
        sf.lit(None).cast("long").alias("_longest") if max_fill_s is None else limit_us(max_fill_s).alias("_longest"),
    )
    to_next = elapsed_us(sf.col("event_time_utc"), sf.lead("event_time_utc").over(in_time))
    pairs = points.withColumns({"_length": to_next, "_next_number": sf.lead("_number").over(in_time)})
    missing = sf.coalesce(_missing(sf.col("_length"), sf.col("_interval")), sf.lit(0).cast("long"))
    placed = pairs.withColumn("_nth", sf.explode(sf.sequence(sf.lit(0).cast("long"), missing)))
    return _filled(placed.withColumn("_after", sf.col("_nth") * sf.col("_interval")), policy)


def _missing(length: Column, interval: Column) -> Column:
    whole = sf.round(length / nonzero(interval)).cast("long")
    return sf.greatest(whole - 1, sf.when(whole.isNotNull(), 0).cast("long"))


def _filled(placed: DataFrame, policy: Fill) -> DataFrame:
    number, is_filled = sf.col("_number"), sf.col("_nth") > 0
    share = sf.col("_after") / nonzero(sf.col("_length"))
    values = {
        "empty": sf.lit(None).cast("double"),
        "hold": number,
        "linear": sf.coalesce(number * (1 - share) + sf.col("_next_number") * share, number),
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


def join_as_of(
    points: DataFrame,
    known: DataFrame,
    *,
    on: Sequence[str],
    at: str = "event_time_utc",
    known_at: str = "event_time_utc",
    max_age_s: float | None = None,
    include_same_instant: bool = True,
) -> DataFrame:
    """Add to each point the last row of `known` from before it (or, unless told otherwise, from its own instant).

    Columns in:  points: `on`, `at` (timestamp); known: `on`, `known_at` (timestamp) and more, one row per `on` and
                 instant.
    Columns out: those of `points`, those of `known` but `on` and `known_at`, `as_of_utc` (the instant of the row that
                 was found); null where there is none, or none younger than or just `max_age_s`.
    Grain out:   that of `points`.
    Nulls:       a null in `on` or in the times matches nothing; the point stays.
    Cost:        one shuffle of both by `on`; no range join, so neither side need be small.

    Raises:
        ColumnContractError: a column is missing, or both frames have a column that is not in `on`.
        ConfigError: `max_age_s` is not positive.
    """
    require_columns("join_as_of points", points, [*on, at])
    require_columns("join_as_of known", known, [*on, known_at])
    require_limits("join_as_of", max_age_s=max_age_s)
    added = [name for name in known.columns if name not in (*on, known_at)]
    _require_apart([*added, "as_of_utc"], points.columns)
    found = sf.struct(sf.col(known_at).alias("as_of_utc"), *added)
    here = points.select(
        *on, sf.col(at).alias("_at"), sf.struct(*points.columns).alias("_point"), sf.lit(1).alias("_side")
    )
    rows = known.where(sf.col(known_at).isNotNull())
    there = rows.select(
        *on,
        sf.col(known_at).alias("_at"),
        found.alias("_found"),
        sf.lit(0 if include_same_instant else 2).alias("_side"),
    )
    until_now = Window.partitionBy(*on).orderBy("_at", "_side").rowsBetween(Window.unboundedPreceding, 0)
    last = sf.last("_found", ignorenulls=True).over(until_now)
    joined = here.unionByName(there, allowMissingColumns=True).withColumn("_found", last)
    matches = sf.lit(True)
    for key in on:
        matches = matches & sf.col(key).isNotNull()
    if max_age_s is not None:
        matches = matches & (elapsed_us(sf.col("_found.as_of_utc"), sf.col("_at")) <= limit_us(max_age_s))
    matched = joined.where(sf.col("_point").isNotNull()).withColumn("_match", sf.when(matches, sf.col("_found")))
    return matched.select("_point.*", *[f"_match.{name}" for name in (*added, "as_of_utc")])


def _require_apart(added: Sequence[str], present: Sequence[str]) -> None:
    twice = sorted(set(added) & set(present))
    if twice:
        message = f"join_as_of: column(s) {twice} would come twice.\nHint: rename or drop them in one of the frames."
        raise ColumnContractError(message)
