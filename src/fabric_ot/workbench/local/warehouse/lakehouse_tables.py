"""Delta tables of other items as T-SQL sees them through a SQL endpoint: read-only, one version per batch."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


class LakehouseTables:
    """The tables of other items that one batch has read so far."""

    def __init__(self, engine: Engine, catalog: Catalog) -> None:
        """Read nothing yet."""
        self._engine = engine
        self._catalog = catalog
        self._versions: dict[tuple[str, str, str], int] = {}
        self._loaded: dict[tuple[str, str, str], Relation] = {}

    def relation(self, database: str, schema: str, table: str) -> Relation:
        """Load the table once per batch and return it as a source.

        Raises:
            TsqlError: there is no such table (208).
        """
        key = (database, schema, table)
        if key not in self._loaded:
            self._loaded[key] = self._load(key)
        return self._loaded[key]

    def forget_after_rollback(self) -> None:
        """Drop the copies, which the rollback may have undone; the batch goes on reading the same versions."""
        for relation in self._loaded.values():
            self._engine.execute(f"DROP TABLE IF EXISTS {relation.sql}")
        self._loaded.clear()

    def end_batch(self) -> None:
        """Drop the copies, so that the next batch sees the newest versions."""
        self.forget_after_rollback()
        self._versions.clear()

    def _load(self, key: tuple[str, str, str]) -> Relation:
        try:
            from deltalake import DeltaTable, QueryBuilder
        except ImportError as exc:
            raise MissingDependencyError.for_extra("Reading lakehouse tables", "local") from exc
        name = ".".join(key)
        folder = self._catalog(*key)
        if folder is None or not DeltaTable.is_deltatable(str(folder)):
            hint = "run the step that writes it; the shortcut resolves to no Delta table."
            raise TsqlError(208, f"Invalid object name '{name}'.", hint=hint)
        table = DeltaTable(str(folder), version=self._versions.get(key))
        self._versions[key] = table.version()
        columns, hidden = _visible_columns(table)
        where = f"temp.{quoted_name('lakehouse ' + name)}"
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
