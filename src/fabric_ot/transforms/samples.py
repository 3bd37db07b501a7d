"""Samples of tags as the plant transforms want them: one per instant, joined to the tag catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.numbers import is_finite

_LATEST: tuple[str, ...] = (
    "source_sequence",
    "arrival_time_utc",
    "route",
    "source_partition",
    "source_offset",
    "metric_index",
)
_TAG_COLUMNS: tuple[str, ...] = ("asset_id", "role", "counter_modulus", "unit")


def keep_last_sample(readings: DataFrame, *, keys: Sequence[str] = ("tag_id",)) -> DataFrame:
    """Keep one sample per key and instant: a death, else the last sequence, else the last arrival.

    Choice: the superseded samples stay in `plant.reading`; here they are only passed over.

    Columns in:  *keys, `event_time_utc`, `quality` and the order columns of `plant.reading`.
    Columns out: those of `readings`.
    Grain out:   one row per keys and `event_time_utc`.
    Nulls:       none in the columns named above.
    Cost:        one shuffle by `keys` and one sort by time, which a later window by `keys` and time reuses.
    """
    require_columns("keep_last_sample", readings, [*keys, "event_time_utc", "quality", *_LATEST])
    by_rank = readings.withColumn("_is_stale", sf.col("quality") == "STALE")
    in_order = Window.partitionBy(*keys).orderBy("event_time_utc", "_is_stale", *_LATEST)
    following = sf.lead("event_time_utc").over(in_order)
    last = sf.col("_following").isNull() | (sf.col("_following") > sf.col("event_time_utc"))
    return by_rank.withColumn("_following", following).where(last).drop("_following", "_is_stale")


def join_tags(readings: DataFrame, tags: DataFrame, *, tag_unit: str | None = None) -> DataFrame:
    """Add what the tag catalogue says of each sample's tag as of its event time; drop uncatalogued samples.

    Columns in:  readings: `tag_id`, `event_time_utc`; tags: `plant.tag`.
    Columns out: those of `readings` (`asset_id` replaced by the catalogue's, `unit` added where null), `role`,
                 `counter_modulus`; under the name `tag_unit`, if one is given, the catalogue's own unit.
    Grain out:   one row per sample whose tag has a version at its event time.
    Cost:        the catalogue is broadcast; no shuffle.
    """
    require_columns("join_tags readings", readings, ["tag_id", "event_time_utc"])
    require_columns("join_tags tags", tags, ["tag_id", *_TAG_COLUMNS, "valid_from_utc", "valid_to_utc"])
    own_unit = sf.col("unit") if "unit" in readings.columns else sf.lit(None).cast("string")
    samples = readings.withColumn("_unit", own_unit).drop(*_TAG_COLUMNS)
    versions = tags.select("tag_id", *_TAG_COLUMNS, "valid_from_utc", "valid_to_utc")
    valid = (sf.col("valid_from_utc") <= sf.col("event_time_utc")) & is_before_end("event_time_utc")
    joined = samples.join(sf.broadcast(versions), "tag_id").where(valid)
    told = joined if tag_unit is None else joined.withColumn(tag_unit, sf.col("unit"))
    named = told.withColumn("unit", sf.coalesce("_unit", "unit"))
    return named.drop("valid_from_utc", "valid_to_utc", "_unit")


def is_before_end(at: str, valid_to: str = "valid_to_utc") -> Column:
    """Say whether `at` lies before the exclusive end of a version; a null end is never."""
    return sf.col(valid_to).isNull() | (sf.col(at) < sf.col(valid_to))


def is_counted(value: str = "value_double") -> Column:
    """Say whether a sample carries a number to calculate with: GOOD or UNCERTAIN, not null, not NaN, finite."""
    return sf.col("quality").isin("GOOD", "UNCERTAIN") & is_finite(sf.col(value))
