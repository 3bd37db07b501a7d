"""Single statements: translated, run, and their rows kept, assigned or stored."""

from __future__ import annotations

from typing import cast

from sqlglot import exp

from fabric_ot.workbench.items.tsql_table import TableColumn
from fabric_ot.workbench.local.warehouse.engine import create_table_sql, table_relation
from fabric_ot.workbench.local.warehouse.session import Session, own_key
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import INT
from fabric_ot.workbench.local.warehouse.sql_values import quoted_name
from fabric_ot.workbench.local.warehouse.statements import CreateTable, DeclareTable, Leaf
from fabric_ot.workbench.local.warehouse.transactions import Transactions
from fabric_ot.workbench.local.warehouse.translate import compile_query, parse_statement, writes
from fabric_ot.workbench.local.warehouse.translate.conversions import convert
from fabric_ot.workbench.local.warehouse.translate.expressions import variable_name
from fabric_ot.workbench.local.warehouse.translate.queries import Compiled
from fabric_ot.workbench.local.warehouse.translate.scope import Relation, Scope, Typed, refused
from fabric_ot.workbench.local.warehouse.translate.sources import table_parts


class Leaves:
    """Runs the statements that reach the engine."""

    def __init__(self, session: Session, transactions: Transactions) -> None:
        """Run for one session."""
        self._session = session
        self._transactions = transactions

    def run(self, statement: Leaf) -> None:
        """Run one leaf statement and set the row count."""
        tree = parse_statement(statement.text)
        scope = Scope(self._session)
        if isinstance(tree, (exp.Select, exp.SetOperation)):
            self._query(tree, scope)
        elif isinstance(tree, exp.Insert):
            self._write(writes.compile_insert(tree, scope))
        elif isinstance(tree, exp.Update):
            self._write(writes.compile_update(tree, scope))
        elif isinstance(tree, exp.Delete):
            self._write(writes.compile_delete(tree, scope))
        elif isinstance(tree, exp.TruncateTable):
            self._write(writes.compile_truncate(tree, scope))
            self._session.rowcount = 0
        elif isinstance(tree, exp.Drop):
            self._drop(tree)
        else:
            raise refused(what=f"the statement {statement.text[:60]!r}")

    def _query(self, tree: exp.Select | exp.SetOperation, scope: Scope) -> None:
        if isinstance(tree, exp.Select):
            target, query = writes.split_into(tree)
            if target is not None:
                self._select_into(target, query, scope)
                return
            assigned = [item for item in tree.expressions if _assigns(item)]
            if assigned:
                self._assign(tree, assigned, scope)
                return
        compiled = compile_query(tree, scope)
        names = compiled.output_names()
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise refused(what=f"a result with several columns called {twice}", hint="give each its own alias.")
        rows = self._session.engine.execute(compiled.sql)
        self._session.result_sets.append(tuple(dict(zip(names, row, strict=True)) for row in rows))
        self._session.rowcount = len(rows)

    def _assign(self, tree: exp.Select, assigned: list[exp.Expr], scope: Scope) -> None:
        if len(assigned) != len(tree.expressions):
            raise TsqlError(141, "A SELECT that assigns a value to a variable cannot return rows too.")
        targets = [variable_name(item.this) for item in assigned]
        reads_table = tree.args.get("from_") is not None
        for item in assigned:
            read = {variable_name(node) for node in item.args["expression"].find_all(exp.Parameter)}
            own = set() if reads_table else {variable_name(item.this)}
            if read & (set(targets) - own):
                raise refused("SELECT that reads a variable it assigns", "use STRING_AGG, SUM or several SETs.")
        query = tree.copy()
        query.set("expressions", [item.args["expression"].copy() for item in assigned])
        compiled = compile_query(query, scope)
        rows = self._session.engine.execute(self._assignment_sql(compiled, targets))
        if rows:
            for name, held in zip(targets, rows[-1], strict=True):
                self._session.held(name).value = held
        self._session.rowcount = len(rows)

    def _assignment_sql(self, compiled: Compiled, targets: list[str]) -> str:
        parts = []
        for name, output, column in zip(targets, compiled.output_names(), compiled.columns, strict=True):
            source = Typed(f'"assigned".{quoted_name(output)}', column.type)
            parts.append(convert(source, self._session.held(name).type).sql)
        return f'SELECT {", ".join(parts)} FROM ({compiled.sql}) AS "assigned"'

    def _select_into(self, target: exp.Table, query: exp.Select, scope: Scope) -> None:
        name = table_parts(target)[-1]
        if not name.startswith("#"):
            raise refused("SELECT ... INTO a stored table", "create the table in the SQL project, then INSERT.")
        self._refuse_existing(name)
        compiled = compile_query(query, scope)
        for column in compiled.columns:
            if not column.name:
                raise TsqlError(1038, "SELECT ... INTO needs a name for every column.")
        types = {n: INT if t.family == "null" else t for n, t in writes.output_types(compiled).items()}
        where = self._session.next_temporary(name)
        self._session.engine.execute(f"CREATE TEMP TABLE {where} AS {compiled.sql}")
        self._session.frame.tables[name] = Relation(types, where, target=where)
        self._session.rowcount = int(self._session.engine.execute(f"SELECT count(*) FROM {where}")[0][0])

    def _refuse_existing(self, name: str) -> None:
        if name in self._session.frame.tables:
            raise TsqlError(2714, f"There is already an object named '{name}'.")

    def _write(self, write: writes.Write) -> None:
        session = self._session
        count = session.engine.write(write)
        session.rowcount = count
        if write.target.startswith("temp."):
            self._keep_table_variable(write.target)
            return
        if not count:
            return
        session.rows_changed += count
        session.changed.add(own_key(tuple(write.target.split(".", 1))))
        if not session.transactions:
            self._transactions.keep_changes()

    def _keep_table_variable(self, where: str) -> None:
        for relation in self._session.frame.tables.values():
            if relation.sql == where:
                self._transactions.keep_rows(relation)

    def create(self, statement: CreateTable) -> None:
        """Run CREATE TABLE: temporary or stored."""
        session = self._session
        name = statement.name[-1]
        if name.startswith("#"):
            self._refuse_existing(name)
            session.frame.tables[name] = self._temporary(name, statement.columns)
            return
        key = own_key(statement.name)
        if len(statement.name) > 2 or key in session.objects.tables:
            raise TsqlError(
                2714, f"There is already an object named '{'.'.join(key)}', or it lies in another database."
            )
        session.engine.create_table(".".join(map(quoted_name, key)), statement.columns)
        session.objects.tables[key] = statement.columns
        self._changed(key)

    def declare(self, statement: DeclareTable) -> None:
        """Run DECLARE @t TABLE."""
        relation = self._temporary(statement.name, statement.columns)
        self._session.frame.tables[statement.name] = relation
        create = create_table_sql(relation.sql, statement.columns, temporary=True)
        self._transactions.define_table_variable(relation, create)

    def _temporary(self, name: str, columns: tuple[TableColumn, ...]) -> Relation:
        where = self._session.next_temporary(name)
        self._session.engine.execute(create_table_sql(where, columns, temporary=True))
        return table_relation(where, columns, target=where)

    def _drop(self, tree: exp.Drop) -> None:
        if str(tree.args.get("kind")) != "TABLE":
            raise refused(what=f"DROP {tree.args.get('kind')}", hint="remove the object's file from the SQL project.")
        tables = cast("list[exp.Table]", tree.args.get("tables") or [tree.this])
        for table in tables:
            self._drop_one(table_parts(table), exists=bool(tree.args.get("exists")))

    def _drop_one(self, parts: tuple[str, ...], *, exists: bool) -> None:
        session = self._session
        if parts[0].startswith("#"):
            for frame in reversed(session.frames):
                if parts[0] in frame.tables:
                    session.engine.execute(f"DROP TABLE {frame.tables.pop(parts[0]).sql}")
                    return
        elif own_key(parts) in session.objects.tables and (len(parts) < 3 or parts[0] == session.objects.database):
            key = own_key(parts)
            session.engine.execute(f"DROP TABLE {session.own_table(key).sql}")
            del session.objects.tables[key]
            self._changed(key)
            return
        if not exists:
            raise TsqlError(3701, f"Cannot drop the table '{'.'.join(parts)}', because it does not exist.")

    def _changed(self, key: tuple[str, str]) -> None:
        self._session.changed.add(key)
        if not self._session.transactions:
            self._transactions.keep_changes()


def _assigns(item: exp.Expr) -> bool:
    return isinstance(item, exp.EQ) and isinstance(item.this, exp.Parameter)
