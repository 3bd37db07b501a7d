"""A SQL project brought into the engine: schemas and tables created, views and procedures read and checked."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from fabric_ot.errors import ItemError, NotSupportedError, SqlError
from fabric_ot.workbench.items.tsql_table import Cursor, TableColumn, TableDefinition
from fabric_ot.workbench.items.tsql_tokens import tokenize
from fabric_ot.workbench.items.warehouse import SqlObject, WarehouseProject
from fabric_ot.workbench.local.warehouse import statements as st
from fabric_ot.workbench.local.warehouse.engine import Engine
from fabric_ot.workbench.local.warehouse.procedures import parse_procedure
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import column_type
from fabric_ot.workbench.local.warehouse.sql_values import quoted_name
from fabric_ot.workbench.local.warehouse.translate import parse_condition, parse_expression, parse_statement


def deploy_tables(engine: Engine, project: WarehouseProject) -> None:
    """Create schemas and missing tables in one transaction.

    Raises:
        SqlError: an existing table has other columns.
        NotSupportedError: a column's type.
    """
    existing = engine.tables()
    wanted = project.tables()
    problems = [p for table in wanted for p in _differences(table, existing.get((table.schema, table.name)))]
    if problems:
        raise SqlError(
            f"{project.name}: {len(problems)} column(s) differ from the deployed tables:\n  "
            + "\n  ".join(problems)
            + "\nHint: DROP TABLE the named table(s) and deploy again, then run the procedure that loads them."
        )
    engine.begin()
    try:
        for schema in ("dbo", *(item.name for item in project.of_kind("schema"))):
            engine.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted_name(schema)}")
        for table in wanted:
            if (table.schema, table.name) not in existing:
                engine.create_table(f"{quoted_name(table.schema)}.{quoted_name(table.name)}", table.columns)
        engine.commit()
    except BaseException:
        engine.rollback()
        raise


def _differences(table: TableDefinition, deployed: tuple[TableColumn, ...] | None) -> Iterator[str]:
    for column in table.columns:
        column_type(column.type)  # refuses a type before anything is created
    if deployed is None or deployed == table.columns:
        return
    name = f"{table.schema}.{table.name}"
    old, new = {c.name: c for c in deployed}, {c.name: c for c in table.columns}
    for column in new.values():
        if column.name not in old:
            yield f"{name}: column {column.name} is new ({_told(column)})"
        elif old[column.name] != column:
            yield f"{name}: column {column.name} was {_told(old[column.name])}, is now {_told(column)}"
    for column in old.values():
        if column.name not in new:
            yield f"{name}: column {column.name} ({_told(column)}) is gone"
    if list(old) != list(new) and set(old) == set(new):
        yield f"{name}: the order of the columns has changed"


def _told(column: TableColumn) -> str:
    return f"{column.type} {'NULL' if column.nullable else 'NOT NULL'}"


def read_views(project: WarehouseProject) -> dict[tuple[str, str], exp.Query]:
    """Parse the views of a project.

    Raises:
        SqlError: a view cannot be parsed; the message names its file.
    """
    found: dict[tuple[str, str], exp.Query] = {}
    for item in project.of_kind("view"):
        try:
            found[item.schema, item.name] = _view_query(item)
        except (TsqlError, ItemError) as exc:
            raise _in_file(item, exc) from exc
    return found


def _view_query(item: SqlObject) -> exp.Query:
    cursor = Cursor(tokenize(item.text))
    cursor.expect("CREATE")
    cursor.accept("OR", "ALTER")
    cursor.expect("VIEW")
    cursor.dotted_name()
    cursor.expect("AS")
    start = cursor.take().start
    tree = parse_statement(item.text[start:])
    if not isinstance(tree, exp.Query) or tree.args.get("into"):
        raise TsqlError(102, "A view is one SELECT.")
    return tree


def read_procedures(project: WarehouseProject) -> dict[tuple[str, str], st.Procedure]:
    """Parse the procedures of a project, down to every statement.

    Raises:
        SqlError: a procedure cannot be parsed; the message names its file and line.
        NotSupportedError: a refused construct, or a function.
    """
    for item in project.of_kind("function"):
        message = (
            f"{item.path}: the function {item.full_name} is not supported. Hint: write it into the query or a view."
        )
        raise NotSupportedError(message)
    found: dict[tuple[str, str], st.Procedure] = {}
    for item in project.of_kind("procedure"):
        try:
            procedure = parse_procedure(item.text)
            for statement in walk(procedure.body):
                _check(statement)
        except NotSupportedError as exc:
            message = f"{item.path}: {exc}"
            raise NotSupportedError(message) from exc
        except (TsqlError, ItemError) as exc:
            raise _in_file(item, exc) from exc
        found[item.schema, item.name] = procedure
    return found


def walk(statement: st.Statement) -> Iterator[st.Statement]:
    """Yield a statement and every statement inside it."""
    yield statement
    inner: tuple[st.Statement | None, ...] = ()
    if isinstance(statement, st.Block):
        inner = statement.statements
    elif isinstance(statement, st.If):
        inner = (statement.then, statement.otherwise)
    elif isinstance(statement, st.While):
        inner = (statement.body,)
    elif isinstance(statement, st.TryCatch):
        inner = (statement.body, statement.handler)
    for each in inner:
        if each is not None:
            yield from walk(each)


def _check(statement: st.Statement) -> None:
    try:
        if isinstance(statement, st.Leaf):
            parse_statement(statement.text)
        elif isinstance(statement, (st.If, st.While)):
            parse_condition(statement.condition.text)
        elif isinstance(statement, (st.SetVariable, st.Print)):
            parse_expression(statement.value.text)
        elif isinstance(statement, st.Declare):
            for variable in statement.variables:
                if variable.value is not None:
                    parse_expression(variable.value.text)
    except TsqlError as error:
        error.place(procedure=None, line=statement.line, statement=statement.text)
        raise


def _in_file(item: SqlObject, error: Exception) -> SqlError:
    return SqlError(f"{item.path}: {error}")
