"""Runs a scope of activities: order, dependency conditions, records, and whether the scope succeeded.

Ready activities run one after another in their written order, which is one of the orders that Fabric may choose.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fabric_ot.workbench.items.pipeline import Activity
from fabric_ot.workbench.local.pipelines.attempts import Attempted, attempt_connector, attempt_often
from fabric_ot.workbench.local.pipelines.calls import ActivityError, RunCancelledError
from fabric_ot.workbench.local.pipelines.controls import branching, children, loops, steps, variables
from fabric_ot.workbench.local.pipelines.records import FAILED, HIDDEN, SKIPPED, SUCCEEDED, ActivityEvent, ActivityRun
from fabric_ot.workbench.local.pipelines.state import Control, Frame, Run, Step, Walked

CONTROLS: Mapping[str, Control] = {
    "SetVariable": variables.set_variable,
    "AppendVariable": variables.append_variable,
    "IfCondition": branching.if_condition,
    "Switch": branching.switch,
    "ForEach": loops.for_each,
    "Until": loops.until,
    "Filter": steps.filter_items,
    "Wait": steps.wait,
    "Fail": steps.fail,
    "InvokePipeline": children.run_child,
    "ExecutePipeline": children.run_child,
}


def walk(run: Run, activities: Sequence[Activity], frame: Frame) -> Walked:
    """Run `activities` until each has ended or was skipped."""
    states: dict[str, str] = {}
    causes: dict[str, str] = {}
    records: list[ActivityRun] = []
    waiting = list(activities)
    while waiting:
        ready = next(a for a in waiting if all(d.activity in states for d in a.depends_on))
        waiting.remove(ready)
        record, inner = _run_activity(run, ready, frame, is_wanted=_is_wanted(ready, states))
        states[ready.name] = record.status
        causes[ready.name] = _cause(record)
        records += [record, *inner]
    return Walked(tuple(records), tuple(causes[name] for name in _culprits(activities, states)))


def _is_wanted(activity: Activity, states: Mapping[str, str]) -> bool:
    return all(_is_met(states[d.activity], d.conditions) for d in activity.depends_on)


def _is_met(state: str, conditions: Sequence[str]) -> bool:
    return state in conditions or ("Completed" in conditions and state in (SUCCEEDED, FAILED))


def _culprits(activities: Sequence[Activity], states: Mapping[str, str]) -> list[str]:
    """Name the activities that make the scope fail: a leaf that failed; for a skipped leaf, what is before it."""
    by_name = {activity.name: activity for activity in activities}
    awaited = {d.activity for activity in activities for d in activity.depends_on}
    found: dict[str, None] = {}

    def judge(name: str) -> None:
        if states[name] == FAILED:
            found[name] = None
        elif states[name] == SKIPPED:
            for dependency in by_name[name].depends_on:
                judge(dependency.activity)

    for activity in activities:
        if activity.name not in awaited:
            judge(activity.name)
    return list(found)


def _cause(record: ActivityRun) -> str:
    message = record.error["message"] if record.error else f"is inactive and marked as {record.status}"
    return f"activity {record.name!r} ({record.type}): {message}"


def _run_activity(
    run: Run, activity: Activity, frame: Frame, *, is_wanted: bool
) -> tuple[ActivityRun, tuple[ActivityRun, ...]]:
    if run.cancellation.is_set:
        message = f"pipeline {run.pipeline.name!r} was cancelled before activity {activity.name!r}"
        raise RunCancelledError(message)
    if not is_wanted or activity.is_inactive:
        status = activity.inactive_status if is_wanted else SKIPPED
        return _idle(run, activity, frame, status), ()
    started = run.world.clock()
    run.world.tell(_event(run, activity, frame, "started", started))
    attempted = _attempt(run, activity, frame)
    frame.outputs[activity.name] = _seen(attempted)
    return _record(run, activity, frame, attempted, started), attempted.inner


def _idle(run: Run, activity: Activity, frame: Frame, status: str) -> ActivityRun:
    at = run.world.clock()
    frame.outputs[activity.name] = {"status": status} if status == SKIPPED else {"status": status, "output": {}}
    run.world.tell(_event(run, activity, frame, "ended", at, status=status))
    return ActivityRun(activity.name, activity.type, status, {}, None, 0, at, at, path=frame.path)


def _attempt(run: Run, activity: Activity, frame: Frame) -> Attempted:
    def on_retry(attempt: int, failure: ActivityError) -> None:
        at = run.world.clock()
        run.world.tell(_event(run, activity, frame, "retrying", at, attempt, FAILED, str(failure)))

    control = CONTROLS.get(activity.type)
    if control is None:
        return attempt_connector(run, activity, frame, on_retry)
    step = Step(run, activity, frame)
    attempted = attempt_often(run, activity, lambda _: control(step), on_retry)
    return replace(attempted, input=activity.type_properties)


def _seen(attempted: Attempted) -> dict[str, Any]:
    return {"status": attempted.status, "output": attempted.output, "error": attempted.error}


def _record(run: Run, activity: Activity, frame: Frame, attempted: Attempted, started: dt.datetime) -> ActivityRun:
    ended = run.world.clock()
    message = attempted.error["message"] if attempted.error else None
    run.world.tell(_event(run, activity, frame, "ended", ended, attempted.attempts, attempted.status, message))
    return ActivityRun(
        name=activity.name,
        type=activity.type,
        status=attempted.status,
        output=HIDDEN if activity.policy.secure_output else attempted.output,
        error=attempted.error,
        attempts=attempted.attempts,
        started=started,
        ended=ended,
        input=HIDDEN if activity.policy.secure_input else attempted.input,
        path=frame.path,
        child=attempted.child,
        cause=attempted.cause,
    )


def _event(
    run: Run,
    activity: Activity,
    frame: Frame,
    phase: Any,
    at: dt.datetime,
    attempt: int = 1,
    status: str | None = None,
    message: str | None = None,
) -> ActivityEvent:
    name, type_ = activity.name, activity.type
    return ActivityEvent(
        phase, run.pipeline.name, run.info.run_id, name, type_, frame.path, at, attempt, status, message
    )
