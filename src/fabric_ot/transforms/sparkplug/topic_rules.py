"""Broken rules of topics and MQTT flags: what is told beside the payload."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.sparkplug import DEVICE_MESSAGE_TYPES, NAMESPACE, NODE_MESSAGE_TYPES
from fabric_ot.contracts.sparkplug_rules import NAMES, PAYLOADS, TOPICS
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.messages.decoded_samples import SAMPLE_COLUMNS, shown

Finding = Callable[..., Column]
_FORBIDDEN = "[+#\ufffd]"
_DEVICE_DEPTH = 5
_STATE_DDL = "online boolean, timestamp bigint"
_WITH_RULES_OF_THEIR_OWN = ("NBIRTH", "DBIRTH", "NDATA", "DDATA", "NCMD", "DCMD")


def broken_flags(finding: Finding) -> list[Column]:
    """Return the findings about `qos` and `is_retained` of a placed message; what was not captured is not judged."""
    kind, qos, retained = sf.col("message_type"), sf.col("qos"), sf.col("is_retained")
    is_own = kind.isin(*_WITH_RULES_OF_THEIR_OWN)
    rule = sf.concat(sf.lit(PAYLOADS), sf.lower(kind))
    told = sf.concat(sf.lit("QoS "), qos.cast("string"))
    is_death = kind == "NDEATH"
    return [
        finding(sf.concat(rule, sf.lit("-qos")), is_own & (qos != 0), told),
        finding(sf.concat(rule, sf.lit("-retain")), is_own & retained),
        finding(f"{TOPICS}ddeath-mqtt", (kind == "DDEATH") & ((qos != 0) | retained), told),
        finding(f"{PAYLOADS}ndeath-will-message-qos", is_death & (qos != 1), told),
        finding(f"{PAYLOADS}ndeath-will-message-retain", is_death & retained),
    ]


def broken_names(finding: Finding) -> list[Column]:
    """Return the findings about the names in a legal topic: bytes that are no UTF-8 came through as U+FFFD."""
    names = sf.split("edge_node_id", "/", 2)
    parts = (("group-id", sf.get(names, sf.lit(0))), ("edge-node-id", sf.get(names, sf.lit(1))),
             ("device-id", sf.col("device_id")))  # fmt: skip
    return [finding(f"{NAMES}valid-{part}", name.rlike(_FORBIDDEN), shown(name)) for part, name in parts]


def with_broken_topic(unplaced: DataFrame) -> DataFrame:
    """Add the rules that the topic of a message without edge node breaks, or the STATE that it carries.

    Columns in:  `topic`, `topic_reason`, `payload`, `qos`, as `with_edge_node` returns them.
    Columns out: those of `unplaced`, `broken` (as in `SAMPLE_COLUMNS`; null where nothing is broken).
    Grain out:   as `unplaced`.
    Cost:        no shuffle.
    """
    require_columns("with_broken_topic", unplaced, ["topic", "topic_reason", "payload", "qos"])
    level = sf.split("topic", "/")
    kind = sf.get(level, sf.lit(2))
    is_illegal, is_state = sf.col("topic_reason") == "illegal_sparkplug_topic", sf.col("topic_reason") == "host_state"
    is_node, is_device = kind.isin(*NODE_MESSAGE_TYPES), kind.isin(*DEVICE_MESSAGE_TYPES)
    rule = (
        sf.when(sf.get(level, sf.lit(0)) != NAMESPACE, f"{NAMES}a")
        .when(is_node & (sf.size(level) == _DEVICE_DEPTH), f"{NAMES}device-id-non-associated-message-types")
        .when(is_device & (sf.size(level) < _DEVICE_DEPTH), f"{NAMES}device-id-associated-message-types")
        .otherwise("tck-id-topic-structure")
    )
    state = sf.from_json(sf.col("payload").cast("string"), _STATE_DDL)
    is_sound = state["online"].isNotNull() & state["timestamp"].isNotNull()
    rules = sf.array_compact(
        sf.array(
            sf.when(is_illegal, rule),
            sf.when(is_state & ~is_sound, "tck-id-host-topic-phid-birth-payload"),
            sf.when(is_state & (sf.col("qos") != 1), "tck-id-host-topic-phid-birth-qos"),
        )
    )
    nothing = sf.lit(None)
    broken = sf.struct(nothing, nothing, nothing, rules).cast(SAMPLE_COLUMNS["broken"])
    return unplaced.withColumn("broken", sf.when(sf.size(rules) > 0, broken))
