"""Sparkplug B payloads to samples that have their names from the birth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as sf

from benchmarks.families.family import Family, Write
from benchmarks.families.inputs import START_US, instants, nothing, put, same, words
from fabric_ot.contracts.landing import LandingConfig, TopicRule
from fabric_ot.contracts.sparkplug import DataType, payload_class
from fabric_ot.transforms.messages.decoded_samples import MESSAGE_COLUMNS, SAMPLE_COLUMNS, TRANSPORT_KEY, is_sample
from fabric_ot.transforms.messages.decoders import with_decoder
from fabric_ot.transforms.sparkplug.definitions import to_definitions
from fabric_ot.transforms.sparkplug.metrics import to_metric_samples
from fabric_ot.transforms.sparkplug.payloads import BROKEN_DDL, METRICS_DDL, with_payload
from fabric_ot.transforms.sparkplug.sequence import with_sequence
from fabric_ot.transforms.sparkplug.topics import with_edge_node

METRICS, NODES = 10, 40
_CONFIG = LandingConfig((TopicRule("spBv1.0/#", "sparkplug"),))
_NAMES = [f"line/t{n}" for n in range(METRICS)]
_DECODED = f"seq int, payload_time_ms bigint, bd_seq bigint, error string, metrics {METRICS_DDL}, broken {BROKEN_DDL}"

_TOLD = [name for name in SAMPLE_COLUMNS if name not in ("reasons", "detail", "broken")]
"""What both ways say of a sample; the naive one gives no reasons and judges no metric."""


def land(folder: Path, rows: int) -> None:
    """Messages of ten metrics of 40 edge nodes, a tenth of `rows` many; each node is born anew every 5,000 messages."""
    count = rows // METRICS
    random = np.random.default_rng(7)
    values = np.round(random.normal(80, 5, (4_096, METRICS)), 3)
    payloads, kinds = [], []
    for n in range(count):
        k, node = n // NODES, n % NODES
        is_birth = k % 5_000 == 0
        kinds.append(int(is_birth))
        payloads.append(
            _payload(START_US // 1000 + k * 1000, k % 5_000 % 256, values[(k * 7 + node) % 4_096], is_birth)
        )
    order = np.arange(count)
    topics = [f"spBv1.0/plant/{kind}/edge{n}" for kind in ("NDATA", "NBIRTH") for n in range(NODES)]
    at = START_US + order // NODES * 1_000_000 + order % NODES
    put(
        folder,
        "message",
        {
            "route": same("hivemq", count),
            "source_partition": words(order // 50_000, [f"h/{n}.parquet" for n in range(count // 50_000 + 1)]),
            "source_offset": pa.array(order % 50_000),
            "topic": words(np.array(kinds) * NODES + order % NODES, topics),
            "payload": pa.array(payloads, pa.binary()),
            "qos": pa.array(np.zeros(count, dtype="int32")),
            "is_retained": same(False, count),
            "broker_time_utc": instants(at + 250_000),
            "enqueued_time_utc": nothing(pa.timestamp("us", tz="UTC"), count),
            "ingested_time_utc": instants(at + 900_000),
            "source_file": same("h", count),
            "ingest_batch_id": same("batch_1", count),
        },
    )


def _payload(ms: int, seq: int, values: Any, is_birth: bool) -> bytes:
    payload = payload_class()(timestamp=ms, seq=seq)
    if is_birth:
        payload.metrics.add(name="bdSeq", timestamp=ms, datatype=int(DataType.Int64), long_value=1)
        payload.metrics.add(
            name="Node Control/Rebirth", timestamp=ms, datatype=int(DataType.Boolean), boolean_value=False
        )
    for alias, value in enumerate(values):
        metric = payload.metrics.add(alias=alias, timestamp=ms, double_value=value)
        if is_birth:
            metric.name, metric.datatype = _NAMES[alias], int(DataType.Double)
    return bytes(payload.SerializeToString())


def ours(spark: SparkSession, folder: Path, write: Write) -> None:
    messages = with_edge_node(with_decoder(spark.read.parquet(f"{folder}/message"), _CONFIG))
    placed = with_sequence(with_payload(messages).withColumn("epoch_before", sf.lit(0)))
    settled = placed.localCheckpoint()  # as the job stages it
    write("session", settled.select(*TRANSPORT_KEY, "position", "birth_epoch", "missing_count", "message_reason"))
    samples = to_metric_samples(settled, to_definitions(settled)).where(is_sample())
    write("sample", samples.select(*MESSAGE_COLUMNS, *_TOLD))


def naive(spark: SparkSession, folder: Path, write: Write) -> None:
    """The same decoder as a Python function per message, cached, and births joined by alias."""
    decode = sf.udf(_decode, _DECODED)
    level = sf.split("topic", "/")
    named = spark.read.parquet(f"{folder}/message").withColumns(
        {
            "kind": sf.get(level, sf.lit(2)),
            "edge_node_id": sf.concat_ws("/", sf.get(level, sf.lit(1)), sf.get(level, sf.lit(3))),
            "arrival_time_utc": sf.coalesce("enqueued_time_utc", "broker_time_utc"),
        }
    )
    decoded = named.withColumn("p", decode("payload", "kind"))
    in_order = Window.partitionBy("edge_node_id").orderBy("arrival_time_utc", "source_partition", "source_offset")
    same = Window.partitionBy("edge_node_id", "kind", sf.sha2("payload", 256)).orderBy("position")
    placed = decoded.withColumn("position", sf.row_number().over(in_order))
    is_again = sf.col("position") - sf.lag("position").over(same) < 256
    placed = placed.withColumn("message_reason", sf.when(is_again, sf.lit("redelivery")))
    placed = placed.withColumn("birth_epoch", sf.sum((sf.col("kind") == "NBIRTH").cast("int")).over(in_order))
    in_epoch = Window.partitionBy("edge_node_id", "birth_epoch").orderBy("position")
    missing = sf.pmod(sf.col("p.seq") - sf.lag("p.seq").over(in_epoch), sf.lit(256)) - 1
    placed = placed.withColumn("missing_count", missing).cache()
    write("session", placed.select(*TRANSPORT_KEY, "position", "birth_epoch", "missing_count", "message_reason"))
    write("sample", _naive_samples(placed.where("message_reason is null")))


def _naive_samples(placed: DataFrame) -> DataFrame:
    metrics = placed.select("*", sf.posexplode("p.metrics").alias("metric_index", "m"))
    metrics = metrics.withColumn("decoder", sf.lit("sparkplug"))
    births = metrics.where("kind = 'NBIRTH' and m.alias is not null").select(
        "edge_node_id", "birth_epoch", "m.alias", "m.name", "m.datatype", "m.unit"
    )
    joined = metrics.withColumn("alias", sf.col("m.alias")).join(births, ["edge_node_id", "birth_epoch", "alias"])
    code, ms = sf.col("m.quality_code"), sf.coalesce("m.timestamp_ms", "p.payload_time_ms")
    return joined.select(
        *MESSAGE_COLUMNS,
        "edge_node_id",
        "metric_index",
        sf.concat_ws("/", sf.lit("spBv1.0"), "edge_node_id", "name").alias("tag_id"),
        sf.timestamp_millis(ms).alias("event_time_utc"),
        sf.unix_millis("arrival_time_utc").alias("source_sequence"),
        sf.when(sf.col("m.kind") == "integer", "number").otherwise(sf.col("m.kind")).alias("value_kind"),
        sf.coalesce("m.value_double", sf.col("m.value_long").cast("double")).alias("value_double"),
        sf.col("m.value_string").alias("value_string"),
        sf.coalesce("m.unit", "unit").alias("unit"),
        sf.when(code.isNull() | (code == 192), "GOOD").when(code == 500, "STALE").otherwise("BAD").alias("quality"),
        code.alias("quality_code"),
        sf.col("m.source_details").alias("source_details"),
        sf.col("m.is_historical").alias("is_historical"),
        sf.when(sf.col("m.timestamp_ms").isNotNull(), "metric").otherwise("payload").alias("time_source"),
    )


def _decode(data: bytes, message_type: str) -> Any:
    from fabric_ot.transforms.sparkplug.wire import read_payload

    payload = read_payload(bytes(data), message_type)
    return payload.seq, payload.timestamp_ms, payload.bd_seq, payload.error, payload.metrics, payload.broken


FAMILY = Family("sparkplug", "the same decoder as a Python UDF, cached, births joined by alias", land, ours, naive)
