"""What a Sparkplug host must find in the simulated day: broken rules, and the rebirths that it would ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any

from fabric_ot.contracts.sparkplug_rules import BEHAVIOR, PAYLOADS, SEQUENCE
from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.message import Message
from fabric_ot.workbench.simulate.records import Family

_CAUSES: dict[str, str] = {
    f"{PAYLOADS}ndata-order": "data_before_birth",
    f"{PAYLOADS}ddata-order": "data_before_birth",
    SEQUENCE: "sequence_gap",
    f"{BEHAVIOR}data-publish-nbirth": "unknown_alias",
}
"""Rules whose breaking makes a host ask, in the order in which a message's causes are named."""


def tell_host_view(day: PlantDay, rng: Random) -> Family:
    """Return no records, and the truth about `plant.violation`, `plant.rebirth_request` and detailed readings."""
    del rng
    sparkplug = [message for message in day.messages if message.decoder == "sparkplug"]
    return Family(
        truth={
            "sparkplug_violations": violation_rows(sparkplug),
            "sparkplug_rebirth_requests": rebirth_rows(sparkplug),
            "sparkplug_details": detail_rows(sparkplug),
        }
    )


def violation_rows(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Count the messages that break each rule, per edge node ('' where the topic names none)."""
    found = Counter((_edge_node(message), rule) for message in messages for rule in message.broken)
    return [{"edge_node_id": n, "assertion_id": rule, "messages": count} for (n, rule), count in sorted(found.items())]


def detail_rows(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Count the readings of each tag that carry the same structured value and the same JSON beside it."""
    found = Counter(told for message in messages for told in message.details)
    names = ("tag_id", "value_text", "source_details")
    return [{**dict(zip(names, told, strict=True)), "readings": count} for told, count in sorted(found.items())]


def rebirth_rows(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return one row per edge node and session in which a message gave cause: a host asks once, then waits."""
    rows: list[dict[str, Any]] = []
    is_open: dict[str, dict[str, Any]] = {}
    epochs: Counter[str] = Counter()
    for message in sorted(messages, key=lambda m: m.broker_ms):
        node = _edge_node(message)
        if node and message.topic.split("/")[2] == "NBIRTH":
            epochs[node] += 1
            if node in is_open:
                is_open.pop(node)["answered_ms"] = message.broker_ms
        cause = _cause(message)
        if cause is None:
            continue
        if node not in is_open:
            is_open[node] = {
                "edge_node_id": node, "birth_epoch": epochs[node], "reason": cause,
                "requested_ms": message.broker_ms, "answered_ms": None, "cause_count": 0,
            }  # fmt: skip
            rows.append(is_open[node])
        is_open[node]["cause_count"] += 1
    return rows


def _cause(message: Message) -> str | None:
    if message.is_repeated_seq:
        return None
    return next((cause for rule, cause in _CAUSES.items() if rule in message.broken), None)


def _edge_node(message: Message) -> str:
    levels = message.topic.split("/")
    has_node = len(levels) >= 4 and message.reason not in ("illegal_sparkplug_topic", "host_state")
    return f"{levels[1]}/{levels[3]}" if has_node else ""
