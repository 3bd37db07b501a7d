"""Who an item is: its `.platform`, its folder and its logicalId."""

from __future__ import annotations

import html
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from fabric_ot.contracts.places import LAYERS
from fabric_ot.workbench.check.problem import Finding, findings_of
from fabric_ot.workbench.items.platform import PLATFORM_FILE, ZERO_GUID
from fabric_ot.workbench.items.repository import FOLDER_LAYERS, LAYERED_FOLDERS, Item, Repository, scan_repository


def platform_files_read(repository: Repository) -> Iterator[Finding]:
    """Fabric identifies an item by its `.platform`: type, name, logicalId, and a folder that agrees."""
    _, errors = scan_repository(repository.root)
    for error in errors:
        yield from findings_of(error, repository.root)


def item_folders_have_a_platform(repository: Repository) -> Iterator[Finding]:
    """A folder `name.Type` without `.platform` is no item: Git integration and fabric-cicd leave it out silently."""
    types = {item.type for item in repository.items}
    for top in (*LAYERED_FOLDERS, *FOLDER_LAYERS):
        for current, _, files in os.walk(repository.root / top):
            folder = Path(current)
            if folder.suffix.removeprefix(".") in types and PLATFORM_FILE not in files:
                yield folder, "has no .platform file, so nothing deploys it. Hint: add one with a new logicalId."


def folders_are_named_like_their_items(repository: Repository) -> Iterator[Finding]:
    """Git never renames a folder: a folder with another name hides which item it is."""
    for item in repository.items:
        stem = html.unescape(item.folder.name.rpartition(".")[0])
        if stem not in (item.display_name, item.logical_id):
            yield item.folder, f"holds the item {item.display_name!r}. Hint: rename the folder or the item."


def layers_are_known(repository: Repository) -> Iterator[Finding]:
    """An item in a layer that has no workspace is deployed nowhere."""
    for item in repository.items:
        if item.layer is not None and item.layer not in LAYERS:
            yield item.folder, f"layer {item.layer!r} has no workspace. Known: {', '.join(LAYERS)}."


def logical_ids_are_given(repository: Repository) -> Iterator[Finding]:
    """The all-zero id, which API exports carry, means "this item" to every reference."""
    for item in repository.items:
        if item.logical_id == ZERO_GUID:
            yield item.folder / PLATFORM_FILE, "logicalId is all zeros. Hint: give the item an id of its own."


def logical_ids_are_unique(repository: Repository) -> Iterator[Finding]:
    """Two items with one logicalId are one item to Fabric ("Items with conflicting logical IDs detected")."""
    by_id: defaultdict[str, list[Item]] = defaultdict(list)
    for item in repository.items:
        by_id[item.logical_id].append(item)
    for logical_id, items in by_id.items():
        for item in items if len(items) > 1 and logical_id != ZERO_GUID else ():
            others = ", ".join(repository.relative(other.folder) for other in items if other is not item)
            yield (
                item.folder / PLATFORM_FILE,
                f"logicalId {logical_id} is also that of {others}. Hint: a copied folder needs a new id and name.",
            )


def names_are_unique_in_a_workspace(repository: Repository) -> Iterator[Finding]:
    """Fabric refuses a second item of one type and name in a workspace."""
    taken: dict[tuple[str, str, str], Item] = {}
    for item in repository.items:
        for layer in LAYERS if item.layer is None else (item.layer,):
            key = (layer, item.type, item.display_name.casefold())
            first = taken.setdefault(key, item)
            if first is not item:
                where = repository.relative(first.folder)
                yield item.folder, f"{item.display_name}.{item.type} is in {layer} already: {where}. Hint: rename one."
                break
