"""Pipelines and the items they name: what is referred to exists, has the right type and takes what it is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from fabric_ot.errors import PlatformError
from fabric_ot.workbench.check.pipeline_graph import PipelineText, is_expression, pipelines, plain
from fabric_ot.workbench.check.pipeline_references import (
    Reference,
    find_item,
    find_target,
    references,
    with_library_default,
)
from fabric_ot.workbench.check.problem import Finding
from fabric_ot.workbench.items.notebook import load_notebook
from fabric_ot.workbench.items.platform import ZERO_GUID, is_guid
from fabric_ot.workbench.items.repository import Item, Repository, workspace_ids
from fabric_ot.workbench.items.variable_library import load_variable_library
from fabric_ot.workbench.items.warehouse import load_warehouse

CONNECTED = ("InvokePipeline", "PBISemanticModelRefresh", "WebActivity", "Office365Email", "MicrosoftTeams", "Teams")
PIPELINE_TYPES: dict[str, str | None] = {
    "Boolean": "Bool",
    "Integer": "Int",
    "String": "String",
    "DateTime": "String",
    "Guid": "String",
    "ItemReference": "Object",
    "ConnectionReference": "Object",
    "Number": None,
}
"""The type that a pipeline gives to a library variable; None: pipelines cannot read it."""

LIBRARY_KEYS = {"libraryName", "variableName", "type"}
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "int": (int,), "float": (float, int), "bool": (bool,)}


def pipeline_references_resolve(repository: Repository) -> Iterator[Finding]:
    """Inside a workspace: a logicalId that exists there; across: a library variable, never a raw id."""
    for pipeline in pipelines(repository):
        for activity in pipeline.activities:
            for reference in references(activity):
                message = _reference_problem(repository, pipeline, reference)
                if message:
                    yield pipeline.path, f"activity {activity.name!r}: {reference.key} {message}"


def library_variables_exist(repository: Repository) -> Iterator[Finding]:
    """A pipeline reads a library variable by library, name and type, and fails at the start if one is wrong."""
    for pipeline in pipelines(repository):
        for alias, entry in pipeline.declared("libraryVariables").items():
            message = _library_variable_problem(repository, entry)
            if message:
                yield pipeline.path, f"libraryVariables.{alias}: {message}"


def notebook_parameters_exist(repository: Repository) -> Iterator[Finding]:
    """Fabric adds an unknown parameter without a word, and the notebook runs with its default."""
    for pipeline in pipelines(repository):
        for activity in pipeline.activities:
            given = activity.settings.get("parameters")
            item = find_target(repository, pipeline, activity)
            if item is None or item.type != "Notebook" or not isinstance(given, dict):
                continue
            try:
                known = load_notebook(item.folder).parameters
            except PlatformError:
                continue
            for name, entry in given.items():
                message = _parameter_problem(name, entry, known)
                if message:
                    yield pipeline.path, f"activity {activity.name!r}: {item.display_name}: {message}"


def invoked_parameters_exist(repository: Repository) -> Iterator[Finding]:
    """A parameter that the invoked pipeline does not declare is lost; one without a default must be given."""
    declared_by_id = {p.item.logical_id: p.declared("parameters") for p in pipelines(repository)}
    for pipeline in pipelines(repository):
        for activity in pipeline.activities:
            item = find_target(repository, pipeline, activity)
            if item is None or item.logical_id not in declared_by_id:
                continue
            declared, given = declared_by_id[item.logical_id], activity.settings.get("parameters") or {}
            if not isinstance(given, dict):
                continue
            needed = {name for name, p in declared.items() if isinstance(p, dict) and "defaultValue" not in p}
            for name in sorted(given.keys() - declared.keys()):
                known = ", ".join(declared) or "none"
                message = f"{item.display_name} has no parameter {name!r}. Available: {known}."
                yield pipeline.path, f"activity {activity.name!r}: {message}"
            for name in sorted(needed - given.keys()):
                yield pipeline.path, f"activity {activity.name!r}: {item.display_name} needs the parameter {name!r}."


def connections_are_present(repository: Repository) -> Iterator[Finding]:
    """Without a connection the import fails ("'ExternalReferences' cannot be null")."""
    for pipeline in pipelines(repository):
        for activity in pipeline.activities:
            external = activity.raw.get("externalReferences")
            connection = external.get("connection") if isinstance(external, dict) else None
            if activity.type in CONNECTED and not connection:
                message = "needs externalReferences.connection. Hint: the id of the connection, mapped per stage."
                yield pipeline.path, f"activity {activity.name!r} ({activity.type}) {message}"


def invocations_say_whether_they_wait(repository: Repository) -> Iterator[Finding]:
    """InvokePipeline does not wait unless told to: what follows it would read half a day."""
    for pipeline in pipelines(repository):
        for activity in pipeline.activities:
            if activity.type == "InvokePipeline" and not isinstance(activity.settings.get("waitOnCompletion"), bool):
                yield pipeline.path, f"activity {activity.name!r}: set waitOnCompletion to true or false."


def stored_procedures_exist(repository: Repository) -> Iterator[Finding]:
    """A procedure that the Warehouse project does not hold is deployed by nobody."""
    for pipeline in pipelines(repository):
        for activity in pipeline.activities:
            name = plain(activity.settings.get("storedProcedureName"))
            item = find_target(repository, pipeline, activity)
            if name is None or item is None or item.type != "Warehouse" or is_expression(name):
                continue
            try:
                known = [found.full_name for found in load_warehouse(item.folder).of_kind("procedure")]
            except PlatformError:
                continue
            if str(name).replace("[", "").replace("]", "") not in known:
                message = f"{item.display_name} has no procedure {name!r}. Available: {', '.join(known)}."
                yield pipeline.path, f"activity {activity.name!r}: {message}"


def _reference_problem(repository: Repository, pipeline: PipelineText, reference: Reference) -> str | None:
    if reference.item_id is None or reference.workspace_id is None:
        return "or its workspace is missing. Hint: a logicalId and the all-zero workspace id."
    if is_guid(reference.workspace_id) and reference.workspace_id != ZERO_GUID:
        return f"is in the workspace {reference.workspace_id}, which breaks between stages. Hint: a library variable."
    item_id = with_library_default(repository, pipeline, reference.item_id)
    if is_expression(item_id):
        return None
    item = find_item(repository, item_id)
    if item is None:
        return f"{item_id!r} is the logicalId of no item. Hint: take it from the .platform of a {reference.type}."
    if item.type != reference.type:
        return f"names {item.display_name}, a {item.type}; needs a {reference.type}."
    return _place_problem(repository, pipeline, item, reference.workspace_id)


def _place_problem(repository: Repository, pipeline: PipelineText, item: Item, workspace_id: Any) -> str | None:
    if workspace_id == ZERO_GUID:
        if item.layer in (None, pipeline.item.layer):
            return None
        return f"names {item.display_name}, which is in {item.layer}. Hint: pass both ids by library variables."
    try:
        expected = workspace_ids(repository).get(str(item.layer))
    except PlatformError:
        return None
    found = with_library_default(repository, pipeline, workspace_id)
    if is_guid(found) and found.lower() != expected:
        return f"names {item.display_name}, which is in {item.layer}, but {workspace_id} is another workspace."
    return None


def _library_variable_problem(repository: Repository, entry: Any) -> str | None:
    if not isinstance(entry, dict) or set(entry) != LIBRARY_KEYS:
        return f"needs exactly {sorted(LIBRARY_KEYS)}, found {entry!r}."
    try:
        item = repository.find("VariableLibrary", str(entry["libraryName"]))
    except PlatformError as error:
        return str(error)
    try:
        variable = load_variable_library(item.folder).find(str(entry["variableName"]))
    except PlatformError as error:
        return str(error).splitlines()[0]
    expected = PIPELINE_TYPES.get(variable.type)
    if expected is None:
        return f"{variable.name!r} is a {variable.type}, which pipelines cannot read. Hint: use a String."
    if entry["type"] != expected:
        return f"{variable.name!r} is a {variable.type}: type must be {expected!r}, found {entry['type']!r}."
    return None


def _parameter_problem(name: str, entry: Any, known: Mapping[str, str]) -> str | None:
    if name not in known:
        return f"the parameters cell has no {name!r}. Available: {', '.join(known) or 'none'}."
    type_ = entry.get("type") if isinstance(entry, dict) else None
    if not isinstance(type_, str) or type_ not in _PYTHON_TYPES:
        return f"{name!r}: type must be one of {', '.join(_PYTHON_TYPES)}, found {type_!r}."
    value = plain(entry.get("value"))
    if not is_expression(value) and "@{" not in str(value) and not _is_of_type(value, type_):
        return f"{name!r}: the value {value!r} is no {type_}."
    try:
        default = ast.literal_eval(known[name])
    except (ValueError, SyntaxError):
        return None
    if default is not None and not _is_of_type(default, type_):
        return f"{name!r} is passed as {type_}, but its default {known[name]} is {type(default).__name__}."
    return None


def _is_of_type(value: Any, type_: str) -> bool:
    return isinstance(value, _PYTHON_TYPES[type_]) and (type_ == "bool" or not isinstance(value, bool))
