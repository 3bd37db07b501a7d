"""Metrics of births and data as samples: names by birth, numbers by datatype, times by what was sent."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.sparkplug import BD_SEQ, NODE_CONTROL_PREFIX, SIGNED_BITS, DataType
from fabric_ot.contracts.sparkplug_rules import BEHAVIOR, DATATYPE_DIFFERS
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.messages.decoded_samples import (
    MESSAGE_COLUMNS,
    WHOLE_MESSAGE,
    is_plausible_ms,
    to_samples,
)
from fabric_ot.transforms.messages.source_quality import quality_of_code
from fabric_ot.transforms.sparkplug.definitions import alias_key, name_key
from fabric_ot.transforms.sparkplug.sequence import BIRTHS, DATA
from fabric_ot.transforms.sparkplug.topics import tag_id_of

_DATATYPES_OF_KIND: dict[str, tuple[int, ...]] = {
    "integer": (*range(int(DataType.Int8), int(DataType.UInt64) + 1), int(DataType.DateTime)),
    "number": (int(DataType.Float), int(DataType.Double)),
    "boolean": (int(DataType.Boolean),),
    "text": (int(DataType.String), int(DataType.Text), int(DataType.UUID)),
    "structured": (*range(int(DataType.DataSet), int(DataType.DateTimeArray) + 1),),
}
_PLACE = (*MESSAGE_COLUMNS, "edge_node_id", "device_id", "message_type", "birth_epoch", "position")


def to_metric_samples(messages: DataFrame, definitions: DataFrame) -> DataFrame:
    """Turn births and data into one row per metric, and every other message into one that says why not.

    Choices: `bdSeq` and `Node Control/...` are no samples, transient metrics are not stored; a declared null is a
    reading without a value; the birth's datatype comes before the metric's own, the metric's own unit before the
    birth's; DateTime is a number of milliseconds, Boolean 0 or 1, Bytes and File are base64 text, DataSet and
    Template JSON text; metadata and all properties but quality and unit are JSON text in `source_details`, as the
    message itself sent them (a birth's are on the birth's readings); the sequence of a reading is its message's
    arrival in epoch milliseconds. A message of a node that has no birth at all is held as a whole.

    Columns in:  messages: those of `with_sequence`, `metrics`, `payload_time_ms`, `error`; definitions: those of
                 `to_definitions`.
    Columns out: `MESSAGE_COLUMNS`, `SAMPLE_COLUMNS`.
    Grain out:   one row per metric that is a sample or refused; one with `metric_index` -1 per other message.
                 Valid deaths are left to `to_stale_samples`.
    Cost:        one join of data metrics with definitions; no Python.
    """
    require_columns("to_metric_samples", messages, [*_PLACE, "metrics", "payload_time_ms", "error"])
    metrics = _with_definition(_to_metrics(messages), definitions)
    return to_samples(_with_sample(metrics))


def is_control(name: Column) -> Column:
    """Say whether a metric steers the session or the node and samples nothing."""
    return (name == BD_SEQ) | name.startswith(NODE_CONTROL_PREFIX)


def _to_metrics(messages: DataFrame) -> DataFrame:
    is_birth, is_data = sf.col("message_type").isin(*BIRTHS), sf.col("message_type").isin(*DATA)
    is_death = sf.col("message_type").isin("NDEATH", "DDEATH") & sf.col("message_reason").isNull()
    is_named = sf.exists("metrics", lambda metric: metric["name"].isNotNull())
    is_held = is_data & ~sf.col("has_birth") & (sf.size("metrics") > 0) & ~is_named
    reason = sf.coalesce("message_reason", sf.when(is_held, sf.lit("alias_without_birth")))
    judged = messages.where(~is_death).withColumn("_whole_reason", reason).withColumn("_is_birth", is_birth)
    accepted = sf.when(sf.col("_whole_reason").isNull() & (is_birth | is_data), sf.col("metrics"))
    kept = (*_PLACE, "payload_time_ms", "error", "_whole_reason", "_is_birth")
    return judged.select(*kept, sf.posexplode_outer(accepted).alias("_index", "_metric"))


def _with_definition(metrics: DataFrame, definitions: DataFrame) -> DataFrame:
    own, alias = sf.col("_metric.name"), sf.col("_metric.alias")
    # A birth defines itself; looking it up would let an unnamed metric borrow an earlier birth's name.
    key = sf.when(~sf.col("_is_birth"), sf.coalesce(name_key(own), alias_key(alias)))
    known = definitions.select(
        sf.col("edge_node_id").alias("_node"),
        sf.col("birth_epoch").alias("_epoch"),
        sf.col("definition_key").alias("_known_key"),
        sf.col("name").alias("_known_name"),
        sf.col("datatype").alias("_known_datatype"),
        sf.col("unit").alias("_known_unit"),
        "from_position",
        "to_position",
    )
    is_same = (
        (sf.col("edge_node_id") == sf.col("_node"))
        & (sf.col("birth_epoch") == sf.col("_epoch"))
        & (sf.col("_key") == sf.col("_known_key"))
    )
    is_valid = (sf.col("position") >= sf.col("from_position")) & (sf.col("position") < sf.col("to_position"))
    joined = metrics.withColumn("_key", key).join(known, is_same & is_valid, "left")
    datatype = sf.coalesce("_known_datatype", "_metric.datatype")
    return joined.withColumn("_name", sf.coalesce(own, "_known_name")).withColumn("_datatype", datatype)


def _with_sample(metrics: DataFrame) -> DataFrame:
    reason = sf.col("_reason")
    code = sf.col("_metric.quality_code")
    return _with_broken_rule(_with_reason(metrics)).select(
        *MESSAGE_COLUMNS,
        "edge_node_id",
        sf.coalesce("_index", sf.lit(WHOLE_MESSAGE)).alias("metric_index"),
        sf.when(sf.col("_is_kept") & sf.col("_name").isNotNull(), tag_id_of(sf.col("_name"))).alias("tag_id"),
        sf.col("_time").alias("event_time_utc"),
        sf.unix_millis("arrival_time_utc").alias("source_sequence"),
        sf.when(sf.col("_metric.kind") == "integer", sf.lit("number")).otherwise(sf.col("_metric.kind"))
        .alias("value_kind"),
        sf.coalesce("_metric.value_double", _number()).alias("value_double"),
        sf.col("_metric.value_string").alias("value_string"),
        sf.coalesce("_metric.unit", "_known_unit").alias("unit"),
        sf.coalesce(quality_of_code(code), sf.lit("GOOD")).alias("quality"),
        code.alias("quality_code"),
        sf.col("_metric.source_details").alias("source_details"),
        sf.col("_metric.is_historical").alias("is_historical"),
        _time_source().alias("time_source"),
        # Its lambda also keeps Spark from writing all of these columns into one method too long for the JVM's compiler.
        sf.array_compact(sf.array(reason)).alias("reasons"),
        _detail(reason).alias("detail"),
        _broken().alias("broken"),
    )  # fmt: skip


def _with_reason(metrics: DataFrame) -> DataFrame:
    """Add `_ms`, `_is_kept`, `_time`, `_reason`: columns of their own, or Spark writes their code at every use."""
    is_control_metric = sf.coalesce(is_control(sf.col("_name")), sf.lit(False))
    is_dropped = is_control_metric | sf.col("_metric.is_transient")
    arrival, ms = sf.col("arrival_time_utc"), sf.col("_ms")
    time = sf.when(ms.isNull(), arrival).when(is_plausible_ms(ms, arrival), sf.timestamp_millis("_ms"))
    told = metrics.withColumns(
        {
            "_ms": sf.coalesce("_metric.timestamp_ms", "payload_time_ms"),
            "_is_kept": sf.col("_metric").isNotNull() & ~is_dropped,
        }
    )
    reason = sf.when(sf.col("_is_kept"), _reason(sf.col("_time"))).otherwise(sf.col("_whole_reason"))
    return told.withColumn("_time", time).withColumn("_reason", reason)


def _reason(time: Column) -> Column:
    is_nameless = sf.col("_is_birth") | sf.col("_metric.alias").isNull()
    unresolved = sf.when(is_nameless, sf.lit("unnamed_metric")).otherwise(sf.lit("alias_without_birth"))
    implausible = sf.when(time.isNull(), sf.lit("event_time_out_of_range"))
    return sf.coalesce(sf.when(sf.col("_name").isNull(), unresolved), implausible)


def _with_broken_rule(metrics: DataFrame) -> DataFrame:
    """Add `_rule`: what a data metric breaks of the birth in force; before any birth a message is judged as a whole."""
    is_data = sf.col("_metric").isNotNull() & sf.col("message_type").isin(*DATA) & (sf.col("birth_epoch") > 0)
    is_device = sf.col("message_type") == "DDATA"
    unknown = sf.when(is_device, f"{BEHAVIOR}data-publish-dbirth").otherwise(f"{BEHAVIOR}data-publish-nbirth")
    differs = sf.col("_metric.datatype") != sf.col("_known_datatype")
    for kind, datatypes in _DATATYPES_OF_KIND.items():
        is_other = (sf.col("_metric.kind") == kind) & ~sf.col("_known_datatype").isin(*datatypes)
        differs = sf.coalesce(differs, sf.lit(False)) | is_other
    is_undefined = sf.col("_known_key").isNull() & sf.col("_key").isNotNull()
    rule = sf.when(is_undefined, unknown).when(differs, sf.lit(DATATYPE_DIFFERS))
    return metrics.withColumn("_rule", sf.when(is_data, rule))


def _broken() -> Column:
    place = (sf.col(name) for name in ("device_id", "message_type", "birth_epoch"))
    return sf.when(sf.col("_rule").isNotNull(), sf.struct(*place, sf.array("_rule").alias("rules")))


def _detail(reason: Column) -> Column:
    alias = sf.concat(sf.lit("alias "), sf.col("_metric.alias").cast("string"))
    time = sf.concat(sf.lit("time "), sf.col("_ms").cast("string"), sf.lit(" ms"))
    by_reason = sf.when(reason == "alias_without_birth", alias).when(reason == "event_time_out_of_range", time)
    return sf.coalesce("error", by_reason)


def _time_source() -> Column:
    return (
        sf.when(sf.col("_metric.timestamp_ms").isNotNull(), sf.lit("metric"))
        .when(sf.col("payload_time_ms").isNotNull(), sf.lit("payload"))
        .otherwise(sf.lit("broker"))
    )


def _number() -> Column:
    raw, datatype = sf.col("_metric.value_long"), sf.col("_datatype")
    unsigned = sf.when(raw < 0, raw.cast("double") + float(2**64)).otherwise(raw.cast("double"))
    number = sf.when(datatype == int(DataType.Int64), raw.cast("double"))
    for type_, bits in SIGNED_BITS.items():
        if type_ != DataType.Int64:
            number = number.when(datatype == int(type_), _signed(raw, bits).cast("double"))
    return number.otherwise(unsigned)


def _signed(raw: Column, bits: int) -> Column:
    low, sign = raw.bitwiseAND(sf.lit((1 << bits) - 1)), 1 << (bits - 1)
    return low.bitwiseXOR(sf.lit(sign)) - sign
