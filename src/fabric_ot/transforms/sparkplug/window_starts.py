"""From where the sessions of touched edge nodes must be judged anew."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.messages.decoders import ARRIVAL_ORDER


def to_window_starts(new_messages: DataFrame, log: DataFrame) -> DataFrame:
    """Find the birth from which each edge node with new messages is judged anew.

    It is the last NBIRTH before the node's earliest new message, as nothing before it can change: neither its
    aliases nor its gaps. Two kinds of birth do not qualify: the node's first one (what was sent before it hangs on
    it and on its devices' births) and one that shares its millisecond of arrival with an earlier message.

    Columns in:  new_messages: `edge_node_id`, `arrival_time_utc`; log: `plant.sparkplug_message`.
    Columns out: `edge_node_id`, `start_utc` (null: from the node's first message), `epoch_before` (births before).
    Grain out:   one row per edge node of `new_messages`.
    Cost:        two shuffles by `edge_node_id`, of narrow rows.
    """
    require_columns("to_window_starts", new_messages, ["edge_node_id", "arrival_time_utc"])
    earliest = new_messages.groupBy("edge_node_id").agg(
        sf.min(sf.unix_millis("arrival_time_utc")).alias("_earliest_ms")
    )
    in_order = Window.partitionBy("edge_node_id").orderBy(*ARRIVAL_ORDER)
    timed = log.withColumn("_ms", sf.unix_millis("arrival_time_utc"))
    previous = timed.withColumn("_previous_ms", sf.lag("_ms").over(in_order))
    is_birth = (sf.col("message_type") == "NBIRTH") & (sf.col("outcome") == "decoded") & (sf.col("birth_epoch") > 1)
    births = previous.where(is_birth & (sf.col("_previous_ms") < sf.col("_ms")))
    candidates = births.select("edge_node_id", "_ms", sf.struct("arrival_time_utc", "birth_epoch").alias("_birth"))
    is_before = sf.when(sf.col("_ms") < sf.col("_earliest_ms"), sf.col("_birth"))
    starts = (
        earliest.join(candidates, "edge_node_id", "left").groupBy("edge_node_id").agg(sf.max(is_before).alias("_b"))
    )
    return starts.select(
        "edge_node_id",
        sf.col("_b.arrival_time_utc").alias("start_utc"),
        sf.coalesce(sf.col("_b.birth_epoch") - 1, sf.lit(0)).alias("epoch_before"),
    )
