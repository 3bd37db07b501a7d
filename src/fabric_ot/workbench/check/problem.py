"""What a rule is and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from fabric_ot.errors import PlatformError
from fabric_ot.workbench.items.repository import Item, Repository

Finding = tuple[Path, str]
"""The file and what is wrong in it."""

Rule = Callable[[Repository], Iterable[Finding]]
"""One thing that must hold; the function's name is the rule's name, its docstring says why."""

Loaded = TypeVar("Loaded")

_WRONG_KINDS = (AttributeError, KeyError, TypeError, ValueError)
"""What a loader raises on JSON whose values are of another kind than it takes for granted."""


@dataclass(frozen=True)
class Problem:
    """One broken rule: `path` is below the repository's root, `message` says what is wrong and what to do."""

    rule: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message} [{self.rule}]"


def load_each(items: Iterable[Item], load: Callable[[Path], Loaded]) -> Iterator[tuple[Item, Loaded]]:
    """Yield each item with its definition; what cannot be read is left to the rule that says so."""
    for item in items:
        try:
            yield item, load(item.folder)
        except (PlatformError, *_WRONG_KINDS):
            continue


def reading_problems(items: Iterable[Item], load: Callable[[Path], object]) -> Iterator[Finding]:
    """Yield what `load` refuses, item by item."""
    for item in items:
        try:
            load(item.folder)
        except PlatformError as error:
            yield from findings_of(error, item.folder)
        except _WRONG_KINDS as error:
            reason = f"{type(error).__name__}: {error}"
            yield item.folder, f"a value is of an unexpected kind ({reason}). Hint: compare it with an exported item."


def findings_of(error: Exception, folder: Path) -> Iterator[Finding]:
    """Yield one finding per line of `error`, in the file below `folder` that it starts with; headings do not count."""
    for line in map(_without_bullet, str(error).splitlines()):
        if line.endswith("problem(s):"):
            continue
        head, separator, rest = line.partition(": ")
        if separator and head.startswith(str(folder)):
            yield Path(head), rest
        else:
            yield folder, line


def _without_bullet(line: str) -> str:
    return line.strip().removeprefix("- ")
