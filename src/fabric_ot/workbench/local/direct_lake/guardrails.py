"""What a capacity allows a Direct Lake model; the numbers are dated data, because they move."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.local.direct_lake.delta_source import TableFacts


@dataclass(frozen=True)
class Guardrails:
    """The limits of one SKU: per table, and for the model on disk (None: no limit)."""

    sku: str
    parquet_files: int
    row_groups: int
    rows: int
    model_bytes: int | None
    as_of: str

    def breaches(self, facts: TableFacts) -> list[str]:
        """Return one sentence per limit that a table exceeds."""
        found = (
            ("Parquet files", facts.parquet_files, self.parquet_files),
            ("row groups", facts.row_groups, self.row_groups),
            ("rows", facts.rows, self.rows),
        )
        return [
            f"{value:,} {what} exceed the limit of {limit:,} on {self.sku} (as of {self.as_of}); "
            "Direct Lake on OneLake cannot fall back: run OPTIMIZE or take a larger capacity"
            for what, value, limit in found
            if value > limit
        ]


def guardrails_of(sku: str) -> Guardrails:
    """Return the limits of a SKU such as "F2".

    Raises:
        NotSupportedError: the SKU is not in the data.

    Example:
        >>> guardrails_of("F2").parquet_files
        1000
    """
    document = _document()
    limits = document["skus"].get(sku)
    if limits is None:
        message = f"no Direct Lake limits are known for the SKU {sku!r}; known: {', '.join(document['skus'])}"
        raise NotSupportedError(message)
    return Guardrails(
        sku=sku,
        parquet_files=limits["parquet_files"],
        row_groups=limits["row_groups"],
        rows=limits["rows_millions"] * 1_000_000,
        model_bytes=None if limits["model_gb"] is None else limits["model_gb"] * 1_000_000_000,
        as_of=document["as_of"],
    )


@cache
def _document() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("guardrails.json").read_text(encoding="utf-8")
    return json.loads(text)
