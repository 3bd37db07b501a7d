"""What a family of the benchmark is: an input, our transform, and the naive way to the same result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pyspark.sql import DataFrame, SparkSession

Write = Callable[[str, DataFrame], None]
"""Takes one named result; where it goes (nowhere, Delta, Parquet) is the harness's business."""

Way = Callable[[SparkSession, Path, Write], None]
"""Reads the input below a folder and writes every result."""


@dataclass(frozen=True)
class Family:
    """One family; both ways write results of the same names, and the columns of the naive ones must agree."""

    name: str
    naive_way: str
    land: Callable[[Path, int], None]
    ours: Way
    naive: Way
    sink: Literal["noop", "delta"] = "noop"
