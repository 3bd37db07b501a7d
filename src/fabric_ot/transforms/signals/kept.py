"""The samples that a walk has kept, and what each of them stands for."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.numbers import finite_or_null


def explode_kept(walked: DataFrame, columns: Sequence[str]) -> DataFrame:
    """Return the kept samples of walked blocks as they came, with these `columns`."""
    kept = sf.transform("_places", lambda place: sf.element_at("_samples", place))
    return _as_they_came(walked.select("tag_id", "_block", sf.explode(kept).alias("_sample")), columns)


def explode_told(walked: DataFrame, columns: Sequence[str]) -> DataFrame:
    """Return the kept samples of walked blocks with what each stands for.

    Columns out: `columns`, `stands_for_count` (long: itself and those left out until the next one), `max_error`
                 (double: how far the furthest of these is from what is told of it; null without a number).
    """
    told = _told(sf.col("_samples"), sf.col("_places"))
    kept = walked.select("tag_id", "_block", sf.explode(told).alias("_kept")).select("tag_id", "_block", "_kept.*")
    return _as_they_came(kept, columns, "stands_for_count", "max_error")


def _as_they_came(kept: DataFrame, columns: Sequence[str], *also: str) -> DataFrame:
    """Put together again what the block, the time in it and the rest of the row tell."""
    at = sf.timestamp_micros(sf.col("_block") + sf.col("_sample.at").cast("long"))
    return kept.select("tag_id", at.alias("event_time_utc"), "_sample.rest.*", *also).select(*columns, *also)


def _told(samples: Column, places: Column) -> Column:
    """Return the kept samples, each with what it stands for."""
    following = sf.slice(places, 2, sf.size(places))
    spans = sf.zip_with(places, following, lambda place, end: sf.struct(place.alias("from"), end.alias("to")))
    return sf.transform(spans, lambda span: _stands_for(samples, span))


def _stands_for(samples: Column, span: Column) -> Column:
    own = sf.element_at(samples, span["from"])
    count = sf.coalesce(span["to"], span["from"] + 1) - span["from"]
    following = sf.get(samples, span["to"] - 1)
    errors = sf.transform(
        sf.slice(samples, span["from"], count),
        lambda sample: finite_or_null(sf.abs(sample["value"] - _line(own, following, sample))),
    )
    return sf.struct(
        own.alias("_sample"), count.cast("long").alias("stands_for_count"), sf.array_max(errors).alias("max_error")
    )


def _line(origin: Column, following: Column, sample: Column) -> Column:
    """Return what is told of a sample left out: the value that is held, or the line to the next kept one."""
    share = sf.try_divide(sample["at"] - origin["at"], following["at"] - origin["at"])
    rise = sf.when(~origin["is_held"], (following["value"] - origin["value"]) * share)
    return origin["value"] + sf.coalesce(rise, sf.lit(0.0))
