"""The published Sparkplug vectors as messages: one invented edge node per scenario, with known broker times."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from fabric_ot.contracts.sparkplug import BD_SEQ, NAMESPACE, NODE_CONTROL_PREFIX, DataType, payload_class
from fabric_ot.workbench.simulate.message import Message

GROUP = "umh_vectors"
_FIRST_ARRIVAL_MS = 1_750_855_644_000
"""Just after the one timestamp that all vectors carry: event time cannot order them, arrival must."""

TEMPERATURE = "Temperature"
EXPECTED_VALUES: dict[str, tuple[float, ...]] = {
    f"{NAMESPACE}/{GROUP}/v1/{TEMPERATURE}": (21.5, 22.5, 27.0),
    f"{NAMESPACE}/{GROUP}/before_birth/{TEMPERATURE}": (25.0, 21.5),
    f"{NAMESPACE}/{GROUP}/signed/Offset": (-12.0, -13.0),
}
"""Values by arrival of the scenarios with few messages."""

EXPECTED_MISSING: dict[str, int] = {
    f"{GROUP}/v1": 3,
    f"{GROUP}/before_birth": 0,
    f"{GROUP}/wrap": 0,
    f"{GROUP}/large": 0,
    f"{GROUP}/signed": 0,
}


def vector_messages(path: Path) -> list[Message]:
    """Return the scenarios' messages, one second apart; the account of each says what must become of it."""
    vectors = {v["name"]: base64.b64decode(v["base64"]) for v in json.loads(path.read_text(encoding="utf-8"))}
    scenarios: dict[str, list[tuple[str, bytes]]] = {
        "v1": [
            ("NBIRTH", vectors["NBIRTH_V1"]),
            ("NDATA", vectors["NDATA_V1"]),
            ("NDATA", vectors["NDATA_GAP"]),
            ("NDEATH", vectors["NDEATH_V1"]),
        ],
        "before_birth": [("NDATA", vectors["NDATA_BEFORE_BIRTH"]), ("NBIRTH", vectors["NBIRTH_V1"])],
        "wrap": [
            ("NBIRTH", vectors["NBIRTH_V1"]),
            *(("NDATA", _temperature(seq)) for seq in range(1, 256)),
            ("NDATA", vectors["NDATA_WRAPAROUND"]),
        ],
        "large": [("NBIRTH", vectors["NBIRTH_LARGE"])],
        "signed": [("NBIRTH", _signed_birth()), ("NDATA", _signed_data())],
    }
    return [message for node, sent in scenarios.items() for message in _sent_by(node, sent)]


def _sent_by(node: str, sent: list[tuple[str, bytes]]) -> list[Message]:
    births = [payload_class().FromString(payload) for kind, payload in sent if kind == "NBIRTH"]
    aliases = {metric.alias: metric.name for birth in births for metric in birth.metrics}
    arrivals = range(_FIRST_ARRIVAL_MS, _FIRST_ARRIVAL_MS + 1000 * len(sent), 1000)
    return [_message(node, *item, arrival, aliases) for item, arrival in zip(sent, arrivals, strict=True)]


def _message(node: str, kind: str, raw: bytes, arrival_ms: int, aliases: dict[int, str]) -> Message:
    message = Message("hivemq", arrival_ms, f"{NAMESPACE}/{GROUP}/{kind}/{node}", raw, "sparkplug")
    payload = payload_class().FromString(raw)
    if kind == "NDEATH":
        message.outcome, message.reason = "ignored", "stale_death"
        return message
    names = [metric.name or aliases[metric.alias] for metric in payload.metrics]
    samples = [name for name in names if name != BD_SEQ and not name.startswith(NODE_CONTROL_PREFIX)]
    message.samples = [(f"{NAMESPACE}/{GROUP}/{node}/{name}", payload.timestamp, arrival_ms) for name in samples]
    return message


def _temperature(seq: int) -> bytes:
    payload = payload_class()(timestamp=_FIRST_ARRIVAL_MS + 1000 * seq - 50, seq=seq)
    payload.metrics.add(alias=100, double_value=20 + seq / 100)
    return _bytes(payload)


def _signed_birth() -> bytes:
    payload = payload_class()(timestamp=_FIRST_ARRIVAL_MS - 50, seq=0)
    payload.metrics.add(name=BD_SEQ, datatype=DataType.Int64, long_value=0)
    payload.metrics.add(name="Offset", alias=5, datatype=DataType.Int32, int_value=-12 & 0xFFFFFFFF)
    return _bytes(payload)


def _signed_data() -> bytes:
    payload = payload_class()(timestamp=_FIRST_ARRIVAL_MS + 950, seq=1)
    payload.metrics.add(alias=5, int_value=-13 & 0xFFFFFFFF)
    return _bytes(payload)


def _bytes(payload: Any) -> bytes:
    return bytes(payload.SerializeToString())
