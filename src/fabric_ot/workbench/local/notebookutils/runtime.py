"""`notebookutils.runtime`: what the notebook may know about its run."""

from __future__ import annotations

from typing import Any

from fabric_ot.workbench.local.notebookutils.place import NotebookPlace
from fabric_ot.workbench.local.notebookutils.refusal import Area


class RuntimeArea(Area):
    """`notebookutils.runtime`, with its one member `context`."""

    area = "runtime"

    def __init__(self, place: NotebookPlace) -> None:
        """Build the context once."""
        self.context: dict[str, Any] = context_of(place)


def context_of(place: NotebookPlace) -> dict[str, Any]:
    """Return the keys of Fabric's runtime context that have a meaning here."""
    lakehouse = place.default_lakehouse
    lakehouse_layer = (lakehouse.layer or place.layer) if lakehouse else None
    return {
        "currentNotebookName": place.item.display_name,
        "currentNotebookId": place.item.logical_id,
        "currentWorkspaceName": place.layer,
        "currentWorkspaceId": place.workspace_id,
        "defaultLakehouseName": lakehouse.display_name if lakehouse else None,
        "defaultLakehouseId": lakehouse.logical_id if lakehouse else None,
        "defaultLakehouseWorkspaceName": lakehouse_layer,
        "defaultLakehouseWorkspaceId": place.onelake.workspace_id(lakehouse_layer) if lakehouse_layer else None,
        "currentRunId": place.run_id,
        "parentRunId": place.parent_run_id,
        "rootRunId": place.root_run_id or place.run_id,
        "activityId": place.activity_id,
        "isForPipeline": place.is_for_pipeline,
        "isForInteractive": not place.is_for_pipeline,
        "isReferenceRun": place.parent_run_id is not None,
        "environmentId": place.environment_id,
        "environmentWorkspaceId": place.workspace_id if place.environment_id else None,
        "userName": "local",
        "userId": None,
    }
