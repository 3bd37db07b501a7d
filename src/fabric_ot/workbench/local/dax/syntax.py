"""The syntax tree of a DAX expression: plain data, every node knows where it stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """The root of all nodes; `position` counts characters of the expression from 1."""

    position: int


@dataclass(frozen=True)
class Literal(Node):
    """A number, a text, or TRUE/FALSE."""

    value: int | float | str | bool


@dataclass(frozen=True)
class Reference(Node):
    """`Table[name]` or `[name]`: a column or a measure."""

    table: str | None
    name: str


@dataclass(frozen=True)
class Name(Node):
    """A bare name: a variable or a table."""

    name: str
    is_quoted: bool = False


@dataclass(frozen=True)
class Call(Node):
    """A function call; `function` is in upper case."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Unary(Node):
    """`-x`, `+x` or `NOT x`."""

    operator: str
    operand: Node


@dataclass(frozen=True)
class Binary(Node):
    """`left operator right`; IN is one of the operators."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class TableConstructor(Node):
    """`{1, 2}` or `{(1, "a"), (2, "b")}`: rows of scalars."""

    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True)
class Variables(Node):
    """`VAR a = ... VAR b = ... RETURN ...`."""

    definitions: tuple[tuple[str, Node], ...]
    result: Node


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below `node`, in the order they are written.

    Example:
        >>> children(Binary(2, "+", Literal(1, 1), Literal(3, 2)))
        (Literal(position=1, value=1), Literal(position=3, value=2))
    """
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Unary):
        return (node.operand,)
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, TableConstructor):
        return tuple(cell for row in node.rows for cell in row)
    if isinstance(node, Variables):
        return (*(definition for _, definition in node.definitions), node.result)
    return ()


def walk(node: Node) -> list[Node]:
    """Return `node` and everything below it."""
    found = [node]
    for child in children(node):
        found += walk(child)
    return found
