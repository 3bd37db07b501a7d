"""Aggregates and windows: AVG and SUM of integers stay integers, COUNT is an int, an empty sum is NULL."""

from __future__ import annotations

from sqlglot import exp

from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import BIGINT, FLOAT, INT, SMALLINT, SqlType, decimal_type, text_type
from fabric_ot.workbench.local.warehouse.translate.choices import unified
from fabric_ot.workbench.local.warehouse.translate.conversions import convert
from fabric_ot.workbench.local.warehouse.translate.expressions import translates, value
from fabric_ot.workbench.local.warehouse.translate.functions import AGGREGATES, WINDOW_ONLY, Call, aggregate, call_of
from fabric_ot.workbench.local.warehouse.translate.scope import Scope, Typed, only, refused


def order_sql(order: exp.Expr | None, scope: Scope) -> str:
    """Return ORDER BY with nulls where the server has them: first ascending, last descending."""
    if order is None:
        return ""
    parts = []
    for item in order.expressions:
        if isinstance(item.this, exp.Literal):
            raise TsqlError(5308, "A window's ORDER BY does not take a position.", hint="name the column.")
        down = bool(item.args.get("desc"))
        parts.append(f"{value(item.this, scope).sql} {'DESC NULLS LAST' if down else 'ASC NULLS FIRST'}")
    return "ORDER BY " + ", ".join(parts)


@translates(exp.Window, parts=("this", "partition_by", "order", "spec", "over"))
def _window(node: exp.Expr, scope: Scope) -> Typed:
    inner = node.this
    if not isinstance(inner, exp.Anonymous):
        raise refused(what=f"{type(inner).__name__} with OVER")
    call = call_of(inner, scope)
    if call.name not in AGGREGATES:
        raise refused(what=f"{call.name} with OVER")
    if any(isinstance(a, exp.Distinct) for a in call.arguments):
        raise TsqlError(10759, "Use of DISTINCT is not allowed with the OVER clause.")
    order = node.args.get("order")
    if call.name in WINDOW_ONLY and order is None:
        raise TsqlError(4112, f"The function '{call.name}' must have an OVER clause with ORDER BY.")
    partition = ", ".join(value(item, scope).sql for item in node.args.get("partition_by") or [])
    parts = [f"PARTITION BY {partition}" if partition else "", order_sql(order, scope), _frame(node.args.get("spec"))]
    return AGGREGATES[call.name](call, f" OVER ({' '.join(part for part in parts if part)})")


def _frame(spec: exp.Expr | None) -> str:
    if spec is None:
        return ""
    only(spec, "kind", "start", "start_side", "end", "end_side")
    borders = []
    for key in ("start", "end"):
        border = spec.args.get(key)
        if border is not None:
            text = border if isinstance(border, str) else border.name
            borders.append(f"{text} {spec.args.get(key + '_side') or ''}".strip())
    return f"{spec.args['kind']} " + (f"BETWEEN {' AND '.join(borders)}" if len(borders) == 2 else borders[0])


def _argument(call: Call) -> tuple[str, Typed]:
    """Return DISTINCT or '' and the aggregated value."""
    call.takes(1)
    node = call.arguments[0]
    if not isinstance(node, exp.Distinct):
        return "", call.value(0)
    if len(node.expressions) != 1:
        raise refused(what=f"{call.name}(DISTINCT ...) of several columns", hint="count the rows of SELECT DISTINCT.")
    return "DISTINCT ", value(node.expressions[0], call.scope)


@aggregate("COUNT", "COUNT_BIG")
def _count(call: Call, over: str) -> Typed:
    type_ = INT if call.name == "COUNT" else BIGINT
    if call.arguments and isinstance(call.arguments[0], exp.Star):
        return Typed(f"CAST(count(*){over} AS {type_.engine})", type_)
    distinct, source = _argument(call)
    sql = f"rtrim({source.sql}, ' ')" if distinct and source.type.family == "text" else source.sql
    return Typed(f"CAST(count({distinct}{sql}){over} AS {type_.engine})", type_)


@aggregate("SUM", "AVG")
def _sum(call: Call, over: str) -> Typed:
    distinct, source = _argument(call)
    type_ = _sum_type(call.name, source.type)
    total = f"CAST(sum({distinct}{source.sql}){over} AS {type_.engine})"
    if call.name == "SUM":
        return Typed(total, type_)
    if type_.family == "integer":
        return Typed(f"CAST({total} // count({distinct}{source.sql}){over} AS {type_.engine})", type_)
    return Typed(f"avg({distinct}{source.sql}){over}", type_)


def _sum_type(name: str, type_: SqlType) -> SqlType:
    if type_.family == "integer":
        return INT if type_ == SMALLINT else type_
    if type_.family == "float":
        return FLOAT
    if type_.family == "decimal" and name == "SUM":
        return decimal_type(38, type_.scale)
    if type_.family == "decimal":
        raise refused("AVG of decimal", "the server keeps a limited scale; CAST to float.")
    raise TsqlError(8117, f"Operand data type {type_} is invalid for {name.lower()} operator.", hint="CAST it.")


@aggregate("MIN", "MAX")
def _extreme(call: Call, over: str) -> Typed:
    distinct, source = _argument(call)
    if source.type.family == "bit":
        raise TsqlError(
            8117, f"Operand data type bit is invalid for {call.name.lower()} operator.", hint="CAST it to int."
        )
    return Typed(f"{call.name.lower()}({distinct}{source.sql}){over}", source.type)


@aggregate("STDEV", "STDEVP", "VAR", "VARP")
def _spread(call: Call, over: str) -> Typed:
    distinct, source = _argument(call)
    names = {"STDEV": "stddev_samp", "STDEVP": "stddev_pop", "VAR": "var_samp", "VARP": "var_pop"}
    return Typed(f"{names[call.name]}({distinct}{convert(source, FLOAT).sql}){over}", FLOAT)


@translates(exp.GroupConcat, parts=("this", "separator"))
def _string_agg(node: exp.Expr, scope: Scope) -> Typed:
    ordered = node.this if isinstance(node.this, exp.Order) else None
    source = value(ordered.this if ordered is not None else node.this, scope)
    separator = value(node.args["separator"], scope)
    order = order_sql(ordered, scope)
    if not order:
        raise refused("STRING_AGG without WITHIN GROUP (ORDER BY ...)", "its order would be undefined.")
    return Typed(f"string_agg({convert(source, text_type(None)).sql}, {separator.sql} {order})", text_type(8000))


@aggregate("ROW_NUMBER", "RANK", "DENSE_RANK", window_only=True)
def _rank(call: Call, over: str) -> Typed:
    call.takes(0)
    return Typed(f"{call.name.lower()}(){over}", BIGINT)


@aggregate("NTILE", window_only=True)
def _ntile(call: Call, over: str) -> Typed:
    call.takes(1)
    return Typed(f"ntile({call.number(0, BIGINT)}){over}", BIGINT)


@aggregate("LAG", "LEAD", window_only=True)
def _neighbor(call: Call, over: str) -> Typed:
    call.takes(1, 3)
    source = call.value(0)
    parts = [source.sql]
    if len(call.arguments) > 1:
        parts.append(call.number(1, BIGINT))
    if len(call.arguments) > 2:
        unified([source, call.value(2)], call.name)
        parts.append(convert(call.value(2), source.type).sql)
    return Typed(f"{call.name.lower()}({', '.join(parts)}){over}", source.type)


@aggregate("FIRST_VALUE", "LAST_VALUE", window_only=True)
def _edge(call: Call, over: str) -> Typed:
    call.takes(1)
    source = call.value(0)
    return Typed(f"{call.name.lower()}({source.sql}){over}", source.type)
