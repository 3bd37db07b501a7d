"""Sparkplug B payloads to samples that have their names from the birth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as sf

from benchmarks.families.family import Family, Write
from benchmarks.families.inputs import START_US, instants, nothing, put, same, words
from fabric_ot.contracts.landing import LandingConfig, TopicRule
from fabric_ot.contracts.sparkplug import DataType, payload_class
from fabric_ot.transforms.messages.decoded_samples import is_sample
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
    write("sample", to_metric_samples(settled, to_definitions(settled)).where(is_sample()))


def naive(spark: SparkSession, folder: Path, write: Write) -> None:
    """The same decoder as a Python function per message, and births joined by alias."""
    decode = sf.udf(_decode, _DECODED)
    level = sf.split("topic", "/")
    named = spark.read.parquet(f"{folder}/message").withColumns(
        {"kind": sf.get(level, sf.lit(2)), "node": sf.get(level, sf.lit(3))}
    )
    decoded = named.withColumn("p", decode("payload", "kind"))
    in_order = Window.partitionBy("node").orderBy("broker_time_utc", "source_partition", "source_offset")
    epoch = sf.sum((sf.col("kind") == "NBIRTH").cast("int")).over(in_order)
    placed = decoded.withColumn("epoch", epoch)
    metrics = placed.select(
        "route", "source_partition", "source_offset", "node", "kind", "epoch",
        sf.posexplode("p.metrics").alias("metric_index", "m"),
    )  # fmt: skip
    births = metrics.where("kind = 'NBIRTH'").select(
        "node", "epoch", sf.col("m.alias").alias("alias"), sf.col("m.name").alias("name")
    )
    own = metrics.withColumn("alias", sf.col("m.alias"))
    joined = own.join(births, ["node", "epoch", "alias"])
    write(
        "sample",
        joined.select(
            "route",
            "source_partition",
            "source_offset",
            "metric_index",
            sf.concat_ws("/", sf.lit("spBv1.0/plant"), "node", "name").alias("tag_id"),
            sf.timestamp_millis("m.timestamp_ms").alias("event_time_utc"),
            sf.col("m.value_double").alias("value_double"),
        ),
    )


def _decode(data: bytes, message_type: str) -> Any:
    from fabric_ot.transforms.sparkplug.wire import read_payload

    payload = read_payload(bytes(data), message_type)
    return payload.seq, payload.timestamp_ms, payload.bd_seq, payload.error, payload.metrics, payload.broken


FAMILY = Family("sparkplug", "the same decoder as a Python UDF, births joined by alias", land, ours, naive)
