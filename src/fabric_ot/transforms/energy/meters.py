"""Energy by interval, active and reactive, from meters that count and from histories that label intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.samples import is_counted, join_tags
from fabric_ot.transforms.units.conversion import UNITS, conversion


@dataclass(frozen=True)
class MeteredEnergy:
    """One kind of energy: the roles of its tags, the column of its intervals, and its units.

    `per_unit` names every text of a unit of it, of the catalogue or of a sample, with its factor; none named means the
    column's own unit.
    """

    counter_role: str
    interval_role: str
    column: str
    per_unit: Mapping[str, float]

    @property
    def roles(self) -> tuple[str, str]:
        """The roles of its tags."""
        return self.counter_role, self.interval_role

    def factor(self, unit: Column) -> Column:
        """Return what one `unit` is in the column's own; null where it is no unit of this energy."""
        factors = sf.create_map(*[sf.lit(part) for pair in self.per_unit.items() for part in pair])
        return sf.when(unit.isNull(), sf.lit(1.0)).otherwise(sf.try_element_at(factors, sf.trim(unit)))


def _per_unit(dimension: str, wanted: str) -> dict[str, float]:
    return {text: conversion(text, wanted)[0] for unit in UNITS if unit.dimension == dimension for text in unit.texts}


ACTIVE = MeteredEnergy("energy_counter", "energy_interval", "energy_kwh", _per_unit("energy", "kWh"))
"""Active energy: `plant.energy_interval`, in kWh."""

REACTIVE = MeteredEnergy(
    "reactive_counter", "reactive_interval", "reactive_kvarh", _per_unit("reactive_energy", "kvarh")
)
"""Reactive energy: `plant.reactive_interval`, in kvarh; lagging or leading, as `plant.reactive_meter` declares."""


def is_metered_unit(role: Column, unit: Column) -> Column:
    """Say whether `unit` names what a tag of `role` meters, or nothing; true of every role that meters no energy.

    Power is not energy, kWh are not kvarh, and `kwh` is no unit.
    """
    told = sf.lit(True)
    for energy in (ACTIVE, REACTIVE):
        told = told & (~role.isin(*energy.roles) | energy.factor(unit).isNotNull())
    return told


def rollup_refused_units(samples: DataFrame) -> DataFrame:
    """Tell the samples of energy tags that are in no unit of their energy, and so in no interval.

    Columns in:  samples: `tag_id`, `role`, `unit` and the columns of `is_counted`, as `join_tags` adds them.
    Columns out: `tag_id`, `unit`, `unit_reason` (unit_unknown, unit_dimension: a unit of something else),
                 `sample_count` (long).
    Grain out:   one row per tag and unit.
    Cost:        one shuffle of partial counts.
    """
    require_columns("rollup_refused_units", samples, ["tag_id", "role", "unit"])
    known = sf.trim("unit").isin(*[text for unit in UNITS for text in unit.texts])
    reason = sf.when(known, "unit_dimension").otherwise("unit_unknown").alias("unit_reason")
    refused = samples.where(is_counted() & ~is_metered_unit(sf.col("role"), sf.col("unit")))
    return refused.groupBy("tag_id", "unit", reason).agg(sf.count(sf.lit(1)).alias("sample_count"))


def to_metered_energy(deltas: DataFrame, tags: DataFrame, *, energy: MeteredEnergy = ACTIVE) -> DataFrame:
    """Turn increments of energy counters into energy between two readings.

    Nothing is extrapolated: before the first and after the last reading there is no interval.

    Columns in:  deltas: as `to_count_deltas` returns them; tags: `plant.tag`.
    Columns out: `tag_id`, `asset_id`, `start_utc`, `end_utc`, and that of `energy`: `energy_kwh` or `reactive_kvarh`.
    Grain out:   one row per counter in a unit of `energy` and pair of successive good samples: a counter in another
                 unit gives none, see `rollup_refused_units`.
    Cost:        tags are broadcast; no shuffle.
    """
    require_columns("to_metered_energy", deltas, ["tag_id", "previous_time_utc", "event_time_utc", "delta", "role"])
    metered = join_tags(deltas.where(sf.col("role") == energy.counter_role).drop("role"), tags)
    per_unit = energy.factor(sf.col("unit"))
    return metered.where(per_unit.isNotNull()).select(
        "tag_id",
        "asset_id",
        sf.col("previous_time_utc").alias("start_utc"),
        sf.col("event_time_utc").alias("end_utc"),
        (sf.col("delta") * per_unit).alias(energy.column),
    )


def to_labeled_energy(
    samples: DataFrame,
    tags: DataFrame,
    *,
    interval_s: Mapping[str, float] | None = None,
    default_interval_s: float = 900.0,
    energy: MeteredEnergy = ACTIVE,
) -> DataFrame:
    """Turn samples that carry the energy of the interval ending at their event time into intervals.

    Columns in:  samples: `tag_id`, `event_time_utc`, `value_double`, `quality`, one per tag and instant;
                 tags: `plant.tag` (the interval role of `energy` is taken, other roles are passed over).
    Columns out: `tag_id`, `asset_id`, `start_utc`, `end_utc`, and that of `energy`: `energy_kwh` or `reactive_kvarh`.
    Grain out:   one row per sample of such a tag in a unit of `energy`, see `rollup_refused_units`.
    Cost:        tags are broadcast; no shuffle.
    """
    require_columns("to_labeled_energy", samples, ["tag_id", "event_time_utc", "value_double", "quality"])
    labeled = join_tags(samples.where(is_counted()), tags.where(sf.col("role") == energy.interval_role))
    length_us = sf.round(_by_tag(interval_s or {}, default_interval_s) * 1e6).cast("long")
    per_unit = energy.factor(sf.col("unit"))
    return labeled.where(per_unit.isNotNull()).select(
        "tag_id",
        "asset_id",
        sf.timestamp_micros(sf.unix_micros("event_time_utc") - length_us).alias("start_utc"),
        sf.col("event_time_utc").alias("end_utc"),
        (sf.col("value_double") * per_unit).alias(energy.column),
    )


def _by_tag(interval_s: Mapping[str, float], default: float) -> Column:
    chosen = sf.lit(default)
    for tag_id, seconds in sorted(interval_s.items()):
        chosen = sf.when(sf.col("tag_id") == tag_id, sf.lit(float(seconds))).otherwise(chosen)
    return chosen
