"""What must be measured in each minute of the simulated temperatures, sample by sample, and its sums."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from fabric_ot.workbench.simulate.signal_samples import FLAT_C, LOWER_C, UPPER_C, Sample, SignalRule

_FLAT_MS = 600_000
_MINUTE_MS = 60_000
_COUNTS = ("out_of_limits", "too_fast", "stuck", "flat_line", "unit_refused", "limited")
_SUMS = ("total", "covered_s", "bad_s", "sample_count", "good_count", *_COUNTS, "filled_minutes", "filled_total")

Minutes = dict[int, dict[str, Any]]
Label = tuple[str, ...]


def signal_minutes(samples: Sequence[Sample], rule: SignalRule, end_ms: int) -> Minutes:
    """Return by the start of each minute what is known in it, or was put into it."""
    minutes: Minutes = defaultdict(_nothing)
    known = [sample for sample in samples if sample.at_ms < end_ms]
    for n, sample in enumerate(known):
        until = min(known[n + 1].at_ms if n + 1 < len(known) else end_ms, sample.at_ms + round(rule.hold_ms), end_ms)
        _hold(minutes, sample, until)
        minute = minutes[_start(sample.at_ms)]
        minute["sample_count"] += 1
        minute["good_count"] += sample.is_good
        for name, is_broken in zip(_COUNTS, _broken(known, n, rule), strict=True):
            minute[name] += is_broken
    for a, b in pairwise(known):
        _fill(minutes, a, b, rule)
    return minutes


def summed(minutes: Minutes, labels: Mapping[int, Label]) -> dict[Label, dict[str, Any]]:
    """Return the minutes added up by their labels."""
    sums: dict[Label, dict[str, Any]] = defaultdict(lambda: _nothing() | {"minutes": 0})
    for start_ms, minute in sorted(minutes.items()):
        row = sums[labels[start_ms]]
        row["minutes"] += 1
        for name in _SUMS:
            row[name] += minute[name]
        row["min"], row["max"] = min(row["min"], minute["min"]), max(row["max"], minute["max"])
    return {label: row | _extremes(row) for label, row in sums.items()}


def _nothing() -> dict[str, Any]:
    return dict.fromkeys(_SUMS, 0.0) | {"min": math.inf, "max": -math.inf}


def _extremes(row: dict[str, Any]) -> dict[str, float | None]:
    return {name: row[name] if math.isfinite(row[name]) else None for name in ("min", "max")}


def _start(at_ms: int) -> int:
    return at_ms // _MINUTE_MS * _MINUTE_MS


def _hold(minutes: Minutes, sample: Sample, until_ms: int) -> None:
    at = sample.at_ms
    while at < until_ms:
        cut = min(until_ms, _start(at) + _MINUTE_MS)
        minute, seconds = minutes[_start(at)], (cut - at) / 1000
        if sample.is_good and sample.value is not None:
            minute["total"] += sample.value * seconds
            minute["covered_s"] += seconds
            minute["min"], minute["max"] = min(minute["min"], sample.value), max(minute["max"], sample.value)
        else:
            minute["bad_s"] += seconds
        at = cut


def _fill(minutes: Minutes, before: Sample, after: Sample, rule: SignalRule) -> None:
    """Put values into the whole minutes of a silence between two good samples."""
    length = after.at_ms - before.at_ms
    is_good = before.is_good and after.is_good and before.value is not None and after.value is not None
    if rule.fill is None or not is_good or length > round(rule.fill_ms):
        return
    silent_ms = before.at_ms + round(rule.hold_ms)
    for start in _whole_minutes(silent_ms, after.at_ms):
        share = 0.0 if rule.fill == "hold" else (start + _MINUTE_MS / 2 - before.at_ms) / length
        minutes[start]["filled_minutes"] += 1
        minutes[start]["filled_total"] += (before.value or 0.0) * (1 - share) + (after.value or 0.0) * share


def _whole_minutes(from_ms: int, to_ms: int) -> Iterable[int]:
    start = _start(from_ms + _MINUTE_MS - 1)
    return range(start, to_ms - _MINUTE_MS + 1, _MINUTE_MS)


def _broken(samples: Sequence[Sample], n: int, rule: SignalRule) -> tuple[bool, ...]:
    sample = samples[n]
    if sample.value is None:
        return False, False, False, False, sample.is_refused, sample.is_limited
    is_out = not LOWER_C <= sample.value <= UPPER_C
    is_stuck, is_flat = _is_stuck(samples, n, rule), _is_flat(samples, n)
    return is_out, _is_too_fast(samples, n, rule), is_stuck, is_flat, False, sample.is_limited


def _is_too_fast(samples: Sequence[Sample], n: int, rule: SignalRule) -> bool:
    before = next((s for s in reversed(samples[:n]) if s.value is not None), None)
    value = samples[n].value
    if before is None or before.value is None or value is None:
        return False
    elapsed_ms = samples[n].at_ms - before.at_ms
    return elapsed_ms <= round(rule.hold_ms) and abs(value - before.value) / (elapsed_ms / 1000) > rule.rate


def _is_stuck(samples: Sequence[Sample], n: int, rule: SignalRule) -> bool:
    first = n
    while first and samples[first - 1].value == samples[n].value:
        if samples[first].at_ms - samples[first - 1].at_ms > round(rule.hold_ms):
            break
        first -= 1
    return first < n and samples[n].at_ms - samples[first].at_ms >= rule.stuck_ms


def _is_flat(samples: Sequence[Sample], n: int) -> bool:
    start = samples[n].at_ms - _FLAT_MS
    first = next((s for s in samples if s.value is not None), None)
    recent = []
    for sample in reversed(samples[: n + 1]):
        if sample.at_ms < start:
            break
        if sample.value is not None:
            recent.append(sample.value)
    is_filled = first is not None and first.at_ms <= start and len(recent) >= 3
    return is_filled and max(recent) - min(recent) <= FLAT_C
