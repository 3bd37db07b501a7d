"""Delta tables of other items as T-SQL sees them through a SQL endpoint: read-only, one version per batch."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from fabric_ot.errors import MissingDependencyError
from fabric_ot.workbench.local.warehouse.engine import Engine
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import (
    BIGINT,
    BIT,
    DATE,
    DATETIME2,
    FLOAT,
    INT,
    MAX_TEXT,
    SMALLINT,
    SqlType,
    decimal_type,
    text_type,
)
from fabric_ot.workbench.local.warehouse.sql_values import quoted_name
from fabric_ot.workbench.local.warehouse.translate.scope import Relation

Catalog = Callable[[str, str, str], Path | None]
"""Finds the Delta folder of `database.schema.table`; None where there is none."""

Key = tuple[str, str, str]
"""Database, schema and table."""

_TYPES: dict[str, SqlType] = {
    "string": text_type(MAX_TEXT),
    "long": BIGINT,
    "integer": INT,
    "short": SMALLINT,
    "byte": SMALLINT,
    "double": FLOAT,
    "float": FLOAT,
    "boolean": BIT,
    "timestamp": DATETIME2,
    "timestamp_ntz": DATETIME2,
    "date": DATE,
}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")
_ARRIVING = "fabric_ot_arriving"


class _Copy(NamedTuple):
    table_id: str
    version: int
    relation: Relation


class LakehouseTables:
    """Which versions of other items' tables a batch reads, and copies that later batches may read again."""

    def __init__(self, engine: Engine, catalog: Catalog) -> None:
        """Read nothing yet."""
        self._engine = engine
        self._catalog = catalog
        self._versions: dict[Key, int] = {}
        self._copies: dict[Key, _Copy] = {}

    def relation(self, database: str, schema: str, table: str) -> Relation:
        """Load the table once per batch and return it as a source; a copy of the same version is not loaded again.

        Raises:
            TsqlError: there is no such table (208).
        """
        key = (database, schema, table)
        if key not in self._versions or key not in self._copies:
            self._refresh(key)
        return self._copies[key].relation

    def forget_after_rollback(self) -> None:
        """Drop the copies, which the rollback may have undone; the batch goes on reading the same versions."""
        for copy in self._copies.values():
            self._engine.execute(f"DROP TABLE IF EXISTS {copy.relation.sql}")
        self._copies.clear()

    def end_batch(self) -> frozenset[str]:
        """Let the next batch see the newest versions; returns the temporary tables that it may read again."""
        self._versions.clear()
        return frozenset(map(_copy_name, self._copies))

    def _refresh(self, key: Key) -> None:
        """Settle which version the batch reads, and hold a copy of it."""
        table = self._open(key)
        table_id, version = table.metadata().id, table.version()
        held = self._copies.get(key)
        # A table that was written anew may have the version of the one that it replaced, but never its id.
        if held is None or (held.table_id, held.version) != (table_id, version):
            self._copies[key] = _Copy(table_id, version, self._load(key, table))
        self._versions[key] = version

    def _open(self, key: Key) -> Any:
        try:
            from deltalake import DeltaTable
        except ImportError as exc:
            raise MissingDependencyError.for_extra("Reading lakehouse tables", "local") from exc
        name = ".".join(key)
        folder = self._catalog(*key)
        if folder is None or not DeltaTable.is_deltatable(str(folder)):
            hint = "run the step that writes it; the shortcut resolves to no Delta table."
            raise TsqlError(208, f"Invalid object name '{name}'.", hint=hint)
        return DeltaTable(str(folder), version=self._versions.get(key))

    def _load(self, key: Key, table: Any) -> Relation:
        from deltalake import QueryBuilder

        columns, hidden = _visible_columns(table)
        where = f"temp.{quoted_name(_copy_name(key))}"
        # Not the dataset reader: it shows nulls under column mapping and refuses deletion vectors.
        projection = ", ".join(map(quoted_name, columns))
        rows = QueryBuilder().register("arriving", table).execute(f"SELECT {projection} FROM arriving")
        self._engine.connection.register(_ARRIVING, rows)
        try:
            items = ", ".join(_read(name, type_) for name, type_ in columns.items())
            self._engine.execute(f"CREATE OR REPLACE TEMP TABLE {where} AS SELECT {items} FROM {_ARRIVING}")
        finally:
            if not self._engine.is_doomed:
                self._engine.connection.unregister(_ARRIVING)
        return Relation(columns, where, hidden=hidden)


def _copy_name(key: Key) -> str:
    return f"lakehouse {'.'.join(key)}"


def _visible_columns(table: Any) -> tuple[dict[str, SqlType], dict[str, str]]:
    columns: dict[str, SqlType] = {}
    hidden: dict[str, str] = {}
    for field in table.schema().fields:
        name = getattr(field.type, "type", None)
        decimal = _DECIMAL.fullmatch(str(name))
        if decimal:
            columns[field.name] = decimal_type(int(decimal[1]), int(decimal[2]))
        elif name in _TYPES:
            columns[field.name] = _TYPES[name]
        else:
            hidden[field.name] = f"its Delta type ({name or 'a complex type'}) is not visible to T-SQL."
    return columns, hidden


def _read(name: str, type_: SqlType) -> str:
    column = quoted_name(name)
    if type_ == DATETIME2:
        # By microseconds since the epoch: a cast would depend on the session's time zone.
        return f"make_timestamp(epoch_us({column})) AS {column}"
    return f"CAST({column} AS {type_.engine}) AS {column}"
