"""Starts runs: the one that was asked for, and those that it invokes."""

from __future__ import annotations

import datetime as dt
import random
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from fabric_ot.errors import PipelineError
from fabric_ot.workbench.items.pipeline import Pipeline
from fabric_ot.workbench.local.pipelines.calls import Connector, RunInfo
from fabric_ot.workbench.local.pipelines.family import inspect_family
from fabric_ot.workbench.local.pipelines.json_values import bind_parameters
from fabric_ot.workbench.local.pipelines.members import members_of
from fabric_ot.workbench.local.pipelines.records import FAILED, SUCCEEDED, ActivityEvent, PipelineRun
from fabric_ot.workbench.local.pipelines.state import Engine, Frame, Run, Target
from fabric_ot.workbench.local.pipelines.walker import walk
from fabric_ot.workbench.local.pipelines.world import (
    Cancellation,
    Library,
    PipelineFinder,
    World,
    no_library,
    no_pipelines,
)


def _ignore(_: ActivityEvent) -> None:
    pass


def run_pipeline(
    pipeline: Pipeline,
    *,
    connectors: Mapping[str, Connector],
    clock: Callable[[], dt.datetime],
    parameters: Mapping[str, Any] | None = None,
    library: Library = no_library,
    pipelines: PipelineFinder = no_pipelines,
    sleep: Callable[[float], None] = time.sleep,
    observer: Callable[[ActivityEvent], None] = _ignore,
    chance: random.Random | None = None,
    workspace_id: str = "",
    workspace_names: Mapping[str, str] | None = None,
) -> PipelineRun:
    """Run `pipeline` to its end and return what happened; a failed activity is a failed run, not an exception.

    `connectors` serve activity types by name, `clock` returns aware UTC times, `workspace_id` is what the all-zero
    workspace stands for. Before anything starts, the whole tree is checked, with the pipelines that it invokes.

    Raises:
        NotSupportedError: an activity type or setting is not supported; every problem in one message.
        PipelineError: the pipeline cannot start (missing parameter, unknown name); every problem in one message.
    """
    world = World(
        connectors=connectors,
        library=library,
        pipelines=pipelines,
        clock=clock,
        sleep=sleep,
        observer=observer,
        chance=chance or random.SystemRandom(),
        workspace_names=workspace_names or {},
    )
    target = Target(workspace_id, pipeline.logical_id)
    return _start(pipeline, target, world, parameters or {}, parent=None, cancellation=Cancellation())


def start_child(run: Run, target: Target, parameters: Mapping[str, Any], cancellation: Cancellation) -> PipelineRun:
    """Run the pipeline `target` on behalf of `run`.

    Raises:
        PipelineError: there is no such pipeline, it cannot start, or it is already running above.
    """
    if target in run.lineage:
        message = f"pipeline {run.pipeline.name!r} invokes {target.pipeline_id!r}, which is among those that invoked it"
        raise PipelineError(message)
    pipeline = run.world.pipelines(target.workspace_id, target.pipeline_id)
    return _start(pipeline, target, run.world, parameters, parent=run, cancellation=cancellation)


ENGINE = Engine(walk=walk, start_child=start_child)


def _start(
    pipeline: Pipeline,
    target: Target,
    world: World,
    parameters: Mapping[str, Any],
    *,
    parent: Run | None,
    cancellation: Cancellation,
) -> PipelineRun:
    bound = bind_parameters(pipeline, parameters)
    lineage = (*(parent.lineage if parent else ()), target)
    started = world.clock()
    info = RunInfo(
        run_id=str(uuid.UUID(int=world.chance.getrandbits(128), version=4)),
        pipeline_name=pipeline.name,
        pipeline_id=target.pipeline_id,
        workspace_id=target.workspace_id,
        trigger_time=started.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z",
        parent_run_id=parent.info.run_id if parent else None,
        parent_pipeline=parent.info.pipeline_name if parent else None,
    )
    members = members_of(pipeline, info, bound, world)
    inspect_family(pipeline, world, members, lineage).require_none(pipeline.name)
    run = Run(pipeline, engine=ENGINE, world=world, info=info, members=members)
    run.cancellation, run.lineage = cancellation, lineage
    return _finished(run, started)


def _finished(run: Run, started: dt.datetime) -> PipelineRun:
    walked = walk(run, run.pipeline.activities, Frame())
    error = f"pipeline {run.pipeline.name!r} failed: {'; '.join(walked.causes)}" if walked.causes else None
    return PipelineRun(
        pipeline=run.pipeline.name,
        run_id=run.info.run_id,
        status=SUCCEEDED if walked.succeeded else FAILED,
        activities=walked.runs,
        return_value=dict(run.returned),
        variables=run.variables,
        started=started,
        ended=run.world.clock(),
        error=error,
    )
