"""CASE, IIF, CHOOSE, COALESCE, ISNULL, NULLIF: the type of the result is the server's, not that of the first branch."""

from __future__ import annotations

from sqlglot import exp

from fabric_ot.workbench.local.warehouse.sql_types import INT, SqlType, common_type, text_type
from fabric_ot.workbench.local.warehouse.translate.comparisons import comparable_type, comparand
from fabric_ot.workbench.local.warehouse.translate.conversions import as_int, convert
from fabric_ot.workbench.local.warehouse.translate.expressions import condition, translates, value
from fabric_ot.workbench.local.warehouse.translate.functions import Call, scalar
from fabric_ot.workbench.local.warehouse.translate.scope import Scope, Typed, refused


def unified(branches: list[Typed], what: str) -> tuple[list[str], SqlType]:
    """Return the branches in their common type.

    Raises:
        NotSupportedError: text and numbers are mixed, where the server converts at run time.
    """
    type_ = branches[0].type
    for branch in branches[1:]:
        wider = common_type(type_, branch.type)
        if wider is None:
            raise refused(what=f"{what} with {type_} and {branch.type}", hint="CAST the branches to one type.")
        type_ = wider
    if type_.family == "text":
        type_ = text_type(type_.length)
    return [convert(branch, type_).sql if type_.family != "null" else "NULL" for branch in branches], type_


@translates(exp.Case, parts=("this", "ifs", "default"))
def _case(node: exp.Expr, scope: Scope) -> Typed:
    subject = value(node.this, scope) if node.this else None
    default = node.args.get("default")
    branches = [value(branch.args["true"], scope) for branch in node.args["ifs"]]
    branches.append(value(default if default is not None else exp.Null(), scope))
    results, type_ = unified(branches, "CASE")
    parts = ["CASE"]
    for branch, result in zip(node.args["ifs"], results, strict=False):
        parts.append(f"WHEN {_when(branch.this, subject, scope)} THEN {result}")
    return Typed(" ".join([*parts, f"ELSE {results[-1]} END"]), type_)


def _when(node: exp.Expr, subject: Typed | None, scope: Scope) -> str:
    if subject is None:
        return condition(node, scope)
    option = value(node, scope)
    type_ = comparable_type(subject.type, option.type)
    return f"{comparand(subject, type_)} = {comparand(option, type_)}"


@scalar("IIF")
def _iif(call: Call) -> Typed:
    call.takes(3)
    results, type_ = unified([call.value(1), call.value(2)], "IIF")
    test = condition(call.arguments[0], call.scope)
    return Typed(f"CASE WHEN {test} THEN {results[0]} ELSE {results[1]} END", type_)


@scalar("CHOOSE")
def _choose(call: Call) -> Typed:
    call.takes(2, 255)
    results, type_ = unified(call.values()[1:], "CHOOSE")
    whens = " ".join(f"WHEN {number} THEN {result}" for number, result in enumerate(results, start=1))
    return Typed(f"CASE {as_int(call.value(0)).sql} {whens} END", type_)


@scalar("COALESCE")
def _coalesce(call: Call) -> Typed:
    call.takes(2, 255)
    results, type_ = unified(call.values(), "COALESCE")
    return Typed(f"COALESCE({', '.join(results)})", type_)


@scalar("ISNULL")
def _isnull(call: Call) -> Typed:
    call.takes(2)
    first, second = call.value(0), call.value(1)
    if first.type.family == "null":
        return second
    if first.type.family != second.type.family and "text" in (first.type.family, second.type.family):
        unified([first, second], "ISNULL")
    return Typed(f"COALESCE({first.sql}, {convert(second, first.type).sql})", first.type)


@scalar("NULLIF")
def _nullif(call: Call) -> Typed:
    call.takes(2)
    first, second = call.value(0), call.value(1)
    type_ = comparable_type(first.type, second.type)
    if type_.family == "text":
        test = f"{comparand(first, type_)} = {comparand(second, type_)}"
        return Typed(f"CASE WHEN {test} THEN NULL ELSE {first.sql} END", first.type)
    converted = f"NULLIF({comparand(first, type_)}, {comparand(second, type_)})"
    return Typed(f"CAST({converted} AS {first.type.engine})", first.type)


@scalar("GREATEST", "LEAST")
def _extreme(call: Call) -> Typed:
    call.takes(1, 254)
    results, type_ = unified(call.values(), call.name)
    return Typed(f"{call.name.lower()}({', '.join(results)})", type_)


@scalar("OBJECT_ID")
def _object_id(call: Call) -> Typed:
    call.takes(1, 2)
    name = call.value(0).text
    if name is None:
        raise refused("OBJECT_ID of a column", "give a literal or a variable.")
    number = call.scope.context.object_id(name)
    return Typed(f"CAST({'NULL' if number is None else number} AS INTEGER)", INT)
