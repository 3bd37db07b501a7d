"""What a Sparkplug B topic says: group, edge node, device and message type. *Sparkplug 3.0 chapter 4*."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.sparkplug import (
    DEVICE_MESSAGE_TYPES,
    NAMESPACE,
    NODE_MESSAGE_TYPES,
    STATE_TOPIC_PREFIX,
)
from fabric_ot.transforms.intervals import require_columns

_NODE_LEVELS = 4


def with_edge_node(messages: DataFrame) -> DataFrame:
    """Add what the topic says of a Sparkplug message, or why it says nothing of an edge node.

    Columns in:  `topic`.
    Columns out: those of `messages`, `edge_node_id` (group/node), `device_id`, `message_type`, `topic_reason`
                 (illegal_sparkplug_topic | host_state, and then the others are null).
    Grain out:   as `messages`.
    Cost:        no shuffle.
    """
    require_columns("with_edge_node", messages, ["topic"])
    level = [sf.get(sf.split("topic", "/"), sf.lit(n)) for n in range(_NODE_LEVELS + 1)]
    is_legal = _is_legal(level)
    return messages.select(
        "*",
        sf.when(is_legal, sf.concat_ws("/", level[1], level[3])).alias("edge_node_id"),
        sf.when(is_legal, level[4]).alias("device_id"),
        sf.when(is_legal, level[2]).alias("message_type"),
        sf.when(sf.col("topic").startswith(STATE_TOPIC_PREFIX), sf.lit("host_state"))
        .when(~is_legal, sf.lit("illegal_sparkplug_topic"))
        .alias("topic_reason"),
    )


def tag_id_of(name: Column) -> Column:
    """Return the tag of a metric of the row's edge node or device: the literal namespace, then the path."""
    return sf.concat_ws("/", sf.lit(NAMESPACE), sf.col("edge_node_id"), sf.col("device_id"), name)


def _is_legal(level: list[Column]) -> Column:
    depth = sf.size(sf.split("topic", "/"))
    is_node = level[2].isin(list(NODE_MESSAGE_TYPES)) & (depth == _NODE_LEVELS)
    is_device = level[2].isin(list(DEVICE_MESSAGE_TYPES)) & (depth == _NODE_LEVELS + 1) & (level[4] != "")
    is_named = (level[0] == NAMESPACE) & (level[1] != "") & (level[3] != "")
    return sf.coalesce(is_named & (is_node | is_device), sf.lit(False))
