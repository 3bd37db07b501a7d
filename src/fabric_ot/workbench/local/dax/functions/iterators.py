"""Iterators: an expression for each row of a table, then one aggregate; BLANK results are left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fabric_ot.errors import DaxError
from fabric_ot.workbench.local.dax.context import Context, Scalar, Value
from fabric_ot.workbench.local.dax.functions.signature import Function
from fabric_ot.workbench.local.dax.syntax import Call
from fabric_ot.workbench.local.dax.values import Number, sort_key, to_number, type_name

if TYPE_CHECKING:
    from fabric_ot.workbench.local.dax.evaluator import Evaluator


def _numbers(results: Sequence[Scalar]) -> list[Number]:
    return [to_number(value, "an iterator's expression") for value in results]


def _sum(results: Sequence[Scalar]) -> Scalar:
    numbers = _numbers(results)
    return math.fsum(numbers) if any(isinstance(number, float) for number in numbers) else sum(numbers)


def _average(results: Sequence[Scalar]) -> Scalar:
    return math.fsum(_numbers(results)) / len(results)


def _least(results: Sequence[Scalar]) -> Scalar:
    return min(_one_type(results), key=sort_key)


def _greatest(results: Sequence[Scalar]) -> Scalar:
    return max(_one_type(results), key=sort_key)


def _one_type(results: Sequence[Scalar]) -> Sequence[Scalar]:
    types = sorted({type_name(value) for value in results})
    if len(types) > 1 or types == ["TRUE/FALSE"]:
        message = f"the least or greatest of {' and '.join(types)} values is not defined"
        raise DaxError(message)
    return results


def _iterator(fold: Callable[[Sequence[Scalar]], Scalar]) -> Function:
    def handler(evaluator: Evaluator, call: Call, context: Context) -> Value:
        rows = evaluator.table(call.arguments[0], context).contexts()
        results = [evaluator.scalar(call.arguments[1], context.with_row(row)) for row in rows]
        filled = [value for value in results if value is not None]
        return fold(filled) if filled else None

    return Function(handler, 2, 2)


ITERATORS: dict[str, Function] = {
    "SUMX": _iterator(_sum),
    "AVERAGEX": _iterator(_average),
    "MINX": _iterator(_least),
    "MAXX": _iterator(_greatest),
    "COUNTX": _iterator(len),
}
