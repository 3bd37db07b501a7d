"""The day of each Sparkplug node: births, deaths, a rebirth on command, back-fill, a lost stretch, redeliveries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

from fabric_ot.contracts.sparkplug import SEQ_MODULUS, DataType
from fabric_ot.contracts.sparkplug_rules import SEQUENCE
from fabric_ot.workbench.simulate.edge_node import EdgeNode
from fabric_ot.workbench.simulate.layout import METRIC_NAMES, Asset
from fabric_ot.workbench.simulate.machine import Machine
from fabric_ot.workbench.simulate.message import Message, Route
from fabric_ot.workbench.simulate.reports import Report, critical_reports, full_values, telemetry_reports
from fabric_ot.workbench.simulate.shifts import ShiftInstance

NODE_METRIC = "CPU Load"
_NODE_DATA_S = 60.0
_REDELIVERED_SHARE, _LATE_FILE_SHARE = 0.01, 0.005
_MINUTE = 60_000


@dataclass(frozen=True)
class Blackout:
    """Silence of a node or device: last word before `silent_ms`, known dead from `death_ms`, back at `birth_ms`."""

    silent_ms: int
    death_ms: int
    birth_ms: int


@dataclass
class NodeDay:
    """What one node sent, and what of it was lost."""

    node: EdgeNode
    lost: list[int] = field(default_factory=list)
    """Length of each lost stretch."""
    redelivered: int = 0
    rebirths: int = 0


def find_blackout(asset: Asset, instances: Sequence[ShiftInstance]) -> Blackout | None:
    """Return when an asset falls silent: the press with its whole node, the capper alone; both in an evening."""
    evening = next((instance for instance in instances if instance.shift_id == "evening"), None)
    if evening is None:
        return None
    if asset.unit == "press":
        death = evening.start_ms + 130 * _MINUTE + 7_000
        return Blackout(death - 45_000, death, death + 25 * _MINUTE)
    if asset.unit == "capper":
        death = evening.start_ms + 300 * _MINUTE + 7_000
        return Blackout(death, death, death + 12 * _MINUTE)
    return None


def run_node(machines: Sequence[Machine], instances: Sequence[ShiftInstance], rng: Random, *, scale: float) -> NodeDay:
    """Let one edge node live: `machines` are its devices, all at one site."""
    first = machines[0].asset
    route: Route = "event_hubs" if first.speech == "sparkplug_event_hubs" else "hivemq"
    devices = {m.asset.unit: _device_metrics(m) for m in machines}
    node = EdgeNode(route, first.edge_node, {"": {NODE_METRIC: DataType.Double}, **devices}, rng)
    day = NodeDay(node)
    births = _Births(node, machines, rng)
    start = machines[0].states[0].start_ms
    steps = [*_reports(machines, instances, node, rng, scale), *_node_data(machines, instances, node, rng, scale)]
    steps += _script(day, births, machines, instances, start)
    for _, _, act in sorted(steps, key=lambda step: step[:2]):
        act()
    _lose(day, 3 if first.unit == "oven" else 17 if first.unit == "press" else 0)
    mark_gaps(node.messages)
    _redeliver(day, rng)
    for message in node.messages:
        if route == "hivemq" and rng.random() < _LATE_FILE_SHARE:
            message.hours_late = rng.randint(1, 3)
    return day


_Step = tuple[int, int, Callable[[], Any]]


@dataclass
class _Births:
    node: EdgeNode
    machines: Sequence[Machine]
    rng: Random

    def whole(self, at_ms: int, *, is_reconnect: bool = False) -> None:
        self.node.node_birth(at_ms, {NODE_METRIC: 0.1}, is_reconnect=is_reconnect)
        for machine in self.machines:
            self.device(machine, at_ms)

    def device(self, machine: Machine, at_ms: int) -> None:
        values = {**full_values(machine, at_ms), "temperature": 59.5, "trim": self.rng.randint(-40, -1)}
        self.node.device_birth(machine.asset.unit, at_ms, _named(values))


def _device_metrics(machine: Machine) -> dict[str, int]:
    counter = DataType.UInt16 if machine.asset.counter_modulus else DataType.Int64
    types = {
        "state": DataType.String,
        "product": DataType.String,
        machine.asset.count_field: counter,
        "scrap": counter,
        "energy": DataType.Double,
        **({"reactive": DataType.Double} if machine.asset.has_reactive_meter else {}),
        "temperature": DataType.Float if machine.asset.unit == "oven" else DataType.Double,
        "trim": DataType.Int32,
    }
    return {METRIC_NAMES[name]: int(datatype) for name, datatype in types.items()}


def _named(values: dict[str, Any]) -> dict[str, Any]:
    return {METRIC_NAMES[name]: value for name, value in values.items()}


def _reports(
    machines: Sequence[Machine], instances: Sequence[ShiftInstance], node: EdgeNode, rng: Random, scale: float
) -> list[_Step]:
    steps: list[_Step] = []
    for machine in machines:
        blackout = find_blackout(machine.asset, instances)
        reports = [*critical_reports(machine, instances), *telemetry_reports(machine, rng, scale=scale)]
        for n, report in enumerate(reports):
            if blackout and blackout.silent_ms < report.at_ms <= blackout.birth_ms:
                continue
            is_bad = machine.asset.is_textbook and n % 700 == 699 and not report.is_critical
            steps.append((report.at_ms, 1, _Tell(node, machine.asset.unit, report, 0 if is_bad else None)))
    return steps


@dataclass(frozen=True)
class _Tell:
    node: EdgeNode
    device: str
    report: Report
    quality: int | None = None

    def __call__(self) -> None:
        values = self.report.values if self.quality is None else {"temperature": 0.0}
        message = self.node.data(self.device, self.report.at_ms, _named(values), quality=self.quality)
        message.is_critical = self.report.is_critical


def _node_data(
    machines: Sequence[Machine], instances: Sequence[ShiftInstance], node: EdgeNode, rng: Random, scale: float
) -> list[_Step]:
    period = max(1000, round(_NODE_DATA_S * 1000 / scale))
    silent = [find_blackout(m.asset, instances) for m in machines if m.asset.unit == "press"]
    states = machines[0].states
    steps: list[_Step] = []
    for n, at_ms in enumerate(range(states[0].start_ms + 61_733, states[-1].end_ms, period)):
        load = round(rng.uniform(0.05, 0.6), 3)
        if not any(b and b.silent_ms < at_ms <= b.birth_ms for b in silent):
            steps.append((at_ms, 2, partial(_tell_load, node, at_ms, load, is_stamped=n % 50 != 49)))
    return steps


def _tell_load(node: EdgeNode, at_ms: int, load: float, *, is_stamped: bool) -> None:
    node.data("", at_ms, {NODE_METRIC: load}, is_stamped=is_stamped)


def _script(
    day: NodeDay, births: _Births, machines: Sequence[Machine], instances: Sequence[ShiftInstance], start: int
) -> list[_Step]:
    node, units = day.node, [machine.asset.unit for machine in machines]
    if "oven" in units:
        return [(start, 0, lambda: node.begin(seq=201)), (start + 60_007, 0, lambda: births.whole(start + 60_007))]
    steps: list[_Step] = [(start, 0, lambda: births.whole(start))]
    for machine in machines:
        blackout = find_blackout(machine.asset, instances)
        if blackout:
            make = _node_blackout if machine.asset.unit == "press" else _device_blackout
            steps += make(node, births, machine, blackout)
    night = next((i for i in instances if i.shift_id == "night"), None)
    if "filler" in units and night:
        at = night.start_ms + 95 * _MINUTE + 7_000
        day.rebirths += 1
        steps.append((at, 0, lambda: births.whole(at)))
    return steps


def _node_blackout(node: EdgeNode, births: _Births, machine: Machine, blackout: Blackout) -> list[_Step]:
    back = blackout.birth_ms
    past = dict.fromkeys(range(blackout.death_ms + 60_003, back - 60_000, 60_000), 55.5)
    temperature = METRIC_NAMES["temperature"]
    return [
        (blackout.death_ms, 0, lambda: node.node_death(blackout.death_ms)),
        (back, 0, lambda: births.whole(back, is_reconnect=True)),
        (back + 2_003, 0, lambda: node.data(machine.asset.unit, back + 2_003, {temperature: 0}, past=past)),
        (back + 5_003, 0, lambda: node.node_death(back + 5_003, bd_seq=node.bd_seq - 1)),
    ]


def _device_blackout(node: EdgeNode, births: _Births, machine: Machine, blackout: Blackout) -> list[_Step]:
    return [
        (blackout.death_ms, 3, lambda: node.device_death(machine.asset.unit, blackout.death_ms)),
        (blackout.birth_ms, 0, lambda: births.device(machine, blackout.birth_ms)),
    ]


def _is_data(message: Message) -> bool:
    return message.topic.split("/")[2] in ("NDATA", "DDATA")


def _lose(day: NodeDay, wanted: int) -> None:
    messages = day.node.messages
    for length in (n for n in (17, 8, 3, 2, 1) if n <= wanted):
        for first in range(len(messages) // 3, len(messages) - length - 1):
            stretch = messages[first : first + length]
            around = (messages[first - 1], messages[first + length])
            if all(_is_data(m) and not m.is_critical for m in stretch) and all(map(_is_data, around)):
                del messages[first : first + length]
                day.lost.append(length)
                return


def mark_gaps(messages: Sequence[Message]) -> None:
    """Mark each message whose `seq` does not follow the one before: something between them was lost."""
    previous: int | None = None
    for message in messages:
        if message.topic.split("/")[2] == "NBIRTH" or previous is None:
            previous = message.seq
        elif message.seq is not None:
            if message.seq != (previous + 1) % SEQ_MODULUS:
                message.broken.append(SEQUENCE)
            previous = message.seq


def _redeliver(day: NodeDay, rng: Random) -> None:
    messages, copies, taken = day.node.messages, [], set[int]()
    for n in range(len(messages) - 4):
        after = n + rng.randint(0, 3)
        if rng.random() >= _REDELIVERED_SHARE or after in taken:
            continue
        if all(_is_data(message) for message in messages[n : after + 1]):
            taken.add(after)
            copy = replace(
                messages[n], broker_ms=messages[after].broker_ms + 1, samples=[], broken=[], is_critical=False
            )
            copy.outcome, copy.reason = "ignored", "redelivery"
            copies.append(copy)
    day.redelivered = len(copies)
    messages += copies
