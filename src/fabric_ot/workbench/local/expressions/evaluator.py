"""Syntax trees to values, and whole JSON trees of a pipeline definition to resolved ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fabric_ot.errors import ExpressionError
from fabric_ot.workbench.local.expressions.functions import CONTEXT_FUNCTIONS, IF, check_count, find_function
from fabric_ot.workbench.local.expressions.scope import NO_ITEM, Scope
from fabric_ot.workbench.local.expressions.syntax import Access, Call, Literal, Node
from fabric_ot.workbench.local.expressions.template import Formula, parse_template
from fabric_ot.workbench.local.expressions.values import Fault, as_boolean, as_text, to_text, type_name


def evaluate(value: Any, scope: Scope) -> Any:
    """Return what one value of a pipeline definition stands for; anything but text stands for itself.

    Raises:
        ExpressionError: the expression cannot be parsed or evaluated; the message has position and what is available.

    Example:
        >>> scope = Scope(variables={"line": "L1"})
        >>> evaluate("@concat('x-', variables('line'))", scope), evaluate("@{add(40,2)}", scope), evaluate(7, scope)
        ('x-L1', '42', 7)
    """
    if not isinstance(value, str):
        return value
    template = parse_template(value)
    if template.is_single:
        return _value_of(template.formulas[0], scope)
    return "".join(part if isinstance(part, str) else _text_of(part, scope) for part in template.parts)


def resolve(tree: Any, scope: Scope, *, lazy: Collection[str] = ()) -> Any:
    """Return a copy of a JSON tree with every expression in it evaluated.

    A leaf is text with `@`, or `{"value": "@...", "type": "Expression"}`. Top-level keys in `lazy` stay as they are.

    Raises:
        ExpressionError: an expression cannot be parsed or evaluated.

    Example:
        >>> resolve({"a": {"value": "@add(1,2)", "type": "Expression"}, "b": ["@@x"]}, Scope())
        {'a': 3, 'b': ['@x']}
    """
    if isinstance(tree, Mapping):
        if is_wrapped(tree):
            return evaluate(tree["value"], scope)
        return {key: value if key in lazy else resolve(value, scope) for key, value in tree.items()}
    if isinstance(tree, list):
        return [resolve(value, scope) for value in tree]
    return evaluate(tree, scope)


def is_wrapped(tree: Any) -> bool:
    """Say whether `tree` is `{"value": ..., "type": "Expression"}`."""
    return isinstance(tree, Mapping) and tree.get("type") == "Expression" and "value" in tree


def _value_of(formula: Formula, scope: Scope) -> Any:
    return _Evaluation(formula.source, scope).value(formula.node)


def _text_of(formula: Formula, scope: Scope) -> str:
    value = _value_of(formula, scope)
    try:
        return to_text(value)
    except Fault as fault:
        message = f"{fault}, in {formula.source!r}."
        raise ExpressionError(message) from fault


class _Evaluation:
    def __init__(self, source: str, scope: Scope) -> None:
        self._source = source
        self._scope = scope

    def value(self, node: Node) -> Any:
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, Access):
            return self._access(node)
        try:
            return self._call(node)
        except Fault as fault:
            message = f"{node.name}(): {fault}"
            raise self._located(message, node) from fault

    def _located(self, message: str, node: Node) -> ExpressionError:
        return ExpressionError(f"{message}, at position {node.position} of {self._source!r}.")

    def _call(self, node: Call) -> Any:
        name = node.name.lower()
        if name == IF:
            check_count(name, len(node.arguments))
            test, if_true, if_false = node.arguments
            return self.value(if_true if as_boolean(self.value(test)) else if_false)
        if name in CONTEXT_FUNCTIONS:
            check_count(name, len(node.arguments))
            return self._look(name, [self.value(argument) for argument in node.arguments])
        function = find_function(node.name, len(node.arguments))
        values = [self.value(argument) for argument in node.arguments]
        return function.apply(self._scope, *values) if function.needs_scope else function.apply(*values)

    def _look(self, name: str, values: list[Any]) -> Any:
        if name == "pipeline":
            return self._scope.pipeline
        if name == "item":
            if self._scope.item is NO_ITEM:
                raise Fault("there is no item here. Hint: it exists inside ForEach and Filter only")
            return self._scope.item
        if name == "variables":
            return _named("variable", as_text(values[0]), self._scope.variables, "declare it in the pipeline")
        hint = "it must have run before; add it to dependsOn"
        return _named("finished activity", as_text(values[0]), self._scope.activities, hint)

    def _access(self, node: Access) -> Any:
        target, key = self.value(node.target), self.value(node.key)
        try:
            return _member(target, key)
        except Fault as fault:
            if node.is_null_safe:
                return None
            raise self._located(str(fault), node) from fault


def _named(kind: str, name: str, values: Mapping[str, Any], hint: str) -> Any:
    if name not in values:
        message = f"there is no {kind} {name!r}. Available: {', '.join(sorted(values)) or 'none'}. Hint: {hint}"
        raise Fault(message)
    return values[name]


def _member(target: Any, key: Any) -> Any:
    if isinstance(target, list):
        if isinstance(key, int) and not isinstance(key, bool) and 0 <= key < len(target):
            return target[key]
        message = f"index {key!r} is not within an array of {len(target)}"
        raise Fault(message)
    if not isinstance(target, Mapping):
        message = f"{key!r} cannot be read from {type_name(target)}; '?.' and '?[' give null instead"
        raise Fault(message)
    if not isinstance(key, str):
        message = f"a property is named by text, found {type_name(key)} {key!r}"
        raise Fault(message)
    if key in target:
        return target[key]
    same = [name for name in target if str(name).lower() == key.lower()]
    if len(same) == 1:
        return target[same[0]]
    message = f"property {key!r} does not exist. Available: {', '.join(map(str, target)) or 'none'}"
    raise Fault(message)
