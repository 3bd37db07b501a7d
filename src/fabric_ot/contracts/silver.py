"""The silver tables: decoded, typed, checked; each can be rebuilt from bronze."""

from __future__ import annotations

from fabric_ot.contracts.bronze import TRANSPORT_COLUMNS
from fabric_ot.contracts.table import Column, Table, optional, required

_SCD2: tuple[Column, ...] = (
    required("valid_from_utc", "timestamp", "inclusive"),
    optional("valid_to_utc", "timestamp", "exclusive; null while current"),
    required("is_current", "boolean"),
)

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

TAG = Table(
    layer="silver",
    schema="plant",
    name="tag",
    grain="one version of one tag",
    key=("tag_id", "valid_from_utc"),
    written_by="nb_silver_reference",
    columns=(
        required("tag_id", "string"),
        required("asset_id", "string"),
        required("role", "string", "of contracts.roles"),
        required("data_type", "string", "double | string | boolean"),
        optional("unit", "string"),
        optional("counter_modulus", "double", "the counter rolls over from modulus - 1 to 0; null: never"),
        *_SCD2,
    ),
)

ASSET = Table(
    layer="silver",
    schema="plant",
    name="asset",
    grain="one version of one asset",
    key=("asset_id", "valid_from_utc"),
    written_by="nb_silver_reference",
    columns=(
        required("asset_id", "string"),
        required("asset_name", "string"),
        required("site_id", "string"),
        optional("area", "string"),
        optional("line", "string"),
        *_SCD2,
    ),
)

PRODUCT = Table(
    layer="silver",
    schema="plant",
    name="product",
    grain="one version of one product",
    key=("product_id", "valid_from_utc"),
    written_by="nb_silver_reference",
    columns=(
        required("product_id", "string"),
        required("product_name", "string"),
        required("ideal_cycle_s", "double", "planned runtime per unit (PRU)"),
        *_SCD2,
    ),
)

SITE = Table(
    layer="silver",
    schema="plant",
    name="site",
    grain="one site",
    key=("site_id",),
    written_by="nb_silver_reference",
    columns=(
        required("site_id", "string"),
        required("site_name", "string"),
        required("time_zone", "string", "IANA"),
    ),
)

STATE_CATEGORY = Table(
    layer="silver",
    schema="plant",
    name="state_category",
    grain="one state",
    key=("state",),
    written_by="nb_silver_reference",
    columns=(
        required("state", "string", "as the machine reports it, upper case"),
        required("time_category", "string", "of contracts.roles"),
    ),
)

SHIFT = Table(
    layer="silver",
    schema="plant",
    name="shift",
    grain="one shift of one site's calendar",
    key=("site_id", "shift_id"),
    written_by="nb_silver_reference",
    columns=(
        required("site_id", "string"),
        required("shift_id", "string"),
        required("shift_name", "string"),
        required("start_local", "string", "HH:mm:ss wall time"),
        required("end_local", "string", "HH:mm:ss wall time; at or before the start means the next day"),
    ),
)

SHIFT_STOP = Table(
    layer="silver",
    schema="plant",
    name="shift_stop",
    grain="one planned stop of one shift",
    key=("site_id", "shift_id", "stop_id"),
    written_by="nb_silver_reference",
    columns=(
        required("site_id", "string"),
        required("shift_id", "string"),
        required("stop_id", "string"),
        required("reason", "string"),
        optional("start_local", "string", "HH:mm:ss wall time; null: planned minutes without a place"),
        required("duration_s", "double"),
    ),
)

WORK_ORDER = Table(
    layer="silver",
    schema="plant",
    name="work_order",
    grain="one reported work order",
    key=("work_order_id",),
    written_by="nb_silver_reference",
    columns=(
        required("work_order_id", "string"),
        required("asset_id", "string"),
        required("site_id", "string"),
        required("shift_id", "string"),
        required("product_id", "string"),
        required("production_date", "date"),
        required("produced_qty", "double"),
        required("good_qty", "double"),
        required("scrap_qty", "double"),
    ),
)

SHIFT_INSTANCE = Table(
    layer="silver",
    schema="plant",
    name="shift_instance",
    grain="one shift on one production date",
    key=("site_id", "shift_id", "production_date"),
    written_by="nb_silver_production",
    columns=(
        required("site_id", "string"),
        required("shift_id", "string"),
        required("production_date", "date", "local date of the shift's start"),
        required("shift_name", "string"),
        required("start_utc", "timestamp"),
        required("end_utc", "timestamp"),
        required("planned_stop_s", "double"),
        required("planned_busy_s", "double", "PBT: elapsed time less planned stops"),
        required("time_zone", "string", "IANA"),
    ),
)

PLANNED_STOP = Table(
    layer="silver",
    schema="plant",
    name="planned_stop",
    grain="one placed planned stop of one shift instance",
    key=("site_id", "shift_id", "production_date", "stop_id"),
    written_by="nb_silver_production",
    columns=(
        required("site_id", "string"),
        required("shift_id", "string"),
        required("production_date", "date"),
        required("stop_id", "string"),
        required("reason", "string"),
        required("start_utc", "timestamp"),
        required("end_utc", "timestamp"),
    ),
)

STATE_INTERVAL = Table(
    layer="silver",
    schema="plant",
    name="state_interval",
    grain="one maximal run of one state",
    key=("asset_id", "start_utc"),
    written_by="nb_silver_production",
    columns=(
        required("asset_id", "string"),
        required("start_utc", "timestamp", "inclusive"),
        required("end_utc", "timestamp", "exclusive"),
        required("state", "string", "upper case; NO_SIGNAL after a death or a hold limit"),
        required("time_category", "string", "of contracts.roles"),
        required("duration_s", "double"),
        required("is_open", "boolean", "closed by the horizon, not by the next state"),
    ),
)

COUNT_DELTA = Table(
    layer="silver",
    schema="plant",
    name="count_delta",
    grain="one increment of one counter",
    key=("tag_id", "event_time_utc"),
    written_by="nb_silver_production",
    columns=(
        required("tag_id", "string"),
        required("asset_id", "string"),
        required("role", "string", "good_counter | scrap_counter | energy_counter"),
        required("previous_time_utc", "timestamp"),
        required("event_time_utc", "timestamp"),
        required("delta", "double", "in the counter's unit"),
        required("kind", "string", "increment | reset | rollover"),
        optional("product_id", "string", "running at event_time_utc"),
    ),
)

ENERGY_INTERVAL = Table(
    layer="silver",
    schema="plant",
    name="energy_interval",
    grain="energy of one meter between two readings, or of one labeled interval",
    key=("tag_id", "start_utc"),
    written_by="nb_silver_production",
    columns=(
        required("tag_id", "string"),
        required("asset_id", "string"),
        required("start_utc", "timestamp"),
        required("end_utc", "timestamp"),
        required("energy_kwh", "double"),
    ),
)

STATE_TIME = Table(
    layer="silver",
    schema="plant",
    name="state_time",
    grain="asset, shift instance and state",
    key=("asset_id", "shift_id", "production_date", "state"),
    written_by="nb_silver_production",
    columns=(
        required("asset_id", "string"),
        required("site_id", "string"),
        required("shift_id", "string"),
        required("production_date", "date"),
        required("state", "string"),
        required("time_category", "string"),
        required("duration_s", "double", "within the shift, planned stops included"),
        required("planned_stop_s", "double", "the part of duration_s inside placed planned stops"),
    ),
)

PRODUCTION = Table(
    layer="silver",
    schema="plant",
    name="production",
    grain="asset x shift instance x product: additive facts",
    key=("asset_id", "shift_id", "production_date", "product_id"),
    written_by="nb_silver_production",
    columns=(
        required("asset_id", "string"),
        required("site_id", "string"),
        required("shift_id", "string"),
        required("production_date", "date"),
        required("product_id", "string", "'' where no product was running"),
        required("shift_start_utc", "timestamp"),
        required("planned_busy_s", "double", "PBT"),
        required("production_s", "double", "APT: production outside planned stops"),
        required("planned_stop_production_s", "double", "production inside planned stops: told, not in APT"),
        required("unplanned_down_s", "double"),
        required("unqualified_s", "double", "no signal or unmapped state, outside planned stops"),
        required("produced_qty", "double", "PQ = GQ + SQ + RQ"),
        required("good_qty", "double", "GQ"),
        required("scrap_qty", "double", "SQ"),
        required("rework_qty", "double", "RQ"),
        required("ideal_runtime_s", "double", "PRU * PQ"),
        required("ideal_good_runtime_s", "double", "PRU * GQ"),
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

SILVER_TABLES: tuple[Table, ...] = (
    READING, QUARANTINE, SPARKPLUG_MESSAGE, BATCH_AUDIT, TAG, ASSET, PRODUCT, SITE, STATE_CATEGORY, SHIFT,
    SHIFT_STOP, WORK_ORDER, SHIFT_INSTANCE, PLANNED_STOP, STATE_INTERVAL, COUNT_DELTA, ENERGY_INTERVAL,
    STATE_TIME, PRODUCTION, PROGRESS,
)  # fmt: skip
