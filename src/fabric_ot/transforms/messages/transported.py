"""Landed rows of any format become transported messages; the payload stays raw bytes.

Every function returns the columns of `plant.message` but those of the run (`ingested_time_utc`, `ingest_batch_id`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf
from pyspark.sql import types as st

from fabric_ot.contracts.eventstream import EVENTSTREAM_COLUMNS
from fabric_ot.contracts.landing import HIVEMQ_PLACEHOLDERS
from fabric_ot.errors import ColumnContractError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

ROUTES = ("hivemq", "event_hubs", "file", "eventstream")

MESSAGE_COLUMNS: tuple[str, ...] = (
    "route", "source_partition", "source_offset", "topic", "payload", "qos", "is_retained", "broker_time_utc",
    "enqueued_time_utc", "source_file",
)  # fmt: skip

CAPTURE_COLUMNS: tuple[str, ...] = ("SequenceNumber", "EnqueuedTimeUtc", "Properties", "Body")

# The last millisecond of the year 9999: beyond it a time is a broken number, and a conversion would fail the batch.
_LAST_MS = 253_402_300_799_999
_BASE64 = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


def to_hivemq_messages(rows: DataFrame, *, columns: Mapping[str, str]) -> DataFrame:
    """Turn rows of HiveMQ's Data Lake Parquet files into messages, by the declared column mapping.

    Columns in:  those that `columns` names (Parquet column -> placeholder), `source_file`, `row_index`.
    Columns out: MESSAGE_COLUMNS; the offset is the row's position in its file.
    Grain out:   one row per row.
    Nulls:       a null topic becomes ''; a time beyond the year 9999 and a QoS beyond 0..2 become null.
    Cost:        no shuffle.

    Raises:
        ColumnContractError: a mapped column is missing.
    """
    missing = [name for name in (*columns, "source_file", "row_index") if name not in rows.columns]
    if missing:
        raise ColumnContractError.from_missing("to_hivemq_messages", missing, rows.columns)
    by_meaning = {HIVEMQ_PLACEHOLDERS[placeholder]: sf.col(f"`{name}`") for name, placeholder in columns.items()}
    types = {HIVEMQ_PLACEHOLDERS[placeholder]: rows.schema[name].dataType for name, placeholder in columns.items()}
    nothing = sf.lit(None)
    return _select(
        rows,
        route="hivemq",
        source_partition=sf.col("source_file"),
        source_offset=sf.col("row_index"),
        topic=by_meaning["topic"].cast("string"),
        payload=_hivemq_payload(by_meaning),
        qos=_qos(by_meaning.get("qos", nothing)),
        is_retained=_flag(by_meaning.get("is_retained", nothing)),
        broker_time_utc=_instant(by_meaning["broker_time_ms"], types["broker_time_ms"]),
    )


def to_capture_messages(rows: DataFrame) -> DataFrame:
    """Turn Event Hubs Capture records into messages; MQTT's headers come from the application properties.

    Columns in:  CAPTURE_COLUMNS, `source_file` (event_hubs/<ns>/<hub>/<partition>/..).
    Columns out: MESSAGE_COLUMNS; the partition is `<ns>/<hub>/<partition>`, the offset the sequence number.
    Grain out:   one row per record; a record that two files hold comes twice.
    Nulls:       no `mqtt-topic` becomes ''; an unreadable header or time becomes null.
    Cost:        no shuffle.

    Raises:
        ColumnContractError: a column is missing.
    """
    missing = [name for name in (*CAPTURE_COLUMNS, "source_file") if name not in rows.columns]
    if missing:
        raise ColumnContractError.from_missing("to_capture_messages", missing, rows.columns)
    kind = rows.schema["Properties"].dataType

    def header(name: str) -> Column:
        return _property_text(sf.col("Properties").getItem(name), kind)

    broker_ms = sf.when(header("broker-time-ms").rlike(r"^-?\d{1,15}$"), header("broker-time-ms")).cast("bigint")
    stamp = sf.concat(sf.col("EnqueuedTimeUtc"), sf.lit(" Z"))
    return _select(
        rows,
        route="event_hubs",
        source_partition=sf.regexp_extract("source_file", r"^event_hubs/([^/]+/[^/]+/[^/]+)/", 1),
        source_offset=sf.col("SequenceNumber"),
        topic=header("mqtt-topic"),
        payload=sf.col("Body"),
        qos=_qos(sf.when(header("mqtt-qos").rlike(r"^[0-2]$"), header("mqtt-qos")).cast("int")),
        is_retained=_flag(header("mqtt-retain")),
        broker_time_utc=_instant(broker_ms, st.LongType()),
        enqueued_time_utc=sf.try_to_timestamp(stamp, sf.lit("M/d/yyyy h:mm:ss a X")),
    )


def to_eventstream_messages(
    rows: DataFrame, *, columns: Mapping[str, str], sequence_column: str, table: str
) -> DataFrame:
    """Turn rows of the Delta table that an Eventstream writes into messages, by a declared column mapping.

    `EventEnqueuedUtcTime` is the time of arrival in Event Hubs and `EventProcessedUtcTime` that of the Eventstream;
    neither is ever the time of the event: a late or adjusted event keeps the device's own stamp, which lies in the
    payload. The destination's schema is that of its first event: a column that came later is not in the table, so
    the payload must arrive as one column, its bytes as they were.

    Columns in:  those that `columns` names (table column -> placeholder, as for HiveMQ; the time of the broker may be
                 absent), EVENTSTREAM_COLUMNS (timestamps, or ISO texts), `sequence_column` (the sequence number within
                 the partition, a number or its digits, which the Eventstream must be told to pass on).
    Columns out: MESSAGE_COLUMNS; the partition is `<table>/<PartitionId>`, the source file `table`.
    Grain out:   one row per row.
    Nulls:       a null topic becomes ''; an unreadable time or a QoS beyond 0..2 becomes null. A row without a
                 partition or a readable sequence number gets its key from its content (`with_content_key`).
    Cost:        no shuffle.

    Raises:
        ColumnContractError: a column is missing.
    """
    needed = (*columns, *EVENTSTREAM_COLUMNS, sequence_column)
    missing = [name for name in needed if name not in rows.columns]
    if missing:
        raise ColumnContractError.from_missing("to_eventstream_messages", missing, rows.columns)
    named = rows.withColumn("source_file", sf.lit(table))
    by_meaning = {HIVEMQ_PLACEHOLDERS[placeholder]: sf.col(f"`{name}`") for name, placeholder in columns.items()}
    types = {HIVEMQ_PLACEHOLDERS[placeholder]: rows.schema[name].dataType for name, placeholder in columns.items()}
    nothing = sf.lit(None)
    sequence = sf.col(f"`{sequence_column}`").cast("string")
    enqueued = sf.col("EventEnqueuedUtcTime")
    if not isinstance(rows.schema["EventEnqueuedUtcTime"].dataType, st.TimestampType):
        enqueued = sf.try_to_timestamp(enqueued.cast("string"))
    messages = _select(
        named,
        route="eventstream",
        source_partition=sf.concat(sf.lit(f"{table}/"), sf.col("PartitionId").cast("string")),
        source_offset=sf.when(sequence.rlike(r"^\d{1,18}$"), sequence),
        topic=by_meaning["topic"].cast("string"),
        payload=_hivemq_payload(by_meaning),
        qos=_qos(by_meaning.get("qos", nothing)),
        is_retained=_flag(by_meaning.get("is_retained", nothing)),
        broker_time_utc=_instant(
            by_meaning.get("broker_time_ms", nothing), types.get("broker_time_ms", st.TimestampType())
        ),
        enqueued_time_utc=enqueued,
    )
    return with_content_key(messages, where=sf.col("source_partition").isNull() | sf.col("source_offset").isNull())


CONTENT_KEYED = "by_content"
"""The partition, below its table's, of events that no sequence number tells apart."""


def with_content_key(messages: DataFrame, *, where: Column) -> DataFrame:
    """Give the messages that match `where` a key made of what they say: the same event has the same key again.

    Columns in:  MESSAGE_COLUMNS, of the route `eventstream`.
    Columns out: the same; the partition becomes `<source_file>/by_content`, the offset a 64-bit hash of topic, payload
                 and times of transport. It orders nothing.
    Grain out:   unchanged.
    Nulls:       those of topic, payload and times count as a value.
    Cost:        no shuffle.
    """
    # a null leaves the hash as it was, so that its place must be told, too
    said = ("topic", "payload", "broker_time_utc", "enqueued_time_utc")
    content = sf.xxhash64(*(part for name in said for part in (sf.col(name), sf.col(name).isNull())))
    partition = sf.concat(sf.col("source_file"), sf.lit(f"/{CONTENT_KEYED}"))
    return messages.withColumns(
        {
            "source_partition": sf.when(where, partition).otherwise(sf.col("source_partition")),
            "source_offset": sf.when(where, content).otherwise(sf.col("source_offset")),
        }
    )


def to_csv_messages(files: DataFrame, *, topics: Mapping[str, str]) -> DataFrame:
    """Turn whole CSV files into one message per data line, its bytes as they are.

    Columns in:  `content` (binary), `source_file`; `topics` names each file's topic.
    Columns out: MESSAGE_COLUMNS; the offset is the data line's number from 0, the header not counted.
    Grain out:   one row per line after the header; a blank last line is none. A quoted line break is not supported.
    Cost:        no shuffle; a file is one task.
    """
    # Latin-1 maps every byte to one character and back, so lines can be cut without touching their bytes.
    text = sf.decode(sf.col("content"), "ISO-8859-1")
    cut = sf.split(sf.regexp_replace(text, r"\r?\n\z", ""), r"\r?\n", -1)
    lines = files.select("source_file", sf.posexplode(cut).alias("_line", "_text")).where(sf.col("_line") > 0)
    return _select(
        lines,
        route="file",
        source_partition=sf.col("source_file"),
        source_offset=(sf.col("_line") - 1).cast("bigint"),
        topic=_lookup(topics, sf.col("source_file")),
        payload=sf.encode(sf.col("_text"), "ISO-8859-1"),
    )


def with_partition_names(messages: DataFrame, *, names: Mapping[str, str]) -> DataFrame:
    """Give the messages of some files another partition name: a file that was rewritten is a new source.

    Columns in:  `source_file`, `source_partition`; `names` maps files to partitions.
    Columns out: the same.
    Grain out:   unchanged.
    """
    if not names:
        return messages
    renamed = sf.coalesce(_lookup(names, sf.col("source_file")), sf.col("source_partition"))
    return messages.withColumn("source_partition", renamed)


def _select(rows: DataFrame, *, route: str, topic: Column, **columns: Column) -> DataFrame:
    types = {"payload": "binary", "qos": "int", "is_retained": "boolean", "source_offset": "bigint"}
    types |= {"broker_time_utc": "timestamp", "enqueued_time_utc": "timestamp"}
    known = {
        "route": sf.lit(route),
        "topic": sf.coalesce(_valid(topic), sf.lit("")),
        "source_file": sf.col("source_file"),
    }
    known |= columns
    return rows.select(
        *(known.get(name, sf.lit(None)).cast(types.get(name, "string")).alias(name) for name in MESSAGE_COLUMNS)
    )


def _valid(text: Column) -> Column:
    # Spark keeps bytes that are not UTF-8 in a string, and then no other reader can read the table.
    raw = text.cast("binary")
    return sf.when(sf.encode(text.cast("string"), "UTF-8") == raw, text).otherwise(sf.decode(raw, "ISO-8859-1"))


def _hivemq_payload(by_meaning: Mapping[str, Column]) -> Column:
    if "payload_base64" not in by_meaning:
        return by_meaning.get("payload", by_meaning.get("payload_utf8", sf.lit(None))).cast("binary")
    text = by_meaning["payload_base64"].cast("string")
    # What is not base64 is kept as it came: the decoder refuses it, with its bytes.
    return sf.when(text.rlike(_BASE64), sf.unbase64(text)).otherwise(text.cast("binary"))


def _instant(value: Column, kind: st.DataType) -> Column:
    if isinstance(kind, st.TimestampType):
        return value
    return sf.timestamp_millis(sf.when(value.between(-_LAST_MS, _LAST_MS), value).cast("bigint"))


def _qos(value: Column) -> Column:
    return sf.when(value.between(0, 2), value).cast("int")


def _flag(value: Column) -> Column:
    return sf.lower(value.cast("string")).isin("true", "1")


def _property_text(value: Column, kind: st.DataType) -> Column:
    branches = kind.valueType if isinstance(kind, st.MapType) else kind
    if not isinstance(branches, st.StructType):
        return value.cast("string")
    return sf.coalesce(*(value.getField(name).cast("string") for name in branches.names))


def _lookup(values: Mapping[str, str], key: Column) -> Column:
    pairs = [sf.lit(text) for item in values.items() for text in item]
    return sf.create_map(*pairs)[key] if pairs else sf.lit(None).cast("string")
