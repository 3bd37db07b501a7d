"""What a job tells when it ends: counts and notes, as a notebook's exit value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fabric_ot.lakehouse import MergeCounts


@dataclass(frozen=True)
class JobReport:
    """The counts of one run of one job, and what a person should know about it."""

    job: str
    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the report as one line of JSON; pipelines read it from the notebook's exit value.

        Example:
            >>> JobReport("messages", {"files": 2}).to_json()
            '{"job": "messages", "counts": {"files": 2}, "notes": []}'
        """
        return json.dumps({"job": self.job, "counts": dict(self.counts), "notes": list(self.notes)})


def changed_rows(written: Mapping[str, MergeCounts]) -> dict[str, int]:
    """Return how many rows of each table were written, by the table's name without its schema."""
    return {table.rpartition(".")[2]: counts.changed for table, counts in written.items()}
