"""Topics find their decoder by MQTT's rules; files by their mapping."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as sf

from fabric_ot.contracts.bronze import MESSAGE
from fabric_ot.contracts.landing import CsvMapping, CsvValue, LandingConfig, TopicRule
from fabric_ot.testing import NOON, frame, message
from fabric_ot.transforms.messages.decoders import is_matched_by, with_decoder

pytestmark = pytest.mark.spark

CONFIG = LandingConfig(
    topics=(
        TopicRule("spBv1.0/#", "sparkplug"), TopicRule("acme/+/raw/#", "sparkplug"), TopicRule("acme/#", "uns_json"),
    ),
    csv=(
        CsvMapping("steel", "historian", "h/*.csv", ("t", "v"), timestamp_column="t", timestamp_format="yyyy-MM-dd",
                   values=(CsvValue("v", "tag"),)),
        CsvMapping("tag", "reference", "r/*.csv", ("tag_id",)),
    ),
)  # fmt: skip

ROUTED = {
    ("event_hubs", "acme/a/b"): "uns_json",
    ("event_hubs", "acme"): "uns_json",
    ("event_hubs", "acme/x/raw"): "sparkplug",
    ("event_hubs", "acme/x/y/raw"): "uns_json",
    ("event_hubs", "/acme/a"): "none",
    ("event_hubs", "spBv1.0/g/NDATA/n"): "sparkplug",
    ("event_hubs", "reference/tag"): "none",
    ("event_hubs", "historian/steel"): "none",
    ("file", "reference/tag"): "reference",
    ("file", "reference/undeclared"): "reference",
    ("file", "historian/steel"): "historian",
    ("file", "historian/other"): "none",
    ("file", "acme/a/b"): "none",
}


def oracle(topic: str, topic_filter: str) -> bool:
    """The wildcard rules of MQTT 5.0 section 4.7, level by level."""
    if topic.startswith("$") and topic_filter[:1] in ("+", "#"):
        return False
    levels, wanted = topic.split("/"), topic_filter.split("/")
    while wanted and wanted[0] != "#":
        if not levels or wanted[0] not in ("+", levels[0]):
            return False
        levels, wanted = levels[1:], wanted[1:]
    return bool(wanted) or not levels


def test_each_message_finds_its_decoder_and_its_arrival(spark):
    rows = [message(topic, b"x", route=route) for route, topic in ROUTED]
    rows.append(message("late", b"x", broker_time_utc=None, enqueued_time_utc=NOON - dt.timedelta(hours=1)))
    rows.append(message("file", b"x", broker_time_utc=None, ingested_time_utc=NOON - dt.timedelta(hours=2)))
    found = with_decoder(frame(spark, MESSAGE.spark_ddl(), rows), CONFIG).collect()
    by_topic = {(row.route, row.topic): row for row in found}
    assert {key: by_topic[key].decoder for key in ROUTED} == ROUTED
    naive = NOON.replace(tzinfo=None)
    arrivals = [by_topic["event_hubs", topic].arrival_time_utc for topic in ("acme", "late", "file")]
    assert arrivals == [naive, naive - dt.timedelta(hours=1), naive - dt.timedelta(hours=2)]


_LEVEL = st.sampled_from(["", "a", "b", "$x"])
_TOPICS = st.lists(_LEVEL, min_size=1, max_size=4).map("/".join)
_PATTERN = st.lists(st.sampled_from(["", "a", "b", "+", "$x"]), min_size=0, max_size=3)


def test_wildcards_match_as_mqtt_says(spark):
    found: list[tuple[str, str]] = []

    @given(_TOPICS, _PATTERN, st.booleans())
    def collect(topic, levels, is_open):
        if levels or is_open:
            found.append((topic, "/".join([*levels, "#"] if is_open else levels)))

    collect()
    topics, filters = sorted({t for t, _ in found}), sorted({f for _, f in found})
    matches = [is_matched_by(sf.col("t"), f) for f in filters]
    rows = frame(spark, "t string", [(t,) for t in topics]).select("t", sf.array(*matches).alias("m")).collect()
    wrong = [(r.t, f, m) for r in rows for f, m in zip(filters, r.m, strict=True) if m != oracle(r.t, f)]
    assert len(rows) * len(filters) > 1000
    assert not wrong
