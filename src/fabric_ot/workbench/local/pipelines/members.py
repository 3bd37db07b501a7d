"""What `pipeline()` shows in an expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fabric_ot.errors import FabricOTError, PipelineError
from fabric_ot.workbench.items.pipeline import Pipeline
from fabric_ot.workbench.local.pipelines.calls import RunInfo
from fabric_ot.workbench.local.pipelines.json_values import to_json_value
from fabric_ot.workbench.local.pipelines.world import Library, World


def members_of(pipeline: Pipeline, info: RunInfo, parameters: Mapping[str, Any], world: World) -> dict[str, Any]:
    """Return what `pipeline()` shows; a workspace without a known name has none, so that asking for it fails."""
    members = {
        "RunId": info.run_id,
        "Pipeline": info.pipeline_id,
        "PipelineName": info.pipeline_name,
        "TriggerTime": info.trigger_time,
        "TriggerType": "PipelineActivity" if info.parent_run_id else "Manual",
        "TriggerId": "",
        "TriggerName": "",
        "GroupId": info.run_id,
        "DataFactory": info.workspace_id,
        "WorkspaceId": info.workspace_id,
        "TriggeredByPipelineRunId": info.parent_run_id,
        "TriggeredByPipelineName": info.parent_pipeline,
        "parameters": dict(parameters),
        "libraryVariables": library_values(pipeline, world.library),
        "globalParameters": {},
    }
    name = world.workspace_names.get(info.workspace_id)
    return members if name is None else {**members, "WorkspaceName": name}


def library_values(pipeline: Pipeline, library: Library) -> dict[str, Any]:
    """Return the value of every library variable by its alias.

    Raises:
        PipelineError: a library or variable is missing.
    """
    values: dict[str, Any] = {}
    for alias, variable in pipeline.library_variables.items():
        try:
            values[alias] = to_json_value(library(variable.library, variable.variable))
        except (FabricOTError, LookupError) as exc:
            message = f"pipeline {pipeline.name!r}: library variable {alias!r} cannot be read: {exc}"
            raise PipelineError(message) from exc
    return values
