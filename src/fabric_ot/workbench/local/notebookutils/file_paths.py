"""Paths as `notebookutils.fs` takes them, turned into places below the local OneLake; none can leave it."""

from __future__ import annotations

import re
from pathlib import Path

from fabric_ot.errors import PlatformError
from fabric_ot.workbench.items.platform import is_guid
from fabric_ot.workbench.items.repository import Item
from fabric_ot.workbench.local.notebookutils.place import NotebookPlace

_ABFSS = re.compile(r"abfss://(?P<workspace>[^@/]+)@[^/]+/(?P<item>[^/]+)(?P<rest>/.*)?")
_MOUNT = "/lakehouse/default/"
_ITEM_DEPTH = 2
"""A path below OneLake begins with workspace and item; only what is in an item may be changed."""


def resolve_path(place: NotebookPlace, path: str) -> Path:
    """Return the file or folder that `path` names.

    It may be an abfss address, a path below the mount of the default lakehouse, relative to that lakehouse, or an
    absolute path (such as `oneLakeFilesPath`) inside OneLake.

    Raises:
        PlatformError: it lies outside OneLake, or is relative and there is no default lakehouse.
    """
    root = place.onelake.root.resolve()
    # resolve() follows symbolic links too, so that a link cannot lead out.
    found = _absolute(place, path).resolve()
    if not found.is_relative_to(root):
        message = f"{path!r} leaves OneLake. Hint: name a path below Files or Tables of a lakehouse."
        raise PlatformError(message)
    return found


def require_inside_item(place: NotebookPlace, found: Path, path: str) -> Path:
    """Return `found` if it lies inside an item: workspaces and items themselves are not changed by `fs`.

    Raises:
        PlatformError: it is OneLake, a workspace or an item.
    """
    if len(found.relative_to(place.onelake.root.resolve()).parts) <= _ITEM_DEPTH:
        message = f"{path!r} is a whole workspace or item. Hint: name something below its Files or Tables."
        raise PlatformError(message)
    return found


def _absolute(place: NotebookPlace, path: str) -> Path:
    match = _ABFSS.fullmatch(path)
    if match is not None:
        layer = _layer(place, match["workspace"])
        item = _item(place, match["item"], layer)
        return place.onelake.item_folder(item, layer=layer) / (match["rest"] or "").strip("/")
    path = re.sub(r"^file:/*(?=/)", "", path)
    if path.startswith("/") and not path.startswith(_MOUNT):
        return Path(path)
    if "://" in path:
        message = f"{path!r}: only OneLake (abfss) and paths in it are supported."
        raise PlatformError(message)
    if place.default_lakehouse is None:
        message = (
            f"{path!r} is relative, and {place.item.display_name} has no default lakehouse. Hint: use a full path."
        )
        raise PlatformError(message)
    return place.onelake.item_folder(place.default_lakehouse) / path.removeprefix(_MOUNT)


def _layer(place: NotebookPlace, workspace: str) -> str:
    return place.layer_of(workspace) if is_guid(workspace) else workspace


def _item(place: NotebookPlace, item: str, layer: str) -> Item:
    if is_guid(item):
        return place.onelake.item(place.onelake.workspace_id(layer), item)
    name, _, type_ = item.rpartition(".")
    return place.onelake.named(type_, name, layer)
