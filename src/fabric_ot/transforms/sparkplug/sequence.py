"""Sessions of edge nodes: birth epochs, missing messages, redeliveries and stale deaths.

Everything is judged in the order of arrival (`ARRIVAL_ORDER`), whatever batches the messages came in.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as sf

from fabric_ot.contracts.sparkplug import SEQ_MODULUS
from fabric_ot.contracts.sparkplug_rules import STRICT_REASON
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.messages.decoders import ARRIVAL_ORDER

BIRTHS = ("NBIRTH", "DBIRTH")
DATA = ("NDATA", "DDATA")
REDELIVERY_DISTANCE = 256
"""An identical message fewer than this many messages back is a redelivery."""

_BEFORE = (Window.unboundedPreceding, -1)
_WHOLE = (Window.unboundedPreceding, Window.unboundedFollowing)
_NEEDED = (
    *ARRIVAL_ORDER, "edge_node_id", "device_id", "message_type", "seq", "bd_seq", "payload_digest", "message_reason",
    "epoch_before",
)  # fmt: skip


def with_sequence(messages: DataFrame) -> DataFrame:
    """Place each message in its edge node's session.

    Choices: an NBIRTH may carry any `seq` and resets the expectation; a repeated `seq` misses nothing; the first
    message of an epoch says nothing about what is missing, nor does an NDEATH, which has no `seq`; a redelivery
    changes nothing. A message that strict mode refused keeps its place in the sequence, and such an NBIRTH still
    ends the epoch before it. An NDEATH counts when its `bdSeq` is that of the epoch's birth (or that birth has none).

    Columns in:  `ARRIVAL_ORDER`, `edge_node_id`, `device_id`, `message_type`, `seq`, `bd_seq`, `payload_digest`,
                 `message_reason` (a message with one takes no part), `epoch_before` (births before the first row).
    Columns out: those of `messages` without `epoch_before`, `position` (from 1, per edge node), `birth_epoch`,
                 `missing_count`, `seq_before` (null where `seq` says nothing), `has_birth` (the node has one in these
                 rows); `message_reason` adds `redelivery` and `stale_death`.
    Grain out:   as `messages`.
    Cost:        one shuffle by `edge_node_id`.
    """
    require_columns("with_sequence", messages, _NEEDED)
    node = Window.partitionBy("edge_node_id").orderBy(*ARRIVAL_ORDER)
    placed = messages.withColumn("position", sf.row_number().over(node))
    epochs = _with_epoch(placed, node)
    return _with_missing(_with_stale_deaths(_with_redeliveries(epochs))).drop("epoch_before", "_takes_part")


def _with_epoch(placed: DataFrame, node: WindowSpec) -> DataFrame:
    is_birth = (sf.col("message_type") == "NBIRTH") & _is_sent()
    birth = sf.when(is_birth, sf.struct("payload_digest", "position"))
    previous = sf.last(birth, ignorenulls=True).over(node.rowsBetween(*_BEFORE))
    known = placed.withColumn("_previous", previous)
    is_again = (sf.col("payload_digest") == sf.col("_previous.payload_digest")) & _is_near(sf.col("_previous.position"))
    is_new = is_birth & ~sf.coalesce(is_again, sf.lit(False))
    started = known.withColumn("_is_new", is_new)
    so_far = sf.sum(sf.col("_is_new").cast("int")).over(node.rowsBetween(Window.unboundedPreceding, 0))
    epoch = (sf.col("epoch_before") + so_far).cast("int")
    return started.withColumn("birth_epoch", epoch).drop("_previous")


def _with_redeliveries(epochs: DataFrame) -> DataFrame:
    is_open = sf.col("message_reason").isNull()
    same = Window.partitionBy(
        "edge_node_id", "birth_epoch", "message_type", "device_id", "payload_digest", "_is_open"
    ).orderBy("position")
    flagged = epochs.withColumn("_is_open", is_open)
    seen = flagged.withColumn("_seen", sf.lag("position").over(same))
    is_again = sf.col("_is_open") & sf.coalesce(_is_near(sf.col("_seen")), sf.lit(False))
    reason = sf.when(is_again, sf.lit("redelivery")).otherwise(sf.col("message_reason"))
    return seen.withColumn("message_reason", reason).drop("_is_open", "_seen")


def _with_stale_deaths(messages: DataFrame) -> DataFrame:
    epoch = Window.partitionBy("edge_node_id", "birth_epoch").orderBy("position")
    node = Window.partitionBy("edge_node_id")
    session = sf.when(sf.col("_is_new"), sf.struct("bd_seq"))
    born = messages.withColumn("_session", sf.first(session, ignorenulls=True).over(epoch.rowsBetween(*_WHOLE)))
    birth = sf.when(sf.col("message_type").isin(*BIRTHS) & sf.col("message_reason").isNull(), 1)
    any_birth = sf.max(birth).over(node).isNotNull()
    is_current = sf.col("_session").isNotNull() & (
        sf.col("_session.bd_seq").isNull() | sf.col("_session.bd_seq").eqNullSafe(sf.col("bd_seq"))
    )
    is_stale = (sf.col("message_type") == "NDEATH") & sf.col("message_reason").isNull() & ~is_current
    reason = sf.when(is_stale, sf.lit("stale_death")).otherwise(sf.col("message_reason"))
    judged = born.withColumn("has_birth", any_birth).withColumn("message_reason", reason)
    return judged.drop("_session", "_is_new")


def _with_missing(messages: DataFrame) -> DataFrame:
    epoch = Window.partitionBy("edge_node_id", "birth_epoch").orderBy("position")
    takes_part = _is_sent() & sf.col("seq").isNotNull() & (sf.col("message_type") != "NDEATH")
    flagged = messages.withColumn("_takes_part", takes_part)
    counted = sf.when(sf.col("_takes_part"), sf.col("seq"))
    previous = sf.last(counted, ignorenulls=True).over(epoch.rowsBetween(*_BEFORE))
    step = sf.pmod(sf.col("seq") - sf.col("_before"), sf.lit(SEQ_MODULUS))
    missing = sf.when(sf.col("_takes_part") & sf.col("_before").isNotNull(), sf.greatest(step - 1, sf.lit(0)))
    before = sf.when(sf.col("_takes_part"), sf.col("_before"))
    placed = flagged.withColumn("_before", previous).withColumn("missing_count", missing)
    return placed.withColumn("seq_before", before).drop("_before")


def _is_sent() -> Column:
    return sf.coalesce(sf.col("message_reason") == STRICT_REASON, sf.lit(True))


def _is_near(position: Column) -> Column:
    return sf.col("position") - position < REDELIVERY_DISTANCE
