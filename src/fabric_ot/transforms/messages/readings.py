"""From decoded samples to `plant.reading`: the catalogue's view of a tag, and one row per key."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.contracts.silver import READING
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.messages.decoded_samples import (
    MESSAGE_COLUMNS,
    SAMPLE_COLUMNS,
    is_sample,
    reasons_of,
    shown,
)
from fabric_ot.transforms.messages.decoders import SAMPLE_ORDER

_VERSION = ("asset_id", "unit", "data_type", "valid_from_utc", "valid_to_utc")
_KINDLESS = ("csv", "text", "json_text")


def join_catalogue(samples: DataFrame, tags: DataFrame) -> DataFrame:
    """Add what the tag catalogue says of each sample as of its event time, and judge the value by it.

    The declared `data_type` decides what a value may be: a numeric tag takes numbers, a boolean tag also 0 and 1,
    a string tag takes anything as text. A tag that is not in the catalogue takes what the source says.
    A null is refused, but where the source declares it (Sparkplug's `is_null`, a death), that is a reading.

    Columns in:  samples: `MESSAGE_COLUMNS`, `SAMPLE_COLUMNS`; tags: `plant.tag`.
    Columns out: those of `samples`, `asset_id`; `unit`, `value_double`, `value_string` and `reasons` settled.
    Grain out:   as `samples` (the catalogue's versions of a tag do not overlap).
    Cost:        the catalogue is broadcast; no shuffle.
    """
    require_columns("join_catalogue samples", samples, [*MESSAGE_COLUMNS, *SAMPLE_COLUMNS])
    require_columns("join_catalogue tags", tags, ["tag_id", *_VERSION])
    versions = tags.select(sf.col("tag_id").alias("_tag_id"), *(sf.col(n).alias(f"_{n}") for n in _VERSION))
    at = sf.col("event_time_utc")
    is_valid = (sf.col("_valid_from_utc") <= at) & (sf.col("_valid_to_utc").isNull() | (at < sf.col("_valid_to_utc")))
    joined = samples.join(sf.broadcast(versions), (sf.col("tag_id") == sf.col("_tag_id")) & is_valid, "left")
    kept = [*MESSAGE_COLUMNS, *(n for n in SAMPLE_COLUMNS if n not in _SETTLED), "_reasons"]
    judged = joined.withColumn("_reasons", sf.concat("reasons", _value_reasons()))
    return judged.select(*kept, sf.col("_asset_id").alias("asset_id"), *_settled()).withColumnRenamed(
        "_reasons", "reasons"
    )


_SETTLED = ("unit", "value_double", "value_string", "detail", "reasons")


def to_readings(samples: DataFrame) -> DataFrame:
    """Turn catalogued samples into readings: one per tag, event time and sequence, the last arrival winning.

    Columns in:  the columns of `join_catalogue`.
    Columns out: `plant.reading`.
    Grain out:   one row per `tag_id`, `event_time_utc`, `source_sequence`.
    Nulls:       value_double and value_string, where the source declares a null or a death.
    Cost:        one shuffle by the key.
    """
    good = samples.where(is_sample())
    # the sort compares eight bytes before it looks at a row: instants differ there, names of tags seldom do
    key = sorted(READING.key, key=lambda name: name != "event_time_utc")
    in_order = Window.partitionBy(*key).orderBy(*(sf.col(name).desc() for name in SAMPLE_ORDER))
    last = good.withColumn("_rank", sf.row_number().over(in_order)).where(sf.col("_rank") == 1)
    return last.withColumn("event_date", sf.to_date("event_time_utc")).select(*READING.column_names)


def _value_reasons() -> Column:
    kind, wanted, number = sf.col("value_kind"), sf.col("_data_type"), sf.col("value_double")
    is_open = sf.size("reasons") == 0
    is_text = kind == "json_text"
    is_wrong_number = (wanted == "double") & (~kind.isin("number", "csv", "json_text") | (number.isNull() & ~is_text))
    is_truth = (kind == "boolean") | (kind.isin("number", "csv") & number.isin(0.0, 1.0)) | _is_csv_truth()
    is_wrong_truth = (wanted == "boolean") & ~sf.coalesce(is_truth, sf.lit(False))
    is_infinite = sf.isnan(number) | (sf.abs(number) == float("inf"))
    is_value = is_open & kind.isNotNull() & (kind != "declared_null")
    return reasons_of(
        [
            ("value_is_null", is_value & (kind == "null")),
            ("number_as_text", is_value & (wanted == "double") & is_text),
            ("type_mismatch", is_value & (kind != "null") & (is_wrong_number | is_wrong_truth | is_infinite)),
        ]
    )


def _is_csv_truth() -> Column:
    return (sf.col("value_kind") == "csv") & sf.lower("value_string").isin("true", "false")


def _settled() -> list[Column]:
    kind, wanted = sf.col("value_kind"), sf.col("_data_type")
    is_text = sf.when(wanted.isNotNull(), wanted == "string").otherwise(
        kind.isin("text", "json_text", "structured") | ((kind == "csv") & sf.col("value_double").isNull())
    )
    number = sf.coalesce(sf.col("value_double"), sf.when(_is_csv_truth(), _truth()))
    text = sf.coalesce(sf.col("value_string"), _text_of_number())
    found = sf.concat(sf.lit("tag "), sf.col("tag_id"), sf.lit(": "), kind, sf.lit(" "), sf.coalesce(text, sf.lit("")))
    told = sf.when((sf.size("_reasons") > 0) & sf.col("tag_id").isNotNull(), shown(found))
    return [
        sf.coalesce("unit", "_unit").alias("unit"),
        sf.when(~is_text, number).alias("value_double"),
        sf.when(is_text, text).alias("value_string"),
        sf.coalesce("detail", told).alias("detail"),
    ]


def _truth() -> Column:
    return (sf.lower("value_string") == "true").cast("double")


def _text_of_number() -> Column:
    number = sf.col("value_double")
    is_whole = (number == sf.floor(number)) & (sf.abs(number) < 1e15)
    return sf.when(is_whole, number.cast("bigint").cast("string")).otherwise(number.cast("string"))
