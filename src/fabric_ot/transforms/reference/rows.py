"""Reference data: CSV lines as they were transported, read by declared header, typed, checked against each other."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.bronze import TRANSPORT_COLUMNS
from fabric_ot.contracts.landing import CsvMapping
from fabric_ot.contracts.table import Column as ContractColumn
from fabric_ot.errors import ConfigError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.reference.entities import MISMATCH, PARENTS, Parent, entity_columns, mapping_problem
from fabric_ot.transforms.reference.rules import is_instant, is_number, is_text_utf8, problems_of

ROW_DOES_NOT_FIT = "row_does_not_fit_mapping"

CARRIED: tuple[str, ...] = (
    *(column.name for column in TRANSPORT_COLUMNS),
    "topic",
    "payload",
    "arrival_time_utc",
    "ingest_batch_id",
    "reasons",
    "detail",
)
"""What every reference row carries beside the columns of its entity."""


def to_reference_rows(messages: DataFrame, mapping: CsvMapping) -> DataFrame:
    """Turn the transported CSV lines of one reference entity into typed rows with reasons.

    The entity is the mapping's name; columns of the header that the entity does not know are passed over. Fields
    are trimmed, an empty one is null. Instants are ISO with zone (`2026-01-01T00:00:00Z`), dates `yyyy-MM-dd`, wall
    times `HH:mm` or `HH:mm:ss`; states become upper case. A row with another number of fields, a field that cannot
    be read, an empty required field or a value outside its vocabulary gets the reason row_does_not_fit_mapping and a
    detail that says which. Rows of other topics are passed over.

    Columns in:  `plant.message`.
    Columns out: those of the entity, `CARRIED` (`reasons` is empty where the row is good).
    Grain out:   one row per message of `reference/<entity>`.
    Nulls:       entity columns may be null where `reasons` is not empty.
    Cost:        no shuffle.

    Raises:
        ConfigError: the mapping is of no reference entity, or its header lacks a column of the entity.
    """
    columns = _checked_columns(mapping)
    require_columns("to_reference_rows", messages, [*CARRIED[:5], "ingest_batch_id", "ingested_time_utc"])
    # exploding the one parsed line keeps the optimizer from copying the parse into every field that reads it
    parsed = sf.explode(sf.array(_fields(mapping)))
    lines = messages.where(sf.col("topic") == mapping.topic).withColumn("_fields", parsed)
    raw = {column.name: _raw(column.name) for column in columns}
    typed = {column.name: _typed(column, raw[column.name]) for column in columns}
    arrival = sf.coalesce("broker_time_utc", "enqueued_time_utc", "ingested_time_utc")
    problems = problems_of(mapping.name, columns, raw, typed)
    detail = sf.when(_is_broken(), f"not {len(mapping.columns)} fields in UTF-8").otherwise(problems)
    rows = lines.select(
        *[typed[column.name].alias(column.name) for column in columns],
        *CARRIED[:5],
        arrival.alias("arrival_time_utc"),
        "ingest_batch_id",
        sf.when(detail != "", detail).alias("detail"),
    )
    reasons = sf.when(sf.col("detail").isNull(), _no_reasons()).otherwise(sf.array(sf.lit(ROW_DOES_NOT_FIT)))
    return rows.withColumn("reasons", reasons).select(*[column.name for column in columns], *CARRIED)


def to_unreadable_rows(messages: DataFrame, problems: Mapping[str, str]) -> DataFrame:
    """Turn reference messages that no mapping can read into refused rows.

    Columns in:  `plant.message`; problems: by topic, what is wrong with its mapping.
    Columns out: `CARRIED`.
    Grain out:   one row per message.
    Cost:        no shuffle.
    """
    require_columns("to_unreadable_rows", messages, [*CARRIED[:5], "ingest_batch_id", "ingested_time_utc"])
    detail = sf.concat("topic", sf.lit(": no such reference entity"))
    for topic, problem in problems.items():
        detail = sf.when(sf.col("topic") == topic, sf.lit(problem)).otherwise(detail)
    return messages.select(
        *CARRIED[:5],
        sf.coalesce("broker_time_utc", "enqueued_time_utc", "ingested_time_utc").alias("arrival_time_utc"),
        "ingest_batch_id",
        sf.array(sf.lit(ROW_DOES_NOT_FIT)).alias("reasons"),
        detail.alias("detail"),
    )


def with_missing_parents(rows: DataFrame, entity: str, parents: Mapping[str, DataFrame]) -> DataFrame:
    """Add a reason to rows that name something which its parent entity does not have.

    Columns in:  rows: as `to_reference_rows` returns them; parents: the good rows of each parent entity.
    Columns out: those of `rows`.
    Grain out:   that of `rows`.
    Cost:        one broadcast join per parent.
    """
    checked = rows
    for number, parent in enumerate(PARENTS.get(entity, ())):
        found = f"_found_{number}"
        named = zip(parent.names or parent.columns, parent.columns, strict=True)
        columns = [sf.col(theirs).alias(ours) for theirs, ours in named]
        known = parents[parent.entity].select(*columns).distinct().withColumn(found, sf.lit(True))
        checked = _refused(checked.join(sf.broadcast(known), list(parent.columns), "left"), parent, found)
    return checked.select(*rows.columns)


def split_reference_rows(rows: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Split rows into those without a reason (good) and those with one (to be quarantined).

    Columns in:  `reasons` and more.
    Columns out: those of `rows`, in both.
    Grain out:   each row in exactly one of the two.
    Cost:        none.
    """
    refused = sf.size("reasons") > 0
    return rows.where(~refused), rows.where(refused)


def _checked_columns(mapping: CsvMapping) -> tuple[ContractColumn, ...]:
    problem = mapping_problem(mapping)
    if problem:
        where = f"landing.json, csv mapping {mapping.name!r}"
        raise ConfigError(where, [problem])
    return entity_columns(mapping.name)


def _fields(mapping: CsvMapping) -> Column:
    """Parse one line; `_broken` keeps it where the number of fields differs or a quote is left open."""
    schema = ", ".join([*(f"`{name}` string" for name in mapping.columns), "_broken string"])
    options = {"sep": mapping.delimiter, "escape": '"', "mode": "PERMISSIVE", "columnNameOfCorruptRecord": "_broken"}
    line = sf.regexp_replace(sf.col("payload").cast("string"), "\r$", "")
    return sf.from_csv(line, schema, options)


def _is_broken() -> Column:
    return sf.coalesce(sf.col("_fields._broken").isNotNull() | ~is_text_utf8(sf.col("payload")), sf.lit(True))


def _raw(name: str) -> Column:
    text = sf.trim(sf.col("_fields").getField(name))
    return sf.when(text != "", text)


def _typed(column: ContractColumn, raw: Column) -> Column:
    if column.type == "double":
        return sf.when(is_number(raw), raw.cast("double"))
    if column.type == "timestamp":
        return sf.when(is_instant(raw), sf.try_to_timestamp(raw, sf.lit("yyyy-MM-dd'T'HH:mm:ssX")))
    if column.type == "date":
        midnight = sf.concat(raw, sf.lit("T00:00:00Z"))
        instant = sf.when(is_instant(midnight), sf.try_to_timestamp(midnight, sf.lit("yyyy-MM-dd'T'HH:mm:ssX")))
        return sf.date_from_unix_date((sf.unix_seconds(instant) / 86_400).cast("int"))
    if column.name == "state":
        return sf.upper(raw)
    if column.name.endswith("_local"):
        return sf.when(sf.length(raw) == 5, sf.concat(raw, sf.lit(":00"))).otherwise(raw)
    return raw


def _refused(rows: DataFrame, parent: Parent, found: str) -> DataFrame:
    known_bad = sf.size("reasons") > 0
    # who is not known at all cannot be in the wrong place
    blind = known_bad if parent.reason == MISMATCH else sf.array_contains("reasons", ROW_DOES_NOT_FIT)
    is_named = sf.concat(*parent.columns).isNotNull()
    missing = sf.col(found).isNull() & is_named & ~blind
    named = sf.concat_ws(", ", *[sf.concat(sf.lit(f"{name} "), sf.col(name)) for name in parent.columns])
    text = sf.concat(named, sf.lit(f": not in plant.{parent.entity}"))
    reasons = sf.array_sort(sf.array_union("reasons", sf.array(sf.lit(parent.reason))))
    return (
        rows.withColumn("_missing", missing)
        .withColumn(
            "detail", sf.when(sf.col("_missing"), sf.concat_ws("; ", "detail", text)).otherwise(sf.col("detail"))
        )
        .withColumn("reasons", sf.when(sf.col("_missing"), reasons).otherwise(sf.col("reasons")))
    )


def _no_reasons() -> Column:
    return sf.array().cast("array<string>")
