"""What a claim is: about a table, or about measures of the semantic model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """The rows that `GroundTruth.families[truth]` holds are the rows of `sql`.

    `keys` are compared as text and tell rows apart; `values` are numbers, equal within one part in a million.
    """

    truth: str
    text: str
    sql: str
    keys: tuple[str, ...]
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class MeasureClaim:
    """The rows that `GroundTruth.families[truth]` holds are what the model's measures give by group.

    `keys` maps a key of the truth to the model's (table, column), `values` a number of the truth to a measure.
    """

    truth: str
    text: str
    keys: Mapping[str, tuple[str, str]]
    values: Mapping[str, str]
