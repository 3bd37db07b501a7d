"""What must be found in the temperatures of the JSON machines: hours, silences and broken rules, sample by sample."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.layout import ASSETS, Asset
from fabric_ot.workbench.simulate.message import Message
from fabric_ot.workbench.simulate.records import Family, Records, Row
from fabric_ot.workbench.simulate.reports import SINGLE_VALUE_S, TELEMETRY_S
from fabric_ot.workbench.simulate.signals import FIELD
from fabric_ot.workbench.simulate.truth import iso_utc

_HOUR_MS = 3_600_000
_SETTLING_MS = 600_000
_LOWER_C, _UPPER_C, _FLAT_C, _FLAT_MS = 30.0, 75.0, 0.05, 600_000
_COUNTS = ("out_of_limits", "too_fast", "stuck", "flat_line", "unit_refused")


@dataclass(frozen=True)
class _Rule:
    """What a temperature must keep to; times in milliseconds, rates in K/s."""

    expected_ms: float
    longest_ms: float
    hold_ms: float
    rate: float
    stuck_ms: float

    @property
    def row(self) -> Row:
        times_s = (self.expected_ms / 1000, self.longest_ms / 1000, self.hold_ms / 1000)
        return (*times_s, _LOWER_C, _UPPER_C, self.rate, self.stuck_ms / 1000, _FLAT_C)


@dataclass(frozen=True)
class _Sample:
    at_ms: int
    value: float | None
    is_good: bool
    is_refused: bool = False


def tell_signals(day: PlantDay, rng: Random) -> Family:
    """Return the rules of the JSON machines' temperatures, and what must be found in them."""
    rules = {a.tag_id(FIELD): _rule(a, day.scale) for a in ASSETS if not a.is_sparkplug}
    samples = _samples(day.messages, rules)
    end_ms = day.calendar.horizon_ms + _SETTLING_MS
    hours = [row for tag, rule in rules.items() for row in _hours(tag, samples[tag], rule, end_ms // 60_000 * 60_000)]
    gaps = [row for tag, rule in rules.items() for row in _gaps(tag, samples[tag], rule, end_ms)]
    first, first_rule = next(iter(rules.items()))
    bad: list[tuple[Row, str]] = [
        (("acme/nowhere/temperature", *first_rule.row), "reference_not_found"),
        ((first, 20, 60, 60, 90, 30, 1, 600, None), "limits_crossed"),
        ((first, 0, 60, 60, 30, 90, 1, 600, None), "limit_not_positive"),
    ]
    good = [(tag, *rule.row) for tag, rule in rules.items()]
    rng.shuffle(bad)
    return Family((Records("signal_rule", good, bad),), {"reading_hour": hours, "reading_gap": gaps})


def _rule(asset: Asset, scale: float) -> _Rule:
    interval_ms = (SINGLE_VALUE_S[FIELD] if asset.speech == "uns_single" else TELEMETRY_S) * 1000 / scale
    # from one report to the next the robot heats up by 25 K; ordinary noise is below 3 K
    return _Rule(interval_ms, 3 * interval_ms, 3 * interval_ms, 15_000 / interval_ms, max(900_000, interval_ms))


def _samples(messages: Sequence[Message], rules: dict[str, _Rule]) -> dict[str, list[_Sample]]:
    """Return per tag its samples in time; of several for one instant the last sequence, then the last arrival."""
    best: dict[str, dict[int, tuple[tuple[int, int], _Sample]]] = defaultdict(dict)
    for message in messages:
        if message.outcome != "decoded" or message.decoder != "uns_json" or not message.payload:
            continue
        document = json.loads(message.payload)
        for tag, at_ms, sequence in message.samples:
            if tag not in rules:
                continue
            sample = _sample(at_ms, document, document.get("value", document.get(FIELD)))
            rank = (sequence, message.broker_ms)
            if at_ms not in best[tag] or best[tag][at_ms][0] < rank:
                best[tag][at_ms] = (rank, sample)
    return {tag: [found[at][1] for at in sorted(found)] for tag, found in best.items()}


def _sample(at_ms: int, document: dict[str, Any], number: float) -> _Sample:
    unit, is_good = document.get("unit", "degC"), document.get("quality", "GOOD") == "GOOD"
    if unit == "furlong":
        return _Sample(at_ms, None, is_good=False, is_refused=True)
    return _Sample(at_ms, (number - 32) * 5 / 9 if unit == "degF" else number, is_good)


def _hours(tag: str, samples: Sequence[_Sample], rule: _Rule, end_ms: int) -> list[dict[str, Any]]:
    sums: dict[int, dict[str, Any]] = defaultdict(
        lambda: (
            dict.fromkeys(("total", "covered_s", "bad_s"), 0.0)
            | dict.fromkeys(("sample_count", "good_count", *_COUNTS), 0)
            | {"min": math.inf, "max": -math.inf}
        )
    )
    known = [sample for sample in samples if sample.at_ms < end_ms]
    for n, sample in enumerate(known):
        until = min(known[n + 1].at_ms if n + 1 < len(known) else end_ms, sample.at_ms + round(rule.hold_ms), end_ms)
        _hold(sums, sample, until)
        hour = sums[sample.at_ms // _HOUR_MS]
        hour["sample_count"] += 1
        hour["good_count"] += sample.is_good
        for name, is_broken in zip(_COUNTS, _broken(known, n, rule), strict=True):
            hour[name] += is_broken
    return [
        {"tag_id": tag, "hour_utc": iso_utc(hour * _HOUR_MS), **row, **_extremes(row)}
        for hour, row in sorted(sums.items())
    ]


def _extremes(row: dict[str, Any]) -> dict[str, float | None]:
    return {name: row[name] if math.isfinite(row[name]) else None for name in ("min", "max")}


def _hold(sums: dict[int, dict[str, Any]], sample: _Sample, until_ms: int) -> None:
    at = sample.at_ms
    while at < until_ms:
        cut = min(until_ms, (at // _HOUR_MS + 1) * _HOUR_MS)
        hour, seconds = sums[at // _HOUR_MS], (cut - at) / 1000
        if sample.is_good and sample.value is not None:
            hour["total"] += sample.value * seconds
            hour["covered_s"] += seconds
            hour["min"], hour["max"] = min(hour["min"], sample.value), max(hour["max"], sample.value)
        else:
            hour["bad_s"] += seconds
        at = cut


def _broken(samples: Sequence[_Sample], n: int, rule: _Rule) -> tuple[bool, bool, bool, bool, bool]:
    sample = samples[n]
    if sample.value is None:
        return False, False, False, False, sample.is_refused
    is_out = not _LOWER_C <= sample.value <= _UPPER_C
    return is_out, _is_too_fast(samples, n, rule), _is_stuck(samples, n, rule), _is_flat(samples, n), False


def _is_too_fast(samples: Sequence[_Sample], n: int, rule: _Rule) -> bool:
    before = next((s for s in reversed(samples[:n]) if s.value is not None), None)
    value = samples[n].value
    if before is None or before.value is None or value is None:
        return False
    elapsed_ms = samples[n].at_ms - before.at_ms
    return elapsed_ms <= round(rule.hold_ms) and abs(value - before.value) / (elapsed_ms / 1000) > rule.rate


def _is_stuck(samples: Sequence[_Sample], n: int, rule: _Rule) -> bool:
    first = n
    while first and samples[first - 1].value == samples[n].value:
        if samples[first].at_ms - samples[first - 1].at_ms > round(rule.hold_ms):
            break
        first -= 1
    return first < n and samples[n].at_ms - samples[first].at_ms >= rule.stuck_ms


def _is_flat(samples: Sequence[_Sample], n: int) -> bool:
    start = samples[n].at_ms - _FLAT_MS
    first = next((s for s in samples if s.value is not None), None)
    recent = []
    for sample in reversed(samples[: n + 1]):
        if sample.at_ms < start:
            break
        if sample.value is not None:
            recent.append(sample.value)
    is_filled = first is not None and first.at_ms <= start and len(recent) >= 3
    return is_filled and max(recent) - min(recent) <= _FLAT_C


def _gaps(tag: str, samples: Sequence[_Sample], rule: _Rule, end_ms: int) -> list[dict[str, Any]]:
    ends = [(a.at_ms, b.at_ms, False) for a, b in pairwise(samples)] + [(samples[-1].at_ms, end_ms, True)]
    return [
        {
            "tag_id": tag,
            "start_ms": start,
            "is_open": str(is_open).lower(),
            "gap_s": (end - start) / 1000,
            "missing_count": max(0, math.floor((end - start) / rule.expected_ms + 0.5) - 1),
        }
        for start, end, is_open in ends
        if end - start > rule.longest_ms
    ]
