"""The Variable Libraries of a repository, as notebooks, pipelines and shortcuts ask for their values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fabric_ot.errors import PlatformError
from fabric_ot.workbench.items.repository import Repository
from fabric_ot.workbench.items.variable_library import VariableLibrary, load_variable_library

_REFERENCE = re.compile(r"\$\(/\*\*/(?P<library>[^/()]+)/(?P<variable>[^/()]+)\)")


class Libraries:
    """All Variable Libraries with one value set active; None means the default values."""

    def __init__(self, repository: Repository, *, value_set: str | None = None) -> None:
        """Read nothing yet."""
        self._repository = repository
        self._value_set = value_set
        self._loaded: dict[str, VariableLibrary] = {}

    def value(self, library: str, variable: str) -> Any:
        """Return one value in the active value set.

        Raises:
            ItemError: there is no such library, variable or value set; the message lists what there is.
        """
        loaded = self.load(library)
        loaded.find(variable)
        return loaded.values(self._value_set)[variable]

    def values(self, library: str) -> Mapping[str, Any]:
        """Return every value of a library in the active value set."""
        return self.load(library).values(self._value_set)

    def reference(self, text: str) -> Any:
        """Return the value of a reference such as `$(/**/ot_settings/silver_lakehouse)`.

        Raises:
            PlatformError: it has another form.
            ItemError: it names something that does not exist.
        """
        match = _REFERENCE.fullmatch(text)
        if match is None:
            message = f"{text!r} is no variable reference. Hint: write $(/**/<library>/<variable>)."
            raise PlatformError(message)
        return self.value(match["library"], match["variable"])

    def load(self, library: str) -> VariableLibrary:
        """Return the library called `library`; it is read once."""
        if library not in self._loaded:
            self._loaded[library] = load_variable_library(self._repository.find("VariableLibrary", library).folder)
        return self._loaded[library]
