"""What can be known to go wrong before anything runs, all problems at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from fabric_ot.errors import ExpressionError, NotSupportedError, PipelineError
from fabric_ot.workbench.items.pipeline import Activity, Pipeline
from fabric_ot.workbench.local.expressions import Reference, find_references
from fabric_ot.workbench.local.expressions import references as kinds
from fabric_ot.workbench.local.pipelines.controls.children import CHILD_TYPES
from fabric_ot.workbench.local.pipelines.controls.loops import LARGEST_BATCH
from fabric_ot.workbench.local.pipelines.controls.variables import is_return_value


class Findings:
    """Problems by kind: what is not supported, and what is wrong."""

    def __init__(self) -> None:
        """Start with nothing found."""
        self.unsupported: list[str] = []
        self.wrong: list[str] = []

    def add(self, other: Findings) -> None:
        """Take over what another check found."""
        self.unsupported += other.unsupported
        self.wrong += other.wrong

    def require_none(self, pipeline: str) -> None:
        """Raise if anything was found.

        Raises:
            NotSupportedError: something is not supported.
            PipelineError: something is wrong.
        """
        problems = [*self.unsupported, *self.wrong]
        if problems:
            lines = "\n".join(f"  - {problem}" for problem in problems)
            message = f"pipeline {pipeline!r} was not started: {len(problems)} problem(s):\n{lines}"
            raise NotSupportedError(message) if self.unsupported else PipelineError(message)


def inspect_pipeline(pipeline: Pipeline, supported: Collection[str]) -> Findings:
    """Check every activity that may run: its type, its expressions and the names they mention.

    Example:
        >>> from fabric_ot.workbench.items.pipeline import Activity
        >>> inspect_pipeline(Pipeline("pl", (Activity("Copy files", "Copy"),)), ["Wait"]).unsupported
        ["pl: activity 'Copy files': type 'Copy' is not supported. Supported: Wait"]
    """
    inspection = _Inspection(pipeline, supported)
    inspection.activities(pipeline.activities, has_item=False)
    return inspection.findings


def active_activities(activities: Sequence[Activity]) -> Iterator[Activity]:
    """Yield the activities that may run, nested ones too."""
    for activity in activities:
        if not activity.is_inactive:
            yield activity
            for branch in activity.branches.values():
                yield from active_activities(branch)


class _Inspection:
    def __init__(self, pipeline: Pipeline, supported: Collection[str]) -> None:
        self.findings = Findings()
        self._pipeline = pipeline
        self._supported = supported
        self._known: Mapping[str, Collection[str]] = {
            kinds.ACTIVITY: [activity.name for activity in pipeline.walk()],
            kinds.VARIABLE: pipeline.variables,
            kinds.PARAMETER: pipeline.parameters,
            kinds.LIBRARY_VARIABLE: pipeline.library_variables,
        }

    def activities(self, activities: Sequence[Activity], *, has_item: bool) -> None:
        for activity in activities:
            if activity.is_inactive:
                continue
            self._type(activity)
            self._expressions(activity, has_item=has_item)
            self._variable(activity)
            self._loop(activity)
            self._child(activity)
            for branch in activity.branches.values():
                self.activities(branch, has_item=has_item or activity.type == "ForEach")

    def _wrong(self, activity: Activity, problem: str) -> None:
        self.findings.wrong.append(f"{self._pipeline.name}: activity {activity.name!r}: {problem}")

    def _unsupported(self, activity: Activity, problem: str) -> None:
        self.findings.unsupported.append(f"{self._pipeline.name}: activity {activity.name!r}: {problem}")

    def _type(self, activity: Activity) -> None:
        if activity.type not in self._supported:
            known = ", ".join(sorted(self._supported))
            self._unsupported(activity, f"type {activity.type!r} is not supported. Supported: {known}")

    def _expressions(self, activity: Activity, *, has_item: bool) -> None:
        for key, value in {**activity.type_properties, "linkedService": activity.linked_service}.items():
            can_see_item = has_item or (activity.type == "Filter" and key == "condition")
            try:
                for reference in find_references(value):
                    self._reference(activity, reference, has_item=can_see_item)
            except ExpressionError as exc:
                self._wrong(activity, f"{key}: {exc}")

    def _reference(self, activity: Activity, reference: Reference, *, has_item: bool) -> None:
        source = f"in {reference.source!r}"
        if reference.kind == kinds.FAULT:
            self._wrong(activity, f"{reference.name}, {source}")
        elif reference.kind == kinds.ITEM:
            if not has_item:
                self._wrong(activity, f"item() exists inside ForEach and Filter only, {source}")
        elif reference.name not in self._known[reference.kind]:
            known = ", ".join(self._known[reference.kind]) or "none"
            self._wrong(activity, f"there is no {reference.kind} {reference.name!r}, {source}. Declared: {known}")

    def _variable(self, activity: Activity) -> None:
        properties = activity.type_properties
        if activity.type not in ("SetVariable", "AppendVariable"):
            return
        if is_return_value(properties):
            if activity.type == "AppendVariable":
                self._unsupported(activity, "appending to the return value is not supported")
            return
        name = str(properties["variableName"])
        variable = self._pipeline.variables.get(name)
        if variable is None:
            known = ", ".join(self._pipeline.variables) or "none"
            self._wrong(activity, f"variable {name!r} is not declared. Declared: {known}")
        elif activity.type == "AppendVariable" and variable.type != "Array":
            self._wrong(activity, f"variable {name!r} is {variable.type}; only an Array can be appended to")
        if activity.type == "SetVariable" and _mentions_variable(properties["value"], name):
            self._wrong(activity, f"variable {name!r} cannot be set from itself. Hint: use a second variable")

    def _loop(self, activity: Activity) -> None:
        batch = activity.type_properties.get("batchCount")
        if activity.type != "ForEach" or batch is None:
            return
        if not isinstance(batch, int) or isinstance(batch, bool) or not 1 <= batch <= LARGEST_BATCH:
            self._wrong(activity, f"batchCount must be a number from 1 to {LARGEST_BATCH}, found {batch!r}")

    def _child(self, activity: Activity) -> None:
        if activity.type not in CHILD_TYPES:
            return
        properties = activity.type_properties
        waits: Any = properties.get("waitOnCompletion", activity.type == "ExecutePipeline")
        if waits is not True:
            hint = "Hint: set waitOnCompletion to true (InvokePipeline does not wait unless told to)"
            self._unsupported(activity, f"a pipeline that is not waited for is not supported. {hint}")
        operation = properties.get("operationType", "InvokeFabricPipeline")
        if activity.type == "InvokePipeline" and operation != "InvokeFabricPipeline":
            self._unsupported(activity, f"operationType {operation!r} is not supported. Hint: InvokeFabricPipeline")


def _mentions_variable(value: Any, name: str) -> bool:
    try:
        return any(r.kind == kinds.VARIABLE and r.name == name for r in find_references(value))
    except ExpressionError:
        return False  # named already by the check of expressions
