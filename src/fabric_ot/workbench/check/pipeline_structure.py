"""Pipelines by themselves: the order of activities, and names that are declared before they are used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from fabric_ot.workbench.check.pipeline_graph import (
    Activity,
    PipelineText,
    Scope,
    pipelines,
    plain,
)
from fabric_ot.workbench.check.problem import Finding, reading_problems
from fabric_ot.workbench.items.pipeline import ACTIVITY_TYPES, load_pipeline
from fabric_ot.workbench.items.repository import Repository

_ACTIVITY = re.compile(r"activity\(\s*'((?:[^']|'')*)'\s*\)", re.IGNORECASE)
_VARIABLE = re.compile(r"variables\(\s*'((?:[^']|'')*)'\s*\)", re.IGNORECASE)
_MEMBER = r"pipeline\(\s*\)\s*\??\.\s*%s\s*(?:\??\.\s*(\w+)|\??\[\s*'([^']+)'\s*\])"
_PARAMETER = re.compile(_MEMBER % "parameters", re.IGNORECASE)
_LIBRARY_VARIABLE = re.compile(_MEMBER % "libraryVariables", re.IGNORECASE)


def pipelines_read(repository: Repository) -> Iterator[Finding]:
    """Required keys, unique names, dependsOn that exists on its level and has no circle, legal policies."""
    yield from reading_problems(repository.of_type("DataPipeline"), load_pipeline)


def activity_types_exist(repository: Repository) -> Iterator[Finding]:
    """A type that the published definition of pipelines does not name is a typo, or newer than what is known here."""
    for pipeline in pipelines(repository):
        for activity in pipeline.activities:
            if not activity.raw.get("type") or activity.type in ACTIVITY_TYPES:
                continue  # `pipelines_read` tells of one without a type
            near = get_close_matches(activity.type, ACTIVITY_TYPES, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(ACTIVITY_TYPES)}."
            yield pipeline.path, f"activity {activity.name!r} has the unknown type {activity.type!r}. {hint}"


def referenced_activities_run_before(repository: Repository) -> Iterator[Finding]:
    """`activity('X').output` needs an X that exists and has finished."""
    for pipeline in pipelines(repository):
        names = {activity.name for activity in pipeline.activities}
        for scope, activity in _with_scope(pipeline):
            before = _finished_before(pipeline, scope, activity)
            for name in _mentioned(activity, _ACTIVITY):
                if name not in names:
                    message = f"refers to activity({name!r}), which does not exist. There: {', '.join(sorted(names))}."
                    yield pipeline.path, f"activity {activity.name!r} {message}"
                elif name not in before:
                    message = f"refers to activity({name!r}) but does not wait for it. Hint: add it to dependsOn."
                    yield pipeline.path, f"activity {activity.name!r} {message}"


def used_names_are_declared(repository: Repository) -> Iterator[Finding]:
    """Parameters, variables and library variables: a missing declaration fails only when the activity runs."""
    for pipeline in pipelines(repository):
        for activity in pipeline.activities:
            for section, used in _used_names(activity).items():
                declared = pipeline.declared(section)
                for name in sorted(used - set(declared)):
                    known = ", ".join(declared) or "none"
                    yield pipeline.path, f"activity {activity.name!r}: {name!r} is not in {section}: {known}."


def _used_names(activity: Activity) -> Mapping[str, set[str]]:
    variables = set(_mentioned(activity, _VARIABLE))
    sets_return_value = activity.settings.get("setSystemVariable") is True
    if activity.type in ("SetVariable", "AppendVariable") and not sets_return_value:
        variables.add(str(plain(activity.settings.get("variableName"))))
    return {
        "parameters": set(_mentioned(activity, _PARAMETER)),
        "variables": variables,
        "libraryVariables": set(_mentioned(activity, _LIBRARY_VARIABLE)),
    }


def _mentioned(activity: Activity, pattern: re.Pattern[str]) -> Iterator[str]:
    for text in activity.own_text:
        if "@" in text:
            for match in pattern.finditer(text):
                yield next(group for group in match.groups() if group is not None).replace("''", "'")


def _with_scope(pipeline: PipelineText) -> Iterator[tuple[Scope, Activity]]:
    return ((scope, activity) for scope in pipeline.scopes for activity in scope.activities)


def _finished_before(pipeline: PipelineText, scope: Scope, activity: Activity) -> set[str]:
    before = scope.upstream(activity.name)
    if activity.type == "Until":
        # Until tests its expression after each pass over what it holds.
        before |= {inner.name for held in pipeline.scopes if held.owner is activity for inner in held.activities}
    while scope.owner is not None:
        owner = scope.owner
        scope = next(outer for outer in pipeline.scopes if owner in outer.activities)
        before |= scope.upstream(owner.name)
    return before
