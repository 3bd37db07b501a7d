"""Which rules of Sparkplug 3.0 one payload breaks by itself: plain Python over the decoded message, no Spark.

What needs other messages (sequence, births in force, sessions) is judged in `violations`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from fabric_ot.contracts.sparkplug import BD_SEQ, QUALITY_NAMES, QUALITY_PROPERTY, REBIRTH, SEQ_MODULUS, DataType
from fabric_ot.contracts.sparkplug_rules import ALIAS_UNIQUE, BEHAVIOR, FLOW, PAYLOADS, TOPICS, VALUE_DIFFERS
from fabric_ot.transforms.sparkplug.structure_rules import data_set_rules, template_rules
from fabric_ot.transforms.sparkplug.told_fields import Plain, Told, tell, value_field

Broken = tuple[str, int]
"""An assertion id, and the index of the metric that breaks it; -1 for the message as a whole."""

_WHOLE = -1
_BIRTHS, _DATA = ("NBIRTH", "DBIRTH"), ("NDATA", "DDATA")
_PROPERTY_TYPES = frozenset({*range(1, 16), int(DataType.PropertySet), int(DataType.PropertySetList)})
_INTEGERS = (DataType.Int8, DataType.Int16, DataType.Int32, DataType.Int64, DataType.UInt8, DataType.UInt16,
             DataType.UInt32, DataType.UInt64, DataType.DateTime)  # fmt: skip
_TEXTS = (DataType.String, DataType.Text, DataType.UUID)
VALUE_FIELDS: dict[int, tuple[str, ...]] = {
    **{int(t): ("int_value", "long_value") for t in _INTEGERS},
    **{int(t): ("float_value", "double_value") for t in (DataType.Float, DataType.Double)},
    **{int(t): ("string_value",) for t in _TEXTS},
    int(DataType.Boolean): ("boolean_value",),
    int(DataType.DataSet): ("dataset_value",),
    int(DataType.Template): ("template_value",),
    **{int(t): ("bytes_value",) for t in (DataType.Bytes, DataType.File, *map(DataType, range(22, 35)))},
}
"""The fields that may carry a value of each datatype. Integers of either width are taken: senders mix them."""


def broken_rules(payload: Any, message_type: str, told: Sequence[Told | Plain] | None = None) -> list[Broken]:
    """Return what a payload breaks as a message of `message_type`; commands are not judged.

    `told` is what its metrics tell, where the caller has asked them already.

    Example:
        >>> from fabric_ot.contracts.sparkplug import payload_class
        >>> broken_rules(payload_class()(timestamp=5), "DDEATH")
        [('tck-id-payloads-ddeath-seq', -1)]
    """
    found = list(_message_rules(payload, message_type))
    if message_type == "NBIRTH":
        found += _node_birth_rules(payload)
    if message_type in _BIRTHS:
        found += _name_rules(payload)
    if message_type in (*_BIRTHS, *_DATA):
        is_birth, own = message_type in _BIRTHS, "dbirth" if message_type.startswith("D") else "nbirth"
        metrics = [tell(metric) for metric in payload.metrics] if told is None else told
        found += _order_rules(metrics, own)
        for index, metric in enumerate(metrics):
            # Plain data breaks no rule by itself, and is not asked about each.
            if is_birth or not isinstance(metric, Plain):
                found += [(rule, index) for rule in _metric_rules(_fields(metric), own, is_birth=is_birth)]
        if any(not isinstance(metric, Plain) and "template_value" in metric for metric in metrics):
            found += template_rules(payload, message_type)
    return found


def _message_rules(payload: Any, message_type: str) -> Iterator[Broken]:
    has_seq = payload.HasField("seq")
    if message_type == "NDEATH":
        if has_seq:
            yield f"{PAYLOADS}ndeath-seq", _WHOLE
        if [metric.name for metric in payload.metrics] != [BD_SEQ]:
            yield f"{TOPICS}ndeath-payload", _WHOLE
        elif payload.metrics[0].datatype != DataType.Int64:
            yield f"{FLOW}edge-node-birth-publish-will-message-payload-bdSeq", 0
        return
    if message_type not in (*_BIRTHS, *_DATA, "DDEATH"):
        return
    if not has_seq or payload.seq >= SEQ_MODULUS:
        yield f"{PAYLOADS}{message_type.lower()}-seq", _WHOLE
    elif message_type == "NBIRTH" and payload.seq:
        yield f"{TOPICS}nbirth-seq-num", _WHOLE
    if not payload.HasField("timestamp"):
        yield f"{PAYLOADS}{message_type.lower()}-timestamp", _WHOLE


def _node_birth_rules(payload: Any) -> Iterator[Broken]:
    named = {metric.name: (index, metric) for index, metric in enumerate(payload.metrics)}
    if BD_SEQ not in named:
        yield f"{PAYLOADS}nbirth-bdseq", _WHOLE
    elif named[BD_SEQ][1].datatype != DataType.Int64:
        yield f"{FLOW}edge-node-birth-publish-nbirth-payload-bdSeq", named[BD_SEQ][0]
    rule = f"{BEHAVIOR}data-commands-rebirth-"
    if REBIRTH not in named:
        yield f"{rule}name", _WHOLE
        return
    index, metric = named[REBIRTH]
    if metric.HasField("alias"):
        yield f"{rule}name-aliases", index
    if metric.datatype != DataType.Boolean:
        yield f"{rule}datatype", index
    if metric.WhichOneof("value") != "boolean_value" or metric.boolean_value:
        yield f"{rule}value", index


def _name_rules(payload: Any) -> Iterator[Broken]:
    aliases = Counter(metric.alias for metric in payload.metrics if metric.HasField("alias"))
    spellings = Counter(name.casefold() for name in {metric.name for metric in payload.metrics if metric.name})
    for index, metric in enumerate(payload.metrics):
        if metric.HasField("alias") and aliases[metric.alias] > 1:
            yield ALIAS_UNIQUE, index
        if spellings[metric.name.casefold()] > 1:
            yield "tck-id-case-sensitivity-metric-names", index


def _fields(told: Told | Plain) -> Told:
    return told.fields() if isinstance(told, Plain) else told


def _live_time(told: Told | Plain) -> int | None:
    if isinstance(told, Plain):
        return told.timestamp
    return None if told.get("is_historical") else told.get("timestamp")


def _order_rules(metrics: Sequence[Told | Plain], own: str) -> Iterator[Broken]:
    latest = -1
    for index, told in enumerate(metrics):
        timestamp = _live_time(told)
        if timestamp is None:
            continue
        if timestamp < latest:
            yield f"{BEHAVIOR}data-publish-{own}-order", index
        else:
            latest = timestamp


def _metric_rules(told: Told, own: str, *, is_birth: bool) -> Iterator[str]:
    has_name, has_alias, has_datatype = bool(told.get("name")), "alias" in told, "datatype" in told
    if not has_name and not has_alias:
        yield f"{PAYLOADS}name-requirement"
    elif is_birth and not has_name:
        yield f"{PAYLOADS}alias-birth-requirement"
    elif not is_birth and has_name and has_alias:
        yield f"{PAYLOADS}alias-data-cmd-requirement"
    if is_birth and not has_datatype:
        yield f"{PAYLOADS}metric-datatype-req"
    elif has_datatype and not is_birth:
        yield f"{PAYLOADS}metric-datatype-not-req"
    if "timestamp" not in told:
        yield f"{PAYLOADS}name-birth-data-requirement"
    field = value_field(told)
    if has_datatype and told["datatype"] not in VALUE_FIELDS:
        yield f"{PAYLOADS}metric-datatype-value"
    elif has_datatype and field and field not in VALUE_FIELDS[told["datatype"]]:
        yield VALUE_DIFFERS
    if is_birth and (field is None) != bool(told.get("is_null")):
        yield f"{BEHAVIOR}data-publish-{own}-values"
    if "properties" in told:
        yield from _property_rules(told["properties"], is_birth=is_birth)
    if field == "dataset_value":
        yield from data_set_rules(told[field])


def _property_rules(properties: Any, *, is_birth: bool) -> Iterator[str]:
    if len(properties.keys) != len(properties.values):
        yield f"{PAYLOADS}propertyset-keys-array-size"
    types = [value.type if value.HasField("type") else None for value in properties.values]
    if is_birth and None in types:
        yield f"{PAYLOADS}metric-propertyvalue-type-req"
    if any(type_ is not None and type_ not in _PROPERTY_TYPES for type_ in types):
        yield f"{PAYLOADS}metric-propertyvalue-type-value"
    quality = dict(zip(properties.keys, properties.values, strict=False)).get(QUALITY_PROPERTY)
    if quality is None:
        return
    if quality.type != DataType.Int32:
        yield f"{PAYLOADS}propertyset-quality-value-type"
    if quality.WhichOneof("value") != "int_value" or quality.int_value not in QUALITY_NAMES:
        yield f"{PAYLOADS}propertyset-quality-value-value"
