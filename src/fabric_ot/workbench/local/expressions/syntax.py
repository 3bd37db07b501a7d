"""The syntax tree of an expression: three kinds of nodes, each knowing where it stands in the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Literal:
    """A number, a text, `true`, `false` or `null`."""

    value: Any
    position: int


@dataclass(frozen=True)
class Call:
    """A function with its arguments; the name is kept as written, matching ignores case."""

    name: str
    arguments: tuple[Node, ...]
    position: int


@dataclass(frozen=True)
class Access:
    """`target.key`, `target['key']` or `target[0]`; `is_null_safe` for the forms with a question mark."""

    target: Node
    key: Node
    is_null_safe: bool
    position: int


Node = Literal | Call | Access
