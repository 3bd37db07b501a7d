"""What whole runs are watched with."""

from __future__ import annotations

import pytest


class Silent:
    """A watch that only remembers what failed."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def step(self, text: str) -> None:
        pass

    def activity(self, event) -> None:
        if event.phase == "ended" and event.status == "Failed":
            self.failed.append(f"{event.pipeline}/{event.name}: {event.message}")


@pytest.fixture(scope="module")
def silent() -> Silent:
    """A watch that prints nothing."""
    return Silent()
