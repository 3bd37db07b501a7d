"""What births define: the name and datatype behind an alias or a name, and for which messages."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.sparkplug.sequence import BIRTHS

_MAX_POSITION = 2**31 - 1


def to_definitions(messages: DataFrame) -> DataFrame:
    """Turn births into what they define, each valid for a range of message positions of its epoch.

    Choices: of a definition that is repeated inside one birth the last wins; a later birth of the same epoch
    (a device's) defines anew from there on; what was sent before the first definition of its epoch takes that
    one. The births of the first epoch also define what was sent before any birth, unless it had its own.

    Columns in:  those of `with_sequence`, `metrics`.
    Columns out: `edge_node_id`, `birth_epoch`, `definition_key`, `name`, `datatype`, `unit`,
                 `from_position`, `to_position` (exclusive).
    Grain out:   one row per epoch, key and birth that defines it.
    Cost:        one shuffle of birth metrics.
    """
    metrics = to_birth_metrics(messages).withColumn("birth_epoch", sf.explode(_epochs()))
    keys = sf.array_compact(sf.array(name_key("name"), alias_key("alias")))
    keyed = metrics.withColumn("definition_key", sf.explode(keys))
    same = Window.partitionBy("edge_node_id", "birth_epoch", "definition_key")
    following = sf.lead("position").over(same.orderBy("position", "metric_index"))
    ranged = keyed.withColumn("_next", following).withColumn("_first", sf.min("position").over(same))
    last_of_birth = ranged.where(sf.col("_next").isNull() | (sf.col("_next") > sf.col("position")))
    begin = sf.when(sf.col("position") == sf.col("_first"), sf.lit(0)).otherwise(sf.col("position"))
    return last_of_birth.select(
        "edge_node_id",
        "birth_epoch",
        "definition_key",
        "name",
        "datatype",
        "unit",
        begin.alias("from_position"),
        sf.coalesce("_next", sf.lit(_MAX_POSITION)).alias("to_position"),
    )


def to_birth_metrics(messages: DataFrame, *, carried: Sequence[str] = ()) -> DataFrame:
    """Turn accepted births into one row per named metric.

    Columns in:  those of `with_sequence`, `metrics`, *carried.
    Columns out: *carried, `edge_node_id`, `device_id`, `birth_epoch`, `position`, `metric_index`, `name`, `alias`,
                 `datatype`, `unit`, `is_transient`.
    Grain out:   one row per birth and metric with a name.
    Cost:        no shuffle.
    """
    require_columns("to_birth_metrics", messages, ["edge_node_id", "birth_epoch", "position", "metrics"])
    births = messages.where(sf.col("message_type").isin(*BIRTHS) & sf.col("message_reason").isNull())
    place = list(dict.fromkeys((*carried, "edge_node_id", "device_id", "birth_epoch", "position")))
    metrics = births.select(*place, sf.posexplode("metrics").alias("metric_index", "_metric"))
    fields = (sf.col(f"_metric.{name}") for name in ("name", "alias", "datatype", "unit", "is_transient"))
    return metrics.select(*place, "metric_index", *fields).where(sf.col("name").isNotNull())


def alias_key(alias: Column | str) -> Column:
    """Return the key of an alias, which is unique in its edge node; null where there is none."""
    column = sf.col(alias) if isinstance(alias, str) else alias
    return sf.concat(sf.lit("#"), column.cast("string"))


def name_key(name: Column | str) -> Column:
    """Return the key of a name, which is unique in its device (or in the node itself); null where there is none."""
    column = sf.col(name) if isinstance(name, str) else name
    return sf.concat(sf.lit("/"), sf.coalesce("device_id", sf.lit("")), sf.lit("/"), column)


def _epochs() -> Column:
    epoch = sf.col("birth_epoch")
    return sf.when(epoch == 1, sf.array(sf.lit(0), sf.lit(1))).otherwise(sf.array(epoch))
