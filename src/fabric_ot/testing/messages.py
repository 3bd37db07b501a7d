"""Rows of `plant.message` for tests: name what matters, the rest is filled in."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fabric_ot.contracts.bronze import MESSAGE

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
NOON_MS = 1_772_452_800_000
_NEVER_NULL = {
    "route": "event_hubs", "source_partition": "0", "source_offset": 0, "topic": "", "ingested_time_utc": NOON,
    "source_file": "test", "ingest_batch_id": "batch_1",
}  # fmt: skip


def message(topic: str, payload: bytes | None, **columns: Any) -> tuple[Any, ...]:
    """Return one row of `plant.message` in the contract's order, that arrived at `NOON` unless told otherwise.

    Example:
        >>> message("a/b", b"{}", source_offset=7)[:5]
        ('event_hubs', '0', 7, 'a/b', bytearray(b'{}'))

    Raises:
        KeyError: a column that the contract does not have.
    """
    unknown = sorted(set(columns) - set(MESSAGE.column_names))
    if unknown:
        raise KeyError(", ".join(unknown))
    data = None if payload is None else bytearray(payload)
    row = {**_NEVER_NULL, "broker_time_utc": NOON, "is_retained": False, "topic": topic, "payload": data, **columns}
    return tuple(row.get(name) for name in MESSAGE.column_names)
