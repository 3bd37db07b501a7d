"""Energy by interval, from meters that count and from histories that label intervals."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.samples import is_counted, join_tags
from fabric_ot.transforms.units.conversion import UNITS, conversion

KWH_PER_UNIT: dict[str, float] = {
    text: conversion(text, "kWh")[0] for unit in UNITS if unit.dimension == "energy" for text in unit.texts
}
"""Every text that names a unit of energy, of the catalogue or of a sample; none named means kWh."""

ENERGY_ROLES: tuple[str, ...] = ("energy_counter", "energy_interval")


def is_energy_unit(unit: Column) -> Column:
    """Say whether `unit` names a unit of energy, or nothing: kWh then. Power is not energy, and `kwh` is no unit."""
    return _kwh_per_unit(unit).isNotNull()


def rollup_refused_units(samples: DataFrame) -> DataFrame:
    """Tell the samples of energy tags that are in no unit of energy, and so in no energy interval.

    Columns in:  samples: `tag_id`, `role`, `unit` and the columns of `is_counted`, as `join_tags` adds them.
    Columns out: `tag_id`, `unit`, `unit_reason` (unit_unknown, unit_dimension: a unit of something else),
                 `sample_count` (long).
    Grain out:   one row per tag and unit.
    Cost:        one shuffle of partial counts.
    """
    require_columns("rollup_refused_units", samples, ["tag_id", "role", "unit"])
    energy = samples.where(sf.col("role").isin(*ENERGY_ROLES) & is_counted())
    known = sf.trim("unit").isin(*[text for unit in UNITS for text in unit.texts])
    reason = sf.when(known, "unit_dimension").otherwise("unit_unknown").alias("unit_reason")
    refused = energy.where(~is_energy_unit(sf.col("unit")))
    return refused.groupBy("tag_id", "unit", reason).agg(sf.count(sf.lit(1)).alias("sample_count"))


def to_metered_energy(deltas: DataFrame, tags: DataFrame) -> DataFrame:
    """Turn increments of energy counters into energy between two readings.

    Nothing is extrapolated: before the first and after the last reading there is no interval.

    Columns in:  deltas: as `to_count_deltas` returns them; tags: `plant.tag`.
    Columns out: `tag_id`, `asset_id`, `start_utc`, `end_utc`, `energy_kwh`.
    Grain out:   one row per energy counter in a unit of energy and pair of successive good samples: a counter in
                 another unit gives none, see `rollup_refused_units`.
    Cost:        tags are broadcast; no shuffle.
    """
    require_columns("to_metered_energy", deltas, ["tag_id", "previous_time_utc", "event_time_utc", "delta", "role"])
    metered = join_tags(deltas.where(sf.col("role") == "energy_counter").drop("role"), tags)
    return metered.where(is_energy_unit(sf.col("unit"))).select(
        "tag_id",
        "asset_id",
        sf.col("previous_time_utc").alias("start_utc"),
        sf.col("event_time_utc").alias("end_utc"),
        (sf.col("delta") * _kwh_per_unit(sf.col("unit"))).alias("energy_kwh"),
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
    Grain out:   one row per sample of an energy_interval tag in a unit of energy, see `rollup_refused_units`.
    Cost:        tags are broadcast; no shuffle.
    """
    require_columns("to_labeled_energy", samples, ["tag_id", "event_time_utc", "value_double", "quality"])
    labeled = join_tags(samples.where(is_counted()), tags.where(sf.col("role") == "energy_interval"))
    length_us = sf.round(_by_tag(interval_s or {}, default_interval_s) * 1e6).cast("long")
    return labeled.where(is_energy_unit(sf.col("unit"))).select(
        "tag_id",
        "asset_id",
        sf.timestamp_micros(sf.unix_micros("event_time_utc") - length_us).alias("start_utc"),
        sf.col("event_time_utc").alias("end_utc"),
        (sf.col("value_double") * _kwh_per_unit(sf.col("unit"))).alias("energy_kwh"),
    )


def _by_tag(interval_s: Mapping[str, float], default: float) -> Column:
    chosen = sf.lit(default)
    for tag_id, seconds in sorted(interval_s.items()):
        chosen = sf.when(sf.col("tag_id") == tag_id, sf.lit(float(seconds))).otherwise(chosen)
    return chosen


def _kwh_per_unit(unit: Column) -> Column:
    """Return the factor of a unit; null where it is no unit of energy."""
    factors = sf.create_map(*[sf.lit(part) for pair in KWH_PER_UNIT.items() for part in pair])
    return sf.when(unit.isNull(), sf.lit(1.0)).otherwise(sf.try_element_at(factors, sf.trim(unit)))
