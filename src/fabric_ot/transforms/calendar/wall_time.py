"""Wall times of files, written by a declared pattern in a declared zone, as UTC instants.

Own parsing by regular expression: on the older runtime `try_to_timestamp` raises, instead of returning null, for
a text that an older Spark would have read differently, and a transform does not change session settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as sf

from fabric_ot.errors import ConfigError

_MONTHS = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
_FIELDS: dict[str, str] = {
    "y": r"\d{4}", "yyyy": r"\d{4}", "yy": r"\d{2}", "M": r"\d{1,2}", "MM": r"\d{2}", "MMM": r"[A-Za-z]{3}",
    "d": r"\d{1,2}", "dd": r"\d{2}", "H": r"\d{1,2}", "HH": r"\d{2}", "h": r"\d{1,2}", "hh": r"\d{2}",
    "m": r"\d{1,2}", "mm": r"\d{2}", "s": r"\d{1,2}", "ss": r"\d{2}", "a": r"[AaPp][Mm]",
    "X": r"Z|[+-]\d{2}", "XXX": r"Z|[+-]\d{2}:\d{2}",
    **{"S" * n: rf"\d{{{n}}}" for n in range(1, 7)},
}  # fmt: skip
_TOKEN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']")


@dataclass(frozen=True)
class TimePattern:
    """A Spark datetime pattern, compiled: a regular expression and the group of each field."""

    expression: str
    groups: dict[str, tuple[int, str]]

    @property
    def is_instant(self) -> bool:
        """Whether the text carries its own offset, so that no zone is needed."""
        return "X" in self.groups


def parse_time_pattern(pattern: str) -> TimePattern:
    """Compile a Spark datetime pattern of years, months, days, hours, minutes, seconds, AM/PM and offset.

    Raises:
        ConfigError: a pattern letter that is not supported, or no date in the pattern.

    Example:
        >>> parse_time_pattern("dd/MM/yyyy HH:mm").groups["M"]
        (2, 'MM')
    """
    expression, groups = "", dict[str, tuple[int, str]]()
    for match in _TOKEN.finditer(pattern):
        token = match[0]
        if match[1] is None:
            literal = token[1:-1].replace("''", "'") or "'" if token.startswith("'") else token
            expression += re.escape(literal)
        elif token not in _FIELDS or token[0] in groups:
            problem = f"{pattern!r}: {token!r} is not supported; known: {', '.join(_FIELDS)}, each letter once"
            raise ConfigError("timestamp_format", [problem])
        else:
            groups[token[0]] = (len(groups) + 1, token)
            expression += f"({_FIELDS[token]})"
    if not {"y", "M", "d"} <= set(groups):
        raise ConfigError("timestamp_format", [f"{pattern!r} has no complete date (y, M, d)"])
    if ("h" in groups) != ("a" in groups):
        raise ConfigError("timestamp_format", [f"{pattern!r} needs both or neither of h (1-12) and a (AM/PM)"])
    return TimePattern(f"^{expression}$", groups)


def wall_time_to_utc(text: Column, pattern: TimePattern, *, zone: str, end_of_day_is_midnight: bool = False) -> Column:
    """Return the UTC instant of a wall time; null where the text does not fit or names no such day or hour.

    Choices: a wall time that a zone skips moves forward by the gap, of two that it repeats the first is meant.
    `end_of_day_is_midnight` moves 00:00 to the end of the date it carries. The session's zone must be UTC.
    """
    local = sf.try_to_timestamp(_iso(text, pattern))
    if end_of_day_is_midnight:
        is_midnight = sf.date_format(local, "HH:mm:ss") == "00:00:00"
        local = sf.when(is_midnight, sf.timestamp_seconds(sf.unix_seconds(local) + 86_400)).otherwise(local)
    return local if pattern.is_instant or zone == "UTC" else sf.to_utc_timestamp(local, zone)


def _iso(text: Column, pattern: TimePattern) -> Column:
    parts = [
        _year(text, pattern), sf.lit("-"), _month(text, pattern), sf.lit("-"), _field(text, pattern, "d"),
        sf.lit(" "), _hour(text, pattern), sf.lit(":"), _field(text, pattern, "m"), sf.lit(":"),
        _field(text, pattern, "s"), sf.lit("."), _field(text, pattern, "S"), _field(text, pattern, "X", default=""),
    ]  # fmt: skip
    return sf.when(text.rlike(pattern.expression), sf.concat(*parts))


def _field(text: Column, pattern: TimePattern, letter: str, *, default: str = "0") -> Column:
    if letter not in pattern.groups:
        return sf.lit(default)
    return sf.regexp_extract(text, pattern.expression, pattern.groups[letter][0])


def _year(text: Column, pattern: TimePattern) -> Column:
    year = _field(text, pattern, "y")
    return sf.concat(sf.lit("20"), year) if pattern.groups["y"][1] == "yy" else year


def _month(text: Column, pattern: TimePattern) -> Column:
    month = _field(text, pattern, "M")
    if pattern.groups["M"][1] != "MMM":
        return month
    place = sf.position(sf.upper(month), sf.lit(_MONTHS))
    number = sf.floor((place + 2) / 3).cast("string")
    return sf.when(place % 3 == 1, number)


def _hour(text: Column, pattern: TimePattern) -> Column:
    if "a" not in pattern.groups:
        return _field(text, pattern, "H")
    hour = sf.when(text.rlike(pattern.expression), _field(text, pattern, "h").cast("int")) % 12
    after_noon = sf.upper(_field(text, pattern, "a")) == "PM"
    return (hour + sf.when(after_noon, 12).otherwise(0)).cast("string")
