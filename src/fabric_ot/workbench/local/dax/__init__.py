"""DAX over DuckDB: measures of a semantic model evaluated by group, with refusal of what is not supported."""

from __future__ import annotations

from fabric_ot.workbench.local.dax.engine import DaxEngine

__all__ = ["DaxEngine"]
