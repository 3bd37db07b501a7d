"""The check before a run, extended to the pipelines that will be invoked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fabric_ot.errors import ExpressionError, FabricOTError
from fabric_ot.workbench.items.pipeline import Activity, Pipeline
from fabric_ot.workbench.local.expressions import Scope
from fabric_ot.workbench.local.pipelines.controls.children import CHILD_TYPES, find_target
from fabric_ot.workbench.local.pipelines.members import library_values
from fabric_ot.workbench.local.pipelines.preflight import Findings, active_activities, inspect_pipeline
from fabric_ot.workbench.local.pipelines.state import Target
from fabric_ot.workbench.local.pipelines.walker import CONTROLS
from fabric_ot.workbench.local.pipelines.world import World


def inspect_family(
    pipeline: Pipeline, world: World, members: Mapping[str, Any], lineage: tuple[Target, ...]
) -> Findings:
    """Check `pipeline` and the pipelines it invokes, as far as their ids are known before the run."""
    findings = inspect_pipeline(pipeline, {*CONTROLS, *world.connectors})
    for activity in active_activities(pipeline.activities):
        if activity.type in CHILD_TYPES:
            place = f"{pipeline.name}: activity {activity.name!r}"
            try:
                findings.add(_inspect_child(activity, place, world, members, lineage))
            except ExpressionError:
                continue  # the id is computed during the run; the child is checked when it starts
            except FabricOTError as exc:
                findings.wrong.append(f"{place}: {exc}")
    return findings


def _inspect_child(
    activity: Activity, place: str, world: World, members: Mapping[str, Any], lineage: tuple[Target, ...]
) -> Findings:
    findings = Findings()
    target = find_target(activity, Scope(pipeline=members), workspace_id=lineage[-1].workspace_id)
    if target in lineage:
        findings.wrong.append(f"{place}: invokes a pipeline that is among those that invoked it")
        return findings
    child = world.pipelines(target.workspace_id, target.pipeline_id)
    child_members = {**members, "libraryVariables": library_values(child, world.library), "parameters": {}}
    _inspect_parameters(child, activity.type_properties.get("parameters") or {}, place, findings)
    findings.add(inspect_family(child, world, child_members, (*lineage, target)))
    return findings


def _inspect_parameters(child: Pipeline, given: Mapping[str, Any], place: str, findings: Findings) -> None:
    known = ", ".join(child.parameters) or "none"
    for name in given:
        if name not in child.parameters:
            findings.wrong.append(f"{place}: pipeline {child.name!r} has no parameter {name!r}. Declared: {known}")
    for name, parameter in child.parameters.items():
        if name not in given and not parameter.has_default:
            findings.wrong.append(f"{place}: parameter {name!r} of pipeline {child.name!r} is missing")
