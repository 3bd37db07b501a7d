"""State evidence: measured intervals with what they count as, and who said so."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.packml import OPC_30060_STATES, TR88_STATES
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.states.cleaning import (
    to_debounced_intervals,
    to_recoded_intervals,
    with_micro_stops,
    with_packml_state,
)

PACKML_NUMBERINGS = {"packml_tr88": TR88_STATES, "packml_opc30060": OPC_30060_STATES}
"""The units by which a state tag declares that it reports PackML states by number."""

_NO_TIME = dt.timedelta(0)


def with_numbered_states(samples: DataFrame) -> DataFrame:
    """Give the samples of state tags that declare a PackML numbering the names of their states.

    A tag declares it by its unit, `packml_tr88` or `packml_opc30060`: the two contradict each other, so nothing is
    guessed. Samples of other tags stay as they are; a number that the numbering does not know stays a number.

    Columns in:  `unit`, `value_string`, `value_double` and more.
    Columns out: those of `samples`, `value_string` replaced.
    Grain out:   that of `samples`.
    Nulls:       a sample without a value stays without.
    Cost:        no shuffle.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("with_numbered_states", samples, ["unit", "value_string", "value_double"])
    text = sf.coalesce("value_string", sf.col("value_double").cast("string"))
    named = samples
    for unit, numbers in PACKML_NUMBERINGS.items():
        told = with_packml_state(named.withColumn("_named", text), numbers=numbers, state="_named")
        is_named = (sf.col("unit") == unit) & sf.col("_named").isin(*numbers.values())
        declared = sf.when(is_named, sf.col("_named")).otherwise(sf.col("value_string"))
        named = told.withColumn("value_string", declared).drop("_named")
    return named


def to_state_evidence(
    intervals: DataFrame,
    recodings: DataFrame,
    *,
    debounce: dt.timedelta = _NO_TIME,
    micro_stop: dt.timedelta = _NO_TIME,
) -> DataFrame:
    """Say of each interval what it counts as: debounced, micro-stops judged, cut where a person re-coded it.

    Choices: neither debounce nor micro-stops unless they are declared; a re-coding never changes the state, nor time
    that counts as production; the one that was recorded last holds.

    Columns in:  intervals: `plant.state_interval`; recodings: `plant.state_recoding`.
    Columns out: those of `plant.state_evidence`.
    Grain out:   one row per interval and maximal stretch of it under one re-coding; the time of an asset is kept.
    Nulls:       `recoding_id`, `reason_code`, `recorded_by`, `recorded_at_utc` where nobody re-coded.
    Cost:        one shuffle by `asset_id` for each of the two that is declared; recodings are broadcast.

    Raises:
        ColumnContractError: a column is missing.
        ConfigError: a length of time is negative.
    """
    calm = intervals if debounce == _NO_TIME else to_debounced_intervals(intervals, debounce=debounce)
    if micro_stop == _NO_TIME:
        judged = calm.withColumns({"is_micro_stop": sf.lit(False), "measured_category": sf.col("time_category")})
    else:
        judged = with_micro_stops(calm, shorter_than=micro_stop)
    return to_recoded_intervals(judged, recodings).select(
        "asset_id",
        "start_utc",
        "end_utc",
        "state",
        "time_category",
        "measured_category",
        "is_micro_stop",
        "duration_s",
        "is_open",
        "recoding_id",
        "reason_code",
        sf.col("recoded_by").alias("recorded_by"),
        sf.col("recoded_at_utc").alias("recorded_at_utc"),
    )
