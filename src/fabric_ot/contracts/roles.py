"""The closed vocabularies of the tag catalogue, of time categories, of qualities and of rules of signals."""

from __future__ import annotations

from typing import Literal, get_args

TagRole = Literal[
    "state",
    "product",
    "good_counter",
    "scrap_counter",
    "rework_counter",
    "produced_counter",
    "energy_counter",
    "energy_interval",
    "reactive_counter",
    "reactive_interval",
    "interval_total",
    "measure",
]
TAG_ROLES: tuple[str, ...] = get_args(TagRole)
"""What a tag tells. `measure`: a level that holds until the next sample; `interval_total`: a total of the interval that
its instant labels, such as a volume, which is kept as a reading and never held; `energy_interval` and
`reactive_interval` are such totals of active and reactive energy, which become intervals."""

TimeCategory = Literal["production", "setup", "idle", "unplanned_down", "planned_down", "unqualified"]
TIME_CATEGORIES: tuple[str, ...] = get_args(TimeCategory)

Quality = Literal["GOOD", "UNCERTAIN", "BAD", "STALE"]
QUALITIES: tuple[str, ...] = get_args(Quality)

ReactiveDirection = Literal["lagging", "leading"]
REACTIVE_DIRECTIONS: tuple[str, ...] = get_args(ReactiveDirection)
"""Lagging: drawn by coils, such as motors; leading: by capacitors. A meter has a register for each."""

CompressionMethod = Literal["exception", "swinging_door"]
COMPRESSION_METHODS: tuple[str, ...] = get_args(CompressionMethod)

FillMethod = Literal["hold", "linear"]
FILL_METHODS: tuple[str, ...] = get_args(FillMethod)

NO_SIGNAL = "NO_SIGNAL"
"""The state of an asset whose source is dead or silent beyond its hold limit: unqualified, never running."""
