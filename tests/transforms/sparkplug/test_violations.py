"""Rules that need more than one payload: topics and flags, the stream of a node, metrics by their birth, rebirths."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pyspark.sql import functions as sf

from fabric_ot.contracts.bronze import MESSAGE
from fabric_ot.contracts.landing import LandingConfig, TopicRule
from fabric_ot.contracts.sparkplug import payload_class
from fabric_ot.contracts.sparkplug_rules import (
    ALIAS_UNIQUE,
    BEHAVIOR,
    DATATYPE_DIFFERS,
    FLOW,
    NAMES,
    NOT_PROTOBUF,
    PAYLOADS,
    RULE_TEXTS,
    SEQUENCE,
    STALE_DEATH,
    TOPICS,
)
from fabric_ot.testing import NOON, NOON_MS, frame, message
from fabric_ot.transforms.messages.decoded_samples import to_refused_samples
from fabric_ot.transforms.messages.decoders import with_decoder
from fabric_ot.transforms.sparkplug.definitions import to_definitions
from fabric_ot.transforms.sparkplug.metrics import to_metric_samples
from fabric_ot.transforms.sparkplug.payloads import with_payload
from fabric_ot.transforms.sparkplug.rebirths import to_rebirth_requests
from fabric_ot.transforms.sparkplug.sequence import with_sequence
from fabric_ot.transforms.sparkplug.topic_rules import with_broken_topic
from fabric_ot.transforms.sparkplug.topics import with_edge_node
from fabric_ot.transforms.sparkplug.violations import to_violations

pytestmark = pytest.mark.spark

CONFIG = LandingConfig(topics=(TopicRule("#", "sparkplug"),))
DDATA_ORDER, NDATA_ORDER = f"{PAYLOADS}ddata-order", f"{PAYLOADS}ndata-order"
NEW_TO_NODE, NEW_TO_DEVICE = (f"{BEHAVIOR}data-publish-{birth}" for birth in ("nbirth", "dbirth"))
HOST = "tck-id-host-topic-phid-birth"
UNREADABLE = b"\x12\xffnot a payload"
TIME = {"timestamp": NOON_MS}


def payload(*metrics: dict[str, Any], seq: int | None = None) -> bytes:
    built = payload_class()(timestamp=NOON_MS)
    if seq is not None:
        built.seq = seq
    for fields in metrics:
        built.metrics.add(**{**TIME, **fields})
    return built.SerializeToString()


def data(seq: int, value: float = 1.0, **fields: Any) -> bytes:
    return payload({"double_value": value, **({} if fields else {"alias": 1}), **fields}, seq=seq)


def birth(session: int = 1, *, seq: int = 0, name: str = "t") -> bytes:
    bd_seq = {"name": "bdSeq", "datatype": 4, "long_value": session}
    rebirth = {"name": "Node Control/Rebirth", "datatype": 11, "boolean_value": False}
    return payload(bd_seq, rebirth, {"name": name, "alias": 1, "datatype": 10, "double_value": 1.0}, seq=seq)


def device_birth(seq: int, *, alias: int = 2, name: str = "p") -> bytes:
    return payload({"name": name, "alias": alias, "datatype": 10, "double_value": 1.0}, seq=seq)


def death(session: int = 1) -> bytes:
    return payload({"name": "bdSeq", "datatype": 4, "long_value": session})


NBIRTH = ("NBIRTH", birth())
FLAGS: list[tuple] = [
    # message type, device, payload, columns, the rules broken
    ("NBIRTH", "", birth(), {"qos": 1}, {f"{PAYLOADS}nbirth-qos"}),
    ("DBIRTH", "d", device_birth(1), {"qos": 2}, {f"{PAYLOADS}dbirth-qos"}),
    ("NDATA", "", data(2), {"qos": 1}, {f"{PAYLOADS}ndata-qos"}),
    ("DDATA", "d", data(3, alias=2), {"qos": 1}, {f"{PAYLOADS}ddata-qos"}),
    ("NDATA", "", data(9), {"is_retained": True}, {f"{PAYLOADS}ndata-retain"}),
    ("DDATA", "d", data(9), {"is_retained": True}, {f"{PAYLOADS}ddata-retain"}),
    ("NBIRTH", "", birth(), {"is_retained": True}, {f"{PAYLOADS}nbirth-retain"}),
    ("DBIRTH", "d", birth(), {"is_retained": True}, {f"{PAYLOADS}dbirth-retain"}),
    ("NCMD", "", payload(), {"qos": 1, "is_retained": True}, {f"{PAYLOADS}ncmd-qos", f"{PAYLOADS}ncmd-retain"}),
    ("DCMD", "d", payload(), {"qos": 1, "is_retained": True}, {f"{PAYLOADS}dcmd-qos", f"{PAYLOADS}dcmd-retain"}),
    ("DDEATH", "d", payload(seq=4), {"qos": 1}, {f"{TOPICS}ddeath-mqtt"}),
    ("NDEATH", "", death(), {"qos": 0}, {f"{PAYLOADS}ndeath-will-message-qos"}),
    ("NDEATH", "", death(), {"qos": 1, "is_retained": True}, {f"{PAYLOADS}ndeath-will-message-retain"}),
]
TOPIC_CASES: list[tuple] = [
    # topic, payload, qos, the rules broken
    ("spBv1.0/g/NDATA/n/d", b"", 0, {f"{NAMES}device-id-non-associated-message-types"}),
    ("spBv1.0/g/DDATA/n", b"", 0, {f"{NAMES}device-id-associated-message-types"}),
    ("spBv1.0/g/XDATA/n", b"", 0, {"tck-id-topic-structure"}),
    ("spAv1.0/g/NDATA/n", b"", 0, {f"{NAMES}a"}),
    ("spBv1.0/STATE/h1", b'{"online":true,"timestamp":5}', 1, set()),
    ("spBv1.0/STATE/h2", b'{"online":"yes"}', 0, {f"{HOST}-payload", f"{HOST}-qos"}),
    ("spBv1.0/STATE/h3", b"OFFLINE", 1, {f"{HOST}-payload"}),
]
STREAMS: dict[str, list[tuple]] = {
    # node: message type, payload, device, the rules broken
    "gap": [(*NBIRTH, "", set()), ("NDATA", data(3), "", {SEQUENCE}), ("NDATA", data(3, 2.0), "", {SEQUENCE}),
            ("NDATA", data(4), "", set()), ("NBIRTH", birth(2), "", set()), ("NDATA", data(1), "", set())],
    "wrap": [("NBIRTH", birth(seq=254), "", {f"{TOPICS}nbirth-seq-num"}), ("NDATA", data(255), "", set()),
             ("NDATA", data(0), "", set()), ("NDATA", data(0), "", set())],
    "early": [("NDATA", data(7), "", {NDATA_ORDER}), ("DDATA", data(8, alias=2), "d", {DDATA_ORDER}),
              ("DBIRTH", device_birth(9), "d", {f"{FLOW}device-birth-publish-nbirth-wait"}),
              ("DDEATH", payload(seq=10), "d", {"tck-id-principles-birth-certificates-order"}),
              (*NBIRTH, "", set())],
    "dead": [(*NBIRTH, "", set()), ("NDEATH", death(0), "", {STALE_DEATH}), ("NDEATH", death(1), "", set()),
             ("NDATA", data(1), "", {NDATA_ORDER})],
    "device": [(*NBIRTH, "", set()), ("DDATA", data(1, alias=1), "d", {DDATA_ORDER}),
               ("DBIRTH", device_birth(2), "d", set()), ("DDATA", data(3, alias=2), "d", set()),
               ("DDEATH", payload(seq=4), "d", set()), ("DDATA", data(5, alias=2), "d", {DDATA_ORDER})],
    "shared": [(*NBIRTH, "", set()), ("DBIRTH", device_birth(1, alias=1), "d", {ALIAS_UNIQUE}),
               ("DBIRTH", device_birth(2, alias=5), "e", set()),
               ("DBIRTH", device_birth(3, alias=5, name="q"), "e", set())],
    "new": [(*NBIRTH, "", set()), ("DBIRTH", device_birth(1), "d", set()),
            ("NDATA", data(2, alias=77), "", {NEW_TO_NODE}),
            ("DDATA", data(3, name="other"), "d", {NEW_TO_DEVICE}),
            ("NDATA", data(4, name="t", datatype=9), "", {DATATYPE_DIFFERS, f"{PAYLOADS}metric-datatype-not-req"}),
            ("NDATA", payload({"alias": 1, "string_value": "x"}, seq=5), "", {DATATYPE_DIFFERS}),
            ("NDATA", payload({"alias": 1, "is_null": True}, seq=6), "", set())],
    "unborn": [("NDATA", data(1, name="other"), "", {NDATA_ORDER})],
    "torn": [("NBIRTH", UNREADABLE, "", {f"{FLOW}edge-node-birth-publish-nbirth-payload"}),
             ("DBIRTH", UNREADABLE, "d", {f"{FLOW}device-birth-publish-dbirth-payload"}),
             ("NDEATH", UNREADABLE, "", {f"{FLOW}edge-node-birth-publish-will-message-payload"}),
             ("NDATA", UNREADABLE, "", {NOT_PROTOBUF})],
    "n+": [("NBIRTH", birth(), "", {f"{NAMES}valid-edge-node-id"}),
           ("DBIRTH", device_birth(1), "d\ufffd", {f"{NAMES}valid-edge-node-id", f"{NAMES}valid-device-id"})],
}  # fmt: skip


class Told:
    """All cases in one frame: what each message was told to break, and what was found."""

    def __init__(self, spark) -> None:
        self.rows: list[tuple] = []
        self.expected: dict[int, set[str]] = {}
        for kind, device, data_, columns, rules in FLAGS:
            self.send("g", kind, "flags", data_, device, rules, **columns)
        for topic, data_, qos, rules in TOPIC_CASES:
            self.put(topic, data_, rules, qos=qos)
        for node, story in STREAMS.items():
            for kind, data_, device, rules in story:
                self.send("g", kind, node, data_, device, rules)
        self.send("g#", "NBIRTH", "n", birth(), "", {f"{NAMES}valid-group-id"})
        messages = with_edge_node(with_decoder(frame(spark, MESSAGE.spark_ddl(), self.rows), CONFIG))
        unplaced = messages.where(sf.col("topic_reason").isNotNull())
        own = messages.where(sf.col("edge_node_id").isNotNull())
        placed = with_sequence(with_payload(own).withColumn("epoch_before", sf.lit(0))).persist()
        samples = to_metric_samples(placed, to_definitions(placed)).unionByName(
            to_refused_samples(with_broken_topic(unplaced), sf.col("topic_reason"))
        )
        broken = to_violations(samples, placed).persist()
        self.rows_found = broken.collect()
        self.requests = to_rebirth_requests(broken, placed).collect()
        self.alone = to_violations(samples.where("edge_node_id IS NULL")).collect()
        for kept in (placed, broken):
            kept.unpersist()

    def send(self, group: str, kind: str, node: str, data_: bytes, device: str, rules: set[str], **columns) -> None:
        topic = f"spBv1.0/{group}/{kind}/{node}" + (f"/{device}" if device else "")
        self.put(topic, data_, rules, **{"qos": 1 if kind == "NDEATH" else 0, **columns})

    def put(self, topic: str, data_: bytes, rules: set[str], **columns) -> None:
        offset = len(self.rows)
        at = NOON + dt.timedelta(seconds=offset)
        self.rows.append(message(topic, data_, source_offset=offset, broker_time_utc=at, **columns))
        self.expected[offset] = rules

    def found(self, part: str) -> dict[int, set[str]]:
        offsets = [n for n, row in enumerate(self.rows) if part in row[3]]
        rules: dict[int, set[str]] = {n: set() for n in offsets}
        for row in self.rows_found:
            if row.source_offset in rules:
                rules[row.source_offset].add(row.assertion_id)
        return rules

    def wanted(self, part: str) -> dict[int, set[str]]:
        return {n: self.expected[n] for n in self.found(part)}

    def details(self, part: str) -> list[tuple]:
        offsets = self.found(part)
        rows = [r for r in self.rows_found if r.source_offset in offsets and r.detail]
        return [(r.message_type, r.detail) for r in sorted(rows, key=lambda r: (r.source_offset, r.assertion_id))]


@pytest.fixture(scope="module")
def told(spark_session) -> Told:
    return Told(spark_session)


def test_flags_are_judged_by_the_type_of_the_message(told) -> None:
    assert told.found("/flags") == told.wanted("/flags")


def test_topics_and_states_are_judged_without_an_edge_node(told) -> None:
    offsets = range(len(FLAGS), len(FLAGS) + len(TOPIC_CASES))
    found: dict[int, set[str]] = {n: set() for n in offsets}
    for row in told.alone:
        assert (row.edge_node_id, row.metric_index, row.metric_count) == (None, -1, 0)
        found[row.source_offset].add(row.assertion_id)
    assert found == {n: told.expected[n] for n in offsets}


def test_names_with_forbidden_characters_are_told(told) -> None:
    assert told.found("/n+") == told.wanted("/n+")
    assert told.found("g#/") == told.wanted("g#/")


@pytest.mark.parametrize("node", ["gap", "wrap", "early", "dead", "device", "unborn"])
def test_the_stream_of_a_node_is_judged(told, node) -> None:
    assert told.found(f"/{node}") == told.wanted(f"/{node}")


def test_an_alias_is_one_metric_s_of_the_whole_node(told) -> None:
    assert told.found("/shared") == told.wanted("/shared")
    assert told.details("/shared") == [("DBIRTH", "alias 1 of the node")]


def test_data_is_judged_by_the_birth_in_force(told) -> None:
    assert told.found("/new") == told.wanted("/new")


def test_what_cannot_be_decoded_is_told_by_type(told) -> None:
    assert told.found("/torn") == told.wanted("/torn")


def test_a_row_says_what_was_found(told) -> None:
    assert told.details("/gap") == [("NDATA", "seq 3 after 0: 2 missing"), ("NDATA", "seq 3 after 3")]
    assert ("NDEATH", "bdSeq 0") in told.details("/dead")
    assert ("DDATA", "the device is dead") in told.details("/device")
    assert {row.metric_index for row in told.rows_found if row.assertion_id in (SEQUENCE, STALE_DEATH)} == {-1}
    assert {row.assertion_id for row in told.rows_found} <= set(RULE_TEXTS)
    assert {row.severity for row in told.rows_found} == {"error", "warning"}


def test_a_host_asks_once_per_session_and_the_next_birth_answers(told) -> None:
    at = {n: row[7] for n, row in enumerate(told.rows)}
    first = {node: min(told.found(f"/{node}")) for node in STREAMS}
    found = {
        r.edge_node_id.partition("/")[2]: (r.birth_epoch, r.reason, r.requested_utc, r.answered_utc, r.cause_count)
        for r in told.requests
    }

    def naive(n: int) -> dt.datetime:
        return at[n].replace(tzinfo=None)

    assert found == {
        "gap": (1, "sequence_gap", naive(first["gap"] + 1), naive(first["gap"] + 4), 1),
        "early": (0, "data_before_birth", naive(first["early"]), naive(first["early"] + 4), 2),
        "dead": (1, "data_before_birth", naive(first["dead"] + 3), None, 1),
        "device": (1, "data_before_birth", naive(first["device"] + 1), None, 2),
        "new": (1, "unknown_alias", naive(first["new"] + 2), None, 1),
        "unborn": (0, "data_before_birth", naive(first["unborn"]), None, 1),
    }
