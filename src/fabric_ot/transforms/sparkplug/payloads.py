"""The one Python worker of the data path: Sparkplug payloads decoded in Arrow batches."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.messages.decoded_samples import MESSAGE_COLUMNS, bytes_reason
from fabric_ot.transforms.sparkplug.wire import WireMetric, WirePayload, read_payload

if TYPE_CHECKING:
    import pyarrow as pa

_METRIC_TYPES: dict[str, str] = {
    "name": "string", "alias": "bigint", "timestamp_ms": "bigint", "datatype": "int", "is_historical": "boolean",
    "is_transient": "boolean", "kind": "string", "value_long": "bigint", "value_double": "double",
    "value_string": "string", "quality_code": "bigint", "unit": "string", "source_details": "string",
}  # fmt: skip
METRICS_DDL = f"array<struct<{', '.join(f'{name}: {type_}' for name, type_ in _METRIC_TYPES.items())}>>"
BROKEN_DDL = "array<struct<assertion_id: string, metric_index: int>>"
_DECODED_DDL = (
    f"seq int, payload_time_ms bigint, bd_seq bigint, error string, metrics {METRICS_DDL}, broken {BROKEN_DDL}"
)
_KEPT = (
    *MESSAGE_COLUMNS, "edge_node_id", "device_id", "message_type", "qos", "is_retained", "payload_digest",
    "message_reason",
)  # fmt: skip
_KEPT_DDL = (
    "route string, source_partition string, source_offset bigint, arrival_time_utc timestamp, "
    "ingest_batch_id string, decoder string, edge_node_id string, device_id string, message_type string, "
    "qos int, is_retained boolean, payload_digest string, message_reason string"
)


def with_payload(messages: DataFrame) -> DataFrame:
    """Decode each Sparkplug payload; bytes that cannot be decoded give the row a reason, never an error.

    A message that is left aside anyway (a retained one, a command, one without bytes or with too many) is not
    decoded. Integers keep their unsigned wire form until a datatype is known.

    Columns in:  `MESSAGE_COLUMNS`, `edge_node_id`, `device_id`, `message_type`, `payload` (binary), `qos`,
                 `is_retained`.
    Columns out: those without `payload`; `payload_digest`, `message_reason`, `seq`, `payload_time_ms`, `bd_seq`,
                 `error`, `metrics` (array of structs), `broken` (array of structs: the rules of Sparkplug that the
                 payload breaks by itself).
    Grain out:   as `messages`.
    Cost:        one pass of a Python worker over Arrow batches; no shuffle.
    """
    needed = [*MESSAGE_COLUMNS, "edge_node_id", "device_id", "message_type", "payload", "qos", "is_retained"]
    require_columns("with_payload", messages, needed)
    retained = sf.when(sf.col("is_retained"), sf.lit("retained"))
    command = sf.when(sf.col("message_type").isin("NCMD", "DCMD"), sf.lit("command"))
    reason = sf.coalesce(retained, command, bytes_reason(sf.col("payload")))
    judged = messages.withColumn("message_reason", reason).withColumn("payload_digest", sf.sha2("payload", 256))
    wanted = sf.when(sf.col("message_reason").isNull(), sf.col("payload"))
    sent = judged.select(*_KEPT, wanted.alias("payload"))
    decoded = sent.mapInArrow(_decode_batches, f"{_KEPT_DDL}, {_DECODED_DDL}")
    invalid = sf.when(sf.col("error").isNotNull(), sf.lit("invalid_protobuf"))
    return decoded.withColumn("message_reason", sf.coalesce("message_reason", invalid))


def _decode_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        # Millions of small tuples and not one cycle: looking for garbage among them doubles the time of a batch.
        gc.disable()
        try:
            decoded = _decode_batch(batch)
        finally:
            gc.enable()
        yield decoded


def _decode_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    place, kind = (batch.schema.get_field_index(name) for name in ("payload", "message_type"))
    sent = zip(batch.column(place).to_pylist(), batch.column(kind).to_pylist(), strict=True)
    return _with_columns(batch, place, [read_payload(data, message_type) for data, message_type in sent])


def _with_columns(batch: pa.RecordBatch, payload_place: int, payloads: list[WirePayload]) -> pa.RecordBatch:
    import pyarrow as pa

    kept = [n for n in range(batch.num_columns) if n != payload_place]
    arrays = [batch.column(n) for n in kept]
    names = [batch.schema.field(n).name for n in kept]
    columns: dict[str, Any] = {
        "seq": pa.array([p.seq for p in payloads], pa.int32()),
        "payload_time_ms": pa.array([p.timestamp_ms for p in payloads], pa.int64()),
        "bd_seq": pa.array([p.bd_seq for p in payloads], pa.int64()),
        "error": pa.array([p.error for p in payloads], pa.string()),
        "metrics": _metrics_array(payloads),
        "broken": pa.array([p.broken for p in payloads], pa.list_(_broken_type())),
    }
    return pa.RecordBatch.from_arrays([*arrays, *columns.values()], names=[*names, *columns])


def _broken_type() -> pa.StructType:
    import pyarrow as pa

    return pa.struct([("assertion_id", pa.string()), ("metric_index", pa.int32())])


def _metrics_array(payloads: list[WirePayload]) -> pa.ListArray:
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "bigint": pa.int64(),
        "int": pa.int32(),
        "boolean": pa.bool_(),
        "double": pa.float64(),
    }
    rows = [metric for payload in payloads for metric in payload.metrics]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(WireMetric._fields)
    arrays = [pa.array(c, types[_METRIC_TYPES[n]]) for n, c in zip(WireMetric._fields, columns, strict=True)]
    ends, offsets = 0, [0]
    for payload in payloads:
        ends += len(payload.metrics)
        offsets.append(ends)
    structs = pa.StructArray.from_arrays(arrays, names=list(WireMetric._fields))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs)
