"""What was refused and why, and the account of every message."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.silver import BATCH_AUDIT, QUARANTINE
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.messages.decoded_samples import (
    MESSAGE_COLUMNS,
    TRANSPORT_KEY,
    is_ignored,
    is_refused,
    is_sample,
)

FEW_ROWS = 100_000
"""So many refused rows are few: they carry no payload, and fit into the memory of any worker."""

_AUDIT_KEY = ("ingest_batch_id", "route", "decoder", "outcome", "reason")


def to_quarantine(samples: DataFrame, messages: DataFrame, *, is_few: bool = False) -> DataFrame:
    """Turn refused samples into quarantine rows that carry the raw bytes of their message.

    Say `is_few` where there are known to be at most `FEW_ROWS` refused rows: then they are broadcast.

    Columns in:  samples: the common shape (`decoded_samples`); messages: `plant.message`.
    Columns out: `plant.quarantine`.
    Grain out:   one row per refused message (`metric_index` -1) or metric.
    Cost:        one join of the refused rows with the messages they came in: where `is_few`, no shuffle; else both are
                 shuffled by the transport key.
    """
    require_columns("to_quarantine", messages, [*TRANSPORT_KEY, "topic", "payload"])
    refused = samples.where(is_refused()).withColumn("reasons", sf.array_sort("reasons"))
    raw = messages.select(*TRANSPORT_KEY, "topic", "payload")
    return (
        (sf.broadcast(refused) if is_few else refused).join(raw, list(TRANSPORT_KEY)).select(*QUARANTINE.column_names)
    )


def rollup_messages(samples: DataFrame) -> DataFrame:
    """Give each message its outcome: decoded with how many samples, quarantined or ignored and why.

    A message is decoded when a sample came out of it, or when it was understood and had none to give; it is
    quarantined when something was refused and nothing came out. The first refused metric names the reason.

    Columns in:  the common shape (`decoded_samples`).
    Columns out: `MESSAGE_COLUMNS`, `outcome`, `reason` ('' where decoded), `value_count`.
    Grain out:   one row per message.
    Cost:        one shuffle of the keys of those messages of which more than one row came; `samples` is read twice.
    """
    first = sf.get("reasons", sf.lit(0))
    is_told = sf.size("reasons") > 0
    told = sf.when(is_told, sf.struct("metric_index", first.alias("reason"), is_ignored().alias("_is_ignored")))
    # most messages carry one value: what came of them is known without bringing rows together
    is_alone = sf.coalesce("is_alone", sf.lit(False))
    values = is_sample().cast("bigint")
    single = samples.where(is_alone).select(*MESSAGE_COLUMNS, values.alias("value_count"), told.alias("_told"))
    several = samples.where(~is_alone).groupBy(*MESSAGE_COLUMNS)
    totals = several.agg(sf.sum(values).alias("value_count"), sf.min(told).alias("_told"))
    outcome, reason = _outcome(sf.col("value_count"), sf.col("_told"))
    return single.unionByName(totals).select(
        *MESSAGE_COLUMNS, outcome.alias("outcome"), reason.alias("reason"), "value_count"
    )


def rollup_audit(messages: DataFrame) -> DataFrame:
    """Count messages by batch, route, decoder, outcome and reason: the conservation account.

    Columns in:  `ingest_batch_id`, `route`, `decoder`, `outcome`, `reason`, `value_count`.
    Columns out: `plant.batch_audit`.
    Grain out:   one row per combination that occurs.
    Cost:        one shuffle of totals.
    """
    totals = messages.withColumn("reason", sf.coalesce("reason", sf.lit(""))).groupBy(*_AUDIT_KEY)
    counted = totals.agg(sf.count(sf.lit(1)).alias("message_count"), sf.sum("value_count").alias("value_count"))
    return counted.select(*BATCH_AUDIT.column_names)


def _outcome(values: Column, told: Column) -> tuple[Column, Column]:
    is_decoded = (values > 0) | told.isNull()
    ignored = sf.when(told["_is_ignored"], sf.lit("ignored")).otherwise(sf.lit("quarantined"))
    return sf.when(is_decoded, sf.lit("decoded")).otherwise(ignored), sf.when(is_decoded, sf.lit("")).otherwise(
        told["reason"]
    )
