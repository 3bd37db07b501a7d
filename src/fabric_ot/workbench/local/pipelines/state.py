"""The moving parts of one run: variables, return values, finished activities, and what expressions see of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fabric_ot.workbench.items.pipeline import Activity, Pipeline
from fabric_ot.workbench.local.expressions import NO_ITEM, Scope, resolve
from fabric_ot.workbench.local.pipelines.calls import ActivityError, RunInfo
from fabric_ot.workbench.local.pipelines.json_values import check_variable
from fabric_ot.workbench.local.pipelines.records import ActivityRun, PipelineRun
from fabric_ot.workbench.local.pipelines.world import Cancellation, World


@dataclass(frozen=True)
class Frame:
    """Where a scope of activities stands: the activities that ended, the current item, the containers around it."""

    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    item: Any = NO_ITEM
    path: tuple[str, ...] = ()

    def inside(self, name: str) -> Frame:
        """Return the frame of a container that shares this one's outputs."""
        return replace(self, path=(*self.path, name))

    def iteration(self, name: str, number: int, item: Any) -> Frame:
        """Return the frame of one pass of a ForEach, with outputs of its own."""
        return Frame(dict(self.outputs), item, (*self.path, f"{name}[{number}]"))


@dataclass(frozen=True)
class Target:
    """A pipeline by workspace and item id."""

    workspace_id: str
    pipeline_id: str


@dataclass(frozen=True)
class Engine:
    """What containers call back: `walk` runs nested activities, `start_child` runs another pipeline."""

    walk: Callable[[Run, Sequence[Activity], Frame], Walked]
    start_child: Callable[[Run, Target, Mapping[str, Any], Cancellation], PipelineRun]


class Run:
    """One run of one pipeline; variables are shared by everything in it, under a lock."""

    def __init__(
        self, pipeline: Pipeline, *, engine: Engine, world: World, info: RunInfo, members: Mapping[str, Any]
    ) -> None:
        """Start with the variables' defaults; `members` is what `pipeline()` shows."""
        self.pipeline = pipeline
        self.engine = engine
        self.world = world
        self.info = info
        self.members = members
        self.cancellation = Cancellation()
        self.lineage: tuple[Target, ...] = ()
        self.returned: dict[str, Any] = {}
        self._variables = {name: variable.default for name, variable in pipeline.variables.items()}
        self._lock = threading.Lock()

    def scope(self, frame: Frame) -> Scope:
        """Return what an expression in `frame` sees now."""
        world = self.world
        return Scope(self.members, self.variables, frame.outputs, frame.item, world.clock, world.chance)

    @property
    def variables(self) -> dict[str, Any]:
        """A copy of the variables as they are now."""
        with self._lock:
            return dict(self._variables)

    def set_variable(self, name: str, value: Any) -> None:
        """Give a declared variable a value of its type."""
        check_variable(name, self.pipeline.variables[name].type, value)
        with self._lock:
            self._variables[name] = value

    def append_variable(self, name: str, value: Any) -> None:
        """Add `value` to a declared Array variable."""
        with self._lock:
            self._variables[name] = [*(self._variables[name] or []), value]

    def set_returned(self, values: Mapping[str, Any]) -> None:
        """Add to the values that the caller of this pipeline gets."""
        with self._lock:
            self.returned.update(values)


@dataclass(frozen=True)
class Walked:
    """A scope of activities that ended; `causes` says what made it fail, nothing if it succeeded."""

    runs: tuple[ActivityRun, ...]
    causes: tuple[str, ...]

    @property
    def succeeded(self) -> bool:
        """Whether the scope succeeded."""
        return not self.causes


@dataclass(frozen=True)
class Result:
    """What a control activity yields: its output, the records inside it and the run that it invoked."""

    output: Mapping[str, Any] = field(default_factory=dict)
    inner: tuple[ActivityRun, ...] = ()
    child: PipelineRun | None = None


@dataclass(frozen=True)
class Step:
    """One control activity about to run."""

    run: Run
    activity: Activity
    frame: Frame

    def value(self, key: str, default: Any = None) -> Any:
        """Return one property with its expressions evaluated."""
        return self.value_in(self.frame, key, default)

    def value_in(self, frame: Frame, key: str, default: Any = None) -> Any:
        """Return one property as `frame` sees it."""
        return resolve(self.activity.type_properties.get(key, default), self.run.scope(frame))

    def walk(self, key: str, frame: Frame) -> Walked:
        """Run a branch to its end."""
        return self.run.engine.walk(self.run, self.activity.branch(key), frame)

    def run_branch(self, key: str, frame: Frame) -> tuple[ActivityRun, ...]:
        """Run a branch; a branch that fails is a failure of this activity."""
        walked = self.walk(key, frame)
        if not walked.succeeded:
            raise ActivityError("; ".join(walked.causes), error_code="InnerActivityFailed", inner=walked.runs)
        return walked.runs


Control = Callable[[Step], Result]
"""Runs one type of control activity."""
