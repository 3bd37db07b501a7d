"""A Sparkplug edge node: births with aliases, data by alias, one `seq` for the node and its devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fabric_ot.contracts.sparkplug import (
    BD_SEQ,
    NAMESPACE,
    QUALITY_PROPERTY,
    REBIRTH,
    SEQ_MODULUS,
    DataType,
    payload_class,
)
from fabric_ot.contracts.sparkplug_rules import PAYLOADS, STALE_DEATH
from fabric_ot.workbench.simulate.message import Message, Route

_STAMPED_OF = 16
"""All but one in so many data messages stamp their metrics; of the others the payload's time counts."""

_VALUE_FIELDS: dict[int, str] = {
    DataType.Int32: "int_value",
    DataType.UInt16: "int_value",
    DataType.Int64: "long_value",
    DataType.Float: "float_value",
    DataType.Double: "double_value",
    DataType.Boolean: "boolean_value",
    DataType.String: "string_value",
}


@dataclass
class EdgeNode:
    """One edge node's session; `metrics` maps device ('' for the node) to metric name and datatype."""

    route: Route
    name: str
    metrics: Mapping[str, Mapping[str, int]]
    rng: Random
    seq: int = 0
    bd_seq: int = 0
    messages: list[Message] = field(default_factory=list)
    _aliases: dict[tuple[str, str], int] = field(default_factory=dict)
    _births: int = 0
    _last_arrival_ms: int = 0

    def begin(self, *, seq: int) -> None:
        """Start in the middle of a session whose birth nobody heard: aliases are in force, `seq` goes on."""
        self._number_aliases()
        self.seq = seq

    def node_birth(self, at_ms: int, values: Mapping[str, Any], *, is_reconnect: bool = False) -> None:
        """Publish NBIRTH: `seq` starts over; each birth gives out other aliases than the one before."""
        self._births += 1
        self.bd_seq = (self.bd_seq + is_reconnect) % SEQ_MODULUS
        self._number_aliases()
        self.seq = 0
        payload = payload_class()(timestamp=at_ms)
        payload.metrics.add(name=BD_SEQ, timestamp=at_ms, datatype=DataType.Int64, long_value=self.bd_seq)
        payload.metrics.add(name=REBIRTH, timestamp=at_ms, datatype=DataType.Boolean, boolean_value=False)
        self._birth("NBIRTH", "", payload, at_ms, values)

    def device_birth(self, device: str, at_ms: int, values: Mapping[str, Any]) -> None:
        """Publish DBIRTH with every metric of the device; one without a value is null."""
        self._birth("DBIRTH", device, payload_class()(timestamp=at_ms), at_ms, values)

    def data(
        self, device: str, at_ms: int, values: Mapping[str, Any], *, is_stamped: bool = True,
        past: Mapping[int, Any] | None = None, quality: int | None = None,
    ) -> Message:  # fmt: skip
        """Publish DDATA (NDATA for the node itself) by alias; `past` is back-fill of the single metric in `values`.

        Without `is_stamped` the message carries no time at all, and the broker's counts.
        """
        payload = payload_class()()
        if is_stamped:
            payload.timestamp = at_ms
        event_times, unstamped = [], 0
        moments = [(at_ms, values)] if past is None else [(t, dict.fromkeys(values, v)) for t, v in past.items()]
        for moment_ms, moment in moments:
            for name, value in moment.items():
                metric = payload.metrics.add(alias=self._aliases[device, name])
                if past is not None:
                    metric.timestamp, metric.is_historical = moment_ms, True
                elif is_stamped and self.seq % _STAMPED_OF:
                    metric.timestamp = moment_ms
                else:
                    unstamped += 1
                if quality is not None:
                    metric.properties.keys.append(QUALITY_PROPERTY)
                    metric.properties.values.add(type=DataType.Int32, int_value=quality)
                _set_value(metric, self.metrics[device][name], value)
                event_times.append((name, moment_ms))
        message = self._send("DDATA" if device else "NDATA", device, payload, at_ms)
        message.broken = self._broken_by_data(
            "ddata" if device else "ndata", is_stamped=is_stamped, unstamped=unstamped
        )
        if not is_stamped:
            event_times = [(name, message.broker_ms) for name, _ in event_times]
        message.samples = [(self.tag_id(device, name), at, message.broker_ms) for name, at in event_times]
        return message

    def node_death(self, at_ms: int, *, bd_seq: int | None = None) -> Message:
        """Let the broker publish the will; with another session's `bd_seq` it is a late one, to be ignored."""
        payload = payload_class()(timestamp=max(at_ms - 3_600_000, 0))
        stale = bd_seq is not None and bd_seq != self.bd_seq
        number = self.bd_seq if bd_seq is None else bd_seq
        payload.metrics.add(name=BD_SEQ, datatype=DataType.Int64, long_value=number)
        message = self._send("NDEATH", "", payload, at_ms, has_seq=False, is_immediate=not stale, qos=1)
        if stale:
            message.outcome, message.reason = "ignored", "stale_death"
            message.broken = [STALE_DEATH]
        else:
            message.stale = [
                (self.tag_id(device, name), message.broker_ms, message.broker_ms)
                for device, metrics in self.metrics.items()
                for name in metrics
            ]
        return message

    def device_death(self, device: str, at_ms: int) -> Message:
        """Publish DDEATH: the device's tags are stale from the payload's time on."""
        message = self._send("DDEATH", device, payload_class()(timestamp=at_ms), at_ms)
        message.stale = [(self.tag_id(device, name), at_ms, message.broker_ms) for name in self.metrics[device]]
        return message

    def tag_id(self, device: str, name: str) -> str:
        """Return the catalog's name of a metric."""
        return f"{NAMESPACE}/{self.name}/{device}/{name}" if device else f"{NAMESPACE}/{self.name}/{name}"

    def topic(self, message_type: str, device: str = "") -> str:
        """Return the topic of a message of this node or of one of its devices."""
        group, node = self.name.split("/")
        return f"{NAMESPACE}/{group}/{message_type}/{node}" + (f"/{device}" if device else "")

    def _broken_by_data(self, kind: str, *, is_stamped: bool, unstamped: int) -> list[str]:
        rules = {
            f"{PAYLOADS}{kind}-timestamp": not is_stamped,
            f"{PAYLOADS}name-birth-data-requirement": unstamped > 0,
            f"{PAYLOADS}{kind}-order": not self._births,
        }
        return [rule for rule, is_broken in rules.items() if is_broken]

    def _number_aliases(self) -> None:
        names = [(device, name) for device, metrics in self.metrics.items() for name in metrics]
        self._aliases = {key: 10 + 100 * max(self._births, 1) + n for n, key in enumerate(names)}

    def _birth(self, message_type: str, device: str, payload: Any, at_ms: int, values: Mapping[str, Any]) -> None:
        for name, datatype in self.metrics[device].items():
            alias = self._aliases[device, name]
            metric = payload.metrics.add(name=name, alias=alias, timestamp=at_ms, datatype=datatype)
            _set_value(metric, datatype, values.get(name))
        message = self._send(message_type, device, payload, at_ms)
        message.samples = [(self.tag_id(device, name), at_ms, message.broker_ms) for name in self.metrics[device]]

    def _send(
        self, message_type: str, device: str, payload: Any, at_ms: int, *,
        has_seq: bool = True, is_immediate: bool = False, qos: int = 0,
    ) -> Message:  # fmt: skip
        seq = self.seq if has_seq else None
        if has_seq:
            payload.seq = self.seq
            self.seq = (self.seq + 1) % SEQ_MODULUS
        delay = 0 if is_immediate else 5 + int(55 * self.rng.random())
        arrival = max(at_ms + delay, self._last_arrival_ms + 2)
        self._last_arrival_ms = arrival
        topic = self.topic(message_type, device)
        message = Message(self.route, arrival, topic, payload.SerializeToString(), "sparkplug", qos=qos)
        message.partition_key, message.seq = self.name, seq
        self.messages.append(message)
        return message


def _set_value(metric: Any, datatype: int, value: Any) -> None:
    if value is None:
        metric.is_null = True
    elif datatype == DataType.Int32:
        metric.int_value = value & 0xFFFFFFFF
    else:
        setattr(metric, _VALUE_FIELDS[datatype], value)
