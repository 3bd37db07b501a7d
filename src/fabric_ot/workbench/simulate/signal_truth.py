"""What must be found in the temperatures of the JSON machines: hours, states, fewer samples, silences, clocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.records import Family, Records, Row
from fabric_ot.workbench.simulate.signal_archive import archive_rows
from fabric_ot.workbench.simulate.signal_clocks import skew_rows
from fabric_ot.workbench.simulate.signal_minutes import signal_minutes, summed
from fabric_ot.workbench.simulate.signal_samples import Sample, SignalRule, signal_rules, signal_samples
from fabric_ot.workbench.simulate.signals import FIELD
from fabric_ot.workbench.simulate.timeline import label_at
from fabric_ot.workbench.simulate.truth import iso_utc

_HOUR_MS = 3_600_000
_SETTLING_MS = 600_000


def tell_signals(day: PlantDay, rng: Random) -> Family:
    """Return the rules of the JSON machines' temperatures, and what must be found in them."""
    rules = signal_rules(day.scale)
    samples = signal_samples(day.messages, tuple(rules))
    good = [(tag, *rule.row) for tag, rule in rules.items()]
    bad = _refused_rules(*good[0])
    rng.shuffle(bad)
    return Family((Records("signal_rule", good, bad),), _truth(day, rules, samples))


def _truth(
    day: PlantDay, rules: dict[str, SignalRule], samples: dict[str, list[Sample]]
) -> dict[str, list[dict[str, Any]]]:
    end_ms = day.calendar.horizon_ms + _SETTLING_MS
    states = {known.asset.tag_id(FIELD): known.known_states() for known in day.known}
    truth: dict[str, list[dict[str, Any]]] = {"reading_hour": [], "reading_compressed": [], "reading_gap": []}
    for tag, rule in rules.items():
        minutes = signal_minutes(samples[tag], rule, end_ms // 60_000 * 60_000)
        labels = {start: (iso_utc(start // _HOUR_MS * _HOUR_MS), label_at(states[tag], start)) for start in minutes}
        truth["reading_hour"] += [
            {"tag_id": tag, "hour_utc": hour, "state": state, **row}
            for (hour, state), row in summed(minutes, labels).items()
        ]
        if rule.compression is not None:
            truth["reading_compressed"] += archive_rows(tag, samples[tag], rule.compression)
        truth["reading_gap"] += _gaps(tag, samples[tag], rule, end_ms)
    return truth | {"clock_skew": skew_rows(day.messages)}


def _refused_rules(tag: str, *row: Any) -> list[tuple[Row, str]]:
    return [
        (("acme/nowhere/temperature", *row), "reference_not_found"),
        ((tag, 20, 60, 60, 90, 30, 1, 600, *[None] * 6), "limits_crossed"),
        ((tag, 0, 60, 60, 30, 90, 1, 600, *[None] * 6), "limit_not_positive"),
        ((tag, *row[:8], "swinging_door", *[None] * 4), "row_does_not_fit_mapping"),
        ((tag, *row[:8], *[None] * 3, "guess", None), "row_does_not_fit_mapping"),
    ]


def _gaps(tag: str, samples: Sequence[Sample], rule: SignalRule, end_ms: int) -> list[dict[str, Any]]:
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
