"""Deaths as samples: every tag of the node or device is STALE from the time of death."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.sparkplug import QUALITY_STALE
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.messages.decoded_samples import MESSAGE_COLUMNS, WHOLE_MESSAGE, is_plausible_ms, to_samples
from fabric_ot.transforms.sparkplug.definitions import to_birth_metrics
from fabric_ot.transforms.sparkplug.metrics import is_control
from fabric_ot.transforms.sparkplug.topics import tag_id_of

_KNOWN = ("edge_node_id", "birth_epoch", "device_id", "name")


def to_stale_samples(messages: DataFrame) -> DataFrame:
    """Turn each valid death into one STALE row without a value per tag that its epoch's births named before it.

    Choices: a node dies, with all its devices, when the broker says so (the will's own time is that of the
    connect); a device dies at its payload's time. A death that knows no tags leaves one marker row.

    Columns in:  those of `with_sequence`, `metrics`, `payload_time_ms`.
    Columns out: `MESSAGE_COLUMNS`, `SAMPLE_COLUMNS`.
    Grain out:   one row per death and tag, or one with `metric_index` -1.
    Cost:        one join of deaths, which are few, with birth metrics.
    """
    require_columns("to_stale_samples", messages, [*MESSAGE_COLUMNS, "message_type", "payload_time_ms", "metrics"])
    deaths = _to_deaths(messages)
    known = _to_known_tags(messages)
    is_same = (
        (sf.col("edge_node_id") == sf.col("_edge_node_id"))
        & (sf.col("birth_epoch") == sf.col("_birth_epoch"))
        & (sf.col("_is_node") | (sf.col("device_id") == sf.col("_device_id")))
        & (sf.col("position") > sf.col("_born"))
        & sf.col("_reason").isNull()
    )
    joined = deaths.join(known, is_same, "left").withColumn("device_id", sf.coalesce("_device_id", "device_id"))
    has_tag = sf.col("_name").isNotNull()
    return to_samples(
        joined.select(
            *MESSAGE_COLUMNS,
            "edge_node_id",
            sf.coalesce("_metric_index", sf.lit(WHOLE_MESSAGE)).alias("metric_index"),
            sf.when(has_tag, tag_id_of(sf.col("_name"))).alias("tag_id"),
            sf.col("_time").alias("event_time_utc"),
            sf.unix_millis("arrival_time_utc").alias("source_sequence"),
            sf.lit("declared_null").alias("value_kind"),
            sf.lit("STALE").alias("quality"),
            sf.lit(QUALITY_STALE).alias("quality_code"),
            sf.lit(False).alias("is_historical"),
            sf.when(sf.col("_is_by_payload"), sf.lit("payload")).otherwise(sf.lit("broker")).alias("time_source"),
            sf.array_compact(sf.array("_reason")).alias("reasons"),
            sf.concat(sf.lit("time of death "), sf.col("payload_time_ms").cast("string"), sf.lit(" ms")).alias("_told"),
        ).withColumn("detail", sf.when(sf.size("reasons") > 0, sf.col("_told")))
    )


def _to_deaths(messages: DataFrame) -> DataFrame:
    valid = messages.where(sf.col("message_type").isin("NDEATH", "DDEATH") & sf.col("message_reason").isNull())
    is_node = sf.col("message_type") == "NDEATH"
    by_payload = ~is_node & sf.col("payload_time_ms").isNotNull()
    is_plausible = is_plausible_ms(sf.col("payload_time_ms"), sf.col("arrival_time_utc"))
    time = sf.when(~by_payload, sf.col("arrival_time_utc")).when(is_plausible, sf.timestamp_millis("payload_time_ms"))
    timed = valid.drop("metrics").withColumn("_is_node", is_node).withColumn("_is_by_payload", by_payload)
    reason = sf.when(sf.col("_time").isNull(), sf.lit("event_time_out_of_range"))
    return timed.withColumn("_time", time).withColumn("_reason", reason)


def _to_known_tags(messages: DataFrame) -> DataFrame:
    named = to_birth_metrics(messages).where(~is_control(sf.col("name")) & ~sf.col("is_transient"))
    first = named.groupBy(*_KNOWN).agg(sf.min("position").alias("born"), sf.min("metric_index").alias("metric_index"))
    return first.select(*(sf.col(name).alias(f"_{name}") for name in first.columns))
