"""Dates to text by .NET format strings, in the invariant culture."""

from __future__ import annotations

import re
from collections.abc import Callable

from fabric_ot.workbench.local.expressions.moments import Moment
from fabric_ot.workbench.local.expressions.values import Fault, as_text

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_ROUND_TRIP = "yyyy-MM-ddTHH:mm:ss.fffffffK"
_LONG_DATE = "dddd, dd MMMM yyyy"
_RFC_1123 = "ddd, dd MMM yyyy HH:mm:ss 'GMT'"
_STANDARD = {
    "d": "MM/dd/yyyy",
    "D": _LONG_DATE,
    "f": f"{_LONG_DATE} HH:mm",
    "F": f"{_LONG_DATE} HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": _ROUND_TRIP,
    "O": _ROUND_TRIP,
    "r": _RFC_1123,
    "R": _RFC_1123,
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "U": f"{_LONG_DATE} HH:mm:ss",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}
_PIECE = re.compile(r"'[^']*'|\"[^\"]*\"|\\.|\.F+|y+|M+|d+|H+|h+|m+|s+|f+|F+|t+|K|z+|g+|%|['\"\\]", re.DOTALL)


def format_moment(moment: Moment, pattern: object = None) -> str:
    """Print `moment` by a standard letter or a custom pattern; none means 7 decimals and the zone.

    Example:
        >>> format_moment(Moment(0, "Z")), format_moment(Moment(0, "Z"), "D")
        ('0001-01-01T00:00:00.0000000Z', 'Monday, 01 January 0001')
    """
    layout = _ROUND_TRIP if pattern is None else as_text(pattern)
    if len(layout) == 1:
        if layout not in _STANDARD:
            message = f"unknown date format {layout!r}. Available letters: {' '.join(_STANDARD)}"
            raise Fault(message)
        layout = _STANDARD[layout]
    if not layout:
        raise Fault("the date format is empty. Hint: leave the argument out")
    return _PIECE.sub(lambda piece: _print(moment, piece.group()), layout)


def _print(moment: Moment, piece: str) -> str:
    if piece in ("'", '"', "\\"):
        message = f"the date format has an unfinished {piece}"
        raise Fault(message)
    if piece[0] in "'\"":
        return piece[1:-1]
    if piece[0] == "\\":
        return piece[1:]
    if piece == "%":
        return ""
    return _PRINTERS[piece[0]](moment, len(piece))


def _two(value: int, width: int) -> str:
    return f"{value:0{min(width, 2)}}"


def _year(moment: Moment, width: int) -> str:
    year = moment.wall.year
    return f"{year % 100:0{width}}" if width <= 2 else f"{year:0{width}}"


def _named(number: int, name: str, width: int) -> str:
    if width <= 2:
        return _two(number, width)
    return name[:3] if width == 3 else name


def _fraction(moment: Moment, width: int) -> str:
    if width > 7:
        raise Fault("the date format asks for more than 7 decimals")
    return f"{moment.ticks % 10_000_000:07}"[:width]


def _optional_fraction(moment: Moment, width: int) -> str:
    digits = _fraction(moment, width - 1).rstrip("0")
    return f".{digits}" if digits else ""


def _zone(_: Moment, width: int) -> str:
    # Every moment is UTC or has no zone; the engine's machines run on UTC.
    return {1: "+0", 2: "+00"}.get(width, "+00:00")


_PRINTERS: dict[str, Callable[[Moment, int], str]] = {
    "y": _year,
    "M": lambda m, width: _named(m.wall.month, _MONTHS[m.wall.month - 1], width),
    "d": lambda m, width: _named(m.wall.day, _DAYS[m.wall.weekday()], width),
    "H": lambda m, width: _two(m.wall.hour, width),
    "h": lambda m, width: _two(m.wall.hour % 12 or 12, width),
    "m": lambda m, width: _two(m.wall.minute, width),
    "s": lambda m, width: _two(m.wall.second, width),
    "f": _fraction,
    "F": lambda m, width: _fraction(m, width).rstrip("0"),
    ".": _optional_fraction,
    "t": lambda m, width: ("PM" if m.wall.hour >= 12 else "AM")[: min(width, 2)],
    "K": lambda m, _: m.kind,
    "z": _zone,
    "g": lambda _m, _w: "A.D.",
}
