"""What the expressions in a JSON tree refer to, found without evaluating anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fabric_ot.workbench.local.expressions.functions import CONTEXT_FUNCTIONS, IF, check_count, find_function
from fabric_ot.workbench.local.expressions.syntax import Access, Call, Literal, Node
from fabric_ot.workbench.local.expressions.template import parse_template
from fabric_ot.workbench.local.expressions.values import Fault

ACTIVITY, VARIABLE, ITEM, FAULT = "activity", "variable", "item", "fault"
PARAMETER, LIBRARY_VARIABLE = "parameter", "library variable"
_PIPELINE_MEMBERS = {"parameters": PARAMETER, "libraryvariables": LIBRARY_VARIABLE}


@dataclass(frozen=True)
class Reference:
    """One mention: `kind` is a constant of this module, `name` what is mentioned, `source` the expression."""

    kind: str
    name: str
    source: str


def find_references(tree: Any) -> Iterator[Reference]:
    """Yield what the expressions in `tree` mention by a literal name; a wrong call is a reference of kind `fault`.

    Raises:
        ExpressionError: an expression cannot be parsed.

    Example:
        >>> [(r.kind, r.name) for r in find_references(["@activity('Land').output", "@pipeline().parameters.day"])]
        [('activity', 'Land'), ('parameter', 'day')]
    """
    for text in _texts(tree):
        for formula in parse_template(text).formulas:
            yield from (Reference(kind, name, formula.source) for kind, name in _mentions(formula.node))


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for value in tree.values():
            yield from _texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value)


def _mentions(node: Node) -> Iterator[tuple[str, str]]:
    if isinstance(node, Access):
        yield from _pipeline_member(node)
        yield from _mentions(node.target)
        yield from _mentions(node.key)
    elif isinstance(node, Call):
        yield from _call(node)
        for argument in node.arguments:
            yield from _mentions(argument)


def _call(node: Call) -> Iterator[tuple[str, str]]:
    name = node.name.lower()
    try:
        if name in CONTEXT_FUNCTIONS or name == IF:
            check_count(name, len(node.arguments))
        else:
            find_function(node.name, len(node.arguments))
    except Fault as fault:
        yield FAULT, f"{node.name}(): {fault}"
        return
    if name == "item":
        yield ITEM, ""
    kind = {"activity": ACTIVITY, "variables": VARIABLE}.get(name)
    if kind and isinstance(node.arguments[0], Literal):
        yield kind, str(node.arguments[0].value)


def _pipeline_member(node: Access) -> Iterator[tuple[str, str]]:
    holder = node.target
    if (
        not isinstance(holder, Access)
        or not isinstance(holder.target, Call)
        or holder.target.name.lower() != "pipeline"
    ):
        return
    if isinstance(holder.key, Literal) and isinstance(node.key, Literal) and not node.is_null_safe:
        kind = _PIPELINE_MEMBERS.get(str(holder.key.value).lower())
        if kind:
            yield kind, str(node.key.value)
