"""Python values as T-SQL values and back: typed literals, never raw text."""

from __future__ import annotations

import datetime as dt
import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fabric_ot.workbench.local.warehouse.sql_errors import ARITHMETIC_OVERFLOW, TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import (
    BIGINT,
    BIT,
    DATE,
    DATETIME2,
    FLOAT,
    INT,
    NULL,
    SqlType,
    decimal_type,
    text_type,
)

_INTEGER_BITS = {"smallint": 15, "int": 31, "bigint": 63}
_TICKS = 300
"""datetime counts in 1/300 s, and GETDATE() returns one."""


def quoted_text(value: str) -> str:
    """Return a string literal of the engine.

    Example:
        >>> quoted_text("it's")
        "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def quoted_name(value: str) -> str:
    """Return a quoted identifier of the engine."""
    return '"' + value.replace('"', '""') + '"'


def literal(value: Any, type_: SqlType) -> str:
    """Return `value` as a literal of exactly the engine's type for `type_`."""
    if value is None:
        return f"CAST(NULL AS {type_.engine})"
    if type_.family == "bit":
        return "TRUE" if value else "FALSE"
    if type_.family == "text":
        return quoted_text(str(value))
    if type_.family == "date":
        return f"DATE '{value.isoformat()}'"
    if type_.family == "timestamp":
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    text = repr(value) if isinstance(value, float) else str(value)
    return f"CAST('{text}' AS {type_.engine})"


def type_of(value: Any) -> SqlType:
    """Return the T-SQL type that a Python value has when nothing declares one."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BIT
    if isinstance(value, int):
        return INT if -(2**31) <= value < 2**31 else BIGINT
    if isinstance(value, float):
        return FLOAT
    if isinstance(value, Decimal):
        digits, exponent = len(value.as_tuple().digits), -int(value.as_tuple().exponent)
        return decimal_type(max(digits, exponent, 1), max(exponent, 0))
    if isinstance(value, dt.datetime):
        return DATETIME2
    if isinstance(value, dt.date):
        return DATE
    if isinstance(value, str):
        return text_type(max(len(value.encode()), 1))
    message = f"A value of type {type(value).__name__} has no T-SQL type."
    raise TsqlError(206, message, hint="pass text, numbers, booleans, dates, instants or None.")


def to_declared(value: Any, type_: SqlType, what: str) -> Any:
    """Return the Python value that a parameter of `type_` holds when it is given `value`.

    Raises:
        TsqlError: the value cannot be converted (8114), as the server says it for a parameter.
    """
    try:
        return None if value is None else _converted(value, type_)
    except (ValueError, ArithmeticError, TypeError) as exc:
        message = f"Error converting {value!r} to {type_} for {what}."
        raise TsqlError(8114, message) from exc


def _converted(value: Any, type_: SqlType) -> Any:
    if type_.family == "integer":
        return _integer(value, type_)
    if type_.family == "bit":
        return value.lower() in ("true", "1") if isinstance(value, str) and _is_bit(value) else bool(int(value))
    if type_.family == "float":
        return _finite(float(value))
    if type_.family == "decimal":
        return Decimal(str(value)).quantize(Decimal(1).scaleb(-type_.scale), rounding=ROUND_HALF_UP)
    if type_.family == "date":
        return _instant(value).date()
    if type_.family == "timestamp":
        return _instant(value)
    text = value if isinstance(value, str) else _plain_text(value)
    return text if type_.length is None else text[: type_.length]


def _is_bit(text: str) -> bool:
    return text.lower() in ("true", "false", "0", "1")


def _integer(value: Any, type_: SqlType) -> int:
    number = int(value)
    if not -(2 ** _INTEGER_BITS[type_.name]) <= number < 2 ** _INTEGER_BITS[type_.name]:
        raise TsqlError(*ARITHMETIC_OVERFLOW)
    return number


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise TsqlError(*ARITHMETIC_OVERFLOW)
    return value


def _plain_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (int, Decimal, dt.date)):
        return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else str(value)
    raise TypeError(type(value).__name__)


def _instant(value: Any) -> dt.datetime:
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value.strip())
    if isinstance(value, dt.datetime):
        return as_utc(value)
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    raise TypeError(type(value).__name__)


def as_utc(value: dt.datetime) -> dt.datetime:
    """Return the instant as datetime2 holds it: UTC without a zone; a naive one is taken as UTC."""
    return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value


def rounded_to_datetime(value: dt.datetime) -> dt.datetime:
    """Round to 1/300 s, as `datetime` does, and tell it in milliseconds.

    Example:
        >>> rounded_to_datetime(dt.datetime(2026, 1, 1, 0, 0, 0, 5000)).microsecond
        7000
    """
    second = value.replace(microsecond=0)
    ticks = (value.microsecond * _TICKS + 500_000) // 1_000_000
    milliseconds = (ticks * 1000 + _TICKS // 2) // _TICKS
    return second + dt.timedelta(milliseconds=milliseconds)


def checked(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a result row as it is, or raise for a number that T-SQL has not (infinity, NaN)."""
    for value in row:
        if isinstance(value, float):
            _finite(value)
    return row
