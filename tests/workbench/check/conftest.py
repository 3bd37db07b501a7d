"""A small sound repository that each test breaks in one place."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fabric_ot.workbench.check import Problem, check_repository
from fabric_ot.workbench.items.notebook import Cell, Notebook, render_notebook

ZERO = "00000000-0000-0000-0000-000000000000"
CONNECTION = "11111111-2222-3333-4444-555555555555"


def item_id(type_: str, name: str) -> str:
    """The logicalId that this repository gives an item."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"fabric_ot/{type_}/{name}"))


def notebook_activity(name: str = "Land", **changes: Any) -> dict[str, Any]:
    """A sound notebook activity."""
    day = {"value": {"value": "@pipeline().parameters.day", "type": "Expression"}, "type": "string"}
    return {
        "name": name,
        "type": "TridentNotebook",
        "dependsOn": [],
        "typeProperties": {
            "notebookId": item_id("Notebook", "nb_land"),
            "workspaceId": ZERO,
            "parameters": {"day": day, "limit": {"value": 5, "type": "int"}},
        },
        **changes,
    }


def invoke_activity(**changes: Any) -> dict[str, Any]:
    """A sound invocation of a pipeline in another workspace."""
    settings = {
        "operationType": "InvokeFabricPipeline",
        "workspaceId": {"value": "@pipeline().libraryVariables.ot_settings_bronze_workspace_id", "type": "Expression"},
        "pipelineId": {"value": "@pipeline().libraryVariables.ot_settings_bronze_pipeline_id", "type": "Expression"},
        "parameters": {"day": "2026-01-01"},
        "waitOnCompletion": True,
    }
    return {
        "name": "Bronze",
        "type": "InvokePipeline",
        "dependsOn": [],
        "typeProperties": {**settings, **changes},
        "externalReferences": {"connection": CONNECTION},
    }


def library_variables(*names: str) -> dict[str, Any]:
    """Declare String variables of `ot_settings`."""
    return {
        f"ot_settings_{name}": {"libraryName": "ot_settings", "variableName": name, "type": "String"} for name in names
    }


class Plant:
    """A repository on disk, with the edits that tests make and the parts they make them from."""

    zero = ZERO
    item_id = staticmethod(item_id)
    notebook_activity = staticmethod(notebook_activity)
    invoke_activity = staticmethod(invoke_activity)
    library_variables = staticmethod(library_variables)

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, content: str | bytes | dict | list) -> Path:
        """Write text, bytes or JSON below the root."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict | list):
            content = json.dumps(content, indent=2) + "\n"
        target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return target

    def add_platform(self, folder: str, *, logical_id: str | None = None) -> None:
        """Write the `.platform` of a new item."""
        name, _, type_ = Path(folder).name.rpartition(".")
        document = {
            "$schema": "https://example.com/platform",
            "metadata": {"type": type_, "displayName": name},
            "config": {"version": "2.0", "logicalId": logical_id or item_id(type_, name)},
        }
        self.write(f"{folder}/.platform", document)

    def add_notebook(self, folder: str, *cells: Cell, dependencies: dict[str, Any] | None = None) -> None:
        """Write a notebook item."""
        self.add_platform(folder)
        notebook = Notebook("python", "synapse_pyspark", dependencies or {}, cells)
        self.write(f"{folder}/notebook-content.py", render_notebook(notebook))

    def add_pipeline(self, folder: str, activities: list[dict[str, Any]], **sections: Any) -> None:
        """Write a pipeline item."""
        self.add_platform(folder)
        self.write(f"{folder}/pipeline-content.json", {"properties": {"activities": activities, **sections}})

    def edit(self, path: str, change: Callable[[Any], object]) -> None:
        """Change a JSON file in place; what `change` returns does not matter."""
        target = self.root / path
        document = json.loads(target.read_text(encoding="utf-8"))
        change(document)
        self.write(path, document)

    def problems(self) -> list[Problem]:
        """Check everything."""
        return check_repository(self.root)

    def only_problem(self) -> Problem:
        """Check everything; exactly one problem is there."""
        (problem,) = self.problems()
        return problem


@pytest.fixture
def plant(tmp_path: Path, repository_root: Path) -> Plant:
    """This repository's settings, lakehouses and environment, and a notebook and two pipelines of the test."""
    for folder in ("settings", "lakehouses", "environments"):
        shutil.copytree(repository_root / folder, tmp_path / folder)
    made = Plant(tmp_path)
    made.add_notebook(
        "notebooks/bronze/nb_land.Notebook",
        Cell("parameters", 'day = "2026-01-01"\nlimit = 0', "python"),
        Cell("code", "from fabric_ot.jobs import run_land", "python"),
        Cell("code", "result = run_land(spark, day=day, limit=limit)", "python"),
        dependencies={"environment": {"environmentId": item_id("Environment", "ot_runtime"), "workspaceId": ZERO}},
    )
    made.add_pipeline(
        "pipelines/bronze/pl_bronze_land.DataPipeline",
        [notebook_activity()],
        parameters={"day": {"type": "string"}},
    )
    made.add_pipeline(
        "pipelines/gold/pl_plant_day.DataPipeline",
        [invoke_activity()],
        libraryVariables=library_variables("bronze_workspace_id", "bronze_pipeline_id"),
    )
    return made
