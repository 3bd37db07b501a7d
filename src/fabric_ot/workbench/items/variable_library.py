"""Variable Libraries: typed settings with one set of values per stage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.platform import is_guid
from fabric_ot.workbench.items.source_text import malformed, read_json_object

VARIABLES_FILE = "variables.json"
SETTINGS_FILE = "settings.json"
VALUE_SETS_FOLDER = "valueSets"


@dataclass(frozen=True)
class Variable:
    """One variable with its default value."""

    name: str
    type: str
    value: Any
    note: str = ""


@dataclass(frozen=True)
class VariableLibrary:
    """The variables, and per value set the values that differ from the defaults."""

    name: str
    variables: tuple[Variable, ...]
    value_sets: dict[str, dict[str, Any]]

    def values(self, value_set: str | None = None) -> dict[str, Any]:
        """Return every variable's value in `value_set`; None gives the defaults.

        Raises:
            ItemError: there is no such value set; the message lists those there are.

        Example:
            >>> library = VariableLibrary("cfg", (Variable("size", "Integer", 1),), {"prod": {"size": 9}})
            >>> library.values(), library.values("prod")
            ({'size': 1}, {'size': 9})
        """
        if value_set is not None and value_set not in self.value_sets:
            known = ", ".join(self.value_sets) or "none"
            raise malformed(self.name + ".VariableLibrary", f"no value set {value_set!r}. Available: {known}.")
        overrides = self.value_sets[value_set] if value_set is not None else {}
        return {v.name: overrides.get(v.name, v.value) for v in self.variables}

    def find(self, name: str) -> Variable:
        """Return the variable called `name` (names are case-sensitive).

        Raises:
            ItemError: there is none; the message lists those there are.
        """
        for variable in self.variables:
            if variable.name == name:
                return variable
        known = ", ".join(v.name for v in self.variables) or "none"
        raise malformed(self.name + ".VariableLibrary", f"no variable {name!r}. Available: {known}.")


def load_variable_library(folder: Path) -> VariableLibrary:
    """Read the library in `folder`.

    Raises:
        ItemError: something that Fabric refuses to import; every problem in one message.
    """
    path = folder / VARIABLES_FILE
    raw = _list_of_objects(read_json_object(path), "variables", path)
    variables = tuple(
        Variable(str(v.get("name")), str(v.get("type")), v.get("value"), str(v.get("note", ""))) for v in raw
    )
    problems = [f"{path}: {problem}" for variable in variables for problem in _value_problems(variable)]
    names = [v.name for v in variables]
    problems += [f"{path}: variable {n!r} is declared twice." for n in sorted({n for n in names if names.count(n) > 1})]
    order = read_json_object(folder / SETTINGS_FILE).get("valueSetsOrder", [])
    if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
        raise malformed(folder / SETTINGS_FILE, f"valueSetsOrder must be a list of names, found {order!r}.")
    sets = _load_value_sets(folder, {v.name: v for v in variables}, order, problems)
    if problems:
        raise ItemError("\n".join(problems))
    return VariableLibrary(folder.name.rpartition(".")[0], variables, {name: sets[name] for name in order})


def _load_value_sets(
    folder: Path, variables: Mapping[str, Variable], order: list[str], problems: list[str]
) -> dict[str, dict[str, Any]]:
    sets: dict[str, dict[str, Any]] = {}
    for path in sorted((folder / VALUE_SETS_FOLDER).glob("*.json")):
        document = read_json_object(path)
        name = str(document.get("name"))
        if name != path.stem:
            problems.append(f"{path}: the set is called {name!r}. Hint: file name and name must be equal.")
        if name not in order:
            problems.append(f"{path}: set {name!r} is not in valueSetsOrder {order} of {SETTINGS_FILE}. Hint: add it.")
        overrides = _list_of_objects(document, "variableOverrides", path)
        sets[name] = {str(o.get("name")): o.get("value") for o in overrides}
        problems += [f"{path}: {problem}" for problem in _override_problems(sets[name], variables)]
    missing = [name for name in order if name not in sets]
    if missing:
        problems.append(f"{folder / SETTINGS_FILE}: valueSetsOrder names {missing}, which have no file in valueSets/.")
    return sets


def _override_problems(overrides: Mapping[str, Any], variables: Mapping[str, Variable]) -> list[str]:
    problems: list[str] = []
    for name, value in overrides.items():
        if name not in variables:
            problems.append(f"overrides {name!r}, which {VARIABLES_FILE} does not declare. Known: {sorted(variables)}.")
        else:
            problems += _value_problems(Variable(name, variables[name].type, value))
    return problems


def _value_problems(variable: Variable) -> list[str]:
    if variable.value in ("", None):
        return [f"{variable.name!r} has an empty value, which Fabric refuses. Hint: give it a placeholder."]
    test = _TYPE_TESTS.get(variable.type)
    if test is None:
        return [f"{variable.name!r} has the unknown type {variable.type!r}; known: {', '.join(_TYPE_TESTS)}."]
    return [] if test(variable.value) else [f"{variable.name!r} is no {variable.type}: {variable.value!r}."]


def _is_datetime(value: Any) -> bool:
    try:
        dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_object_of_guids(*keys: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and set(value) == set(keys) and all(map(is_guid, value.values()))


_TYPE_TESTS: dict[str, Callable[[Any], bool]] = {
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "Number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "DateTime": _is_datetime,
    "Guid": is_guid,
    "ItemReference": _is_object_of_guids("workspaceId", "itemId"),
    "ConnectionReference": _is_object_of_guids("connectionId"),
}


def _list_of_objects(document: Mapping[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    value = document.get(key, [])
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise malformed(path, f"{key!r} must be a list of objects, found {value!r}.")
    return value
