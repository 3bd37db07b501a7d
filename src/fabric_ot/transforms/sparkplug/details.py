"""What a Sparkplug metric tells beside its value: quality, unit, and all the rest as JSON. Plain Python, no Spark."""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

from fabric_ot.contracts.sparkplug import QUALITY_PROPERTY, signed_value
from fabric_ot.transforms.sparkplug.told_fields import Told

_UNIT_PROPERTIES = ("engUnit", "Engineering Unit")
_INTEGERS = ("int_value", "long_value")


class Details(NamedTuple):
    """`rest` is JSON of what is neither in `quality_code` nor in `unit`; null where that is all."""

    quality_code: int | None = None
    unit: str | None = None
    rest: str | None = None


def details_of(told: Told) -> Details:
    """Return what a metric tells in its properties and its metadata; nothing of it is dropped.

    `rest` has the members `properties` (name -> value: integers signed by their type, a property set as an object, a
    list of them as an array, NaN and infinities as text) and `metadata` (what of it is set). Properties whose names
    and values do not pair up, or that name one twice, are told as the two lists that came.

    Example:
        >>> from fabric_ot.contracts.sparkplug import payload_class
        >>> metric = payload_class()().metrics.add(name="m")
        >>> metric.metadata.file_name = "part.nc"
        >>> details_of({"metadata": metric.metadata})
        Details(quality_code=None, unit=None, rest='{"metadata":{"file_name":"part.nc"}}')
    """
    code, unit, rest = None, None, {}
    properties, metadata = told.get("properties"), told.get("metadata")
    if properties is not None:
        code, unit, taken = _quality_and_unit(properties)
        others = _set(properties, taken)
        if others:
            rest["properties"] = others
    if metadata is not None:
        rest["metadata"] = {field.name: value for field, value in metadata.ListFields()}
    return Details(code, unit, _json(rest) if rest else None)


def _quality_and_unit(properties: Any) -> tuple[int | None, str | None, set[str]]:
    """Return both, and the names of the properties that they say in full."""
    values = dict(zip(properties.keys, properties.values, strict=False))
    quality = values.get(QUALITY_PROPERTY)
    wire = None if quality is None else quality.WhichOneof("value")
    name = next((name for name in _UNIT_PROPERTIES if name in values), None)
    unit = values[name].string_value if name else ""
    taken = {QUALITY_PROPERTY} if wire in _INTEGERS else set()
    if name and unit:
        taken.add(name)
    return (_signed_long(getattr(quality, wire)) if wire in _INTEGERS else None), unit or None, taken


def _set(properties: Any, taken: set[str] | frozenset[str] = frozenset()) -> dict[str, Any]:
    names, values = list(properties.keys), list(properties.values)
    if len(names) != len(values) or len(set(names)) != len(names):
        return {"keys": names, "values": [_value(value) for value in values]}
    return {name: _value(value) for name, value in zip(names, values, strict=True) if name not in taken}


def _value(value: Any) -> Any:
    wire = value.WhichOneof("value")
    if value.is_null or wire is None:
        return None
    told = getattr(value, wire)
    if wire in _INTEGERS:
        return signed_value(told, value.type)
    if wire in ("float_value", "double_value") and not math.isfinite(told):
        return str(told)
    if wire == "propertyset_value":
        return _set(told)
    if wire == "propertysets_value":
        return [_set(one) for one in told.propertyset]
    return {} if wire == "extension_value" else told


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _signed_long(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else int(value)
