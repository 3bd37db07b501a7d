"""Values as a reader sees them, by the model's format strings."""

from __future__ import annotations

import datetime as dt
import re

_NUMBER = re.compile(r"(?P<group>#,#*)?0?(?P<point>\.(?P<digits>0+))?(?P<percent>\s*%)?")
_DATE_PARTS = {"yyyy": "%Y", "mm": "%m", "dd": "%d"}


def format_value(value: object, format_string: str = "") -> str:
    """Return `value` as text; BLANK is empty, a format string that is not known shows the plain value.

    Example:
        >>> format_value(0.7479365, "0.0 %"), format_value(19271, "#,0"), format_value(None)
        ('74.8 %', '19,271', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.date):
        return _format_date(value, format_string)
    if isinstance(value, int | float):
        return _format_number(value, format_string)
    return str(value)


def _format_date(value: dt.date, format_string: str) -> str:
    parts = re.split(r"(yyyy|mm|dd)", format_string.lower())
    if format_string and not any(part.isalpha() and part not in _DATE_PARTS for part in parts):
        return value.strftime("".join(_DATE_PARTS.get(part, part.replace("%", "%%")) for part in parts))
    has_time = isinstance(value, dt.datetime) and value.time() != dt.time()
    return value.strftime("%Y-%m-%d %H:%M:%S" if has_time else "%Y-%m-%d")


def _format_number(value: float, format_string: str) -> str:
    match = _NUMBER.fullmatch(format_string)
    if not format_string or match is None:
        return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
    digits = len(match["digits"] or "")
    scaled = value * 100 if match["percent"] else value
    text = format(scaled, f"{',' if match['group'] else ''}.{digits}f")
    return text + (match["percent"] or "")
