"""The notebook activity: the shipped notebook runs in this process."""

from __future__ import annotations

from typing import Any

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.items.repository import Item
from fabric_ot.workbench.local.notebooks import NotebookRunner, RunOrigin, parameters_of_activity
from fabric_ot.workbench.local.onelake import OneLake
from fabric_ot.workbench.local.pipelines import ActivityCall, Connector


def notebook_connectors(runner: NotebookRunner, onelake: OneLake) -> dict[str, Connector]:
    """Return the connector of `TridentNotebook`."""
    return {"TridentNotebook": lambda call: _run(call, runner, onelake)}


def _run(call: ActivityCall, runner: NotebookRunner, onelake: OneLake) -> dict[str, Any]:
    here = onelake.layer(call.run.workspace_id)
    workspace_id, notebook_id = str(call.properties["workspaceId"]), str(call.properties["notebookId"])
    notebook: Item = onelake.item(workspace_id, notebook_id, here=here)
    if notebook.type != "Notebook":
        message = f"{call.activity.name!r}: {notebook.display_name}.{notebook.type} is no notebook"
        raise NotSupportedError(message)
    origin = RunOrigin(
        parent_run_id=call.run.run_id,
        root_run_id=call.run.parent_run_id or call.run.run_id,
        activity_id=call.activity_run_id,
        is_for_pipeline=True,
    )
    parameters = parameters_of_activity(call.properties.get("parameters"))
    layer = onelake.layer(workspace_id, here=here)
    done = runner.run(notebook, parameters, layer=layer, origin=origin)
    return {"result": {"exitValue": done.exit_value, "runId": done.run_id, "cellsRun": done.cells_run}}
