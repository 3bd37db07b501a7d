"""Points in time as the engine has them: 100 ns ticks since year 1 and how the zone was given."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

from fabric_ot.workbench.local.expressions.values import Fault, as_text

TICKS_PER_SECOND = 10_000_000
UTC_KIND, OFFSET_KIND, LOCAL_KIND = "Z", "+00:00", ""
"""How a zone is printed: a UTC time, one that came with an offset, one without a zone."""

_EPOCH = dt.datetime(1, 1, 1)
_LAYOUTS = (
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y",
)
_PIECES = re.compile(r"(?P<body>.*?\d|.*?[AP]M)(?:\.(?P<fraction>\d{1,7}))?\s*(?P<zone>Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True)
class Moment:
    """A wall time in ticks; `kind` is one of the three zone kinds."""

    ticks: int
    kind: str

    @classmethod
    def of(cls, wall: dt.datetime, *, kind: str, rest: int = 0) -> Moment:
        """Build a moment from a wall time and the ticks below a microsecond."""
        delta = wall.replace(tzinfo=None) - _EPOCH
        return cls(((delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds) * 10 + rest, kind)

    @property
    def wall(self) -> dt.datetime:
        """The wall time, cut to microseconds."""
        return _EPOCH + dt.timedelta(microseconds=self.ticks // 10)

    @property
    def rest(self) -> int:
        """The ticks below a microsecond."""
        return self.ticks % 10

    def or_utc(self) -> Moment:
        """Return the same wall time, read as UTC if no zone was given."""
        return self if self.kind else replace(self, kind=UTC_KIND)

    def plus(self, ticks: int) -> Moment:
        """Return the moment `ticks` later; leaving the years 1 to 9999 is a fault."""
        return checked(Moment(self.ticks + ticks, self.kind))


def checked(moment: Moment) -> Moment:
    """Return `moment` if it lies in the years 1 to 9999."""
    try:
        _ = moment.wall
    except OverflowError as exc:
        raise Fault("the result lies outside the years 1 to 9999") from exc
    return moment


def parse_moment(text: object) -> Moment:
    """Read a date and time; an offset is converted to UTC.

    Example:
        >>> parse_moment("2018-03-15T13:27:36+02:00").wall.isoformat()
        '2018-03-15T11:27:36'
    """
    pieces = _PIECES.fullmatch(as_text(text).strip())
    wall = _wall_time(pieces["body"]) if pieces else None
    if pieces is None or wall is None:
        message = f"{text!r} is not a date. Hint: ISO 8601, for example 2026-03-01T06:00:00Z"
        raise Fault(message)
    fraction = (pieces["fraction"] or "").ljust(7, "0")
    moment = Moment.of(wall, kind=LOCAL_KIND).plus(int(fraction))
    zone = pieces["zone"]
    if zone is None:
        return moment
    if zone == "Z":
        return replace(moment, kind=UTC_KIND)
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    seconds = minutes * 60 * (-1 if zone[0] == "+" else 1)
    return replace(moment.plus(seconds * TICKS_PER_SECOND), kind=OFFSET_KIND)


def _wall_time(body: str) -> dt.datetime | None:
    for layout in _LAYOUTS:
        try:
            return dt.datetime.strptime(body, layout)
        except ValueError:
            continue
    return None


def add_months(moment: Moment, months: int) -> Moment:
    """Return the moment `months` later; the day is clamped to the end of the month."""
    wall = moment.wall
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise Fault("the result lies outside the years 1 to 9999")
    following = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) if year < 9999 or month < 11 else None
    last = (following - dt.timedelta(days=1)).day if following else 31
    return Moment.of(
        wall.replace(year=year, month=month + 1, day=min(wall.day, last)), kind=moment.kind, rest=moment.rest
    )
