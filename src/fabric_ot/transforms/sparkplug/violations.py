"""Broken rules of Sparkplug 3.0 as rows: of topics, flags and payloads, of the stream, and of metrics by their birth.

Judged from the last birth on, as readings are: late messages change what was told, whatever the order they came in.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.contracts.sparkplug import SEQ_MODULUS
from fabric_ot.contracts.sparkplug_rules import (
    ALIAS_UNIQUE,
    FLOW,
    NOT_PROTOBUF,
    PAYLOADS,
    SEQUENCE,
    STALE_DEATH,
    STRICT_REASON,
    STRICT_RULES,
    WARNINGS,
)
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.messages.decoded_samples import MESSAGE_COLUMNS, TRANSPORT_KEY
from fabric_ot.transforms.sparkplug.definitions import to_birth_metrics
from fabric_ot.transforms.sparkplug.topic_rules import broken_flags, broken_names

_PLACE = (*MESSAGE_COLUMNS, "edge_node_id", "device_id", "message_type", "birth_epoch")
_NEEDED = (*_PLACE, "position", "message_reason", "qos", "is_retained", "missing_count", "seq_before", "seq", "bd_seq",
           "broken", "metrics")  # fmt: skip
_FOUND = "struct<assertion_id: string, metric_index: int, detail: string, asks_rebirth: string>"
_SENT_WITHOUT_BIRTH: dict[str, str] = {
    "NDATA": f"{PAYLOADS}ndata-order",
    "DDATA": f"{PAYLOADS}ddata-order",
    "DBIRTH": f"{FLOW}device-birth-publish-nbirth-wait",
    "DDEATH": "tck-id-principles-birth-certificates-order",
}
_UNREADABLE: dict[str, str] = {
    "NBIRTH": f"{FLOW}edge-node-birth-publish-nbirth-payload",
    "DBIRTH": f"{FLOW}device-birth-publish-dbirth-payload",
    "NDEATH": f"{FLOW}edge-node-birth-publish-will-message-payload",
}


def with_strict_reason(messages: DataFrame) -> DataFrame:
    """Refuse messages that break a "must" of Sparkplug by themselves: `message_reason` names it, strict mode's choice.

    A refused birth defines nothing, so what is sent under it is held; it still ends the session before it.

    Columns in:  `message_reason`, `error`, `broken`, as `with_payload` adds them.
    Columns out: those of `messages`; `error` tells the rules.
    Grain out:   as `messages`.
    Cost:        no shuffle.
    """
    require_columns("with_strict_reason", messages, ["message_reason", "error", "broken"])
    rules = sf.array_distinct(
        sf.filter(sf.col("broken.assertion_id"), lambda rule: rule.isin(*STRICT_RULES)).cast("array<string>")
    )
    is_refused = sf.col("message_reason").isNull() & (sf.size(rules) > 0)
    return messages.withColumns(
        {
            "error": sf.when(is_refused, sf.array_join(rules, ", ")).otherwise(sf.col("error")),
            "message_reason": sf.when(is_refused, sf.lit(STRICT_REASON)).otherwise(sf.col("message_reason")),
        }
    )


def to_violations(samples: DataFrame, messages: DataFrame | None = None) -> DataFrame:
    """Turn placed messages and samples into one row per message and rule that it breaks.

    A redelivery is not judged again. Of several metrics that break a rule the first is named, and all are counted.

    Columns in:  samples: as the decoders return them, catalogued or not; messages: those of `with_sequence` over
                 `with_payload`, or None where no message named an edge node.
    Columns out: `plant.violation`, `asks_rebirth` (a name of `REBIRTH_REASONS`, or null).
    Grain out:   one row per message and assertion.
    Cost:        a shuffle of the messages' session facts, one of birth metrics, one of what was found.
    """
    require_columns("to_violations samples", samples, [*MESSAGE_COLUMNS, "metric_index", "reasons", "detail", "broken"])
    parts = [_of_samples(samples)]
    if messages is not None:
        require_columns("to_violations messages", messages, _NEEDED)
        judged = messages.where(~sf.col("message_reason").eqNullSafe(sf.lit("redelivery")))
        parts += [_of_messages(judged), _of_shared_aliases(judged)]
    found = reduce(DataFrame.unionByName, parts)
    index = sf.col("found.metric_index")
    grouped = found.groupBy(*TRANSPORT_KEY, "arrival_time_utc", "ingest_batch_id", "found.assertion_id").agg(
        *(sf.max(name).alias(name) for name in ("edge_node_id", "device_id", "message_type", "birth_epoch")),
        sf.min(index).alias("metric_index"),
        sf.count(sf.when(index >= 0, 1)).alias("metric_count"),
        sf.min(sf.struct(index, "found.detail")).getField("detail").alias("detail"),
        sf.min("found.asks_rebirth").alias("asks_rebirth"),
    )
    severity = sf.when(sf.col("assertion_id").isin(*WARNINGS), "warning").otherwise("error")
    return grouped.withColumn("severity", severity)


def finding(
    assertion: Column | str, condition: Column, detail: Column | None = None, asks: str | None = None
) -> Column:
    """Return one finding about a whole message where `condition` holds, else null."""
    rule = sf.lit(assertion) if isinstance(assertion, str) else assertion
    told = sf.lit(None).cast("string") if detail is None else detail
    asked = sf.lit(asks).cast("string")
    return sf.when(condition, sf.struct(rule, sf.lit(-1), told, asked).cast(_FOUND))


def _of_messages(messages: DataFrame) -> DataFrame:
    session = Window.partitionBy("edge_node_id", "birth_epoch").orderBy("position")
    device = Window.partitionBy("edge_node_id", "birth_epoch", "device_id").orderBy("position")
    is_taken = sf.col("message_reason").isNull()
    node_word = sf.when(is_taken & sf.col("message_type").isin("NBIRTH", "NDEATH"), sf.col("message_type"))
    device_word = sf.when(is_taken & sf.col("message_type").isin("DBIRTH", "DDEATH"), sf.col("message_type"))
    before = (Window.unboundedPreceding, -1)
    narrow = messages.drop("metrics").withColumns(
        {
            "_node": sf.last(node_word, ignorenulls=True).over(session.rowsBetween(*before)),
            "_device": sf.last(device_word, ignorenulls=True).over(device.rowsBetween(*before)),
        }
    )
    by_itself = sf.when(
        is_taken | sf.col("message_reason").isin("stale_death", STRICT_REASON),
        sf.transform("broken", lambda rule: sf.struct(rule["assertion_id"], rule["metric_index"],
                                                      sf.lit(None).cast("string"), sf.lit(None).cast("string"))
                     .cast(_FOUND)),
    )  # fmt: skip
    whole = sf.array_compact(sf.array(*_stream_findings(), *broken_flags(finding), *broken_names(finding)))
    found = sf.concat(whole, sf.coalesce(by_itself, sf.array().cast(f"array<{_FOUND}>")))
    return narrow.select(*_PLACE, sf.explode(found).alias("found"))


def _stream_findings() -> list[Column]:
    kind, is_taken = sf.col("message_type"), sf.col("message_reason").isNull()
    is_alive = sf.coalesce(sf.col("_node") == "NBIRTH", sf.lit(False))
    is_device_born = sf.coalesce(sf.col("_device") == "DBIRTH", sf.lit(False))
    has_missed = sf.col("missing_count") > 0
    is_repeated = sf.pmod(sf.col("seq") - sf.col("seq_before"), sf.lit(SEQ_MODULUS)) == 0
    step = sf.concat(
        sf.lit("seq "), sf.col("seq").cast("string"), sf.lit(" after "), sf.col("seq_before").cast("string")
    )
    missed = sf.concat(step, sf.lit(": "), sf.col("missing_count").cast("string"), sf.lit(" missing"))
    no_node = sf.when(sf.col("_node") == "NDEATH", "the node is dead").otherwise("no birth of the node before")
    no_device = sf.when(sf.col("_device") == "DDEATH", "the device is dead").otherwise("no birth of the device before")
    session = sf.concat(sf.lit("bdSeq "), sf.coalesce(sf.col("bd_seq").cast("string"), sf.lit("absent")))
    asks, is_unreadable = "data_before_birth", sf.col("message_reason") == "invalid_protobuf"
    unreadable = sf.lit(NOT_PROTOBUF)
    for message_type, rule in _UNREADABLE.items():
        unreadable = sf.when(kind == message_type, rule).otherwise(unreadable)
    return [
        *(
            finding(rule, is_taken & ~is_alive & (kind == sent), no_node, asks if sent.endswith("DATA") else None)
            for sent, rule in _SENT_WITHOUT_BIRTH.items()
        ),
        finding(f"{PAYLOADS}ddata-order", is_taken & is_alive & ~is_device_born & (kind == "DDATA"), no_device, asks),
        finding(SEQUENCE, has_missed, missed, "sequence_gap"),
        finding(SEQUENCE, is_repeated, step),
        finding(STALE_DEATH, sf.col("message_reason") == "stale_death", session),
        finding(unreadable, is_unreadable, sf.col("error")),
    ]  # fmt: skip


def _of_samples(samples: DataFrame) -> DataFrame:
    """Take over what metrics break against the births in force, and what topics break."""
    told = samples.where(sf.col("broken").isNotNull()).withColumn("_rule", sf.explode("broken.rules"))
    asks = sf.when(sf.array_contains("reasons", "alias_without_birth"), sf.lit("unknown_alias"))
    found = sf.struct("_rule", "metric_index", "detail", asks).cast(_FOUND).alias("found")
    return told.select(*MESSAGE_COLUMNS, "edge_node_id", "broken.device_id", "broken.message_type",
                       "broken.birth_epoch", found)  # fmt: skip


def _of_shared_aliases(messages: DataFrame) -> DataFrame:
    """Find births that give out an alias which another device of the node, or the node itself, holds already."""
    metrics = to_birth_metrics(messages, carried=_PLACE).where(sf.col("alias").isNotNull())
    holders = Window.partitionBy("edge_node_id", "birth_epoch", "alias").orderBy("position", "metric_index")
    owner = sf.coalesce("device_id", sf.lit(""))
    held = metrics.withColumn("_owner", sf.first(owner).over(holders))
    holder = sf.when(sf.col("_owner") == "", "the node").otherwise(sf.col("_owner"))
    detail = sf.concat(sf.lit("alias "), sf.col("alias").cast("string"), sf.lit(" of "), holder)
    found = sf.struct(sf.lit(ALIAS_UNIQUE), "metric_index", detail, sf.lit(None).cast("string")).cast(_FOUND)
    return held.where(sf.col("_owner") != owner).select(*_PLACE, found.alias("found"))
