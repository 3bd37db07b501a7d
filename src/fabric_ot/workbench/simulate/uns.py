"""What the UNS machines say: JSON, one value per topic or several values in one message."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from random import Random

from fabric_ot.workbench.simulate.layout import Asset
from fabric_ot.workbench.simulate.message import Message
from fabric_ot.workbench.simulate.reports import Report, Value
from fabric_ot.workbench.simulate.signals import spoken_quality, spoken_unit

_UNITS = {"energy": "kWh"}
_COMPACT = json.JSONEncoder(separators=(",", ":"))
_LATE_SHARE, _HELD_SHARE, _UNCERTAIN_SHARE = 0.004, 0.01, 0.002


def uns_messages(
    asset: Asset, reports: Iterable[Report], rng: Random, *, start_ms: int, last_arrival_ms: int
) -> Iterator[Message]:
    """Yield the messages of one JSON machine; some arrive out of order, a few minutes or hours late.

    A machine that tells several values at once goes through an Eventstream, the others through Event Hubs Capture.
    """
    for sequence, report in enumerate(sorted(reports, key=lambda r: r.at_ms), start=1):
        values = {field: _spoken(field, value) for field, value in report.values.items() if value is not None}
        if asset.speech == "uns_many":
            payload: dict[str, Value] = {"timestamp_ms": report.at_ms, **values}
            samples = [(asset.tag_id(field), report.at_ms, 0) for field in values]
            message = _message(asset.topic, payload, samples, _arrival(rng, report.at_ms, last_arrival_ms))
            yield replace(message, route="eventstream")
            continue
        for field, value in values.items():
            payload = {"timestamp_ms": report.at_ms, "value": value}
            _decorate(asset, payload, field, sequence, rng)
            if field == "temperature" and isinstance(value, float):
                elapsed_ms = report.at_ms - start_ms
                payload["value"], payload["unit"] = spoken_unit(asset, value, elapsed_ms=elapsed_ms)
                if quality := spoken_quality(asset, elapsed_ms=elapsed_ms):
                    payload["quality"] = quality
            samples = [(asset.tag_id(field), report.at_ms, int(payload.get("sequence") or 0))]
            yield _message(asset.tag_id(field), payload, samples, _arrival(rng, report.at_ms, last_arrival_ms))


def corrected(message: Message, rng: Random, *, last_arrival_ms: int) -> Message:
    """Return a later message that says another value for the same tag and instant: it supersedes `message`."""
    document = json.loads(message.payload or b"{}")
    document["value"] = round(document["value"] + 0.5, 2)
    arrival = min(message.broker_ms + rng.randint(60_000, 300_000), last_arrival_ms)
    return _message(message.topic, document, list(message.samples), arrival)


def _message(topic: str, document: dict[str, Value], samples: list[tuple[str, int, int]], arrival: int) -> Message:
    payload = _COMPACT.encode(document).encode()
    key = "/".join(topic.split("/")[:5])
    return Message("event_hubs", arrival, topic, payload, "uns_json", partition_key=key, samples=samples)


def _spoken(field: str, value: Value) -> Value:
    # these machines write EXECUTE as Execute: the catalog's states are upper case
    return str(value).capitalize() if field == "state" else value


def _decorate(asset: Asset, payload: dict[str, Value], field: str, sequence: int, rng: Random) -> None:
    if field in _UNITS:
        payload["unit"] = _UNITS[field]
    if asset.unit == "lathe":
        payload["sequence"] = sequence
    if field == "temperature" and rng.random() < _UNCERTAIN_SHARE:
        payload["quality"] = "UNCERTAIN"


def _arrival(rng: Random, at_ms: int, last_arrival_ms: int) -> int:
    draw = rng.random()
    if draw < _LATE_SHARE:
        delay = rng.randint(60_000, 7_200_000)
    elif draw < _LATE_SHARE + _HELD_SHARE:
        delay = rng.randint(1_000, 30_000)
    else:
        delay = rng.randint(5, 400)
    return max(at_ms + 5, min(at_ms + delay, last_arrival_ms))
