"""What the JSON machines' temperatures must keep to, and the samples that a correct run has of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fabric_ot.workbench.simulate.layout import ASSETS, Asset
from fabric_ot.workbench.simulate.message import Message
from fabric_ot.workbench.simulate.records import Row
from fabric_ot.workbench.simulate.reports import SINGLE_VALUE_S, TELEMETRY_S
from fabric_ot.workbench.simulate.signals import FIELD, GOOD_AT_HIGH_LIMIT

LOWER_C, UPPER_C, FLAT_C = 30.0, 75.0, 0.05
_FILL_MS = 2 * 3_600_000


@dataclass(frozen=True)
class Compression:
    """A method, how far off it may be in K, and the longest time between kept samples (None: no limit)."""

    method: str
    deviation: float
    longest_ms: float | None = None


@dataclass(frozen=True)
class SignalRule:
    """What a temperature must keep to; times in milliseconds, rates in K/s."""

    expected_ms: float
    longest_ms: float
    hold_ms: float
    rate: float
    stuck_ms: float
    compression: Compression | None = None
    fill: str | None = None
    fill_ms: float = _FILL_MS

    @property
    def row(self) -> Row:
        """The row of the reference file, but for its tag."""
        times_s = (self.expected_ms / 1000, self.longest_ms / 1000, self.hold_ms / 1000)
        return (*times_s, LOWER_C, UPPER_C, self.rate, self.stuck_ms / 1000, FLAT_C, *self._compressed, *self._filled)

    @property
    def _compressed(self) -> Row:
        told = self.compression
        if told is None:
            return None, None, None
        return told.method, told.deviation, None if told.longest_ms is None else told.longest_ms / 1000

    @property
    def _filled(self) -> Row:
        return (None, None) if self.fill is None else (self.fill, self.fill_ms / 1000)


# No difference of two values that a machine can say is so large: no sample lies on the bound itself.
_DECLARED: dict[str, tuple[Compression | None, str | None]] = {
    "robot": (Compression("swinging_door", 0.91371), "linear"),
    "lathe": (Compression("exception", 0.803, 1_800_000), "hold"),
}


@dataclass(frozen=True)
class Sample:
    """One sample: `value` in degC, None where its unit is none that can be converted."""

    at_ms: int
    value: float | None
    is_good: bool
    is_refused: bool = False
    is_limited: bool = False


def signal_rules(scale: float) -> dict[str, SignalRule]:
    """Return the rule of each JSON machine's temperature, by tag."""
    return {asset.tag_id(FIELD): _rule(asset, scale) for asset in ASSETS if not asset.is_sparkplug}


def _rule(asset: Asset, scale: float) -> SignalRule:
    interval_ms = (SINGLE_VALUE_S[FIELD] if asset.speech == "uns_single" else TELEMETRY_S) * 1000 / scale
    compression, fill = _DECLARED.get(asset.unit, (None, None))
    # from one report to the next the robot heats up by 25 K; ordinary noise is below 3 K
    rate, stuck_ms = 15_000 / interval_ms, max(900_000, interval_ms)
    return SignalRule(interval_ms, 3 * interval_ms, 3 * interval_ms, rate, stuck_ms, compression, fill)


def signal_samples(messages: Sequence[Message], tags: Sequence[str]) -> dict[str, list[Sample]]:
    """Return per tag its samples in time; of several for one instant the last sequence, then the last arrival."""
    best: dict[str, dict[int, tuple[tuple[int, int], Sample]]] = defaultdict(dict)
    for message in messages:
        if message.outcome != "decoded" or message.decoder != "uns_json" or not message.payload:
            continue
        document = json.loads(message.payload)
        for tag, at_ms, sequence in message.samples:
            if tag not in tags:
                continue
            sample = _sample(at_ms, document, document.get("value", document.get(FIELD)))
            rank = (sequence, message.broker_ms)
            if at_ms not in best[tag] or best[tag][at_ms][0] < rank:
                best[tag][at_ms] = (rank, sample)
    return {tag: [found[at][1] for at in sorted(found)] for tag, found in best.items()}


def _sample(at_ms: int, document: dict[str, Any], number: float) -> Sample:
    unit, quality = document.get("unit", "degC"), document.get("quality", "GOOD")
    is_limited = quality == GOOD_AT_HIGH_LIMIT
    if unit == "furlong":
        return Sample(at_ms, None, is_good=False, is_refused=True, is_limited=is_limited)
    value = (number - 32) * 5 / 9 if unit == "degF" else number
    return Sample(at_ms, value, is_good=is_limited or quality == "GOOD", is_limited=is_limited)
