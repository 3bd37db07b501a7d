"""The engine under one Warehouse: a DuckDB file, its transaction, and a second connection for plain expressions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fabric_ot.errors import MissingDependencyError
from fabric_ot.workbench.items.tsql_table import TableColumn
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError, from_engine
from fabric_ot.workbench.local.warehouse.sql_types import SqlType, column_type
from fabric_ot.workbench.local.warehouse.sql_values import checked, quoted_name, quoted_text
from fabric_ot.workbench.local.warehouse.translate.scope import Relation
from fabric_ot.workbench.local.warehouse.translate.writes import Write

Rows = list[tuple[Any, ...]]
_DOOMED = (3930, "The current transaction cannot be committed and takes no more statements.")


class Engine:
    """One connection that knows whether its transaction is open, and whether an error has doomed it."""

    def __init__(self, path: Path) -> None:
        """Open or create the file at `path`."""
        try:
            import duckdb
        except ImportError as exc:
            raise MissingDependencyError.for_extra("The local Warehouse", "local") from exc
        path.parent.mkdir(parents=True, exist_ok=True)
        self._error = duckdb.Error
        # One thread: sums of floats then come out the same in every run.
        self.connection = duckdb.connect(str(path), config={"threads": 1})
        self._calculator = self.connection.cursor()
        self.in_transaction = False
        self.is_doomed = False

    def close(self) -> None:
        """Close the file; an open transaction is rolled back."""
        self.connection.close()
        self._calculator.close()

    def execute(self, sql: str) -> Rows:
        """Run one statement of the engine's own SQL and return its rows.

        Raises:
            TsqlError: it failed, in the server's words; inside a transaction that one is doomed then.
        """
        if self.is_doomed:
            raise TsqlError(*_DOOMED, hint="ROLLBACK in the CATCH block first.")
        return self._run(self.connection, sql)

    def calculate(self, sql: str) -> Rows:
        """Run a query that reads no table: it works in a doomed transaction too."""
        return self._run(self._calculator, sql)

    def _run(self, connection: Any, sql: str) -> Rows:
        try:
            cursor = connection.execute(sql)
            rows = cursor.fetchall() if cursor.description else []
        except self._error as exc:
            if connection is self.connection and self.in_transaction:
                self.is_doomed = True
            raise from_engine(exc) from exc
        return [checked(row) for row in rows]

    def arrow(self, sql: str) -> Any:
        """Return the rows of a query as an Arrow table."""
        return self.connection.sql(sql).to_arrow_table()

    def begin(self) -> None:
        """Open the transaction."""
        self.execute("BEGIN TRANSACTION")
        self.in_transaction = True

    def commit(self) -> None:
        """Commit; a doomed transaction raises 3930 and stays open."""
        self.execute("COMMIT")
        self.in_transaction = False

    def rollback(self) -> None:
        """Roll back, whatever state the transaction is in."""
        self.is_doomed = False
        self.in_transaction = False
        self._run(self.connection, "ROLLBACK")

    def write(self, write: Write) -> int:
        """Run the steps of one write as a whole and return the number of rows it changed."""
        if self.in_transaction:
            return self._steps(write)
        self.begin()
        try:
            count = self._steps(write)
            self.commit()
        except BaseException:
            self.rollback()
            raise
        return count

    def _steps(self, write: Write) -> int:
        *found, last = write.steps
        for step in found:
            self.execute(step)
        try:
            if write.unique_rows and self.execute(write.unique_rows):
                message = "The UPDATE statement finds the same row more than once, so its result would be undefined."
                raise TsqlError(8672, message, hint="join on a unique key, or pick one row with ROW_NUMBER().")
            count = int(self.execute(last)[0][0])
        finally:
            if not self.is_doomed:
                for step in write.cleanup:
                    self.execute(step)
        return count

    def create_table(self, where: str, columns: tuple[TableColumn, ...]) -> None:
        """Create a stored table whose columns hold exactly what their T-SQL types hold."""
        self.execute(create_table_sql(where, columns))
        for column in columns:
            # The engine forgets lengths; the T-SQL type is kept beside the column.
            self.execute(f"COMMENT ON COLUMN {where}.{quoted_name(column.name)} IS {quoted_text(column.type)}")

    def drop_temporary_tables(self, *, but: frozenset[str]) -> None:
        """Drop every temporary table `but` some, also those that an error has left behind."""
        for (name,) in self.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'temp'"):
            if name in but:
                continue
            self.execute(f"DROP TABLE temp.{quoted_name(name)}")

    def tables(self) -> dict[tuple[str, str], tuple[TableColumn, ...]]:
        """Return every stored table with its columns and T-SQL types."""
        rows = self.execute(
            "SELECT schema_name, table_name, column_name, comment, is_nullable FROM duckdb_columns() "
            "WHERE database_name = current_database() AND NOT internal AND comment IS NOT NULL "
            "ORDER BY schema_name, table_name, column_index"
        )
        found: dict[tuple[str, str], list[TableColumn]] = {}
        for schema, table, name, type_, nullable in rows:
            found.setdefault((schema, table), []).append(TableColumn(name, type_, nullable))
        return {key: tuple(columns) for key, columns in found.items()}


def create_table_sql(where: str, columns: tuple[TableColumn, ...], *, temporary: bool = False) -> str:
    """Return CREATE TABLE with the checks that make the engine's types as strict as the server's."""
    parts = [_column_sql(c.name, column_type(c.type), nullable=c.nullable) for c in columns]
    return f"CREATE {'TEMP ' if temporary else ''}TABLE {where} ({', '.join(parts)})"


def _column_sql(name: str, type_: SqlType, *, nullable: bool) -> str:
    quoted = quoted_name(name)
    sql = f"{quoted} {type_.engine}"
    if type_.family == "text" and type_.length is not None:
        sql += f" CHECK (strlen({quoted}) <= {type_.length})"
    if type_.family == "float":
        sql += f" CHECK (isfinite({quoted}))"
    return sql if nullable else f"{sql} NOT NULL"


def table_relation(where: str, columns: tuple[TableColumn, ...], *, target: str) -> Relation:
    """Return what FROM sees of a stored or temporary table."""
    types = {column.name: column_type(column.type) for column in columns}
    return Relation(types, where, target=target, nullable={c.name: c.nullable for c in columns})
