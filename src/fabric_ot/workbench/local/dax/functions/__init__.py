"""The functions that the engine has; every other one is refused by name."""

from __future__ import annotations

from fabric_ot.workbench.local.dax.functions.aggregates import AGGREGATES
from fabric_ot.workbench.local.dax.functions.calculate import CALCULATES, MODIFIERS
from fabric_ot.workbench.local.dax.functions.iterators import ITERATORS
from fabric_ot.workbench.local.dax.functions.scalars import SCALARS
from fabric_ot.workbench.local.dax.functions.signature import Function
from fabric_ot.workbench.local.dax.functions.tables import TABLES

FUNCTIONS: dict[str, Function] = {**AGGREGATES, **CALCULATES, **ITERATORS, **SCALARS, **TABLES}

__all__ = ["FUNCTIONS", "MODIFIERS", "Function"]
