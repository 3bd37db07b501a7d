"""Writes messages as an Eventstream does: a Delta table in the lakehouse, appended by one commit after the other.

The log is written by hand, so that the same seed gives the same bytes.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import pyarrow as pa

from fabric_ot.contracts.eventstream import EventstreamTable
from fabric_ot.workbench.simulate.hivemq_files import write_parquet
from fabric_ot.workbench.simulate.message import Message
from fabric_ot.workbench.simulate.records import Family

EVENTSTREAM = EventstreamTable(
    "plant.eventstream_raw",
    (
        ("topic", "${mqtt-topic}"),
        ("body", "${mqtt-payload-base64}"),
        ("qos", "${mqtt-qos}"),
        ("retain", "${mqtt-retain}"),
        ("received_ms", "${timestamp}"),
    ),
    "sequence_number",
)
BAD_EVENTSTREAM = EventstreamTable("plant.eventstream_unnumbered", EVENTSTREAM.columns, "sequence_number")
"""Its table lacks the sequence number: the whole table is refused."""

PARTITIONS, COMMITS = 2, 6
REPEATED, UNNUMBERED = 25, 10
"""Events that are delivered again with a later commit; events whose sequence number the publisher did not tell."""

_TIME = pa.timestamp("us", tz="UTC")
_SCHEMA = pa.schema(
    [
        ("topic", pa.string()),
        ("body", pa.string()),
        ("qos", pa.int64()),
        ("retain", pa.int64()),
        ("received_ms", pa.int64()),
        ("sequence_number", pa.int64()),
        ("PartitionId", pa.int64()),
        ("EventEnqueuedUtcTime", _TIME),
        ("EventProcessedUtcTime", _TIME),
    ]
)


@dataclass(frozen=True, slots=True)
class _Event:
    enqueued_ms: int
    partition: int
    sequence: int | None
    message: Message


def tables_path(out: Path) -> Path:
    """Return where the tables of landing folder `out` lie, unless told otherwise: beside it.

    Example:
        >>> tables_path(Path("plant/landing")).name
        'landing_tables'
    """
    return out.with_name(f"{out.name}_tables")


def write_eventstream(tables: Path, messages: Sequence[Message], rng: Random) -> Family:
    """Write the table of `messages` and one that must be refused below `tables`; return what a run must read.

    Raises:
        ValueError: one of the tables is there.
    """
    for declared in (EVENTSTREAM, BAD_EVENTSTREAM):
        folder = _folder(tables, declared)
        if folder.exists():
            message = f"{folder} is there: simulate into a new folder, so that no row of another plant is landed"
            raise ValueError(message)
    events = _enqueue(messages, rng)
    share = -(-len(events) // COMMITS)
    commits = [events[n : n + share] for n in range(0, len(events), share)]
    again = rng.sample(commits[0], min(REPEATED, len(commits[0])))
    commits[-1] = [*commits[-1], *again]
    for rows in commits:
        rng.shuffle(rows)
    _write_table(tables, EVENTSTREAM, [_arrow(rows) for rows in commits])
    lacking = _arrow(commits[0][:200]).drop_columns(["sequence_number"])
    _write_table(tables, BAD_EVENTSTREAM, [lacking])
    read = {"rows_read": len(events) + len(again), "messages": len(events), "rows_repeated": len(again)}
    refused = {"rows_read": 0, "messages": 0, "rows_repeated": 0}
    told = [
        {"table_name": EVENTSTREAM.table, "table_version": len(commits) - 1, "status": "landed", **read},
        {"table_name": BAD_EVENTSTREAM.table, "table_version": 0, "status": "refused", **refused},
    ]
    return Family((), {"landing_table": told})


def _enqueue(messages: Sequence[Message], rng: Random) -> list[_Event]:
    timed = sorted((m.broker_ms + rng.randint(10, 200), n) for n, m in enumerate(messages))
    unnumbered = set(rng.sample(range(len(timed)), min(UNNUMBERED, len(timed))))
    sequences = dict.fromkeys(range(PARTITIONS), 500)
    events = []
    for position, (enqueued_ms, n) in enumerate(timed):
        partition = crc32(messages[n].topic.encode()) % PARTITIONS
        sequences[partition] += 1
        sequence = None if position in unnumbered else sequences[partition]
        events.append(_Event(enqueued_ms, partition, sequence, messages[n]))
    return events


def _arrow(events: Sequence[_Event]) -> pa.Table:
    def columns(event: _Event) -> tuple[Any, ...]:
        message = event.message
        body = None if message.payload is None else b64encode(message.payload).decode()
        sent = (message.topic, body, message.qos, int(message.is_retained), message.broker_ms)
        at = datetime.fromtimestamp(event.enqueued_ms / 1000, UTC)
        processed = datetime.fromtimestamp((event.enqueued_ms + 750) / 1000, UTC)
        return (*sent, event.sequence, event.partition, at, processed)

    rows = [columns(event) for event in events]
    arrays = [pa.array([row[n] for row in rows], field.type) for n, field in enumerate(_SCHEMA)]
    return pa.table(arrays, schema=_SCHEMA)


def _folder(tables: Path, declared: EventstreamTable) -> Path:
    return tables.joinpath(*declared.table.split("."))


def _write_table(tables: Path, declared: EventstreamTable, commits: Sequence[pa.Table]) -> None:
    folder = _folder(tables, declared)
    (folder / "_delta_log").mkdir(parents=True)
    for version, rows in enumerate(commits):
        name = f"part-{version:05}-{crc32(declared.table.encode()):08x}-c000.snappy.parquet"
        write_parquet(folder / name, rows)
        added = {"path": name, "partitionValues": {}, "size": (folder / name).stat().st_size, "dataChange": True}
        actions: list[dict[str, Any]] = [{"add": {**added, "modificationTime": version}}]
        if version == 0:
            actions = [*_head(declared, rows.schema), *actions]
        log = "".join(json.dumps(action, separators=(",", ":")) + "\n" for action in actions)
        (folder / "_delta_log" / f"{version:020}.json").write_text(log, encoding="utf-8")


def _head(declared: EventstreamTable, schema: pa.Schema) -> list[dict[str, Any]]:
    names = {pa.string(): "string", pa.int64(): "long", _TIME: "timestamp"}
    fields = [{"name": f.name, "type": names[f.type], "nullable": True, "metadata": {}} for f in schema]
    told = {
        "id": declared.table,
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps({"type": "struct", "fields": fields}),
        "partitionColumns": [],
        "configuration": {},
        "createdTime": 0,
    }
    return [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": told}]
