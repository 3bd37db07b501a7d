"""From Sparkplug payloads to samples: names by birth, signs by datatype, times, deaths, holds and refusals."""

from __future__ import annotations

import base64
import datetime as dt
import json
from functools import reduce

import pytest
from pyspark.sql import functions as sf

from fabric_ot.contracts.bronze import MESSAGE
from fabric_ot.contracts.landing import LandingConfig, TopicRule
from fabric_ot.contracts.silver import SPARKPLUG_MESSAGE, TAG
from fabric_ot.contracts.sparkplug import DataType, payload_class
from fabric_ot.testing import NOON, NOON_MS, frame, message
from fabric_ot.transforms.messages.decoded_samples import is_sample
from fabric_ot.transforms.messages.decoders import with_decoder
from fabric_ot.transforms.messages.quarantine import rollup_messages, to_quarantine
from fabric_ot.transforms.messages.readings import join_catalogue, to_readings
from fabric_ot.transforms.sparkplug.deaths import to_stale_samples
from fabric_ot.transforms.sparkplug.definitions import to_definitions
from fabric_ot.transforms.sparkplug.messages import to_sparkplug_messages
from fabric_ot.transforms.sparkplug.metrics import to_metric_samples
from fabric_ot.transforms.sparkplug.payloads import with_payload
from fabric_ot.transforms.sparkplug.sequence import with_sequence
from fabric_ot.transforms.sparkplug.topics import with_edge_node

pytestmark = pytest.mark.spark

CONFIG = LandingConfig(topics=(TopicRule("spBv1.0/#", "sparkplug"),))
SECOND = dt.timedelta(seconds=1)
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def payload(*metrics: dict, seq: int | None = None, at: int | None = NOON_MS) -> bytes:
    built = payload_class()()
    if at is not None:
        built.timestamp = at
    if seq is not None:
        built.seq = seq
    for fields in metrics:
        properties = fields.pop("properties", {})
        metric = built.metrics.add(**fields)
        for key, value in properties.items():
            metric.properties.keys.append(key)
            metric.properties.values.add(**value)
    return built.SerializeToString()


def bd(number: int) -> dict:
    return {"name": "bdSeq", "datatype": DataType.Int64, "long_value": number}


class Stage:
    """Messages of many nodes in order of sending; each scenario has a node of its own."""

    def __init__(self) -> None:
        self.rows: list[tuple] = []

    def send(self, node: str, kind: str, data: bytes | None, device: str = "", **columns) -> int:
        offset = len(self.rows)
        topic = f"spBv1.0/g/{kind}/{node}" + (f"/{device}" if device else "")
        at = NOON + offset * SECOND
        self.rows.append(message(topic, data, source_offset=offset, **{"broker_time_utc": at, **columns}))
        return offset


def settle(spark, rows: list[tuple], tags: list[tuple] = ()):
    messages = with_edge_node(with_decoder(frame(spark, MESSAGE.spark_ddl(), rows), CONFIG))
    placed = with_sequence(with_payload(messages).withColumn("epoch_before", sf.lit(0))).persist()
    parts = [to_metric_samples(placed, to_definitions(placed)), to_stale_samples(placed)]
    samples = reduce(lambda a, b: a.unionByName(b), parts)
    return messages, placed, join_catalogue(samples, frame(spark, TAG.spark_ddl(), list(tags))).persist()


class Found:
    """What came out, by message offset."""

    def __init__(self, spark, rows: list[tuple], tags: list[tuple] = ()) -> None:
        messages, placed, samples = settle(spark, rows, tags)
        log = to_sparkplug_messages(placed, rollup_messages(samples))
        self.readings = to_readings(samples).collect()
        self.refused = to_quarantine(samples, messages).collect()
        self.log = {row.source_offset: row for row in log.collect()}
        self.log_columns = log.columns
        self.details = {(r.source_offset, r.metric_index): r.detail for r in samples.collect() if r.detail is not None}
        for kept in (placed, samples):
            kept.unpersist()

    def values(self, offset: int) -> dict[str, object]:
        rows = [r for r in self.readings if r.source_offset == offset]
        short = {r.tag_id.split("/", 3)[3]: r.value_double if r.value_string is None else r.value_string for r in rows}
        assert len(short) == len(rows)
        return short

    def reasons(self, offset: int) -> list[tuple]:
        return sorted((r.metric_index, *r.reasons) for r in self.refused if r.source_offset == offset)

    def outcome(self, offset: int) -> tuple:
        row = self.log[offset]
        return row.outcome, row.reason, row.value_count


INTEGERS = [
    ("i8", DataType.Int8, {"int_value": 244}, -12.0),
    ("i8_wide", DataType.Int8, {"int_value": 2**32 - 12}, -12.0),
    ("i16", DataType.Int16, {"int_value": 65524}, -12.0),
    ("i32", DataType.Int32, {"int_value": 4294967284}, -12.0),
    ("i32_max", DataType.Int32, {"int_value": 2147483647}, 2147483647.0),
    ("i64", DataType.Int64, {"long_value": 2**64 - 12}, -12.0),
    ("u8", DataType.UInt8, {"int_value": 244}, 244.0),
    ("u32", DataType.UInt32, {"int_value": 4294967284}, 4294967284.0),
    ("u64", DataType.UInt64, {"long_value": 2**64 - 2**11}, float(2**64 - 2**11)),
    ("time", DataType.DateTime, {"long_value": NOON_MS}, float(NOON_MS)),
    ("flag", DataType.Boolean, {"boolean_value": True}, 1.0),
    ("float", DataType.Float, {"float_value": 0.5}, 0.5),
    ("text", DataType.String, {"string_value": "run"}, "run"),
    ("raw", DataType.Bytes, {"bytes_value": b"\x00\xff"}, "AP8="),
]


@pytest.fixture(scope="module")
def stage_and_found(spark_session):
    stage, at = Stage(), {}
    types = [{"name": n, "alias": k, "datatype": t, **v} for k, (n, t, v, _) in enumerate(INTEGERS)]
    at["typed_birth"] = stage.send("typed", "NBIRTH", payload(bd(1), *types, seq=0))
    by_alias = [{"alias": k, **v} for k, (_, _, v, _) in enumerate(INTEGERS)]
    at["typed_data"] = stage.send("typed", "NDATA", payload(*by_alias, seq=1))

    # held until the first birth, which arrives later
    at["held"] = stage.send("held", "DDATA", payload({"alias": 7, "int_value": 2**32 - 1}, seq=3), "d")
    at["held_birth"] = stage.send("held", "NBIRTH", payload(bd(1), seq=0))
    at["held_device"] = stage.send(
        "held", "DBIRTH", payload({"name": "x", "alias": 7, "datatype": 3, "int_value": 5}, seq=1), "d"
    )
    at["reborn"] = stage.send(
        "held", "NBIRTH", payload(bd(2), {"name": "y", "alias": 8, "datatype": 3, "int_value": 1}, seq=0)
    )
    at["stale_alias"] = stage.send(
        "held", "NDATA", payload({"alias": 7, "int_value": 5}, {"alias": 8, "int_value": 6}, seq=1)
    )

    at["orphan"] = stage.send(
        "orphan", "NDATA", payload({"alias": 1, "double_value": 1.0}, {"alias": 2, "double_value": 1.0}, seq=1)
    )
    at["orphan_named"] = stage.send(
        "orphan2", "NDATA", payload({"name": "n", "double_value": 1.0}, {"alias": 2, "double_value": 1.0}, seq=1)
    )

    twice = [{"name": n, "alias": 1, "datatype": 10, "double_value": 1.0} for n in ("first", "last")]
    at["twice_birth"] = stage.send("twice", "NBIRTH", payload(bd(1), *twice, seq=0))
    at["twice"] = stage.send("twice", "NDATA", payload({"alias": 1, "double_value": 2.0}, seq=1))
    at["d1"] = stage.send(
        "twice", "DBIRTH", payload({"name": "a", "alias": 50, "datatype": 10, "double_value": 0.0}, seq=2), "d"
    )
    at["d1_data"] = stage.send("twice", "DDATA", payload({"alias": 50, "double_value": 1.0}, seq=3), "d")
    at["d2"] = stage.send(
        "twice", "DBIRTH", payload({"name": "b", "alias": 50, "datatype": 10, "double_value": 0.0}, seq=4), "d"
    )
    at["d2_data"] = stage.send("twice", "DDATA", payload({"alias": 50, "double_value": 2.0}, seq=5), "d")

    odd = [
        {"alias": 3, "double_value": 1.0}, {"name": "transient", "is_transient": True, "double_value": 1.0},
        {"name": "Node Control/Rebirth", "boolean_value": False}, {"name": "nan", "double_value": float("nan")},
        {"name": "nothing"}, {"name": "null", "alias": 9, "is_null": True, "datatype": 10},
        {"name": "old", "timestamp": 1000, "double_value": 1.0}, {"name": "unit", "double_value": 1.0,
         "properties": {"engUnit": {"string_value": "bar"}, "Quality": {"int_value": 500}}},
        {"name": "late", "timestamp": NOON_MS - 1, "is_historical": True, "double_value": 3.0},
    ]  # fmt: skip
    at["odd"] = stage.send("odd", "NBIRTH", payload(bd(5), *odd, seq=0))
    at["nameless_data"] = stage.send("odd", "NDATA", payload({"double_value": 1.0}, seq=1, at=None))
    at["broker_time"] = stage.send("odd", "NDATA", payload({"name": "unit", "double_value": 4.0}, seq=2, at=None))
    at["only_control"] = stage.send(
        "odd", "NDATA", payload({"name": "Node Control/Rebirth", "boolean_value": True}, seq=3)
    )
    at["no_metrics"] = stage.send("odd", "NDATA", payload(seq=4))
    at["broken"] = stage.send("odd", "NDATA", b"\x12\xffnot a payload")
    at["empty"] = stage.send("odd", "NDATA", b"")
    at["command"] = stage.send("odd", "NCMD", payload({"name": "Node Control/Rebirth", "boolean_value": True}))
    at["retained"] = stage.send("odd", "NDATA", payload({"name": "unit", "double_value": 9.0}, seq=5), is_retained=True)
    at["after"] = stage.send("odd", "NDATA", payload({"name": "unit", "double_value": 5.0}, seq=5))

    born = [{"name": "t", "alias": 1, "datatype": 10, "double_value": 1.0}, {"name": "temp", "is_transient": True}]
    at["life"] = stage.send("dead", "NBIRTH", payload(bd(88), *born, seq=0))
    at["device"] = stage.send(
        "dead", "DBIRTH", payload({"name": "p", "alias": 2, "datatype": 10, "double_value": 1.0}, seq=1), "d"
    )
    at["other"] = stage.send(
        "dead", "DBIRTH", payload({"name": "p", "alias": 3, "datatype": 10, "double_value": 1.0}, seq=2), "e"
    )
    at["ddeath"] = stage.send("dead", "DDEATH", payload(seq=3, at=NOON_MS - 5_000), "d")
    at["stale_ndeath"] = stage.send("dead", "NDEATH", payload(bd(0)))
    at["ndeath"] = stage.send("dead", "NDEATH", payload(bd(88), at=NOON_MS - 9_000_000))
    at["late_device"] = stage.send(
        "dead", "DBIRTH", payload({"name": "q", "alias": 4, "datatype": 10, "double_value": 1.0}, seq=4), "f"
    )
    at["timeless_ddeath"] = stage.send("dead", "DDEATH", payload(seq=5, at=1000), "f")
    at["unknown_ddeath"] = stage.send("dead", "DDEATH", payload(seq=6), "ghost")

    at["cat"] = stage.send("cat", "NBIRTH", payload(
        {"name": "num", "string_value": "12"}, {"name": "txt", "int_value": 5, "datatype": 3},
        {"name": "ok", "double_value": 1.0}, {"name": "yes", "boolean_value": True}, seq=0))  # fmt: skip
    tags = [
        (f"spBv1.0/g/cat/{name}", "m9", "measure", data_type, unit, None, LONG_AGO, None, True)
        for name, data_type, unit in [("num", "double", None), ("txt", "string", None), ("ok", "double", "bar")]
    ]
    return stage, at, Found(spark_session, stage.rows, tags)


@pytest.fixture
def at(stage_and_found):
    return stage_and_found[1]


@pytest.fixture
def found(stage_and_found):
    return stage_and_found[2]


@pytest.mark.acceptance(2)
def test_integers_take_their_sign_from_the_birth_s_datatype(found, at):
    wanted = {f"typed/{name}".partition("/")[2]: value for name, _, _, value in INTEGERS}
    assert found.values(at["typed_birth"]) == wanted
    assert found.values(at["typed_data"]) == wanted
    assert found.outcome(at["typed_birth"]) == ("decoded", None, len(INTEGERS))


@pytest.mark.acceptance(2)
def test_data_before_any_birth_is_resolved_by_the_first_birth(found, at):
    assert found.values(at["held"]) == {"d/x": -1.0}
    assert (found.log[at["held"]].birth_epoch, found.log[at["held_device"]].birth_epoch) == (0, 1)


def test_data_of_a_later_epoch_resolves_by_its_own_birth_only(found, at):
    assert found.values(at["stale_alias"]) == {"y": 6.0}
    assert found.reasons(at["stale_alias"]) == [(0, "alias_without_birth")]
    assert found.outcome(at["stale_alias"]) == ("decoded", None, 1)


def test_data_of_a_node_without_birth_is_held(found, at):
    assert found.reasons(at["orphan"]) == [(-1, "alias_without_birth")]
    assert found.outcome(at["orphan"]) == ("quarantined", "alias_without_birth", 0)
    assert found.values(at["orphan_named"]) == {"n": 1.0}
    assert found.reasons(at["orphan_named"]) == [(1, "alias_without_birth")]


def test_of_a_repeated_alias_the_last_definition_wins(found, at):
    assert found.values(at["twice_birth"]) == {"first": 1.0, "last": 1.0}
    assert found.values(at["twice"]) == {"last": 2.0}


def test_a_later_device_birth_defines_anew_from_there_on(found, at):
    assert found.values(at["d1_data"]) == {"d/a": 1.0}
    assert found.values(at["d2_data"]) == {"d/b": 2.0}


def test_each_metric_is_kept_dropped_or_refused_on_its_own(found, at):
    assert found.values(at["odd"]) == {"null": None, "unit": 1.0, "late": 3.0}
    assert found.reasons(at["odd"]) == [
        (1, "unnamed_metric"), (4, "type_mismatch"), (5, "value_is_null"), (7, "event_time_out_of_range"),
    ]  # fmt: skip
    assert found.outcome(at["odd"]) == ("decoded", None, 3)
    rows = {r.tag_id.rpartition("/")[2]: r for r in found.readings if r.source_offset == at["odd"]}
    assert (rows["unit"].unit, rows["unit"].quality, rows["unit"].quality_code) == ("bar", "STALE", 500)
    assert (rows["late"].is_historical, rows["late"].time_source) == (True, "metric")
    assert (rows["unit"].is_historical, rows["unit"].time_source) == (False, "payload")
    assert rows["unit"].source_sequence == NOON_MS + 1000 * at["odd"]
    assert rows["unit"].edge_node_id == "g/odd"


def test_without_any_time_the_broker_s_counts(found, at):
    row = next(r for r in found.readings if r.source_offset == at["broker_time"])
    assert row.time_source == "broker"
    assert row.event_time_utc == row.arrival_time_utc
    assert row.unit == "bar", "the birth's, as the metric says none"


def test_messages_are_refused_ignored_or_understood_as_a_whole(found, at):
    assert found.outcome(at["nameless_data"]) == ("quarantined", "unnamed_metric", 0)
    assert found.outcome(at["only_control"]) == ("decoded", None, 0)
    assert found.outcome(at["no_metrics"]) == ("decoded", None, 0)
    assert found.outcome(at["broken"]) == ("quarantined", "invalid_protobuf", 0)
    assert found.outcome(at["empty"]) == ("quarantined", "empty_payload", 0)
    assert found.outcome(at["command"]) == ("ignored", "command", 0)
    assert found.outcome(at["retained"]) == ("ignored", "retained", 0)
    assert found.reasons(at["command"]) == []
    broken = next(r for r in found.refused if r.source_offset == at["broken"])
    assert (bytes(broken.payload), broken.detail.startswith("DecodeError")) == (b"\x12\xffnot a payload", True)
    assert found.log[at["after"]].missing_count == 0


def test_a_death_makes_every_known_tag_stale(found, at):
    rows = [r for r in found.readings if r.source_offset == at["ndeath"]]
    assert {r.tag_id for r in rows} == {f"spBv1.0/g/dead/{tag}" for tag in ("t", "d/p", "e/p")}
    assert {(r.quality, r.quality_code, r.value_double, r.value_string) for r in rows} == {("STALE", 500, None, None)}
    assert {r.event_time_utc for r in rows} == {rows[0].arrival_time_utc}
    device = [r for r in found.readings if r.source_offset == at["ddeath"]]
    assert [r.tag_id for r in device] == ["spBv1.0/g/dead/d/p"]
    assert device[0].event_time_utc == (NOON - 5 * SECOND).replace(tzinfo=None)
    assert (rows[0].time_source, device[0].time_source) == ("broker", "payload")


@pytest.mark.acceptance(2)
def test_a_stale_node_death_changes_nothing(found, at):
    assert found.outcome(at["stale_ndeath"]) == ("ignored", "stale_death", 0)
    assert not [r for r in found.readings if r.source_offset == at["stale_ndeath"]]


def test_a_device_death_without_a_plausible_time_or_known_tags_writes_no_reading(found, at):
    assert found.reasons(at["timeless_ddeath"]) == [(-1, "event_time_out_of_range")]
    assert found.outcome(at["timeless_ddeath"]) == ("quarantined", "event_time_out_of_range", 0)
    assert found.outcome(at["unknown_ddeath"]) == ("decoded", None, 0)


def test_a_refusal_tells_what_the_source_said_and_nothing_else_has_a_detail(found, at):
    told = {key: detail for key, detail in found.details.items() if not detail.startswith("DecodeError")}
    assert told == {
        (at["stale_alias"], 0): "alias 7",
        (at["orphan_named"], 1): "alias 2",
        (at["odd"], 4): "tag spBv1.0/g/odd/nan: number NaN",
        (at["odd"], 5): "tag spBv1.0/g/odd/nothing: null ",
        (at["odd"], 7): "time 1000 ms",
        (at["timeless_ddeath"], -1): "time of death 1000 ms",
        (at["cat"], 0): "tag spBv1.0/g/cat/num: text 12",
    }
    assert set(found.details) - set(told) == {(at["broken"], -1)}


def test_the_catalogue_settles_type_and_unit(found, at):
    assert found.values(at["cat"]) == {"txt": "5", "ok": 1.0, "yes": 1.0}
    assert found.reasons(at["cat"]) == [(0, "type_mismatch")]
    ok = next(r for r in found.readings if r.tag_id == "spBv1.0/g/cat/ok")
    assert (ok.asset_id, ok.unit) == ("m9", "bar")


def test_every_message_has_one_outcome_and_the_contract_s_columns(stage_and_found):
    stage, _, found = stage_and_found
    assert sorted(found.log) == list(range(len(stage.rows)))
    assert found.log_columns == list(SPARKPLUG_MESSAGE.column_names)
    carried = sum(row.value_count for row in found.log.values())
    assert carried == len(found.readings)


@pytest.mark.acceptance(2)
def test_published_vectors_give_their_documented_samples(spark, shared_data):
    vectors = json.loads((shared_data / "sparkplug_umh/test_vectors.json").read_text(encoding="utf-8"))
    data = {v["name"]: (v["message_type"], base64.b64decode(v["base64"])) for v in vectors}
    stage = Stage()
    order = ["NDATA_BEFORE_BIRTH", "NBIRTH_V1", "NDATA_V1", "NDEATH_V1", "NDATA_GAP", "NBIRTH_LARGE"]
    at = {name: stage.send("n", *data[name]) for name in order}
    found = Found(spark, stage.rows)
    assert found.values(at["NDATA_BEFORE_BIRTH"]) == {"Temperature": 25.0}
    assert found.values(at["NBIRTH_V1"]) == {"Temperature": 21.5}
    assert found.values(at["NDATA_V1"]) == {"Temperature": 22.5}
    assert found.outcome(at["NDEATH_V1"]) == ("ignored", "stale_death", 0)
    assert (found.values(at["NDATA_GAP"]), found.log[at["NDATA_GAP"]].missing_count) == ({"Temperature": 27.0}, 3)
    assert found.outcome(at["NBIRTH_LARGE"]) == ("decoded", None, 100)


def placed_messages(spark):
    rows = [message("spBv1.0/g/NDATA/n", b"")]
    messages = with_edge_node(with_decoder(frame(spark, MESSAGE.spark_ddl(), rows), CONFIG))
    return with_sequence(with_payload(messages).withColumn("epoch_before", sf.lit(0)))


def test_payloads_are_decoded_by_one_python_worker_and_placed_by_one_shuffle(spark):
    plan = placed_messages(spark)._jdf.queryExecution().executedPlan().toString()
    assert plan.count("MapInArrow") == 1
    assert plan.count("Exchange hashpartitioning") == 1
    assert not any(name in plan for name in ("BatchEvalPython", "ArrowEvalPython", "InPandas"))


def test_what_spark_writes_for_a_metric_is_short_enough_to_be_compiled(spark) -> None:
    """The JVM never compiles a method of more than 8,000 bytes, and a projection in such a one costs four times."""
    compiled = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "CODEGEN_ONLY"}
    before = {name: spark.conf.get(name) for name in compiled}
    for name, value in compiled.items():
        spark.conf.set(name, value)
    try:
        placed = placed_messages(spark)
        samples = to_metric_samples(placed, to_definitions(placed)).where(is_sample())
        stages = samples._jdf.queryExecution().debug().codegenToSeq()
        longest = [stages.apply(n)._3().maxMethodCodeSize() for n in range(stages.size())]
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)
    assert longest
    assert max(longest) <= 8_000
