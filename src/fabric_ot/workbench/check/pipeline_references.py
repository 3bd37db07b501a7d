"""Which items a pipeline's activities name: as written, and with the default values of library variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fabric_ot.errors import PlatformError
from fabric_ot.workbench.check.pipeline_graph import Activity, PipelineText, plain
from fabric_ot.workbench.items.platform import ZERO_GUID, is_guid
from fabric_ot.workbench.items.repository import Item, Repository
from fabric_ot.workbench.items.variable_library import load_variable_library

ITEM_KEYS: dict[str, tuple[str, str, str]] = {
    "TridentNotebook": ("notebookId", "workspaceId", "Notebook"),
    "SparkJobDefinition": ("sparkJobDefinitionId", "workspaceId", "SparkJobDefinition"),
    "InvokePipeline": ("pipelineId", "workspaceId", "DataPipeline"),
    "PBISemanticModelRefresh": ("datasetId", "groupId", "SemanticModel"),
}
"""Per activity type: the key of the item's id, that of its workspace's id, and the item's type."""

LINKED_TYPES = {"DataWarehouse": "Warehouse", "Lakehouse": "Lakehouse"}
_ALIAS = re.compile(r"@pipeline\(\)\.libraryVariables\.(\w+)")


@dataclass(frozen=True)
class Reference:
    """One item as an activity names it; the ids may be expressions, None where they are missing."""

    key: str
    item_id: Any
    workspace_id: Any
    type: str


def references(activity: Activity) -> Iterator[Reference]:
    """Yield what `activity` itself names; its nested activities are left out."""
    settings = activity.settings
    if activity.type in ITEM_KEYS:
        key, workspace_key, type_ = ITEM_KEYS[activity.type]
        yield Reference(key, plain(settings.get(key)), plain(settings.get(workspace_key)), type_)
    if activity.type == "ExecutePipeline":
        named = settings.get("pipeline")
        item_id = named.get("referenceName") if isinstance(named, dict) else None
        yield Reference("pipeline.referenceName", item_id, ZERO_GUID, "DataPipeline")
    for type_, linked in linked_services(activity.raw):
        if type_ in LINKED_TYPES:
            ids = plain(linked.get("artifactId")), plain(linked.get("workspaceId"))
            yield Reference("artifactId", *ids, LINKED_TYPES[type_])


def linked_services(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield type and settings of each linkedService in `value`; nested activities are left out."""
    if isinstance(value, list):
        for inner in value:
            yield from linked_services(inner)
    if not isinstance(value, dict):
        return
    service = value.get("linkedService")
    properties = service.get("properties") if isinstance(service, dict) else None
    if isinstance(properties, dict) and isinstance(properties.get("typeProperties"), dict):
        yield str(properties.get("type")), properties["typeProperties"]
    for key, inner in value.items():
        if key not in ("linkedService", "cases") and not key.lower().endswith("activities"):
            yield from linked_services(inner)


def with_library_default(repository: Repository, pipeline: PipelineText, value: Any) -> Any:
    """Return `value`, or the default of the library variable if it is nothing but `@pipeline().libraryVariables.x`."""
    match = _ALIAS.fullmatch(value.strip()) if isinstance(value, str) else None
    entry = pipeline.declared("libraryVariables").get(match[1]) if match else None
    if not isinstance(entry, dict):
        return value
    try:
        item = repository.find("VariableLibrary", str(entry.get("libraryName")))
        return load_variable_library(item.folder).find(str(entry.get("variableName"))).value
    except PlatformError:
        return value


def find_item(repository: Repository, item_id: Any) -> Item | None:
    """Return the item with this logicalId, None if there is none."""
    return next((item for item in repository.items if is_guid(item_id) and item.logical_id == item_id.lower()), None)


def find_target(repository: Repository, pipeline: PipelineText, activity: Activity) -> Item | None:
    """Return the notebook, pipeline or Warehouse that `activity` runs or asks; None if that cannot be told."""
    for reference in references(activity):
        item = find_item(repository, with_library_default(repository, pipeline, reference.item_id))
        return item if item and item.type == reference.type else None
    return None
