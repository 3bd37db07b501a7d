"""JSON of a declared shape, brought to the standard member names before it is read."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.json_mapping import JsonMapping
from fabric_ot.contracts.landing import TopicRule
from fabric_ot.transforms.calendar.wall_time import parse_time_pattern, wall_time_to_utc
from fabric_ot.transforms.messages.decoders import is_matched_by

_SECONDS = r"^-?\d{1,11}(\.\d{1,9})?$"


def with_standard_members(objects: DataFrame, topics: Sequence[TopicRule]) -> DataFrame:
    """Rename the members of objects whose topic has a mapping; the first filter that matches decides.

    A member that would take the name of another is told as an object of no shape: nothing is guessed.

    Columns in:  `topic`, `_object` (map of texts; null where there is none).
    Columns out: those of `objects`, `_value_name` (the member that carries a single value, as it was sent),
                 `_is_mapped` (boolean).
    Grain out:   as `objects`.
    Cost:        no shuffle; nothing where no mapping is declared.

    Raises:
        ConfigError: a time pattern that is not supported.
    """
    rules = [rule for rule in topics if rule.decoder == "uns_json"]
    told: dict[str, Column] = {
        "_value_name": sf.lit("value"),
        "_is_mapped": sf.lit(False),
        "_object": sf.col("_object"),
    }
    if any(rule.json for rule in rules):
        for rule in reversed(rules):
            is_own = is_matched_by(sf.col("topic"), rule.filter)
            own = {
                "_value_name": sf.lit(rule.json.value if rule.json else "value"),
                "_is_mapped": sf.lit(rule.json is not None),
                "_object": _renamed(rule.json) if rule.json else sf.col("_object"),
            }
            told = {name: sf.when(is_own, own[name]).otherwise(other) for name, other in told.items()}
    return objects.withColumns(told)


def _renamed(mapping: JsonMapping) -> Column:
    entries = sf.map_entries("_object")
    if mapping.ignored:
        entries = sf.filter(entries, lambda entry: ~entry["key"].isin(list(mapping.ignored)))

    def standard(entry: Column) -> Column:
        key, value = entry["key"], entry["value"]
        name = key
        for member, role in mapping.renamed.items():
            name = sf.when(key == member, sf.lit(role)).otherwise(name)
        told = sf.when(key == mapping.timestamp, _epoch_ms(value, mapping)).otherwise(value)
        return sf.struct(name.alias("key"), told.alias("value"))

    members = sf.transform(entries, standard)
    names = sf.transform(members, lambda member: member["key"])
    is_sound = sf.size(sf.array_distinct(names)) == sf.size(names)
    # a map refuses a key that comes twice with an error that would fail the batch
    nothing = sf.create_map().cast("map<string,string>")
    return sf.when(sf.col("_object").isNotNull(), sf.when(is_sound, sf.map_from_entries(members)).otherwise(nothing))


def _epoch_ms(text: Column, mapping: JsonMapping) -> Column:
    """Return the time as a text of whole milliseconds; null where it cannot be read."""
    if mapping.timestamp_format == "epoch_ms":
        return text
    if mapping.timestamp_format == "epoch_s":
        seconds = sf.when(text.rlike(_SECONDS), text).cast("decimal(20,9)")
        return sf.floor(seconds * 1000).cast("bigint").cast("string")
    pattern = parse_time_pattern(mapping.timestamp_format)
    return sf.unix_millis(wall_time_to_utc(text, pattern, zone=mapping.time_zone)).cast("string")
