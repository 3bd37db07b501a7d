"""UNS JSON to readings, quarantine and audit in Delta."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as sf

from benchmarks.families.family import Family, Write
from benchmarks.families.inputs import START_US, instants, nothing, put, put_tags, same, steps, words
from fabric_ot.contracts.landing import LandingConfig, TopicRule
from fabric_ot.transforms.messages.decoded_samples import is_refused
from fabric_ot.transforms.messages.decoders import with_decoder
from fabric_ot.transforms.messages.quarantine import FEW_ROWS, rollup_audit, rollup_messages, to_quarantine
from fabric_ot.transforms.messages.readings import join_catalogue, to_readings
from fabric_ot.transforms.messages.uns_json import to_uns_samples

TAGS = [f"acme/site/area/line/unit{n // 4}/{('t', 'p', 'speed', 'level')[n % 4]}" for n in range(200)]
_ASSETS = [f"unit{n // 4}" for n in range(200)]
_CONFIG = LandingConfig((TopicRule("acme/#", "uns_json"),))
_KEY = ("tag_id", "event_time_utc", "source_sequence")
_AUDIT = ("ingest_batch_id", "route", "decoder", "outcome", "reason")


def land(folder: Path, rows: int) -> None:
    """Messages of 200 tags each second: 2 % come twice, 0.5 % are cut off, 0.5 % are words, 0.5 % of the year 1970."""
    step, tag = steps(rows, len(TAGS))
    random = np.random.default_rng(7)
    again = np.sort(np.concatenate([np.arange(rows), np.flatnonzero(random.random(rows) < 0.02)]), kind="stable")[:rows]
    fault = random.choice(4, rows, p=[0.985, 0.005, 0.005, 0.005])[again]
    ms = START_US // 1000 + step[again] * 1000
    told = np.where(fault == 3, step[again], ms)
    values = np.round(20 + random.normal(0, 5, rows), 3)[again]
    texts = [
        f'{{"timestamp_ms":{t},"value":{v}}}' if f in (0, 3)
        else f'{{"timestamp_ms":{t},"val' if f == 1
        else f'{{"timestamp_ms":{t},"value":"SENSOR ERROR"}}'
        for t, v, f in zip(told.tolist(), values.tolist(), fault.tolist(), strict=True)
    ]  # fmt: skip
    put(
        folder,
        "message",
        {
            "route": same("hivemq", rows),
            "source_partition": words(np.arange(rows) // 50_000, [f"h/{n}.parquet" for n in range(rows // 50_000 + 1)]),
            "source_offset": pa.array(np.arange(rows) % 50_000),
            "topic": words(tag[again], TAGS),
            "payload": pa.array(texts).cast(pa.binary()),
            "qos": pa.array(np.zeros(rows, dtype="int32")),
            "is_retained": same(False, rows),
            "broker_time_utc": instants(ms * 1000 + 250_000),
            "enqueued_time_utc": nothing(pa.timestamp("us", tz="UTC"), rows),
            "ingested_time_utc": instants(ms * 1000 + 900_000),
            "source_file": same("h", rows),
            "ingest_batch_id": same("batch_1", rows),
        },
    )
    put_tags(folder, names=TAGS, asset_ids=_ASSETS, roles=["measure"] * len(TAGS))


def ours(spark: SparkSession, folder: Path, write: Write) -> None:
    messages = with_decoder(spark.read.parquet(f"{folder}/message"), _CONFIG)
    tags = spark.read.parquet(f"{folder}/tag")
    decoded = to_uns_samples(messages.where(sf.col("decoder") == "uns_json"))
    samples = join_catalogue(decoded, tags).localCheckpoint()  # as the job stages them
    write("reading", to_readings(samples))
    is_few = samples.where(is_refused()).limit(FEW_ROWS + 1).count() <= FEW_ROWS  # as the job looks
    write("quarantine", to_quarantine(samples, messages, is_few=is_few))
    write("audit", rollup_audit(rollup_messages(samples)))


def naive(spark: SparkSession, folder: Path, write: Write) -> None:
    """from_json, filters on its fields, a write per rule."""
    tags = spark.read.parquet(f"{folder}/tag")
    messages = spark.read.parquet(f"{folder}/message").where(sf.col("topic").startswith("acme/"))
    arrived = messages.withColumn("arrival_time_utc", sf.coalesce("broker_time_utc", "enqueued_time_utc"))
    text = sf.col("payload").cast("string")
    schema = "timestamp_ms bigint, value string, quality string, unit string, sequence bigint"
    parsed = arrived.withColumn("j", sf.from_json(text, schema)).withColumn(
        "number", sf.expr("try_cast(j.value as double)")
    )
    is_json = sf.col("j.timestamp_ms").isNotNull() & sf.col("j.value").isNotNull()
    is_timely = sf.col("j.timestamp_ms").between(946_684_800_000, sf.unix_millis("arrival_time_utc") + 300_000)
    is_number = sf.col("number").isNotNull()
    good = parsed.where(is_json & is_timely & is_number)
    write("reading", _readings(good, tags))
    rules = {
        "invalid_json": ~is_json,
        "event_time_out_of_range": is_json & ~is_timely,
        "number_as_text": is_json & is_timely & ~is_number,
    }
    outcomes = [_counted(good, "decoded", "", 1)]
    for reason, fails in rules.items():
        index = sf.lit(0 if reason == "number_as_text" else -1)
        refused = parsed.where(fails).withColumns({"metric_index": index, "reasons": sf.array(sf.lit(reason))})
        write("quarantine", refused.select(
            "route", "source_partition", "source_offset", "metric_index", "topic", "payload", "reasons",
            "arrival_time_utc", "ingest_batch_id",
        ))  # fmt: skip
        outcomes.append(_counted(parsed.where(fails), "quarantined", reason, 0))
    audit = outcomes[0]
    for more in outcomes[1:]:
        audit = audit.unionByName(more)
    write("audit", audit)


def _readings(good: DataFrame, tags: DataFrame) -> DataFrame:
    known = tags.select(
        sf.col("tag_id").alias("known_tag"),
        "asset_id",
        sf.col("unit").alias("tag_unit"),
        "valid_from_utc",
        "valid_to_utc",
    )
    at = sf.timestamp_millis("j.timestamp_ms")
    timed = good.withColumns({"tag_id": sf.col("topic"), "event_time_utc": at})
    valid = (sf.col("valid_from_utc") <= sf.col("event_time_utc")) & (
        sf.col("valid_to_utc").isNull() | (sf.col("event_time_utc") < sf.col("valid_to_utc"))
    )
    joined = timed.join(sf.broadcast(known), (sf.col("tag_id") == sf.col("known_tag")) & valid, "left")
    whole = joined.withColumn("source_sequence", sf.coalesce("j.sequence", sf.lit(0)))
    order: list[Column] = [sf.col(n).desc() for n in ("arrival_time_utc", "route", "source_partition", "source_offset")]
    last = sf.row_number().over(Window.partitionBy(*_KEY).orderBy(*order))
    return (
        whole.withColumn("rn", last)
        .where("rn = 1")
        .select(
            *_KEY,
            "asset_id",
            sf.col("number").alias("value_double"),
            sf.lit(None).cast("string").alias("value_string"),
            sf.coalesce("j.unit", "tag_unit").alias("unit"),
            sf.when(sf.col("j.quality").isNull(), "GOOD").otherwise(sf.upper("j.quality")).alias("quality"),
            sf.lit(None).cast("bigint").alias("quality_code"),
            sf.lit(False).alias("is_historical"),
            sf.lit("payload").alias("time_source"),
            "route",
            "source_partition",
            "source_offset",
            sf.lit(0).alias("metric_index"),
            sf.lit(None).cast("string").alias("edge_node_id"),
            "arrival_time_utc",
            "ingest_batch_id",
            sf.to_date("event_time_utc").alias("event_date"),
        )
    )


def _counted(rows: DataFrame, outcome: str, reason: str, values: int) -> DataFrame:
    named = rows.withColumns({"decoder": sf.lit("uns_json"), "outcome": sf.lit(outcome), "reason": sf.lit(reason)})
    return named.groupBy(*_AUDIT).agg(
        sf.count(sf.lit(1)).alias("message_count"), sf.sum(sf.lit(values)).alias("value_count")
    )


FAMILY = Family(
    "readings",
    "`from_json`, filters on its fields, one write per rule",
    land,
    ours,
    naive,
    sink="delta",
)
