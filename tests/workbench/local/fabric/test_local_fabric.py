"""The workspaces together: pipelines run notebooks of their own layer, and failures keep their names."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fabric_ot.errors import ItemError, PipelineError
from fabric_ot.workbench.local.fabric import LocalFabric

ZERO = "00000000-0000-0000-0000-000000000000"
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def fabric(small_fabric) -> LocalFabric:
    session = SimpleNamespace(sparkContext=None)
    return LocalFabric(small_fabric.root, small_fabric.onelake_root, clock=lambda: NOON, spark=lambda: session)


def notebook_activity(notebook_id: str, **parameters: tuple[Any, str]) -> dict[str, Any]:
    given = {
        name: {"value": {"value": value, "type": "Expression"}, "type": kind}
        for name, (value, kind) in parameters.items()
    }
    return {
        "name": "Run", "type": "TridentNotebook", "dependsOn": [],
        "typeProperties": {"notebookId": notebook_id, "workspaceId": ZERO, "parameters": given},
    }  # fmt: skip


def returning(expression: str) -> dict[str, Any]:
    value = [{"key": "exit", "value": {"type": "Expression", "content": expression}}]
    return {
        "name": "Return", "type": "SetVariable",
        "dependsOn": [{"activity": "Run", "dependencyConditions": ["Succeeded"]}],
        "typeProperties": {"variableName": "pipelineReturnValue", "value": value, "setSystemVariable": True},
    }  # fmt: skip


def test_a_pipeline_runs_a_notebook_with_typed_parameters_and_reads_its_exit_value(small_fabric, known_guid) -> None:
    code = (
        "c = notebookutils.runtime.context\n"
        "notebookutils.notebook.exit((n + 1, c['currentWorkspaceName'], c['isForPipeline']))"
    )
    small_fabric.notebook("nb", code)
    small_fabric.pipeline(
        "pl", notebook_activity(known_guid("Notebook", "nb"), n=("@pipeline().parameters.n", "int")),
        returning("@activity('Run').output.result.exitValue"), parameters={"n": {"type": "int", "defaultValue": 1}},
    )  # fmt: skip
    run = fabric(small_fabric).run_pipeline("pl", {"n": 41})
    assert (run.status, run.return_value) == ("Succeeded", {"exit": "(42, 'silver', True)"})


def test_a_notebook_that_raises_fails_the_run_and_is_named(small_fabric, known_guid) -> None:
    small_fabric.notebook("nb", "raise ValueError('no good')")
    small_fabric.pipeline("pl", notebook_activity(known_guid("Notebook", "nb")))
    run = fabric(small_fabric).run_pipeline("pl")
    assert run.status == "Failed"
    with pytest.raises(PipelineError, match=r"nb, cell 1, line \d+ of the file: ValueError: no good"):
        run.require_success()


def test_a_notebook_of_another_workspace_is_not_taken_for_one_of_this(small_fabric, known_guid) -> None:
    small_fabric.notebook("nb", "pass", layer="bronze")
    small_fabric.pipeline("pl", notebook_activity(known_guid("Notebook", "nb")))
    run = fabric(small_fabric).run_pipeline("pl")
    assert "nb.Notebook lies in the workspace 'bronze', not in 'silver'" in (run.error or "")


def test_an_item_that_is_no_notebook_is_refused(small_fabric, known_guid) -> None:
    small_fabric.pipeline("pl", notebook_activity(known_guid("Lakehouse", "ot_silver")))
    assert "ot_silver.Lakehouse is no notebook" in (fabric(small_fabric).run_pipeline("pl").error or "")


def test_a_pipeline_that_does_not_exist_is_refused_with_those_there_are(small_fabric) -> None:
    small_fabric.pipeline("pl")
    with pytest.raises(ItemError, match=r"no DataPipeline is called 'gone'\. Available: pl"):
        fabric(small_fabric).run_pipeline("gone")


def test_notebooks_find_secrets_in_the_environment(small_fabric, monkeypatch, tmp_path: Path) -> None:
    item = small_fabric.notebook(
        "nb", "c = notebookutils.credentials\nnotebookutils.notebook.exit(c.getSecret('v', 'a') + c.getToken('pbi'))"
    )
    file = tmp_path / "secrets.json"
    file.write_text('{"tokens": {"pbi": "2"}}')
    monkeypatch.setenv("FABRIC_OT_SECRETS", str(file))
    monkeypatch.setenv("FABRIC_OT_SECRET_A", "1")
    assert fabric(small_fabric).notebooks().run(item).exit_value == "12"


def test_lakehouses_have_their_folders_before_anything_runs(small_fabric) -> None:
    fabric(small_fabric)
    assert (small_fabric.onelake_root / "bronze" / "ot_bronze.Lakehouse" / "Files").is_dir()
