"""The bronze tables: what was transported, kept raw for good."""

from __future__ import annotations

from fabric_ot.contracts.table import Column, Table, optional, required

TRANSPORT_COLUMNS: tuple[Column, ...] = (
    required("route", "string", "hivemq | event_hubs | file | eventstream: the way the message came"),
    required("source_partition", "string", "Event Hubs partition, or the landed file's path below Files/landing"),
    required("source_offset", "long", "Event Hubs sequence number, or the row's position in the file, from 0"),
)
"""The transport key: each pair of partition and offset lands in exactly one bucket."""

MESSAGE = Table(
    layer="bronze",
    schema="plant",
    name="message",
    grain="one transported message",
    key=("route", "source_partition", "source_offset"),
    written_by="nb_bronze_message",
    columns=(
        *TRANSPORT_COLUMNS,
        required("topic", "string", "MQTT topic; files: historian/<mapping> or reference/<entity>"),
        optional("payload", "binary", "raw bytes; null only where the transport carried none"),
        optional("qos", "int"),
        optional("is_retained", "boolean"),
        optional("broker_time_utc", "timestamp", "received by the broker; null on files"),
        optional("enqueued_time_utc", "timestamp", "accepted by Event Hubs; null on routes without it"),
        required("ingested_time_utc", "timestamp", "the run's clock"),
        required("source_file", "string", "path below Files/landing"),
        required("ingest_batch_id", "string", "the run that brought it"),
    ),
)

LANDING_FILE = Table(
    layer="bronze",
    schema="plant",
    name="landing_file",
    grain="one landed file version",
    key=("path", "size_bytes", "modified_utc"),
    written_by="nb_bronze_message",
    columns=(
        required("path", "string", "below Files/landing"),
        required("size_bytes", "long"),
        required("modified_utc", "timestamp"),
        required("route", "string", "hivemq | event_hubs | file | unknown"),
        required("rows_read", "long"),
        required("status", "string", "landed | empty | refused"),
        optional("error", "string", "why it was refused; null otherwise"),
        required("ingest_batch_id", "string"),
        required("ingested_time_utc", "timestamp"),
    ),
)

BRONZE_TABLES: tuple[Table, ...] = (MESSAGE, LANDING_FILE)
