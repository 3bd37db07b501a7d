"""What a connector is given, and how it says that it failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fabric_ot.errors import PipelineError
from fabric_ot.workbench.items.pipeline import Activity
from fabric_ot.workbench.local.pipelines.records import ActivityRun, PipelineRun


@dataclass(frozen=True)
class RunInfo:
    """The run that an activity belongs to; `workspace_id` is what the all-zero id stands for."""

    run_id: str
    pipeline_name: str
    pipeline_id: str
    workspace_id: str
    trigger_time: str
    parent_run_id: str | None = None
    parent_pipeline: str | None = None


@dataclass(frozen=True)
class ActivityCall:
    """One attempt of one activity, every expression in `properties` and `linked_service` resolved."""

    activity: Activity
    properties: Mapping[str, Any]
    linked_service: Mapping[str, Any] | None
    run: RunInfo
    activity_run_id: str
    attempt: int


Connector = Callable[[ActivityCall], Mapping[str, Any]]
"""Does the work of one activity type and returns its output, a JSON object; raises when it fails."""


class ActivityError(PipelineError):
    """An activity that failed, with what `activity('x').error` shows."""

    def __init__(
        self,
        message: str,
        *,
        error_code: str = "ActivityFailed",
        failure_type: str = "UserError",
        details: str = "",
        output: Mapping[str, Any] | None = None,
        inner: tuple[ActivityRun, ...] = (),
        child: PipelineRun | None = None,
    ) -> None:
        """Keep the parts beside the `message`; a connector may give the `output` it had so far."""
        super().__init__(message)
        self.error_code = error_code
        self.failure_type = failure_type
        self.details = details
        self.output: Mapping[str, Any] = output or {}
        self.inner = inner
        self.child = child


class ActivityTimeoutError(ActivityError):
    """An activity that did not end in time; it is not tried again, because its thread may still be working."""


class RunCancelledError(PipelineError):
    """The pipeline above timed out: nothing more is started."""
