"""Writes messages as Azure Event Hubs Capture does: Avro with Azure's schema, path and locale timestamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import fastavro

from fabric_ot.contracts.places import EVENT_HUBS_FOLDER
from fabric_ot.workbench.simulate.message import Message
from fabric_ot.workbench.simulate.truth import FileTruth

CAPTURE_SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "EventData",
    "namespace": "Microsoft.ServiceBus.Messaging",
    "fields": [
        {"name": "SequenceNumber", "type": "long"},
        {"name": "Offset", "type": "string"},
        {"name": "EnqueuedTimeUtc", "type": "string"},
        {"name": "SystemProperties", "type": {"type": "map", "values": ["long", "double", "string", "bytes"]}},
        {"name": "Properties", "type": {"type": "map", "values": ["long", "double", "string", "bytes", "null"]}},
        {"name": "Body", "type": ["null", "bytes"]},
    ],
}
NAMESPACE, HUB, PARTITIONS = "acme-ns", "plant-events", 2
OVERLAP = 20
"""Events of one window that Capture writes again at the head of the next file: the same sequence numbers."""
_HOUR_MS = 3_600_000
_PARSED_SCHEMA = fastavro.parse_schema(CAPTURE_SCHEMA)


@dataclass(frozen=True, slots=True)
class _Event:
    enqueued_ms: int
    sequence: int
    message: Message


def write_capture(out: Path, messages: Sequence[Message], rng: Random) -> list[FileTruth]:
    """Write one file per hour and partition; windows without events get a file with a header only."""
    files = []
    first = min(m.broker_ms for m in messages) // _HOUR_MS - 1
    for partition in range(PARTITIONS):
        events = _enqueue([m for m in messages if crc32(m.partition_key.encode()) % PARTITIONS == partition], rng)
        windows: dict[int, list[_Event]] = {}
        for event in events:
            windows.setdefault(event.enqueued_ms // _HOUR_MS, []).append(event)
        for hour in range(first, max(windows, default=first) + 1):
            rows = windows.get(hour, [])
            if partition == 0 and hour == first + 3:
                rows = windows.get(hour - 1, [])[-OVERLAP:] + rows
            path = capture_path(partition, hour * _HOUR_MS)
            _write(out / path, rows, rng)
            files.append(FileTruth(path, "event_hubs", len(rows), "landed" if rows else "empty"))
    return files


def write_bad_capture(out: Path, messages: Sequence[Message], rng: Random, *, at_ms: int) -> list[FileTruth]:
    """Write a file that was cut off; none of its rows may land."""
    path = capture_path(PARTITIONS - 1, at_ms)
    _write(out / path, [_Event(m.broker_ms + 50, 9_000_000 + n, m) for n, m in enumerate(messages)], rng)
    whole = (out / path).read_bytes()
    (out / path).write_bytes(whole[: len(whole) * 6 // 10])
    return [FileTruth(path, "event_hubs", 0, "refused")]


def capture_path(partition: int, at_ms: int) -> str:
    """Return the path of a capture window, as Azure's default name format says.

    Example:
        >>> capture_path(1, 0)
        'event_hubs/acme-ns/plant-events/1/1970/01/01/00/00/00.avro'
    """
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{EVENT_HUBS_FOLDER}/{NAMESPACE}/{HUB}/{partition}/{moment:%Y/%m/%d/%H/%M/%S}.avro"


def locale_time(at_ms: int) -> str:
    """Return an instant as Capture writes it: `M/d/yyyy h:mm:ss tt`, whole seconds, UTC.

    Example:
        >>> locale_time(0), locale_time(46_800_000)
        ('1/1/1970 12:00:00 AM', '1/1/1970 1:00:00 PM')
    """
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    half = "AM" if moment.hour < 12 else "PM"
    clock = f"{moment.hour % 12 or 12}:{moment.minute:02}:{moment.second:02} {half}"
    return f"{moment.month}/{moment.day}/{moment.year} {clock}"


def _enqueue(messages: Sequence[Message], rng: Random) -> list[_Event]:
    timed = sorted(((m.broker_ms + rng.randint(10, 200), n) for n, m in enumerate(messages)))
    return [_Event(at_ms, sequence, messages[n]) for sequence, (at_ms, n) in enumerate(timed, start=1000)]


def _write(path: Path, events: Sequence[_Event], rng: Random) -> None:
    buffer = BytesIO()
    # the sync marker would be random otherwise
    fastavro.writer(buffer, _PARSED_SCHEMA, map(_record, events), codec="null", sync_marker=rng.randbytes(16))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def _record(event: _Event) -> dict[str, Any]:
    message, offset = event.message, str(event.sequence * 512)
    return {
        "SequenceNumber": event.sequence,
        "Offset": offset,
        "EnqueuedTimeUtc": locale_time(event.enqueued_ms),
        "SystemProperties": {
            "x-opt-sequence-number": ("long", event.sequence),
            "x-opt-offset": ("string", offset),
            "x-opt-enqueued-time": ("long", event.enqueued_ms),
            "x-opt-partition-key": ("string", message.partition_key),
        },
        "Properties": {
            "mqtt-topic": ("string", message.topic),
            "mqtt-qos": ("long", message.qos),
            "mqtt-retain": ("long", int(message.is_retained)),
            "broker-time-ms": ("long", message.broker_ms),
        },
        "Body": message.payload,
    }
