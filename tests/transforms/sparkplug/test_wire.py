"""Payload bytes to plain values: every kind of value, and never an exception."""

from __future__ import annotations

import base64
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabric_ot.contracts.sparkplug import DataType, payload_class
from fabric_ot.transforms.sparkplug.wire import read_payload


def metric(**fields):
    payload = payload_class()()
    payload.metrics.add(**fields)
    return read_payload(payload.SerializeToString()).metrics[0]


@pytest.mark.parametrize(
    ("fields", "kind", "value"),
    [
        ({"int_value": 4294967284}, "integer", 4294967284),
        ({"long_value": 2**64 - 12}, "integer", -12),
        ({"double_value": 2.5}, "number", 2.5),
        ({"float_value": 0.5}, "number", 0.5),
        ({"boolean_value": True}, "boolean", 1.0),
        ({"boolean_value": False}, "boolean", 0.0),
        ({"string_value": "run"}, "text", "run"),
        ({"string_value": ""}, "text", ""),
        ({"bytes_value": b"\x00\xff"}, "structured", "AP8="),
        ({"is_null": True}, "declared_null", None),
        ({"is_null": True, "int_value": 3}, "declared_null", None),
        ({}, "null", None),
    ],
)
def test_each_kind_of_value_is_kept(fields, kind, value):
    found = metric(name="m", **fields)
    values = [v for v in (found.value_long, found.value_double, found.value_string) if v is not None]
    assert (found.kind, values) == (kind, [] if value is None else [value])


def test_a_data_set_is_kept_as_json():
    payload = payload_class()()
    rows = payload.metrics.add(name="d", datatype=DataType.DataSet).dataset_value
    rows.num_of_columns = 1
    rows.columns.append("speed")
    rows.types.append(DataType.Int32)
    rows.rows.add().elements.add(int_value=7)
    found = read_payload(payload.SerializeToString()).metrics[0]
    assert json.loads(found.value_string)["rows"] == [{"elements": [{"int_value": 7}]}]
    template = payload_class()()
    template.metrics.add(name="t").template_value.metrics.add(name="inner", double_value=1.5)
    found = read_payload(template.SerializeToString()).metrics[0]
    assert found.value_string == '{"metrics":[{"double_value":1.5,"name":"inner"}]}', "names in order: equal is equal"


def with_properties(*pairs, metadata=None, keys=None):
    names = [name for name, _ in pairs] if keys is None else keys
    fields = {"properties": {"keys": names, "values": [value for _, value in pairs]}} if pairs else {}
    found = metric(name="m", double_value=1, **fields, **({"metadata": metadata} if metadata else {}))
    return found.quality_code, found.unit, json.loads(found.source_details or "null")


def test_properties_carry_quality_and_unit():
    quality, unit = ("Quality", {"type": DataType.Int32, "int_value": 500}), ("engUnit", {"string_value": "degC"})
    assert with_properties(quality, unit) == (500, "degC", None)
    assert with_properties() == (None, None, None)


def test_no_other_property_and_no_metadata_is_lost():
    """Ignition and others send limits, notes and nested sets; each of them must be found again."""
    nested = {"keys": ["High"], "values": [{"type": DataType.Int8, "int_value": 244}]}
    told = with_properties(
        ("Quality", {"type": DataType.String, "string_value": "fine"}),  # not a code: kept as it is
        ("engUnit", {"string_value": "degC"}),
        ("Engineering Unit", {"string_value": "K"}),  # the second unit says something else
        ("Low", {"type": DataType.Int32, "int_value": 2**32 - 5}),
        ("Wide", {"type": DataType.UInt64, "long_value": 2**64 - 1}),
        ("NaN", {"type": DataType.Double, "double_value": math.nan}),
        ("None", {"type": DataType.Double, "is_null": True}),
        ("Flag", {"type": DataType.Boolean, "boolean_value": False}),
        ("Set", {"type": DataType.PropertySet, "propertyset_value": nested}),
        ("Sets", {"type": DataType.PropertySetList, "propertysets_value": {"propertyset": [nested, nested]}}),
        metadata={"file_name": "caf\u00e9.nc", "size": 2**40, "is_multi_part": False},
    )
    assert told == (
        None,
        "degC",
        {
            "properties": {
                "Quality": "fine", "Engineering Unit": "K", "Low": -5, "Wide": 2**64 - 1, "NaN": "nan", "None": None,
                "Flag": False, "Set": {"High": -12}, "Sets": [{"High": -12}, {"High": -12}],
            },
            "metadata": {"file_name": "caf\u00e9.nc", "size": 2**40, "is_multi_part": False},
        },
    )  # fmt: skip


def test_properties_that_do_not_pair_up_are_told_as_they_came():
    quality, low = ("Quality", {"int_value": 0}), ("Low", {"int_value": 3})
    assert with_properties(quality, low, keys=["Quality"]) == (
        0, None, {"properties": {"keys": ["Quality"], "values": [0, 3]}},
    )  # fmt: skip
    twice = {"properties": {"keys": ["Low", "Low"], "values": [3, 4]}}
    assert with_properties(low, ("Low", {"int_value": 4})) == (None, None, twice)


def test_a_file_keeps_its_bytes_and_its_name():
    found = metric(name="f", datatype=DataType.File, bytes_value=b"\x00\xff", metadata={"file_name": "a.bin"})
    assert (found.value_string, found.source_details) == ("AP8=", '{"metadata":{"file_name":"a.bin"}}')


def test_absent_fields_are_absent_and_zero_is_zero():
    assert metric(double_value=0)[:4] == (None, None, None, None)
    assert metric(name="m", alias=0, timestamp=0, datatype=0, double_value=0)[:4] == ("m", 0, 0, 0)
    assert read_payload(b"").seq is None
    assert read_payload(payload_class()(seq=0).SerializeToString()).seq == 0
    assert read_payload(payload_class()(seq=256).SerializeToString()).seq is None


def test_published_vectors_say_what_they_are_documented_to_say(shared_data):
    vectors = json.loads((shared_data / "sparkplug_umh/test_vectors.json").read_text(encoding="utf-8"))
    found = {v["name"]: read_payload(base64.b64decode(v["base64"])) for v in vectors}
    assert {name: (p.seq, p.bd_seq) for name, p in found.items() if p.bd_seq is not None} == {
        "NBIRTH_V1": (0, 88), "NDEATH_V1": (0, 0), "NBIRTH_LARGE": (0, 88),
    }  # fmt: skip
    assert {p.timestamp_ms for p in found.values()} == {1750855643474}


@settings(max_examples=500)
@given(st.binary(max_size=60))
def test_no_bytes_raise(data):
    found = read_payload(data)
    assert found.error is None or (found.metrics == [] and found.seq is None)


@settings(max_examples=300)
@given(st.data())
def test_no_damaged_payload_raises(data):
    payload = payload_class()(timestamp=1, seq=2)
    payload.metrics.add(name="Temperature", alias=7, double_value=1.5).properties.keys.append("Quality")
    text = bytearray(payload.SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    assert read_payload(bytes(text)) is not None
