"""Shortcuts: each points to a table that a contract declares, in a lakehouse that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fabric_ot.contracts import ALL_TABLES
from fabric_ot.errors import ItemError
from fabric_ot.workbench.check.problem import Finding, load_each, reading_problems
from fabric_ot.workbench.items.lakehouse import SHORTCUTS_FILE, Shortcut, load_lakehouse
from fabric_ot.workbench.items.platform import ZERO_GUID
from fabric_ot.workbench.items.repository import Item, Repository, workspace_ids
from fabric_ot.workbench.items.variable_library import load_variable_library

_REFERENCE = re.compile(r"\$\(/\*\*/([^/)]+)/([^/)]+)\)")


def lakehouses_read(repository: Repository) -> Iterator[Finding]:
    """A shortcut that cannot be read is left out by the deployment."""
    yield from reading_problems(repository.of_type("Lakehouse"), load_lakehouse)


def shortcut_names_are_unique(repository: Repository) -> Iterator[Finding]:
    """Two shortcuts of one name and path: the second overwrites the first."""
    for item, lakehouse in load_each(repository.of_type("Lakehouse"), load_lakehouse):
        places = [f"{shortcut.path}/{shortcut.name}" for shortcut in lakehouse.shortcuts]
        for place in sorted({place for place in places if places.count(place) > 1}):
            yield item.folder / SHORTCUTS_FILE, f"{place} is declared {places.count(place)} times. Hint: keep one."


def shortcut_targets_are_lakehouses(repository: Repository) -> Iterator[Finding]:
    """A dangling shortcut deploys, and then every query on it fails."""
    for item, lakehouse in load_each(repository.of_type("Lakehouse"), load_lakehouse):
        for shortcut in lakehouse.shortcuts:
            try:
                find_target(repository, item, shortcut)
            except ItemError as error:
                yield item.folder / SHORTCUTS_FILE, f"shortcut {shortcut.name!r}: {error}"


def shortcut_targets_are_contract_tables(repository: Repository) -> Iterator[Finding]:
    """A shortcut to a table that nobody writes is empty for good."""
    for item, lakehouse in load_each(repository.of_type("Lakehouse"), load_lakehouse):
        for shortcut in lakehouse.shortcuts:
            try:
                target = find_target(repository, item, shortcut)
            except ItemError:
                continue
            known = {f"Tables/{t.schema}/{t.name}" for t in ALL_TABLES if t.layer == target.layer}
            if shortcut.target_path.startswith("Tables/") and shortcut.target_path not in known:
                yield (
                    item.folder / SHORTCUTS_FILE,
                    f"shortcut {shortcut.name!r}: no contract in {target.layer} declares {shortcut.target_path!r}. "
                    f"Known: {', '.join(sorted(known))}.",
                )


def find_target(repository: Repository, owner: Item, shortcut: Shortcut) -> Item:
    """Return the lakehouse that `shortcut` of `owner` points to, with the default values of its library.

    Raises:
        ItemError: the reference, its library, its variable or the lakehouse is not there.
    """
    if shortcut.item_reference is None:
        return _find_by_id(repository, owner, str(shortcut.item_id), str(shortcut.workspace_id))
    match = _REFERENCE.fullmatch(shortcut.item_reference)
    if match is None:
        message = f"{shortcut.item_reference!r} is no variable reference. Hint: $(/**/<library>/<variable>)."
        raise ItemError(message)
    variable = load_variable_library(repository.find("VariableLibrary", match[1]).folder).find(match[2])
    if variable.type != "ItemReference":
        message = f"variable {variable.name!r} is a {variable.type}. Hint: a shortcut needs an ItemReference."
        raise ItemError(message)
    target = _lakehouse(repository, variable.value["itemId"])
    expected = workspace_ids(repository).get(str(target.layer))
    if variable.value["workspaceId"] != expected:
        message = f"variable {variable.name!r} puts {target.display_name} into another workspace than {target.layer}."
        raise ItemError(message)
    return target


def _find_by_id(repository: Repository, owner: Item, item_id: str, workspace_id: str) -> Item:
    if workspace_id != ZERO_GUID:
        message = f"workspaceId {workspace_id} breaks between stages. Hint: use an itemReference to a variable."
        raise ItemError(message)
    if item_id == ZERO_GUID:
        return owner
    target = _lakehouse(repository, item_id)
    if target.layer != owner.layer:
        message = f"{target.display_name} lies in {target.layer}. Hint: use an itemReference to a variable."
        raise ItemError(message)
    return target


def _lakehouse(repository: Repository, item_id: str) -> Item:
    target = next((item for item in repository.items if item.logical_id == item_id.lower()), None)
    if target is None:
        message = f"{item_id!r} is the logicalId of no item. Hint: take it from the .platform of a Lakehouse."
        raise ItemError(message)
    if target.type != "Lakehouse":
        message = f"{target.display_name} is a {target.type}, not a Lakehouse."
        raise ItemError(message)
    return target
