"""What a metric tells is what protobuf says of it, whether it is told by name or as plain data."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from fabric_ot.contracts.sparkplug import payload_class
from fabric_ot.transforms.sparkplug.payload_rules import broken_rules
from fabric_ot.transforms.sparkplug.told_fields import Plain, tell, value_field
from fabric_ot.transforms.sparkplug.wire import read_payload

VALUES: dict[str, Any] = {
    "int_value": 7, "long_value": 2**64 - 1, "float_value": 0.5, "double_value": 0.0, "boolean_value": False,
    "string_value": "", "bytes_value": b"\x00",
}  # fmt: skip
OTHERS: dict[str, Any] = {"name": "speed", "alias": 0, "timestamp": 2**63, "datatype": 9, "is_historical": True}


def metrics() -> list[Any]:
    """Every set of fields with every value and with none."""
    sets = [chosen for count in range(len(OTHERS) + 1) for chosen in combinations(OTHERS, count)]
    return [
        payload_class()().metrics.add(**{name: OTHERS[name] for name in chosen}, **value)
        for chosen in sets
        for value in ({}, *({field: told} for field, told in VALUES.items()))
    ]


def test_what_is_told_are_the_fields_that_are_set_in_their_order() -> None:
    for metric in metrics():
        told = tell(metric)
        fields = told.fields() if isinstance(told, Plain) else told
        assert list(fields.items()) == [(field.name, value) for field, value in metric.ListFields()]
        assert value_field(fields) == metric.WhichOneof("value")


def test_plain_is_an_alias_a_time_and_a_plain_value_and_nothing_else() -> None:
    for metric in metrics():
        names = [field.name for field, _ in metric.ListFields()]
        *others, last = names or [""]
        is_plain = others == ["alias", "timestamp"] and last in VALUES and last != "bytes_value"
        assert isinstance(tell(metric), Plain) == is_plain


@pytest.mark.parametrize("field", [field for field in VALUES if field != "bytes_value"])
def test_plain_data_is_decoded_as_the_same_metric_with_a_name_is(field: str) -> None:
    def decoded(**more: Any) -> Any:
        payload = payload_class()(timestamp=5, seq=1)
        payload.metrics.add(alias=2**64 - 2, timestamp=9, **{field: VALUES[field]}, **more)
        return read_payload(payload.SerializeToString(), "NDATA").metrics[0]

    assert decoded(name="speed")._replace(name=None) == decoded()
    assert decoded().alias == -2


def test_plain_data_in_a_birth_is_judged_and_its_order_too() -> None:
    payload = payload_class()(timestamp=5, seq=0)
    for timestamp in (9, 8):
        payload.metrics.add(alias=1, timestamp=timestamp, double_value=1.0)
    broken = broken_rules(payload, "DBIRTH")
    assert ("tck-id-payloads-alias-birth-requirement", 0) in broken
    assert ("tck-id-operational-behavior-data-publish-dbirth-order", 1) in broken
    assert broken_rules(payload, "DDATA") == [("tck-id-operational-behavior-data-publish-dbirth-order", 1)]
