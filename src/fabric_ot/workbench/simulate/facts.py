"""The additive facts that must come out, computed from the machines themselves, not from their messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fabric_ot.contracts.roles import NO_SIGNAL
from fabric_ot.workbench.simulate.evidence import Recoding, Told, category_of, recode
from fabric_ot.workbench.simulate.layout import Asset, ideal_cycle_s
from fabric_ot.workbench.simulate.machine import Machine
from fabric_ot.workbench.simulate.scenario import Blackout
from fabric_ot.workbench.simulate.shifts import ShiftInstance
from fabric_ot.workbench.simulate.timeline import Segment, clip, label_at, overlap_ms, paint

_TIMES = ("production_s", "planned_stop_production_s", "unplanned_down_s", "unqualified_s")


@dataclass(frozen=True)
class KnownAsset:
    """An asset as its messages show it: `machine` is None for one that never spoke."""

    asset: Asset
    machine: Machine | None = None
    blackout: Blackout | None = None
    recodings: tuple[Recoding, ...] = ()

    def known_states(self) -> list[Segment]:
        """Return its states as anyone could know them: the last word holds until death, then there is no signal."""
        if self.machine is None:
            return []
        states = list(self.machine.states)
        if self.blackout:
            last_word = label_at(states, self.blackout.silent_ms)
            states = paint(states, self.blackout.silent_ms, self.blackout.death_ms, last_word)
            states = paint(states, self.blackout.death_ms, self.blackout.birth_ms, NO_SIGNAL)
        return states

    def told_states(self) -> list[Told]:
        """Return its states and what they count as, after all that people said later."""
        return recode(self.known_states(), self.recodings)


def production_rows(known: KnownAsset, instance: ShiftInstance) -> list[dict[str, Any]]:
    """Return the facts of one asset in one shift instance, one row per product.

    PBT is split by the production time of each product outside placed stops. Where nothing ran, one row with
    product '' carries it all.
    """
    rows = {p: _row(known, instance, p, windows) for p, windows in _product_windows(known, instance).items()}
    production_s = sum(row["production_s"] for row in rows.values())
    if not production_s:
        whole = [(instance.start_ms, instance.end_ms)]
        return [{**_row(known, instance, "", whole), "planned_busy_s": instance.planned_busy_s}]
    for row in rows.values():
        row["planned_busy_s"] = instance.planned_busy_s * row["production_s"] / production_s
    return [rows[product] for product in sorted(rows)]


def state_time_rows(known: KnownAsset, instance: ShiftInstance) -> list[dict[str, Any]]:
    """Return the time in each state, by what it counts as, of one asset in one shift instance."""
    seconds: dict[tuple[str, str], list[float]] = {}
    for told in _told_between(known, instance.start_ms, instance.end_ms):
        sums = seconds.setdefault((told.label, told.category), [0.0, 0.0])
        sums[0] += (told.end_ms - told.start_ms) / 1000
        sums[1] += overlap_ms(told.start_ms, told.end_ms, instance.stops) / 1000
    keys = _keys(known.asset, instance)
    return [
        {**keys, "state": state, "time_category": category, "duration_s": total, "planned_stop_s": stopped}
        for (state, category), (total, stopped) in sorted(seconds.items())
    ]


def oee_rows(production: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return OEE and its factors per asset and shift instance: ratios of sums; None where a divisor is 0."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in production:
        groups.setdefault((row["asset_id"], row["site_id"], row["shift_id"], row["production_date"]), []).append(row)
    return [
        {
            **dict(zip(("asset_id", "site_id", "shift_id", "production_date"), key, strict=True)),
            "availability": _ratio(rows, "production_s", "planned_busy_s"),
            "performance": _ratio(rows, "ideal_runtime_s", "production_s"),
            "quality": _ratio(rows, "good_qty", "produced_qty"),
            "oee": _ratio(rows, "ideal_good_runtime_s", "planned_busy_s"),
        }
        for key, rows in sorted(groups.items())
    ]


def energy_by_tag(assets: Sequence[KnownAsset]) -> dict[str, float]:
    """Return the energy between the first and the last reading of each machine's meter, in kWh."""
    found = {}
    for known in assets:
        if known.machine:
            first, last = known.machine.states[0].start_ms, known.machine.states[-1].end_ms
            kwh = known.machine.energy_kwh_at(last) - known.machine.energy_kwh_at(first)
            found[known.asset.tag_id("energy")] = round(kwh, 3)
    return found


def _keys(asset: Asset, instance: ShiftInstance) -> dict[str, Any]:
    return {
        "asset_id": asset.asset_id,
        "site_id": instance.site_id,
        "shift_id": instance.shift_id,
        "production_date": instance.production_date.isoformat(),
    }


def _product_windows(known: KnownAsset, instance: ShiftInstance) -> dict[str, list[tuple[int, int]]]:
    windows: dict[str, list[tuple[int, int]]] = {}
    for segment in clip(known.machine.products if known.machine else (), instance.start_ms, instance.end_ms):
        windows.setdefault(segment.label, []).append((segment.start_ms, segment.end_ms))
    return windows


def _row(
    known: KnownAsset, instance: ShiftInstance, product_id: str, windows: Sequence[tuple[int, int]]
) -> dict[str, Any]:
    times = dict.fromkeys(_TIMES, 0.0)
    good = scrap = 0
    for start, end in windows:
        for told in _told_between(known, start, end):
            _add_time(times, told, instance)
        if known.machine:
            before, after = known.machine.made_by(start), known.machine.made_by(end)
            good, scrap = good + after[0] - before[0], scrap + after[1] - before[1]
    cycle = ideal_cycle_s(product_id)
    return {
        **_keys(known.asset, instance),
        "product_id": product_id,
        "planned_busy_s": 0.0,
        **times,
        "produced_qty": good + scrap,
        "good_qty": good,
        "scrap_qty": scrap,
        "ideal_runtime_s": cycle * (good + scrap),
        "ideal_good_runtime_s": cycle * good,
    }


def _told_between(known: KnownAsset, start_ms: int, end_ms: int) -> list[Told]:
    """Return what is told of `[start_ms, end_ms)`; of an asset that never spoke, no signal."""
    told = known.told_states() or [Told(start_ms, end_ms, NO_SIGNAL, category_of(NO_SIGNAL))]
    clipped = [replace(t, start_ms=max(t.start_ms, start_ms), end_ms=min(t.end_ms, end_ms)) for t in told]
    return [piece for piece in clipped if piece.start_ms < piece.end_ms]


def _add_time(times: dict[str, float], told: Told, instance: ShiftInstance) -> None:
    stopped = overlap_ms(told.start_ms, told.end_ms, instance.stops) / 1000
    running = (told.end_ms - told.start_ms) / 1000 - stopped
    category = told.category
    if f"{category}_s" in times:
        times[f"{category}_s"] += running
    if category == "production":
        times["planned_stop_production_s"] += stopped


def _ratio(rows: Sequence[Mapping[str, Any]], numerator: str, denominator: str) -> float | None:
    divisor = sum(row[denominator] for row in rows)
    return sum(row[numerator] for row in rows) / divisor if divisor else None
