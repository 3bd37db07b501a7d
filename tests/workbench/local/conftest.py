"""A small repository with notebooks of one's own, and the pieces that run them; no Spark unless a test brings it."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fabric_ot.workbench.items.notebook import Cell, Notebook, render_notebook
from fabric_ot.workbench.items.repository import Item, load_repository, workspace_ids
from fabric_ot.workbench.local.libraries import Libraries
from fabric_ot.workbench.local.notebooks import NotebookParameter, NotebookRun, NotebookRunner
from fabric_ot.workbench.local.notebookutils import NotebookPlace, Secrets
from fabric_ot.workbench.local.onelake import OneLake

LAYERS = ("bronze", "silver", "gold", "power_bi")


def guid(*names: str) -> str:
    """The id of an item or workspace of this repository."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("fabric_ot", *names))))


class SmallFabric:
    """Two lakehouses, a shortcut lakehouse and a Variable Library; tests add notebooks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.onelake_root = root / ".onelake"
        self.secrets = Secrets(environment={})
        self.stopwatch: Callable[[], float] = lambda: 0.0
        self.shortcuts("ot_gold_shortcuts", "gold", [("site", "$(/**/ot_settings/silver_lakehouse)", "plant/site")])
        self.lakehouse("ot_bronze", "bronze")
        self.lakehouse("ot_silver", "silver")
        self._settings()

    def item(self, type_: str, name: str, folder: str) -> Path:
        path = self.root / folder / f"{name}.{type_}"
        platform = {
            "$schema": "https://example.invalid/schema.json",
            "metadata": {"type": type_, "displayName": name},
            "config": {"version": "2.0", "logicalId": guid(type_, name)},
        }
        self.write(path / ".platform", platform)
        return path

    def write(self, path: Path, document: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_text(text, encoding="utf-8")

    def lakehouse(self, name: str, layer: str) -> Path:
        folder = self.item("Lakehouse", name, f"lakehouses/{layer}")
        self.write(folder / "lakehouse.metadata.json", {"defaultSchema": "dbo"})
        return folder

    def shortcuts(self, name: str, layer: str, targets: list[tuple[str, str, str]]) -> None:
        folder = self.lakehouse(name, layer)
        entries = []
        for shortcut, target, path in targets:
            place: dict[str, str] = {"path": f"Tables/{path}"}
            if target.startswith("$("):
                place["itemReference"] = target
            else:
                place |= {"workspaceId": guid("Workspace", "0") if target else "", "itemId": target}
            entries.append({"name": shortcut, "path": "/Tables/plant", "target": {"type": "OneLake", "oneLake": place}})
        self.write(folder / "shortcuts.metadata.json", entries)

    def notebook(self, name: str, *cells: Cell | str, layer: str = "silver", **dependencies: Any) -> Item:
        built = tuple(cell if isinstance(cell, Cell) else Cell("code", cell, "python") for cell in cells)
        folder = self.item("Notebook", name, f"notebooks/{layer}")
        text = render_notebook(Notebook("python", "synapse_pyspark", dependencies, built))
        self.write(folder / "notebook-content.py", text)
        return load_repository(self.root).find("Notebook", name)

    def pipeline(self, name: str, *activities: dict[str, Any], layer: str = "silver", **properties: Any) -> None:
        folder = self.item("DataPipeline", name, f"pipelines/{layer}")
        self.write(folder / "pipeline-content.json", {"properties": {"activities": list(activities), **properties}})

    def onelake(self) -> OneLake:
        repository = load_repository(self.root)
        onelake = OneLake(self.onelake_root, repository, workspace_ids(repository))
        onelake.prepare()
        return onelake

    def runner(self, spark: Any = None) -> NotebookRunner:
        ids = (f"run-{n}" for n in itertools.count(1))
        session = spark or SimpleNamespace(sparkContext=None)
        return NotebookRunner(
            self.onelake(), spark=lambda: session, secrets=self.secrets, new_id=lambda: next(ids),
            stopwatch=lambda: self.stopwatch(),
        )  # fmt: skip

    def run(self, notebook: Item, *, spark: Any = None, **parameters: NotebookParameter) -> NotebookRun:
        return self.runner(spark).run(notebook, parameters)

    def place(self, **changes: Any) -> NotebookPlace:
        """A place for tests of single members of `notebookutils`."""
        item = self.notebook("nb_any", "pass")
        onelake = self.onelake()
        values: dict[str, Any] = {
            "item": item, "layer": "silver", "onelake": onelake, "libraries": Libraries(onelake.repository),
            "secrets": self.secrets, "run_child": lambda *_: "", "run_id": "run-1",
            "default_lakehouse": onelake.repository.find("Lakehouse", "ot_silver"),
        }  # fmt: skip
        return NotebookPlace(**{**values, **changes})

    def _settings(self) -> None:
        folder = self.item("VariableLibrary", "ot_settings", "settings")
        variables = [
            {"name": f"{layer}_workspace_id", "type": "Guid", "value": guid("Workspace", layer)} for layer in LAYERS
        ]
        ids = {"workspaceId": guid("Workspace", "silver"), "itemId": guid("Lakehouse", "ot_silver")}
        variables += [
            {"name": "silver_lakehouse", "type": "ItemReference", "value": ids},
            {"name": "retries", "type": "Integer", "value": 3},
            {"name": "is_strict", "type": "Boolean", "value": True},
        ]
        self.write(folder / "variables.json", {"variables": variables})
        self.write(folder / "settings.json", {"valueSetsOrder": []})


@pytest.fixture
def small_fabric(tmp_path: Path) -> SmallFabric:
    """A repository in a folder of its own."""
    return SmallFabric(tmp_path / "checkout")


@pytest.fixture
def known_guid() -> Callable[..., str]:
    """How the repository names its ids."""
    return guid
