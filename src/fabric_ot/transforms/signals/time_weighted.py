"""Exact time-weighted measures of a tag per bucket of time, under the names of OPC 10000-13.

A sample holds (step) or leads on a straight line (linear) to the next one. What holds is cut at the bounds of the
buckets, so that the parts of any partition of a time add up to the whole of it.
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.errors import ConfigError
from fabric_ot.transforms.intervals import epoch_us, require_columns
from fabric_ot.transforms.numbers import finite_or_null, nonzero
from fabric_ot.transforms.signals.curves import Method, rollup_cuts, to_curve
from fabric_ot.transforms.signals.series import Limit, quality_of_rank, quality_rank

_SUB_NORMAL = "Uncertain_DataSubNormal"
_COUNTS: tuple[str, ...] = ("sample_count", "good_count", "transition_count")


def rollup_time_weighted(
    samples: DataFrame,
    *,
    bucket_s: int,
    start_utc: dt.datetime,
    end_utc: dt.datetime,
    method: Method = "step",
    max_hold_s: Limit | None = None,
    treat_uncertain_as_bad: bool = True,
    percent_data_good: float = 100.0,
    percent_data_bad: float = 100.0,
    keep_silent: bool = True,
) -> DataFrame:
    """Measure each tag over buckets of `bucket_s` that are aligned to the epoch in UTC.

    A sample speaks until the next one of its tag, whatever its quality, or until `end_utc`, but no longer than
    `max_hold_s` (null: no limit): then there is a gap. BAD, STALE, null, NaN and infinite samples speak too, and
    what they say is bad: they end the value before them and enter no mean. `linear` follows the straight line to the
    next good sample, also across a bound of buckets, and is cut at `max_hold_s`; before a bad sample and after the
    last one the value is held. States, setpoints and booleans: `step` only; counters: neither.
    Choices: coverage and percent good are shares of the whole bucket (a gap is not good, nothing is extrapolated);
    UNCERTAIN counts as bad unless told; min and max include the value carried into the bucket.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality`, one row per tag and instant (see
                 `keep_last_sample`). Give the last sample before `start_utc` too (for transitions: the last good
                 one) and, for linear, the first one from `end_utc` on: then cutting a time into several calls
                 changes nothing.
    Columns out: `tag_id`, `bucket_start_utc`, `bucket_s` (int, seconds),
                 `mean` (TimeAverage2 for step, TimeAverage for linear: over the covered time),
                 `min`, `max`, `range` (Minimum2, Maximum2, Range2), `start_value`, `end_value`, `delta` (Start, End,
                 Delta of what is held: the carried-in value is the first),
                 `total` (Total of the covered time, value x seconds), `covered_s` (DurationGood),
                 `bad_s` (the part of DurationBad that was told; the rest of the bucket is a gap),
                 `coverage` (0..1), `percent_good` (PercentGood), `quality` (GOOD from `percent_data_good` on, else BAD
                 from `percent_data_bad` on, else UNCERTAIN, which is Uncertain_DataSubNormal),
                 `worst_quality` (WorstQuality2: GOOD < UNCERTAIN < BAD < STALE; null in a gap),
                 `sample_count`, `good_count` (Count), `transition_count` (NumberOfTransitions: good samples unlike
                 the good one before), `nonzero_s` (DurationInStateNonZero; null for linear).
    Grain out:   one row per tag and bucket, from the bucket of its first sample (or `start_utc`) to `end_utc`;
                 without `keep_silent` only the buckets in which a sample speaks: a tag may be silent for years.
    Nulls:       none in `tag_id`, `event_time_utc`, `quality` (not checked here). Without covered time the values
                 are null and `covered_s` is 0.
    Cost:        one shuffle by `tag_id` (none where `keep_last_sample` has just done it), one row per sample and
                 bucket that it speaks in.     Streaming: batch only.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: bounds that are not multiples of `bucket_s`, or another option that cannot be used.
    Source: OPC 10000-13 1.05, 5.4.3.
    """
    where, begin_us, stop_us = "rollup_time_weighted", epoch_us(start_utc), epoch_us(end_utc)
    _require_buckets(where, bucket_s, begin_us, stop_us)
    _require_percents(where, percent_data_good, percent_data_bad)
    curve = to_curve(
        where,
        samples,
        end_us=stop_us,
        method=method,
        max_hold_s=max_hold_s,
        treat_uncertain_as_bad=treat_uncertain_as_bad,
    )
    if not keep_silent:
        curve = curve.withColumn("_until", sf.greatest("_told", sf.col("_at") + 1))
    cuts = _cut(curve.where(sf.col("_until") > begin_us), begin_us, bucket_s)
    sums = rollup_cuts(cuts, keys=["tag_id", "_cut_from"], method=method)
    started = sums.withColumn("bucket_start_utc", sf.timestamp_micros("_cut_from"))
    return _told(started, bucket_s, percent_data_good, percent_data_bad)


def aggregate_status(quality: str = "quality") -> Column:
    """Return what OPC UA calls the status of an aggregate with this `quality`: Good, Uncertain_DataSubNormal or Bad.

    A bucket of which a part is bad or unknown is sub-normal: its mean is of the rest alone.

    Source: OPC 10000-13 1.05, 5.4.3.
    """
    name = sf.col(quality)
    return sf.when(name == "GOOD", "Good").when(name == "BAD", "Bad").when(name == "UNCERTAIN", _SUB_NORMAL)


def rollup_buckets(
    buckets: DataFrame, *, bucket_s: int, percent_data_good: float = 100.0, percent_data_bad: float = 100.0
) -> DataFrame:
    """Measure each tag over longer buckets from shorter ones: the same as from the samples themselves.

    Columns in:  as `rollup_time_weighted` returns them, of a `bucket_s` that divides the new one.
    Columns out: the same.
    Grain out:   one row per tag and bucket of `bucket_s`; a shorter bucket that is not there is a gap.
    Cost:        one shuffle by `tag_id` and the new bucket, after partial sums.

    Raises:
        ColumnContractError: a column is missing.
        ConfigError: an option that cannot be used.
    Source: OPC 10000-13 1.05, 5.4.3.
    """
    where = "rollup_buckets"
    needed = ["covered_s", "bad_s", "total", "min", "max", "start_value", "end_value", "worst_quality", "nonzero_s"]
    require_columns(where, buckets, ["tag_id", "bucket_start_utc", *needed, *_COUNTS])
    _require_buckets(where, bucket_s, 0, bucket_s * 1_000_000)
    _require_percents(where, percent_data_good, percent_data_bad)
    start, length = sf.unix_micros("bucket_start_utc"), sf.lit(bucket_s * 1_000_000)
    whole = buckets.withColumns({"_start": start, "_whole": sf.timestamp_micros(start - sf.pmod(start, length))})
    when_told = sf.when(sf.col("covered_s") > 0, sf.col("_start"))
    sums = whole.groupBy("tag_id", sf.col("_whole").alias("bucket_start_utc")).agg(
        sf.sum(_in_us("covered_s")).alias("covered_us"),
        sf.sum(_in_us("bad_s")).alias("bad_us"),
        (sf.sum("total") * 1e6).alias("area"),
        sf.min("min").alias("min"),
        sf.max("max").alias("max"),
        sf.min_by("start_value", when_told).alias("start_value"),
        sf.max_by("end_value", when_told).alias("end_value"),
        sf.max(quality_rank("worst_quality")).alias("worst_rank"),
        *[sf.sum(name).alias(name) for name in _COUNTS],
        sf.sum(_in_us("nonzero_s")).alias("nonzero_us"),
    )
    return _told(sums, bucket_s, percent_data_good, percent_data_bad)


def _cut(curve: DataFrame, begin_us: int, bucket_s: int) -> DataFrame:
    length = sf.lit(bucket_s * 1_000_000)
    first, last = sf.greatest("_at", sf.lit(begin_us)), sf.col("_until") - 1
    starts = sf.sequence(first - sf.pmod(first, length), last - sf.pmod(last, length), length)
    return curve.withColumn("_cut_from", sf.explode(starts)).withColumn("_cut_to", sf.col("_cut_from") + length)


def _told(sums: DataFrame, bucket_s: int, percent_data_good: float, percent_data_bad: float) -> DataFrame:
    """Say the sums of a bucket in the public columns: seconds, shares, a quality."""
    length, covered = bucket_s * 1_000_000, sf.col("covered_us")
    good, bad = covered * 100.0 / length, (length - covered) * 100.0 / length
    mean = sf.col("area") / nonzero(covered)
    quality = sf.when(good >= percent_data_good, "GOOD").when(bad >= percent_data_bad, "BAD").otherwise("UNCERTAIN")
    return sums.select(
        "tag_id",
        "bucket_start_utc",
        sf.lit(bucket_s).alias("bucket_s"),
        # rounding must not lead out of the values that were averaged
        sf.when(mean.isNotNull(), sf.greatest(sf.col("min"), sf.least(mean, sf.col("max")))).alias("mean"),
        "min",
        "max",
        finite_or_null(sf.col("max") - sf.col("min")).alias("range"),
        "start_value",
        "end_value",
        finite_or_null(sf.col("end_value") - sf.col("start_value")).alias("delta"),
        (sf.col("area") / 1e6).alias("total"),
        (covered / 1e6).alias("covered_s"),
        (sf.col("bad_us") / 1e6).alias("bad_s"),
        (covered / length).alias("coverage"),
        good.alias("percent_good"),
        quality.alias("quality"),
        quality_of_rank("worst_rank").alias("worst_quality"),
        *_COUNTS,
        (sf.col("nonzero_us") / 1e6).alias("nonzero_s"),
    )


def _in_us(seconds: str) -> Column:
    return sf.round(sf.col(seconds) * 1e6).cast("long")


def _require_buckets(where: str, bucket_s: int, start_us: int, end_us: int) -> None:
    if bucket_s < 1 or bucket_s != int(bucket_s):
        raise ConfigError(where, [f"bucket_s is {bucket_s}; a whole number of seconds from 1 on is needed"])
    names = {"start_utc": start_us, "end_utc": end_us}
    aside = [
        f"{name} is {us / 1e6} s after the epoch, which is no multiple of bucket_s {bucket_s}; move it to a bound"
        for name, us in names.items()
        if us % (bucket_s * 1_000_000)
    ]
    if start_us >= end_us:
        aside.append("start_utc is not before end_utc")
    if aside:
        raise ConfigError(where, aside)


def _require_percents(where: str, good: float, bad: float) -> None:
    if not (0 < good <= 100 and 0 < bad <= 100 and good + bad >= 100):
        found = f"percent_data_good {good}, percent_data_bad {bad}"
        raise ConfigError(where, [f"{found}: both in (0, 100], together at least 100 (OPC 10000-13 4.2.1.2)"])
