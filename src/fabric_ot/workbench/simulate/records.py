"""Rows of reference files, and the truth that belongs to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Sequence[Any]


@dataclass(frozen=True)
class Records:
    """The rows of one reference file: those to be taken, and those to be refused, each with its reason."""

    entity: str
    good: Sequence[Row]
    bad: Sequence[tuple[Row, str]] = ()


@dataclass(frozen=True)
class Family:
    """The reference files of one family, and the rows that must come out, by the name of their claim."""

    records: tuple[Records, ...] = ()
    truth: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
