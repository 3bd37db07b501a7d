"""The main meter of one site: quarter-hours of active and reactive energy, as its history says them in wall time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

METER_ZONE = "Europe/Berlin"
METER_INTERVAL_S = 900


@dataclass(frozen=True)
class MeterReading:
    """The energy of the interval that ends at a wall time."""

    local: datetime
    kwh: float
    lagging_kvarh: float
    leading_kvarh: float

    @property
    def end_ms(self) -> int:
        """The instant that a reader takes `local` for: of an hour that comes twice in autumn, the first."""
        return int(self.local.replace(fold=0).timestamp()) * 1000


def read_main_meter(rng: Random, *, start_ms: int, end_ms: int) -> list[MeterReading]:
    """Return the readings of the quarter-hours between two instants."""
    step_ms = METER_INTERVAL_S * 1000
    zone = ZoneInfo(METER_ZONE)
    ends_ms = range(start_ms + step_ms, end_ms + 1, step_ms)
    active = [round(rng.uniform(20, 45), 2) for _ in ends_ms]
    # the capacitors are switched in steps: now too few of them, now too many, and never both in one quarter-hour
    reactive = [round(rng.uniform(-8, 24), 2) for _ in ends_ms]
    return [
        MeterReading(datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone), kwh, max(kvarh, 0.0), max(-kvarh, 0.0))
        for at_ms, kwh, kvarh in zip(ends_ms, active, reactive, strict=True)
    ]


def last_readings(readings: Sequence[MeterReading]) -> list[MeterReading]:
    """Return the readings by the end of their interval; of an instant that is told twice the later row wins.

    Example:
        >>> readings = read_main_meter(Random(1), start_ms=0, end_ms=1_800_000)
        >>> [reading.end_ms for reading in last_readings([*readings, readings[0]])]
        [900000, 1800000]
    """
    return sorted({reading.end_ms: reading for reading in readings}.values(), key=lambda reading: reading.end_ms)
