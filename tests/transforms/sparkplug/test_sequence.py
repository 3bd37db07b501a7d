"""Sessions against an oracle in plain Python, and the published capture."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as sf

from fabric_ot.testing import NOON, frame
from fabric_ot.transforms.sparkplug.sequence import with_sequence

pytestmark = pytest.mark.spark

DDL = (
    "arrival_time_utc timestamp, route string, source_partition string, source_offset bigint, edge_node_id string, "
    "device_id string, message_type string, seq int, bd_seq bigint, payload_digest string, message_reason string, "
    "epoch_before int"
)


@dataclass(frozen=True)
class Sent:
    """One message of an edge node, in order of arrival."""

    message_type: str
    seq: int | None
    bd_seq: int | None = None
    digest: str = ""
    reason: str | None = None
    device: str | None = None


def judged(messages: list[Sent]) -> list[tuple[int, int | None, str | None]]:
    """Epoch, missing and reason of each message: slow, obvious, one message after the other."""
    epoch, session, expected = 0, None, None
    birth: tuple[str, int] | None = None
    seen: dict[tuple, int] = {}
    found = []
    for position, sent in enumerate(messages):
        identity = (sent.message_type, sent.device, sent.digest)
        if sent.reason is not None:
            found.append((epoch, None, sent.reason))
            continue
        again = sent.message_type == "NBIRTH" and birth is not None and birth[0] == sent.digest
        is_new = sent.message_type == "NBIRTH" and not (again and position - birth[1] < 256)
        if sent.message_type == "NBIRTH":
            birth = (sent.digest, position)
        if is_new:
            epoch, session, expected, seen = epoch + 1, (sent.bd_seq,), None, {}
        last_seen = seen.get(identity)
        seen[identity] = position
        if last_seen is not None and position - last_seen < 256:
            found.append((epoch, None, "redelivery"))
            continue
        if sent.message_type == "NDEATH":
            is_current = session is not None and session[0] in (None, sent.bd_seq)
            found.append((epoch, None, None if is_current else "stale_death"))
            continue
        missing = None
        if sent.seq is not None:
            if expected is not None:
                missing = 0 if (sent.seq - expected) % 256 == 255 else (sent.seq - expected) % 256
            expected = (sent.seq + 1) % 256
        found.append((epoch, missing, None))
    return found


def run(spark, nodes: dict[str, list[Sent]]) -> dict[str, list[tuple]]:
    rows = [
        (NOON + dt.timedelta(seconds=n // 3), "r", "p", n, node, m.device, m.message_type, m.seq, m.bd_seq, m.digest,
         m.reason, 0)
        for node, messages in nodes.items()
        for n, m in enumerate(messages)
    ]  # fmt: skip
    placed = with_sequence(frame(spark, DDL, rows)).orderBy("edge_node_id", "source_offset").collect()
    found: dict[str, list[tuple]] = {node: [] for node in nodes}
    for row in placed:
        found[row.edge_node_id].append((row.birth_epoch, row.missing_count, row.message_reason))
    return found


_SENT = st.builds(
    Sent,
    message_type=st.sampled_from(["NBIRTH", "DBIRTH", "NDATA", "NDATA", "DDATA", "DDATA", "NDEATH", "DDEATH"]),
    seq=st.one_of(st.none(), st.integers(0, 4), st.sampled_from([254, 255])),
    bd_seq=st.sampled_from([None, 1, 2]),
    digest=st.sampled_from("abcdef"),
    reason=st.sampled_from([None, None, None, None, "invalid_protobuf", "retained", "command"]),
    device=st.sampled_from([None, "d1", "d2"]),
)


def test_random_sessions_are_judged_as_the_oracle_judges_them(spark):
    cases: dict[str, list[Sent]] = {}

    @settings(max_examples=400)
    @given(st.lists(_SENT, min_size=1, max_size=14))
    def collect(messages):
        cases[f"node_{len(cases)}"] = messages

    collect()
    far = [
        Sent("NBIRTH", 0, 1, "b"),
        Sent("NDATA", 1, digest="x"),
        *[Sent("NDATA", 2, digest=str(n)) for n in range(254)],
    ]
    cases["near"] = [*far, Sent("NDATA", 1, digest="x")]
    cases["far"] = [*far, Sent("NDATA", 3, digest="y"), Sent("NDATA", 1, digest="x"), Sent("NBIRTH", 0, 1, "b")]
    found = run(spark, cases)
    wrong = {node: (cases[node], found[node], judged(m)) for node, m in cases.items() if found[node] != judged(m)}
    assert not wrong, next(iter(wrong.values()))
    reasons = {reason for results in found.values() for _, _, reason in results}
    assert {"redelivery", "stale_death", "invalid_protobuf", None} <= reasons
    assert found["near"][-1][2] == "redelivery"
    assert [r for _, _, r in found["far"][-2:]] == [None, None]


@pytest.mark.acceptance(2)
def test_the_named_cases_of_the_specification(spark):
    nodes = {
        "gap": [Sent("NBIRTH", 0, 1, "b"), Sent("NDATA", 1, digest="1"), Sent("NDATA", 5, digest="2")],
        "wrap": [Sent("NDATA", 254, digest="1"), Sent("NDATA", 255, digest="2"), Sent("NDATA", 0, digest="3")],
        "repeat": [Sent("NDATA", 7, digest="1"), Sent("NDATA", 7, digest="2"), Sent("NDATA", 8, digest="3")],
        "any_birth": [Sent("NBIRTH", 17, 1, "b"), Sent("DBIRTH", 18, digest="c", device="d")],
        "redelivered": [Sent("NDATA", 1, digest="1"), Sent("NDATA", 2, digest="2"), Sent("NDATA", 1, digest="1"),
                        Sent("NDATA", 3, digest="3")],
        "stale": [Sent("NBIRTH", 0, 88, "b"), Sent("NDEATH", 0, 0, "x"), Sent("NDATA", 1, digest="1"),
                  Sent("NDEATH", None, 88, "y")],
    }  # fmt: skip
    found = run(spark, nodes)
    assert [m for _, m, _ in found["gap"]] == [None, 0, 3]
    assert [m for _, m, _ in found["wrap"]] == [None, 0, 0]
    assert [m for _, m, _ in found["repeat"]] == [None, 0, 0]
    assert found["any_birth"] == [(1, None, None), (1, 0, None)]
    assert found["redelivered"] == [(0, None, None), (0, 0, None), (0, None, "redelivery"), (0, 0, None)]
    assert [r for _, _, r in found["stale"]] == [None, "stale_death", None, None]
    assert [m for _, m, _ in found["stale"]] == [None, None, 0, None]


@pytest.mark.acceptance(2)
def test_the_published_capture_has_2_wraps_16_gaps_and_18_missing(spark, shared_data):
    text = (shared_data / "sparkplug_umh/pcap_patterns.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    records = [r for r in csv.DictReader(lines) if not (r["msg_type"] == "NDATA" and r["device_id"])]
    rows = [
        (NOON + dt.timedelta(seconds=float(r["timestamp"])), "r", "p", n, f"{r['group_id']}/{r['edge_node_id']}",
         r["device_id"] or None, r["msg_type"], int(r["seq"]) if r["seq"] else None, None,
         f"{r['seq']} {r['payload_timestamp']} {r['frame']}", None, 0)
        for n, r in enumerate(records)
    ]  # fmt: skip
    placed = with_sequence(frame(spark, DDL, rows)).where(sf.col("edge_node_id").endswith("/702"))
    found = placed.orderBy("source_offset").collect()
    sequences = [row.seq for row in found if row.seq is not None]
    assert len(sequences) == 502
    assert sum(b < a for a, b in pairwise(sequences)) == 2
    gaps = [row.missing_count for row in found if row.missing_count]
    assert (len(gaps), sum(gaps)) == (16, 18)
    assert not [row for row in found if row.message_reason]


def test_one_shuffle_places_a_session(spark):
    plan = with_sequence(frame(spark, DDL, []))._jdf.queryExecution().executedPlan().toString()
    assert plan.count("Exchange hashpartitioning") == 1
