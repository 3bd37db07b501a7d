"""FROM: tables, views, derived tables, joins, APPLY and table-valued functions."""

from __future__ import annotations

from sqlglot import exp

from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import BIGINT, INT, text_type
from fabric_ot.workbench.local.warehouse.sql_values import quoted_name
from fabric_ot.workbench.local.warehouse.translate.choices import unified
from fabric_ot.workbench.local.warehouse.translate.conversions import convert
from fabric_ot.workbench.local.warehouse.translate.expressions import condition, value, variable_name
from fabric_ot.workbench.local.warehouse.translate.functions import Call, call_of
from fabric_ot.workbench.local.warehouse.translate.queries import Compiled, OutputColumn, compile_query, named
from fabric_ot.workbench.local.warehouse.translate.scope import Relation, Scope, only, refused


def compile_from(node: exp.Expr, scope: Scope) -> str:
    """Translate FROM with its joins and let its sources be known in `scope`; '' where there is none."""
    from_ = node.args.get("from_")
    if from_ is None:
        return ""
    only(from_, "this")
    parts = [f"FROM {source(from_.this, scope)}"]
    parts += [_join(join, scope) for join in _joins(from_.this, node)]
    return " ".join(parts)


def _joins(first: exp.Expr, node: exp.Expr) -> list[exp.Expr]:
    """Return the joins wherever the parser keeps them: at the query, or at the first table of UPDATE and DELETE."""
    return [*(first.args.get("joins") or []), *(node.args.get("joins") or [])]


def source(node: exp.Expr, scope: Scope) -> str:
    """Translate one item of FROM and add it to `scope`."""
    if isinstance(node, exp.Table):
        return _table(node, scope)
    if isinstance(node, exp.Subquery):
        return _derived(node, scope)
    if isinstance(node, exp.Values):
        return _values(node, scope)
    if isinstance(node, exp.Anonymous):
        return _function_source(node, None, scope)
    raise refused(what=f"{type(node).__name__} in FROM")


def table_parts(node: exp.Table) -> tuple[str, ...]:
    """Return the parts of a table's name; `#t` and `@t` keep their sign."""
    if isinstance(node.this, exp.Parameter):
        return (variable_name(node.this),)
    name = ("#" if node.this.args.get("temporary") else "") + node.name
    return (*(part.name for part in (node.args.get("catalog"), node.args.get("db")) if part), name)


def _table(node: exp.Table, scope: Scope) -> str:
    only(node, "this", "db", "catalog", "alias", "joins")
    alias = node.args.get("alias")
    if isinstance(node.this, exp.Anonymous):
        return _function_source(node.this, alias, scope)
    parts = table_parts(node)
    name = alias.name if alias is not None else parts[-1].lstrip("#")
    relation = scope.ctes.get(parts[0]) if len(parts) == 1 else None
    if relation is None:
        relation = scope.context.relation(parts)
    if relation.view is not None:
        full = ".".join(parts)
        if full in scope.views:
            raise TsqlError(4413, f"The view {full} reads itself.")
        inner = Scope(scope.context, views=(*scope.views, full))
        compiled = compile_query(relation.view, inner)
        relation, aliases = named(compiled, None, f"view {full}")
        scope.add(name, relation)
        return f"({compiled.sql}) AS {quoted_name(name)}{aliases}"
    scope.add(name, relation)
    return f"{relation.sql} AS {quoted_name(name)}"


def _derived(node: exp.Subquery, scope: Scope, *, lateral: bool = False) -> str:
    only(node, "this", "alias", "joins")
    alias = node.args.get("alias")
    if alias is None or not alias.name:
        raise TsqlError(102, "A derived table needs an alias.")
    if isinstance(node.this, exp.Values):
        return _aliased(_values_query(node.this, scope), alias, scope)
    compiled = compile_query(node.this, scope.inner() if lateral else scope.beside())
    return _aliased(compiled, alias, scope)


def _aliased(compiled: Compiled, alias: exp.Expr, scope: Scope) -> str:
    relation, aliases = named(compiled, alias, f"'{alias.name}'")
    scope.add(alias.name, relation)
    return f"({compiled.sql}) AS {quoted_name(alias.name)}{aliases}"


def _values(node: exp.Values, scope: Scope) -> str:
    only(node, "expressions", "alias")
    alias = node.args.get("alias")
    if alias is None or not alias.args.get("columns"):
        raise TsqlError(102, "VALUES as a source needs an alias with column names.")
    return _aliased(_values_query(node, scope), alias, scope)


def _values_query(node: exp.Values, scope: Scope) -> Compiled:
    rows = [[value(cell, scope.beside()) for cell in row.expressions] for row in node.expressions]
    if len({len(row) for row in rows}) != 1:
        raise TsqlError(10709, "The rows of VALUES must have as many values.")
    unions = [unified([row[i] for row in rows], "VALUES") for i in range(len(rows[0]))]
    lines = ", ".join(f"({', '.join(cells[n] for cells, _ in unions)})" for n in range(len(rows)))
    return Compiled(f"VALUES {lines}", tuple(OutputColumn("", type_) for _, type_ in unions))


def _join(node: exp.Expr, scope: Scope) -> str:
    only(node, "this", "side", "kind", "on")
    side, kind, on = str(node.args.get("side") or ""), str(node.args.get("kind") or ""), node.args.get("on")
    if isinstance(node.this, exp.Lateral):
        return _apply(node.this, scope)
    item = source(node.this, scope)
    nested = [_join(join, scope) for join in node.this.args.get("joins") or []]
    if nested:
        raise refused("a join inside another join's table", "write the joins one after another.")
    if kind == "CROSS" or (not side and not kind and on is None):
        if on is not None:
            raise TsqlError(156, "CROSS JOIN takes no ON.")
        return f"CROSS JOIN {item}"
    if on is None:
        raise TsqlError(102, "A JOIN needs ON.")
    return f"{side or 'INNER'} JOIN {item} ON {condition(on, scope)}"


def _apply(node: exp.Lateral, scope: Scope) -> str:
    only(node, "this", "alias", "cross_apply", "ordinality")
    outer = not node.args.get("cross_apply")
    alias = node.args.get("alias")
    if isinstance(node.this, exp.Subquery):
        inner = node.this.copy()
        inner.set("alias", alias or inner.args.get("alias"))
        item = _derived(inner, scope, lateral=True)
    elif isinstance(node.this, exp.Anonymous):
        item = _function_source(node.this, alias, scope)
    else:
        raise refused(what=f"APPLY to {type(node.this).__name__}")
    return f"LEFT JOIN LATERAL {item} ON TRUE" if outer else f"CROSS JOIN LATERAL {item}"


def _function_source(node: exp.Expr, alias: exp.Expr | None, scope: Scope) -> str:
    call = call_of(node, scope)
    functions = {"STRING_SPLIT": _string_split, "GENERATE_SERIES": _generate_series}
    if call.name not in functions:
        raise refused(what=f"the table-valued function {call.name}")
    sql, relation = functions[call.name](call)
    name = alias.name if alias is not None and alias.name else call.name.lower()
    scope.add(name, relation)
    return f"({sql}) AS {quoted_name(name)}({', '.join(map(quoted_name, relation.columns))})"


def _string_split(call: Call) -> tuple[str, Relation]:
    call.takes(2, 3)
    text, separator = call.text(0), call.text(1)
    parts = f"CASE WHEN {text} IS NULL THEN [] ELSE string_split({text}, {separator}) END"
    if len(call.arguments) == 2:
        return f"SELECT unnest({parts})", Relation({"value": text_type(8000)})
    pairs = f"SELECT unnest({parts}), CAST(generate_subscripts({parts}, 1) AS BIGINT)"
    return pairs, Relation({"value": text_type(8000), "ordinal": BIGINT})


def _generate_series(call: Call) -> tuple[str, Relation]:
    call.takes(2, 3)
    numbers = [call.value(i) for i in range(len(call.arguments))]
    if any(number.type.family != "integer" for number in numbers):
        raise refused("GENERATE_SERIES of other than int", "use int or bigint.")
    type_ = BIGINT if any(number.type == BIGINT for number in numbers) else INT
    steps = ", ".join(convert(number, BIGINT).sql for number in numbers)
    series = f"SELECT CAST(unnest(generate_series({steps})) AS {type_.engine})"
    return series, Relation({"value": type_})
