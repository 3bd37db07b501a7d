"""Which samples a historian would keep of the simulated temperatures, and what each of them stands for.

Slow on purpose: each decision looks back at all samples since the last kept one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from fabric_ot.workbench.simulate.signal_samples import Compression, Sample

_BLOCK_MS = 3_600_000
_Point = tuple[int, float]


def archive_rows(tag: str, samples: Sequence[Sample], told: Compression) -> list[dict[str, Any]]:
    """Return one row per kept sample: when, how many samples it stands for, the largest error of these."""
    keep = _exceptions if told.method == "exception" else _door
    rows = []
    for run in _runs(samples):
        points = [(sample.at_ms, sample.value) for sample in run if sample.value is not None]
        kept = keep(points, told) if points else [run[0].at_ms]
        for start, end in zip(kept, [*kept[1:], None], strict=True):
            own = [p for p in points if start <= p[0] and (end is None or p[0] < end)]
            rows.append(
                {
                    "tag_id": tag,
                    "at_ms": start,
                    "compression_method": told.method,
                    "value": own[0][1] if own else None,
                    "stands_for_count": max(1, len(own)),
                    "max_error": _error(own, dict(points), end, is_held=told.method == "exception"),
                }
            )
    return rows


def _runs(samples: Sequence[Sample]) -> list[list[Sample]]:
    """Cut at full hours, at samples without a number and where the quality changes."""
    runs: list[list[Sample]] = []
    for sample in samples:
        last = runs[-1][-1] if runs else None
        goes_on = (
            last is not None
            and last.value is not None
            and sample.value is not None
            and last.is_good == sample.is_good
            and last.at_ms // _BLOCK_MS == sample.at_ms // _BLOCK_MS
        )
        if goes_on:
            runs[-1].append(sample)
        else:
            runs.append([sample])
    return runs


def _exceptions(points: Sequence[_Point], told: Compression) -> list[int]:
    kept, (last_ms, last_value) = {points[0][0]}, points[0]
    for before, (at_ms, value) in pairwise(points):
        if abs(value - last_value) > told.deviation or _is_too_long(at_ms - last_ms, told):
            kept |= {before[0], at_ms}
            last_ms, last_value = at_ms, value
    return sorted(kept | {points[-1][0]})


def _door(points: Sequence[_Point], told: Compression) -> list[int]:
    kept, origin = [points[0][0]], 0
    for n in range(1, len(points)):
        (t0, v0), (at_ms, value) = points[origin], points[n]
        slope = (value - v0) / (at_ms - t0)
        misses = any(abs(v - v0 - slope * (t - t0)) > told.deviation for t, v in points[origin + 1 : n])
        if n - 1 > origin and (misses or _is_too_long(at_ms - t0, told)):
            origin = n - 1
            kept.append(points[origin][0])
    return kept if kept[-1] == points[-1][0] else [*kept, points[-1][0]]


def _is_too_long(elapsed_ms: int, told: Compression) -> bool:
    return told.longest_ms is not None and elapsed_ms > told.longest_ms


def _error(own: Sequence[_Point], values: dict[int, float], end_ms: int | None, *, is_held: bool) -> float | None:
    if not own:
        return None
    t0, v0 = own[0]
    rise = 0.0 if is_held or end_ms is None else (values[end_ms] - v0) / (end_ms - t0)
    return max(abs(v - v0 - rise * (t - t0)) for t, v in own)
