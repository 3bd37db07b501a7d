"""What a metric tells, as a plain dictionary: asking a protobuf message for each field costs most of its decoding."""

from __future__ import annotations

from typing import Any

Told = dict[str, Any]
"""The fields that the sender set, by name, in the order of their numbers: of the value there is one, the last."""

_VALUE_FIELDS = frozenset({
    "int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value", "bytes_value",
    "dataset_value", "template_value", "extension_value",
})  # fmt: skip


def told_fields(metric: Any) -> Told:
    """Return the fields of a metric that are set; what is missing was not sent.

    Example:
        >>> from fabric_ot.contracts.sparkplug import payload_class
        >>> told_fields(payload_class()().metrics.add(alias=3, double_value=0.0))
        {'alias': 3, 'double_value': 0.0}
    """
    return {_NAMES[field]: value for field, value in metric.ListFields()}


class _Names(dict[Any, str]):
    """The name of each field's descriptor, asked for once."""

    def __missing__(self, field: Any) -> str:
        self[field] = str(field.name)
        return self[field]


_NAMES = _Names()


def value_field(told: Told) -> str | None:
    """Return the name of the field that carries the value; None where there is none.

    Example:
        >>> value_field({"alias": 3, "double_value": 0.0}), value_field({"alias": 3})
        ('double_value', None)
    """
    last = next(reversed(told), None)
    return last if last in _VALUE_FIELDS else None
