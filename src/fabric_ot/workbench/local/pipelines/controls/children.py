"""InvokePipeline and ExecutePipeline: a pipeline run inside a run, always waited for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fabric_ot.errors import PipelineError
from fabric_ot.workbench.items.pipeline import Activity
from fabric_ot.workbench.items.platform import ZERO_GUID
from fabric_ot.workbench.local.expressions import Scope, resolve
from fabric_ot.workbench.local.pipelines.calls import ActivityError, ActivityTimeoutError
from fabric_ot.workbench.local.pipelines.records import PipelineRun
from fabric_ot.workbench.local.pipelines.state import Result, Step, Target
from fabric_ot.workbench.local.pipelines.timeouts import run_within
from fabric_ot.workbench.local.pipelines.world import Cancellation

CHILD_TYPES = ("InvokePipeline", "ExecutePipeline")


def find_target(activity: Activity, scope: Scope, *, workspace_id: str) -> Target:
    """Return what `activity` invokes; the all-zero workspace is `workspace_id`, the one it runs in.

    Raises:
        ExpressionError: an id is an expression that cannot be evaluated (yet).
        PipelineError: an id is no text.
    """
    properties = activity.type_properties
    if activity.type == "ExecutePipeline":
        reference = resolve(properties["pipeline"], scope)
        place, item = ZERO_GUID, reference.get("referenceName") if isinstance(reference, Mapping) else None
    else:
        place, item = resolve(properties["workspaceId"], scope), resolve(properties["pipelineId"], scope)
    if not isinstance(place, str) or not isinstance(item, str):
        message = f"activity {activity.name!r}: workspace and pipeline must be ids, found {place!r} and {item!r}"
        raise PipelineError(message)
    return Target(workspace_id if place == ZERO_GUID else place, item)


def run_child(step: Step) -> Result:
    """Run the other pipeline and wait for it.

    After a timeout the child starts no further activity; the one that is running is abandoned.
    """
    run, activity = step.run, step.activity
    target = find_target(activity, run.scope(step.frame), workspace_id=run.info.workspace_id)
    parameters = step.value("parameters") or {}
    cancellation = Cancellation(run.cancellation)
    name = f"{run.pipeline.name}/{activity.name}"
    try:
        child = run_within(
            activity.policy.timeout_s,
            lambda: run.engine.start_child(run, target, parameters, cancellation),
            name=name,
        )
    except ActivityTimeoutError:
        cancellation.cancel()
        raise
    if not child.succeeded:
        raise ActivityError(str(child.error), error_code="ChildFailed", output=_output(child), child=child)
    return Result(_output(child), child=child)


def _output(child: PipelineRun) -> dict[str, Any]:
    return {
        "pipelineName": child.pipeline,
        "pipelineRunId": child.run_id,
        "pipelineReturnValue": dict(child.return_value),
    }
