"""What the local `notebookutils` does not do is refused by name when it is used."""

from __future__ import annotations

from typing import Any, NoReturn

from fabric_ot.errors import NotSupportedError


class Refused:
    """A member that exists in Fabric and not here: using it in any way raises."""

    def __init__(self, name: str) -> None:
        """Keep the full name, `notebookutils.fs.mount`."""
        self._name = name

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse by name."""
        self._refuse()

    def __getattr__(self, name: str) -> Refused:
        if name.startswith("__"):
            raise AttributeError(name)
        return Refused(f"{self._name}.{name}")

    def __str__(self) -> str:
        self._refuse()

    def __fspath__(self) -> str:
        self._refuse()

    def __getitem__(self, _: Any) -> NoReturn:
        self._refuse()

    def __iter__(self) -> NoReturn:
        self._refuse()

    def __bool__(self) -> bool:
        self._refuse()

    def __repr__(self) -> str:
        return f"<{self._name} is not supported here>"

    def _refuse(self) -> NoReturn:
        message = f"{self._name} is not supported on this machine. Hint: run this step in Fabric, or leave it out here."
        raise NotSupportedError(message)


class Area:
    """One part of `notebookutils`; members that are not defined are refused by name."""

    area = ""

    def __getattr__(self, name: str) -> Refused:
        if name.startswith("_"):
            raise AttributeError(name)
        return Refused(f"notebookutils.{self.area}.{name}")


class Record(dict[str, Any]):
    """A JSON object whose keys can be read as attributes, as Fabric's artifacts can.

    Example:
        >>> Record(id="1").id, Record(id="1")["id"]
        ('1', '1')
    """

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(name)
