"""What the data is: every table and message of the plant. Plain data, no engine."""

from __future__ import annotations

from fabric_ot.contracts.bronze import BRONZE_TABLES
from fabric_ot.contracts.gold import GOLD_TABLES
from fabric_ot.contracts.silver import SILVER_TABLES
from fabric_ot.contracts.table import Column, Table

ALL_TABLES: tuple[Table, ...] = (*BRONZE_TABLES, *SILVER_TABLES, *GOLD_TABLES)


def find_table(layer: str, full_name: str) -> Table:
    """Return the contract of `schema.name` in `layer`.

    Raises:
        KeyError: there is no such table; the message lists those there are.

    Example:
        >>> find_table("bronze", "plant.message").key
        ('route', 'source_partition', 'source_offset')
    """
    for table in ALL_TABLES:
        if table.layer == layer and table.full_name == full_name:
            return table
    known = ", ".join(t.full_name for t in ALL_TABLES if t.layer == layer)
    message = f"no contract for {full_name!r} in layer {layer!r}; known: {known}"
    raise KeyError(message)


__all__ = ["ALL_TABLES", "BRONZE_TABLES", "GOLD_TABLES", "SILVER_TABLES", "Column", "Table", "find_table"]
