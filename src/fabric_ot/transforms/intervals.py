"""Half-open intervals `[start_utc, end_utc)`: from changes of a value, and joined by time.

Time joins go through UTC day numbers (an equi-join) and a residual condition on the instants, so that neither
side is ever compared with the whole of the other. The side called few is broadcast.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ColumnContractError, ContractError

_DAY_S = 86_400
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def require_columns(where: str, frame: DataFrame, names: Sequence[str]) -> None:
    """Raise `ColumnContractError` unless `frame` has all `names` (its schema is read, nothing runs)."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ColumnContractError.from_missing(where, missing, frame.columns)


def epoch_us(moment: dt.datetime) -> int:
    """Return `moment` as whole microseconds since 1970 UTC; a naive datetime is refused.

    Example:
        >>> epoch_us(dt.datetime(1970, 1, 1, 1, tzinfo=dt.UTC))
        3600000000
    """
    if moment.tzinfo is None:
        message = f"an instant without a time zone: {moment!r}\nHint: dt.datetime(..., tzinfo=dt.UTC)"
        raise ContractError(message)
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def utc_literal(moment: dt.datetime) -> Column:
    """Return `moment` as a timestamp literal, whatever the session's or the process's zone is."""
    return sf.timestamp_micros(sf.lit(epoch_us(moment)))


def elapsed_us(start: Column, end: Column) -> Column:
    """Return the whole microseconds from `start` to `end`: integers, so that sums are exact."""
    return sf.unix_micros(end) - sf.unix_micros(start)


def to_runs(
    samples: DataFrame,
    *,
    keys: Sequence[str],
    value: str,
    horizon_utc: dt.datetime,
    ts: str = "event_time_utc",
) -> DataFrame:
    """Turn samples of a value into maximal half-open runs of equal value.

    A value holds until the next sample; repeats are merged; the last run is closed at `horizon_utc`.
    Samples at or after `horizon_utc` are dropped.

    Columns in:  *keys (any), `ts` (timestamp, UTC), `value` (any orderable); one sample per keys and `ts`.
    Columns out: *keys, `value`, `start_utc`, `end_utc` (timestamp), `is_open` (boolean).
    Grain out:   one row per maximal run of one value, per key.
    Nulls:       none in keys, `ts`, `value` (the caller's rule, not checked here).
    Cost:        one shuffle by `keys`; no driver action.     Streaming: batch only.

    Raises:
        ColumnContractError: a key, `ts` or `value` is not a column of `samples`.
    """
    require_columns("to_runs", samples, [*keys, ts, value])
    horizon = utc_literal(horizon_utc)
    in_time = Window.partitionBy(*keys).orderBy(ts)
    before = sf.lag(sf.col(value)).over(in_time)
    changes = (
        samples.where(sf.col(ts) < horizon)
        .select(*keys, sf.col(ts).alias("start_utc"), sf.col(value), before.alias("_before"))
        .where(sf.col("_before").isNull() | (sf.col("_before") != sf.col(value)))
    )
    next_start = sf.lead("start_utc").over(Window.partitionBy(*keys).orderBy("start_utc"))
    return changes.withColumn("_next", next_start).select(
        *keys,
        value,
        "start_utc",
        sf.coalesce("_next", horizon).alias("end_utc"),
        sf.col("_next").isNull().alias("is_open"),
    )


def join_overlaps(spans: DataFrame, windows: DataFrame, *, on: Sequence[str]) -> DataFrame:
    """Pair each span with every window of the same `on` that it overlaps, and say by how much.

    Columns in:  spans: `on`, `start_utc`, `end_utc` and more; windows: the same three and more, few rows.
    Columns out: those of `spans`, those of `windows` but `on` and its bounds, `overlap_us` (long, microseconds, > 0).
    Grain out:   one row per pair that overlaps for longer than zero.
    Cost:        windows are repeated per UTC day they touch and broadcast; no shuffle of `spans`.
    """
    for name, frame in (("join_overlaps spans", spans), ("join_overlaps windows", windows)):
        require_columns(name, frame, [*on, "start_utc", "end_utc"])
    few = windows.withColumnsRenamed({"start_utc": "_window_start", "end_utc": "_window_end"})
    few = few.withColumn("_day", _days(sf.col("_window_start"), sf.col("_window_end")))
    many = spans.withColumn("_day", _days(sf.col("start_utc"), sf.col("end_utc")))
    start = sf.greatest("start_utc", "_window_start")
    overlap = elapsed_us(start, sf.least("end_utc", "_window_end"))
    # a pair meets on every day that both touch; it counts on the first of them
    pairs = many.join(sf.broadcast(few), [*on, "_day"]).where((sf.col("_day") == _day(start)) & (overlap > 0))
    return pairs.withColumn("overlap_us", overlap).drop("_day", "_window_start", "_window_end")


def join_covering(points: DataFrame, runs: DataFrame, *, on: Sequence[str], at: str) -> DataFrame:
    """Add to each point the columns of the run that covers it: `start_utc <= at < end_utc`.

    Columns in:  points: `on`, `at` (timestamp); runs: `on`, `start_utc`, `end_utc` and more, not overlapping, few.
    Columns out: those of `points`, those of `runs` but `on` and its bounds (null where no run covers the point).
    Grain out:   that of `points`.
    Cost:        runs are repeated per UTC day they touch and broadcast; no shuffle of `points`.
    """
    require_columns("join_covering points", points, [*on, at])
    require_columns("join_covering runs", runs, [*on, "start_utc", "end_utc"])
    few = sf.broadcast(runs.withColumn("_day", _days(sf.col("start_utc"), sf.col("end_utc")))).alias("few")
    many = points.withColumn("_day", _day(sf.col(at))).alias("many")
    covers = (sf.col("few.start_utc") <= sf.col(f"many.{at}")) & (sf.col(f"many.{at}") < sf.col("few.end_utc"))
    for key in (*on, "_day"):
        covers = (sf.col(f"many.{key}") == sf.col(f"few.{key}")) & covers
    added = [f"few.{name}" for name in runs.columns if name not in (*on, "start_utc", "end_utc")]
    return many.join(few, covers, "left").select(*[f"many.{name}" for name in points.columns], *added)


def keep_overlapping(spans: DataFrame, *, on: Sequence[str]) -> DataFrame:
    """Keep the spans that begin before an earlier one of the same `on` has ended.

    Columns in:  `on`, `start_utc`, `end_utc` and more.
    Columns out: those of `spans`.
    Grain out:   one row per span that overlaps an earlier one.
    Cost:        one shuffle by `on`.
    """
    in_time = Window.partitionBy(*on).orderBy("start_utc", "end_utc")
    latest_end = sf.max("end_utc").over(in_time.rowsBetween(Window.unboundedPreceding, -1))
    marked = spans.withColumn("_latest_end", latest_end)
    return marked.where(sf.col("start_utc") < sf.col("_latest_end")).drop("_latest_end")


def _day(at: Column) -> Column:
    return sf.floor(sf.unix_seconds(at) / sf.lit(_DAY_S)).cast("long")


def _days(start: Column, end: Column) -> Column:
    return sf.explode(sf.sequence(_day(start), sf.greatest(_day(start), _day(end))))
