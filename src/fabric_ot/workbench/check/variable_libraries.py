"""Variable Libraries: importable, and no stage left with another stage's ids."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_ot.workbench.check.problem import Finding, load_each, reading_problems
from fabric_ot.workbench.items.repository import Repository
from fabric_ot.workbench.items.variable_library import VALUE_SETS_FOLDER, load_variable_library

ID_TYPES = ("Guid", "ItemReference", "ConnectionReference")


def variable_libraries_read(repository: Repository) -> Iterator[Finding]:
    """An unknown override or an empty value fails the import ("InvalidContent/ValueMismatch")."""
    yield from reading_problems(repository.of_type("VariableLibrary"), load_variable_library)


def value_sets_leave_no_id_behind(repository: Repository) -> Iterator[Finding]:
    """A stage that overrides some ids but not all reads or writes another stage's workspace."""
    for item, library in load_each(repository.of_type("VariableLibrary"), load_variable_library):
        ids = {variable.name for variable in library.variables if variable.type in ID_TYPES}
        for name, overrides in library.value_sets.items():
            missing = sorted(ids - set(overrides))
            if missing and ids & set(overrides):
                path = item.folder / VALUE_SETS_FOLDER / f"{name}.json"
                yield path, f"keeps the default ids of {missing}. Hint: override them as well."
