"""A timeline: consecutive half-open segments, each with one label; painting lays one label over others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Segment:
    """`[start_ms, end_ms)` with one label: a state or a product."""

    start_ms: int
    end_ms: int
    label: str


def paint(
    timeline: Sequence[Segment], start_ms: int, end_ms: int, label: str, *, over: Collection[str] | None = None
) -> list[Segment]:
    """Return `timeline` with `label` in `[start_ms, end_ms)`, where it has a label in `over` (default: any).

    Example:
        >>> [(s.start_ms, s.label) for s in paint([Segment(0, 10, "a")], 4, 6, "b")]
        [(0, 'a'), (4, 'b'), (6, 'a')]
    """
    pieces: list[Segment] = []
    for segment in timeline:
        low, high = max(segment.start_ms, start_ms), min(segment.end_ms, end_ms)
        if low >= high or (over is not None and segment.label not in over):
            pieces.append(segment)
            continue
        pieces.append(Segment(segment.start_ms, low, segment.label))
        pieces.append(Segment(low, high, label))
        pieces.append(Segment(high, segment.end_ms, segment.label))
    return merge([piece for piece in pieces if piece.start_ms < piece.end_ms])


def merge(timeline: Sequence[Segment]) -> list[Segment]:
    """Return `timeline` with neighbors of one label joined."""
    merged: list[Segment] = []
    for segment in timeline:
        if merged and merged[-1].label == segment.label and merged[-1].end_ms == segment.start_ms:
            merged[-1] = Segment(merged[-1].start_ms, segment.end_ms, segment.label)
        else:
            merged.append(segment)
    return merged


def label_at(timeline: Sequence[Segment], at_ms: int) -> str:
    """Return the label at an instant; the last one at and after the end, '' before the start."""
    position = bisect_right(timeline, at_ms, key=lambda segment: segment.start_ms)
    return timeline[position - 1].label if position else ""


def clip(timeline: Sequence[Segment], start_ms: int, end_ms: int) -> list[Segment]:
    """Return the part of `timeline` inside `[start_ms, end_ms)`."""
    clipped = [Segment(max(s.start_ms, start_ms), min(s.end_ms, end_ms), s.label) for s in timeline]
    return [segment for segment in clipped if segment.start_ms < segment.end_ms]


def overlap_ms(start_ms: int, end_ms: int, windows: Sequence[tuple[int, int]]) -> int:
    """Return how much of `[start_ms, end_ms)` lies in disjoint `windows`.

    Example:
        >>> overlap_ms(0, 10, [(2, 4), (8, 12)])
        4
    """
    return sum(max(0, min(end_ms, end) - max(start_ms, start)) for start, end in windows)
