"""ForEach and Until."""

from __future__ import annotations

import contextvars
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fabric_ot.errors import PipelineError
from fabric_ot.workbench.items.pipeline import parse_time_span
from fabric_ot.workbench.local.pipelines.calls import ActivityError, ActivityTimeoutError
from fabric_ot.workbench.local.pipelines.controls.branching import truth
from fabric_ot.workbench.local.pipelines.records import ActivityRun
from fabric_ot.workbench.local.pipelines.state import Frame, Result, Step, Walked

DEFAULT_BATCH, LARGEST_BATCH = 20, 50
_DEFAULT_UNTIL_S = 7 * 86400.0


def items_of(step: Step) -> list[Any]:
    """Return the `items` of a ForEach or Filter.

    Raises:
        ActivityError: they are no array.
    """
    items = step.value("items")
    if not isinstance(items, list):
        message = f"items must be an array, found {items!r}. Hint: json() reads one from text."
        raise ActivityError(message, error_code="InvalidItems")
    return items


def for_each(step: Step) -> Result:
    """Run the branch once per item, `batchCount` at a time; every pass runs, even when one fails."""
    items = items_of(step)
    frames = [step.frame.iteration(step.activity.name, number, item) for number, item in enumerate(items)]
    properties = step.activity.type_properties
    batch = 1 if properties.get("isSequential") else int(properties.get("batchCount") or DEFAULT_BATCH)
    passes = _in_parallel(step, frames, min(batch, len(frames))) if batch > 1 and len(frames) > 1 else None
    walked = passes if passes is not None else [_pass(step, frame) for frame in frames]
    inner = tuple(run for one in walked for run in one.runs)
    failed = [(frame.path[-1], one.causes) for frame, one in zip(frames, walked, strict=True) if one.causes]
    if failed:
        where, causes = failed[0]
        message = f"{len(failed)} of {len(items)} passes failed; {where}: {'; '.join(causes)}"
        raise ActivityError(message, error_code="InnerActivityFailed", inner=inner)
    return Result({"itemCount": len(items)}, inner)


def _pass(step: Step, frame: Frame) -> Walked:
    return step.walk("activities", frame)


def _in_parallel(step: Step, frames: list[Frame], width: int) -> list[Walked]:
    with ThreadPoolExecutor(width, thread_name_prefix=step.activity.name) as pool:
        futures = [pool.submit(contextvars.copy_context().run, _pass, step, frame) for frame in frames]
        return [future.result() for future in futures]


def until(step: Step) -> Result:
    """Repeat the branch until the expression is true; it is tested after each pass, as is the timeout."""
    limit = dt.timedelta(seconds=_time_limit(step))
    started = step.run.world.clock()
    inner: tuple[ActivityRun, ...] = ()
    passes = 0
    while True:
        frame = step.frame.inside(f"{step.activity.name}[{passes}]")
        try:
            inner += step.run_branch("activities", frame)
        except ActivityError as failure:
            raise ActivityError(str(failure), error_code=failure.error_code, inner=inner + failure.inner) from failure
        passes += 1
        if truth(step, frame, "expression"):
            return Result({"passes": passes}, inner)
        if step.run.world.clock() - started >= limit:
            message = f"the condition was still false after {passes} passes and {limit.total_seconds():g} s"
            raise ActivityTimeoutError(message, error_code="Timeout", inner=inner)


def _time_limit(step: Step) -> float:
    raw = step.value("timeout")
    limit = _DEFAULT_UNTIL_S if raw is None else parse_time_span(raw)
    if limit is None:
        message = f"activity {step.activity.name!r}: timeout {raw!r} is not of the form d.hh:mm:ss"
        raise PipelineError(message)
    return limit
