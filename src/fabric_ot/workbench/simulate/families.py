"""What people and other systems tell of the simulated day beside the machines' messages, and the truth about it.

A family of records (maintenance orders, lots, laboratory samples) is one function: it sees what really happened, and
returns the rows of its reference files, rows that must be refused, and what a correct run must find.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fabric_ot.workbench.simulate.day import PlantDay

Row = Sequence[Any]


@dataclass(frozen=True)
class Records:
    """The rows of one reference file: those to be taken, and those to be refused, each with its reason."""

    entity: str
    good: Sequence[Row]
    bad: Sequence[tuple[Row, str]] = ()


@dataclass(frozen=True)
class Family:
    """The reference files of one family, and the rows that must come out, by the name of their claim."""

    records: tuple[Records, ...] = ()
    truth: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)


FAMILIES: tuple[Callable[[PlantDay, Random], Family], ...] = ()
"""Every family of records that the simulator tells; each gets a random generator of its own."""


def tell_families(day: PlantDay, *, seed: int) -> Family:
    """Return the records and the truth of all families; the same seed gives the same rows."""
    told = [tell(day, Random(f"{seed}/records/{tell.__module__}")) for tell in FAMILIES]
    return Family(
        tuple(records for family in told for records in family.records),
        {claim: rows for family in told for claim, rows in family.truth.items()},
    )
