"""Framed Arrow tables into DuckDB, with the model's types; one-side keys are checked, text is folded by case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from fabric_ot.errors import DaxError
from fabric_ot.workbench.items.semantic_model import DataType
from fabric_ot.workbench.local.dax.catalog import Catalog

STORAGE_TYPES: dict[DataType, tuple[str, Any]] = {
    "string": ("VARCHAR", pa.string()),
    "int64": ("BIGINT", pa.int64()),
    "double": ("DOUBLE", pa.float64()),
    "decimal": ("DOUBLE", pa.float64()),
    "boolean": ("BOOLEAN", pa.bool_()),
    "dateTime": ("TIMESTAMP", pa.timestamp("us")),
}
"""DuckDB and Arrow types behind each data type of a model."""


def quote(name: str) -> str:
    """Return a name quoted for SQL.

    Example:
        >>> print(quote("State Time"))
        "State Time"
    """
    return '"' + name.replace('"', '""') + '"'


def load_tables(connection: duckdb.DuckDBPyConnection, catalog: Catalog, tables: Mapping[str, pa.Table]) -> None:
    """Create one DuckDB table per model table.

    Raises:
        DaxError: a table or column is missing, a value does not fit its type, or a one-side key is not unique.
    """
    connection.execute("SET TimeZone = 'UTC'")
    for table in catalog.model.tables:
        if table.name not in tables:
            message = f"no data for table {table.name!r}; given: {sorted(tables)}"
            raise DaxError(message)
        _load(connection, catalog, table.name, tables[table.name])
    for table in catalog.model.tables:
        _check_keys(connection, catalog, table.name)


def _load(connection: duckdb.DuckDBPyConnection, catalog: Catalog, name: str, data: pa.Table) -> None:
    columns = catalog.own_columns(name)
    missing = sorted({key.column for key in columns} - set(data.column_names))
    if missing:
        message = f"the data for table {name!r} has no column(s) {missing}; it has {sorted(data.column_names)}"
        raise DaxError(message)
    selected = []
    for key in columns:
        data_type = catalog.data_type(key)
        if data_type not in STORAGE_TYPES:
            message = f"{key}: data type {data_type!r} cannot be queried"
            raise DaxError(message)
        selected.append(f"CAST({quote(key.column)} AS {STORAGE_TYPES[data_type][0]}) AS {quote(key.column)}")
    connection.register("incoming", data)
    try:
        connection.execute(f"CREATE TABLE {quote(name)} AS SELECT {', '.join(selected)} FROM incoming")  # noqa: S608
    except duckdb.Error as exc:
        message = f"the data for table {name!r} does not fit the model's types: {exc}"
        raise DaxError(message) from exc
    finally:
        connection.unregister("incoming")
    for key in columns:
        if catalog.data_type(key) == "string":
            _fold(connection, name, key.column)


def _fold(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> None:
    """Spellings that differ by case only are one value in a model: the least one stands for all."""
    name, value = quote(table), quote(column)
    groups = (
        f"SELECT lower({value}) AS folded, min({value}) AS least FROM {name} "  # noqa: S608
        f"GROUP BY 1 HAVING count(DISTINCT {value}) > 1"
    )
    connection.execute(
        f"UPDATE {name} SET {value} = g.least FROM ({groups}) g WHERE lower({name}.{value}) = g.folded"  # noqa: S608
    )


def _check_keys(connection: duckdb.DuckDBPyConnection, catalog: Catalog, table: str) -> None:
    for column in sorted({relationship.to_column for relationship in catalog.incoming(table)}):
        key = quote(column)
        counts = f"count({key}) - count(DISTINCT {key}), count(*) - count({key})"
        repeated, empty = connection.execute(f"SELECT {counts} FROM {quote(table)}").fetchall()[0]  # noqa: S608
        if repeated or empty:
            message = f"{table}[{column}] is the one side of a relationship but has repeated or empty values"
            raise DaxError(message)
