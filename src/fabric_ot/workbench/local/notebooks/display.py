"""What `display` keeps of the things that a notebook shows."""

from __future__ import annotations

from typing import Any

from fabric_ot.workbench.local.notebooks.records import Displayed

MAX_ROWS = 100


class Display:
    """Collects; a frame is computed as far as it is shown."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.shown: list[Displayed] = []

    def __call__(self, value: Any, *_: Any, **__: Any) -> None:
        """Keep what a person would see of `value`."""
        self.shown.append(_shown(value))


def _shown(value: Any) -> Displayed:
    if callable(getattr(value, "limit", None)) and callable(getattr(value, "collect", None)):
        rows = [row.asDict(recursive=True) for row in value.limit(MAX_ROWS + 1).collect()]
        return Displayed(tuple(rows[:MAX_ROWS]), len(rows) > MAX_ROWS)
    return Displayed(value)
