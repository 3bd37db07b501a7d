"""Everything outside the pipeline definition that a run needs, handed in by the composition root."""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fabric_ot.errors import PipelineError
from fabric_ot.workbench.items.pipeline import Pipeline
from fabric_ot.workbench.local.pipelines.calls import Connector
from fabric_ot.workbench.local.pipelines.records import ActivityEvent

Library = Callable[[str, str], Any]
"""Gives the value of (library name, variable name)."""

PipelineFinder = Callable[[str, str], Pipeline]
"""Gives the pipeline of (workspace id, item id)."""


def no_library(library: str, variable: str) -> Any:
    """Refuse: this run was started without Variable Libraries."""
    message = f"the variable {variable!r} of library {library!r} is needed. Hint: pass library=... to run_pipeline"
    raise PipelineError(message)


def no_pipelines(workspace_id: str, pipeline_id: str) -> Pipeline:
    """Refuse: this run was started without other pipelines."""
    message = (
        f"the pipeline {pipeline_id!r} of workspace {workspace_id!r} is needed. "
        "Hint: pass pipelines=... to run_pipeline"
    )
    raise PipelineError(message)


@dataclass(frozen=True)
class World:
    """The collaborators of a run and of the runs that it invokes."""

    connectors: Mapping[str, Connector]
    library: Library
    pipelines: PipelineFinder
    clock: Callable[[], dt.datetime]
    sleep: Callable[[float], None]
    observer: Callable[[ActivityEvent], None]
    chance: random.Random
    workspace_names: Mapping[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, event: ActivityEvent) -> None:
        """Pass `event` on; observers see one event at a time."""
        with self.lock:
            self.observer(event)


class Cancellation:
    """A flag that a timed-out parent raises; children share it."""

    def __init__(self, parent: Cancellation | None = None) -> None:
        """Start unset; a set `parent` counts as set."""
        self._parent = parent
        self._event = threading.Event()

    def cancel(self) -> None:
        """Raise the flag."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether this flag or one above it is raised."""
        return self._event.is_set() or (self._parent is not None and self._parent.is_set)
