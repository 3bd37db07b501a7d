"""Clocks of sources: how far each runs from the time at which its messages arrive."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import elapsed_us, require_columns
from fabric_ot.transforms.signals.series import require_limits

_NEEDED = ("event_time_utc", "arrival_time_utc", "is_historical", "time_source")


def rollup_clock_skew(
    readings: DataFrame,
    *,
    keys: Sequence[str] = ("route", "edge_node_id"),
    max_skew_s: float = 5.0,
    min_count: int = 10,
) -> DataFrame:
    """Estimate per source how far its clock is behind arrival: the median over its live readings.

    Only live readings stamped by the source itself count (`time_source` metric or payload): historical ones, files
    and the broker's own times say nothing of its clock. The skew contains the way through the network: a clock that
    is right shows a small positive one, a negative one means a clock that is ahead. No time is moved: the estimate is
    a finding.

    Columns in:  `plant.reading`: *keys, `event_time_utc`, `arrival_time_utc`, `is_historical`, `time_source`.
    Columns out: *keys, `skew_s` (double, seconds: median of arrival - event), `least_skew_s`, `greatest_skew_s`,
                 `live_count` (long), `is_skewed` (boolean: the absolute skew is above `max_skew_s`; null below
                 `min_count` live readings).
    Grain out:   one row per source with live readings.
    Nulls:       a null key is a source of its own (sources outside Sparkplug have no edge node).
    Cost:        one shuffle by `keys`; the median keeps the distinct skews of a source in memory.

    Raises:
        ColumnContractError: a column is missing.
        ConfigError: a limit that is not positive.
    """
    require_columns("rollup_clock_skew", readings, [*keys, *_NEEDED])
    require_limits("rollup_clock_skew", max_skew_s=max_skew_s, min_count=min_count)
    live = readings.where(~sf.col("is_historical") & sf.col("time_source").isin("metric", "payload"))
    skews = live.withColumn("_skew", elapsed_us(sf.col("event_time_utc"), sf.col("arrival_time_utc")))
    skew_s = sf.median("_skew") / 1e6
    return (
        skews.where(sf.col("_skew").isNotNull())
        .groupBy(*keys)
        .agg(
            skew_s.alias("skew_s"),
            (sf.min("_skew") / 1e6).alias("least_skew_s"),
            (sf.max("_skew") / 1e6).alias("greatest_skew_s"),
            sf.count("_skew").alias("live_count"),
        )
        .withColumn("is_skewed", sf.when(sf.col("live_count") >= min_count, sf.abs("skew_s") > max_skew_s))
    )


def is_from_future(*, tolerance_s: float, at: str = "event_time_utc", arrival: str = "arrival_time_utc") -> Column:
    """Say whether an event claims to be later than its arrival by more than `tolerance_s`; null where either is.

    Raises:
        ConfigError: `tolerance_s` is not positive.
    """
    require_limits("is_from_future", tolerance_s=tolerance_s)
    return elapsed_us(sf.col(arrival), sf.col(at)) > round(tolerance_s * 1_000_000)
