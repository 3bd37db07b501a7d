"""Which decoder reads a message: declared topic filters of MQTT, declared files, or none."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.landing import LandingConfig
from fabric_ot.transforms.intervals import require_columns

FILE_ROUTE = "file"
REFERENCE_PREFIX = "reference/"

ARRIVAL_ORDER: tuple[str, ...] = ("arrival_time_utc", "route", "source_partition", "source_offset")
"""The order of messages that never depends on how they were batched."""

SAMPLE_ORDER: tuple[str, ...] = (*ARRIVAL_ORDER, "metric_index")
"""`ARRIVAL_ORDER`, down to the value inside its message: of two samples of one key the last one wins."""


def with_decoder(messages: DataFrame, config: LandingConfig) -> DataFrame:
    """Add who decodes each message, and when it arrived.

    The first declared filter that matches decides. Rows of files go by their mapping: `reference/<entity>` to
    `reference`, a declared `historian/<mapping>` to `historian`. Everything else is `none`.

    Columns in:  `plant.message`.
    Columns out: those of `messages`, `decoder` (sparkplug | uns_json | historian | reference | none),
                 `arrival_time_utc` (broker, else enqueued, else ingested time).
    Grain out:   as `messages`.
    Cost:        no shuffle.
    """
    times = ("broker_time_utc", "enqueued_time_utc", "ingested_time_utc")
    require_columns("with_decoder", messages, ["route", "topic", *times])
    arrival = sf.coalesce(*times)
    return messages.withColumn("decoder", _decoder(config)).withColumn("arrival_time_utc", arrival)


def is_matched_by(topic: Column, topic_filter: str) -> Column:
    """Say whether an MQTT topic matches a filter with the wildcards `+` (one level) and `#` (the rest).

    Empty levels count as levels; `#` also matches its parent; a wildcard in the first place does not match
    topics that begin with `$`. *MQTT 5.0 section 4.7*
    """
    levels = topic_filter.split("/")
    if "+" not in levels and levels[0] != "#":  # the usual case, and far cheaper than to split each topic
        if levels[-1] != "#":
            return topic == topic_filter
        parent = topic_filter.removesuffix("/#")
        return (topic == parent) | topic.startswith(f"{parent}/")
    found = sf.split(topic, "/")
    plain = [(n, level) for n, level in enumerate(levels) if level not in ("+", "#")]
    is_open = levels[-1] == "#"
    depth = sf.size(found) >= len(levels) - 1 if is_open else sf.size(found) == len(levels)
    conditions = [depth, *(sf.get(found, sf.lit(n)) == level for n, level in plain)]
    if levels[0] in ("+", "#"):
        conditions.append(~topic.startswith("$"))
    return reduce(lambda a, b: a & b, conditions)


def is_reference(route: str = "route", topic: str = "topic") -> Column:
    """Say whether a message is a row of a reference file, which `run_reference` handles."""
    return (sf.col(route) == FILE_ROUTE) & sf.col(topic).startswith(REFERENCE_PREFIX)


def _decoder(config: LandingConfig) -> Column:
    topic = sf.col("topic")
    historian = [mapping.topic for mapping in config.csv if mapping.kind == "historian"]
    chosen = sf.when(is_reference(), sf.lit("reference"))
    if historian:
        chosen = chosen.when((sf.col("route") == FILE_ROUTE) & topic.isin(historian), sf.lit("historian"))
    chosen = chosen.when(sf.col("route") == FILE_ROUTE, sf.lit("none"))
    for rule in config.topics:
        chosen = chosen.when(is_matched_by(topic, rule.filter), sf.lit(rule.decoder))
    return chosen.otherwise(sf.lit("none"))
