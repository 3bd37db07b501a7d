"""What a metric tells, as plain Python: asking a protobuf message for each field costs most of its decoding."""

from __future__ import annotations

from typing import Any, NamedTuple

Told = dict[str, Any]
"""The fields that the sender set, by name, in the order of their numbers: of the value there is one, the last."""

_PLAIN_VALUES = frozenset({
    "int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value",
})  # fmt: skip
_VALUE_FIELDS = _PLAIN_VALUES | {"bytes_value", "dataset_value", "template_value", "extension_value"}


class Plain(NamedTuple):
    """What most metrics of data tell: an alias, a time and a plain value, and nothing else."""

    alias: int
    timestamp: int
    value: Any
    value_field: str

    def fields(self) -> Told:
        """Return the same by name."""
        return {"alias": self.alias, "timestamp": self.timestamp, self.value_field: self.value}


def tell(metric: Any) -> Told | Plain:
    """Return what a metric tells; what is missing was not sent.

    Example:
        >>> from fabric_ot.contracts.sparkplug import payload_class
        >>> tell(payload_class()().metrics.add(alias=3, timestamp=5, double_value=0.0))
        Plain(alias=3, timestamp=5, value=0.0, value_field='double_value')
        >>> tell(payload_class()().metrics.add(name="speed", is_null=True))
        {'name': 'speed', 'is_null': True}
    """
    fields = metric.ListFields()
    if not fields:
        return {}
    descriptors, values = zip(*fields, strict=True)
    shape = _SHAPES[descriptors]
    if shape.plain_field is not None:
        alias, timestamp, value = values
        return Plain(alias, timestamp, value, shape.plain_field)
    return dict(zip(shape.names, values, strict=True))


def value_field(told: Told) -> str | None:
    """Return the name of the field that carries the value; None where there is none.

    Example:
        >>> value_field({"alias": 3, "double_value": 0.0}), value_field({"alias": 3})
        ('double_value', None)
    """
    last = next(reversed(told), None)
    return last if last in _VALUE_FIELDS else None


class _Shape(NamedTuple):
    names: tuple[str, ...]
    plain_field: str | None


class _Shapes(dict[tuple[Any, ...], _Shape]):
    """What the descriptors of the set fields are called, asked for once per combination."""

    def __missing__(self, descriptors: tuple[Any, ...]) -> _Shape:
        names = tuple(str(descriptor.name) for descriptor in descriptors)
        is_plain = names[:-1] == ("alias", "timestamp") and names[-1] in _PLAIN_VALUES
        self[descriptors] = _Shape(names, names[-1] if is_plain else None)
        return self[descriptors]


_SHAPES = _Shapes()
