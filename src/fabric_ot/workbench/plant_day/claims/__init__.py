"""Claims about single tables, by family: which rows of the ground truth must come out of which query."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim, MeasureClaim
from fabric_ot.workbench.plant_day.claims.energy import ENERGY_CLAIMS
from fabric_ot.workbench.plant_day.claims.genealogy import GENEALOGY_CLAIMS
from fabric_ot.workbench.plant_day.claims.gold import GOLD_CLAIMS, MEASURE_CLAIMS
from fabric_ot.workbench.plant_day.claims.kpis import KPIS_CLAIMS
from fabric_ot.workbench.plant_day.claims.landing import LANDING_CLAIMS
from fabric_ot.workbench.plant_day.claims.maintenance import MAINTENANCE_CLAIMS
from fabric_ot.workbench.plant_day.claims.namespace import NAMESPACE_CLAIMS
from fabric_ot.workbench.plant_day.claims.quality_control import QUALITY_CONTROL_CLAIMS
from fabric_ot.workbench.plant_day.claims.signals import SIGNALS_CLAIMS
from fabric_ot.workbench.plant_day.claims.sparkplug import SPARKPLUG_CLAIMS
from fabric_ot.workbench.plant_day.claims.states import STATES_CLAIMS

__all__ = ["CLAIMS", "MEASURE_CLAIMS", "Claim", "MeasureClaim"]

CLAIMS: tuple[Claim, ...] = (
    *LANDING_CLAIMS,
    *SIGNALS_CLAIMS,
    *QUALITY_CONTROL_CLAIMS,
    *GENEALOGY_CLAIMS,
    *MAINTENANCE_CLAIMS,
    *STATES_CLAIMS,
    *ENERGY_CLAIMS,
    *KPIS_CLAIMS,
    *SPARKPLUG_CLAIMS,
    *NAMESPACE_CLAIMS,
    *GOLD_CLAIMS,
)
"""Every claim that a run over the simulated plant is held to, beside those of `comparison`."""
