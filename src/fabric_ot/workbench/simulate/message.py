"""A sent message together with what must become of it: the account of the simulation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Route = Literal["hivemq", "event_hubs", "eventstream"]
Outcome = Literal["decoded", "quarantined", "ignored"]


@dataclass(slots=True)
class Message:
    """One MQTT message as the broker received it.

    `samples` are the (tag_id, event_time_ms, source_sequence) that it carries into `plant.reading`;
    `stale` those that a death writes. `hours_late` moves it into a later landing file. A critical message
    carries a change or a border, without which the facts could not be exact: it is never lost. `seq` is that of a
    Sparkplug message, `broken` the rules of Sparkplug that a host must find broken, each once; a repeated `seq`
    breaks one and is no gap. `details` are the (tag_id, value text, JSON beside it) of samples that tell more than a
    plain value.
    """

    route: Route
    broker_ms: int
    topic: str
    payload: bytes | None
    decoder: str
    outcome: Outcome = "decoded"
    reason: str = ""
    qos: int = 1
    is_retained: bool = False
    partition_key: str = ""
    samples: list[tuple[str, int, int]] = field(default_factory=list)
    stale: list[tuple[str, int, int]] = field(default_factory=list)
    hours_late: int = 0
    is_critical: bool = False
    seq: int | None = None
    broken: list[str] = field(default_factory=list)
    is_repeated_seq: bool = False
    details: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def account(self) -> tuple[str, str, str, str]:
        """Route, decoder, outcome and reason: the line of the conservation account it belongs to."""
        return self.route, self.decoder, self.outcome, self.reason
