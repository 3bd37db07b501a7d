"""DataPipeline items: their files read into typed objects, with every structural problem named at once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.pipeline_definition import (
    ACTIVITY_TYPES,
    CASE,
    CONDITIONS,
    DEFAULT_RETRY_INTERVAL_S,
    DEFAULT_TIMEOUT_S,
    FINAL_STATES,
    PARAMETER_TYPES,
    VARIABLE_TYPES,
    Activity,
    Dependency,
    LibraryVariable,
    Parameter,
    Pipeline,
    Policy,
    Variable,
    walk_activities,
)
from fabric_ot.workbench.items.platform import PLATFORM_FILE, read_platform
from fabric_ot.workbench.items.source_text import read_text

__all__ = [
    "ACTIVITY_TYPES",
    "CONTENT_FILE",
    "Activity",
    "Dependency",
    "LibraryVariable",
    "Parameter",
    "Pipeline",
    "Policy",
    "Variable",
    "load_pipeline",
    "parse_pipeline",
    "parse_time_span",
    "walk_activities",
]

CONTENT_FILE = "pipeline-content.json"
_BRANCH_KEYS = ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities")
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,7})?)")
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "TridentNotebook": ("notebookId", "workspaceId"),
    "Script": ("scripts",),
    "SqlServerStoredProcedure": ("storedProcedureName",),
    "Lookup": ("source", "datasetSettings"),
    "ForEach": ("items", "activities"),
    "IfCondition": ("expression",),
    "Switch": ("on",),
    "Until": ("expression", "activities"),
    "Filter": ("items", "condition"),
    "SetVariable": ("variableName", "value"),
    "AppendVariable": ("variableName", "value"),
    "Wait": ("waitTimeInSeconds",),
    "Fail": ("message", "errorCode"),
    "ExecutePipeline": ("pipeline",),
    "InvokePipeline": ("workspaceId", "pipelineId"),
    "PBISemanticModelRefresh": ("groupId", "datasetId"),
}


def load_pipeline(folder: Path) -> Pipeline:
    """Read the pipeline in an item folder; name and id come from its `.platform`, if there is one.

    Raises:
        ItemError: a file cannot be read, or the structure is wrong; every problem in one message.
    """
    platform = read_platform(folder) if (folder / PLATFORM_FILE).is_file() else None
    name = platform.display_name if platform else folder.name.rpartition(".")[0] or folder.name
    logical_id = platform.logical_id if platform else ""
    return parse_pipeline(name, read_text(folder / CONTENT_FILE), logical_id=logical_id)


def parse_pipeline(name: str, text: str, *, logical_id: str = "") -> Pipeline:
    """Read a pipeline definition.

    Raises:
        ItemError: it is not JSON or its structure is wrong; every problem in one message.

    Example:
        >>> parse_pipeline("pl_empty", '{"properties": {"activities": []}}').activities
        ()
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as exc:
        message = f"pipeline {name!r}: line {exc.lineno}, column {exc.colno}: not JSON ({exc.msg})."
        raise ItemError(message) from exc
    reader = _Reader()
    pipeline = reader.pipeline(name, logical_id, document)
    if reader.problems:
        lines = "\n".join(f"  - {problem}" for problem in reader.problems)
        message = f"pipeline {name!r}: {len(reader.problems)} problem(s):\n{lines}"
        raise ItemError(message)
    return pipeline


def parse_time_span(text: object) -> float | None:
    """Return the seconds of `d.hh:mm:ss`, None if it is not of that form.

    Example:
        >>> parse_time_span("0.00:10:00"), parse_time_span("1.00:00:00"), parse_time_span("10 min")
        (600.0, 86400.0, None)
    """
    match = _TIME_SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    days, hours, minutes, seconds = int(match[1] or 0), int(match[2]), int(match[3]), float(match[4])
    if hours > 23 or minutes > 59 or seconds >= 60:
        return None
    return days * 86400.0 + hours * 3600 + minutes * 60 + seconds


class _Reader:
    """Turns JSON into objects and collects problems instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._names: set[str] = set()

    def pipeline(self, name: str, logical_id: str, document: Any) -> Pipeline:
        outer = self._object("the document", document)
        body = self._object("properties", outer.get("properties", outer))
        if "activities" not in body:
            self.problems.append("'activities' is missing")
        return Pipeline(
            name=name,
            activities=self._activities("the pipeline", body.get("activities", [])),
            parameters={key: self._parameter(key, value) for key, value in self._section(body, "parameters")},
            variables={key: self._variable(key, value) for key, value in self._section(body, "variables")},
            library_variables={k: self._library_variable(k, v) for k, v in self._section(body, "libraryVariables")},
            logical_id=logical_id,
            description=str(body.get("description", "")),
        )

    def _object(self, where: str, value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.problems.append(f"{where}: expected an object, found {value!r}")
        return {}

    def _list(self, where: str, value: Any) -> list[Any]:
        if isinstance(value, list):
            return value
        self.problems.append(f"{where}: expected an array, found {value!r}")
        return []

    def _section(self, body: Mapping[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
        section = self._object(key, body.get(key) or {})
        return [(name, self._object(f"{key}.{name}", value)) for name, value in section.items()]

    def _parameter(self, name: str, value: Mapping[str, Any]) -> Parameter:
        type_ = str(value.get("type", "")).lower()
        if type_ not in PARAMETER_TYPES:
            self.problems.append(f"parameter {name!r}: unknown type {value.get('type')!r}. Known: {PARAMETER_TYPES}")
        return Parameter(name, type_, value.get("defaultValue"), "defaultValue" in value)

    def _variable(self, name: str, value: Mapping[str, Any]) -> Variable:
        type_ = str(value.get("type", ""))
        if type_ not in VARIABLE_TYPES:
            self.problems.append(f"variable {name!r}: unknown type {type_!r}. Known: {VARIABLE_TYPES}")
        return Variable(name, type_, value.get("defaultValue", [] if type_ == "Array" else None))

    def _library_variable(self, alias: str, value: Mapping[str, Any]) -> LibraryVariable:
        missing = [key for key in ("libraryName", "variableName", "type") if not isinstance(value.get(key), str)]
        if missing:
            self.problems.append(f"library variable {alias!r}: missing {', '.join(missing)}")
        library, variable, type_ = (str(value.get(key)) for key in ("libraryName", "variableName", "type"))
        return LibraryVariable(alias, library, variable, type_)

    def _activities(self, where: str, value: Any) -> tuple[Activity, ...]:
        raw = [self._object(f"an activity of {where}", entry) for entry in self._list(f"activities of {where}", value)]
        activities = tuple(self._activity(where, entry) for entry in raw if entry)
        self._check_order(where, activities)
        return activities

    def _activity(self, where: str, raw: Mapping[str, Any]) -> Activity:
        name, type_ = str(raw.get("name") or ""), str(raw.get("type") or "")
        place = f"activity {name!r}"
        if not name or not type_:
            self.problems.append(f"an activity of {where} has no {'name' if not name else 'type'} ({name or type_!r})")
        if name in self._names:
            self.problems.append(f"{place}: the name is used twice; names are unique in the whole pipeline")
        self._names.add(name)
        properties = self._object(f"{place}: typeProperties", raw.get("typeProperties") or {})
        self._check_required(place, type_, properties)
        status = self._one_of(f"{place}: onInactiveMarkAs", raw.get("onInactiveMarkAs") or "Succeeded", FINAL_STATES)
        external = self._object(f"{place}: externalReferences", raw.get("externalReferences") or {})
        return Activity(
            name=name,
            type=type_,
            depends_on=self._dependencies(place, raw.get("dependsOn") or []),
            policy=self._policy(place, self._object(f"{place}: policy", raw.get("policy") or {})),
            type_properties={k: v for k, v in properties.items() if k not in (*_BRANCH_KEYS, "cases")},
            branches=self._branches(place, properties),
            is_inactive=str(raw.get("state", "Active")).lower() == "inactive",
            inactive_status=status,
            connection=external.get("connection"),
            linked_service=raw.get("linkedService"),
            description=str(raw.get("description", "")),
        )

    def _check_required(self, place: str, type_: str, properties: Mapping[str, Any]) -> None:
        missing = [key for key in _REQUIRED.get(type_, ()) if key not in properties]
        if type_ == "SetVariable" and properties.get("setSystemVariable"):
            missing = [key for key in missing if key != "variableName"]
        if missing:
            self.problems.append(f"{place} ({type_}): missing {', '.join(missing)}")

    def _one_of(self, place: str, value: Any, allowed: Sequence[str]) -> str:
        if value not in allowed:
            self.problems.append(f"{place} is {value!r}. Allowed: {', '.join(allowed)}")
        return str(value)

    def _branches(self, place: str, properties: Mapping[str, Any]) -> dict[str, tuple[Activity, ...]]:
        found = {key: self._activities(f"{place}.{key}", properties[key]) for key in _BRANCH_KEYS if key in properties}
        for case in self._list(f"{place}: cases", properties.get("cases") or []):
            entry = self._object(f"{place}: a case", case)
            key = f"{CASE}{entry.get('value')}"
            if key in found:
                self.problems.append(f"{place}: two cases for {entry.get('value')!r}")
            found[key] = self._activities(f"{place}.{key}", entry.get("activities") or [])
        return found

    def _dependencies(self, place: str, value: Any) -> tuple[Dependency, ...]:
        entries = [self._object(f"{place}: dependsOn", entry) for entry in self._list(f"{place}: dependsOn", value)]
        return tuple(self._dependency(place, entry) for entry in entries)

    def _dependency(self, place: str, entry: Mapping[str, Any]) -> Dependency:
        target = str(entry.get("activity"))
        conditions = self._list(f"{place}: dependencyConditions", entry.get("dependencyConditions") or [])
        if not conditions:
            self.problems.append(f"{place}: no dependencyConditions for {target!r}. Allowed: {', '.join(CONDITIONS)}")
        for condition in conditions:
            self._one_of(f"{place}: a condition for {target!r}", condition, CONDITIONS)
        return Dependency(target, tuple(map(str, conditions)))

    def _policy(self, place: str, raw: Mapping[str, Any]) -> Policy:
        timeout = parse_time_span(raw["timeout"]) if "timeout" in raw else DEFAULT_TIMEOUT_S
        if timeout is None:
            self.problems.append(f"{place}: timeout {raw['timeout']!r} is not of the form d.hh:mm:ss")
        return Policy(
            timeout_s=timeout if timeout is not None else DEFAULT_TIMEOUT_S,
            retry=self._count(f"{place}: retry", raw.get("retry", 0)),
            retry_interval_s=self._count(
                f"{place}: retryIntervalInSeconds", raw.get("retryIntervalInSeconds", DEFAULT_RETRY_INTERVAL_S)
            ),
            secure_input=bool(raw.get("secureInput", False)),
            secure_output=bool(raw.get("secureOutput", False)),
        )

    def _count(self, place: str, value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.problems.append(f"{place} must be a whole number from 0, found {value!r}")
        return 0

    def _check_order(self, where: str, activities: Sequence[Activity]) -> None:
        targets: dict[str, set[str]] = {}
        for activity in activities:
            targets.setdefault(activity.name, set()).update(d.activity for d in activity.depends_on)
        for name, wanted in targets.items():
            for missing in sorted(wanted - targets.keys()):
                known = ", ".join(targets)
                self.problems.append(f"activity {name!r} depends on {missing!r}, which {where} has not. Known: {known}")
        waiting = {name: wanted & targets.keys() for name, wanted in targets.items()}
        while ready := [name for name, wanted in waiting.items() if not wanted]:
            waiting = {name: wanted - set(ready) for name, wanted in waiting.items() if name not in ready}
        if waiting:
            self.problems.append(f"circular dependsOn among {', '.join(map(repr, waiting))}")
