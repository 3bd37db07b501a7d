"""Energy by interval, from meters that count and from histories that label intervals."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.samples import is_counted, join_tags

KWH_PER_UNIT: dict[str, float] = {"kWh": 1.0, "Wh": 0.001, "MWh": 1000.0}
"""The energy units that the catalogue may name; none named means kWh."""


def to_metered_energy(deltas: DataFrame, tags: DataFrame) -> DataFrame:
    """Turn increments of energy counters into energy between two readings.

    Nothing is extrapolated: before the first and after the last reading there is no interval.

    Columns in:  deltas: as `to_count_deltas` returns them; tags: `plant.tag`.
    Columns out: `tag_id`, `asset_id`, `start_utc`, `end_utc`, `energy_kwh`.
    Grain out:   one row per energy counter and pair of successive good samples.
    Cost:        tags are broadcast; no shuffle.
    """
    require_columns("to_metered_energy", deltas, ["tag_id", "previous_time_utc", "event_time_utc", "delta", "role"])
    metered = join_tags(deltas.where(sf.col("role") == "energy_counter").drop("role"), tags)
    return metered.select(
        "tag_id",
        "asset_id",
        sf.col("previous_time_utc").alias("start_utc"),
        sf.col("event_time_utc").alias("end_utc"),
        (sf.col("delta") * _kwh_per_unit()).alias("energy_kwh"),
    )


def to_labeled_energy(
    samples: DataFrame,
    tags: DataFrame,
    *,
    interval_s: Mapping[str, float] | None = None,
    default_interval_s: float = 900.0,
) -> DataFrame:
    """Turn samples that carry the energy of the interval ending at their event time into intervals.

    Columns in:  samples: `tag_id`, `event_time_utc`, `value_double`, `quality`, one per tag and instant;
                 tags: `plant.tag` (role energy_interval is taken, other roles are passed over).
    Columns out: `tag_id`, `asset_id`, `start_utc`, `end_utc`, `energy_kwh`.
    Grain out:   one row per sample of an energy_interval tag.
    Cost:        tags are broadcast; no shuffle.
    """
    require_columns("to_labeled_energy", samples, ["tag_id", "event_time_utc", "value_double", "quality"])
    labeled = join_tags(samples.where(is_counted()), tags.where(sf.col("role") == "energy_interval"))
    length_us = sf.round(_by_tag(interval_s or {}, default_interval_s) * 1e6).cast("long")
    return labeled.select(
        "tag_id",
        "asset_id",
        sf.timestamp_micros(sf.unix_micros("event_time_utc") - length_us).alias("start_utc"),
        sf.col("event_time_utc").alias("end_utc"),
        (sf.col("value_double") * _kwh_per_unit()).alias("energy_kwh"),
    )


def _by_tag(interval_s: Mapping[str, float], default: float) -> Column:
    chosen = sf.lit(default)
    for tag_id, seconds in sorted(interval_s.items()):
        chosen = sf.when(sf.col("tag_id") == tag_id, sf.lit(float(seconds))).otherwise(chosen)
    return chosen


def _kwh_per_unit() -> Column:
    factor = sf.lit(1.0)
    for unit, kwh in KWH_PER_UNIT.items():
        factor = sf.when(sf.col("unit") == unit, sf.lit(kwh)).otherwise(factor)
    return factor
