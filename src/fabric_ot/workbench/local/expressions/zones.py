"""Windows time zones: the names that Fabric's expressions use, and wall time to and from UTC."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from zoneinfo import ZoneInfo

from fabric_ot.errors import MissingDependencyError
from fabric_ot.workbench.local.expressions.moments import LOCAL_KIND, UTC_KIND, Moment
from fabric_ot.workbench.local.expressions.values import Fault, as_text


@cache
def _windows_names() -> Mapping[str, str]:
    try:
        from tzlocal.windows_tz import win_tz
    except ImportError as exc:
        raise MissingDependencyError.for_extra("A Windows time zone name in an expression", "local") from exc
    return dict(win_tz)


def find_zone(name: object) -> ZoneInfo:
    """Return the zone of a Windows name; IANA names are refused because Fabric documents Windows names only.

    Example:
        >>> find_zone("W. Europe Standard Time").key
        'Europe/Berlin'
    """
    names = _windows_names()
    if as_text(name) in names:
        return ZoneInfo(names[str(name)])
    same = sorted(windows for windows, iana in names.items() if iana == name)
    hint = f"Hint: write {same[0]!r}" if same else "Hint: Windows names, for example 'W. Europe Standard Time'"
    message = f"{name!r} is not a Windows time zone. {hint}"
    raise Fault(message)


def from_utc(moment: Moment, zone: ZoneInfo) -> Moment:
    """Return the wall time in `zone` at a UTC moment."""
    try:
        local = moment.wall.replace(tzinfo=dt.UTC).astimezone(zone)
    except OverflowError as exc:
        raise Fault("the result lies outside the years 1 to 9999") from exc
    return Moment.of(local, kind=LOCAL_KIND, rest=moment.rest)


def to_utc(moment: Moment, zone: ZoneInfo) -> Moment:
    """Return the UTC moment of a wall time in `zone`.

    A wall time that occurs twice is read as standard time, as .NET does; one that does not occur is a fault.
    """
    if moment.kind != LOCAL_KIND and zone.key not in ("UTC", "Etc/UTC"):
        raise Fault("the time already has a zone (Z or an offset). Hint: pass a wall time without one")
    wall = moment.wall
    try:
        utc = wall.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)
        is_real = utc.astimezone(zone).replace(tzinfo=None) == wall
    except OverflowError as exc:
        raise Fault("the result lies outside the years 1 to 9999") from exc
    if not is_real:
        message = f"{wall.isoformat()} does not occur in {zone.key}: clocks are put forward over it"
        raise Fault(message)
    return Moment.of(utc, kind=UTC_KIND, rest=moment.rest)
