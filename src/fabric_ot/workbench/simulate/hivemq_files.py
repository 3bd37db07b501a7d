"""Writes messages as the HiveMQ Data Lake extension does: Parquet with the columns of a declared mapping."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from fabric_ot.contracts.places import HIVEMQ_FOLDER
from fabric_ot.workbench.simulate.message import Message
from fabric_ot.workbench.simulate.truth import FileTruth

HIVEMQ_COLUMNS: dict[str, str] = {
    "mqtt_topic": "${mqtt-topic}",
    "mqtt_payload": "${mqtt-payload}",
    "mqtt_qos": "${mqtt-qos}",
    "mqtt_retain": "${mqtt-retain}",
    "received_at_ms": "${timestamp}",
}
_SCHEMA = pa.schema(
    [
        ("mqtt_topic", pa.string()),
        ("mqtt_payload", pa.binary()),
        ("mqtt_qos", pa.int32()),
        ("mqtt_retain", pa.bool_()),
        ("received_at_ms", pa.int64()),
    ]
)
_HOUR_MS = 3_600_000


def write_hivemq(out: Path, messages: Sequence[Message], rng: Random) -> list[FileTruth]:
    """Write one file per hour below `out`; rows that come late lie in a later file, some rows change places."""
    by_hour: dict[int, list[Message]] = {}
    last_hour = max(message.broker_ms for message in messages) // _HOUR_MS
    for message in sorted(messages, key=lambda m: m.broker_ms):
        by_hour.setdefault(min(message.broker_ms // _HOUR_MS + message.hours_late, last_hour), []).append(message)
    files = []
    for hour, rows in sorted(by_hour.items()):
        for n in range(len(rows) - 1):
            if rng.random() < 0.02:
                rows[n], rows[n + 1] = rows[n + 1], rows[n]
        path = f"{HIVEMQ_FOLDER}/{datetime.fromtimestamp(hour * 3600, UTC):%Y/%m/%d/%H}/messages.parquet"
        write_parquet(out / path, message_table(rows))
        files.append(FileTruth(path, "hivemq", len(rows), "landed"))
    return files


def write_bad_hivemq(out: Path, messages: Sequence[Message]) -> list[FileTruth]:
    """Write a truncated file and one that lacks a mapped column; none of their rows may land."""
    table = message_table(messages)
    truncated, lacking = f"{HIVEMQ_FOLDER}/bad/truncated.parquet", f"{HIVEMQ_FOLDER}/bad/lacks_column.parquet"
    write_parquet(out / truncated, table)
    whole = (out / truncated).read_bytes()
    (out / truncated).write_bytes(whole[: len(whole) * 6 // 10])
    write_parquet(out / lacking, table.drop_columns(["received_at_ms"]))
    return [FileTruth(truncated, "hivemq", 0, "refused"), FileTruth(lacking, "hivemq", 0, "refused")]


def message_table(messages: Sequence[Message]) -> pa.Table:
    """Return messages as an Arrow table in the declared columns."""
    columns = [
        [m.topic for m in messages],
        [m.payload for m in messages],
        [m.qos for m in messages],
        [m.is_retained for m in messages],
        [m.broker_ms for m in messages],
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA)


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write one Parquet file, its folders included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="snappy")
