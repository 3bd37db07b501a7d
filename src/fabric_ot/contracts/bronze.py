"""The bronze tables: what was transported, kept raw for good."""

from __future__ import annotations

from fabric_ot.contracts.table import Column, Table, optional, required

TRANSPORT_COLUMNS: tuple[Column, ...] = (
    required("route", "string", "hivemq | event_hubs | file | eventstream: the way the message came"),
    required(
        "source_partition", "string", "Event Hubs or Eventstream partition, or the file's path below Files/landing"
    ),
    required("source_offset", "long", "sequence number, or the row's position in the file, from 0"),
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
        required("source_file", "string", "path below Files/landing; Tables/<schema>/<name> of an Eventstream"),
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

LANDING_TABLE = Table(
    layer="bronze",
    schema="plant",
    name="landing_table",
    grain="what one batch took of one version of an Eventstream's table",
    key=("table_name", "table_version", "committed_utc", "ingest_batch_id", "status"),
    written_by="nb_bronze_message",
    columns=(
        required("table_name", "string", "schema.name, as declared in landing.json"),
        required("table_version", "long", "Delta version up to which it was read"),
        required("committed_utc", "timestamp", "when that version was written: tells a table that was made anew"),
        required("rows_read", "long", "rows that were new since the version read before"),
        required("messages", "long", "those that became messages of the batch"),
        required("rows_repeated", "long", "those whose message was known: events that were delivered again"),
        required("status", "string", "landed | empty | refused"),
        optional("error", "string", "why it was refused; null otherwise"),
        required("ingest_batch_id", "string"),
        required("ingested_time_utc", "timestamp"),
    ),
)

BRONZE_TABLES: tuple[Table, ...] = (MESSAGE, LANDING_FILE, LANDING_TABLE)
