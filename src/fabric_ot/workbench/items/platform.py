"""The `.platform` file: what makes a folder a Fabric item."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabric_ot.workbench.items.source_text import malformed, read_json_object

PLATFORM_FILE = ".platform"
ZERO_GUID = "00000000-0000-0000-0000-000000000000"
"""As a workspace id: "this workspace". As a logicalId: none was given."""

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Platform:
    """Type, name and identity of one item."""

    type: str
    display_name: str
    description: str
    logical_id: str


def is_guid(value: object) -> bool:
    """Say whether `value` is a GUID in the form with four hyphens.

    Example:
        >>> is_guid(ZERO_GUID), is_guid("ot_silver"), is_guid(None)
        (True, False, False)
    """
    return isinstance(value, str) and _GUID.fullmatch(value) is not None


def read_platform(folder: Path) -> Platform:
    """Read the `.platform` of the item in `folder`.

    Raises:
        ItemError: the file is missing or malformed, the logicalId is no GUID, or the folder's suffix is another type.
    """
    path = folder / PLATFORM_FILE
    document = read_json_object(path)
    metadata, config = _section(document, "metadata", path), _section(document, "config", path)
    if not isinstance(document.get("$schema"), str):
        raise malformed(path, "'$schema' is missing. Hint: copy the line from another item's .platform.")
    if config.get("version") != "2.0":
        raise malformed(path, f'config.version must be "2.0", found {config.get("version")!r}.')
    description = metadata.get("description", "")
    if not isinstance(description, str):
        raise malformed(path, f"metadata.description must be text, found {description!r}.")
    platform = Platform(
        type=_text(metadata, "type", path),
        display_name=_text(metadata, "displayName", path),
        description=description,
        logical_id=_logical_id(config, path),
    )
    suffix = folder.name.rpartition(".")[2]
    if suffix != platform.type:
        problem = (
            f"metadata.type is {platform.type!r} but the folder ends in {suffix!r}. "
            f"Hint: name the folder {platform.display_name}.{platform.type} or correct the type."
        )
        raise malformed(path, problem)
    return platform


def _section(document: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    section = document.get(key)
    if not isinstance(section, dict):
        raise malformed(path, f"{key!r} must be an object, found {section!r}.")
    return section


def _text(section: dict[str, Any], key: str, path: Path) -> str:
    value = section.get(key)
    if not isinstance(value, str) or not value.strip():
        raise malformed(path, f"{key!r} must be non-empty text, found {value!r}.")
    return value


def _logical_id(config: dict[str, Any], path: Path) -> str:
    value = config.get("logicalId")
    if not is_guid(value):
        problem = (
            f'logicalId must be a GUID, found {value!r}. Hint: uuid5(NAMESPACE_URL, "fabric_ot/<Type>/<displayName>").'
        )
        raise malformed(path, problem)
    return str(value).lower()
