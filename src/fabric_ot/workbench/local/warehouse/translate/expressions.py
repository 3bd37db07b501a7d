"""Expressions and conditions: the dispatch from syntax nodes to their translation."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import cast

from sqlglot import exp

from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import FLOAT, INT, NULL, SqlType, decimal_type, text_type
from fabric_ot.workbench.local.warehouse.sql_values import literal, quoted_text
from fabric_ot.workbench.local.warehouse.translate.scope import Scope, Typed, only, refused

Translate = Callable[[exp.Expr, Scope], Typed]
Test = Callable[[exp.Expr, Scope], str]

VALUES: dict[type[exp.Expr], tuple[Translate, tuple[str, ...]]] = {}
"""Value nodes by type, with the parts that their translation reads; the modules of this package register theirs."""

CONDITIONS: dict[type[exp.Expr], tuple[Test, tuple[str, ...]]] = {}
"""Condition nodes by type, likewise; that a node is negated is handled here for all of them."""

_OPERANDS = ("this", "expression")


def translates(*kinds: type[exp.Expr], parts: tuple[str, ...] = _OPERANDS) -> Callable[[Translate], Translate]:
    """Register a translation of value nodes; a node with any part but `parts` is refused."""

    def register(function: Translate) -> Translate:
        VALUES.update(dict.fromkeys(kinds, (function, parts)))
        return function

    return register


def decides(*kinds: type[exp.Expr], parts: tuple[str, ...] = _OPERANDS) -> Callable[[Test], Test]:
    """Register a translation of condition nodes; a node with any part but `parts` is refused."""

    def register(function: Test) -> Test:
        CONDITIONS.update(dict.fromkeys(kinds, (function, parts)))
        return function

    return register


def value(node: exp.Expr, scope: Scope) -> Typed:
    """Translate a scalar expression.

    Raises:
        TsqlError: what the server would refuse.
        NotSupportedError: what is refused here, by name.
    """
    found = VALUES.get(type(node))
    if found is not None:
        handler, parts = found
        only(node, *parts)
        return handler(node, scope)
    if type(node) in CONDITIONS:
        hint = "write CASE WHEN ... THEN 1 ELSE 0 END."
        raise TsqlError(102, "A condition stands where a value is expected.", hint=hint)
    raise refused(what=f"{type(node).__name__} ({node.sql('tsql')[:60]})")


def condition(node: exp.Expr, scope: Scope) -> str:
    """Translate a condition, as WHERE, ON, HAVING, IF and CASE WHEN take it."""
    found = CONDITIONS.get(type(node))
    if found is not None:
        handler, parts = found
        only(node, *parts, "negate")
        sql = handler(node, scope)
        return f"(NOT {sql})" if node.args.get("negate") else sql
    if type(node) in VALUES:
        near = node.sql("tsql")[:60]
        message = f"An expression of non-boolean type stands where a condition is expected, near '{near}'."
        raise TsqlError(4145, message, hint="compare it: ... = 1.")
    raise refused(what=f"{type(node).__name__} ({node.sql('tsql')[:60]})")


@translates(exp.Literal, parts=("this", "is_string"))
def _literal(node: exp.Expr, _scope: Scope) -> Typed:
    if node.args.get("is_string"):
        return text_literal(str(node.this))
    return number_literal(str(node.this))


@translates(exp.National)
def _national(node: exp.Expr, _scope: Scope) -> Typed:
    return text_literal(str(node.this))


def text_literal(text: str) -> Typed:
    """Return a string literal."""
    return Typed(quoted_text(text), text_type(max(len(text.encode()), 1)), text)


def number_literal(text: str) -> Typed:
    """Return a number literal with the server's type: int, decimal (also beyond int), or float with an exponent."""
    if "e" in text.lower():
        return Typed(literal(float(text), FLOAT), FLOAT)
    if text.isdigit() and int(text) < 2**31:
        return Typed(literal(int(text), INT), INT)
    number = Decimal(text)
    exponent = -int(number.as_tuple().exponent)
    digits = max(len(number.as_tuple().digits), exponent, 1)
    type_ = decimal_type(digits, max(exponent, 0))
    return Typed(literal(number, type_), type_)


@translates(exp.Null)
def _null(_node: exp.Expr, _scope: Scope) -> Typed:
    return Typed("NULL", NULL)


@translates(exp.Column, parts=("this", "table"))
def _column(node: exp.Expr, scope: Scope) -> Typed:
    column = cast("exp.Column", node)
    if column.name.upper() == "CURRENT_TIMESTAMP" and not column.table and not column.this.quoted:
        return value(exp.Anonymous(this="GETDATE"), scope)
    return scope.column(column.name, column.table or None)


@translates(exp.Parameter)
def _variable(node: exp.Expr, scope: Scope) -> Typed:
    held, type_ = scope.context.variable(variable_name(node))
    return bound(held, type_)


def variable_name(node: exp.Expr) -> str:
    """Return `@x` or `@@x` in lower case."""
    if isinstance(node.this, exp.Parameter):
        return "@" + variable_name(node.this)
    return "@" + node.name.lower()


def bound(held: object, type_: SqlType) -> Typed:
    """Return a value of the session as a typed literal."""
    return Typed(literal(held, type_), type_, held if isinstance(held, str) else None)


@translates(exp.Paren)
def _paren(node: exp.Expr, scope: Scope) -> Typed:
    inner = value(node.this, scope)
    return Typed(f"({inner.sql})", inner.type, inner.text)


@decides(exp.Paren)
def _paren_test(node: exp.Expr, scope: Scope) -> str:
    return f"({condition(node.this, scope)})"


@decides(exp.And, exp.Or)
def _both(node: exp.Expr, scope: Scope) -> str:
    operator = "AND" if isinstance(node, exp.And) else "OR"
    left, right = condition(node.this, scope), condition(node.args["expression"], scope)
    return f"({left} {operator} {right})"


@decides(exp.Not)
def _not(node: exp.Expr, scope: Scope) -> str:
    return f"(NOT {condition(node.this, scope)})"


@translates(exp.Collate)
def _collate(node: exp.Expr, scope: Scope) -> Typed:
    name = node.args["expression"].name
    if name not in ("Latin1_General_100_BIN2_UTF8", "DATABASE_DEFAULT"):
        raise refused(
            what=f"COLLATE {name}", hint="the local Warehouse compares bytes, as Latin1_General_100_BIN2_UTF8 does."
        )
    return value(node.this, scope)
