"""Tables that Eventstreams write: what is new in them becomes messages, told apart by partition and sequence number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import functions as sf

from fabric_ot.contracts.eventstream import EVENTSTREAM_COLUMNS, EventstreamTable
from fabric_ot.contracts.landing import HIVEMQ_PLACEHOLDERS
from fabric_ot.jobs.instants import from_epoch_us
from fabric_ot.jobs.landing import Run
from fabric_ot.jobs.report import JobReport
from fabric_ot.lakehouse import Lakehouse, LandedTable, TableVersion
from fabric_ot.lakehouse.probes import java_reason
from fabric_ot.transforms.messages.transported import CONTENT_KEYED, to_eventstream_messages, with_content_key

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

MESSAGE = "plant.message"
LANDING_TABLE = "plant.landing_table"

_KEY = ("source_partition", "source_offset")
_SAID = ("topic", "payload", "enqueued_time_utc")
_NUMBERS = "tinyint smallint int bigint"
_ACCEPTED: dict[str, str] = {
    "topic": "string binary", "payload": "binary string", "payload_base64": "string binary",
    "payload_utf8": "string binary", "qos": _NUMBERS, "is_retained": f"boolean {_NUMBERS}",
    "broker_time_ms": "bigint timestamp", "PartitionId": f"{_NUMBERS} string",
    "EventEnqueuedUtcTime": "timestamp string", "EventProcessedUtcTime": "timestamp string",
    "sequence number": f"{_NUMBERS} string",
}  # fmt: skip


@dataclass(frozen=True)
class _Told:
    """One row of `plant.landing_table`."""

    table: str
    at: TableVersion
    rows_read: int = 0
    messages: int = 0
    rows_repeated: int = 0
    error: str | None = None
    batch_id: str = ""

    @property
    def status(self) -> str:
        return "refused" if self.error else "landed" if self.rows_read else "empty"

    def to_row(self, run: Run) -> tuple[Any, ...]:
        counts = (self.rows_read, self.messages, self.rows_repeated)
        said = (self.status, self.error, self.batch_id or run.batch_id, run.as_of_utc)
        return (self.table, self.at.version, self.at.committed_utc, *counts, *said)


def land_eventstreams(
    bronze: Lakehouse, declared: Sequence[EventstreamTable], run: Run, report: JobReport
) -> JobReport:
    """Land the new rows of each `declared` table as messages of `run`, and add what came of it to `report`.

    The version of the table that was read last says where to look; partition and sequence number say what is new. A
    table that is not there yet is noted: an Eventstream makes it with its first event. One that does not fit its
    declaration, or cannot be read, is refused by name, and tried again with the next run.
    """
    log = _read_log(bronze)
    told: list[_Told] = []
    notes: list[str] = []
    for stream in declared:
        table = bronze.landed_table(stream.table)
        if table is None:
            notes.append(f"{stream.path}: not there yet; the Eventstream makes it with its first event")
            continue
        known = [row for row in log if row.table == stream.table]
        told += _land(bronze, stream, table, known, run)
    if told:
        bronze.append(LANDING_TABLE, bronze.frame(LANDING_TABLE, [row.to_row(run) for row in told]))
    notes += [f"Tables/{row.table.replace('.', '/')}: {row.error}" for row in told if row.error]
    counts = dict(report.counts)
    counts |= {f"tables_{s}": sum(row.status == s for row in told) for s in ("landed", "empty", "refused")}
    counts["rows_read"] += sum(row.rows_read for row in told)
    counts["rows_repeated"] = sum(row.rows_repeated for row in told)
    counts["messages"] += sum(row.messages for row in told if not row.batch_id)
    return JobReport(report.job, counts, (*report.notes, *notes))


def _read_log(bronze: Lakehouse) -> list[_Told]:
    if bronze.version(LANDING_TABLE) is None:
        return []
    committed = sf.unix_micros("committed_utc").alias("committed_us")
    rows = bronze.read(LANDING_TABLE).orderBy("committed_utc", "table_version").select("*", committed).collect()
    return [
        _Told(
            row.table_name, TableVersion(row.table_version, from_epoch_us(row.committed_us)), row.rows_read,
            row.messages, row.rows_repeated, row.error, row.ingest_batch_id,
        )
        for row in rows
    ]  # fmt: skip


def _land(
    bronze: Lakehouse, stream: EventstreamTable, table: LandedTable, known: Sequence[_Told], run: Run
) -> list[_Told]:
    read = [row.at for row in known if not row.error]
    if read and read[-1] == table.at:
        return []
    problem = _problem(stream, table.columns)
    if problem is None:
        rows = table.rows(read[-1] if read else None)
        messages = to_eventstream_messages(
            rows, columns=dict(stream.columns), sequence_column=stream.sequence_column, table=stream.path
        )
        stamps = {"ingested_time_utc": sf.lit(run.as_of_utc), "ingest_batch_id": sf.lit(run.batch_id)}
        try:
            settled = bronze.settled(messages.withColumns(stamps))
        except (Py4JError, PySparkException) as exc:
            problem = f"cannot be read: {java_reason(exc)}"
        else:
            named = {row.batch_id for row in known if not row.error}
            return _write(bronze, _Told(stream.table, table.at), settled, named, run)
    refused = _Told(stream.table, table.at, error=problem)
    is_said = any((row.at, row.error) == (refused.at, refused.error) for row in known)
    return [] if is_said else [refused]


def _problem(stream: EventstreamTable, columns: dict[str, str]) -> str | None:
    """Return all that is wrong with a table's columns, in one line; None where they fit the declaration."""
    needed = [(name, name) for name in EVENTSTREAM_COLUMNS] + [(stream.sequence_column, "sequence number")]
    needed += [(name, HIVEMQ_PLACEHOLDERS[placeholder]) for name, placeholder in stream.columns]
    missing = [name for name, _ in needed if name not in columns]
    found = [f"column(s) {missing} are missing; the table has {sorted(columns)}"] if missing else []
    found += [
        f"column {name!r} is {columns[name]}, where {meaning} needs one of {_ACCEPTED[meaning].split()}"
        for name, meaning in needed
        if name in columns and columns[name] not in _ACCEPTED[meaning].split()
    ]
    return "; ".join(found) or None


def _write(bronze: Lakehouse, told: _Told, messages: DataFrame, named: set[str], run: Run) -> list[_Told]:
    """Write the messages whose keys are new, and say for each batch what it took from the table."""
    ranges = messages.groupBy("source_partition").agg(
        sf.count(sf.lit(1)).alias("rows"), sf.min("source_offset").alias("first"), sf.max("source_offset").alias("last")
    )
    found = [tuple(row) for row in ranges.collect()]
    read = sum(rows for _, rows, _, _ in found)
    if not read:
        return [told]
    bound = _any_of([_is_in(partition, sf.col("source_offset").between(a, b)) for partition, _, a, b in found])
    inserted = _merge(bronze, messages, bound)
    recovered: dict[str, int] = {}
    if inserted < read:
        others = with_content_key(_contradicting(bronze, messages, bound), where=sf.lit(True))
        with bronze.staged(others) as again:
            partitions = [row[0] for row in again.select("source_partition").distinct().collect()]
            if partitions:
                bound |= _any_of([_is_in(partition) for partition in partitions])
                inserted += _merge(bronze, again, bound)
            # Rows whose messages an unfinished run wrote keep its batch, or no later step would ever see that batch.
            keys = messages.select(*_KEY).union(again.select(*_KEY)).distinct()
            batches = bronze.read(MESSAGE).where(bound).join(keys, list(_KEY), "left_semi").groupBy("ingest_batch_id")
            rows_by_batch = {row.ingest_batch_id: row["count"] for row in batches.count().collect()}
        recovered = {b: n for b, n in rows_by_batch.items() if b not in named | {run.batch_id}}
    unfinished = [_Told(told.table, told.at, n, n, batch_id=batch) for batch, n in sorted(recovered.items())]
    rest = read - sum(recovered.values())
    own = [_Told(told.table, told.at, rest, inserted, rest - inserted)] if rest else []
    return [*unfinished, *own]


def _merge(bronze: Lakehouse, messages: DataFrame, bound: Column) -> int:
    """Insert what is new; of rows with one key the first by what they say, so that no order of rows matters."""
    order = ("enqueued_time_utc", "topic", "payload")
    return bronze.merge(MESSAGE, messages, keep="target", order_by=order, bound=bound).inserted


def _contradicting(bronze: Lakehouse, messages: DataFrame, bound: Column) -> DataFrame:
    """Return the messages that say something else than the stored one of their key: not the same event again.

    They come from an event hub that was made anew, or from a publisher that numbers anew.
    """
    renamed = {name: sf.col(name).alias(f"_stored_{name}") for name in _SAID}
    stored = bronze.read(MESSAGE).where(bound).select(*_KEY, *renamed.values())
    is_same = reduce(lambda a, b: a & b, (sf.col(name).eqNullSafe(sf.col(f"_stored_{name}")) for name in _SAID))
    is_numbered = ~sf.col("source_partition").endswith(f"/{CONTENT_KEYED}")
    joined = messages.join(stored, list(_KEY)).where(is_numbered & ~is_same)
    return joined.select(*messages.columns)


def _is_in(partition: str, offsets: Column | None = None) -> Column:
    place = (sf.col("route") == "eventstream") & (sf.col("source_partition") == partition)
    return place if offsets is None else place & offsets


def _any_of(conditions: Sequence[Column]) -> Column:
    return reduce(lambda a, b: a | b, conditions)
