"""JSON of the unified namespace: one value per topic, or several values in one message.

Choices: the names `timestamp_ms`, `value`, `quality`, `unit` and `sequence` are reserved in both shapes and never
tags; quality, unit and sequence hold for every value of their message. A message is one JSON object and nothing
else; an object that repeats a key says two things at once and is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.json_mapping import STANDARD_MEMBERS
from fabric_ot.contracts.landing import TopicRule
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
from fabric_ot.transforms.messages.json_shapes import with_standard_members
from fabric_ot.transforms.messages.source_quality import quality_code_of, quality_of

RESERVED: tuple[str, ...] = tuple(STANDARD_MEMBERS.values())

_OPTIONS = {"mode": "PERMISSIVE", "allowNonNumericNumbers": "false", "allowSingleQuotes": "false"}
_WHOLE = r"^-?\d+$"
_WHOLE_LONG = r"^-?\d{1,18}$"
# Within what `timestamp_millis` can hold; anything longer is a number, but no plausible time.
_WHOLE_MS = r"^-?\d{1,15}$"
_FIELD = "struct<name string, text string>"


def to_uns_samples(messages: DataFrame, topics: Sequence[TopicRule] = ()) -> DataFrame:
    """Parse each JSON payload once and turn it into one row per value, or one that says why not.

    The parse result is only ever read by columns, never by a filter: the optimizer would copy the parse into
    each filter. Refusals are therefore flags, to be split off later. JSON of another shape, or with another format of
    time, is read where `topics` (those of `landing.json`) declare how; a time under a mapping may be quoted.

    Columns in:  `MESSAGE_COLUMNS`, `topic`, `payload` (binary), `is_retained`.
    Columns out: `MESSAGE_COLUMNS`, `SAMPLE_COLUMNS`.
    Grain out:   one row per value; one with `metric_index` -1 for a refused or ignored message.
    Nulls:       a null value keeps its row, of kind `null`; the catalogue decides.
    Cost:        no shuffle, one JSON parse per message, no Python.

    Raises:
        ColumnContractError: a column is missing.
        ConfigError: a declared time pattern that is not supported.
    """
    require_columns("to_uns_samples", messages, [*MESSAGE_COLUMNS, "topic", "payload", "is_retained"])
    texts = messages.select(
        *MESSAGE_COLUMNS, "topic", sf.col("payload").cast("string").alias("_text"), _early_reason().alias("_early")
    )
    # Inside brackets, whatever follows the object makes the whole text invalid instead of being passed over.
    document = sf.when(sf.col("_early").isNull(), sf.concat(sf.lit("["), sf.col("_text"), sf.lit("]")))
    parsed = texts.withColumn("_parsed", sf.from_json(document, "array<map<string,string>>", _OPTIONS))
    one = sf.when(sf.size("_parsed") == 1, sf.get("_parsed", sf.lit(0)))
    objects = parsed.withColumn("_object", one).drop("_parsed")
    fields = _with_refusal(_with_fields(with_standard_members(objects, topics)))
    values = fields.select("*", sf.posexplode_outer(_values()).alias("_position", "_field"))
    return to_samples(_with_value(values.drop("_fields", "_object", "_reason")))


def _early_reason() -> Column:
    payload = sf.col("payload")
    retained = sf.when(sf.col("is_retained"), sf.lit("retained"))
    not_utf8 = sf.when(~is_utf8(payload, payload.cast("string")), sf.lit("not_utf8"))
    return sf.coalesce(retained, bytes_reason(payload), not_utf8)


def _member(name: str) -> Column:
    return sf.try_element_at("_object", sf.lit(name))


def _with_fields(objects: DataFrame) -> DataFrame:
    entries, keys = sf.map_entries("_object"), sf.map_keys("_object")
    others = sf.filter(entries, lambda entry: ~entry["key"].isin(list(RESERVED)))
    several = sf.transform(others, lambda e: sf.struct(e["key"].alias("name"), e["value"].alias("text")))
    single = sf.array(sf.struct(sf.lit(None).cast("string").alias("name"), _member("value").alias("text")))
    has_value = sf.map_contains_key("_object", "value")
    named = objects.withColumn("_several", several.cast(f"array<{_FIELD}>"))
    is_shaped = sf.map_contains_key("_object", "timestamp_ms") & (has_value != (sf.size("_several") > 0))
    return named.select(
        *objects.columns,
        sf.when(has_value, single.cast(f"array<{_FIELD}>")).otherwise(sf.col("_several")).alias("_fields"),
        is_shaped.alias("_is_shaped"),
        (sf.size(keys) > sf.size(sf.array_distinct(keys))).alias("_is_repeating"),
        _member("timestamp_ms").alias("_time"),
        _member("quality").alias("_quality"),
        _member("unit").alias("unit"),
        sf.coalesce(_member("sequence"), sf.lit("0")).alias("_sequence"),
    )


def _with_refusal(fields: DataFrame) -> DataFrame:
    time, sequence = sf.col("_time"), sf.col("_sequence")
    is_whole = time.isNotNull() & time.rlike(_WHOLE) & (sf.col("_is_mapped") | ~_is_quoted("timestamp_ms", time))
    ms = sf.when(time.rlike(_WHOLE_MS), time.cast("bigint"))
    is_plausible = sf.coalesce(is_plausible_ms(ms, sf.col("arrival_time_utc")), sf.lit(False))
    reason = (
        sf.when(sf.col("_early").isNotNull(), sf.col("_early"))
        .when(sf.col("_object").isNull() | sf.col("_is_repeating"), sf.lit("invalid_json"))
        .when(~sf.col("_is_shaped"), sf.lit("unknown_shape"))
        .when(~is_whole, sf.lit("timestamp_not_a_number"))
        .when(~is_plausible, sf.lit("event_time_out_of_range"))
        .when(~sequence.rlike(_WHOLE_LONG), sf.lit("unknown_shape"))
    )
    return fields.withColumn("_ms", ms).withColumn("_reason", reason)


def _values() -> Column:
    # What is asked for later travels inside: a filter on it stops at the explode, and cannot copy the parse below it.
    reason, nothing = sf.col("_reason"), sf.lit(None).cast("string")
    refused = sf.array(sf.struct(nothing, nothing, reason, sf.lit(True)))
    is_alone = sf.size("_fields") == 1
    accepted = sf.transform("_fields", lambda f: sf.struct(f["name"], f["text"], nothing, is_alone))
    type_ = "array<struct<name string, text string, refusal string, is_alone boolean>>"
    return sf.when(reason.isNotNull(), refused.cast(type_)).otherwise(accepted.cast(type_))


def _with_value(values: DataFrame) -> DataFrame:
    text, name, refusal = sf.col("_field.text"), sf.col("_field.name"), sf.col("_field.refusal")
    key = sf.coalesce(name, "_value_name")
    is_good = refusal.isNull()
    kinds = values.withColumn("value_kind", sf.when(is_good, _kind(key, text)))
    number = sf.when(sf.col("value_kind") == "number", text.cast("double"))
    truth = sf.when(sf.col("value_kind") == "boolean", (text == "true").cast("double"))
    return kinds.select(
        *MESSAGE_COLUMNS,
        sf.when(is_good, sf.col("_position")).otherwise(sf.lit(WHOLE_MESSAGE)).alias("metric_index"),
        sf.when(is_good, sf.concat_ws("/", "topic", name)).alias("tag_id"),
        sf.when(is_good, sf.timestamp_millis("_ms")).alias("event_time_utc"),
        sf.when(is_good, sf.col("_sequence").cast("bigint")).alias("source_sequence"),
        "value_kind",
        sf.coalesce(number, truth).alias("value_double"),
        text.alias("value_string"),
        "unit",
        quality_of(sf.col("_quality")).alias("quality"),
        quality_code_of(sf.col("_quality")).alias("quality_code"),
        sf.lit(False).alias("is_historical"),
        sf.lit("payload").alias("time_source"),
        sf.array_compact(sf.array(refusal)).alias("reasons"),
        sf.col("_field.is_alone").alias("is_alone"),
        sf.when(refusal.isNotNull(), sf.concat(sf.lit("payload "), shown(sf.col("_text")))).alias("detail"),
    )


def _kind(key: Column, text: Column) -> Column:
    return (
        sf.when(text.isNull(), sf.lit("null"))
        .when(_is_quoted(key, text), sf.lit("json_text"))
        .when(text.isin("true", "false"), sf.lit("boolean"))
        .when(text.rlike(NUMBER), sf.lit("number"))
        .when(text.startswith("{") | text.startswith("["), sf.lit("structured"))
        .otherwise(sf.lit("json_text"))
    )


def _is_quoted(key: Column | str, text: Column) -> Column:
    # The parse gives every value as text. The first look is cheap and nearly always says no.
    quote, raw = sf.lit('"'), sf.col("_text")
    name = sf.lit(key) if isinstance(key, str) else key
    opening = sf.concat(quote, _squeezed(name), sf.lit('":"'))
    return raw.contains(sf.concat(quote, text, quote)) & _squeezed(raw).contains(opening)


def _squeezed(text: Column) -> Column:
    return sf.translate(text, " \t\r\n", "")
