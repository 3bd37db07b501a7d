"""SELECT, set operations and common table expressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlglot import exp

from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import SqlType, common_type
from fabric_ot.workbench.local.warehouse.sql_values import quoted_name
from fabric_ot.workbench.local.warehouse.translate.expressions import condition, translates, value
from fabric_ot.workbench.local.warehouse.translate.scope import Relation, Scope, Typed, only, refused

_SELECT_PARTS = ("with_", "distinct", "limit", "expressions", "from_", "joins", "where", "group", "having", "order")
_SET_OPERATORS = {exp.Union: "UNION", exp.Except: "EXCEPT", exp.Intersect: "INTERSECT"}


@dataclass(frozen=True)
class OutputColumn:
    """One column of a result; `name` is '' where the query gives none."""

    name: str
    type: SqlType


@dataclass(frozen=True)
class Compiled:
    """A translated query: its columns are aliased in order, `column_n` where the query names none."""

    sql: str
    columns: tuple[OutputColumn, ...]

    def output_names(self) -> tuple[str, ...]:
        """The names that the translated query gives its columns."""
        return tuple(output_name(c.name, n) for n, c in enumerate(self.columns, start=1))


def output_name(name: str, number: int) -> str:
    """Return the alias of the column at position `number`."""
    return name or f"column_{number}"


def compile_query(node: exp.Expr, scope: Scope) -> Compiled:
    """Translate a query; `scope` is fresh and belongs to it.

    Raises:
        TsqlError: what the server would refuse.
        NotSupportedError: what is refused here, by name.
    """
    if isinstance(node, exp.Subquery):
        only(node, "this", "with_")
        return compile_query(node.this, scope)
    with_sql = compile_ctes(node, scope)
    if isinstance(node, exp.SetOperation):
        compiled = _set_operation(node, scope)
    elif isinstance(node, exp.Select):
        compiled = _select(node, scope)
    else:
        raise refused(what=f"{type(node).__name__} as a query")
    return Compiled(with_sql + compiled.sql, compiled.columns)


def compile_ctes(node: exp.Expr, scope: Scope) -> str:
    """Translate WITH and let its names be known in `scope`."""
    with_ = node.args.get("with_")
    if with_ is None:
        return ""
    only(with_, "expressions")
    parts = []
    for cte in with_.expressions:
        name = cte.alias
        if any(table.name == name and not table.args.get("db") for table in cte.this.find_all(exp.Table)):
            raise refused(
                what=f"the recursive common table expression {name}", hint="a Warehouse has none; write a join."
            )
        compiled = compile_query(cte.this, scope.beside())
        relation, aliases = named(compiled, cte.args["alias"], f"'{name}'")
        scope.ctes[name] = Relation(relation.columns, quoted_name(name))
        parts.append(f"{quoted_name(name)}{aliases} AS ({compiled.sql})")
    return f"WITH {', '.join(parts)} "


def named(compiled: Compiled, alias: exp.Expr | None, what: str) -> tuple[Relation, str]:
    """Return a derived table's columns by name, and the alias list that renames them.

    Raises:
        TsqlError: a column has no name (8155), or a name stands twice (8156).
    """
    given = [column.name for column in alias.args.get("columns") or []] if alias is not None else []
    names = given or [column.name for column in compiled.columns]
    if len(names) != len(compiled.columns):
        raise TsqlError(8158, f"{what} has {len(compiled.columns)} columns but {len(names)} names.")
    for number, name in enumerate(names, start=1):
        if not name:
            raise TsqlError(
                8155, f"No column name was specified for column {number} of {what}.", hint="give it an alias."
            )
        if names.count(name) > 1:
            raise TsqlError(8156, f"The column '{name}' was specified multiple times for {what}.")
    columns = {name: column.type for name, column in zip(names, compiled.columns, strict=True)}
    return Relation(columns), f"({', '.join(map(quoted_name, names))})"


def _set_operation(node: exp.SetOperation, scope: Scope) -> Compiled:
    only(node, "this", "expression", "distinct", "with_", "order")
    sides = []
    for side in (node.this, node.args["expression"]):
        inner = scope.inner()
        inner.parent = scope.parent
        sides.append(compile_query(side, inner))
    left, right = sides
    if len(left.columns) != len(right.columns):
        raise TsqlError(205, "All queries of a UNION, INTERSECT or EXCEPT must have as many columns.")
    columns = []
    for one, other in zip(left.columns, right.columns, strict=True):
        type_ = common_type(one.type, other.type)
        if type_ is None:
            raise refused(what=f"a set operation on {one.type} and {other.type}", hint="CAST one side.")
        columns.append(OutputColumn(one.name, type_))
    operator = _SET_OPERATORS[type(node)]
    if not node.args.get("distinct"):
        if operator != "UNION":
            raise refused(what=f"{operator} ALL")
        operator += " ALL"
    result = tuple(columns)
    sql = f"({_as_types(left, result)}) {operator} ({_as_types(right, result)})"
    return Compiled(sql + _order_by_output(node.args.get("order"), result), result)


def _as_types(side: Compiled, columns: tuple[OutputColumn, ...]) -> str:
    """Cast one side of a set operation where its types differ from the common ones."""
    from fabric_ot.workbench.local.warehouse.translate.conversions import convert

    if all(
        c.type.engine == t.type.engine and c.type.family != "null" for c, t in zip(side.columns, columns, strict=True)
    ):
        return side.sql
    parts = []
    for name, column, target in zip(side.output_names(), side.columns, columns, strict=True):
        part = f'"side".{quoted_name(name)}'
        sql = part if target.type.family == "null" else convert(Typed(part, column.type), target.type).sql
        parts.append(f"{sql} AS {quoted_name(name)}")
    return f'SELECT {", ".join(parts)} FROM ({side.sql}) AS "side"'


def _order_by_output(order: exp.Expr | None, columns: tuple[OutputColumn, ...]) -> str:
    if order is None:
        return ""
    parts = []
    for item in order.expressions:
        parts.append(_output_reference(item.this, columns) + _direction(item))
        if parts[-1].startswith(" "):
            raise TsqlError(104, "ORDER BY items must appear in the select list if the statement has a set operator.")
    return " ORDER BY " + ", ".join(parts)


def _output_reference(node: exp.Expr, columns: tuple[OutputColumn, ...]) -> str:
    """Return the alias or position that an ORDER BY item names, '' where it is an expression."""
    if isinstance(node, exp.Literal) and not node.args.get("is_string"):
        position = int(node.name)
        if not 1 <= position <= len(columns):
            raise TsqlError(108, f"The ORDER BY position number {position} is out of range.")
        return str(position)
    if isinstance(node, exp.Column) and not node.table:
        for number, column in enumerate(columns, start=1):
            if column.name == node.name:
                return str(number)
    return ""


def _direction(item: exp.Expr) -> str:
    return " DESC NULLS LAST" if item.args.get("desc") else " ASC NULLS FIRST"


def _select(node: exp.Select, scope: Scope) -> Compiled:
    from fabric_ot.workbench.local.warehouse.translate.sources import compile_from

    only(node, *_SELECT_PARTS, "offset")
    if not node.expressions:
        raise TsqlError(102, "Incorrect syntax: SELECT names no column.")
    from_sql = compile_from(node, scope)
    outputs = _outputs(node, scope)
    columns = tuple(OutputColumn(name, typed.type) for name, typed in outputs)
    items = [f"{typed.sql} AS {quoted_name(output_name(name, n))}" for n, (name, typed) in enumerate(outputs, start=1)]
    distinct = node.args.get("distinct")
    if distinct is not None:
        only(distinct)
    parts = [f"SELECT {'DISTINCT ' if distinct is not None else ''}{', '.join(items)}", from_sql]
    parts.append(_where(node, scope))
    parts.append(_group(node, scope))
    if node.args.get("having"):
        parts.append(f"HAVING {condition(node.args['having'].this, scope)}")
    parts.append(_order(node, scope, columns))
    parts.append(_limits(node, scope))
    return Compiled(" ".join(part for part in parts if part), columns)


def _where(node: exp.Select, scope: Scope) -> str:
    where = node.args.get("where")
    return f"WHERE {condition(where.this, scope)}" if where else ""


def _group(node: exp.Select, scope: Scope) -> str:
    group = node.args.get("group")
    if group is None:
        return ""
    only(group, "expressions")
    for item in group.expressions:
        if isinstance(item, exp.Literal):
            raise TsqlError(
                164, "Each GROUP BY expression must contain a column.", hint="T-SQL takes no positions here."
            )
    return "GROUP BY " + ", ".join(value(item, scope).sql for item in group.expressions)


def _order(node: exp.Select, scope: Scope, columns: tuple[OutputColumn, ...]) -> str:
    order = node.args.get("order")
    if order is None:
        return ""
    parts = []
    for item in order.expressions:
        reference = _output_reference(item.this, columns) or value(item.this, scope).sql
        parts.append(reference + _direction(item))
    return "ORDER BY " + ", ".join(parts)


def _limits(node: exp.Select, scope: Scope) -> str:
    limit, offset = node.args.get("limit"), node.args.get("offset")
    parts = []
    if isinstance(limit, exp.Fetch):
        only(limit, "direction", "count", "limit_options")
        options = limit.args.get("limit_options")
        if options is not None:
            only(options, "rows")
        parts.append(f"LIMIT {value(limit.args['count'], scope).sql}")
    elif limit is not None:
        only(limit, "expression")
        parts.append(f"LIMIT {value(limit.args['expression'], scope).sql}")
    if offset is not None:
        only(offset, "expression")
        if node.args.get("order") is None:
            raise TsqlError(102, "OFFSET needs ORDER BY.")
        parts.append(f"OFFSET {value(offset.args['expression'], scope).sql}")
    return " ".join(parts)


def _outputs(node: exp.Select, scope: Scope) -> list[tuple[str, Typed]]:
    found: list[tuple[str, Typed]] = []
    for item in node.expressions:
        if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
            found += _star(item, scope)
        elif isinstance(item, exp.Alias):
            found.append((item.alias, value(item.this, scope)))
        else:
            name = item.name if isinstance(item, exp.Column) else ""
            found.append((name, value(item, scope)))
    return found


def _star(item: exp.Expr, scope: Scope) -> list[tuple[str, Typed]]:
    qualifier = item.args.get("table").name if item.args.get("table") else None  # type: ignore[union-attr]
    if qualifier is not None and qualifier not in scope.sources:
        raise TsqlError(107, f"The column prefix '{qualifier}' does not match a table name or alias of the query.")
    if not scope.sources:
        raise TsqlError(263, "Must specify table to select from.")
    return [
        (name, scope.column(name, alias))
        for alias, relation in scope.sources.items()
        if qualifier in (None, alias)
        for name in relation.columns
    ]


@translates(exp.Subquery, parts=("this",))
def _scalar_subquery(node: exp.Expr, scope: Scope) -> Typed:
    compiled = compile_query(cast("exp.Subquery", node).this, scope.inner())
    if len(compiled.columns) != 1:
        raise TsqlError(116, "Only one expression can stand in the select list of a scalar subquery.")
    return Typed(f"({compiled.sql})", compiled.columns[0].type)
