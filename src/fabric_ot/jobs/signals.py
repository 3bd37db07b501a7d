"""Signals: from readings to minutes, silences and the clocks of sources, where new readings touch them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.contracts.silver_signals import SIGNAL_RULE
from fabric_ot.jobs.progress import finish_batches, finished_by, pending_batches
from fabric_ot.jobs.report import JobReport
from fabric_ot.jobs.signal_window import SignalWindow, find_window
from fabric_ot.lakehouse import do_together
from fabric_ot.transforms.intervals import utc_literal
from fabric_ot.transforms.samples import join_tags, keep_last_sample
from fabric_ot.transforms.signals.as_of import join_as_of
from fabric_ot.transforms.signals.compression import to_compressed
from fabric_ot.transforms.signals.gaps import to_gaps
from fabric_ot.transforms.signals.minutes import in_catalogue_unit, to_reading_minutes, with_filled_minutes
from fabric_ot.transforms.signals.skew import rollup_clock_skew
from fabric_ot.transforms.units.conversion import unit_rows, with_value_in_unit

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fabric_ot.lakehouse import Lakehouse

STEP = "signal"
MAX_HOLD_S = 3600.0
MAX_FILL_S = 3600.0
_RULES = SIGNAL_RULE.column_names
_SERIES = ("tag_id", "event_time_utc", "value_double", "quality")
_COMPRESSION = ("compression_method", "compression_deviation", "compression_max_interval_s")
_SAMPLE = (*_SERIES, "quality_code", "asset_id", "unit", "tag_unit", "is_unit_refused", *_RULES[1:])


def run_signals(
    silver: Lakehouse, *, as_of_utc: dt.datetime, max_hold_s: float = MAX_HOLD_S, max_fill_s: float = MAX_FILL_S
) -> JobReport:
    """Measure the minutes, silences and clocks that new readings, or time that has passed, have touched.

    All minutes from the earliest new reading on are computed again, from samples as far back as any has a say;
    minutes that come out as they are stay as they are, so late data restates the minutes it touches and no others.
    New reference rows (units, limits, tags) compute everything again. A silence that goes on is told, and a value
    that holds is measured, whether a batch came or not; at the same clock nothing changes. Runs after production,
    which says the state of an asset at each minute.

    Args:
        silver: the silver lakehouse.
        as_of_utc: the run's clock: the last whole minute before it is the last that is measured.
        max_hold_s: how long a value speaks where `plant.signal_rule` says nothing, in seconds.
        max_fill_s: how long a silence may be to be filled where it says how to fill, but not up to when, in seconds.
    """
    batches = pending_batches(finished_by(silver, "production"), silver, step=STEP)
    limits = {"max_hold_s": max_hold_s, "max_fill_s": max_fill_s}
    window = find_window(silver, batches, step=STEP, as_of_utc=as_of_utc, **limits)
    counts = {"batches": len(batches)}
    if window is not None:
        units = silver.frame("plant.unit", unit_rows())
        if silver.version("plant.unit") is None:
            silver.append("plant.unit", units)
        with silver.staged(_samples(silver, window, units, limits)) as samples:
            writes: dict[str, Callable[[], int]] = {
                "reading_minute": partial(_write_minutes, silver, samples, window),
                "reading_compressed": partial(_write_compressed, silver, samples, window),
                "reading_gap": partial(_write_gaps, silver, samples, window),
            }
            if batches:
                writes["clock_skew"] = partial(_write_skews, silver, window)
            counts |= do_together(writes)
    finish_batches(silver, batches, step=STEP, as_of_utc=as_of_utc)
    return JobReport(STEP, counts)


def _samples(silver: Lakehouse, window: SignalWindow, units: DataFrame, limits: Mapping[str, float]) -> DataFrame:
    """Return one sample per measured tag and instant, in the catalogue's unit, with what its tag must keep to."""
    tags = silver.read("plant.tag").where(sf.col("role") == "measure")
    readings = join_tags(window.rows_of(silver.read("plant.reading")), tags, tag_unit="tag_unit")
    last = keep_last_sample(readings)
    settled = in_catalogue_unit(last, with_value_in_unit(last, units, to_unit=sf.col("tag_unit")))
    ruled = settled.join(sf.broadcast(silver.read("plant.signal_rule")), "tag_id", "left")
    return ruled.withColumns({name: sf.coalesce(name, sf.lit(s)) for name, s in limits.items()}).select(*_SAMPLE)


def _write_minutes(silver: Lakehouse, samples: DataFrame, window: SignalWindow) -> int:
    from_utc, to_utc = window.from_utc, window.to_utc
    measured = to_reading_minutes(samples, from_utc=from_utc, to_utc=to_utc, max_hold_s="max_hold_s")
    minutes = with_filled_minutes(measured, samples, from_utc=from_utc, to_utc=to_utc)
    told = samples.groupBy("tag_id").agg(
        sf.max_by("asset_id", "event_time_utc").alias("asset_id"), sf.max_by("tag_unit", "event_time_utc").alias("unit")
    )
    rows = minutes.join(sf.broadcast(told), "tag_id")
    since = sf.col("is_open") | window.is_from("end_utc")
    states = silver.read("plant.state_interval").where(since).select("asset_id", "start_utc", "state")
    placed = join_as_of(rows, states, on=("asset_id",), at="minute_utc", known_at="start_utc")
    return silver.replace("plant.reading_minute", placed, where=window.is_from("minute_utc")).changed


def _write_compressed(silver: Lakehouse, samples: DataFrame, window: SignalWindow) -> int:
    """Compress the samples of tags that declare how, by whole blocks: a late sample changes its own block."""
    since = sf.col("event_time_utc") >= utc_literal(window.block_from_utc)
    unit = sf.col("tag_unit").alias("unit")
    kept = to_compressed(
        samples.where(since).select(*_SERIES, "asset_id", unit, *_COMPRESSION),
        method="compression_method",
        deviation="compression_deviation",
        max_interval_s="compression_max_interval_s",
    )
    rows = kept.withColumn("event_date", sf.to_date("event_time_utc"))
    return silver.replace("plant.reading_compressed", rows, where=since).changed


def _write_gaps(silver: Lakehouse, samples: DataFrame, window: SignalWindow) -> int:
    """Write the silences that end in the window; one that began long ago is known by the row it already has."""
    begun = silver.read("plant.reading_gap").where(window.is_from("end_utc"))
    ends = begun.where(sf.col("start_utc") < utc_literal(window.read_from_utc)).select(
        "tag_id",
        sf.col("start_utc").alias("event_time_utc"),
        sf.lit(None).cast("double").alias("value_double"),
        sf.lit("BAD").alias("quality"),
    )
    heard = samples.select(*_SERIES).unionByName(ends)
    rules = silver.read("plant.signal_rule").where(sf.col("expected_interval_s").isNotNull())
    longest = sf.coalesce("max_interval_s", sf.col("expected_interval_s") * 1.5)
    judged = heard.join(sf.broadcast(rules.withColumn("max_interval_s", longest)), "tag_id")
    gaps = to_gaps(
        judged, expected_interval_s="expected_interval_s", max_interval_s="max_interval_s", horizon_utc=window.to_utc
    )
    where = window.is_from("end_utc")
    return silver.replace("plant.reading_gap", gaps.where(where), where=where).changed


def _write_skews(silver: Lakehouse, window: SignalWindow) -> int:
    since = sf.col("event_date") >= sf.to_date(utc_literal(window.from_utc))
    readings = silver.read("plant.reading").where(since)
    skews = rollup_clock_skew(readings, keys=("event_date", "route", "edge_node_id"))
    named = skews.withColumn("source", sf.coalesce("edge_node_id", sf.lit("")))
    return silver.replace("plant.clock_skew", named, where=since).changed
