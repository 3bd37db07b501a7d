"""Sparkplug payload bytes to plain values, in Python: what Spark cannot express. No Spark in here."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fabric_ot.contracts.sparkplug import BD_SEQ, SEQ_MODULUS, payload_class
from fabric_ot.transforms.sparkplug.details import Details, details_of
from fabric_ot.transforms.sparkplug.payload_rules import Broken, broken_rules
from fabric_ot.transforms.sparkplug.told_fields import Plain, Told, tell, value_field

_Value = tuple[str, int | None, float | None, str | None]
"""Its kind, and the value as an integer, as a number or as text."""

_NO_DETAILS = Details()
_SIGN_BIT, _MODULUS = 1 << 63, 1 << 64
_MAX_ERROR_CHARACTERS = 200


class WireMetric(NamedTuple):
    """One metric as it travels: integers unsigned, names and datatypes only where the sender gave them."""

    name: str | None
    alias: int | None
    timestamp_ms: int | None
    datatype: int | None
    is_historical: bool
    is_transient: bool
    kind: str
    value_long: int | None
    value_double: float | None
    value_string: str | None
    quality_code: int | None
    unit: str | None
    source_details: str | None


@dataclass
class WirePayload:
    """One payload; with an `error` the other fields say nothing."""

    seq: int | None = None
    timestamp_ms: int | None = None
    bd_seq: int | None = None
    error: str | None = None
    metrics: list[WireMetric] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)


def read_payload(data: bytes | None, message_type: str = "") -> WirePayload:
    """Decode one payload; whatever the bytes are, the answer is a `WirePayload`, never an exception.

    `broken` are the rules that it breaks as a message of `message_type`; none where that is not told.

    Example:
        >>> read_payload(bytes.fromhex("1803")).seq
        3
        >>> read_payload(b"not a payload").error is None
        False
    """
    if data is None:
        return WirePayload()
    try:
        return _read(payload_class().FromString(data), message_type)
    except Exception as exc:  # bytes of a stranger: any failure is a refusal of this message only
        return WirePayload(error=f"{type(exc).__name__}: {exc}"[:_MAX_ERROR_CHARACTERS])


def _read(payload: Any, message_type: str) -> WirePayload:
    told = [tell(metric) for metric in payload.metrics]
    metrics = [_plain_metric(one) if isinstance(one, Plain) else _metric(one) for one in told]
    seq = payload.seq if payload.HasField("seq") and payload.seq < SEQ_MODULUS else None
    timestamp = _long(payload.timestamp) if payload.HasField("timestamp") else None
    bd_seq = next((m.value_long for m in metrics if m.name == BD_SEQ), None)
    return WirePayload(seq, timestamp, bd_seq, None, metrics, broken_rules(payload, message_type, told))


def _plain_metric(told: Plain) -> WireMetric:
    alias, timestamp, value, wire = told
    nothing = (None, None, None)
    return WireMetric(None, _long(alias), _long(timestamp), None, False, False, *_value_of(wire, value), *nothing)


def _metric(told: Told) -> WireMetric:
    kind, value_long, value_double, value_string = _value(told)
    details = details_of(told) if "properties" in told or "metadata" in told else _NO_DETAILS
    alias, timestamp, datatype = told.get("alias"), told.get("timestamp"), told.get("datatype")
    return WireMetric(
        told.get("name") or None,
        None if alias is None else _long(alias),
        None if timestamp is None else _long(timestamp),
        None if datatype is None or datatype >= _SIGN_BIT >> 32 else datatype,
        told.get("is_historical", False),
        told.get("is_transient", False),
        kind,
        value_long,
        value_double,
        value_string,
        *details,
    )


def _value(told: Told) -> _Value:
    if told.get("is_null"):
        return "declared_null", None, None, None
    wire = value_field(told)
    return ("null", None, None, None) if wire is None else _value_of(wire, told[wire])


def _value_of(wire: str, value: Any) -> _Value:
    if wire in ("double_value", "float_value"):
        return "number", None, value, None
    if wire in ("int_value", "long_value"):
        return "integer", _long(value), None, None
    if wire == "boolean_value":
        return "boolean", None, float(value), None
    if wire == "string_value":
        return "text", None, None, value
    if wire == "bytes_value":
        return "structured", None, None, base64.b64encode(value).decode("ascii")
    return "structured", None, None, _json(value)


def _json(message: Any) -> str:
    from google.protobuf.json_format import MessageToDict

    document = MessageToDict(message, preserving_proto_field_name=True)
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _long(value: int) -> int:
    # Spark's long is signed: the unsigned 64 bits are kept, their meaning comes with the datatype.
    return value - _MODULUS if value >= _SIGN_BIT else int(value)
