"""What a batch knows while it runs: variables, temporary tables, the transaction, caught errors, what it changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.items.tsql_table import Cursor, TableColumn
from fabric_ot.workbench.items.tsql_tokens import tokenize
from fabric_ot.workbench.local.warehouse.engine import Engine, table_relation
from fabric_ot.workbench.local.warehouse.lakehouse_tables import LakehouseTables
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import BIGINT, INT, SMALLINT, SqlType, text_type
from fabric_ot.workbench.local.warehouse.sql_values import quoted_name
from fabric_ot.workbench.local.warehouse.statements import Procedure
from fabric_ot.workbench.local.warehouse.translate.scope import Relation

TableKey = tuple[str, str]


@dataclass
class Held:
    """One variable: its declared type and its value."""

    type: SqlType
    value: Any = None


@dataclass
class Frame:
    """The names of one batch or one procedure call."""

    procedure: str | None = None
    variables: dict[str, Held] = field(default_factory=dict)
    tables: dict[str, Relation] = field(default_factory=dict)


@dataclass(frozen=True)
class Objects:
    """The Warehouse's own objects: tables change with DDL, views and procedures come from the project."""

    database: str
    tables: dict[TableKey, tuple[TableColumn, ...]]
    views: Mapping[TableKey, exp.Query]
    procedures: Mapping[TableKey, Procedure]


class Session:
    """The state of one batch; it is the `Context` of every statement in it."""

    def __init__(self, engine: Engine, objects: Objects, lakehouses: LakehouseTables, now: dt.datetime) -> None:
        """Start a batch at the instant `now`."""
        self.engine = engine
        self.objects = objects
        self.lakehouses = lakehouses
        self.now = now
        self.frames: list[Frame] = [Frame()]
        self.transactions = 0
        self.rowcount = 0
        self.last_error = 0
        self.caught: list[TsqlError] = []
        self.messages: list[str] = []
        self.result_sets: list[tuple[dict[str, Any], ...]] = []
        self.rows_changed = 0
        self.touched_tables = False
        self.changed: set[TableKey] = set()
        self.committed: set[TableKey] = set()
        self._numbers = 0

    @property
    def frame(self) -> Frame:
        """The frame of the running procedure."""
        return self.frames[-1]

    def held(self, name: str) -> Held:
        """Return a variable.

        Raises:
            TsqlError: it is not declared (137).
        """
        if name not in self.frame.variables:
            raise TsqlError(137, f'Must declare the scalar variable "{name}".')
        return self.frame.variables[name]

    def variable(self, name: str) -> tuple[Any, SqlType]:
        """Return value and type of `@name` or of a system variable."""
        if not name.startswith("@@"):
            held = self.held(name)
            return held.value, held.type
        system = {
            "@@rowcount": self.rowcount,
            "@@error": self.last_error,
            "@@trancount": self.transactions,
            "@@nestlevel": len(self.frames) - 1,
        }
        if name not in system:
            message = f"the system variable {name} is not supported. Supported: {sorted(system)}."
            raise NotSupportedError(message)
        return system[name], INT

    def session_function(self, name: str) -> tuple[Any, SqlType] | None:
        """Return ERROR_*(), XACT_STATE(), ROWCOUNT_BIG() and DB_NAME(); None for all other names."""
        if name == "XACT_STATE":
            return (0 if not self.transactions else -1 if self.engine.is_doomed else 1), SMALLINT
        if name == "ROWCOUNT_BIG":
            return self.rowcount, BIGINT
        if name == "DB_NAME":
            return self.objects.database, text_type(128)
        error = self.caught[-1] if self.caught else None
        known: dict[str, tuple[str, SqlType]] = {
            "ERROR_NUMBER": ("number", INT),
            "ERROR_MESSAGE": ("text", text_type(4000)),
            "ERROR_SEVERITY": ("severity", INT),
            "ERROR_STATE": ("state", INT),
            "ERROR_LINE": ("line", INT),
            "ERROR_PROCEDURE": ("procedure", text_type(128)),
        }
        if name not in known:
            return None
        attribute, type_ = known[name]
        return (getattr(error, attribute) if error is not None else None), type_

    def relation(self, parts: tuple[str, ...]) -> Relation:
        """Return what a table name means: a temporary table, an own table or view, or a lakehouse's table."""
        self.touched_tables = True
        if parts[0].startswith(("#", "@")):
            return self._temporary(parts[0])
        if len(parts) > 3:
            message = f"the four-part name {'.'.join(parts)} is not supported. Hint: linked servers do not exist."
            raise NotSupportedError(message)
        if len(parts) == 3 and parts[0] != self.objects.database:
            return self.lakehouses.relation(parts[0], parts[1], parts[2])
        key = own_key(parts)
        if key in self.objects.views:
            return Relation({}, view=self.objects.views[key])
        if key in self.objects.tables:
            return self.own_table(key)
        known = sorted(".".join(k) for k in (*self.objects.tables, *self.objects.views))
        raise TsqlError(208, f"Invalid object name '{'.'.join(parts)}'.", hint=f"objects here: {', '.join(known)}.")

    def own_table(self, key: TableKey) -> Relation:
        """Return a stored table."""
        where = ".".join(map(quoted_name, key))
        return table_relation(where, self.objects.tables[key], target=".".join(key))

    def _temporary(self, name: str) -> Relation:
        frames = reversed(self.frames) if name.startswith("#") else [self.frame]
        for frame in frames:
            if name in frame.tables:
                return frame.tables[name]
        number, what = (
            (208, "Invalid object name") if name.startswith("#") else (1087, "Must declare the table variable")
        )
        raise TsqlError(number, f"{what} '{name}'.")

    def object_id(self, name: str) -> int | None:
        """Return a number for a table, view, procedure or temporary table of that name."""
        parts = Cursor(tokenize(name.replace("..", ".dbo."))).dotted_name()
        if len(parts) == 3 and parts[0].lower() == "tempdb":
            parts = parts[-1:]
        if parts[-1].startswith("#"):
            return next((1 for frame in self.frames if parts[-1] in frame.tables), None)
        keys = [*self.objects.tables, *self.objects.views, *self.objects.procedures]
        key = own_key(parts)
        return keys.index(key) + 1 if key in keys else None

    def next_temporary(self, name: str) -> str:
        """Return a new place for a temporary table: two calls of one procedure do not share theirs."""
        self._numbers += 1
        return f"temp.{quoted_name(f'{name} {self._numbers}')}"


def own_key(parts: tuple[str, ...]) -> TableKey:
    """Return schema and name; without a schema it is dbo."""
    return (parts[-2] if len(parts) > 1 else "dbo", parts[-1])
