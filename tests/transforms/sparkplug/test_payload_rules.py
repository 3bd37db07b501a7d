"""Every rule of Sparkplug that a payload can break by itself: a sound payload breaks none, one change breaks one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fabric_ot.contracts.sparkplug import BD_SEQ, REBIRTH, DataType, payload_class
from fabric_ot.contracts.sparkplug_rules import (
    BEHAVIOR,
    FLOW,
    PAYLOADS,
    RULE_TEXTS,
    STRICT_RULES,
    TOPICS,
    severity_of,
)
from fabric_ot.transforms.sparkplug.payload_rules import broken_rules

AT = 1_772_452_800_000
DOUBLE = {"timestamp": AT, "datatype": DataType.Double, "double_value": 1.0}


def sound(message_type: str) -> Any:
    """Return a payload of each type that breaks nothing, with a data set and a template in the births."""
    payload = payload_class()(timestamp=AT, seq=0 if message_type == "NBIRTH" else 7)
    if message_type in ("NBIRTH", "NDEATH"):
        payload.metrics.add(name=BD_SEQ, timestamp=AT, datatype=DataType.Int64, long_value=3)
    if message_type == "NDEATH":
        payload.ClearField("seq")
        return payload
    if message_type == "NBIRTH":
        payload.metrics.add(name=REBIRTH, timestamp=AT, datatype=DataType.Boolean, boolean_value=False)
        define(payload, "Motor", ["speed"])
        instance(payload, "m1", "Motor", ["speed"])
    if message_type in ("NBIRTH", "DBIRTH"):
        sent = payload.metrics.add(name="t", alias=1, **DOUBLE)
        put(sent, "Quality", type=DataType.Int32, int_value=192)
        data_set(payload)
        payload.metrics.add(name="empty", alias=3, timestamp=AT, datatype=DataType.Int32, is_null=True)
    elif message_type != "DDEATH":
        payload.metrics.add(alias=1, timestamp=AT, double_value=1.0)
    return payload


def put(metric: Any, key: str, **value: Any) -> None:
    metric.properties.keys.append(key)
    metric.properties.values.add(**value)


def data_set(payload: Any) -> None:
    table = payload.metrics.add(name="table", alias=2, timestamp=AT, datatype=DataType.DataSet).dataset_value
    table.num_of_columns = 1
    table.columns.append("speed")
    table.types.append(DataType.Int32)
    table.rows.add().elements.add(int_value=7)


def define(payload: Any, name: str, members: list[str]) -> None:
    template = payload.metrics.add(name=name, timestamp=AT, datatype=DataType.Template).template_value
    template.is_definition = True
    template.parameters.add(name="gain", type=DataType.Int32, int_value=1)
    for member in members:
        template.metrics.add(name=member, **DOUBLE)


def instance(payload: Any, name: str, ref: str, members: list[str]) -> None:
    template = payload.metrics.add(name=name, timestamp=AT, datatype=DataType.Template).template_value
    template.is_definition, template.template_ref = False, ref
    for member in members:
        template.metrics.add(name=member, **DOUBLE)


def named(payload: Any, name: str) -> Any:
    return next(metric for metric in payload.metrics if metric.name == name)


def without(payload: Any, name: str) -> None:
    kept = [metric for metric in payload.metrics if metric.name != name]
    del payload.metrics[:]
    payload.metrics.extend(kept)


def change(name: str, /, **fields: Any) -> Callable[[Any], None]:
    def apply(payload: Any) -> None:
        for field, value in fields.items():
            if value is None:
                named(payload, name).ClearField(field)
            else:
                setattr(named(payload, name), field, value)

    return apply


def on_table(act: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda payload: act(named(payload, "table").dataset_value)


def on_template(name: str, act: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda payload: act(named(payload, name).template_value)


def later_first(payload: Any) -> None:
    payload.metrics.add(alias=8, timestamp=AT - 1, double_value=1.0)


MESSAGE_CASES: list[tuple[str, str, Callable[[Any], Any]]] = [
    *((f"{PAYLOADS}{t.lower()}-seq", t, lambda p: p.ClearField("seq")) for t in ("NBIRTH", "DBIRTH", "NDATA")),
    *((f"{PAYLOADS}{t.lower()}-seq", t, lambda p: setattr(p, "seq", 256)) for t in ("DDATA", "DDEATH")),
    *(
        (f"{PAYLOADS}{t.lower()}-timestamp", t, lambda p: p.ClearField("timestamp"))
        for t in ("NBIRTH", "DBIRTH", "NDATA", "DDATA", "DDEATH")
    ),
    (f"{TOPICS}nbirth-seq-num", "NBIRTH", lambda p: setattr(p, "seq", 9)),
    (f"{PAYLOADS}ndeath-seq", "NDEATH", lambda p: setattr(p, "seq", 0)),
    (f"{TOPICS}ndeath-payload", "NDEATH", lambda p: p.metrics.add(name="t", double_value=1.0)),
    (f"{TOPICS}ndeath-payload", "NDEATH", lambda p: without(p, BD_SEQ)),
    (f"{PAYLOADS}nbirth-bdseq", "NBIRTH", lambda p: without(p, BD_SEQ)),
    (f"{FLOW}edge-node-birth-publish-nbirth-payload-bdSeq", "NBIRTH", change(BD_SEQ, datatype=DataType.UInt64)),
    (f"{FLOW}edge-node-birth-publish-will-message-payload-bdSeq", "NDEATH", change(BD_SEQ, datatype=DataType.UInt64)),
    (f"{BEHAVIOR}data-commands-rebirth-name", "NBIRTH", lambda p: without(p, REBIRTH)),
    (f"{BEHAVIOR}data-commands-rebirth-name-aliases", "NBIRTH", change(REBIRTH, alias=99)),
    (f"{BEHAVIOR}data-commands-rebirth-value", "NBIRTH", change(REBIRTH, boolean_value=True)),
]
METRIC_CASES: list[tuple[str, str, Callable[[Any], Any]]] = [
    (f"{PAYLOADS}alias-uniqueness", "DBIRTH", change("empty", alias=1)),
    ("tck-id-case-sensitivity-metric-names", "DBIRTH", change("empty", name="T")),
    (f"{PAYLOADS}alias-birth-requirement", "DBIRTH", change("t", name=None)),
    (f"{PAYLOADS}alias-data-cmd-requirement", "DDATA", lambda p: setattr(p.metrics[0], "name", "t")),
    (f"{PAYLOADS}name-requirement", "NDATA", lambda p: p.metrics[0].ClearField("alias")),
    (f"{PAYLOADS}metric-datatype-req", "DBIRTH", change("t", datatype=None)),
    (f"{PAYLOADS}metric-datatype-value", "DBIRTH", change("t", datatype=35)),
    (f"{PAYLOADS}metric-datatype-value", "DBIRTH", change("t", datatype=DataType.PropertySet)),
    (f"{PAYLOADS}metric-datatype-not-req", "DDATA", lambda p: setattr(p.metrics[0], "datatype", DataType.Double)),
    (f"{PAYLOADS}name-birth-data-requirement", "NDATA", lambda p: p.metrics[0].ClearField("timestamp")),
    (f"{BEHAVIOR}data-publish-nbirth-values", "NBIRTH", change("empty", is_null=False)),
    (f"{BEHAVIOR}data-publish-dbirth-values", "DBIRTH", change("t", is_null=True)),
    (f"{BEHAVIOR}data-publish-nbirth-order", "NDATA", later_first),
    (f"{BEHAVIOR}data-publish-dbirth-order", "DDATA", later_first),
    ("ot-value-differs-from-datatype", "DBIRTH", change("t", string_value="warm")),
    (f"{PAYLOADS}propertyset-keys-array-size", "DBIRTH", lambda p: named(p, "t").properties.keys.append("low")),
    (f"{PAYLOADS}propertyset-keys-array-size", "DBIRTH",
     lambda p: named(p, "t").properties.values.add(type=DataType.Int32, int_value=1)),
    (f"{PAYLOADS}metric-propertyvalue-type-req", "DBIRTH", lambda p: put(named(p, "t"), "low", int_value=1)),
    (f"{PAYLOADS}metric-propertyvalue-type-value", "DBIRTH",
     lambda p: put(named(p, "t"), "low", type=DataType.DataSet, int_value=1)),
    (f"{PAYLOADS}propertyset-quality-value-type", "DBIRTH",
     lambda p: setattr(named(p, "t").properties.values[0], "type", DataType.Int64)),
    (f"{PAYLOADS}propertyset-quality-value-value", "DBIRTH",
     lambda p: setattr(named(p, "t").properties.values[0], "int_value", 64)),
]  # fmt: skip
STRUCTURE_CASES: list[tuple[str, str, Callable[[Any], Any]]] = [
    (f"{PAYLOADS}dataset-column-size", "DBIRTH", on_table(lambda d: setattr(d, "num_of_columns", 2))),
    (f"{PAYLOADS}dataset-column-num-headers", "DBIRTH", on_table(lambda d: d.types.append(3))),
    (f"{PAYLOADS}dataset-parameter-type-req", "DBIRTH", on_table(lambda d: d.ClearField("types"))),
    (f"{PAYLOADS}dataset-types-value", "DBIRTH", on_table(lambda d: d.types.__setitem__(0, 16))),
    (f"{PAYLOADS}template-dataset-value", "DBIRTH", on_table(lambda d: d.rows[0].elements.add())),
    (f"{PAYLOADS}template-definition-nbirth-only", "DBIRTH", lambda p: define(p, "Pump", ["flow"])),
    (f"{PAYLOADS}template-is-definition", "NBIRTH", on_template("m1", lambda t: t.ClearField("is_definition"))),
    (f"{PAYLOADS}template-definition-ref", "NBIRTH", on_template("Motor", lambda t: setattr(t, "template_ref", "x"))),
    (f"{PAYLOADS}template-instance-ref", "NBIRTH", on_template("m1", lambda t: t.ClearField("template_ref"))),
    (f"{PAYLOADS}template-definition-nbirth", "NBIRTH", lambda p: instance(p, "m2", "Pump", [])),
    (f"{PAYLOADS}template-instance-members", "NBIRTH", lambda p: instance(p, "m2", "Motor", ["speed", "torque"])),
    (f"{PAYLOADS}template-instance-members-birth", "NBIRTH", lambda p: instance(p, "m2", "Motor", [])),
    (f"{PAYLOADS}template-parameter-name-required", "NBIRTH",
     on_template("Motor", lambda t: t.parameters.add(type=3, int_value=1))),
    (f"{PAYLOADS}template-parameter-type-req", "NBIRTH",
     on_template("Motor", lambda t: t.parameters.add(name="k", int_value=1))),
    (f"{PAYLOADS}template-parameter-type-value", "NBIRTH",
     on_template("Motor", lambda t: t.parameters.add(name="k", type=19))),
]  # fmt: skip
CASES = [*MESSAGE_CASES, *METRIC_CASES, *STRUCTURE_CASES]


@pytest.mark.parametrize("message_type", ["NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH", "DDEATH", "NCMD"])
def test_a_sound_payload_breaks_nothing(message_type) -> None:
    assert broken_rules(sound(message_type), message_type) == []


def ids(cases: list[tuple]) -> list[str]:
    return [f"{rule}/{kind}" for rule, kind, _ in cases]


def broken_by(kind: str, spoil: Callable[[Any], Any]) -> set[str]:
    payload = sound(kind)
    spoil(payload)
    return {assertion for assertion, _ in broken_rules(payload, kind)}


@pytest.mark.parametrize(("rule", "kind", "spoil"), MESSAGE_CASES, ids=ids(MESSAGE_CASES))
def test_a_message_breaks_the_one_rule(rule, kind, spoil) -> None:
    assert broken_by(kind, spoil) == {rule}


@pytest.mark.parametrize(("rule", "kind", "spoil"), METRIC_CASES, ids=ids(METRIC_CASES))
def test_a_metric_breaks_the_one_rule(rule, kind, spoil) -> None:
    assert broken_by(kind, spoil) == {rule}


@pytest.mark.parametrize(("rule", "kind", "spoil"), STRUCTURE_CASES, ids=ids(STRUCTURE_CASES))
def test_a_data_set_or_template_breaks_the_one_rule(rule, kind, spoil) -> None:
    assert broken_by(kind, spoil) == {rule}


def test_another_type_of_rebirth_breaks_its_type_and_its_value() -> None:
    found = broken_by("NBIRTH", change(REBIRTH, datatype=DataType.Int32, int_value=0))
    assert found == {f"{BEHAVIOR}data-commands-rebirth-{rule}" for rule in ("datatype", "value")}


@pytest.mark.parametrize(("seq", "is_sound"), [(0, True), (255, True), (256, False), (257, False), (2**40, False)])
def test_a_sequence_number_is_one_byte(seq: int, is_sound: bool) -> None:
    assert broken_by("DDATA", lambda p: setattr(p, "seq", seq)) == (set() if is_sound else {f"{PAYLOADS}ddata-seq"})


@pytest.mark.parametrize("datatype", [t for t in DataType if t != DataType.Int64])
def test_the_birth_s_death_number_is_an_int64_and_nothing_else(datatype: DataType) -> None:
    assert f"{FLOW}edge-node-birth-publish-nbirth-payload-bdSeq" in broken_by(
        "NBIRTH", change(BD_SEQ, datatype=datatype)
    )
    will = f"{FLOW}edge-node-birth-publish-will-message-payload-bdSeq"
    assert broken_by("NDEATH", change(BD_SEQ, datatype=datatype)) == {will}


@pytest.mark.parametrize("datatype", DataType)
def test_a_property_has_a_basic_type_or_is_a_set_of_properties(datatype: DataType) -> None:
    structured = {"DataSet", "Bytes", "File", "Template", "Unknown"}
    is_legal = datatype.name not in structured and not datatype.name.endswith("Array")
    found = broken_by("DBIRTH", lambda p: put(named(p, "t"), "low", type=datatype, int_value=1))
    assert found == (set() if is_legal else {f"{PAYLOADS}metric-propertyvalue-type-value"})


def test_back_filled_metrics_need_no_order() -> None:
    def fill(payload: Any) -> None:
        payload.metrics.add(alias=8, timestamp=AT - 1, double_value=1.0, is_historical=True)

    assert broken_by("DDATA", fill) == set()


def test_order_is_judged_across_back_filled_metrics() -> None:
    def fill(payload: Any) -> None:
        payload.metrics.add(alias=8, timestamp=AT - 9, double_value=1.0, is_historical=True)
        later_first(payload)

    assert broken_by("DDATA", fill) == {f"{BEHAVIOR}data-publish-dbirth-order"}


def test_a_rule_names_each_metric_that_breaks_it() -> None:
    payload = sound("DBIRTH")
    for name in ("t", "empty"):
        named(payload, name).ClearField("timestamp")
    assert broken_rules(payload, "DBIRTH") == [(f"{PAYLOADS}name-birth-data-requirement", n) for n in (0, 2)]


def test_every_rule_that_strict_mode_acts_on_has_a_case_and_every_warning_is_none_of_them() -> None:
    told = {rule for rule, _, _ in CASES} | {f"{BEHAVIOR}data-commands-rebirth-datatype"}
    assert set(STRICT_RULES) <= told <= set(RULE_TEXTS)
    assert {severity_of(rule) for rule in STRICT_RULES} == {"error"}
