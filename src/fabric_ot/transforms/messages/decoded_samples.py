"""The common shape between the decoders and the silver tables: one row per sample, or per message without one.

A row is a *sample* (it has a `tag_id` and no reasons), a *refused* metric or message (it has reasons, of the
quarantine or of the ignored kind; `metric_index` -1 means the whole message), or a *marker* of a message that
was understood and carries no sample.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.reasons import IGNORED_REASONS
from fabric_ot.transforms.intervals import require_columns

MESSAGE_COLUMNS: tuple[str, ...] = (
    "route", "source_partition", "source_offset", "arrival_time_utc", "ingest_batch_id", "decoder",
)  # fmt: skip
"""What every sample repeats of its message."""

TRANSPORT_KEY: tuple[str, ...] = MESSAGE_COLUMNS[:3]
WHOLE_MESSAGE = -1

SAMPLE_COLUMNS: dict[str, str] = {
    "edge_node_id": "string",
    "metric_index": "int",
    "tag_id": "string",
    "event_time_utc": "timestamp",
    "source_sequence": "bigint",
    "value_kind": "string",
    "value_double": "double",
    "value_string": "string",
    "unit": "string",
    "quality": "string",
    "quality_code": "bigint",
    "source_details": "string",
    "is_historical": "boolean",
    "time_source": "string",
    "reasons": "array<string>",
    "detail": "string",
    "is_alone": "boolean",
    "broken": "struct<device_id: string, message_type: string, birth_epoch: int, rules: array<string>>",
}
"""Beside `MESSAGE_COLUMNS`. `value_kind`: number | boolean | text | json_text | csv | structured | null. `is_alone`:
the row is all that came of its message; null where the decoder does not tell. `broken`: the rules of Sparkplug that a
metric breaks against its birth, and where; null elsewhere."""

MAX_PAYLOAD_BYTES = 1_048_576
EARLIEST_MS = 946_684_800_000
"""2000-01-01T00:00:00Z: no plant clock that is set says less."""

ALLOWED_LEAD_MS = 300_000
"""How far a source's clock may be ahead of arrival: 5 minutes."""

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_SHOWN_CHARACTERS = 200


def to_samples(rows: DataFrame) -> DataFrame:
    """Bring a decoder's rows to the common shape; what it has no say in is null, `reasons` is empty.

    Columns in:  `MESSAGE_COLUMNS`, `metric_index`, any of `SAMPLE_COLUMNS`; others are left out.
    Columns out: `MESSAGE_COLUMNS`, `SAMPLE_COLUMNS`.
    Grain out:   as `rows`.
    Cost:        no shuffle.
    """
    require_columns("to_samples", rows, [*MESSAGE_COLUMNS, "metric_index"])
    given = set(rows.columns)
    columns = [
        (sf.col(name) if name in given else sf.lit(None)).cast(type_).alias(name)
        for name, type_ in SAMPLE_COLUMNS.items()
        if name != "reasons"
    ]
    reasons = sf.col("reasons") if "reasons" in given else sf.array().cast("array<string>")
    return rows.select(*MESSAGE_COLUMNS, *columns, reasons.alias("reasons"))


def to_refused_samples(messages: DataFrame, reason: Column) -> DataFrame:
    """Refuse whole messages, or leave them aside, for the one named `reason`; the topic is told.

    Columns in:  `MESSAGE_COLUMNS`, `topic`.
    Columns out: `MESSAGE_COLUMNS`, `SAMPLE_COLUMNS`.
    Grain out:   as `messages`.
    Cost:        no shuffle.
    """
    detail = sf.concat(sf.lit("topic "), shown(sf.col("topic")))
    whole = messages.withColumn("metric_index", sf.lit(WHOLE_MESSAGE)).withColumn("reasons", sf.array(reason))
    return to_samples(whole.withColumns({"detail": detail, "is_alone": sf.lit(True)}))


def bytes_reason(payload: Column) -> Column:
    """Name what is wrong with the size of a payload; null where nothing is."""
    empty = payload.isNull() | (sf.length(payload) == 0)
    too_large = sf.length(payload) > MAX_PAYLOAD_BYTES
    return sf.when(empty, sf.lit("empty_payload")).when(too_large, sf.lit("payload_too_large"))


def is_utf8(payload: Column, text: Column) -> Column:
    """Say whether bytes are valid UTF-8, given their cast to string: only then do they survive the way back."""
    return sf.encode(text, "UTF-8").eqNullSafe(payload)


def is_plausible_ms(ms: Column, arrival: Column) -> Column:
    """Say whether a source's time lies between 2000 and a little after arrival."""
    return ms.between(sf.lit(EARLIEST_MS), sf.unix_millis(arrival) + ALLOWED_LEAD_MS)


def is_sample() -> Column:
    """Say whether a row of the common shape is a sample that goes into `plant.reading`."""
    return sf.col("tag_id").isNotNull() & (sf.size("reasons") == 0)


def is_refused() -> Column:
    """Say whether a row of the common shape goes into `plant.quarantine`."""
    return (sf.size("reasons") > 0) & ~is_ignored()


def is_ignored() -> Column:
    """Say whether a row stands for a message that is counted and left aside by a named reason."""
    return sf.coalesce(sf.get("reasons", sf.lit(0)).isin(list(IGNORED_REASONS)), sf.lit(False))


def reasons_of(conditions: Sequence[tuple[str, Column]]) -> Column:
    """Return the names of all conditions that hold, in the order given."""
    return sf.array_compact(sf.array(*(sf.when(condition, sf.lit(name)) for name, condition in conditions)))


def shown(text: Column) -> Column:
    """Return the beginning of a text, as `detail` shows it to a person: bytes that are no UTF-8 are told as `?`."""
    # The regular expression sees each invalid byte as U+FFFD; unreplaced, no other reader could open the table.
    return sf.regexp_replace(sf.substring(text, 1, _SHOWN_CHARACTERS), "\ufffd", "?")
