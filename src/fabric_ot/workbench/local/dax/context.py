"""Where an expression is evaluated: the filter context, the row context and the variables. Immutable values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from fabric_ot.workbench.local.dax.catalog import ColumnKey

Scalar = int | float | str | bool | dt.date | dt.datetime | None
"""A DAX value; BLANK is None."""

Row = tuple[Scalar, ...]


@dataclass(frozen=True)
class Filter:
    """The rows that some columns may show. `base` is set when they are the columns of one expanded table."""

    columns: tuple[ColumnKey, ...]
    rows: frozenset[Row]
    base: str | None = None

    def without(self, columns: frozenset[ColumnKey]) -> Filter | None:
        """Return the filter as it stands when `columns` are no longer filtered; None if nothing is left."""
        kept = [i for i, column in enumerate(self.columns) if column not in columns]
        if len(kept) == len(self.columns):
            return self
        if not kept:
            return None
        rows = frozenset(tuple(row[i] for i in kept) for row in self.rows)
        return Filter(tuple(self.columns[i] for i in kept), rows, self.base)


@dataclass(frozen=True)
class RowContext:
    """The row that an iteration stands on. Rows of an expanded table show their own columns; RELATED reads the rest."""

    values: Mapping[ColumnKey, Scalar]
    base: str | None = None

    def shows(self, key: ColumnKey) -> bool:
        """Say whether a plain column reference may read `key` here."""
        return key in self.values and self.base in (None, key.table)

    def as_filter(self) -> Filter | None:
        """Return the row as a filter on its columns; None if no column comes from the model."""
        columns = tuple(key for key in self.values if key.table)
        return Filter(columns, frozenset([tuple(self.values[key] for key in columns)]), self.base) if columns else None


@dataclass(frozen=True)
class TableValue:
    """A table that an expression made: columns with their origin, and rows."""

    columns: tuple[ColumnKey, ...]
    rows: tuple[Row, ...]
    base: str | None = None

    def as_filter(self) -> Filter:
        """Return the table as a filter on its columns."""
        return Filter(self.columns, frozenset(self.rows), self.base)

    def contexts(self) -> Iterable[RowContext]:
        """Yield each row as a row context."""
        for row in self.rows:
            yield RowContext(dict(zip(self.columns, row, strict=True)), self.base)


Value = Scalar | TableValue


@dataclass(frozen=True)
class Cell:
    """One group of a grouped result: its columns and their values, kept apart so that groups share one query."""

    columns: tuple[ColumnKey, ...]
    values: Row

    def filters(self) -> tuple[Filter, ...]:
        """Return the group as one filter per column."""
        pairs = zip(self.columns, self.values, strict=True)
        return tuple(Filter((column,), frozenset([(value,)])) for column, value in pairs)


@dataclass(frozen=True)
class Context:
    """Filters (a cell's come on top of them), row contexts from outer to inner, and variables by lower-case name."""

    filters: tuple[Filter, ...] = ()
    cell: Cell | None = None
    rows: tuple[RowContext, ...] = ()
    variables: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    def all_filters(self) -> tuple[Filter, ...]:
        """Return the filters with those of the cell."""
        return self.filters + (self.cell.filters() if self.cell else ())

    def with_row(self, row: RowContext) -> Context:
        """Return the context inside an iteration over `row`."""
        return replace(self, rows=(*self.rows, row))

    def with_variable(self, name: str, value: Value) -> Context:
        """Return the context in which `name` stands for `value`."""
        return replace(self, variables=MappingProxyType({**self.variables, name.lower(): value}))

    def with_filters(self, filters: Iterable[Filter]) -> Context:
        """Return the context with more filters on top."""
        return replace(self, filters=(*self.filters, *filters))

    def without(self, columns: frozenset[ColumnKey]) -> Context:
        """Return the context in which `columns` are no longer filtered."""
        context = self
        if self.cell and columns.intersection(self.cell.columns):
            context = replace(self, filters=self.all_filters(), cell=None)
        kept = (item.without(columns) for item in context.filters)
        return replace(context, filters=tuple(item for item in kept if item is not None))

    def without_filters(self) -> Context:
        """Return the context without any filter."""
        return replace(self, filters=(), cell=None)


def transition(context: Context) -> Context:
    """Turn the row contexts into filters on their columns, outer rows first, and leave the iteration."""
    moved = replace(context, rows=())
    for row in context.rows:
        item = row.as_filter()
        if item is not None:
            moved = moved.without(frozenset(item.columns)).with_filters([item])
    return moved
