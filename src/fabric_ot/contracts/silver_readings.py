"""Silver tables of decoding: samples, refusals, the Sparkplug log and the accounts of every batch."""

from __future__ import annotations

from fabric_ot.contracts.bronze import TRANSPORT_COLUMNS
from fabric_ot.contracts.table import Table, optional, required

READING = Table(
    layer="silver",
    schema="plant",
    name="reading",
    grain="one sample of one tag",
    key=("tag_id", "event_time_utc", "source_sequence"),
    written_by="nb_silver_reading",
    columns=(
        required("tag_id", "string", "UNS topic (+ /field), Sparkplug topic path + metric name, or a mapping's tag"),
        required("event_time_utc", "timestamp", "time at the source"),
        required("source_sequence", "long", "order at the source; 0 where it has none"),
        optional("asset_id", "string", "by the tag catalogue, as of event time; null for an unknown tag"),
        optional("value_double", "double", "numbers and booleans (0/1)"),
        optional("value_string", "string", "text, and JSON for structured values"),
        optional("unit", "string", "as declared by the source, else by the catalogue"),
        required("quality", "string", "GOOD | UNCERTAIN | BAD | STALE"),
        optional("quality_code", "long", "the source's own code"),
        optional("source_details", "string", "JSON of what Sparkplug tells beside it: properties, metadata"),
        required("is_historical", "boolean"),
        required("time_source", "string", "metric | payload | broker | file"),
        *TRANSPORT_COLUMNS,
        required("metric_index", "int", "position in the message, from 0"),
        optional("edge_node_id", "string", "Sparkplug group/node; null elsewhere"),
        required("arrival_time_utc", "timestamp", "broker, else enqueued, else ingested time"),
        required("ingest_batch_id", "string"),
        required("event_date", "date", "UTC date of event_time_utc"),
    ),
    partition_by=("event_date",),
)

QUARANTINE = Table(
    layer="silver",
    schema="plant",
    name="quarantine",
    grain="one refused message or metric",
    key=("route", "source_partition", "source_offset", "metric_index"),
    written_by="nb_silver_reading, nb_silver_reference",
    columns=(
        *TRANSPORT_COLUMNS,
        required("metric_index", "int", "position in the message; -1 where the whole message is refused"),
        required("topic", "string"),
        optional("payload", "binary", "the raw bytes of the whole message"),
        required("reasons", "array<string>", "names of contracts.reasons, sorted"),
        optional("detail", "string", "what was found, for a person"),
        optional("edge_node_id", "string"),
        required("arrival_time_utc", "timestamp"),
        required("ingest_batch_id", "string"),
    ),
)

SPARKPLUG_MESSAGE = Table(
    layer="silver",
    schema="plant",
    name="sparkplug_message",
    grain="one transported Sparkplug message",
    key=("route", "source_partition", "source_offset"),
    written_by="nb_silver_reading",
    columns=(
        *TRANSPORT_COLUMNS,
        required("edge_node_id", "string", "group/node"),
        optional("device_id", "string"),
        required("message_type", "string", "NBIRTH, DBIRTH, NDATA, DDATA, NDEATH, DDEATH, NCMD, DCMD"),
        optional("seq", "int", "0..255"),
        optional("bd_seq", "long"),
        optional("birth_epoch", "int", "1 for the node's first birth; 0 before any"),
        optional("missing_count", "int", "messages missing before this one; null where seq says nothing"),
        required("outcome", "string", "decoded | quarantined | ignored"),
        optional("reason", "string", "of contracts.reasons; null where decoded"),
        required("value_count", "long", "samples that it carried into plant.reading"),
        required("arrival_time_utc", "timestamp"),
        required("ingest_batch_id", "string"),
    ),
)

BATCH_AUDIT = Table(
    layer="silver",
    schema="plant",
    name="batch_audit",
    grain="one outcome of one batch and route",
    key=("ingest_batch_id", "route", "decoder", "outcome", "reason"),
    written_by="nb_silver_reading, nb_silver_reference",
    columns=(
        required("ingest_batch_id", "string"),
        required("route", "string"),
        required("decoder", "string", "sparkplug | uns_json | historian | reference | none"),
        required("outcome", "string", "decoded | quarantined | ignored"),
        required("reason", "string", "of contracts.reasons; '' where decoded"),
        required("message_count", "long"),
        required("value_count", "long", "samples (metrics) that the decoded messages carried into plant.reading"),
    ),
)

PROGRESS = Table(
    layer="silver",
    schema="plant",
    name="progress",
    grain="one input batch that one step has finished",
    key=("step", "ingest_batch_id"),
    written_by="every silver step",
    columns=(
        required("step", "string", "reference | reading | production"),
        required("ingest_batch_id", "string"),
        required("finished_utc", "timestamp", "the run's clock"),
    ),
)
