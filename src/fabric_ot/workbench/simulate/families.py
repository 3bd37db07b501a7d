"""What people and other systems tell of the simulated day beside the machines' messages, and the truth about it.

A family of records (maintenance orders, lots, laboratory samples) is one function: it sees what really happened, and
returns the rows of its reference files, rows that must be refused, and what a correct run must find.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from fabric_ot.workbench.simulate.catalogue import tell_catalogue
from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.energy_truth import tell_energy
from fabric_ot.workbench.simulate.executions import tell_executions
from fabric_ot.workbench.simulate.genealogy import tell_genealogy
from fabric_ot.workbench.simulate.gold_truth import tell_gold
from fabric_ot.workbench.simulate.host_view import tell_host_view
from fabric_ot.workbench.simulate.kpi_truth import tell_kpis
from fabric_ot.workbench.simulate.maintenance_truth import tell_maintenance
from fabric_ot.workbench.simulate.namespace import tell_namespace
from fabric_ot.workbench.simulate.quality import tell_quality
from fabric_ot.workbench.simulate.recodings import tell_recodings
from fabric_ot.workbench.simulate.records import Family
from fabric_ot.workbench.simulate.signal_truth import tell_signals

FAMILIES: tuple[Callable[[PlantDay, Random], Family], ...] = (
    tell_energy,
    tell_genealogy,
    tell_executions,
    tell_maintenance,
    tell_quality,
    tell_recodings,
    tell_signals,
    tell_host_view,
    tell_namespace,
    tell_catalogue,
)
"""Every family of records that the simulator tells; each gets a random generator of its own. KPIs are made of all."""


def tell_families(day: PlantDay, *, seed: int) -> Family:
    """Return the records and the truth of all families, and what gold must make of it; one seed gives one truth."""
    told = [tell(day, Random(f"{seed}/records/{tell.__module__}")) for tell in FAMILIES]
    records = _together(told)
    all_told = _together([records, tell_kpis(day, records)])
    return Family(all_told.records, {**all_told.truth, **tell_gold(all_told.truth)})


def _together(told: Sequence[Family]) -> Family:
    return Family(
        tuple(records for family in told for records in family.records),
        {claim: rows for family in told for claim, rows in family.truth.items()},
    )
