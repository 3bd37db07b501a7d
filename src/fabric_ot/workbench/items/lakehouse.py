"""Lakehouses: the default schema and the shortcuts. Tables and data are not in Git."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.items.source_text import malformed, read_json, read_json_object

METADATA_FILE = "lakehouse.metadata.json"
SHORTCUTS_FILE = "shortcuts.metadata.json"


@dataclass(frozen=True)
class Shortcut:
    """A OneLake shortcut: `<path>/<name>` shows `target_path` of another item.

    The target is either `workspace_id` and `item_id` (zero: this one), or `item_reference`, a Variable Library
    reference such as `$(/**/ot_settings/silver_lakehouse)`; the other is None.
    """

    name: str
    path: str
    target_path: str
    workspace_id: str | None
    item_id: str | None
    item_reference: str | None


@dataclass(frozen=True)
class LakehouseItem:
    """What Git holds of one lakehouse; `default_schema` None means that it has no schemas."""

    default_schema: str | None
    shortcuts: tuple[Shortcut, ...]


def load_lakehouse(folder: Path) -> LakehouseItem:
    """Read the lakehouse in `folder`.

    Raises:
        ItemError: a file is malformed.
        NotSupportedError: a shortcut leaves OneLake.
    """
    schema = read_json_object(folder / METADATA_FILE).get("defaultSchema")
    if schema is not None and not isinstance(schema, str):
        raise malformed(folder / METADATA_FILE, f"defaultSchema must be text, found {schema!r}.")
    path = folder / SHORTCUTS_FILE
    entries = read_json(path) if path.is_file() else []
    if not isinstance(entries, list):
        raise malformed(path, f"expected a list of shortcuts, found {type(entries).__name__}.")
    return LakehouseItem(schema, tuple(_shortcut(entry, n, path) for n, entry in enumerate(entries)))


def _shortcut(entry: Any, n: int, path: Path) -> Shortcut:
    where = f"{path}: shortcut {n}"
    if not isinstance(entry, dict) or not {"name", "path", "target"} <= set(entry):
        raise malformed(where, f"needs name, path and target, found {entry!r}.")
    where = f"{where} {entry['name']!r}"
    _refuse_other_than_text(where, entry, ("name", "path"))
    target = entry["target"] if isinstance(entry["target"], dict) else {}
    if target.get("type") != "OneLake":
        message = f"{where}: target type {target.get('type')!r} is not supported. Supported: OneLake."
        raise NotSupportedError(message)
    details = target.get("oneLake")
    if not isinstance(details, dict) or not details.get("path"):
        raise malformed(where, f"target.oneLake needs a path, found {details!r}.")
    _refuse_other_than_text(where, details, ("path", "itemReference", "itemId", "workspaceId"))
    reference = details.get("itemReference")
    if (reference is None) == (details.get("itemId") is None):
        raise malformed(where, f"needs either itemReference or itemId with workspaceId, found {sorted(details)}.")
    if reference is None and details.get("workspaceId") is None:
        raise malformed(where, "itemId needs a workspaceId (all zeros: this workspace).")
    return Shortcut(
        name=entry["name"],
        path=entry["path"],
        target_path=details["path"],
        workspace_id=details.get("workspaceId"),
        item_id=details.get("itemId"),
        item_reference=reference,
    )


def _refuse_other_than_text(where: str, section: dict[str, Any], keys: tuple[str, ...]) -> None:
    wrong = [key for key in keys if section.get(key) is not None and not isinstance(section[key], str)]
    if wrong:
        raise malformed(where, f"{wrong} must be text.")
