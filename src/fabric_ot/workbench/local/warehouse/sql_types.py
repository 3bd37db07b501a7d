"""The T-SQL types that the local Warehouse knows, how they rank, and what the engine calls them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from fabric_ot.errors import NotSupportedError

Family = Literal["null", "bit", "integer", "decimal", "float", "text", "date", "timestamp"]

MAX_TEXT = 8000
_TYPE = re.compile(r"(\w+)(?:\(([^)]*)\))?")
_INTEGERS = {"smallint": ("SMALLINT", 1), "int": ("INTEGER", 2), "bigint": ("BIGINT", 3)}
_ALIASES = {"integer": "int", "numeric": "decimal", "dec": "decimal", "nvarchar": "varchar", "sysname": "varchar"}
KNOWN = "bit, smallint, int, bigint, decimal(p,s), float, date, datetime2(n), varchar(n)"


@dataclass(frozen=True)
class SqlType:
    """One T-SQL type. `length` None is varchar(max); `scale` is that of decimal, or of datetime2's seconds."""

    family: Family
    name: str
    length: int | None = None
    precision: int = 0
    scale: int = 0

    @property
    def engine(self) -> str:
        """The engine's type that holds exactly these values."""
        if self.family == "integer":
            return _INTEGERS[self.name][0]
        if self.family == "decimal":
            return f"DECIMAL({self.precision},{self.scale})"
        return {"bit": "BOOLEAN", "float": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMP"}.get(
            self.family, "VARCHAR" if self.family == "text" else "INTEGER"
        )

    @property
    def is_number(self) -> bool:
        """Whether arithmetic takes it (bit counts as a number in comparisons and conversions only)."""
        return self.family in ("integer", "decimal", "float")

    @property
    def is_instant(self) -> bool:
        """Whether it is a date or a datetime2."""
        return self.family in ("date", "timestamp")

    def __str__(self) -> str:
        """The type as T-SQL writes it."""
        if self.family == "text":
            return f"varchar({self.length or 'max'})"
        if self.family == "decimal":
            return f"decimal({self.precision},{self.scale})"
        return f"datetime2({self.scale})" if self.family == "timestamp" else self.name


NULL = SqlType("null", "null")
BIT = SqlType("bit", "bit")
SMALLINT = SqlType("integer", "smallint")
INT = SqlType("integer", "int")
BIGINT = SqlType("integer", "bigint")
FLOAT = SqlType("float", "float")
DATE = SqlType("date", "date")
DATETIME2 = SqlType("timestamp", "datetime2", scale=6)


def text_type(length: int | None) -> SqlType:
    """Return varchar of `length` bytes, at most 8000; None is max."""
    return SqlType("text", "varchar", length=None if length is None else min(length, MAX_TEXT))


def decimal_type(precision: int, scale: int) -> SqlType:
    """Return decimal(precision, scale).

    Raises:
        NotSupportedError: more than 38 digits, where the server would round and the engine cannot.
    """
    if not 1 <= precision <= 38 or not 0 <= scale <= precision:
        message = (
            f"decimal({precision},{scale}) has more than 38 digits. Hint: CAST an operand to fewer digits or float."
        )
        raise NotSupportedError(message)
    return SqlType("decimal", "decimal", precision=precision, scale=scale)


def parse_type(text: str) -> SqlType:
    """Read a type as T-SQL writes it.

    Raises:
        NotSupportedError: the type is not one of `KNOWN`.

    Example:
        >>> str(parse_type("VARCHAR(50)")), parse_type("bit").engine
        ('varchar(50)', 'BOOLEAN')
    """
    match = _TYPE.fullmatch(text.strip().lower())
    name = _ALIASES.get(match[1], match[1]) if match else ""
    arguments = [a.strip() for a in match[2].split(",")] if match and match[2] else []
    if name in _INTEGERS and not arguments:
        return SqlType("integer", name)
    if name in ("bit", "date") and not arguments:
        return BIT if name == "bit" else DATE
    if name == "float" and arguments in ([], ["53"]):
        return FLOAT
    if name == "decimal":
        digits = [int(a) for a in arguments] or [18]
        return decimal_type(digits[0], digits[1] if len(digits) > 1 else 0)
    if name == "datetime2":
        return SqlType("timestamp", "datetime2", scale=min(int(arguments[0]) if arguments else 6, 6))
    if name == "varchar":
        default = "128" if text.strip().lower() == "sysname" else "1"
        length = (arguments or [default])[0]
        return text_type(None if length == "max" else int(length))
    message = f"type {text.strip()!r} is not supported by the local Warehouse. Supported: {KNOWN}."
    raise NotSupportedError(message)


def column_type(text: str) -> SqlType:
    """Read the type of a table's column: as `parse_type`, without what Fabric refuses in tables."""
    name = text.strip().lower().partition("(")[0]
    if name in ("nvarchar", "sysname"):
        message = f"a Warehouse column cannot be {text}. Hint: varchar holds UTF-8."
        raise NotSupportedError(message)
    type_ = parse_type(text)
    if type_.family == "timestamp" and "(6)" not in text:
        message = f"column type {text} is not supported by the local Warehouse. Hint: write datetime2(6)."
        raise NotSupportedError(message)
    return type_


def common_type(left: SqlType, right: SqlType) -> SqlType | None:
    """Return the type that holds both by T-SQL's precedence; None where they do not mix without a CAST."""
    if left.family == "null" or right.family == "null":
        return right if left.family == "null" else left
    if left.family == right.family:
        return _wider(left, right)
    if left.is_instant and right.is_instant:
        return left if left.family == "timestamp" else right
    ranks = {"bit": 0, "integer": 1, "decimal": 2, "float": 3}
    if left.family not in ranks or right.family not in ranks:
        return None
    low, high = sorted((left, right), key=lambda t: ranks[t.family])
    if high.family == "decimal":
        return _wider(high, as_decimal(low))
    return high


def as_decimal(type_: SqlType) -> SqlType:
    """Return the decimal type that holds every value of a bit, an integer or a decimal."""
    digits = {"bit": 1, "smallint": 5, "int": 10, "bigint": 19}
    return type_ if type_.family == "decimal" else decimal_type(digits[type_.name], 0)


def _wider(left: SqlType, right: SqlType) -> SqlType:
    if left.family == "integer":
        return max(left, right, key=lambda t: _INTEGERS[t.name][1])
    if left.family == "text":
        return text_type(None if left.length is None or right.length is None else max(left.length, right.length))
    if left.family == "decimal":
        scale = max(left.scale, right.scale)
        return decimal_type(max(left.precision - left.scale, right.precision - right.scale) + scale, scale)
    return max(left, right, key=lambda t: t.scale)
