"""The repository as a set of items: which there are, where they lie and which layer each belongs to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.platform import PLATFORM_FILE, is_guid, read_platform
from fabric_ot.workbench.items.source_text import malformed
from fabric_ot.workbench.items.variable_library import load_variable_library

SETTINGS_LIBRARY = "ot_settings"
WORKSPACE_SUFFIX = "_workspace_id"

LAYERED_FOLDERS = ("notebooks", "pipelines", "lakehouses")
"""Their subfolders are layers."""

FOLDER_LAYERS: dict[str, str | None] = {
    "warehouse": "gold",
    "semantic_models": "power_bi",
    "settings": None,
    "environments": None,
}
"""Folders whose items all belong to one layer; None: they are deployed to every layer."""

_SKIPPED_AT_ROOT = {"tests", "build", "src", "dist", "node_modules"}
_CHILDREN = ".children"


@dataclass(frozen=True)
class Item:
    """One item folder; `layer` None means that it is deployed to every layer."""

    type: str
    display_name: str
    logical_id: str
    folder: Path
    layer: str | None


@dataclass(frozen=True)
class Repository:
    """All items below `root`, sorted by folder."""

    root: Path
    items: tuple[Item, ...]

    def of_type(self, type_: str) -> tuple[Item, ...]:
        """Return the items of one type."""
        return tuple(item for item in self.items if item.type == type_)

    def find(self, type_: str, display_name: str) -> Item:
        """Return the one item of this type and name.

        Raises:
            ItemError: there is none, or more than one; the message lists what there is.
        """
        found = [item for item in self.of_type(type_) if item.display_name == display_name]
        if len(found) == 1:
            return found[0]
        if found:
            folders = ", ".join(self.relative(item.folder) for item in found)
            raise malformed(self.root, f"{len(found)} are called {display_name}.{type_}: {folders}. Hint: keep one.")
        known = ", ".join(sorted(item.display_name for item in self.of_type(type_))) or "none"
        raise malformed(self.root, f"no {type_} is called {display_name!r}. Available: {known}.")

    def by_logical_id(self, logical_id: str) -> Item:
        """Return the item with this logicalId.

        Raises:
            ItemError: no item has it; the message lists those there are.
        """
        for item in self.items:
            if item.logical_id == logical_id.lower():
                return item
        known = "".join(f"\n  {i.logical_id}  {i.display_name}.{i.type}" for i in self.items) or " none"
        raise malformed(self.root, f"no item has the logicalId {logical_id!r}. Available:{known}")

    def relative(self, path: Path) -> str:
        """Return `path` below the root, with forward slashes."""
        return path.relative_to(self.root).as_posix()


def load_repository(root: Path) -> Repository:
    """Read every item folder below `root` (not in `.git`, `.venv*`, `.onelake`, `tests`, `build`, `src`).

    Raises:
        ItemError: an item cannot be read, or lies in a folder that belongs to no layer; all of them in one message.
    """
    repository, errors = scan_repository(root)
    if errors:
        raise ItemError("\n".join(map(str, errors)))
    return repository


def scan_repository(root: Path) -> tuple[Repository, tuple[ItemError, ...]]:
    """Read what can be read, as `load_repository` does, and return the errors beside it."""
    if not root.is_dir():
        raise malformed(root, "no such folder. Hint: name the folder that holds notebooks/, pipelines/ and so on.")
    items: list[Item] = []
    errors: list[ItemError] = []
    for folder in item_folders(root):
        try:
            items.append(_read_item(root, folder))
        except ItemError as error:
            errors.append(error)
    return Repository(root, tuple(items)), tuple(errors)


def item_folders(root: Path) -> Iterator[Path]:
    """Yield every folder below `root` that has a `.platform`, sorted."""
    for current, folders, files in os.walk(root):
        here = Path(current)
        folders[:] = sorted(name for name in folders if not _is_skipped(name, at_root=here == root))
        if PLATFORM_FILE in files:
            yield here


def workspace_ids(repository: Repository) -> dict[str, str]:
    """Return each layer's workspace id from the default values of `ot_settings`.

    Raises:
        ItemError: there is no such library, or one of its `<layer>_workspace_id` values is no GUID.
    """
    library = load_variable_library(repository.find("VariableLibrary", SETTINGS_LIBRARY).folder)
    found = {n: v for n, v in library.values().items() if n.endswith(WORKSPACE_SUFFIX)}
    wrong = [name for name, value in found.items() if not is_guid(value)]
    if wrong or not found:
        what = f"{wrong} must be GUIDs" if wrong else f"no variable ends in {WORKSPACE_SUFFIX!r}"
        raise malformed(
            SETTINGS_LIBRARY + ".VariableLibrary", f"{what}. Hint: one <layer>{WORKSPACE_SUFFIX} per layer."
        )
    return {name.removesuffix(WORKSPACE_SUFFIX): str(value).lower() for name, value in found.items()}


def _is_skipped(name: str, *, at_root: bool) -> bool:
    if name.startswith("."):
        return name != _CHILDREN
    return (at_root and name in _SKIPPED_AT_ROOT) or name == "__pycache__"


def _read_item(root: Path, folder: Path) -> Item:
    platform = read_platform(folder)
    return Item(platform.type, platform.display_name, platform.logical_id, folder, _layer(root, folder))


def _layer(root: Path, folder: Path) -> str | None:
    parts = folder.relative_to(root).parts
    top = parts[0] if parts else ""
    if top in LAYERED_FOLDERS and len(parts) > 2:
        return parts[1]
    if top in FOLDER_LAYERS and len(parts) > 1:
        return FOLDER_LAYERS[top]
    problem = (
        f"lies in no layer. Hint: move it below {{{','.join(LAYERED_FOLDERS)}}}/<layer>/ "
        f"or {{{','.join(FOLDER_LAYERS)}}}/."
    )
    raise malformed(folder, problem)
