"""The local Warehouse: a SQL project deployed, its procedures run, its tables published as Delta."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from fabric_ot.errors import ItemError, NotSupportedError, SqlError
from fabric_ot.workbench.items.tsql_tokens import split_batches
from fabric_ot.workbench.items.warehouse import DEFAULT_COLLATION, WarehouseProject
from fabric_ot.workbench.local.warehouse.deployment import deploy_tables, read_procedures, read_views
from fabric_ot.workbench.local.warehouse.engine import Engine
from fabric_ot.workbench.local.warehouse.interpreter import Interpreter, ReturnSignal
from fabric_ot.workbench.local.warehouse.lakehouse_tables import Catalog, LakehouseTables
from fabric_ot.workbench.local.warehouse.publishing import Publisher
from fabric_ot.workbench.local.warehouse.session import Held, Objects, Session, own_key
from fabric_ot.workbench.local.warehouse.splitter import split
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_values import as_utc, type_of
from fabric_ot.workbench.local.warehouse.statements import Block

Row = dict[str, Any]
Body = Callable[[Interpreter], tuple[int, dict[str, Any]]]


@dataclass(frozen=True)
class ProcedureResult:
    """What a procedure or a script left behind.

    `rowcount` counts the rows of stored tables that it inserted, updated and deleted; `messages` are those of PRINT
    and of RAISERROR up to severity 10; `published` names the tables whose Delta copies got a new version.
    """

    return_code: int
    result_sets: tuple[tuple[Row, ...], ...]
    rowcount: int
    messages: tuple[str, ...]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    published: tuple[str, ...] = ()


class Warehouse:
    """One Warehouse on this machine; a context manager that closes its file."""

    def __init__(
        self,
        engine: Engine,
        project: WarehouseProject,
        *,
        clock: Callable[[], dt.datetime],
        catalog: Catalog,
        publish_to: Path,
    ) -> None:
        """Serve `project` on an open engine; `Warehouse.open` opens one."""
        self._engine = engine
        self._project = project
        self._clock = clock
        self._publisher = Publisher(engine, publish_to)
        self._lakehouses = LakehouseTables(engine, catalog)
        self._objects = Objects(project.name, engine.tables(), read_views(project), read_procedures(project))

    @classmethod
    def open(
        cls,
        path: Path,
        project: WarehouseProject,
        *,
        clock: Callable[[], dt.datetime],
        catalog: Catalog,
        publish_to: Path,
    ) -> Warehouse:
        """Open or create the Warehouse in the file `path`.

        `clock` is asked once per batch; `catalog(database, schema, table)` finds the Delta folder that a three-part
        name of another item means; committed tables are published below `publish_to`, a `Tables` folder.

        Raises:
            SqlError: an object of the project cannot be read; the message names its file.
            NotSupportedError: a case-insensitive collation, a function, or a refused construct in an object.
        """
        if project.collation != DEFAULT_COLLATION:
            message = f"{project.name}: collation {project.collation} is not supported. Supported: {DEFAULT_COLLATION}."
            raise NotSupportedError(message)
        engine = Engine(path)
        try:
            return cls(engine, project, clock=clock, catalog=catalog, publish_to=publish_to)
        except BaseException:
            engine.close()
            raise

    def __enter__(self) -> Warehouse:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; whatever is not committed is lost."""
        self._engine.close()

    def deploy(self) -> tuple[str, ...]:
        """Create schemas and missing tables, and publish what is not yet published; returns the published tables.

        Raises:
            SqlError: a table exists with other columns; says what differs and what to do. Nothing is changed then.
        """
        deploy_tables(self._engine, self._project)
        self._objects.tables.clear()
        self._objects.tables.update(self._engine.tables())
        return self._publish({(table.schema, table.name) for table in self._project.tables()})

    def execute_procedure(self, name: str, parameters: Mapping[str, Any] | None = None) -> ProcedureResult:
        """Run `schema.procedure`; parameter names come with or without `@`, values are Python's.

        Raises:
            SqlError: it failed; names procedure, line, number and text. What it had not committed is undone.
            NotSupportedError: a construct that is refused by name.
        """
        key = own_key(tuple(part.strip("[]") for part in name.split(".")))
        procedure = self._objects.procedures.get(key)
        if procedure is None:
            known = ", ".join(sorted(".".join(k) for k in self._objects.procedures)) or "none"
            raise TsqlError(2812, f"Could not find stored procedure '{name}'.", hint=f"available: {known}.")
        values = {f"@{key.lstrip('@').lower()}": value for key, value in (parameters or {}).items()}
        return self._batch(lambda interpreter: interpreter.calls.run(procedure, values))

    def script(self, sql: str, parameters: Mapping[str, Any] | None = None) -> ProcedureResult:
        """Run the batches of a script (GO stands between them) with `parameters` as declared variables.

        Raises:
            SqlError: a batch failed; those before it stay.
            NotSupportedError: a construct that is refused by name.
        """
        try:
            batches = split_batches(sql)
        except ItemError as exc:
            raise TsqlError(105, str(exc)) from exc
        results = [self._script_batch(split(text, first_line=line), parameters) for text, line in batches]
        sets = tuple(rows for result in results for rows in result.result_sets)
        return ProcedureResult(
            results[-1].return_code if results else 0,
            sets,
            sum(result.rowcount for result in results),
            tuple(message for result in results for message in result.messages),
            published=tuple(sorted({name for result in results for name in result.published})),
        )

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Return the rows of one query; names of `parameters` stand in it as variables.

        Raises:
            SqlError: it failed, or returned no result set or several.
        """
        result = self.script(sql, parameters)
        if len(result.result_sets) != 1:
            message = f"A query must return one result set, this one returned {len(result.result_sets)}."
            raise SqlError(message)
        return list(result.result_sets[0])

    def _script_batch(self, body: Block, parameters: Mapping[str, Any] | None) -> ProcedureResult:
        def run(interpreter: Interpreter) -> tuple[int, dict[str, Any]]:
            for name, value in (parameters or {}).items():
                held = as_utc(value) if isinstance(value, dt.datetime) else value
                interpreter.session.frame.variables[f"@{name.lstrip('@').lower()}"] = Held(type_of(held), held)
            try:
                interpreter.block(body)
            except ReturnSignal as signal:
                return signal.code, {}
            return 0, {}

        return self._batch(run)

    def _batch(self, body: Body) -> ProcedureResult:
        session = Session(self._engine, self._objects, self._lakehouses, as_utc(self._clock()))
        interpreter = Interpreter(session)
        published: tuple[str, ...] = ()
        try:
            code, outputs = body(interpreter)
            self._refuse_open_transaction(session)
        except BaseException as error:
            self._undo(interpreter, error)
            raise
        finally:
            published = self._finish(session)
        plain = {name.lstrip("@"): value for name, value in outputs.items()}
        sets, messages = tuple(session.result_sets), tuple(session.messages)
        return ProcedureResult(code, sets, session.rows_changed, messages, plain, published)

    def _refuse_open_transaction(self, session: Session) -> None:
        if session.transactions:
            count = session.transactions
            raise TsqlError(266, f"The batch ended with {count} open transaction(s).", hint="COMMIT or ROLLBACK each.")

    def _undo(self, interpreter: Interpreter, error: BaseException) -> None:
        session = interpreter.session
        if session.transactions:
            interpreter.transactions.rollback()
        if session.committed and isinstance(error, TsqlError):
            names = ", ".join(sorted(".".join(key) for key in session.committed))
            error.notes.append(f"Note: committed before the error, and kept as on the server: {names}.")

    def _finish(self, session: Session) -> tuple[str, ...]:
        self._engine.drop_temporary_tables(but=self._lakehouses.end_batch())
        return self._publish(session.committed)

    def _publish(self, keys: set[tuple[str, str]]) -> tuple[str, ...]:
        published = []
        for schema, table in sorted(keys):
            if (schema, table) not in self._objects.tables:
                self._publisher.remove(schema, table)
            elif self._publisher.publish(schema, table, self._relation((schema, table))):
                published.append(f"{schema}.{table}")
        return tuple(published)

    def _relation(self, key: tuple[str, str]) -> Any:
        return Session(self._engine, self._objects, self._lakehouses, dt.datetime.min).own_table(key)
