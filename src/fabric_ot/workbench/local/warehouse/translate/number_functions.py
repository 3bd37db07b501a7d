"""Numeric functions: LOG is natural, POWER keeps its first argument's type, an impossible result is an error."""

from __future__ import annotations

from sqlglot import exp

from fabric_ot.workbench.local.warehouse.sql_errors import raising
from fabric_ot.workbench.local.warehouse.sql_types import FLOAT
from fabric_ot.workbench.local.warehouse.translate.conversions import convert
from fabric_ot.workbench.local.warehouse.translate.functions import Call, scalar
from fabric_ot.workbench.local.warehouse.translate.scope import Typed, refused

_INVALID = raising(3623, "An invalid floating point operation occurred.")


def _number(call: Call, index: int = 0) -> Typed:
    source = call.value(index)
    if source.type.family == "null":
        return convert(source, FLOAT)
    if not source.type.is_number:
        raise refused(what=f"{call.name} of {source.type}", hint="CAST it to a number.")
    return source


@scalar("ABS")
def _abs(call: Call) -> Typed:
    call.takes(1)
    source = _number(call)
    return Typed(f"abs({source.sql})", source.type)


@scalar("SIGN")
def _sign(call: Call) -> Typed:
    call.takes(1)
    source = _number(call)
    return Typed(f"CAST(sign({source.sql}) AS {source.type.engine})", source.type)


@scalar("FLOOR", "CEILING")
def _whole(call: Call) -> Typed:
    call.takes(1)
    source = _number(call)
    if source.type.family == "integer":
        return source
    function = "floor" if call.name == "FLOOR" else "ceil"
    return Typed(f"CAST({function}({source.sql}) AS {source.type.engine})", source.type)


@scalar("ROUND")
def _round(call: Call) -> Typed:
    call.takes(2)
    source, digits = _number(call), call.arguments[1]
    places = digits.this if isinstance(digits, exp.Neg) else digits
    if not isinstance(places, exp.Literal):
        raise refused("ROUND to a computed number of digits", "give a literal.")
    sign = -1 if isinstance(digits, exp.Neg) else 1
    return Typed(f"CAST(round({source.sql}, {sign * int(places.name)}) AS {source.type.engine})", source.type)


@scalar("SQRT")
def _sqrt(call: Call) -> Typed:
    call.takes(1)
    sql = convert(_number(call), FLOAT).sql
    return Typed(f"CASE WHEN {sql} < 0 THEN {_INVALID} ELSE sqrt({sql}) END", FLOAT)


@scalar("LOG", "LOG10")
def _log(call: Call) -> Typed:
    call.takes(1, 2 if call.name == "LOG" else 1)
    sql = convert(_number(call), FLOAT).sql
    result = f"{'ln' if call.name == 'LOG' else 'log10'}({sql})"
    if len(call.arguments) == 2:
        result = f"{result} / ln({call.number(1, FLOAT)})"
    return Typed(f"CASE WHEN {sql} <= 0 THEN {_INVALID} ELSE {result} END", FLOAT)


@scalar("EXP")
def _exp(call: Call) -> Typed:
    call.takes(1)
    return Typed(f"exp({convert(_number(call), FLOAT).sql})", FLOAT)


@scalar("SQUARE")
def _square(call: Call) -> Typed:
    call.takes(1)
    return Typed(f"pow({convert(_number(call), FLOAT).sql}, 2)", FLOAT)


@scalar("PI")
def _pi(call: Call) -> Typed:
    call.takes(0)
    return Typed("pi()", FLOAT)


@scalar("POWER")
def _power(call: Call) -> Typed:
    call.takes(2)
    base = _number(call)
    if base.type.family == "decimal":
        raise refused("POWER of decimal", "CAST the base to float.")
    result = Typed(f"pow({convert(base, FLOAT).sql}, {call.number(1, FLOAT)})", FLOAT)
    return convert(result, base.type)
