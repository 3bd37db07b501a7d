"""What the plant's meters and registers showed: the intervals between their readings, as anyone could know them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.facts import KnownAsset
from fabric_ot.workbench.simulate.layout import METER_ASSET_ID, METER_REACTIVE_TAG_IDS, METER_TAG_ID
from fabric_ot.workbench.simulate.machine import Machine
from fabric_ot.workbench.simulate.main_meter import METER_INTERVAL_S, MeterReading, last_readings


@dataclass(frozen=True)
class Meter:
    """One meter or register: disjoint intervals (start_ms, end_ms, kWh or kvarh) in time order, each spread evenly."""

    tag_id: str
    asset_id: str
    site_id: str
    intervals: Sequence[tuple[int, int, float]]

    def between(self, start_ms: int, end_ms: int) -> tuple[float, float]:
        """Return energy and covered seconds between two instants.

        Example:
            >>> Meter("t", "a", "s", [(0, 4000, 8.0), (4000, 6000, 1.0)]).between(1000, 5000)
            (6.5, 4.0)
        """
        kwh = covered_ms = 0.0
        first = max(bisect_right(self.intervals, start_ms, key=lambda interval: interval[0]) - 1, 0)
        for start, end, energy in self.intervals[first:]:
            if start >= end_ms:
                break
            inside_ms = min(end, end_ms) - max(start, start_ms)
            if inside_ms > 0:
                kwh += energy * inside_ms / (end - start)
                covered_ms += inside_ms
        return kwh, covered_ms / 1000

    def windows(self, window_s: int) -> Iterator[tuple[int, int]]:
        """Yield the windows since the epoch that the meter's intervals touch."""
        step = window_s * 1000
        first, last = self.intervals[0][0] // step * step, self.intervals[-1][1]
        for start_ms in range(first, last, step):
            if self.between(start_ms, start_ms + step)[1]:
                yield start_ms, start_ms + step


def machine_meters(day: PlantDay) -> dict[str, Meter]:
    """Return, by asset, the meter of every machine that spoke: what it showed at the instants that it told."""
    return _told_meters(day, "energy", lambda machine, at_ms: machine.energy_kwh_at(at_ms))


def machine_registers(day: PlantDay) -> dict[str, Meter]:
    """Return, by asset, the register of lagging reactive energy of every machine that has one and spoke."""
    return _told_meters(day, "reactive", lambda machine, at_ms: machine.reactive_kvarh_at(at_ms))


def _told_meters(day: PlantDay, field: str, shown: Callable[[Machine, int], float]) -> dict[str, Meter]:
    told: dict[str, set[int]] = {}
    stale: dict[str, set[int]] = {}
    for message in day.messages:
        if message.outcome == "decoded":
            for tag_id, at_ms, _ in message.samples:
                told.setdefault(tag_id, set()).add(at_ms)
            for tag_id, at_ms, _ in message.stale:
                stale.setdefault(tag_id, set()).add(at_ms)
    found = {}
    for known in day.known:
        tag_id = known.asset.tag_id(field)
        instants = sorted(told.get(tag_id, set()) - stale.get(tag_id, set()))
        if len(instants) > 1:
            found[known.asset.asset_id] = _metered(known, tag_id, instants, shown)
    return found


def _metered(known: KnownAsset, tag_id: str, instants: Sequence[int], shown: Callable[[Machine, int], float]) -> Meter:
    machine = known.machine
    if machine is None:
        message = f"{tag_id} told readings of a machine that never lived"
        raise ValueError(message)
    totals = [(at_ms, shown(machine, at_ms)) for at_ms in instants]
    intervals = [(a, b, after - before) for (a, before), (b, after) in pairwise(totals)]
    return Meter(tag_id, known.asset.asset_id, known.asset.site_id, intervals)


def main_meter(day: PlantDay) -> Meter:
    """Return the meter above the machines' meters of its site."""
    return _of_readings(day, METER_TAG_ID, lambda reading: reading.kwh)


def main_registers(day: PlantDay) -> dict[str, Meter]:
    """Return the registers of reactive energy beside the main meter, by direction."""
    shown: dict[str, Callable[[MeterReading], float]] = {
        "lagging": lambda reading: reading.lagging_kvarh,
        "leading": lambda reading: reading.leading_kvarh,
    }
    return {
        direction: _of_readings(day, tag_id, shown[direction]) for direction, tag_id in METER_REACTIVE_TAG_IDS.items()
    }


def _of_readings(day: PlantDay, tag_id: str, shown: Callable[[MeterReading], float]) -> Meter:
    step_ms = METER_INTERVAL_S * 1000
    intervals = [(r.end_ms - step_ms, r.end_ms, shown(r)) for r in last_readings(day.main_meter)]
    return Meter(tag_id, METER_ASSET_ID, "berlin", intervals)
