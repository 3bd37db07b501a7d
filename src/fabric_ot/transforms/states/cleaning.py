"""States made fit for accounting: flicker joined, short stops told apart, reasons re-coded by people with audit.

The order is debounce, micro-stops, re-coding, and only then the cut to shifts: a stop is as long as it was, whatever
the hour. Each step keeps the time of an asset: what goes in as a stretch without a hole comes out as one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.contracts.packml import TR88_STATES
from fabric_ot.contracts.roles import NO_SIGNAL, TIME_CATEGORIES
from fabric_ot.errors import ConfigError
from fabric_ot.transforms.intervals import elapsed_us, require_columns

STOP_CATEGORIES: tuple[str, ...] = ("idle", "unplanned_down")
"""What a short stop may be made of: never planned time, never time without a signal."""

RECODING_COLUMNS: tuple[str, ...] = (
    "asset_id",
    "start_utc",
    "end_utc",
    "recoding_id",
    "reason_code",
    "time_category",
    "recorded_at_utc",
    "recorded_by",
)

_INTERVAL = ("asset_id", "start_utc", "end_utc", "state", "time_category", "duration_s", "is_open")


def with_packml_state(
    samples: DataFrame, *, numbers: Mapping[int, str] = TR88_STATES, state: str = "state"
) -> DataFrame:
    """Give PackML states that a machine reports by number (`6`, `6.0`) their name (`EXECUTE`).

    Names become upper case without spaces, dashes and underscores (`Un-Holding` is UNHOLDING). A number that
    `numbers` does not know stays as it is: without a category it counts as unqualified.

    Columns in:  `state` (string).
    Columns out: those of `samples`, `state` replaced.
    Grain out:   that of `samples`.
    Nulls:       null stays null.
    Cost:        no shuffle.
    Source: ISA-TR88.00.02 (StateCurrent); OPC 30060, 11.9 numbers the same states differently.
    """
    require_columns("with_packml_state", samples, [state])
    text = sf.upper(sf.trim(sf.col(state)))
    plain = sf.regexp_replace(text, r"^(\d+)\.0+$", "$1")
    pairs = [sf.lit(item) for number, name in numbers.items() for item in (str(number), name)]
    named = sf.try_element_at(sf.create_map(*pairs), plain) if pairs else _nothing()
    squeezed = sf.translate(plain, " -_", "")
    known = sf.when(squeezed.isin(*numbers.values()), squeezed) if pairs else _nothing()
    return samples.withColumn(state, sf.coalesce(named, known, text))


def to_debounced_intervals(intervals: DataFrame, *, debounce: dt.timedelta) -> DataFrame:
    """Join each run that is shorter than `debounce` to the run before it, and merge what is then one state.

    A state that lasts counts from its start, not from when it was confirmed. Time without a signal and the open run
    are never joined, nor is the first run after a gap: nothing is before it. A gap is NO_SIGNAL or a hole in time.

    Columns in:  `plant.state_interval`, not overlapping per asset.
    Columns out: those of `plant.state_interval`, `joined_count` (long: runs that were joined), `joined_s` (seconds
                 that they lasted).
    Grain out:   one row per asset and maximal run of one state.
    Nulls:       none come in or out.
    Cost:        one shuffle by `asset_id`.     Streaming: batch only.

    Raises:
        ColumnContractError: a column is missing.
        ConfigError: `debounce` is negative.
    """
    require_columns("to_debounced_intervals", intervals, _INTERVAL)
    _require_not_negative("to_debounced_intervals", debounce)
    in_time = Window.partitionBy("asset_id").orderBy("start_utc")
    is_gap = sf.col("state") == NO_SIGNAL
    follows_run = (sf.lag("end_utc").over(in_time) == sf.col("start_utc")) & (
        sf.lag("state").over(in_time) != NO_SIGNAL
    )
    is_short = elapsed_us(sf.col("start_utc"), sf.col("end_utc")) < debounce // dt.timedelta(microseconds=1)
    joins = is_short & ~is_gap & ~sf.col("is_open") & sf.coalesce(follows_run, sf.lit(False))
    marked = intervals.select(*_INTERVAL, joins.alias("_joins"))
    lasting = _joined(marked.withColumn("_starts", ~sf.col("_joins")))
    is_same = (sf.lag("end_utc").over(in_time) == sf.col("start_utc")) & (
        sf.lag("state").over(in_time) == sf.col("state")
    )
    renewed = _numbered(lasting.drop("_run").withColumn("_starts", ~sf.coalesce(is_same, sf.lit(False))))
    merged = renewed.groupBy("asset_id", "_run").agg(*_bounds())
    duration_s = elapsed_us(sf.col("start_utc"), sf.col("end_utc")) / 1e6
    return merged.withColumn("duration_s", duration_s).select(
        *_INTERVAL, "joined_count", (sf.col("_joined_us") / 1e6).alias("joined_s")
    )


def with_micro_stops(
    intervals: DataFrame,
    *,
    shorter_than: dt.timedelta = dt.timedelta(minutes=5),
    stop_categories: Sequence[str] = STOP_CATEGORIES,
) -> DataFrame:
    """Mark the stops that are too short to count as down time, and count them as production.

    A stop is a stretch of `stop_categories` without a hole, whatever states it is made of: five states of two minutes
    are one stop of ten. The open stretch is none yet. Judged before the cut to shifts.

    Columns in:  `plant.state_interval`, not overlapping per asset.
    Columns out: those of `intervals` (`time_category` is production in a micro-stop), `is_micro_stop` (boolean),
                 `measured_category` (the category before), `stop_s` (double: how long the whole stop was; null where
                 there is none).
    Grain out:   that of `intervals`.
    Nulls:       none come in.
    Cost:        one shuffle by `asset_id`.     Streaming: batch only.

    Raises:
        ColumnContractError: a column is missing.
        ConfigError: `shorter_than` is negative, or a category is not one of `contracts.roles`.
    """
    require_columns("with_micro_stops", intervals, _INTERVAL)
    _require_not_negative("with_micro_stops", shorter_than)
    unknown = [category for category in stop_categories if category not in TIME_CATEGORIES]
    if unknown or not stop_categories:
        raise ConfigError("with_micro_stops", [f"stop_categories {unknown or 'none'}; known: {TIME_CATEGORIES}"])
    in_time = Window.partitionBy("asset_id").orderBy("start_utc")
    is_stop = sf.col("time_category").isin(*stop_categories)
    goes_on = is_stop & sf.lag(is_stop).over(in_time) & (sf.lag("end_utc").over(in_time) == sf.col("start_utc"))
    starts = sf.when(sf.coalesce(goes_on, sf.lit(False)), 0).otherwise(1)
    numbered = intervals.withColumn("_starts", starts).withColumn("_stop", sf.sum("_starts").over(in_time))
    stretch = Window.partitionBy("asset_id", "_stop")
    length_us = sf.sum(elapsed_us(sf.col("start_utc"), sf.col("end_utc"))).over(stretch)
    measured = numbered.withColumns({"_us": length_us, "_open": sf.max("is_open").over(stretch)})
    is_short = sf.col("_us") < shorter_than // dt.timedelta(microseconds=1)
    is_micro = is_stop & is_short & ~sf.col("_open")
    others = [name for name in intervals.columns if name != "time_category"]
    return measured.select(
        *others,
        sf.when(is_micro, "production").otherwise(sf.col("time_category")).alias("time_category"),
        is_micro.alias("is_micro_stop"),
        sf.col("time_category").alias("measured_category"),
        sf.when(is_stop, sf.col("_us") / 1e6).alias("stop_s"),
    )


def to_recoded_intervals(
    intervals: DataFrame, recodings: DataFrame, *, protected: Sequence[str] = ("production",)
) -> DataFrame:
    """Cut intervals where a person said later what the time was, and say who, when and what was measured.

    The re-coding that was recorded last holds, wherever several cover an instant (then the greater `recoding_id`).
    Time that counts as one of `protected` (micro-stops among it) stays as it is. The state is never rewritten.

    Columns in:  intervals: `plant.state_interval` and more; recodings: `RECODING_COLUMNS`, `time_category` one of
                 `contracts.roles`; one without a time between its bounds says nothing.
    Columns out: those of `intervals` (cut; `time_category` as re-coded), `recoded_from` (the category before),
                 `reason_code`, `recoding_id`, `recoded_at_utc`, `recoded_by` (null where nobody re-coded).
    Grain out:   one row per interval and maximal stretch of it under one re-coding; durations add up to the interval.
    Nulls:       none in keys, bounds and `recorded_at_utc`.
    Cost:        recodings are few: those of an asset travel as one array, broadcast; no shuffle.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("to_recoded_intervals intervals", intervals, _INTERVAL)
    require_columns("to_recoded_intervals recodings", recodings, RECODING_COLUMNS)
    joined = intervals.join(sf.broadcast(_recodings_by_asset(recodings)), "asset_id", "left")
    start, end = sf.col("start_utc"), sf.col("end_utc")
    is_free = ~sf.col("time_category").isin(*protected)
    touching = sf.filter("_recodings", lambda r: (r["start_utc"] < end) & (r["end_utc"] > start))
    told = joined.withColumn("_told", sf.when(is_free, touching))
    starts = sf.transform("_told", lambda r: sf.greatest(r["start_utc"], start))
    ends = sf.filter(sf.transform("_told", lambda r: r["end_utc"]), lambda at: at < end)
    cuts = sf.array_sort(sf.array_distinct(sf.coalesce(sf.concat(sf.array(start), starts, ends), sf.array(start))))
    points = told.withColumn(
        "_points", sf.transform(cuts, lambda at: sf.struct(at.alias("at"), _last_at(at).alias("r")))
    )
    changes = sf.filter("_points", lambda p, n: (n == 0) | ~p["r"].eqNullSafe(sf.get("_points", n - 1)["r"]))
    pieces = points.withColumn("_changes", changes).select("*", sf.posexplode("_changes").alias("_n", "_piece"))
    following = sf.get("_changes", sf.col("_n") + 1)["at"]
    piece_end = sf.coalesce(following, end)
    cut: dict[str, Column] = {
        "start_utc": sf.col("_piece.at"),
        "end_utc": piece_end,
        "time_category": sf.coalesce("_piece.r.time_category", "time_category"),
        "duration_s": elapsed_us(sf.col("_piece.at"), piece_end) / 1e6,
        "is_open": sf.col("is_open") & following.isNull(),
    }
    return pieces.select(
        *[cut.get(name, sf.col(name)).alias(name) for name in intervals.columns],
        sf.when(sf.col("_piece.r").isNotNull(), sf.col("time_category")).alias("recoded_from"),
        sf.col("_piece.r.reason_code").alias("reason_code"),
        sf.col("_piece.r.recoding_id").alias("recoding_id"),
        sf.col("_piece.r.recorded_at_utc").alias("recoded_at_utc"),
        sf.col("_piece.r.recorded_by").alias("recoded_by"),
    )


def _joined(marked: DataFrame) -> DataFrame:
    """Join each run to the one that started before it; what the whole is, its first run says."""
    joined_us = sf.when(sf.col("_joins"), elapsed_us(sf.col("start_utc"), sf.col("end_utc"))).otherwise(0)
    count = sf.col("_joins").cast("long")
    counted = _numbered(marked.withColumns({"joined_count": count, "_joined_us": joined_us}))
    return counted.groupBy("asset_id", "_run").agg(*_bounds())


def _numbered(marked: DataFrame) -> DataFrame:
    in_time = Window.partitionBy("asset_id").orderBy("start_utc")
    return marked.withColumn("_run", sf.sum(sf.col("_starts").cast("int")).over(in_time))


def _bounds() -> list[Column]:
    first = sf.min_by(sf.struct("state", "time_category"), "start_utc")
    return [
        sf.min("start_utc").alias("start_utc"),
        sf.max("end_utc").alias("end_utc"),
        first["state"].alias("state"),
        first["time_category"].alias("time_category"),
        sf.max("is_open").alias("is_open"),
        sf.sum("joined_count").alias("joined_count"),
        sf.sum("_joined_us").alias("_joined_us"),
    ]


def _recodings_by_asset(recodings: DataFrame) -> DataFrame:
    # the order of the fields is the order of precedence: recorded last wins, then the greater id
    one = sf.struct("recorded_at_utc", "recoding_id", *[n for n in RECODING_COLUMNS if n not in _KEY_OF_RECODING])
    lasting = recodings.where(sf.col("start_utc") < sf.col("end_utc"))
    return lasting.groupBy("asset_id").agg(sf.collect_list(one).alias("_recodings"))


_KEY_OF_RECODING = ("asset_id", "recorded_at_utc", "recoding_id")


def _last_at(at: Column) -> Column:
    return sf.array_max(sf.filter("_told", lambda r: (r["start_utc"] <= at) & (at < r["end_utc"])))


def _require_not_negative(where: str, length: dt.timedelta) -> None:
    if length < dt.timedelta(0):
        raise ConfigError(where, [f"a length of time is negative: {length}"])


def _nothing() -> Column:
    return sf.lit(None).cast("string")
