"""The rebirths that a host would ask for, and the births that answered."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.silver_sparkplug import REBIRTH_REQUEST
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.messages.decoded_samples import TRANSPORT_KEY
from fabric_ot.transforms.messages.decoders import ARRIVAL_ORDER


def to_rebirth_requests(violations: DataFrame, messages: DataFrame) -> DataFrame:
    """Turn what gave cause for a rebirth into one request per edge node and birth epoch.

    Choices: a host asks at the first cause and then waits, so an epoch has one request; the node's next birth answers
    it, whether it was asked for or not. Messages are judged in the broker's order, without a timeout for reordering:
    one that lands later with an earlier broker time closes its gap, and the request is gone.

    Columns in:  violations: those of `to_violations`; messages: those of `with_sequence`.
    Columns out: `plant.rebirth_request`.
    Grain out:   one row per edge node and epoch with a cause.
    Nulls:       `answered_utc`, while no birth followed.
    Cost:        two shuffles of the causes, which are few, and one of births.
    """
    require_columns("to_rebirth_requests violations", violations, [*ARRIVAL_ORDER, "asks_rebirth", "edge_node_id"])
    require_columns("to_rebirth_requests messages", messages, ["edge_node_id", "birth_epoch", "message_reason"])
    causes = violations.where(sf.col("asks_rebirth").isNotNull()).groupBy("edge_node_id", "birth_epoch", *ARRIVAL_ORDER)
    cause = causes.agg(sf.min("asks_rebirth").alias("reason"))
    asked = cause.groupBy("edge_node_id", "birth_epoch").agg(
        sf.min(sf.struct(*ARRIVAL_ORDER, "reason")).alias("_first"), sf.count(sf.lit(1)).alias("cause_count")
    )
    births = messages.where((sf.col("message_type") == "NBIRTH") & sf.col("message_reason").isNull())
    told = {"edge_node_id": "_node", "birth_epoch": "_epoch", "arrival_time_utc": "_at"}
    answers = births.select(*(sf.col(name).alias(as_name) for name, as_name in told.items()))
    is_later = (sf.col("edge_node_id") == sf.col("_node")) & (sf.col("_epoch") > sf.col("birth_epoch"))
    answered = asked.join(answers, is_later, "left").groupBy("edge_node_id", "birth_epoch", "_first", "cause_count")
    closed = answered.agg(sf.min("_at").alias("answered_utc"))
    first = (sf.col(f"_first.{name}") for name in ("reason", *TRANSPORT_KEY))
    requested = sf.col("_first.arrival_time_utc").alias("requested_utc")
    return closed.select("edge_node_id", "birth_epoch", requested, "answered_utc", "cause_count", *first).select(
        *REBIRTH_REQUEST.column_names
    )
