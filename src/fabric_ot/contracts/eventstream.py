"""The declaration of a table that an Eventstream writes into the bronze lakehouse."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fabric_ot.contracts.broker_columns import parse_broker_columns
from fabric_ot.contracts.bronze import BRONZE_TABLES

EVENTSTREAM_COLUMNS: tuple[str, ...] = ("PartitionId", "EventEnqueuedUtcTime", "EventProcessedUtcTime")
"""What an Eventstream adds to each event of its Lakehouse destination."""

_NAME = re.compile(r"\w+\.\w+")
_KEYS = {"table", "columns", "sequence_column"}


@dataclass(frozen=True)
class EventstreamTable:
    """One table that an Eventstream writes: `schema.name`, its columns by placeholder, and the sequence number's.

    Beside them the table has EVENTSTREAM_COLUMNS. The payload is one column: the destination drops members that its
    first event did not have.
    """

    table: str
    columns: tuple[tuple[str, str], ...]
    sequence_column: str

    @property
    def path(self) -> str:
        """Its place in the lakehouse, which its messages carry as their source.

        Example:
            >>> EventstreamTable("plant.raw", (), "number").path
            'Tables/plant/raw'
        """
        return f"Tables/{self.table.replace('.', '/')}"

    def to_dict(self) -> dict[str, Any]:
        """Return the declaration as it stands in `landing.json`."""
        return {"table": self.table, "columns": dict(self.columns), "sequence_column": self.sequence_column}


def parse_eventstreams(items: Any, problems: list[str]) -> tuple[EventstreamTable, ...]:
    """Read the declared tables; what is wrong with them is added to `problems`.

    Example:
        >>> problems = []
        >>> parse_eventstreams([{"table": "raw", "columns": {}, "sequence_column": "n"}], problems)
        ()
        >>> problems
        ["eventstreams[0].table: expected <schema>.<name>, found 'raw'", 'eventstreams[0].columns: none is declared']
    """
    if not isinstance(items, list):
        problems.append(f"eventstreams: expected a list of tables, found {items!r}")
        return ()
    found = [table for n, item in enumerate(items) if (table := _table(item, f"eventstreams[{n}]", problems))]
    problems += [f"eventstreams: {name!r} is declared twice" for name in _repeated([table.table for table in found])]
    return tuple(found)


def _table(item: Any, where: str, problems: list[str]) -> EventstreamTable | None:
    if not isinstance(item, dict) or set(item) != _KEYS:
        problems.append(f"{where}: needs exactly {sorted(_KEYS)}, found {item!r}")
        return None
    known = len(problems)
    name, sequence = str(item["table"]), item["sequence_column"]
    if not _NAME.fullmatch(name):
        problems.append(f"{where}.table: expected <schema>.<name>, found {name!r}")
    if name in {table.full_name for table in BRONZE_TABLES}:
        problems.append(f"{where}.table: {name} is what the landing itself writes; name the Eventstream's own table")
    columns = parse_broker_columns(item["columns"], f"{where}.columns", problems, needs_broker_time=False)
    if item["columns"] == {}:
        problems.append(f"{where}.columns: none is declared")
    if not isinstance(sequence, str) or not sequence:
        problems.append(f"{where}.sequence_column: expected a column's name, found {sequence!r}")
    return EventstreamTable(name, columns, str(sequence)) if len(problems) == known else None


def _repeated(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
