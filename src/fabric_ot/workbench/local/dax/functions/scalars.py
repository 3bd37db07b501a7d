"""Functions from values to a value; IF, SWITCH, COALESCE and DIVIDE evaluate only what they need."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from fabric_ot.errors import DaxError, NotSupportedError
from fabric_ot.workbench.local.dax.context import Context, Scalar, Value
from fabric_ot.workbench.local.dax.functions.signature import Function, column_argument
from fabric_ot.workbench.local.dax.syntax import Call
from fabric_ot.workbench.local.dax.values import compare, to_boolean, to_number

if TYPE_CHECKING:
    from fabric_ot.workbench.local.dax.evaluator import Evaluator


def _divide(evaluator: Evaluator, call: Call, context: Context) -> Value:
    numerator = evaluator.scalar(call.arguments[0], context)
    denominator = evaluator.scalar(call.arguments[1], context)
    if to_number(denominator, "DIVIDE") == 0:
        return evaluator.scalar(call.arguments[2], context) if len(call.arguments) > 2 else None
    return None if numerator is None else to_number(numerator, "DIVIDE") / to_number(denominator, "DIVIDE")


def _if(evaluator: Evaluator, call: Call, context: Context) -> Value:
    if to_boolean(evaluator.scalar(call.arguments[0], context), "IF"):
        return evaluator.scalar(call.arguments[1], context)
    return evaluator.scalar(call.arguments[2], context) if call.arguments[2:] else None


def _switch(evaluator: Evaluator, call: Call, context: Context) -> Value:
    wanted = evaluator.scalar(call.arguments[0], context)
    branches = call.arguments[1:]
    for candidate, result in zip(branches[::2], branches[1::2], strict=False):
        value = evaluator.scalar(candidate, context)
        is_equal = compare("=", wanted, value)
        if is_equal != compare("==", wanted, value):
            message = f"SWITCH between BLANK and {value if wanted is None else wanted!r} is not supported; test ISBLANK"
            raise NotSupportedError(message)
        if is_equal:
            return evaluator.scalar(result, context)
    return evaluator.scalar(branches[-1], context) if len(branches) % 2 else None


def _coalesce(evaluator: Evaluator, call: Call, context: Context) -> Value:
    for argument in call.arguments:
        value = evaluator.scalar(argument, context)
        if value is not None:
            return value
    return None


def _related(evaluator: Evaluator, call: Call, context: Context) -> Value:
    key = column_argument(evaluator, call.arguments[0])
    for row in reversed(context.rows):
        if row.base is not None and key in row.values:
            return row.values[key]
    message = f"RELATED: no row here reaches {key} over relationships to the one side"
    raise DaxError(message)


def _round(number: Scalar, digits: Scalar) -> Scalar:
    """Round half away from zero, on the decimal digits that a reader sees."""
    if number is None:
        return None
    places = int(to_number(digits, "ROUND"))
    exponent = decimal.Decimal(1).scaleb(-places)
    value = decimal.Decimal(repr(to_number(number, "ROUND")))
    return float(value.quantize(exponent, rounding=decimal.ROUND_HALF_UP))


def _int(number: Scalar) -> Scalar:
    return None if number is None else math.floor(to_number(number, "INT"))


def _abs(number: Scalar) -> Scalar:
    return None if number is None else abs(to_number(number, "ABS"))


def _date(year: Scalar, month: Scalar, day: Scalar) -> Scalar:
    parts = [int(to_number(part, "DATE")) for part in (year, month, day)]
    try:
        return dt.datetime(*parts)  # type: ignore[arg-type]
    except ValueError as exc:
        message = f"DATE({parts[0]}, {parts[1]}, {parts[2]}) outside the calendar is not supported"
        raise NotSupportedError(message) from exc


def _date_part(name: str) -> Callable[[Scalar], Scalar]:
    def part(value: Scalar) -> Scalar:
        if value is None:
            return None
        if not isinstance(value, dt.date):
            message = f"{name.upper()} needs a date, found {value!r}"
            raise DaxError(message)
        return int(getattr(value, name))

    return part


def _plain(function: Callable[..., Scalar], count: int) -> Function:
    def handler(evaluator: Evaluator, call: Call, context: Context) -> Value:
        return function(*(evaluator.scalar(argument, context) for argument in call.arguments))

    return Function(handler, count, count)


SCALARS: dict[str, Function] = {
    "DIVIDE": Function(_divide, 2, 3),
    "IF": Function(_if, 2, 3),
    "SWITCH": Function(_switch, 3, None),
    "COALESCE": Function(_coalesce, 2, None),
    "RELATED": Function(_related, 1, 1, takes_column=True),
    "BLANK": _plain(lambda: None, 0),
    "TRUE": _plain(lambda: True, 0),
    "FALSE": _plain(lambda: False, 0),
    "ISBLANK": _plain(lambda value: value is None, 1),
    "AND": _plain(lambda a, b: to_boolean(a, "AND") and to_boolean(b, "AND"), 2),
    "OR": _plain(lambda a, b: to_boolean(a, "OR") or to_boolean(b, "OR"), 2),
    "ROUND": _plain(_round, 2),
    "INT": _plain(_int, 1),
    "ABS": _plain(_abs, 1),
    "DATE": _plain(_date, 3),
    "YEAR": _plain(_date_part("year"), 1),
    "MONTH": _plain(_date_part("month"), 1),
    "DAY": _plain(_date_part("day"), 1),
}
