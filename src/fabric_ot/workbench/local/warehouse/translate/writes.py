"""INSERT, UPDATE, DELETE, TRUNCATE and SELECT INTO as steps of the engine: rows are found first, then changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import SqlType
from fabric_ot.workbench.local.warehouse.sql_values import quoted_name
from fabric_ot.workbench.local.warehouse.translate.conversions import convert
from fabric_ot.workbench.local.warehouse.translate.expressions import condition, value
from fabric_ot.workbench.local.warehouse.translate.queries import Compiled, compile_ctes, compile_query
from fabric_ot.workbench.local.warehouse.translate.scope import Relation, Scope, Typed, only, refused
from fabric_ot.workbench.local.warehouse.translate.sources import compile_from, table_parts

CHANGES = "temp.fabric_ot_changes"
"""The engine's temporary table that holds the found rows of one UPDATE."""


@dataclass(frozen=True)
class Write:
    """One write: the steps run in order, the last one counts the rows.

    `target` is the written table; `unique_rows` is a query that returns a row where a target row was found twice.
    """

    target: str
    steps: tuple[str, ...]
    unique_rows: str = ""
    cleanup: tuple[str, ...] = ()


def _target(node: exp.Table, scope: Scope) -> Relation:
    relation = scope.context.relation(table_parts(node))
    if not relation.target:
        raise TsqlError(
            4405 if relation.view is not None else 3906,
            f"{'.'.join(table_parts(node))} cannot be written: it is a view or lies in another item.",
            hint="lakehouse tables are read-only from T-SQL; write them with a notebook.",
        )
    return relation


def compile_insert(node: exp.Insert, scope: Scope) -> Write:
    """Translate INSERT ... SELECT and INSERT ... VALUES."""
    only(node, "this", "expression", "with_")
    table = node.this.this if isinstance(node.this, exp.Schema) else node.this
    relation = _target(table, scope)
    names = [item.name for item in node.this.expressions] if isinstance(node.this, exp.Schema) else []
    names = names or list(relation.columns)
    for name in names:
        if name not in relation.columns:
            raise TsqlError(207, f"Invalid column name '{name}'.", hint=f"columns: {sorted(relation.columns)}.")
        if names.count(name) > 1:
            raise TsqlError(264, f"The column name '{name}' is specified more than once in the column list.")
    with_sql = compile_ctes(node, scope)
    rows = _insert_rows(node.args["expression"], relation.columns, names, scope)
    columns = ", ".join(map(quoted_name, names))
    return Write(relation.target, (f"INSERT INTO {relation.sql} ({columns}) {with_sql}{rows}",))


def _insert_rows(node: exp.Expr, types: Mapping[str, SqlType], names: list[str], scope: Scope) -> str:
    if isinstance(node, exp.Values):
        lines = []
        for row in node.expressions:
            cells = row.expressions if isinstance(row, exp.Tuple) else [row]
            _same_count(len(names), len(cells))
            parts = [assigned(value(c, scope), types[n]) for c, n in zip(cells, names, strict=True)]
            lines.append(f"({', '.join(parts)})")
        return f"VALUES {', '.join(lines)}"
    compiled = compile_query(node, scope.beside())
    _same_count(len(names), len(compiled.columns))
    aliases = [f"c{n}" for n in range(len(names))]
    parts = [
        assigned(Typed(f'"rows".{alias}', column.type), types[name])
        for alias, column, name in zip(aliases, compiled.columns, names, strict=True)
    ]
    return f'SELECT {", ".join(parts)} FROM ({compiled.sql}) AS "rows"({", ".join(aliases)})'


def _same_count(columns: int, values: int) -> None:
    if columns != values:
        raise TsqlError(213, f"{columns} column(s) are to be filled but {values} value(s) are given.")


def assigned(source: Typed, type_: SqlType) -> str:
    """Return a value as a column takes it; too long a text is left whole for the column's own check."""
    if type_.family == "text" and source.type.family == "text":
        return source.sql
    if type_.is_instant != source.type.is_instant and source.type.family not in ("text", "null"):
        raise TsqlError(206, f"Operand type clash: {source.type} is incompatible with {type_}.")
    if "text" in (type_.family, source.type.family) and (type_.is_number or source.type.is_number):
        raise refused(what=f"storing {source.type} in a {type_} column", hint="CAST it.")
    return convert(source, type_).sql


def compile_update(node: exp.Update, scope: Scope) -> Write:
    """Translate UPDATE, with or without FROM."""
    only(node, "this", "expressions", "from_", "where", "with_")
    if not node.expressions:
        raise TsqlError(102, "Incorrect syntax: UPDATE sets nothing.")
    with_sql = compile_ctes(node, scope)
    relation, alias, from_sql = _find_target(node, node.this, scope)
    names, parts = [], []
    for item in node.expressions:
        name, source = _assignment(item, alias, relation, scope)
        if name in names:
            raise TsqlError(264, f"The column name '{name}' is specified more than once in SET.")
        parts.append(f"{assigned(source, relation.columns[name])} AS {quoted_name(name)}")
        names.append(name)
    where = node.args.get("where")
    where_sql = f" WHERE {condition(where.this, scope)}" if where else ""
    found = f"{with_sql}SELECT {quoted_name(alias)}.rowid AS changed_row, {', '.join(parts)} {from_sql}{where_sql}"
    sets = ", ".join(f"{quoted_name(name)} = changes.{quoted_name(name)}" for name in names)
    return Write(
        relation.target,
        (
            f"CREATE TEMP TABLE {CHANGES} AS {found}",
            f"UPDATE {relation.sql} AS target SET {sets} FROM {CHANGES} AS changes "
            "WHERE target.rowid = changes.changed_row",
        ),
        unique_rows=f"SELECT changed_row FROM {CHANGES} GROUP BY changed_row HAVING count(*) > 1 LIMIT 1",
        cleanup=(f"DROP TABLE IF EXISTS {CHANGES}",),
    )


def _find_target(node: exp.Expr, target: exp.Table, scope: Scope) -> tuple[Relation, str, str]:
    """Return the written table, the alias under which FROM has it, and FROM."""
    from_sql = compile_from(node, scope)
    if not from_sql:
        relation = _target(target, scope)
        alias = target.alias or table_parts(target)[-1].lstrip("#")
        scope.add(alias, relation)
        return relation, alias, f"FROM {relation.sql} AS {quoted_name(alias)}"
    parts = table_parts(target)
    if len(parts) == 1 and parts[0] in scope.sources:
        relation, alias = scope.sources[parts[0]], parts[0]
        if not relation.target:
            raise TsqlError(3906, f"'{alias}' cannot be written: it is not a table of this Warehouse.")
        return relation, alias, from_sql
    wanted = _target(target, scope)
    aliases = [alias for alias, relation in scope.sources.items() if relation.target == wanted.target]
    if len(aliases) != 1:
        raise TsqlError(8154, f"The table '{'.'.join(parts)}' is ambiguous or not in FROM.", hint="write UPDATE alias.")
    return wanted, aliases[0], from_sql


def _assignment(item: exp.Expr, alias: str, relation: Relation, scope: Scope) -> tuple[str, Typed]:
    if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Column):
        raise refused(what=f"SET {item.sql('tsql')}", hint="write column = expression.")
    column = item.this
    if column.table and column.table not in (alias, relation.target.rpartition(".")[2]):
        raise TsqlError(4104, f'SET can only change "{alias}", not "{column.table}".')
    if column.name not in relation.columns:
        raise TsqlError(207, f"Invalid column name '{column.name}'.", hint=f"columns: {sorted(relation.columns)}.")
    return column.name, value(item.args["expression"], scope)


def compile_delete(node: exp.Delete, scope: Scope) -> Write:
    """Translate DELETE, with or without FROM."""
    only(node, "this", "tables", "where", "with_")
    with_sql = compile_ctes(node, scope)
    tables = node.args.get("tables") or []
    if len(tables) > 1:
        raise refused("DELETE of several tables")
    if tables:
        shaped = exp.Delete(from_=exp.From(this=node.this.copy()))
        relation, alias, from_sql = _find_target(shaped, tables[0], scope)
    else:
        relation, alias, from_sql = _find_target(exp.Delete(), node.this, scope)
    where = node.args.get("where")
    where_sql = f" WHERE {condition(where.this, scope)}" if where else ""
    found = f"{with_sql}SELECT {quoted_name(alias)}.rowid {from_sql}{where_sql}"
    return Write(relation.target, (f"DELETE FROM {relation.sql} WHERE rowid IN ({found})",))


def compile_truncate(node: exp.TruncateTable, scope: Scope) -> Write:
    """Translate TRUNCATE TABLE."""
    only(node, "expressions")
    relation = _target(node.expressions[0], scope)
    return Write(relation.target, (f"DELETE FROM {relation.sql}",))


def split_into(node: exp.Select) -> tuple[exp.Table | None, exp.Select]:
    """Return the target of SELECT ... INTO and the query without it."""
    into = node.args.get("into")
    if into is None:
        return None, node
    query = node.copy()
    query.set("into", None)
    return into.this, query


def output_types(compiled: Compiled) -> dict[str, SqlType]:
    """Return the columns that SELECT ... INTO creates."""
    return {name: column.type for name, column in zip(compiled.output_names(), compiled.columns, strict=True)}
