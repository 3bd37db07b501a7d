"""The clock of a run, as pipelines hand it to notebooks."""

from __future__ import annotations

import datetime as dt


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
