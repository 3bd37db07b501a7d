"""The plant's day before it lands: the calendar, the machines' lives and every message with its account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from fabric_ot.workbench.simulate.evidence import plan_recodings
from fabric_ot.workbench.simulate.facts import KnownAsset
from fabric_ot.workbench.simulate.faults import cross_route_copies, fault_messages, redelivered_json
from fabric_ot.workbench.simulate.layout import ASSETS, SITES
from fabric_ot.workbench.simulate.machine import Machine, live
from fabric_ot.workbench.simulate.main_meter import MeterReading, read_main_meter
from fabric_ot.workbench.simulate.message import Message
from fabric_ot.workbench.simulate.reports import critical_reports, single_value_reports, telemetry_reports
from fabric_ot.workbench.simulate.rule_breaker import BREAKER
from fabric_ot.workbench.simulate.scenario import NodeDay, find_blackout, run_node
from fabric_ot.workbench.simulate.shifts import ShiftInstance, site_instances
from fabric_ot.workbench.simulate.signals import disturbed
from fabric_ot.workbench.simulate.uns import corrected, uns_messages

SETTLING_MS = 600_000
"""The run comes ten minutes after the horizon, when the last late message is in."""

_LAST_ARRIVAL_MS = 540_000
_CORRECTIONS = 5


@dataclass(frozen=True)
class Calendar:
    """The simulated window, and each site's shift instances that begin in it."""

    start_ms: int
    horizon_ms: int
    instances: dict[str, list[ShiftInstance]]

    @property
    def as_of_ms(self) -> int:
        """The run's clock: what is open is closed here."""
        return self.horizon_ms + SETTLING_MS

    def whole(self, site_id: str) -> list[ShiftInstance]:
        """Return the instances that lie inside the window: those that get facts."""
        return [instance for instance in self.instances[site_id] if instance.end_ms <= self.horizon_ms]


@dataclass
class PlantDay:
    """What happened (`known`, `main_meter`), what was sent (`messages`), and what was done to it (`injected`)."""

    calendar: Calendar
    scale: float = 1.0
    known: list[KnownAsset] = field(default_factory=list)
    nodes: list[NodeDay] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    injected: dict[str, int] = field(default_factory=dict)
    main_meter: list[MeterReading] = field(default_factory=list)


def plan_calendar(start: date, days: int) -> Calendar:
    """Return the window from the first shift that begins on `start`, at any site, to the last end of the last day.

    Example:
        >>> calendar = plan_calendar(date(2026, 3, 28), 1)
        >>> [len(calendar.whole(site)) for site in ("denver", "berlin")]
        [3, 4]
    """
    last = start + timedelta(days=days - 1)
    named = {site.site_id: site_instances(site, first=start, last=last) for site in SITES}
    start_ms = min(instances[0].start_ms for instances in named.values())
    horizon_ms = max(instances[-1].end_ms for instances in named.values())
    around = {
        site.site_id: site_instances(site, first=start - timedelta(days=1), last=last + timedelta(days=1))
        for site in SITES
    }
    begun = {s: [i for i in instances if start_ms <= i.start_ms < horizon_ms] for s, instances in around.items()}
    return Calendar(start_ms, horizon_ms, begun)


def live_through(calendar: Calendar, *, seed: int, scale: float) -> PlantDay:
    """Let every machine live through `calendar` and collect what it sent, faults included."""
    day = PlantDay(calendar, scale)
    lines: dict[str, list[Machine]] = {}
    for asset in ASSETS:
        if asset.speech == "silent":
            day.known.append(KnownAsset(asset))
            continue
        instances = calendar.instances[asset.site_id]
        machine = live(asset, instances, end_ms=calendar.horizon_ms, rng=Random(f"{seed}/life/{asset.asset_id}"))
        blackout = find_blackout(asset, instances)
        known = KnownAsset(asset, machine, blackout)
        said = () if asset.is_textbook else plan_recodings(asset.asset_id, known.known_states())
        day.known.append(replace(known, recodings=said))
        key = asset.edge_node if asset.is_sparkplug else asset.asset_id
        lines.setdefault(key, []).append(machine)
    for key, machines in lines.items():
        _speak(day, machines, Random(f"{seed}/speech/{key}"), scale)
    meter_start_ms = calendar.instances["berlin"][0].start_ms
    meter_rng = Random(f"{seed}/main_meter")
    day.main_meter = read_main_meter(meter_rng, start_ms=meter_start_ms, end_ms=calendar.horizon_ms)
    _disturb(day, Random(f"{seed}/faults"))
    return day


def _speak(day: PlantDay, machines: Sequence[Machine], rng: Random, scale: float) -> None:
    asset = machines[0].asset
    instances = day.calendar.instances[asset.site_id]
    if asset.is_sparkplug:
        node_day = run_node(machines, instances, rng, scale=scale)
        day.nodes.append(node_day)
        day.messages += node_day.node.messages
        return
    periodic = single_value_reports if asset.speech == "uns_single" else telemetry_reports
    reports = [*critical_reports(machines[0], instances), *periodic(machines[0], rng, scale=scale)]
    if asset.speech == "uns_many":
        for report in reports:
            report.values.pop("trim", None)
    start_ms = machines[0].states[0].start_ms
    reports = list(disturbed(asset, reports, start_ms=start_ms))
    last_arrival_ms = day.calendar.horizon_ms + _LAST_ARRIVAL_MS
    day.messages += uns_messages(asset, reports, rng, start_ms=start_ms, last_arrival_ms=last_arrival_ms)


def _disturb(day: PlantDay, rng: Random) -> None:
    calendar = day.calendar
    json_messages = [message for message in day.messages if message.decoder == "uns_json"]
    again = redelivered_json(json_messages, rng)
    copies = cross_route_copies(json_messages, rng)
    temperatures = [message for message in json_messages if message.topic.endswith("/temperature")]
    chosen = rng.sample(temperatures[: len(temperatures) // 2], _CORRECTIONS)
    last_arrival_ms = calendar.horizon_ms + _LAST_ARRIVAL_MS
    corrections = [corrected(message, rng, last_arrival_ms=last_arrival_ms) for message in chosen]
    day.messages += [*again, *copies, *corrections]
    day.messages += fault_messages(rng, start_ms=calendar.start_ms, end_ms=calendar.horizon_ms)
    breaker = [message for message in day.messages if message.partition_key == BREAKER]
    late = [m for m in json_messages if m.broker_ms - m.samples[0][1] >= 60_000]
    day.injected = {
        "redelivered_json": len(again),
        "redelivered_sparkplug": sum(node.redelivered for node in day.nodes),
        "cross_route_copies": len(copies),
        "corrected_samples": len(corrections),
        "late_json": len(late),
        "rows_in_a_later_file": sum(message.hours_late > 0 for message in day.messages),
        "rebirths_on_command": sum(node.rebirths for node in day.nodes),
        "lost_messages": sum(sum(node.lost) for node in day.nodes),
        "rule_breaker_samples": sum(len(message.samples) for message in breaker),
        "rule_breaker_stale": sum(len(message.stale) for message in breaker),
    }
