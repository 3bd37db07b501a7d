"""The storage engine: aggregates and distinct values of expanded tables, asked of DuckDB under a filter context.

A query over table T reads T joined with every table that it reaches; each filter becomes a condition on that join.
Groups of one result share a query: an aggregate asked in a cell is computed for all cells at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from fabric_ot.errors import DaxError, NotSupportedError
from fabric_ot.workbench.items.semantic_model import Relationship
from fabric_ot.workbench.local.dax.catalog import Catalog, ColumnKey
from fabric_ot.workbench.local.dax.context import Context, Filter, Row, Scalar
from fabric_ot.workbench.local.dax.loading import STORAGE_TYPES, load_tables, quote
from fabric_ot.workbench.local.dax.values import from_storage

_FUNCTIONS = {
    "SUM": "sum({0})",
    "AVERAGE": "avg({0})",
    "MIN": "min({0})",
    "MAX": "max({0})",
    "COUNT": "nullif(count({0}), 0)",
    "DISTINCTCOUNT": "nullif(count(DISTINCT {0}) + max(CASE WHEN {0} IS NULL THEN 1 ELSE 0 END), 0)",
    "COUNTROWS": "nullif(count(*), 0)",
}
_EXACT = {"SUM": "fsum({0})", "AVERAGE": "favg({0})"}


@dataclass(frozen=True)
class Aggregate:
    """One aggregate over one column of a table, or over its rows."""

    function: str
    table: str
    column: ColumnKey | None = None


class Storage:
    """Holds the framed tables and answers aggregates and distinct values; every answer is remembered."""

    def __init__(self, catalog: Catalog, tables: Mapping[str, pa.Table]) -> None:
        """Load `tables` by model table name, with the model's column names."""
        self._catalog = catalog
        # One thread: sums of doubles then do not depend on scheduling.
        self._connection = duckdb.connect(config={"threads": 1})
        load_tables(self._connection, catalog, tables)
        self._registered: dict[Filter, str] = {}
        self._grouped: dict[tuple[object, ...], dict[Row, Scalar]] = {}
        self._distinct: dict[tuple[object, ...], tuple[Row, ...]] = {}
        self._has_orphans: dict[str, bool] = {}

    def aggregate(self, aggregate: Aggregate, context: Context) -> Scalar:
        """Return the aggregate in `context`; BLANK where no row is visible."""
        columns, values = (context.cell.columns, context.cell.values) if context.cell else ((), ())
        reached = set(self._catalog.expansion(aggregate.table).tables)
        wanted = [i for i, column in enumerate(columns) if column.table in reached]
        group = tuple(columns[i] for i in wanted)
        key = (aggregate, context.filters, group)
        if key not in self._grouped:
            self._grouped[key] = self._query_groups(aggregate, context.filters, group)
        return self._grouped[key].get(tuple(values[i] for i in wanted))

    def distinct(self, columns: Sequence[ColumnKey], context: Context, *, with_blank: bool) -> tuple[Row, ...]:
        """Return the distinct visible values of columns of one table's expansion.

        `with_blank` adds the blank row that stands for keys of the many side without a match on the one side.
        """
        filters = context.all_filters()
        key = (tuple(columns), filters, with_blank)
        if key not in self._distinct:
            table = columns[0].table
            rows = self._rows(table, columns, filters, distinct=True)
            blank: Row = (None,) * len(columns)
            if with_blank and blank not in rows and self._shows_blank_row(table, filters):
                rows.append(blank)
            self._distinct[key] = tuple(rows)
        return self._distinct[key]

    def rows(self, table: str, context: Context, *, with_blank: bool) -> tuple[Row, ...]:
        """Return the visible rows of an expanded table, duplicates included."""
        filters = context.all_filters()
        columns = self._catalog.expanded_columns(table)
        rows = self._rows(table, columns, filters, distinct=False)
        if with_blank and self._shows_blank_row(table, filters):
            rows.append((None,) * len(columns))
        return tuple(rows)

    def _query_groups(
        self, aggregate: Aggregate, filters: tuple[Filter, ...], group: tuple[ColumnKey, ...]
    ) -> dict[Row, Scalar]:
        source = _Source(self._catalog, aggregate.table)
        where, parameters = self._where(source, filters)
        keys = [source.column(column) for column in group]
        selected = ", ".join([*keys, self._aggregate_sql(aggregate, source)])
        by = f" GROUP BY {', '.join(keys)}" if keys else ""
        result = self._connection.execute(f"SELECT {selected} {source.sql}{where}{by}", parameters).fetchall()
        return {tuple(map(from_storage, row[:-1])): from_storage(row[-1]) for row in result}

    def _aggregate_sql(self, aggregate: Aggregate, source: _Source) -> str:
        if aggregate.column is None:
            return _FUNCTIONS[aggregate.function]
        is_double = self._catalog.data_type(aggregate.column) in ("double", "decimal")
        pattern = (_EXACT if is_double else {}).get(aggregate.function, _FUNCTIONS[aggregate.function])
        return pattern.format(source.column(aggregate.column))

    def _rows(
        self, table: str, columns: Sequence[ColumnKey], filters: tuple[Filter, ...], *, distinct: bool
    ) -> list[Row]:
        source = _Source(self._catalog, table)
        where, parameters = self._where(source, filters)
        selected = ", ".join(source.column(column) for column in columns)
        word = "SELECT DISTINCT" if distinct else "SELECT"
        result = self._connection.execute(f"{word} {selected} {source.sql}{where}", parameters).fetchall()
        return [tuple(map(from_storage, row)) for row in result]

    def _where(self, source: _Source, filters: tuple[Filter, ...]) -> tuple[str, list[Scalar]]:
        conditions: list[str] = []
        parameters: list[Scalar] = []
        for item in (projected for f in filters if (projected := _project(f, source.tables)) is not None):
            if len(item.rows) == 1:
                self._equal(source, item, conditions, parameters)
            else:
                conditions.append(self._among(source, item))
        return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), parameters

    def _equal(self, source: _Source, item: Filter, conditions: list[str], parameters: list[Scalar]) -> None:
        for column, value in zip(item.columns, next(iter(item.rows)), strict=True):
            if value is None:
                conditions.append(f"{source.column(column)} IS NULL")
            else:
                conditions.append(f"{source.compared(column)} = {source.folded(column, '?')}")
                parameters.append(value)

    def _among(self, source: _Source, item: Filter) -> str:
        """Many rows travel as a registered table: typed like the columns, compared null-safe."""
        if item not in self._registered:
            name = f"filter_{len(self._registered)}"
            types = [STORAGE_TYPES[self._catalog.data_type(column)][1] for column in item.columns]
            cells = list(zip(*item.rows, strict=True)) or [()] * len(item.columns)
            arrays = [pa.array(list(cell), type=kind) for cell, kind in zip(cells, types, strict=True)]
            self._connection.register(name, pa.table(arrays, names=[f"c{i}" for i in range(len(arrays))]))
            self._registered[item] = name
        name = self._registered[item]
        pairs = (
            f"{source.folded(column, f'f.c{i}')} IS NOT DISTINCT FROM {source.compared(column)}"
            for i, column in enumerate(item.columns)
        )
        return f"EXISTS (SELECT 1 FROM {name} f WHERE {' AND '.join(pairs)})"  # noqa: S608

    def _shows_blank_row(self, table: str, filters: tuple[Filter, ...]) -> bool:
        tables = self._catalog.expansion(table).tables
        for item in filters:
            projected = _project(item, tables)
            if projected is not None and (None,) * len(projected.columns) not in projected.rows:
                return False
        return self._orphans(table)

    def _orphans(self, table: str) -> bool:
        """Say whether a many side holds a key that `table` does not have (an empty key has no match either)."""
        if table not in self._has_orphans:
            self._has_orphans[table] = any(
                self._is_unmatched(end) or self._orphans(end.from_table) for end in self._catalog.incoming(table)
            )
        return self._has_orphans[table]

    def _is_unmatched(self, end: Relationship) -> bool:
        source = _Source(self._catalog, end.from_table)
        one_side = source.column(ColumnKey(end.to_table, end.to_column))
        statement = f"SELECT 1 {source.sql} WHERE {one_side} IS NULL LIMIT 1"
        return bool(self._connection.execute(statement).fetchall())


class _Source:
    """The FROM clause of an expanded table."""

    def __init__(self, catalog: Catalog, table: str) -> None:
        expansion = catalog.expansion(table)
        self.tables = expansion.tables
        self._catalog = catalog
        self._aliases = {name: f"t{number}" for number, name in enumerate(self.tables)}
        joins = [
            f"LEFT JOIN {quote(end.to_table)} {self._aliases[end.to_table]} ON "
            f"{self.compared(ColumnKey(end.from_table, end.from_column))} = "
            f"{self.compared(ColumnKey(end.to_table, end.to_column))}"
            for end in expansion.relationships
        ]
        self.sql = " ".join([f"FROM {quote(table)} t0", *joins])

    def compared(self, key: ColumnKey) -> str:
        """Return the column as SQL for a comparison: text without case."""
        return self.folded(key, self.column(key))

    def folded(self, key: ColumnKey, sql: str) -> str:
        """Return `sql`, a value of the column `key`, without case where it is text."""
        return f"lower({sql})" if self._catalog.data_type(key) == "string" else sql

    def column(self, key: ColumnKey) -> str:
        """Return the column as SQL."""
        if key.table not in self._aliases:
            message = f"{key} is not reached from {self.tables[0]!r} over relationships"
            raise DaxError(message)
        return f"{self._aliases[key.table]}.{quote(key.column)}"


def _project(item: Filter, tables: Sequence[str]) -> Filter | None:
    """Return the part of a filter that restricts `tables`, None if it does not touch them."""
    inside = frozenset(column for column in item.columns if column.table in tables)
    if not inside:
        return None
    outside = frozenset(item.columns) - inside
    if outside and item.base is None:
        names = ", ".join(str(column) for column in item.columns)
        message = f"a filter over ({names}) that {tables[0]!r} reaches only in part is not supported"
        raise NotSupportedError(message)
    return item.without(outside)
