"""Machine states: from samples of the state tag to maximal intervals with a time category."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.roles import NO_SIGNAL
from fabric_ot.transforms.intervals import elapsed_us, require_columns, to_runs

_LARGEST_CODE = 1e15


def to_state_intervals(samples: DataFrame, categories: DataFrame, *, horizon_utc: dt.datetime) -> DataFrame:
    """Turn samples of the state tag into maximal half-open intervals of one state.

    A state holds until the next sample; repeats are merged; the last interval is closed at `horizon_utc` and
    marked open. States are upper-cased; a number is taken as a code (`4.0` is state `4`). A BAD, STALE or empty
    sample opens NO_SIGNAL until the next good one. A state without a category counts as unqualified.
    Samples at or after `horizon_utc` are dropped. A silent source keeps its last state (it is the death message,
    or a later BAD sample, that ends it).

    Columns in:  samples: `asset_id`, `event_time_utc`, `value_string`, `value_double`, `quality`, one per asset and
                 instant; categories: `state` (upper case), `time_category`.
    Columns out: `asset_id`, `start_utc`, `end_utc`, `state`, `time_category`, `duration_s` (seconds), `is_open`.
    Grain out:   one row per asset and maximal run of one state.
    Nulls:       none in `asset_id`, `event_time_utc`, `quality`; none come out.
    Cost:        one shuffle by `asset_id`; categories are broadcast.     Streaming: batch only.

    Raises:
        ColumnContractError: a column is missing.
    """
    needed = ["asset_id", "event_time_utc", "value_string", "value_double", "quality"]
    require_columns("to_state_intervals samples", samples, needed)
    require_columns("to_state_intervals categories", categories, ["state", "time_category"])
    states = samples.select("asset_id", "event_time_utc", _state().alias("state"))
    runs = to_runs(states, keys=("asset_id",), value="state", horizon_utc=horizon_utc)
    mapped = categories.where(sf.col("state") != NO_SIGNAL).select("state", "time_category")
    return runs.join(sf.broadcast(mapped), "state", "left").select(
        "asset_id",
        "start_utc",
        "end_utc",
        "state",
        sf.coalesce("time_category", sf.lit("unqualified")).alias("time_category"),
        (elapsed_us(sf.col("start_utc"), sf.col("end_utc")) / 1e6).alias("duration_s"),
        "is_open",
    )


def _state() -> Column:
    number = sf.col("value_double")
    is_code = (sf.abs(number) < _LARGEST_CODE) & (number == sf.floor(number))
    code = sf.when(is_code, number.cast("long").cast("string"))
    text = sf.upper(sf.trim(sf.coalesce("value_string", code)))
    is_good = sf.col("quality").isin("GOOD", "UNCERTAIN") & (text != "")
    return sf.when(is_good, text).otherwise(sf.lit(NO_SIGNAL))
