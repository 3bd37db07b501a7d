"""The module object that notebooks see as `notebookutils`, put in place for the time of one run."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from fabric_ot.workbench.local.notebookutils.credentials import CredentialsArea
from fabric_ot.workbench.local.notebookutils.file_system import FileSystemArea
from fabric_ot.workbench.local.notebookutils.lakehouses import LakehousesArea
from fabric_ot.workbench.local.notebookutils.notebook_runs import NotebooksArea
from fabric_ot.workbench.local.notebookutils.place import NotebookPlace
from fabric_ot.workbench.local.notebookutils.refusal import Refused
from fabric_ot.workbench.local.notebookutils.runtime import RuntimeArea
from fabric_ot.workbench.local.notebookutils.variables import VariablesArea

MODULE = "notebookutils"


class _Module(ModuleType):
    """A module whose missing members are refused by name."""

    def __getattr__(self, name: str) -> Refused:
        if name.startswith("__"):
            raise AttributeError(name)
        return Refused(f"{MODULE}.{name}")


def build_module(place: NotebookPlace) -> ModuleType:
    """Return `notebookutils` as the notebook at `place` sees it."""
    module = _Module(MODULE)
    areas = {
        "credentials": CredentialsArea(place.secrets),
        "fs": FileSystemArea(place),
        "lakehouse": LakehousesArea(place),
        "notebook": NotebooksArea(place),
        "runtime": RuntimeArea(place),
        "variableLibrary": VariablesArea(place),
    }
    for name, area in areas.items():
        setattr(module, name, area)
    return module


@contextmanager
def installed(module: ModuleType) -> Iterator[None]:
    """Make `module` importable as `notebookutils`, and known without import; what was there before comes back."""
    before_module = sys.modules.get(MODULE)
    before_name = getattr(builtins, MODULE, None)
    sys.modules[MODULE] = module
    setattr(builtins, MODULE, module)
    try:
        yield
    finally:
        _restore(before_module, before_name)


def _restore(module: ModuleType | None, name: object) -> None:
    if module is None:
        sys.modules.pop(MODULE, None)
    else:
        sys.modules[MODULE] = module
    if name is None:
        delattr(builtins, MODULE)
    else:
        setattr(builtins, MODULE, name)
