"""OneLake as folders: `<root>/<layer>/<item>.<Type>/{Tables/<schema>/<table>,Files}`, with shortcuts resolved."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fabric_ot.errors import ItemError, PlatformError
from fabric_ot.workbench.items.lakehouse import Shortcut, load_lakehouse
from fabric_ot.workbench.items.platform import ZERO_GUID
from fabric_ot.workbench.items.repository import Item, Repository
from fabric_ot.workbench.local.libraries import Libraries

LAKEHOUSE = "Lakehouse"
WAREHOUSE = "Warehouse"
_MAX_SHORTCUTS = 8


class OneLake:
    """The data of all workspaces of one repository; `ids` gives each layer's workspace id."""

    def __init__(
        self, root: Path, repository: Repository, ids: Mapping[str, str], *, libraries: Libraries | None = None
    ) -> None:
        """Keep the places; nothing is created yet."""
        self.root = root
        self.repository = repository
        self._libraries = libraries or Libraries(repository)
        self._ids = {layer: workspace_id.lower() for layer, workspace_id in ids.items()}
        self._shortcuts: dict[str, tuple[Shortcut, ...]] = {}

    def workspace_id(self, layer: str) -> str:
        """Return the id of a layer's workspace.

        Raises:
            PlatformError: there is no such layer.
        """
        if layer not in self._ids:
            message = f"no workspace belongs to layer {layer!r}. Known: {', '.join(self._ids)}."
            raise PlatformError(message)
        return self._ids[layer]

    def layer(self, workspace_id: str, *, here: str | None = None) -> str:
        """Return the layer of a workspace; an empty or all-zero id means the layer `here`.

        Raises:
            PlatformError: no workspace has this id.
        """
        if here is not None and workspace_id in ("", ZERO_GUID):
            return here
        for layer, known in self._ids.items():
            if known == workspace_id.lower():
                return layer
        known_ids = "".join(f"\n  {known}  {layer}" for layer, known in self._ids.items())
        message = f"no workspace has the id {workspace_id!r}. Available:{known_ids}"
        raise PlatformError(message)

    def item(self, workspace_id: str, item_id: str, *, here: str | None = None) -> Item:
        """Return the item with this id in a workspace.

        Raises:
            PlatformError: the workspace is unknown, or the item does not lie in it.
            ItemError: there is no such item.
        """
        layer = self.layer(workspace_id, here=here)
        item = self.repository.by_logical_id(item_id)
        if item.layer not in (None, layer):
            message = f"{item.display_name}.{item.type} lies in the workspace {item.layer!r}, not in {layer!r}."
            raise PlatformError(message)
        return item

    def named(self, type_: str, name: str, layer: str) -> Item:
        """Return the item of this type and name in a layer.

        Raises:
            PlatformError: there is none; the message lists those there are.
        """
        here = [item for item in self.repository.of_type(type_) if item.layer in (None, layer)]
        for item in here:
            if item.display_name == name:
                return item
        known = ", ".join(item.display_name for item in here) or "none"
        message = f"no {type_} is called {name!r} in the workspace {layer!r}. Available: {known}."
        raise PlatformError(message)

    def item_folder(self, item: Item, *, layer: str | None = None) -> Path:
        """Return the item's folder in OneLake; `layer` serves items that belong to every layer."""
        return self.root / (item.layer or layer or "all") / f"{item.display_name}.{item.type}"

    def resolve_item(self, workspace_id: str, item_id: str) -> Path:
        """Return the folder of an item by ids, as `frame_model` asks for it."""
        return self.item_folder(self.item(workspace_id, item_id), layer=self.layer(workspace_id))

    def prepare(self) -> None:
        """Create `Tables` and `Files` of every lakehouse, as a workspace has them from the start."""
        for item in self.repository.of_type(LAKEHOUSE):
            for area in ("Tables", "Files"):
                (self.item_folder(item) / area).mkdir(parents=True, exist_ok=True)

    def resolve_table(self, item: Item, schema: str, table: str) -> Path | None:
        """Return the Delta folder of a table, followed through shortcuts; None where there is no table.

        Raises:
            PlatformError: shortcuts lead in a circle.
        """
        folder = self._follow(item, f"Tables/{schema}/{table}")
        return folder if (folder / "_delta_log").is_dir() else None

    def tables(self, item: Item) -> dict[tuple[str, str], Path]:
        """Return every Delta table of an item by schema and name: its own and those behind shortcuts."""
        own = (self.item_folder(item) / "Tables").glob("*/*/_delta_log")
        names = {(log.parent.parent.name, log.parent.name) for log in own}
        for shortcut in self._shortcuts_of(item):
            parts = _virtual(shortcut).split("/")
            if len(parts) == 3:
                names.add((parts[1], parts[2]))
        found = {name: self.resolve_table(item, *name) for name in sorted(names)}
        return {name: folder for name, folder in found.items() if folder is not None}

    def _follow(self, item: Item, path: str, *, depth: int = 0) -> Path:
        if depth > _MAX_SHORTCUTS:
            message = f"{item.display_name}: shortcuts lead in a circle at {path!r}. Hint: point one of them to data."
            raise PlatformError(message)
        for shortcut in self._shortcuts_of(item):
            place = _virtual(shortcut)
            if path == place or path.startswith(place + "/"):
                target = self._target(item, shortcut)
                return self._follow(target, shortcut.target_path.strip("/") + path[len(place) :], depth=depth + 1)
        return self.item_folder(item) / path

    def _target(self, item: Item, shortcut: Shortcut) -> Item:
        if shortcut.item_reference is not None:
            value: Any = self._libraries.reference(shortcut.item_reference)
            if not isinstance(value, dict) or not {"workspaceId", "itemId"} <= set(value):
                message = f"shortcut {shortcut.name!r}: {shortcut.item_reference} is no ItemReference, but {value!r}."
                raise ItemError(message)
            return self.item(value["workspaceId"], value["itemId"])
        if shortcut.item_id in (None, ZERO_GUID):
            return item
        return self.item(shortcut.workspace_id or "", str(shortcut.item_id), here=item.layer)

    def _shortcuts_of(self, item: Item) -> tuple[Shortcut, ...]:
        if item.type != LAKEHOUSE:
            return ()
        if item.logical_id not in self._shortcuts:
            self._shortcuts[item.logical_id] = load_lakehouse(item.folder).shortcuts
        return self._shortcuts[item.logical_id]


def _virtual(shortcut: Shortcut) -> str:
    return posixpath.join(shortcut.path.strip("/"), shortcut.name)
