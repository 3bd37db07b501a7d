"""Errors with the server's numbers, and the engine's own errors told in the server's words."""

from __future__ import annotations

import re

from fabric_ot.errors import SqlError

RAISED = "fabric_ot_error:"
"""Begins the text of an error that translated SQL raises itself; a number, a colon and the message follow."""

DIVIDE_BY_ZERO = (8134, "Divide by zero error encountered.")
ARITHMETIC_OVERFLOW = (8115, "Arithmetic overflow error converting expression to the target data type.")
DATE_CONVERSION = (241, "Conversion failed when converting date and/or time from character string.")
TRUNCATED = 8152
NULL_REFUSED = 515

_RAISED = re.compile(re.escape(RAISED) + r"(\d+):(.*)", re.DOTALL)
_NOT_NULL = re.compile(r"NOT NULL constraint failed: (\S+)\.(\S+)")
_CHECK = re.compile(r'CHECK constraint failed on table "?(.+?)"? with expression CHECK\(+(\w+)\("?([^")]+)"?\)')


class TsqlError(SqlError):
    """One T-SQL error: `number`, `severity` and `state` as the server tells them, and where it happened."""

    def __init__(self, number: int, text: str, *, severity: int = 16, state: int = 1, hint: str = "") -> None:
        """Keep the parts; `place` fills in procedure and line once they are known."""
        super().__init__(text)
        self.number = number
        self.text = text
        self.severity = severity
        self.state = state
        self.hint = hint
        self.procedure: str | None = None
        self.line: int | None = None
        self.statement = ""
        self.notes: list[str] = []

    def place(self, *, procedure: str | None, line: int, statement: str) -> TsqlError:
        """Say where the error happened, unless an inner statement has said so."""
        if self.line is None:
            self.procedure, self.line, self.statement = procedure, line, statement
        return self

    def __str__(self) -> str:
        """Procedure and line, number and text, the statement, what to do."""
        where = f"{self.procedure or 'batch'}, line {self.line}: " if self.line is not None else ""
        lines = [f"{where}error {self.number}: {self.text}"]
        if self.statement:
            lines.append(f"Statement: {_shortened(self.statement)}")
        if self.hint:
            lines.append(f"Hint: {self.hint}")
        return "\n".join([*lines, *self.notes])


def _shortened(statement: str, limit: int = 160) -> str:
    text = " ".join(statement.split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def raising(number: int, text: str) -> str:
    """Return the engine expression that fails with this error when it is evaluated.

    Example:
        >>> raising(8134, "it's zero")
        "error('fabric_ot_error:8134:it''s zero')"
    """
    quoted = f"{RAISED}{number}:{text}".replace("'", "''")
    return f"error('{quoted}')"


def from_engine(error: Exception) -> TsqlError:
    """Tell an engine's error in the server's words; what has no known number gets 50000 and the engine's text."""
    text = str(error)
    raised = _RAISED.search(text)
    if raised:
        return TsqlError(int(raised[1]), raised[2].strip())
    first = text.splitlines()[0] if text else type(error).__name__
    name = type(error).__name__
    if "Division by zero" in text:
        return TsqlError(*DIVIDE_BY_ZERO, hint="guard the divisor: NULLIF(x, 0).")
    if name == "ConstraintException":
        return _from_constraint(first)
    if name == "ConversionException" and ("date" in first or "timestamp" in first):
        return TsqlError(*DATE_CONVERSION, hint=first)
    if name == "OutOfRangeException" or "out of range" in text or "Failed to cast decimal" in text:
        return TsqlError(*ARITHMETIC_OVERFLOW, hint=first)
    if name == "ConversionException":
        return TsqlError(245, f"Conversion failed: {first.partition(': ')[2]}")
    return TsqlError(50000, first)


def _from_constraint(text: str) -> TsqlError:
    null = _NOT_NULL.search(text)
    if null:
        message = f"Cannot insert the value NULL into column '{null[2]}', table '{null[1]}'; the column takes no nulls."
        return TsqlError(NULL_REFUSED, message)
    check = _CHECK.search(text)
    if check and check[2] == "strlen":
        message = f"String or binary data would be truncated in table '{check[1]}', column '{check[3]}'."
        return TsqlError(TRUNCATED, message, hint="widen the column or cut the value with LEFT.")
    if check and check[2] == "isfinite":
        return TsqlError(*ARITHMETIC_OVERFLOW, hint=f"column '{check[3]}' of '{check[1]}' would hold no finite number.")
    return TsqlError(547, text)
