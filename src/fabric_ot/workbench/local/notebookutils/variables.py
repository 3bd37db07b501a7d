"""`notebookutils.variableLibrary`: every value comes as a string, as it does in Fabric."""

from __future__ import annotations

import json
from typing import Any

from fabric_ot.errors import PlatformError
from fabric_ot.workbench.local.notebookutils.place import NotebookPlace
from fabric_ot.workbench.local.notebookutils.refusal import Area


class LibraryValues:
    """One library: variables as attributes, or by `getVariable`."""

    def __init__(self, place: NotebookPlace, library: str) -> None:
        """Check that the library is there."""
        self._place = place
        self._library = library
        place.onelake.named("VariableLibrary", library, place.layer)

    def getVariable(self, name: str) -> str:  # noqa: N802
        """Return one value."""
        return as_text(self._place.libraries.value(self._library, name))

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.getVariable(name)


class VariablesArea(Area):
    """`notebookutils.variableLibrary`: libraries of the notebook's own workspace."""

    area = "variableLibrary"

    def __init__(self, place: NotebookPlace) -> None:
        """Keep the notebook's place."""
        self._place = place

    def getLibrary(self, variableLibraryName: str) -> LibraryValues:  # noqa: N802, N803
        """Return a library by name."""
        return LibraryValues(self._place, variableLibraryName)

    def get(self, variableReference: str) -> str:  # noqa: N803
        """Return the value of `$(/**/<library>/<variable>)`."""
        parts = variableReference.strip("$()").split("/")
        if len(parts) != 4:
            message = f"{variableReference!r} is no variable reference. Hint: write $(/**/<library>/<variable>)."
            raise PlatformError(message)
        self.getLibrary(parts[2])
        return as_text(self._place.libraries.reference(variableReference))


def as_text(value: Any) -> str:
    """Return a variable's value as Fabric hands it to a notebook.

    Example:
        >>> as_text("x"), as_text(True), as_text({"itemId": "1"})
        ('x', 'true', '{"itemId": "1"}')
    """
    return value if isinstance(value, str) else json.dumps(value)
