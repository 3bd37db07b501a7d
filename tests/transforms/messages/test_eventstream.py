"""Rows of an Eventstream's table become messages with the times of their transport, never with a time of the event."""

from __future__ import annotations

import base64
import datetime as dt

import pytest

from fabric_ot.errors import ColumnContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.messages.transported import MESSAGE_COLUMNS, to_eventstream_messages

pytestmark = pytest.mark.spark

TABLE = "Tables/plant/eventstream_raw"
COLUMNS = {
    "topic": "${mqtt-topic}", "body": "${mqtt-payload-base64}", "qos": "${mqtt-qos}", "retain": "${mqtt-retain}",
    "received": "${timestamp}",
}  # fmt: skip
RAW = "topic string, body string, qos int, retain boolean, received long, number long, PartitionId int"
T_MS = 1_772_344_800_123
ENQUEUED = dt.datetime(2026, 3, 1, 6, 0, 40, 250_000)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def messages_of(rows) -> dict[int, dict]:
    told = to_eventstream_messages(rows, columns=COLUMNS, sequence_column="number", table=TABLE)
    assert tuple(told.columns) == MESSAGE_COLUMNS
    return {row.source_offset: row.asDict() for row in told.collect()}


@pytest.mark.acceptance(15)
@pytest.mark.parametrize("stamps", ["timestamp", "string"])
def test_rows_of_an_eventstream_become_messages(spark, stamps: str) -> None:
    is_text = stamps == "string"
    enqueued = "2026-03-01T06:00:40.2500000Z" if is_text else ENQUEUED
    processed = "2026-03-01T06:00:41.0000000Z" if is_text else ENQUEUED + dt.timedelta(seconds=1)
    late = b'{"timestamp_ms": 1772344200000, "value": 1}'  # 10 minutes before it was enqueued
    rows = [
        ("a/b", encoded(late), 1, True, T_MS, 10, 3, enqueued, processed),
        (None, None, 7, None, None, 11, 3, enqueued, processed),
        ("a/c", "no base64!", 0, False, 2**62, 12, 0, "noon" if is_text else None, processed),
    ]
    found = messages_of(frame(spark, f"{RAW}, EventEnqueuedUtcTime {stamps}, EventProcessedUtcTime {stamps}", rows))
    first, empty, odd = (found[n] for n in (10, 11, 12))
    assert (first["route"], first["source_partition"], first["source_file"]) == ("eventstream", f"{TABLE}/3", TABLE)
    assert bytes(first["payload"]) == late, "the device's own time is kept: nothing adjusts it"
    assert (first["topic"], first["qos"], first["is_retained"]) == ("a/b", 1, True)
    assert first["broker_time_utc"] == dt.datetime(2026, 3, 1, 6, 0, 0, 123_000)
    assert first["enqueued_time_utc"] == ENQUEUED
    assert (empty["topic"], empty["payload"], empty["qos"], empty["is_retained"]) == ("", None, None, None)
    assert (empty["broker_time_utc"], empty["source_partition"]) == (None, f"{TABLE}/3")
    assert bytes(odd["payload"]) == b"no base64!", "the decoder refuses it, with its bytes"
    assert (odd["broker_time_utc"], odd["enqueued_time_utc"], odd["source_partition"]) == (None, None, f"{TABLE}/0")


def test_a_column_that_the_table_does_not_have_is_named(spark) -> None:
    rows = spark.createDataFrame([], RAW)
    with pytest.raises(ColumnContractError, match="EventEnqueuedUtcTime"):
        messages_of(rows)
