"""From which birth an edge node is judged anew: the last one before what is new, unless something hangs on it."""

from __future__ import annotations

import datetime as dt

import pytest

from fabric_ot.testing import NOON, frame
from fabric_ot.transforms.sparkplug.window_starts import to_window_starts

LOG = (
    "arrival_time_utc timestamp, route string, source_partition string, source_offset long, edge_node_id string, "
    "message_type string, outcome string, birth_epoch int"
)


def at(second: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=second)


@pytest.mark.spark
def test_a_node_is_judged_anew_from_its_last_birth_before_what_is_new(spark) -> None:
    births = [("NBIRTH", 10, 1), ("NDATA", 11, 1), ("NBIRTH", 20, 2), ("NDATA", 21, 2), ("NBIRTH", 30, 3)]
    sent = {
        "late": births,
        "old": births,
        "first": births,
        "once": births[:2],
        "tied": [*births[:2], ("NDATA", 20, 1), ("NBIRTH", 20, 2)],
        "refused": [*births[:2], ("NBIRTH", 20, 2)],
    }
    rows = [
        (at(t), "hivemq", "0", n, node, kind, "quarantined" if node == "refused" and t == 20 else "decoded", epoch)
        for node, messages in sent.items()
        for n, (kind, t, epoch) in enumerate(messages)
    ]
    new = {"late": 30.001, "old": 25, "first": 20, "once": 40, "tied": 40, "refused": 40, "unheard": 5}
    messages = [(node, at(t)) for node, t in new.items()] + [("old", at(40))]
    found = to_window_starts(
        frame(spark, "edge_node_id string, arrival_time_utc timestamp", messages), frame(spark, LOG, rows)
    )
    starts = {
        r.edge_node_id: (r.start_utc and r.start_utc.replace(tzinfo=dt.UTC), r.epoch_before) for r in found.collect()
    }
    assert starts == {
        "late": (at(30), 2),
        "old": (at(20), 1),  # its earliest new message counts
        "first": (None, 0),  # a birth at the very instant is not before it
        "once": (None, 0),  # what came before the first birth hangs on it
        "tied": (None, 0),  # it cannot be told which of the two came first
        "refused": (None, 0),
        "unheard": (None, 0),
    }
