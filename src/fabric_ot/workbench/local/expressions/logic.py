"""The logical functions. Only `if` leaves an argument unevaluated, so it is known to the evaluator, not here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fabric_ot.workbench.local.expressions.signature import Function
from fabric_ot.workbench.local.expressions.values import Fault, as_boolean, as_number, equal, type_name


def _compared(test: Callable[[int], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        if isinstance(left, str) != isinstance(right, str):
            message = f"cannot compare {type_name(left)} with {type_name(right)}"
            raise Fault(message)
        if not isinstance(left, str):
            left, right = as_number(left), as_number(right)
        return test((left > right) - (left < right))

    return compare


def _truths(values: tuple[Any, ...]) -> list[bool]:
    # Every argument is evaluated and checked: nothing says that the engine stops at the first answer.
    return [as_boolean(value) for value in values]


FUNCTIONS: tuple[Function, ...] = (
    Function("and", lambda *values: all(_truths(values)), 1, None),
    Function("equals", equal, 2, 2),
    Function("greater", _compared(lambda order: order > 0), 2, 2),
    Function("greaterOrEquals", _compared(lambda order: order >= 0), 2, 2),
    Function("less", _compared(lambda order: order < 0), 2, 2),
    Function("lessOrEquals", _compared(lambda order: order <= 0), 2, 2),
    Function("not", lambda value: not as_boolean(value), 1, 1),
    Function("or", lambda *values: any(_truths(values)), 1, None),
)
