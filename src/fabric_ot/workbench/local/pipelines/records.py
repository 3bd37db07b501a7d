"""What a run leaves behind, and what it says while it runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fabric_ot.errors import PipelineError

Status = Literal["Succeeded", "Failed", "Skipped"]
SUCCEEDED, FAILED, SKIPPED = "Succeeded", "Failed", "Skipped"

HIDDEN: Mapping[str, Any] = {"secured": "hidden by the activity's policy"}
"""Stands in a record for input or output that the policy keeps secret; expressions still see the real output."""


@dataclass(frozen=True)
class ActivityRun:
    """One activity that ended. `path` names the containers around it, a loop with the number of the pass.

    `error` is `{message, errorCode, failureType, target, details}`; `child` the run that it invoked.
    """

    name: str
    type: str
    status: str
    output: Mapping[str, Any]
    error: Mapping[str, Any] | None
    attempts: int
    started: dt.datetime
    ended: dt.datetime
    input: Mapping[str, Any] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    child: PipelineRun | None = None
    cause: BaseException | None = field(default=None, compare=False)


@dataclass(frozen=True)
class PipelineRun:
    """A pipeline that ended; `activities` lists containers before what they hold, passes of a loop in order."""

    pipeline: str
    run_id: str
    status: str
    activities: tuple[ActivityRun, ...]
    return_value: Mapping[str, Any]
    variables: Mapping[str, Any]
    started: dt.datetime
    ended: dt.datetime
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether every last activity succeeded (or was skipped behind ones that did)."""
        return self.status == SUCCEEDED

    def find(self, name: str) -> ActivityRun:
        """Return the first record of an activity.

        Raises:
            PipelineError: there is none; the message lists those there are.
        """
        for run in self.activities:
            if run.name == name:
                return run
        known = ", ".join(dict.fromkeys(run.name for run in self.activities)) or "none"
        message = f"pipeline {self.pipeline!r}: no activity {name!r} ended in this run. Available: {known}."
        raise PipelineError(message)

    def walk(self) -> Iterator[tuple[PipelineRun, ActivityRun]]:
        """Yield every record with its run, those of child pipelines after the activity that invoked them."""
        for run in self.activities:
            yield self, run
            if run.child is not None:
                yield from run.child.walk()

    def require_success(self) -> PipelineRun:
        """Return this run, or raise what made it fail.

        Raises:
            PipelineError: the run failed; the message names pipeline, activity and cause.
        """
        if self.succeeded:
            return self
        causes = [run.cause for _, run in self.walk() if run.cause is not None]
        raise PipelineError(self.error) from (causes[-1] if causes else None)


@dataclass(frozen=True)
class ActivityEvent:
    """Something that an observer may show; `phase` is started, retrying or ended."""

    phase: Literal["started", "retrying", "ended"]
    pipeline: str
    run_id: str
    name: str
    type: str
    path: tuple[str, ...]
    at: dt.datetime
    attempt: int = 1
    status: str | None = None
    message: str | None = None
