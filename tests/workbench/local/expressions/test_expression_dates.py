"""Dates: .NET formats in the invariant culture, month ends, seven decimals, Windows zones."""

from __future__ import annotations

import pytest

from fabric_ot.errors import ExpressionError
from fabric_ot.workbench.local.expressions import Scope, evaluate

WHEN = "2018-03-05T03:07:06.1204560Z"

ANSWERS = {
    "@addDays('2018-03-15T13:00:00Z', 10)": "2018-03-25T13:00:00.0000000Z",
    "@addHours('2018-03-15T00:00:00Z', -10)": "2018-03-14T14:00:00.0000000Z",
    "@addMinutes('2018-03-15', 10)": "2018-03-15T00:10:00.0000000Z",
    "@addSeconds('2018-12-31T23:59:59.9999999Z', 1)": "2019-01-01T00:00:00.9999999Z",
    "@addToTime('2018-01-31T00:00:00Z', 1, 'Month', 'D')": "Wednesday, 28 February 2018",
    "@addToTime('2020-02-29T00:00:00Z', 1, 'year', 'yyyy-MM-dd')": "2021-02-28",
    "@addToTime('9998-11-30T00:00:00Z', 13, 'Month', 'yyyy-MM-dd')": "9999-12-30",
    "@subtractFromTime('2018-03-31T00:00:00Z', 1, 'Month', 'yyyy-MM-dd')": "2018-02-28",
    "@subtractFromTime('2018-01-01T00:00:00Z', 2, 'Week', 'd')": "12/18/2017",
    "@startOfDay('2018-03-15T13:30:30Z')": "2018-03-15T00:00:00.0000000Z",
    "@startOfHour('2018-03-15T13:30:30.5Z')": "2018-03-15T13:00:00.0000000Z",
    "@startOfMonth('2018-03-15T13:30:30Z', 'yyyy-MM-dd')": "2018-03-01",
    "@dayOfWeek('2018-03-18')": 0,
    "@dayOfMonth('2018-03-15T13:27:36Z')": 15,
    "@dayOfYear('2016-12-31')": 366,
    "@ticks('0001-01-01T00:00:00.0000001Z')": 1,
    "@ticks('2018-01-01T08:00:00.0000000Z')": 636503904000000000,
    "@formatDateTime('2018-03-15T13:27:36+02:00', 'o')": "2018-03-15T11:27:36.0000000+00:00",
    "@formatDateTime('2018-03-15T13:27:36', 'o')": "2018-03-15T13:27:36.0000000Z",
    "@formatDateTime('03/15/2018 1:05:00 PM', 'HH:mm')": "13:05",
    f"@formatDateTime('{WHEN}', 'dddd, d MMM yy h:m:s tt')": "Monday, 5 Mar 18 3:7:6 AM",
    f"@formatDateTime('{WHEN}', 'yyyyMMddHHmmssfff')": "20180305030706120",
    f"@formatDateTime('{WHEN}', 's.FFFFFFF')": "6.120456",
    "@formatDateTime('2018-03-05T03:07:06Z', 'ss.FFF')": "06",
    f"@formatDateTime('{WHEN}', 'u')": "2018-03-05 03:07:06Z",
    f"@formatDateTime('{WHEN}', 'R')": "Mon, 05 Mar 2018 03:07:06 GMT",
    f"@formatDateTime('{WHEN}', 'Y')": "2018 March",
    f"@formatDateTime('{WHEN}', '''day ''%d')": "day 5",
    f"@formatDateTime('{WHEN}', 'hh\\h zzz')": "03h +00:00",
    "@formatDateTime('0042-01-01', 'yyyy-y')": "0042-42",
    # the night when clocks go back: the wall time occurs twice and is read as standard time
    "@convertToUtc('2026-10-25T02:30:00', 'W. Europe Standard Time', 's')": "2026-10-25T01:30:00",
    "@convertFromUtc('2026-10-25T00:30:00Z', 'W. Europe Standard Time', 's')": "2026-10-25T02:30:00",
    "@convertTimeZone('2026-07-01T06:00:00', 'W. Europe Standard Time', 'Central Standard Time', 's')": (
        "2026-06-30T23:00:00"
    ),
    "@convertFromUtc('2018-01-01T08:00:00.1234567Z', 'UTC')": "2018-01-01T08:00:00.1234567",
}

REFUSALS = {
    "@formatDateTime('yesterday')": "is not a date",
    "@formatDateTime('2018-02-30')": "is not a date",
    "@formatDateTime('2018-01-01T80:00:00Z')": "is not a date",
    "@formatDateTime('20180101')": "is not a date",
    "@formatDateTime('2018-01-01', 'q')": "unknown date format 'q'",
    "@formatDateTime('2018-01-01', '')": "format is empty",
    "@formatDateTime('2018-01-01', 'ffffffff')": "more than 7 decimals",
    "@formatDateTime('2018-01-01', 'yyyy ''x')": "unfinished",
    "@addDays('2018-01-01', 1.5)": "expects an integer",
    "@addDays('9999-12-31', 1)": "years 1 to 9999",
    "@addToTime('9999-12-31', 1, 'Month')": "years 1 to 9999",
    "@addToTime('2018-01-01', 1, 'Days')": "unknown time unit 'Days'. Available: Second, Minute",
    "@convertFromUtc('2018-01-01', 'Europe/Berlin')": "write 'W. Europe Standard Time'",
    "@convertFromUtc('2018-01-01', 'Mars Standard Time')": "not a Windows time zone",
    "@convertToUtc('2026-03-29T02:30:00', 'W. Europe Standard Time')": "does not occur",
    "@convertToUtc('2026-03-29T01:30:00Z', 'W. Europe Standard Time')": "already has a zone",
    "@convertFromUtc('0001-01-01T00:00:00Z', 'Pacific Standard Time')": "years 1 to 9999",
}


@pytest.mark.parametrize(("text", "expected"), ANSWERS.items())
def test_a_date_comes_out_as_dot_net_writes_it(text, expected):
    assert evaluate(text, Scope()) == expected


@pytest.mark.parametrize(("text", "message"), REFUSALS.items())
def test_a_wrong_date_is_refused(text, message):
    with pytest.raises(ExpressionError, match=message):
        evaluate(text, Scope())
