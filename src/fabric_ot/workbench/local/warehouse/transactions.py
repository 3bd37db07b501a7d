"""BEGIN, COMMIT and ROLLBACK: nesting counts, one rollback undoes all, table variables keep their rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fabric_ot.workbench.local.warehouse.session import Session
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.translate.scope import Relation

_RETURNING = "fabric_ot_returning"


@dataclass
class _KeptRows:
    create: str
    rows: Any


class Transactions:
    """The transaction of one session."""

    def __init__(self, session: Session) -> None:
        """No transaction is open."""
        self._session = session
        self._tables_before: list[tuple[dict[str, Relation], dict[str, Relation]]] = []
        self._kept: dict[str, _KeptRows] = {}
        self._definitions: dict[str, str] = {}

    def begin(self) -> None:
        """Open the transaction, or count one level more."""
        session = self._session
        if session.transactions == 0:
            session.engine.begin()
            self._tables_before = [(frame.tables, dict(frame.tables)) for frame in session.frames]
        session.transactions += 1
        session.rowcount = 0

    def commit(self) -> None:
        """Count one level less; the last one commits."""
        session = self._session
        if session.transactions == 0:
            raise TsqlError(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        if session.transactions == 1:
            session.engine.commit()
            self._kept.clear()
            self.keep_changes()
        session.transactions -= 1
        session.rowcount = 0

    def keep_changes(self) -> None:
        """Note the changed tables as committed."""
        self._session.committed |= self._session.changed
        self._session.changed.clear()

    def rollback(self) -> None:
        """Undo everything since the first BEGIN, at whatever level."""
        session = self._session
        if session.transactions == 0:
            raise TsqlError(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        session.engine.rollback()
        session.transactions = 0
        session.rowcount = 0
        session.changed.clear()
        self._restore_temporary_tables()
        self._restore_table_variables()
        session.lakehouses.forget_after_rollback()
        session.objects.tables.clear()
        session.objects.tables.update(session.engine.tables())

    def _restore_temporary_tables(self) -> None:
        before = {id(tables): old for tables, old in self._tables_before}
        for frame in self._session.frames:
            old = before.get(id(frame.tables), {})
            variables = {name: relation for name, relation in frame.tables.items() if name.startswith("@")}
            frame.tables.clear()
            frame.tables.update({n: r for n, r in old.items() if n.startswith("#")} | variables)

    def define_table_variable(self, relation: Relation, create: str) -> None:
        """Remember how a table variable is created, so that a rollback cannot take it away."""
        self._definitions[relation.sql] = create
        self.keep_rows(relation)

    def keep_rows(self, relation: Relation) -> None:
        """Keep a copy of a table variable's rows while a transaction is open: a rollback does not undo them."""
        if self._session.transactions and relation.sql in self._definitions:
            rows = self._session.engine.arrow(f"SELECT * FROM {relation.sql}")
            self._kept[relation.sql] = _KeptRows(self._definitions[relation.sql], rows)

    def _restore_table_variables(self) -> None:
        engine = self._session.engine
        for where, kept in self._kept.items():
            engine.execute(f"DROP TABLE IF EXISTS {where}")
            engine.execute(kept.create)
            engine.connection.register(_RETURNING, kept.rows)
            engine.execute(f"INSERT INTO {where} SELECT * FROM {_RETURNING}")
            engine.connection.unregister(_RETURNING)
        self._kept.clear()
