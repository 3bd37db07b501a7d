"""Lines of files and records of captures become messages: bytes untouched, offsets counted, headers read or null."""

from __future__ import annotations

import pytest

from fabric_ot.testing import frame
from fabric_ot.transforms.messages.transported import (
    CAPTURE_COLUMNS,
    MESSAGE_COLUMNS,
    to_capture_messages,
    to_csv_messages,
    with_partition_names,
)

pytestmark = pytest.mark.spark

FILES = "content binary, source_file string"
CAPTURED = (
    "SequenceNumber bigint, EnqueuedTimeUtc string, Properties map<string, string>, Body binary, source_file string"
)
PLACE = "event_hubs/ns/hub/0/2026/03/02/11/59/00.avro"


def test_each_data_line_of_a_file_is_one_message_with_its_bytes_as_they_are(spark) -> None:
    files = [
        ("a;b\r\nK\xf6ln;1\r\n\r\nlast;2\r\n".encode("latin-1"), "files/one.csv"),
        (b"a;b", "files/header only.csv"),
        (b"a\nx", "files/unnamed.csv"),
    ]
    topics = {"files/one.csv": "historian/one"}
    messages = to_csv_messages(frame(spark, FILES, files), topics=topics)
    renamed = with_partition_names(messages, names={"files/one.csv": "files/one.csv#2"})
    assert tuple(renamed.columns) == MESSAGE_COLUMNS
    found = sorted((m.source_partition, m.source_offset, m.topic, bytes(m.payload)) for m in renamed.collect())
    assert found == [
        ("files/one.csv#2", 0, "historian/one", b"K\xf6ln;1"),
        ("files/one.csv#2", 1, "historian/one", b""),
        ("files/one.csv#2", 2, "historian/one", b"last;2"),
        ("files/unnamed.csv", 0, "", b"x"),
    ]
    nameless = to_csv_messages(frame(spark, FILES, files[:1]), topics={})
    assert {m.topic for m in nameless.collect()} == {""}
    assert with_partition_names(nameless, names={}) is nameless


def test_headers_of_a_capture_are_read_and_what_cannot_be_read_is_null(spark) -> None:
    good = {"mqtt-topic": "a/b", "mqtt-qos": "1", "mqtt-retain": "true", "broker-time-ms": "1772452800000"}
    odd = {"mqtt-qos": "3", "mqtt-retain": "maybe", "broker-time-ms": "soon"}
    rows = [(n, "3/2/2026 11:59:00 AM", headers, b"\x00", PLACE) for n, headers in enumerate((good, odd))]
    first, second = to_capture_messages(frame(spark, CAPTURED, rows)).orderBy("source_offset").collect()
    assert (first.source_partition, first.source_offset, first.topic, bytes(first.payload)) == (
        "ns/hub/0",
        0,
        "a/b",
        b"\x00",
    )
    assert (first.qos, first.is_retained, first.broker_time_utc.isoformat()) == (1, True, "2026-03-02T12:00:00")
    assert first.enqueued_time_utc.isoformat() == "2026-03-02T11:59:00"
    assert (second.topic, second.qos, second.is_retained, second.broker_time_utc) == ("", None, False, None)
    assert set(CAPTURE_COLUMNS) <= set(CAPTURED.replace(",", "").split())
