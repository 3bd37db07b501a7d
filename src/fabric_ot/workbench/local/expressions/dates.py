"""The 20 date functions. Without a format the result has 7 decimals and the zone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fabric_ot.workbench.local.expressions.date_format import format_moment
from fabric_ot.workbench.local.expressions.moments import (
    TICKS_PER_SECOND,
    UTC_KIND,
    Moment,
    add_months,
    parse_moment,
)
from fabric_ot.workbench.local.expressions.scope import Scope
from fabric_ot.workbench.local.expressions.signature import Function
from fabric_ot.workbench.local.expressions.values import Fault, as_integer, as_text
from fabric_ot.workbench.local.expressions.zones import find_zone, from_utc, to_utc

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_MONTHS = {"month": 1, "year": 12}


def _shifted(moment: Moment, count: Any, unit: Any) -> Moment:
    name = as_text(unit).lower()
    if name in _MONTHS:
        return add_months(moment, as_integer(count) * _MONTHS[name])
    if name not in _SECONDS:
        units = ", ".join(word.capitalize() for word in (*_SECONDS, *_MONTHS))
        message = f"unknown time unit {unit!r}. Available: {units}"
        raise Fault(message)
    return moment.plus(as_integer(count) * _SECONDS[name] * TICKS_PER_SECOND)


def _add(unit: str) -> Callable[..., str]:
    def apply(when: Any, count: Any, pattern: Any = None) -> str:
        return format_moment(_shifted(parse_moment(when).or_utc(), count, unit), pattern)

    return apply


def _add_to_time(when: Any, count: Any, unit: Any, pattern: Any = None) -> str:
    return format_moment(_shifted(parse_moment(when).or_utc(), count, unit), pattern)


def _subtract_from_time(when: Any, count: Any, unit: Any, pattern: Any = None) -> str:
    return _add_to_time(when, -as_integer(count), unit, pattern)


def _now(scope: Scope) -> Moment:
    return Moment.of(scope.clock(), kind=UTC_KIND)


def _future(scope: Scope, count: Any, unit: Any, pattern: Any = None) -> str:
    return format_moment(_shifted(_now(scope), count, unit), pattern)


def _past(scope: Scope, count: Any, unit: Any, pattern: Any = None) -> str:
    return _future(scope, -as_integer(count), unit, pattern)


def _convert_from_utc(when: Any, zone: Any, pattern: Any = None) -> str:
    return format_moment(from_utc(parse_moment(when), find_zone(zone)), pattern)


def _convert_to_utc(when: Any, zone: Any, pattern: Any = None) -> str:
    return format_moment(to_utc(parse_moment(when), find_zone(zone)), pattern)


def _convert_time_zone(when: Any, source: Any, target: Any, pattern: Any = None) -> str:
    return format_moment(from_utc(to_utc(parse_moment(when), find_zone(source)), find_zone(target)), pattern)


def _start_of(**fields: int) -> Callable[..., str]:
    def apply(when: Any, pattern: Any = None) -> str:
        moment = parse_moment(when).or_utc()
        start = moment.wall.replace(minute=0, second=0, microsecond=0, **fields)  # type: ignore[arg-type]
        return format_moment(Moment.of(start, kind=moment.kind), pattern)

    return apply


FUNCTIONS: tuple[Function, ...] = (
    Function("addDays", _add("day"), 2, 3),
    Function("addHours", _add("hour"), 2, 3),
    Function("addMinutes", _add("minute"), 2, 3),
    Function("addSeconds", _add("second"), 2, 3),
    Function("addToTime", _add_to_time, 3, 4),
    Function("convertFromUtc", _convert_from_utc, 2, 3),
    Function("convertTimeZone", _convert_time_zone, 3, 4),
    Function("convertToUtc", _convert_to_utc, 2, 3),
    Function("dayOfMonth", lambda when: parse_moment(when).wall.day, 1, 1),
    Function("dayOfWeek", lambda when: parse_moment(when).wall.isoweekday() % 7, 1, 1),
    Function("dayOfYear", lambda when: parse_moment(when).wall.timetuple().tm_yday, 1, 1),
    Function("formatDateTime", lambda when, p=None: format_moment(parse_moment(when).or_utc(), p), 1, 2),
    Function("getFutureTime", _future, 2, 3, needs_scope=True),
    Function("getPastTime", _past, 2, 3, needs_scope=True),
    Function("startOfDay", _start_of(hour=0), 1, 2),
    Function("startOfHour", _start_of(), 1, 2),
    Function("startOfMonth", _start_of(hour=0, day=1), 1, 2),
    Function("subtractFromTime", _subtract_from_time, 3, 4),
    Function("ticks", lambda when: parse_moment(when).ticks, 1, 1),
    Function("utcNow", lambda scope, p=None: format_moment(_now(scope), p), 0, 1, needs_scope=True),
)
