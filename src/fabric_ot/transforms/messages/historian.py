"""Rows of historian exports: one CSV line, one or more tags, by a declared mapping."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.landing import CsvMapping
from fabric_ot.transforms.calendar.wall_time import parse_time_pattern, wall_time_to_utc
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.messages.decoded_samples import (
    MESSAGE_COLUMNS,
    NUMBER,
    WHOLE_MESSAGE,
    bytes_reason,
    is_plausible_ms,
    is_utf8,
    shown,
    to_samples,
)

_VALUE = "struct<tag_id string, unit string, text string>"


def to_historian_samples(messages: DataFrame, mappings: Sequence[CsvMapping]) -> DataFrame:
    """Turn each CSV line into one row per declared value column, or one that says why not.

    Choices: a sample of an interval is stamped with the interval's end; the row number is the sequence, so that
    two rows of one instant are both kept; of the same row landed twice the last arrival wins.

    Columns in:  `MESSAGE_COLUMNS`, `topic` (`historian/<mapping>`), `payload` (the line's bytes).
    Columns out: `MESSAGE_COLUMNS`, `SAMPLE_COLUMNS`.
    Grain out:   one row per value column; one with `metric_index` -1 for a refused line.
    Nulls:       an empty field keeps its row, of kind `null`; the catalogue decides.
    Cost:        no shuffle, one CSV parse per line, no Python.

    Raises:
        ConfigError: a mapping's `timestamp_format` uses a letter that is not supported.
    """
    require_columns("to_historian_samples", messages, [*MESSAGE_COLUMNS, "topic", "payload"])
    declared = [mapping for mapping in mappings if mapping.kind == "historian"]
    text = sf.col("payload").cast("string")
    lines = messages.select(*MESSAGE_COLUMNS, "topic", text.alias("_line"), _early_reason(text).alias("_early"))
    for n, mapping in enumerate(declared):
        lines = lines.withColumn(f"_csv_{n}", _fields(mapping))
    rows = lines.select(
        *MESSAGE_COLUMNS,
        "_line",
        "_early",
        _choose([_fits(n, mapping) for n, mapping in enumerate(declared)], "boolean").alias("_fits"),
        _choose([_event_time(n, mapping) for n, mapping in enumerate(declared)], "timestamp").alias("_event_time"),
        _choose([_values(n, mapping) for n, mapping in enumerate(declared)], f"array<{_VALUE}>").alias("_values"),
    )
    refused = rows.withColumn("_reason", _reason())
    accepted = sf.when(sf.col("_reason").isNull(), sf.col("_values"))
    return to_samples(_with_value(refused.select("*", sf.posexplode_outer(accepted).alias("_position", "_field"))))


def _early_reason(text: Column) -> Column:
    payload = sf.col("payload")
    return sf.coalesce(bytes_reason(payload), sf.when(~is_utf8(payload, text), sf.lit("not_utf8")))


def _fields(mapping: CsvMapping) -> Column:
    names = [f"f{n} string" for n in range(len(mapping.columns))]
    options = {
        "mode": "PERMISSIVE", "columnNameOfCorruptRecord": "unfit", "sep": mapping.delimiter, "escape": '"',
        "ignoreLeadingWhiteSpace": "true", "ignoreTrailingWhiteSpace": "true",
    }  # fmt: skip
    is_mine = (sf.col("topic") == mapping.topic) & sf.col("_early").isNull()
    return sf.from_csv(sf.when(is_mine, sf.col("_line")), ", ".join([*names, "unfit string"]), options)


def _field(n: int, mapping: CsvMapping, column: str) -> Column:
    text = sf.trim(sf.col(f"_csv_{n}.f{mapping.columns.index(column)}"))
    return sf.when(text != "", text)


def _choose(values: Sequence[tuple[Column, Column]], type_: str) -> Column:
    nothing = sf.lit(None).cast(type_)
    return reduce(lambda rest, pair: sf.when(pair[0], pair[1].cast(type_)).otherwise(rest), values, nothing)


def _is_mine(mapping: CsvMapping) -> Column:
    return sf.col("topic") == mapping.topic


def _fits(n: int, mapping: CsvMapping) -> tuple[Column, Column]:
    return _is_mine(mapping), sf.col(f"_csv_{n}.unfit").isNull()


def _event_time(n: int, mapping: CsvMapping) -> tuple[Column, Column]:
    text = _field(n, mapping, str(mapping.timestamp_column))
    pattern = parse_time_pattern(str(mapping.timestamp_format))
    midnight = mapping.end_of_day_is_midnight
    time = wall_time_to_utc(text, pattern, zone=mapping.time_zone, end_of_day_is_midnight=midnight)
    if mapping.interval_label == "start":
        time = sf.timestamp_millis(sf.unix_millis(time) + round(1000 * float(mapping.interval_s or 0)))
    return _is_mine(mapping), time


def _values(n: int, mapping: CsvMapping) -> tuple[Column, Column]:
    fields = [
        sf.struct(sf.lit(value.tag_id), sf.lit(value.unit), _field(n, mapping, value.column)).cast(_VALUE)
        for value in mapping.values
    ]
    return _is_mine(mapping), sf.array(*fields)


def _reason() -> Column:
    time = sf.col("_event_time")
    is_plausible = is_plausible_ms(sf.unix_millis(time), sf.col("arrival_time_utc"))
    return (
        sf.when(sf.col("_early").isNotNull(), sf.col("_early"))
        .when(~sf.col("_fits") | time.isNull(), sf.lit("row_does_not_fit_mapping"))
        .when(~is_plausible, sf.lit("event_time_out_of_range"))
    )


def _with_value(values: DataFrame) -> DataFrame:
    text, refusal = sf.col("_field.text"), sf.col("_reason")
    return values.select(
        *MESSAGE_COLUMNS,
        sf.coalesce("_position", sf.lit(WHOLE_MESSAGE)).alias("metric_index"),
        sf.col("_field.tag_id").alias("tag_id"),
        sf.when(refusal.isNull(), sf.col("_event_time")).alias("event_time_utc"),
        sf.when(refusal.isNull(), sf.col("source_offset")).alias("source_sequence"),
        sf.when(text.isNull(), sf.lit("null")).otherwise(sf.lit("csv")).alias("value_kind"),
        sf.when(text.rlike(NUMBER), text.cast("double")).alias("value_double"),
        text.alias("value_string"),
        sf.col("_field.unit").alias("unit"),
        sf.lit("GOOD").alias("quality"),
        sf.lit(False).alias("is_historical"),
        sf.lit("file").alias("time_source"),
        sf.array_compact(sf.array(refusal)).alias("reasons"),
        (refusal.isNotNull() | (sf.size("_values") == 1)).alias("is_alone"),
        sf.when(refusal.isNotNull(), sf.concat(sf.lit("row "), shown(sf.col("_line")))).alias("detail"),
    )
