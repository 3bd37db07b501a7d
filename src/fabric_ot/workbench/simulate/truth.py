"""The ground truth of a simulation: what a correct run must find, written beside the landing folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fabric_ot.workbench.simulate.message import Message


@dataclass(frozen=True)
class FileTruth:
    """One landed file: `rows` as written (0 where it must be refused), `status` as in `plant.landing_file`."""

    path: str
    route: str
    rows: int
    status: str


@dataclass(frozen=True)
class GroundTruth:
    """What a correct run over the simulated landing folder must find.

    `outcomes` are the lines of the conservation account; `production`, `state_time` and `oee` the facts;
    `samples` the numbers of distinct readings; `seq_gaps` gaps and missing messages per edge node; `families` the
    rows that each family of records must give, by claim.
    """

    seed: int
    start: str
    days: int
    scale: float
    first_shift_start_utc: str
    horizon_utc: str
    as_of_utc: str
    messages_by_route: dict[str, int]
    transport_duplicates: int
    outcomes: list[dict[str, Any]]
    files: list[dict[str, Any]]
    samples: dict[str, int]
    seq_gaps: dict[str, dict[str, int]]
    energy_kwh: dict[str, float]
    injected: dict[str, int]
    production: list[dict[str, Any]]
    state_time: list[dict[str, Any]]
    oee: list[dict[str, Any]]
    families: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rules: list[str] = field(default_factory=lambda: list(RULES))

    def to_json(self) -> str:
        """Return the truth as JSON: the same seed gives the same text."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


RULES: tuple[str, ...] = (
    "A state holds until the next sample of the tag; after a death it is NO_SIGNAL until the birth's sample.",
    "The open state is closed at horizon_utc; facts exist for every asset with a state tag and every shift "
    "instance inside [first_shift_start_utc, horizon_utc], also where the asset never spoke.",
    "A counter sample on a shift border belongs to the earlier shift; a reset counts from 0; a fall of a counter "
    "with a modulus is a rollover.",
    "The product of a moment is the last product sample at or before it; a stale sample without value says nothing.",
    "planned_busy_s is split by each product's production_s; without production one row with product_id ''.",
    "production_s, unplanned_down_s and unqualified_s leave out placed planned stops; unplaced planned minutes "
    "reduce planned_busy_s only.",
)


def truth_path(out: Path) -> Path:
    """Return where the truth of landing folder `out` lies: beside it.

    Example:
        >>> truth_path(Path("plant/landing")).name
        'landing.truth.json'
    """
    return out.with_name(f"{out.name}.truth.json")


def read_truth(path: Path) -> GroundTruth:
    """Read what `simulate_plant` wrote beside the landing folder."""
    return GroundTruth(**json.loads(path.read_text(encoding="utf-8")))


def outcome_rows(accounts: Iterable[tuple[str, str, str, str]]) -> list[dict[str, Any]]:
    """Count the account's lines: messages per route, decoder, outcome and reason."""
    names = ("route", "decoder", "outcome", "reason")
    counted = sorted(Counter(accounts).items())
    return [{**dict(zip(names, key, strict=True)), "message_count": count} for key, count in counted]


def sample_counts(messages: Iterable[Message]) -> dict[str, int]:
    """Count carried and distinct samples of decoded messages per decoder, and the stale readings of deaths."""
    carried: Counter[str] = Counter()
    distinct: dict[str, set[tuple[str, int, int]]] = {}
    stale = 0
    for message in messages:
        if message.outcome == "decoded":
            carried[message.decoder] += len(message.samples)
            distinct.setdefault(message.decoder, set()).update(message.samples)
            stale += len(message.stale)
    counts = {f"{decoder}_carried": count for decoder, count in sorted(carried.items())}
    counts |= {f"{decoder}_distinct": len(keys) for decoder, keys in sorted(distinct.items())}
    return {**counts, "stale": stale}


def iso_utc(at_ms: int) -> str:
    """Return an instant as ISO 8601 in UTC.

    Example:
        >>> iso_utc(1_000)
        '1970-01-01T00:00:01Z'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat().replace("+00:00", "Z")
