"""The main meter of one site: quarter-hours of energy, as its history says them in local wall time."""

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

    @property
    def end_ms(self) -> int:
        """The instant that a reader takes `local` for: of an hour that comes twice in autumn, the first."""
        return int(self.local.replace(fold=0).timestamp()) * 1000


def read_main_meter(rng: Random, *, start_ms: int, end_ms: int) -> list[MeterReading]:
    """Return the readings of the quarter-hours between two instants."""
    step_ms = METER_INTERVAL_S * 1000
    zone = ZoneInfo(METER_ZONE)
    return [
        MeterReading(datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone), round(rng.uniform(20, 45), 2))
        for at_ms in range(start_ms + step_ms, end_ms + 1, step_ms)
    ]


def energy_by_end(readings: Sequence[MeterReading]) -> dict[int, float]:
    """Return the energy by the end of its interval; of an instant that is told twice the later row wins.

    Example:
        >>> readings = read_main_meter(Random(1), start_ms=0, end_ms=1_800_000)
        >>> list(energy_by_end(readings))
        [900000, 1800000]
    """
    return {reading.end_ms: reading.kwh for reading in readings}
