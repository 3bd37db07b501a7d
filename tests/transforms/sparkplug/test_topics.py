"""Sparkplug topics: which edge node and device they name, and which topics are illegal."""

from __future__ import annotations

import pytest

from fabric_ot.testing import frame
from fabric_ot.transforms.sparkplug.topics import with_edge_node

TOPICS: dict[str, tuple] = {
    # topic: edge node, device, message type, topic reason
    "spBv1.0/g/NBIRTH/n": ("g/n", None, "NBIRTH", None),
    "spBv1.0/g/DDATA/n/d": ("g/n", "d", "DDATA", None),
    "spBv1.0/g/NCMD/n": ("g/n", None, "NCMD", None),
    "spBv1.0/STATE/host": (None, None, None, "host_state"),
    "spBv1.0/g/NDATA/n/d": (None, None, None, "illegal_sparkplug_topic"),
    "spBv1.0/g/DDATA/n": (None, None, None, "illegal_sparkplug_topic"),
    "spBv1.0/g/DDATA/n/": (None, None, None, "illegal_sparkplug_topic"),
    "spBv1.0/g/NDATA/": (None, None, None, "illegal_sparkplug_topic"),
    "spBv1.0//NDATA/n": (None, None, None, "illegal_sparkplug_topic"),
    "spBv1.0/g/DATA/n": (None, None, None, "illegal_sparkplug_topic"),
    "spBv1.0/g/ndata/n": (None, None, None, "illegal_sparkplug_topic"),
    "spBv1.0/g/NDATA/n/d/e": (None, None, None, "illegal_sparkplug_topic"),
    "spBv1.0/g/DDATA/n/d/e": (None, None, None, "illegal_sparkplug_topic"),
    "spAv1.0/g/NDATA/n": (None, None, None, "illegal_sparkplug_topic"),
    "spBv1.0": (None, None, None, "illegal_sparkplug_topic"),
    "": (None, None, None, "illegal_sparkplug_topic"),
}


@pytest.mark.spark
def test_topics_name_their_edge_node_or_the_reason_why_not(spark):
    rows = with_edge_node(frame(spark, "topic string", [(t,) for t in TOPICS])).collect()
    assert {r.topic: (r.edge_node_id, r.device_id, r.message_type, r.topic_reason) for r in rows} == TOPICS
