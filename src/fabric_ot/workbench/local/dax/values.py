"""The algebra of DAX values: BLANK, comparison, arithmetic and text.

Where DAX's answer is not documented, the operation is refused rather than guessed.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import operator
from collections.abc import Callable
from typing import Any

from fabric_ot.errors import DaxError, NotSupportedError
from fabric_ot.workbench.local.dax.context import Scalar

Number = int | float
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
_EPOCH = dt.datetime(1899, 12, 30)


def from_storage(value: object) -> Scalar:
    """Return a value as DAX sees it: decimals are numbers.

    Example:
        >>> from_storage(decimal.Decimal("1.50"))
        1.5
    """
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value  # type: ignore[return-value]


def type_name(value: Scalar) -> str:
    """Return what a message calls the type of `value`."""
    if value is None:
        return "BLANK"
    if isinstance(value, bool):
        return "TRUE/FALSE"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "date"


def to_number(value: Scalar, what: str) -> Number:
    """Return a number for arithmetic; BLANK counts 0, text and dates are refused."""
    if value is None:
        return 0
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    message = f"{what} needs a number, found {type_name(value)} {value!r}"
    raise DaxError(message)


def to_boolean(value: Scalar, what: str) -> bool:
    """Return the truth of a value; BLANK is FALSE, a number is TRUE unless 0.

    Example:
        >>> to_boolean(None, "IF"), to_boolean(2, "IF")
        (False, True)
    """
    if value is None:
        return False
    if isinstance(value, bool | int | float):
        return bool(value)
    message = f"{what} needs TRUE or FALSE, found {type_name(value)} {value!r}"
    raise DaxError(message)


def add(left: Scalar, right: Scalar) -> Scalar:
    """Add; BLANK + BLANK is BLANK, otherwise BLANK counts 0. A date takes a number of days."""
    if left is None and right is None:
        return None
    if isinstance(left, dt.date) or isinstance(right, dt.date):
        return _shift(left, right, 1)
    return to_number(left, "+") + to_number(right, "+")


def subtract(left: Scalar, right: Scalar) -> Scalar:
    """Subtract; BLANK - BLANK is BLANK, otherwise BLANK counts 0. Two dates give days."""
    if left is None and right is None:
        return None
    if isinstance(left, dt.date) and isinstance(right, dt.date):
        return (_as_datetime(left) - _as_datetime(right)) / dt.timedelta(days=1)
    if isinstance(left, dt.date):
        return _shift(left, right, -1)
    return to_number(left, "-") - to_number(right, "-")


def multiply(left: Scalar, right: Scalar) -> Scalar:
    """Multiply; a BLANK factor makes BLANK."""
    if left is None or right is None:
        return None
    return to_number(left, "*") * to_number(right, "*")


def divide(left: Scalar, right: Scalar) -> Scalar:
    """Divide; BLANK / x is BLANK, x / 0 is infinite, 0 / 0 is not a number."""
    if left is None:
        if right is not None and to_number(right, "/") == 0:
            message = "BLANK divided by 0 is not supported; use DIVIDE"
            raise NotSupportedError(message)
        return None
    numerator, denominator = to_number(left, "/"), to_number(right, "/")
    if denominator == 0:
        return math.nan if numerator == 0 else math.copysign(math.inf, numerator)
    return numerator / denominator


def power(left: Scalar, right: Scalar) -> Scalar:
    """Raise; a BLANK base makes BLANK, a BLANK exponent counts 0."""
    if left is None:
        return None
    base, exponent = to_number(left, "^"), to_number(right, "^")
    try:
        result = base**exponent
    except (ZeroDivisionError, OverflowError) as exc:
        message = f"{base} ^ {exponent} has no value"
        raise DaxError(message) from exc
    if isinstance(result, complex):
        message = f"{base} ^ {exponent} has no real value"
        raise DaxError(message)
    return result


def concatenate(left: Scalar, right: Scalar) -> str:
    """Join as text; BLANK is empty."""
    return _to_text(left) + _to_text(right)


def compare(sign: str, left: Scalar, right: Scalar) -> bool:
    """Compare two values; BLANK equals 0, "" and FALSE unless `sign` is `==`; text is compared without case.

    Example:
        >>> compare("=", None, 0), compare("==", None, 0), compare("=", "Ran", "ran")
        (True, False, True)
    """
    if sign == "==":
        return (left is None) == (right is None) and compare("=", left, right)
    if left is None and right is None:
        return sign in ("=", "<=", ">=")
    return _COMPARE[sign](*_comparable(left, right, sign))


def sort_key(value: Scalar) -> tuple[int, object]:
    """Return a key that orders values of one column: BLANK first, text without case."""
    if value is None:
        return (0, 0)
    if isinstance(value, str):
        return (1, (value.lower(), value))
    return (1, _as_datetime(value) if isinstance(value, dt.date) else value)


def _comparable(left: Scalar, right: Scalar, sign: str) -> tuple[object, object]:
    left = _zero_like(right) if left is None else left
    right = _zero_like(left) if right is None else right
    if isinstance(left, str) and isinstance(right, str):
        return left.lower(), right.lower()
    if isinstance(left, dt.date) and isinstance(right, dt.date):
        return _as_datetime(left), _as_datetime(right)
    if type_name(left) == type_name(right) and not isinstance(left, str | dt.date):
        return left, right
    message = f"{sign!r} cannot compare {type_name(left)} {left!r} with {type_name(right)} {right!r}"
    raise DaxError(message)


def _zero_like(value: Scalar) -> Scalar:
    if isinstance(value, str):
        return ""
    if isinstance(value, bool):
        return False
    return _EPOCH if isinstance(value, dt.date) else 0


def _as_datetime(value: dt.date) -> dt.datetime:
    return value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())


def _shift(left: Scalar, right: Scalar, sign: int) -> dt.datetime:
    if isinstance(left, dt.date) and isinstance(right, dt.date):
        message = "two dates cannot be added"
        raise DaxError(message)
    date, days = (left, right) if isinstance(left, dt.date) else (right, left)
    if not isinstance(date, dt.date):
        message = f"a date is needed, found {type_name(date)}"
        raise DaxError(message)
    return _as_datetime(date) + sign * dt.timedelta(days=to_number(days, "a shift of days"))


def _to_text(value: Scalar) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | dt.date):
        message = f"a {type_name(value)} value joined as text is not supported"
        raise NotSupportedError(message)
    text = str(value) if isinstance(value, int) else format(value, ".15g")
    if not math.isfinite(value) or "e" in text:
        message = f"the number {value!r} joined as text is not supported"
        raise NotSupportedError(message)
    return text
