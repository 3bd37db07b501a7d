"""When a machine tells what: at every change and shift border exactly, and every few seconds between."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from fabric_ot.workbench.simulate.machine import Machine
from fabric_ot.workbench.simulate.shifts import ShiftInstance
from fabric_ot.workbench.simulate.timeline import label_at

Value = float | int | str | None
TELEMETRY_S = 12.0
"""Seconds between the messages of a machine that tells all its values in one message, at scale 1."""
SINGLE_VALUE_S: dict[str, float] = {"good": 30.0, "scrap": 30.0, "temperature": 20.0, "energy": 60.0, "state": 600.0}
"""Seconds between the messages of each topic of a machine that tells one value per message, at scale 1."""
_ENERGY_EVERY, _STATE_EVERY, _NULL_EVERY = 6, 60, 500
_PHASE_MS = 3_217


@dataclass(frozen=True, slots=True)
class Report:
    """What a machine tells at one instant; a critical report carries a change or a border and is never lost."""

    at_ms: int
    values: dict[str, Value]
    is_critical: bool


def critical_instants(machine: Machine, instances: Sequence[ShiftInstance]) -> list[int]:
    """Return every instant whose counts must be known: changes of state or product, borders, after resets."""
    start, end = machine.states[0].start_ms, machine.states[-1].end_ms
    instants = {start, end}
    instants.update(segment.start_ms for segment in machine.states)
    instants.update(segment.start_ms for segment in machine.products)
    instants.update(instance.end_ms for instance in instances)
    instants.update(reset + 1000 for reset in machine.resets_ms)
    return sorted(instant for instant in instants if start <= instant <= end)


def full_values(machine: Machine, at_ms: int, *, has_product: bool = True) -> dict[str, Value]:
    """Return all that the machine can tell at one instant."""
    count, scrap = machine.counters_at(at_ms)
    values: dict[str, Value] = {"state": label_at(machine.states, at_ms)}
    if has_product:
        values["product"] = label_at(machine.products, at_ms)
    return {**values, machine.asset.count_field: count, "scrap": scrap, **_meters_at(machine, at_ms)}


def critical_reports(machine: Machine, instances: Sequence[ShiftInstance]) -> Iterator[Report]:
    """Yield the reports at the critical instants, in time order; the product is told where it may have changed."""
    told = {machine.states[0].start_ms, *(p.start_ms for p in machine.products), *(i.end_ms for i in instances)}
    for at_ms in critical_instants(machine, instances):
        yield Report(at_ms, full_values(machine, at_ms, has_product=at_ms in told), is_critical=True)


def telemetry_reports(machine: Machine, rng: Random, *, scale: float) -> Iterator[Report]:
    """Yield the periodic reports of a machine that tells several values at once."""
    start = machine.states[0].start_ms
    for n, at_ms in enumerate(_ticks(machine, TELEMETRY_S, scale)):
        count, scrap = machine.counters_at(at_ms)
        values: dict[str, Value] = {
            "temperature": None if n % _NULL_EVERY == _NULL_EVERY - 1 else _temperature(rng, at_ms - start),
            machine.asset.count_field: count,
            "scrap": scrap,
        }
        if n % _ENERGY_EVERY == 0:
            values.update(_meters_at(machine, at_ms))
            values["trim"] = rng.randint(-40, 40)
        if n % _STATE_EVERY == 0:
            values["state"] = label_at(machine.states, at_ms)
        yield Report(at_ms, values, is_critical=False)


def single_value_reports(machine: Machine, rng: Random, *, scale: float) -> Iterator[Report]:
    """Yield the periodic reports of a machine that tells one value per message, topic by topic."""
    start = machine.states[0].start_ms
    for field, seconds in SINGLE_VALUE_S.items():
        for at_ms in _ticks(machine, seconds, scale):
            if field == "temperature":
                value: Value = _temperature(rng, at_ms - start)
            else:
                value = full_values(machine, at_ms)[field]
            yield Report(at_ms, {field: value}, is_critical=False)


def _meters_at(machine: Machine, at_ms: int) -> dict[str, Value]:
    energy: dict[str, Value] = {"energy": machine.energy_kwh_at(at_ms)}
    return energy | ({"reactive": machine.reactive_register_at(at_ms)} if machine.asset.has_reactive_meter else {})


def _ticks(machine: Machine, seconds: float, scale: float) -> Iterator[int]:
    period_ms = max(200, round(seconds * 1000 / scale))
    start, end = machine.states[0].start_ms, machine.states[-1].end_ms
    for n in range((end - start) // period_ms + 1):
        at_ms = start + _PHASE_MS + n * period_ms
        if at_ms % 1000 == 0:
            at_ms += 1  # whole seconds belong to the critical reports
        if at_ms < end:
            yield at_ms


def _temperature(rng: Random, elapsed_ms: int) -> float:
    return round(60 + 5 * math.sin(elapsed_ms / 3_600_000) + rng.gauss(0, 0.3), 2)
