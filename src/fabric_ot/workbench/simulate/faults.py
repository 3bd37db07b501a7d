"""Messages that must be refused or left aside, each with the reason that the account must name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from fabric_ot.contracts.sparkplug import NAMESPACE, REBIRTH, DataType, payload_class
from fabric_ot.contracts.sparkplug_rules import NAMES, NOT_PROTOBUF, PAYLOADS
from fabric_ot.workbench.simulate.message import Message, Route
from fabric_ot.workbench.simulate.rule_breaker import rule_breaker

_TEMPERATURE = "acme/berlin/machining/line_2/lathe/temperature"
_GHOST_NODE = f"{NAMESPACE}/acme_denver/{{}}/line_9"
_STATE_PAYLOAD, _STATE_QOS = (f"tck-id-host-topic-phid-birth-{part}" for part in ("payload", "qos"))
_REPEAT = 3
_ALL_ROUTES: tuple[Route, ...] = ("event_hubs", "hivemq", "eventstream")
_TWO_MEGABYTES = 2_000_000
_YEAR_2100_MS = 4_102_444_800_000


@dataclass(frozen=True)
class Fault:
    """One kind of bad message: `payload` may name the arrival as {now}."""

    reason: str
    topic: str
    payload: bytes | None
    decoder: str = "uns_json"
    outcome: str = "quarantined"
    routes: tuple[Route, ...] = ("event_hubs",)
    is_retained: bool = False
    qos: int = 1
    broken: tuple[str, ...] = ()


def fault_messages(rng: Random, *, start_ms: int, end_ms: int) -> list[Message]:
    """Return every kind of fault three times per route it travels, at random moments of the day."""
    found = []
    for fault in _faults():
        for route in fault.routes:
            for _ in range(_REPEAT):
                found.append(_message(fault, route, rng.randrange(start_ms, end_ms)))
    found.append(_message(_too_large(), "hivemq", rng.randrange(start_ms, end_ms)))
    found += _orphans(rng.randrange(start_ms, end_ms))
    return found + rule_breaker(rng.randrange(start_ms, end_ms - 60_000)).messages


def redelivered_json(messages: Sequence[Message], rng: Random, *, share: float = 0.01) -> list[Message]:
    """Return QoS 1 redeliveries of JSON messages: decoded again, to the same readings."""
    return [replace(m, broker_ms=m.broker_ms + rng.randint(1, 3000)) for m in messages if rng.random() < share]


def cross_route_copies(messages: Sequence[Message], rng: Random, *, share: float = 0.1) -> list[Message]:
    """Return the share of JSON messages that also come as HiveMQ Parquet, with the same broker time."""
    return [replace(m, route="hivemq", hours_late=0) for m in messages if rng.random() < share]


def _message(fault: Fault, route: Route, at_ms: int) -> Message:
    payload = fault.payload.replace(b"{now}", str(at_ms - 50).encode()) if fault.payload else fault.payload
    message = Message(route, at_ms, fault.topic, payload, fault.decoder, reason=fault.reason)
    message.outcome = "ignored" if fault.outcome == "ignored" else "quarantined"
    message.is_retained, message.qos, message.broken = fault.is_retained, fault.qos, list(fault.broken)
    message.partition_key = fault.topic
    return message


def _faults() -> list[Fault]:
    return [*_json_faults(), *_topic_faults(), *_sparkplug_faults()]


def _json_faults() -> list[Fault]:
    def temperature(reason: str, payload: bytes | None, *routes: Route) -> Fault:
        return Fault(reason, _TEMPERATURE, payload, routes=routes or ("event_hubs",))

    return [
        temperature(
            "not_utf8",
            b'{"timestamp_ms":{now},"value":21.5,"unit":"\xb0C"}',
            "event_hubs",
            "hivemq",
            "eventstream",
        ),
        temperature("invalid_json", b'{"timestamp_ms":{now},"val', "event_hubs", "hivemq", "eventstream"),
        temperature("invalid_json", b'{"timestamp_ms":{now},"value":NaN}'),
        temperature("invalid_json", b"[1,2]"),
        temperature("unknown_shape", b'{"value":21.5}'),
        temperature("unknown_shape", b'{"timestamp_ms":{now}}'),
        temperature("timestamp_not_a_number", b'{"timestamp_ms":"2026-03-28T12:00:00Z","value":21.5}'),
        temperature("event_time_out_of_range", b'{"timestamp_ms":86400000,"value":21.5}'),
        temperature("event_time_out_of_range", f'{{"timestamp_ms":{_YEAR_2100_MS},"value":21.5}}'.encode()),
        temperature("value_is_null", b'{"timestamp_ms":{now},"value":null}'),
        temperature("number_as_text", b'{"timestamp_ms":{now},"value":"21.5"}'),
        temperature("type_mismatch", b'{"timestamp_ms":{now},"value":{"celsius":21.5}}'),
        temperature("empty_payload", b""),
        temperature("empty_payload", None, "event_hubs", "eventstream"),
    ]


def _too_large() -> Fault:
    text = json.dumps({"timestamp_ms": 0, "value": 21.5, "note": "x" * _TWO_MEGABYTES})
    return Fault(
        "payload_too_large", _TEMPERATURE, text.encode().replace(b'"timestamp_ms": 0', b'"timestamp_ms": {now}')
    )


def _topic_faults() -> list[Fault]:
    good = b'{"timestamp_ms":{now},"value":21.5}'
    return [
        Fault("unknown_topic", "laboratory/scale/weight", good, decoder="none", routes=_ALL_ROUTES),
        Fault("unknown_topic", "acme/berlin/assembly", good, decoder="none"),
        Fault("retained", _TEMPERATURE, good, outcome="ignored", is_retained=True, routes=_ALL_ROUTES),
    ]


def _sparkplug_faults() -> list[Fault]:
    data = payload_class()(timestamp=1, seq=0)
    data.metrics.add(name="Pressure", datatype=DataType.Double, double_value=1.5)
    good = data.SerializeToString()
    order = payload_class()(timestamp=1)
    order.metrics.add(name=REBIRTH, datatype=DataType.Boolean, boolean_value=True)
    command = order.SerializeToString()

    def on_hivemq(
        reason: str, topic: str, payload: bytes, *broken: str, outcome: str = "quarantined", qos: int = 0
    ) -> Fault:
        return Fault(reason, topic, payload, "sparkplug", outcome, ("hivemq",), qos=qos, broken=broken)

    return [
        on_hivemq("invalid_protobuf", _GHOST_NODE.format("DDATA") + "/filler", good[:-3], NOT_PROTOBUF),
        on_hivemq(
            "illegal_sparkplug_topic",
            _GHOST_NODE.format("NDATA") + "/filler",
            good,
            f"{NAMES}device-id-non-associated-message-types",
        ),
        on_hivemq(
            "illegal_sparkplug_topic", _GHOST_NODE.format("DDATA"), good, f"{NAMES}device-id-associated-message-types"
        ),
        on_hivemq("illegal_sparkplug_topic", _GHOST_NODE.format("XDATA"), good, "tck-id-topic-structure"),
        on_hivemq("command", f"{NAMESPACE}/acme_denver/NCMD/line_1", command, outcome="ignored"),
        on_hivemq(
            "command",
            f"{NAMESPACE}/acme_denver/DCMD/line_1/filler",
            command,
            f"{PAYLOADS}dcmd-qos",
            outcome="ignored",
            qos=1,
        ),
        on_hivemq(
            "host_state", f"{NAMESPACE}/STATE/scada-1", b'{"online":true,"timestamp":{now}}', outcome="ignored", qos=1
        ),
        on_hivemq(
            "host_state",
            f"{NAMESPACE}/STATE/scada-2",
            b'{"online":"yes"}',
            _STATE_PAYLOAD,
            _STATE_QOS,
            outcome="ignored",
        ),
    ]


def _orphans(at_ms: int) -> list[Message]:
    """DATA of a node whose birth never comes."""
    found = []
    for n in range(5):
        payload = payload_class()(timestamp=at_ms + 1000 * n, seq=40 + n)
        payload.metrics.add(alias=7, double_value=1.5)
        topic = f"{NAMESPACE}/acme_denver/NDATA/line_7"
        found.append(Message("hivemq", at_ms + 1000 * n + 20, topic, payload.SerializeToString(), "sparkplug",
                             outcome="quarantined", reason="alias_without_birth", qos=0,
                             broken=[f"{PAYLOADS}ndata-order", f"{PAYLOADS}name-birth-data-requirement"]))  # fmt: skip
    return found
