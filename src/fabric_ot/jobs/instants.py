"""The clock of a run, as pipelines hand it to notebooks."""

from __future__ import annotations

import datetime as dt

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def from_epoch_us(micros: int) -> dt.datetime:
    """Return the instant so many microseconds after 1970, in UTC and exact.

    Example:
        >>> from_epoch_us(1_500_000).isoformat()
        '1970-01-01T00:00:01.500000+00:00'
    """
    return _EPOCH + dt.timedelta(microseconds=micros)


def whole_minute(moment: dt.datetime) -> dt.datetime:
    """Return the minute that `moment` lies in, by its start.

    Example:
        >>> whole_minute(from_epoch_us(119_999_999)).isoformat()
        '1970-01-01T00:01:00+00:00'
    """
    return moment.replace(second=0, microsecond=0)


def parse_instant(text: str) -> dt.datetime:
    """Read an ISO instant with its zone and return it in UTC.

    Raises:
        ValueError: it is no ISO instant, or has no zone.

    Example:
        >>> parse_instant("2026-03-02T00:00:00.0000000Z").isoformat()
        '2026-03-02T00:00:00+00:00'
    """
    instant = dt.datetime.fromisoformat(text)
    if instant.tzinfo is None:
        message = f"{text!r} has no time zone. Hint: end it with Z."
        raise ValueError(message)
    return instant.astimezone(dt.UTC)


def parse_date(text: str) -> dt.date | None:
    """Read an ISO date; an empty text is None.

    Raises:
        ValueError: it is no ISO date.

    Example:
        >>> parse_date("2026-03-02"), parse_date("")
        (datetime.date(2026, 3, 2), None)
    """
    return dt.date.fromisoformat(text) if text else None
