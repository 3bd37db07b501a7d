"""Questions to a local OneLake that a run has filled: T-SQL, DAX, and the report as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fabric_ot.workbench.local.dax import DaxEngine
from fabric_ot.workbench.local.fabric import LocalFabric
from fabric_ot.workbench.plant_day.run import ONELAKE


def ask_sql(root: Path, onelake: Path | None, query: str) -> list[dict[str, Any]]:
    """Return the rows of a T-SQL query on the gold Warehouse."""
    with LocalFabric(root, onelake or root / ONELAKE) as fabric:
        return fabric.warehouse().query(query)


def ask_dax(root: Path, onelake: Path | None, query: str) -> list[dict[str, Any]]:
    """Return the rows of a DAX query on the semantic model."""
    with LocalFabric(root, onelake or root / ONELAKE) as fabric:
        framed = fabric.frame_model()
        return DaxEngine(framed.model, framed.tables).query(query)


def draw_preview(root: Path, onelake: Path | None) -> Path:
    """Draw the report with the values of the gold tables and return the file."""
    folder = onelake or root / ONELAKE
    with LocalFabric(root, folder) as fabric:
        return fabric.preview(folder.resolve() / "preview" / "plant_operations.html")
