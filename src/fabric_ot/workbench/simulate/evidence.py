"""What the states of a machine count as, once people have said later what some of the time was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fabric_ot.workbench.simulate.layout import STATE_CATEGORIES
from fabric_ot.workbench.simulate.timeline import Segment

HOUR_MS = 3_600_000
PROTECTED = "production"


@dataclass(frozen=True)
class Recoding:
    """A person's word about `[start_ms, end_ms)` of one asset."""

    recoding_id: str
    asset_id: str
    start_ms: int
    end_ms: int
    reason_code: str
    time_category: str
    recorded_ms: int
    recorded_by: str


@dataclass(frozen=True)
class Told:
    """`[start_ms, end_ms)` of one state, what it counts as, and by whose word."""

    start_ms: int
    end_ms: int
    label: str
    category: str
    recoding: Recoding | None = None


def category_of(state: str) -> str:
    """Return the time category of a state; an unmapped one is unqualified.

    Example:
        >>> category_of("EXECUTE"), category_of("PURGE")
        ('production', 'unqualified')
    """
    return STATE_CATEGORIES.get(state, "unqualified")


def recode(states: Sequence[Segment], recodings: Sequence[Recoding]) -> list[Told]:
    """Cut states where the word that holds changes: the one recorded last; production is not talked away."""
    pieces: list[Told] = []
    for segment in states:
        measured = category_of(segment.label)
        heard = recodings if measured != PROTECTED else ()
        bounds = (at for r in heard for at in (r.start_ms, r.end_ms) if segment.start_ms < at < segment.end_ms)
        own: list[Told] = []
        for start, end in pairwise(sorted({segment.start_ms, segment.end_ms, *bounds})):
            covering = [r for r in heard if r.start_ms <= start < r.end_ms]
            last = max(covering, key=lambda r: (r.recorded_ms, r.recoding_id)) if covering else None
            if own and own[-1].recoding == last:
                own[-1] = Told(own[-1].start_ms, end, segment.label, own[-1].category, last)
            else:
                own.append(Told(start, end, segment.label, last.time_category if last else measured, last))
        pieces += own
    return pieces


def plan_recodings(asset_id: str, states: Sequence[Segment]) -> tuple[Recoding, ...]:
    """Return what people said about the first stops of a machine: once, twice, and about time that is protected."""
    return tuple(
        Recoding(f"RC-{asset_id}-{n}", asset_id, start, end, reason, category, end + hours * HOUR_MS, who)
        for n, (start, end, reason, category, hours, who) in enumerate(_statements(states), start=1)
    )


def _statements(states: Sequence[Segment]) -> Iterator[tuple[int, int, str, str, int, str]]:
    stops: dict[str, list[tuple[int, int]]] = {}
    for segment in states[1:-1]:
        # people write whole seconds
        bounds = (-(-segment.start_ms // 1000) * 1000, segment.end_ms // 1000 * 1000)
        stops.setdefault(segment.label, []).append(bounds)
    for start, end in stops.get("HELD", [])[:1]:
        yield start, end, "cleaning", "planned_down", 2, "shift lead"
    for start, end in stops.get("ABORTED", [])[:1]:
        half = (end - start) // 2000 * 1000
        yield start, start + half, "no material", "idle", 1, "operator 12"
        # said earlier about more: holds only where nobody spoke later
        yield start, end, "tool change", "setup", 0, "operator 7"
        yield start, start + half // 2000 * 1000, "jam", "unplanned_down", 9, "shift lead"
    for start, end in stops.get("IDLE", [])[:1]:
        yield start - 60_000, end, "jam", "unplanned_down", 1, "operator 12"
    for start, end in stops.get("SUSPENDED", [])[:1]:
        yield start, end, "trial", "setup", 1, "operator 7"
        yield start, end, "meeting", "planned_down", 1, "operator 7"
