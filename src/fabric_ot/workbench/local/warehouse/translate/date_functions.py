"""Dates: parts as SET DATEFIRST 7 counts them, differences by borders crossed, the clock from outside."""

from __future__ import annotations

from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import BIGINT, DATE, DATETIME2, INT, text_type
from fabric_ot.workbench.local.warehouse.sql_values import literal, rounded_to_datetime
from fabric_ot.workbench.local.warehouse.translate.conversions import convert
from fabric_ot.workbench.local.warehouse.translate.functions import Call, scalar
from fabric_ot.workbench.local.warehouse.translate.scope import Typed, refused

_SPELLINGS = {
    "year": "yy yyyy",
    "quarter": "qq q",
    "month": "mm m",
    "dayofyear": "dy y",
    "day": "dd d",
    "week": "wk ww",
    "weekday": "dw w",
    "hour": "hh",
    "minute": "mi n",
    "second": "ss s",
    "millisecond": "ms",
    "microsecond": "mcs",
    "iso_week": "isowk isoww",
}
_PARTS = {name: part for part, names in _SPELLINGS.items() for name in (part, *names.split())}
_READ = {
    "year": "year({})",
    "quarter": "quarter({})",
    "month": "month({})",
    "dayofyear": "dayofyear({})",
    "day": "day({})",
    "week": "((dayofyear({0}) + dayofweek(date_trunc('year', {0})) - 1) // 7 + 1)",
    "weekday": "(dayofweek({}) + 1)",
    "hour": "hour({})",
    "minute": "minute({})",
    "second": "second({})",
    "millisecond": "(millisecond({}) % 1000)",
    "microsecond": "(microsecond({}) % 1000000)",
    "iso_week": "weekofyear({})",
}
_INTERVALS = {
    "year": "to_months({} * 12)",
    "quarter": "to_months({} * 3)",
    "month": "to_months({})",
    "day": "to_days({})",
    "dayofyear": "to_days({})",
    "weekday": "to_days({})",
    "week": "to_days({} * 7)",
    "hour": "to_hours({})",
    "minute": "to_minutes({})",
    "second": "to_seconds({})",
    "millisecond": "to_milliseconds({})",
    "microsecond": "to_microseconds({})",
}
_BELOW_DAY = ("hour", "minute", "second", "millisecond", "microsecond")
_FIRST_SUNDAY = "TIMESTAMP '0001-01-07 00:00:00'"


def date_part(call: Call, index: int = 0) -> str:
    """Return the date part that an argument names; TsqlError 155 for an unknown one."""
    word = call.word(index)
    if word in ("nanosecond", "ns", "tzoffset", "tz"):
        raise refused(what=f"{call.name} with {word}", hint="instants are UTC with microseconds.")
    if word not in _PARTS:
        raise TsqlError(155, f"'{word}' is not a recognized {call.name.lower()} option.")
    return _PARTS[word]


def _instant(call: Call, index: int) -> str:
    return convert(call.value(index), DATETIME2).sql


@scalar("DATEPART")
def _datepart(call: Call) -> Typed:
    call.takes(2)
    return _part(call, date_part(call), 1)


def _part(call: Call, part: str, index: int) -> Typed:
    return Typed(f"CAST({_READ[part].format(_instant(call, index))} AS INTEGER)", INT)


@scalar("YEAR", "MONTH", "DAY")
def _named_part(call: Call) -> Typed:
    call.takes(1)
    return _part(call, call.name.lower(), 0)


@scalar("DATENAME")
def _datename(call: Call) -> Typed:
    call.takes(2)
    part = date_part(call)
    if part in ("month", "weekday"):
        function = "monthname" if part == "month" else "dayname"
        return Typed(f"{function}({_instant(call, 1)})", text_type(30))
    return Typed(f"CAST({_part(call, part, 1).sql} AS VARCHAR)", text_type(30))


@scalar("DATEADD")
def _dateadd(call: Call) -> Typed:
    call.takes(3)
    part, source = date_part(call), call.value(2)
    if part not in _INTERVALS:
        raise TsqlError(155, f"'{part}' is not a recognized dateadd option.")
    if source.type.family == "date" and part in _BELOW_DAY:
        message = f"The datepart {part} is not supported by date function dateadd for data type date."
        raise TsqlError(9810, message, hint="CAST to datetime2 first.")
    interval = _INTERVALS[part].format(call.number(1, BIGINT if part in _BELOW_DAY else INT))
    type_ = DATE if source.type.family == "date" else DATETIME2
    return Typed(f"CAST(({convert(source, DATETIME2).sql} + {interval}) AS {type_.engine})", type_)


@scalar("DATEDIFF", "DATEDIFF_BIG")
def _datediff(call: Call) -> Typed:
    call.takes(3)
    part, start, end = date_part(call), _instant(call, 1), _instant(call, 2)
    if part in ("weekday", "dayofyear"):
        part = "day"
    if part == "iso_week":
        raise refused("DATEDIFF with iso_week", "use week, or days // 7.")
    type_ = INT if call.name == "DATEDIFF" else BIGINT
    sql = f"date_diff('{part}', {start}, {end})"
    if part == "week":
        # The server counts Sundays; the engine would count Mondays.
        weeks = "(date_diff('day', {}, {}) // 7)"
        sql = f"{weeks.format(_FIRST_SUNDAY, end)} - {weeks.format(_FIRST_SUNDAY, start)}"
    return Typed(f"CAST({sql} AS {type_.engine})", type_)


@scalar("DATETRUNC")
def _datetrunc(call: Call) -> Typed:
    call.takes(2)
    part, source = date_part(call), call.value(1)
    if part in ("weekday", "week", "iso_week"):
        raise refused(what=f"DATETRUNC with {part}", hint="use DATEADD(day, ...) from a known weekday.")
    part = "day" if part == "dayofyear" else part
    type_ = DATE if source.type.family == "date" else DATETIME2
    return Typed(f"CAST(date_trunc('{part}', {convert(source, DATETIME2).sql}) AS {type_.engine})", type_)


@scalar("EOMONTH")
def _eomonth(call: Call) -> Typed:
    call.takes(1, 2)
    sql = _instant(call, 0)
    if len(call.arguments) == 2:
        sql = f"({sql} + to_months({call.number(1, INT)}))"
    return Typed(f"last_day({sql})", DATE)


@scalar("DATEFROMPARTS")
def _datefromparts(call: Call) -> Typed:
    call.takes(3)
    return Typed(f"make_date({', '.join(call.number(i, INT) for i in range(3))})", DATE)


@scalar("SYSUTCDATETIME", "SYSDATETIME")
def _precise_now(call: Call) -> Typed:
    call.takes(0)
    return Typed(literal(call.scope.context.now, DATETIME2), DATETIME2)


@scalar("GETUTCDATE", "GETDATE")
def _now(call: Call) -> Typed:
    call.takes(0)
    return Typed(literal(rounded_to_datetime(call.scope.context.now), DATETIME2), DATETIME2)
