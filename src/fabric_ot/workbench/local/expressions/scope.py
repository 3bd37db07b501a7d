"""What an expression may see: the run, its variables, finished activities, the current item, a clock and chance."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fabric_ot.workbench.local.expressions.values import Fault


class _NoItem:
    def __repr__(self) -> str:
        return "NO_ITEM"


NO_ITEM: Final = _NoItem()
"""Stands for "not inside a ForEach or Filter"; null is a legal item."""


def _no_clock() -> dt.datetime:
    raise Fault("no clock was given to this evaluation. Hint: Scope(clock=...)")


@dataclass(frozen=True)
class Scope:
    """The surroundings of one evaluation; nothing is read from anywhere else.

    `pipeline` holds the members of `pipeline()`, among them `parameters` and `libraryVariables`.
    `activities` maps a name to `{output, status, error}`. `clock` returns an aware UTC time.
    """

    pipeline: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    activities: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    item: Any = NO_ITEM
    clock: Callable[[], dt.datetime] = _no_clock
    chance: random.Random | None = None

    def dice(self) -> random.Random:
        """Return the source of randomness; asking without one is a fault."""
        if self.chance is None:
            raise Fault("no randomness was given to this evaluation. Hint: Scope(chance=random.Random(7))")
        return self.chance
