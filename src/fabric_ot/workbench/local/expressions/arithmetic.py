"""The 9 math functions: 64-bit integers that truncate toward zero, floats that stay floats."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from fabric_ot.workbench.local.expressions.scope import Scope
from fabric_ot.workbench.local.expressions.signature import Function
from fabric_ot.workbench.local.expressions.values import Fault, as_integer, as_number, in_range


def _binary(operation: Callable[[Any, Any], int | float]) -> Callable[[Any, Any], int | float]:
    def apply(left: Any, right: Any) -> int | float:
        return in_range(operation(as_number(left), as_number(right)))

    return apply


def _divided(left: int | float, right: int | float) -> int | float:
    if right == 0:
        message = f"division of {left} by zero"
        raise Fault(message)
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


def _remainder(left: int | float, right: int | float) -> int | float:
    if right == 0:
        message = f"remainder of {left} by zero"
        raise Fault(message)
    if isinstance(left, int) and isinstance(right, int):
        return left - int(_divided(left, right)) * right
    return math.fmod(left, right)


def _extreme(choose: Callable[[list[int | float]], int | float]) -> Callable[..., int | float]:
    def apply(*values: Any) -> int | float:
        candidates = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
        numbers = [as_number(value) for value in candidates]
        if not numbers:
            raise Fault("the array is empty")
        return choose([float(n) for n in numbers] if any(isinstance(n, float) for n in numbers) else numbers)

    return apply


def _rand(scope: Scope, low: Any, high: Any) -> int:
    if as_integer(low) >= as_integer(high):
        message = f"the upper bound {high} is excluded, so it must be greater than {low}"
        raise Fault(message)
    return scope.dice().randrange(low, high)


def _range(start: Any, count: Any) -> list[int]:
    if as_integer(count) < 0:
        message = f"the count must not be negative, found {count}"
        raise Fault(message)
    return list(range(as_integer(start), start + count))


FUNCTIONS: tuple[Function, ...] = (
    Function("add", _binary(lambda left, right: left + right), 2, 2),
    Function("div", _binary(_divided), 2, 2),
    Function("max", _extreme(max), 1, None),
    Function("min", _extreme(min), 1, None),
    Function("mod", _binary(_remainder), 2, 2),
    Function("mul", _binary(lambda left, right: left * right), 2, 2),
    Function("rand", _rand, 2, 2, needs_scope=True),
    Function("range", _range, 2, 2),
    Function("sub", _binary(lambda left, right: left - right), 2, 2),
)
