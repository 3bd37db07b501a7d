"""One activity, tried as often as its policy says; failures become what `activity('x').error` shows."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fabric_ot.errors import FabricOTError, NotSupportedError, PipelineError
from fabric_ot.workbench.items.pipeline import Activity
from fabric_ot.workbench.local.expressions import resolve
from fabric_ot.workbench.local.pipelines.calls import (
    ActivityCall,
    ActivityError,
    ActivityTimeoutError,
    RunCancelledError,
)
from fabric_ot.workbench.local.pipelines.json_values import to_json_value
from fabric_ot.workbench.local.pipelines.records import FAILED, SUCCEEDED, ActivityRun, PipelineRun
from fabric_ot.workbench.local.pipelines.state import Frame, Result, Run
from fabric_ot.workbench.local.pipelines.timeouts import run_within

OnRetry = Callable[[int, ActivityError], None]


@dataclass(frozen=True)
class Attempted:
    """How an activity ended, before it becomes a record."""

    status: str
    output: Mapping[str, Any]
    error: Mapping[str, Any] | None = None
    attempts: int = 1
    input: Mapping[str, Any] = field(default_factory=dict)
    inner: tuple[ActivityRun, ...] = ()
    child: PipelineRun | None = None
    cause: BaseException | None = None

    @classmethod
    def failed(cls, activity: Activity, exc: BaseException, *, attempts: int = 1) -> Attempted:
        """Build what `activity('x')` shows of a failure."""
        failure = as_failure(exc)
        error = {
            "message": str(failure),
            "errorCode": failure.error_code,
            "failureType": failure.failure_type,
            "target": activity.name,
            "details": failure.details,
        }
        return cls(FAILED, failure.output, error, attempts, {}, failure.inner, failure.child, exc)


def as_failure(exc: BaseException) -> ActivityError:
    """Return `exc` as an activity failure, with its type's name as the code."""
    if isinstance(exc, ActivityError):
        return exc
    is_expected = isinstance(exc, FabricOTError)
    text = str(exc) if is_expected else f"{type(exc).__name__}: {exc}"
    failure_type = "UserError" if is_expected else "SystemError"
    return ActivityError(text, error_code=type(exc).__name__, failure_type=failure_type)


def attempt_often(run: Run, activity: Activity, once: Callable[[int], Result], on_retry: OnRetry) -> Attempted:
    """Do `once` until it succeeds or the tries that the policy allows are used up.

    Not tried again: what is not supported (it never will be) and a timeout (the first try may still be working).
    """
    attempt = 1
    while True:
        try:
            result = once(attempt)
        except RunCancelledError:
            raise
        except Exception as exc:
            is_final = isinstance(exc, NotSupportedError | ActivityTimeoutError) or attempt > activity.policy.retry
            if is_final:
                return Attempted.failed(activity, exc, attempts=attempt)
            on_retry(attempt, as_failure(exc))
            run.world.sleep(activity.policy.retry_interval_s)
            attempt += 1
        else:
            return Attempted(SUCCEEDED, result.output, None, attempt, {}, result.inner, result.child)


def attempt_connector(run: Run, activity: Activity, frame: Frame, on_retry: OnRetry) -> Attempted:
    """Resolve the activity's expressions once, then call its connector as often as its policy says."""
    scope = run.scope(frame)
    try:
        properties = resolve(activity.type_properties, scope)
        linked_service = resolve(activity.linked_service, scope)
    except FabricOTError as exc:
        return Attempted.failed(activity, exc)

    def once(attempt: int) -> Result:
        call_id = str(uuid.UUID(int=run.world.chance.getrandbits(128), version=4))
        return Result(_call(run, ActivityCall(activity, properties, linked_service, run.info, call_id, attempt)))

    return replace(attempt_often(run, activity, once, on_retry), input=properties)


def _call(run: Run, call: ActivityCall) -> dict[str, Any]:
    connector = run.world.connectors[call.activity.type]
    name = f"{run.pipeline.name}/{call.activity.name}"
    output = run_within(call.activity.policy.timeout_s, lambda: connector(call), name=name)
    if not isinstance(output, Mapping):
        message = f"the connector for {call.activity.type} returned {type(output).__name__}, not an object"
        raise PipelineError(message)
    return {str(key): to_json_value(value) for key, value in output.items()}
