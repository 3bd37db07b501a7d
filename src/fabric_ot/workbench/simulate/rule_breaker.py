"""One edge node that breaks the rules of Sparkplug, one after the other, and then keeps them with all they allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fabric_ot.contracts.sparkplug import BD_SEQ, NAMESPACE, REBIRTH, DataType, payload_class
from fabric_ot.contracts.sparkplug_rules import (
    ALIAS_UNIQUE,
    BEHAVIOR,
    DATATYPE_DIFFERS,
    PAYLOADS,
    SEQUENCE,
    STALE_DEATH,
    TOPICS,
)
from fabric_ot.workbench.simulate.camera import CAMERA, DEFINITION, REPORTED, SPOKEN, Told
from fabric_ot.workbench.simulate.message import Message

GROUP, NODE = "acme_denver", "line_8"
BREAKER = f"{GROUP}/{NODE}"
_STEP_MS = 1_000


@dataclass
class RuleBreaker:
    """The node's messages so far; one second lies between them, and each arrives 20 ms after it was sent."""

    at_ms: int
    messages: list[Message] = field(default_factory=list)

    def send(
        self, kind: str, metrics: list[dict[str, Any]], broken: list[str], *, seq: int | None, device: str = "",
        samples: tuple[str, ...] = (), is_timed: bool = True, qos: int = 0, is_retained: bool = False,
    ) -> Message:  # fmt: skip
        """Send one message that breaks exactly `broken`; `samples` are the names that it samples."""
        sent_ms = self.at_ms + _STEP_MS * len(self.messages)
        payload = payload_class()(timestamp=sent_ms) if is_timed else payload_class()()
        if seq is not None:
            payload.seq = seq
        for fields in metrics:
            payload.metrics.add(**{"timestamp": sent_ms, **fields})
        topic = f"{NAMESPACE}/{GROUP}/{kind}/{NODE}" + (f"/{device}" if device else "")
        message = Message("hivemq", sent_ms + 20, topic, payload.SerializeToString(), "sparkplug", qos=qos)
        message.is_retained, message.partition_key, message.seq = is_retained, BREAKER, seq
        message.broken = broken
        prefix = f"{NAMESPACE}/{GROUP}/{NODE}/" + (f"{device}/" if device else "")
        message.samples = [(prefix + name, sent_ms, message.broker_ms) for name in samples]
        self.messages.append(message)
        return message


def rule_breaker(at_ms: int) -> RuleBreaker:
    """Let the node live from `at_ms` on, for less than a minute."""
    node = RuleBreaker(at_ms)
    _bad_births(node)
    _bad_data(node)
    _bad_death(node)
    _sound_session(node)
    return node


def _double(value: float = 1.0, **fields: Any) -> dict[str, Any]:
    return {**fields, "double_value": value}


def _born(value: float = 1.0, **fields: Any) -> dict[str, Any]:
    return _double(value, datatype=DataType.Double, **fields)


def _bad_births(node: RuleBreaker) -> None:
    rebirth = {"name": REBIRTH, "alias": 2, "datatype": DataType.Boolean, "boolean_value": False}
    node.send(
        "NBIRTH", [rebirth, _born(name="Level", alias=5), _born(name="Flow", alias=5)],
        [f"{TOPICS}nbirth-seq-num", f"{PAYLOADS}nbirth-bdseq", f"{PAYLOADS}nbirth-qos",
         f"{BEHAVIOR}data-commands-rebirth-name-aliases", ALIAS_UNIQUE],
        seq=3, qos=1, samples=("Level", "Flow"),
    )  # fmt: skip
    node.send(
        "DBIRTH", [_double(name="Opening", alias=6), {"name": "Stuck", "alias": 7, "datatype": DataType.Double}],
        [f"{PAYLOADS}metric-datatype-req", f"{BEHAVIOR}data-publish-dbirth-values"],
        seq=4, device="valve", samples=("Opening",),
    )  # fmt: skip


def _bad_data(node: RuleBreaker) -> None:
    named = _born(2.0, name="Opening", alias=6)
    repeated = [f"{PAYLOADS}metric-datatype-not-req", f"{PAYLOADS}alias-data-cmd-requirement"]
    node.send("DDATA", [named], repeated, seq=5, device="valve", samples=("Opening",))
    unknown = node.send("NDATA", [_double(alias=99)], [f"{BEHAVIOR}data-publish-nbirth"], seq=6)
    unknown.outcome, unknown.reason = "quarantined", "alias_without_birth"
    node.send("NDATA", [{"name": "Level", "string_value": "high"}], [DATATYPE_DIFFERS], seq=7, samples=("Level",))
    again = node.send("NDATA", [_double(3.0, alias=5)], [SEQUENCE], seq=7, samples=("Flow",))
    again.is_repeated_seq = True
    node.send("NDATA", [_double(4.0, alias=5)], [f"{PAYLOADS}ndata-seq"], seq=None, samples=("Flow",))
    untimed = [f"{PAYLOADS}ndata-timestamp"]
    node.send("NDATA", [_double(5.0, alias=5)], untimed, seq=8, is_timed=False, samples=("Flow",))
    unborn = [f"{PAYLOADS}ddata-order", f"{BEHAVIOR}data-publish-dbirth"]
    node.send("DDATA", [_double(name="x")], unborn, seq=9, device="ghost", samples=("x",))
    kept = node.send("NDATA", [_double(6.0, alias=5)], [f"{PAYLOADS}ndata-retain"], seq=10, is_retained=True)
    kept.outcome, kept.reason = "ignored", "retained"


def _bad_death(node: RuleBreaker) -> None:
    session = {"name": BD_SEQ, "datatype": DataType.Int64, "long_value": 1}
    rules = [f"{PAYLOADS}ndeath-seq", f"{PAYLOADS}ndeath-will-message-qos"]
    death = node.send("NDEATH", [session], rules, seq=0)
    known = ("Level", "Flow", "valve/Opening", "valve/Stuck")
    death.stale = [(f"{NAMESPACE}/{GROUP}/{NODE}/{name}", death.broker_ms, death.broker_ms) for name in known]
    node.send("NDATA", [_double(7.0, alias=5)], [f"{PAYLOADS}ndata-order"], seq=10, samples=("Flow",))


def _sound_session(node: RuleBreaker) -> None:
    session = {"name": BD_SEQ, "datatype": DataType.Int64, "long_value": 2}
    rebirth = {"name": REBIRTH, "datatype": DataType.Boolean, "boolean_value": False}
    level = _born(name="Level", alias=8)
    _tell(node, "NBIRTH", [DEFINITION], seq=0, others=[session, rebirth, level], samples=("Level",))
    node.send("NDATA", [_double(8.0, alias=8)], [], seq=1, samples=("Level",))
    _tell(node, "DBIRTH", SPOKEN, seq=2, device=CAMERA)
    _tell(node, "DDATA", REPORTED, seq=3, device=CAMERA)
    late = node.send("NDEATH", [{**session, "long_value": 1}], [STALE_DEATH], seq=None, qos=1)
    late.outcome, late.reason = "ignored", "stale_death"


def _tell(
    node: RuleBreaker, kind: str, told: Sequence[Told], *, seq: int, device: str = "",
    others: Sequence[dict[str, Any]] = (), samples: tuple[str, ...] = (),
) -> None:  # fmt: skip
    names = (*samples, *(one.name for one in told))
    message = node.send(kind, [*others, *(one.metric for one in told)], [], seq=seq, device=device, samples=names)
    message.details = [
        (tag_id, one.value_text, one.details)
        for (tag_id, _, _), one in zip(message.samples[len(samples) :], told, strict=True)
    ]
