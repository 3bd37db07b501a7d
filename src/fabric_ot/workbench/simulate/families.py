"""What people and other systems tell of the simulated day beside the machines' messages, and the truth about it.

A family of records (maintenance orders, lots, laboratory samples) is one function: it sees what really happened, and
returns the rows of its reference files, rows that must be refused, and what a correct run must find.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.host_view import tell_host_view
from fabric_ot.workbench.simulate.namespace import tell_namespace
from fabric_ot.workbench.simulate.records import Family, Records

__all__ = ["FAMILIES", "Family", "Records", "tell_families"]

FAMILIES: tuple[Callable[[PlantDay, Random], Family], ...] = (tell_host_view, tell_namespace)
"""Every family of records that the simulator tells; each gets a random generator of its own."""


def tell_families(day: PlantDay, *, seed: int) -> Family:
    """Return the records and the truth of all families; the same seed gives the same rows."""
    told = [tell(day, Random(f"{seed}/records/{tell.__module__}")) for tell in FAMILIES]
    return Family(
        tuple(records for family in told for records in family.records),
        {claim: rows for family in told for claim, rows in family.truth.items()},
    )
