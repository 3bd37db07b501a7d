"""How far the clocks of the JSON machines seem to be behind arrival, message by message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from statistics import median
from typing import Any

from fabric_ot.workbench.simulate.message import Message


def skew_rows(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return one row per UTC day and route of the samples that stay: of one key, the last to arrive.

    Of copies that two routes bring at one broker time, the one by the later route name stays.
    """
    last: dict[tuple[str, int, int], tuple[int, str]] = {}
    for message in messages:
        if message.outcome == "decoded" and message.decoder == "uns_json":
            for key in message.samples:
                last[key] = max(last.get(key, (0, "")), (message.broker_ms, message.route))
    skews: dict[tuple[str, str], list[float]] = defaultdict(list)
    for (_, at_ms, _), (broker_ms, route) in last.items():
        skews[f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}", route].append((broker_ms - at_ms) / 1000)
    return [
        {
            "event_date": day,
            "route": route,
            "skew_s": median(found),
            "least_skew_s": min(found),
            "greatest_skew_s": max(found),
            "live_count": len(found),
        }
        for (day, route), found in sorted(skews.items())
    ]
