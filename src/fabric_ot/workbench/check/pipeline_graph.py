"""A pipeline's activities as a tree of scopes, read from the raw JSON so that a broken one can be walked too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabric_ot.workbench.check.problem import load_each
from fabric_ot.workbench.items.pipeline import CONTENT_FILE
from fabric_ot.workbench.items.repository import Item, Repository
from fabric_ot.workbench.items.source_text import malformed, read_json_object

_NESTED_KEYS = ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities")


@dataclass(frozen=True)
class Activity:
    """One activity as written; `settings` is its typeProperties."""

    name: str
    type: str
    raw: Mapping[str, Any]

    @property
    def settings(self) -> Mapping[str, Any]:
        """The typeProperties; empty where they are missing."""
        found = self.raw.get("typeProperties")
        return found if isinstance(found, dict) else {}

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The names in dependsOn."""
        return tuple(str(entry.get("activity")) for entry in _objects(self.raw.get("dependsOn")))

    @property
    def own_text(self) -> list[str]:
        """Every text value of the activity itself: what its nested activities say is left out."""
        outer = {key: value for key, value in self.raw.items() if key not in ("typeProperties", "dependsOn")}
        inner = {key: value for key, value in self.settings.items() if key not in _NESTED_KEYS}
        cases = inner.pop("cases", None)
        values = [case.get("value") for case in _objects(cases)]
        return [*strings(outer), *strings(inner), *strings(values)]


@dataclass(frozen=True)
class Scope:
    """Activities of one nesting level; `owner` is the activity that holds them, None at the top."""

    owner: Activity | None
    activities: tuple[Activity, ...]

    def upstream(self, name: str) -> set[str]:
        """Return the names in this scope that `name` waits for, directly or not."""
        waits = {activity.name: activity.depends_on for activity in self.activities}
        found: set[str] = set()
        pending = list(waits.get(name, ()))
        while pending:
            step = pending.pop()
            if step not in found:
                found.add(step)
                pending += waits.get(step, ())
        return found


@dataclass(frozen=True)
class PipelineText:
    """One pipeline: its item, its properties as written, and its scopes from the outside in."""

    item: Item
    properties: Mapping[str, Any]
    scopes: tuple[Scope, ...]

    @property
    def path(self) -> Path:
        """The file that problems are found in."""
        return self.item.folder / CONTENT_FILE

    @property
    def activities(self) -> Iterator[Activity]:
        """All activities of all scopes."""
        return (activity for scope in self.scopes for activity in scope.activities)

    def declared(self, section: str) -> Mapping[str, Any]:
        """Return `parameters`, `variables` or `libraryVariables`; empty where the section is missing."""
        found = self.properties.get(section)
        return found if isinstance(found, dict) else {}


def read_properties(folder: Path) -> dict[str, Any]:
    """Return the properties of the pipeline in `folder`.

    Raises:
        ItemError: the file is no pipeline: no JSON object, no properties, or activities that are no list.
    """
    path = folder / CONTENT_FILE
    properties = read_json_object(path).get("properties")
    if not isinstance(properties, dict) or not isinstance(properties.get("activities"), list):
        raise malformed(path, "needs an object 'properties' with a list 'activities'.")
    return properties


def pipelines(repository: Repository) -> Iterator[PipelineText]:
    """Yield every pipeline that can be read."""
    for item, properties in load_each(repository.of_type("DataPipeline"), read_properties):
        yield PipelineText(item, properties, tuple(_scopes(None, properties["activities"])))


def strings(value: Any) -> Iterator[str]:
    """Yield every text inside a JSON value.

    Example:
        >>> list(strings({"a": ["x", 1], "b": {"c": "y"}}))
        ['x', 'y']
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def plain(value: Any) -> Any:
    """Return the value or expression text of a JSON leaf that may be an Expression object.

    Example:
        >>> plain({"value": "@item()", "type": "Expression"}), plain(7)
        ('@item()', 7)
    """
    return value.get("value") if isinstance(value, dict) and value.get("type") == "Expression" else value


def is_expression(value: Any) -> bool:
    """Say whether `value` is evaluated at run time."""
    found = plain(value)
    return isinstance(found, str) and re.match(r"@(?!@)", found) is not None


def _scopes(owner: Activity | None, raw: Any) -> Iterator[Scope]:
    scope = Scope(owner, tuple(Activity(str(e.get("name")), str(e.get("type")), e) for e in _objects(raw)))
    yield scope
    for activity in scope.activities:
        for nested in _nested(activity):
            yield from _scopes(activity, nested)


def _nested(activity: Activity) -> Iterator[Any]:
    for key in _NESTED_KEYS:
        if key in activity.settings:
            yield activity.settings[key]
    for case in _objects(activity.settings.get("cases")):
        yield case.get("activities")


def _objects(value: Any) -> list[dict[str, Any]]:
    """What is no list of objects has its own rule; the others look at the objects that are there."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
