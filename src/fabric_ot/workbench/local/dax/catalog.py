"""What names mean in a model: tables, columns, measures, and which tables a table reaches (its expansion).

Names are compared without case. A table's expansion is the table itself and every table that it reaches over active
relationships from the many to the one side: a filter on any column of the expansion restricts the table.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import NamedTuple

from fabric_ot.errors import DaxError, NotSupportedError
from fabric_ot.workbench.items.semantic_model import Column, DataType, Measure, Relationship, SemanticModel


class ColumnKey(NamedTuple):
    """One column; the table is empty for columns that an expression makes."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}[{self.column}]"


@dataclass(frozen=True)
class Expansion:
    """The tables that a table reaches, in join order: each relationship leads to one more table."""

    table: str
    relationships: tuple[Relationship, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The table itself first."""
        return (self.table, *(relationship.to_table for relationship in self.relationships))


class Catalog:
    """Finds tables, columns and measures by name and knows each table's expansion."""

    def __init__(self, model: SemanticModel) -> None:
        """Index `model`; refuse what would make numbers ambiguous.

        Raises:
            NotSupportedError: bidirectional, many-to-many or ambiguous active relationships, or an own collation.
        """
        if model.collation:
            message = f"model {model.name!r}: the collation {model.collation!r} is not supported"
            raise NotSupportedError(message)
        self.model = model
        self._tables = {table.name.lower(): table for table in model.tables}
        self._columns = {
            (table.name.lower(), column.name.lower()): (ColumnKey(table.name, column.name), column)
            for table in model.tables
            for column in table.columns
        }
        self._measures = {measure.name.lower(): measure for measure in model.measures}
        self._expansions = {table.name: self._expand(table.name) for table in model.tables}

    def find_table(self, name: str) -> str | None:
        """Return the table's name as the model spells it, or None."""
        table = self._tables.get(name.lower())
        return table.name if table else None

    def table(self, name: str, position: int) -> str:
        """Return the table's name as the model spells it; an unknown one is a `DaxError` with near names."""
        found = self.find_table(name)
        if found is None:
            tables = [table.name for table in self.model.tables]
            message = f"position {position}: there is no table or variable {name!r}{near(name, tables)}"
            raise DaxError(message)
        return found

    def find_column(self, table: str, name: str) -> ColumnKey | None:
        """Return the column's key as the model spells it, or None."""
        found = self._columns.get((table.lower(), name.lower()))
        return found[0] if found else None

    def column(self, table: str, name: str, position: int) -> ColumnKey:
        """Return the column's key; an unknown one is a `DaxError` with near names."""
        found = self.find_column(self.table(table, position), name)
        if found is None:
            message = f"position {position}: there is no column {table}[{name}]{near(name, self._member_names(table))}"
            raise DaxError(message)
        return found

    def find_measure(self, name: str) -> Measure | None:
        """Return the measure, or None."""
        return self._measures.get(name.lower())

    def measure(self, name: str, position: int = 0) -> Measure:
        """Return the measure; an unknown one is a `DaxError` with near names."""
        found = self.find_measure(name)
        if found is None:
            where = f"position {position}: " if position else ""
            names = [measure.name for measure in self.model.measures]
            message = f"{where}there is no measure [{name}]{near(name, names)}"
            raise DaxError(message)
        return found

    def definition(self, key: ColumnKey) -> Column:
        """Return the model's column behind `key`."""
        return self._columns[key.table.lower(), key.column.lower()][1]

    def data_type(self, key: ColumnKey) -> DataType:
        """Return the column's data type."""
        return self.definition(key).data_type

    def expansion(self, table: str) -> Expansion:
        """Return the tables that `table` reaches."""
        return self._expansions[table]

    def own_columns(self, table: str) -> tuple[ColumnKey, ...]:
        """Return the columns of `table` alone."""
        return tuple(ColumnKey(table, name) for name in self._tables[table.lower()].column_names)

    def expanded_columns(self, table: str) -> tuple[ColumnKey, ...]:
        """Return the columns of `table` and of every table that it reaches."""
        return tuple(key for name in self.expansion(table).tables for key in self.own_columns(name))

    def incoming(self, table: str) -> tuple[Relationship, ...]:
        """Return the active relationships whose one side is `table`."""
        return tuple(r for r in self.model.relationships if r.is_active and r.to_table == table)

    def _member_names(self, table: str) -> list[str]:
        found = self._tables[table.lower()]
        return [*found.column_names, *(measure.name for measure in found.measures)]

    def _expand(self, table: str) -> Expansion:
        reached: list[Relationship] = []
        seen = {table}
        waiting = [table]
        while waiting:
            source = waiting.pop(0)
            for relationship in self.model.relationships:
                if not relationship.is_active or relationship.from_table != source:
                    continue
                _refuse_two_ways(relationship)
                if relationship.to_table in seen:
                    message = f"{table!r} reaches {relationship.to_table!r} over two active relationships"
                    raise NotSupportedError(message)
                seen.add(relationship.to_table)
                reached.append(relationship)
                waiting.append(relationship.to_table)
        return Expansion(table, tuple(reached))


def _refuse_two_ways(relationship: Relationship) -> None:
    if relationship.is_bidirectional or not relationship.is_many_to_one:
        message = f"relationship {relationship.name!r}: only many-to-one filters in a single direction are supported"
        raise NotSupportedError(message)


def near(name: str, known: list[str]) -> str:
    """Return the end of a message that names what is spelled alike.

    Example:
        >>> near("Availabilty", ["Availability", "OEE"])
        '; did you mean Availability?'
    """
    by_lower = {item.lower(): item for item in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)
    if found:
        return f"; did you mean {' or '.join(by_lower[item] for item in found)}?"
    return f"; known: {', '.join(sorted(known)) or 'none'}"
