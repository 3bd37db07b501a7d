"""Operators: integer division, division by zero, `+` on strings, and what does not mix without a CAST."""

from __future__ import annotations

from sqlglot import exp

from fabric_ot.workbench.local.warehouse.sql_errors import DIVIDE_BY_ZERO, TsqlError, raising
from fabric_ot.workbench.local.warehouse.sql_types import SqlType, as_decimal, common_type, decimal_type, text_type
from fabric_ot.workbench.local.warehouse.translate.conversions import convert
from fabric_ot.workbench.local.warehouse.translate.expressions import translates, value
from fabric_ot.workbench.local.warehouse.translate.scope import Scope, Typed, refused

_SYMBOLS = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}


@translates(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, parts=("this", "expression", "typed", "safe"))
def _operation(node: exp.Expr, scope: Scope) -> Typed:
    symbol = _SYMBOLS[type(node)]  # type: ignore[index]
    return operation(symbol, value(node.this, scope), value(node.args["expression"], scope))


def operation(symbol: str, left: Typed, right: Typed) -> Typed:
    """Return `left symbol right` with the server's types and errors.

    Raises:
        TsqlError: the types have no such operator (402).
        NotSupportedError: string with number, or decimal division, where the server's digits differ.
    """
    if symbol == "+" and "text" in (left.type.family, right.type.family):
        return _joined(left, right)
    for side in (left, right):
        if not side.type.is_number and side.type.family != "null":
            hint = "use DATEADD or DATEDIFF." if side.type.is_instant else "CAST it to a number."
            raise TsqlError(402, f"Operator {symbol} does not take {left.type} and {right.type}.", hint=hint)
    type_ = common_type(left.type, right.type)
    if type_ is None or type_.family == "null":
        return Typed("NULL", left.type)
    if symbol == "/":
        return _quotient(left, right, type_)
    if symbol == "%" and type_.family != "integer":
        raise refused(what=f"% on {type_}", hint="CAST both sides to int or bigint.")
    if type_.family == "decimal":
        return _decimal(symbol, left, right)
    left, right = convert(left, type_), convert(right, type_)
    return Typed(f"({left.sql} {symbol} {right.sql})", type_)


def _joined(left: Typed, right: Typed) -> Typed:
    for side in (left, right):
        if side.type.family not in ("text", "null"):
            raise refused(what=f"+ on varchar and {side.type}", hint="write CONCAT, or CAST one side.")
    lengths = [side.type.length for side in (left, right) if side.type.family == "text"]
    known = [length for length in lengths if length is not None]
    type_ = text_type(sum(known) if len(known) == len(lengths) else None)
    return Typed(f"({convert(left, text_type(None)).sql} || {convert(right, text_type(None)).sql})", type_)


def _quotient(left: Typed, right: Typed, type_: SqlType) -> Typed:
    if type_.family == "decimal":
        raise refused("/ on decimal", "the server keeps a limited scale; CAST one side to float.")
    left, right = convert(left, type_), convert(right, type_)
    if type_.family == "integer":
        return Typed(f"({left.sql} // {right.sql})", type_)
    zero = raising(*DIVIDE_BY_ZERO)
    return Typed(f"CASE WHEN {right.sql} = 0 THEN {zero} ELSE {left.sql} / {right.sql} END", type_)


def _decimal(symbol: str, left: Typed, right: Typed) -> Typed:
    one, other = as_decimal_value(left), as_decimal_value(right)
    if symbol == "*":
        precision, scale = one.type.precision + other.type.precision + 1, one.type.scale + other.type.scale
    else:
        scale = max(one.type.scale, other.type.scale)
        whole = max(one.type.precision - one.type.scale, other.type.precision - other.type.scale)
        precision = whole + scale + 1
    type_ = decimal_type(precision, scale)
    return Typed(f"CAST(({one.sql} {symbol} {other.sql}) AS {type_.engine})", type_)


def as_decimal_value(side: Typed) -> Typed:
    """Return an integer as the decimal that holds it; decimals stay."""
    return side if side.type.family == "null" else convert(side, as_decimal(side.type))


@translates(exp.Neg)
def _negative(node: exp.Expr, scope: Scope) -> Typed:
    inner = value(node.this, scope)
    if not inner.type.is_number:
        raise TsqlError(402, f"Operator - does not take {inner.type}.")
    return Typed(f"(-{inner.sql})", inner.type)
