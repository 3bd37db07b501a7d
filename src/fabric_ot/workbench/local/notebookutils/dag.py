"""The graph of notebooks that `runMultiple` takes: checked as a whole, then put in an order that can run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fabric_ot.errors import NotebookError

DEFAULT_CELL_TIMEOUT_S = 90.0
_ACTIVITY_KEYS = {
    "name", "path", "timeoutPerCellInSeconds", "args", "dependencies", "retry", "retryIntervalInSeconds", "workspace",
}  # fmt: skip
_DAG_KEYS = {"activities", "timeoutInSeconds", "concurrency", "refreshInterval"}
_EXIT_VALUE = re.compile(r"@activity\('(?P<name>[^']+)'\)\.exitValue\(\)")


@dataclass(frozen=True)
class DagActivity:
    """One notebook of the graph."""

    name: str
    path: str
    timeout_s: float = DEFAULT_CELL_TIMEOUT_S
    args: Mapping[str, Any] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    retry: int = 0
    workspace: str = ""

    def arguments(self, exit_values: Mapping[str, str]) -> dict[str, Any]:
        """Return the arguments with `@activity('x').exitValue()` replaced."""
        return {key: self._argument(value, exit_values) for key, value in self.args.items()}

    def _argument(self, value: Any, exit_values: Mapping[str, str]) -> Any:
        match = _EXIT_VALUE.fullmatch(value) if isinstance(value, str) else None
        return exit_values[match["name"]] if match else value


def read_dag(document: Sequence[str] | Mapping[str, Any]) -> tuple[DagActivity, ...]:
    """Read a list of notebook names, or a DAG, and return its activities in an order that can run.

    Raises:
        NotebookError: a key is unknown, a name repeats, a dependency is missing or circular; every problem at once.
    """
    if not isinstance(document, Mapping):
        return _ordered(tuple(DagActivity(str(name), str(name)) for name in document))
    problems = [f"unknown key {key!r}; known: {sorted(_DAG_KEYS)}" for key in document if key not in _DAG_KEYS]
    entries = document.get("activities")
    if not isinstance(entries, Sequence) or not entries:
        problems.append("'activities' must be a list with at least one activity")
        entries = []
    activities = tuple(_activity(entry, problems) for entry in entries)
    problems += _dependency_problems(activities)
    if problems:
        raise _error(problems)
    return _ordered(activities)


def _activity(entry: Any, problems: list[str]) -> DagActivity:
    if not isinstance(entry, Mapping) or not {"name", "path"} <= set(entry):
        problems.append(f"an activity needs name and path, found {entry!r}")
        return DagActivity("", "")
    name = str(entry["name"])
    unknown = sorted(set(entry) - _ACTIVITY_KEYS)
    if unknown:
        problems.append(f"activity {name!r}: unknown keys {unknown}; known: {sorted(_ACTIVITY_KEYS)}")
    return DagActivity(
        name,
        str(entry["path"]),
        float(entry.get("timeoutPerCellInSeconds", DEFAULT_CELL_TIMEOUT_S)),
        dict(entry.get("args") or {}),
        tuple(entry.get("dependencies") or ()),
        int(entry.get("retry", 0)),
        str(entry.get("workspace", "")),
    )


def _dependency_problems(activities: Sequence[DagActivity]) -> list[str]:
    names = [activity.name for activity in activities]
    problems = [f"two activities are named {name!r}" for name in sorted({n for n in names if names.count(n) > 1})]
    for activity in activities:
        used = [m["name"] for v in activity.args.values() if isinstance(v, str) and (m := _EXIT_VALUE.fullmatch(v))]
        missing = [name for name in (*activity.dependencies, *used) if name not in names]
        problems += [f"activity {activity.name!r} refers to {name!r}, which does not exist" for name in missing]
        problems += [
            f"activity {activity.name!r} uses the exit value of {name!r}, on which it does not depend"
            for name in used
            if name not in activity.dependencies
        ]
    return problems


def _ordered(activities: Sequence[DagActivity]) -> tuple[DagActivity, ...]:
    done: list[DagActivity] = []
    waiting = list(activities)
    while waiting:
        names = {activity.name for activity in done}
        ready = next((activity for activity in waiting if set(activity.dependencies) <= names), None)
        if ready is None:
            raise _error([f"the dependencies of {sorted(a.name for a in waiting)} go in a circle"])
        done.append(ready)
        waiting.remove(ready)
    return tuple(done)


def _error(problems: Sequence[str]) -> NotebookError:
    lines = "\n".join(f"  - {problem}" for problem in problems)
    return NotebookError(f"the DAG cannot run, {len(problems)} problem(s):\n{lines}")
