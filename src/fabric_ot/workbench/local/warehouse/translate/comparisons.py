"""Comparisons: blanks at the end of a string do not count, LIKE has character classes, types mix as on the server."""

from __future__ import annotations

import re
from typing import cast

from sqlglot import exp

from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError, raising
from fabric_ot.workbench.local.warehouse.sql_types import SqlType, common_type, text_type
from fabric_ot.workbench.local.warehouse.sql_values import quoted_text
from fabric_ot.workbench.local.warehouse.translate.conversions import convert
from fabric_ot.workbench.local.warehouse.translate.expressions import decides, value
from fabric_ot.workbench.local.warehouse.translate.scope import Scope, Typed, only, refused

_SYMBOLS = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}


def comparable_type(left: SqlType, right: SqlType) -> SqlType:
    """Return the type in which two values are compared.

    Raises:
        NotSupportedError: text with a number, where the server would convert every row.
        TsqlError: types that the server does not compare (206).
    """
    for one, other in ((left, right), (right, left)):
        if one.family == "text" and other.is_instant:
            return other
    type_ = common_type(left, right)
    if type_ is not None:
        return type_
    if "text" in (left.family, right.family):
        raise refused(what=f"comparing {left} with {right}", hint="CAST one side.")
    raise TsqlError(206, f"Operand type clash: {left} is incompatible with {right}.")


def comparand(side: Typed, type_: SqlType) -> str:
    """Return one side as `type_`, a string without the blanks at its end."""
    if type_.family != "text":
        return convert(side, type_).sql
    if side.text is not None:
        return quoted_text(side.text.rstrip(" "))
    return f"rtrim({convert(side, text_type(None)).sql}, ' ')"


@decides(*_SYMBOLS)
def _comparison(node: exp.Expr, scope: Scope) -> str:
    left, right = value(node.this, scope), value(node.args["expression"], scope)
    type_ = comparable_type(left.type, right.type)
    return f"({comparand(left, type_)} {_SYMBOLS[type(node)]} {comparand(right, type_)})"  # type: ignore[index]


@decides(exp.Is)
def _is(node: exp.Expr, scope: Scope) -> str:
    if not isinstance(node.args["expression"], exp.Null):
        raise refused(what=f"IS {node.args['expression'].sql('tsql')}", hint="T-SQL has IS NULL and IS NOT NULL only.")
    return f"({value(node.this, scope).sql} IS NULL)"


@decides(exp.Between, parts=("this", "low", "high"))
def _between(node: exp.Expr, scope: Scope) -> str:
    side, parts = value(node.this, scope), []
    for key, symbol in (("low", ">="), ("high", "<=")):
        border = value(node.args[key], scope)
        type_ = comparable_type(side.type, border.type)
        parts.append(f"{comparand(side, type_)} {symbol} {comparand(border, type_)}")
    return f"({parts[0]} AND {parts[1]})"


@decides(exp.In, parts=("this", "expressions", "query"))
def _in(node: exp.Expr, scope: Scope) -> str:
    side = value(node.this, scope)
    query = node.args.get("query")
    if query is not None:
        return _in_query(side, cast("exp.Subquery", query), scope)
    options = [value(option, scope) for option in node.expressions]
    type_ = side.type
    for option in options:
        type_ = comparable_type(type_, option.type)
    return f"({comparand(side, type_)} IN ({', '.join(comparand(option, type_) for option in options)}))"


def _in_query(side: Typed, query: exp.Subquery, scope: Scope) -> str:
    from fabric_ot.workbench.local.warehouse.translate.queries import compile_query  # the two call each other

    compiled = compile_query(query.this, scope.inner())
    if len(compiled.columns) != 1:
        raise TsqlError(116, "Only one expression can stand in the select list of IN (SELECT ...).")
    option = Typed('"option"."value"', compiled.columns[0].type)
    type_ = comparable_type(side.type, option.type)
    inner = f'SELECT {comparand(option, type_)} FROM ({compiled.sql}) AS "option"("value")'
    return f"({comparand(side, type_)} IN ({inner}))"


@decides(exp.Exists)
def _exists(node: exp.Expr, scope: Scope) -> str:
    from fabric_ot.workbench.local.warehouse.translate.queries import compile_query  # the two call each other

    query = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    return f"EXISTS ({compile_query(query, scope.inner()).sql})"


@decides(exp.Like)
def _like(node: exp.Expr, scope: Scope) -> str:
    return _matches(node, scope, "")


@decides(exp.Escape)
def _escape(node: exp.Expr, scope: Scope) -> str:
    mark = node.args["expression"]
    if not isinstance(node.this, exp.Like) or not mark.is_string or len(mark.name) != 1:
        raise refused("ESCAPE other than one character", "write LIKE '...' ESCAPE '!'.")
    only(node.this, "this", "expression", "negate")
    sql = _matches(node.this, scope, mark.name)
    return f"(NOT {sql})" if node.this.args.get("negate") else sql


def _matches(node: exp.Expr, scope: Scope, escape: str) -> str:
    side, pattern = value(node.this, scope), value(node.args["expression"], scope)
    if side.type.family not in ("text", "null") or pattern.type.family not in ("text", "null"):
        raise refused(what=f"LIKE on {side.type} and {pattern.type}", hint="CAST to varchar first.")
    text = convert(side, text_type(None)).sql
    if pattern.text is not None:
        return f"regexp_full_match({text}, {quoted_text(like_pattern(pattern.text, escape))}, 's')"
    if escape:
        raise refused("ESCAPE with a pattern from a column", "use a literal or a variable.")
    wrong = raising(50000, "LIKE with a character class from a column is not supported locally.")
    sql = convert(pattern, text_type(None)).sql
    return f"CASE WHEN contains({sql}, '[') THEN {wrong} ELSE {text} LIKE {sql} END"


def like_pattern(pattern: str, escape: str = "") -> str:
    """Return a regular expression that matches what a LIKE pattern matches.

    Example:
        >>> like_pattern("[AB]_%"), like_pattern("[^0-9]"), like_pattern("50!%", "!")
        ('[AB]..*', '[^0-9]', '50%')
    """
    found, index = "", 0
    while index < len(pattern):
        sign = pattern[index]
        close = pattern.find("]", index + 2) if sign == "[" else -1
        if escape and sign == escape and index + 1 < len(pattern):
            index += 1
            found += re.escape(pattern[index])
        elif close > 0:
            found += _character_class(pattern[index + 1 : close])
            index = close
        elif sign == "[":
            return "(?:[^\\s\\S])"  # a class that never closes matches nothing
        else:
            found += {"%": ".*", "_": "."}.get(sign, re.escape(sign))
        index += 1
    return found


def _character_class(inner: str) -> str:
    negated = inner.startswith("^")
    body = re.sub(r"([\\\[\]^&~|])", r"\\\1", inner[1:] if negated else inner)
    return f"[{'^' if negated else ''}{body}]"
