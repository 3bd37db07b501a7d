"""CALCULATE and its modifiers.

The order is DAX's: filter arguments are evaluated in the outer context, the row context becomes filters, modifiers
remove filters, and only then the arguments are applied, over the filters on the same columns unless KEEPFILTERS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_ot.errors import DaxError, NotSupportedError
from fabric_ot.workbench.local.dax.catalog import Catalog, ColumnKey
from fabric_ot.workbench.local.dax.context import Context, Filter, RowContext, Value, transition
from fabric_ot.workbench.local.dax.functions.signature import Function, column_argument
from fabric_ot.workbench.local.dax.syntax import Call, Name, Node, Reference, children
from fabric_ot.workbench.local.dax.values import to_boolean

if TYPE_CHECKING:
    from fabric_ot.workbench.local.dax.evaluator import Evaluator

MODIFIERS = frozenset({"ALL", "REMOVEFILTERS", "ALLEXCEPT", "KEEPFILTERS"})
_REMOVERS = MODIFIERS - {"KEEPFILTERS"}
_NOT_IN_PREDICATES = frozenset({"CALCULATE", "CALCULATETABLE", "SUMX", "AVERAGEX", "MINX", "MAXX", "COUNTX", "FILTER"})
_AGGREGATES = frozenset({"SUM", "AVERAGE", "MIN", "MAX", "COUNT", "DISTINCTCOUNT", "COUNTROWS", "SELECTEDVALUE"})
_TABLES = frozenset({"VALUES", "DISTINCT", "ALL", "TREATAS", "HASONEVALUE"})


@dataclass(frozen=True)
class _Argument:
    """One filter argument, evaluated: columns to free, or a filter to apply (`keeps`: on top of what is there)."""

    removes: frozenset[ColumnKey] | None = None
    removes_all: bool = False
    applies: Filter | None = None
    keeps: bool = False


def _calculate(evaluator: Evaluator, call: Call, context: Context) -> Value:
    return evaluator.scalar(call.arguments[0], modify(evaluator, call.arguments[1:], context))


def _calculate_table(evaluator: Evaluator, call: Call, context: Context) -> Value:
    return evaluator.table(call.arguments[0], modify(evaluator, call.arguments[1:], context))


def modify(evaluator: Evaluator, arguments: tuple[Node, ...], context: Context) -> Context:
    """Return the context that CALCULATE's first argument is evaluated in."""
    read = [_read(evaluator, argument, context) for argument in arguments]
    changed = transition(context)
    for argument in read:
        if argument.removes_all:
            changed = changed.without_filters()
        elif argument.removes:
            changed = changed.without(argument.removes)
    for argument in read:
        if argument.applies and not argument.keeps:
            changed = changed.without(_overwritten(evaluator.catalog, argument.applies))
    return changed.with_filters(argument.applies for argument in read if argument.applies)


def _read(evaluator: Evaluator, node: Node, context: Context) -> _Argument:
    if isinstance(node, Call) and node.function == "KEEPFILTERS":
        if len(node.arguments) != 1:
            message = f"position {node.position}: KEEPFILTERS takes one argument"
            raise DaxError(message)
        return _Argument(applies=filter_argument(evaluator, node.arguments[0], context), keeps=True)
    if isinstance(node, Call) and node.function in _REMOVERS:
        if not node.arguments and node.function != "ALLEXCEPT":
            return _Argument(removes_all=True)
        return _Argument(removes=_freed(evaluator, node))
    return _Argument(applies=filter_argument(evaluator, node, context))


def _freed(evaluator: Evaluator, node: Call) -> frozenset[ColumnKey]:
    """Return the columns that ALL, REMOVEFILTERS or ALLEXCEPT frees; a table stands for all that it reaches."""
    catalog = evaluator.catalog
    first = node.arguments[0] if node.arguments else node
    if node.function == "ALLEXCEPT":
        if not isinstance(first, Name):
            message = f"position {node.position}: ALLEXCEPT starts with a table of the model"
            raise DaxError(message)
        kept = {column_argument(evaluator, argument) for argument in node.arguments[1:]}
        return frozenset(catalog.expanded_columns(catalog.table(first.name, first.position))) - kept
    freed: set[ColumnKey] = set()
    for argument in node.arguments:
        if isinstance(argument, Name):
            freed |= set(catalog.expanded_columns(catalog.table(argument.name, argument.position)))
        else:
            freed.add(column_argument(evaluator, argument))
    return frozenset(freed)


def filter_argument(evaluator: Evaluator, node: Node, context: Context) -> Filter:
    """Return a filter argument as a filter: a table as it is, a predicate as FILTER(ALL(columns), predicate)."""
    if evaluator.is_table(node, context):
        table = evaluator.table(node, context)
        if not all(column.table for column in table.columns):
            message = f"position {node.position}: a filter needs columns of the model; use TREATAS"
            raise DaxError(message)
        return table.as_filter()
    columns = tuple(dict.fromkeys(_predicate_columns(evaluator, node)))
    if not columns or len({column.table for column in columns}) > 1:
        found = ", ".join(str(column) for column in columns) or "no column"
        message = f"position {node.position}: a filter predicate needs columns of one table, found {found}"
        raise DaxError(message)
    candidates = evaluator.storage.distinct(columns, context.without_filters(), with_blank=True)
    rows = (
        row
        for row in candidates
        if to_boolean(
            evaluator.scalar(node, context.with_row(RowContext(dict(zip(columns, row, strict=True))))), "a filter"
        )
    )
    return Filter(columns, frozenset(rows))


def _predicate_columns(evaluator: Evaluator, node: Node) -> list[ColumnKey]:
    """Return the columns that the predicate ranges over; those inside aggregates belong to the outer context."""
    if isinstance(node, Call):
        if node.function in _NOT_IN_PREDICATES:
            message = f"function {node.function} at position {node.position} inside a filter predicate is not supported"
            raise NotSupportedError(message)
        if node.function in _AGGREGATES | _TABLES:
            return []
    if isinstance(node, Reference):
        key = evaluator.catalog.find_column(node.table, node.name) if node.table else None
        if key is None:
            message = f"position {node.position}: a filter predicate cannot use the measure [{node.name}]; use FILTER"
            raise DaxError(message)
        return [key]
    return [key for child in children(node) for key in _predicate_columns(evaluator, child)]


def _overwritten(catalog: Catalog, item: Filter) -> frozenset[ColumnKey]:
    """Return the columns whose filters `item` replaces; a date table's key replaces those on the whole table."""
    columns = set(item.columns)
    for table in catalog.model.tables:
        keys = {ColumnKey(table.name, column.name) for column in table.columns if column.is_key}
        if table.data_category == "Time" and keys & columns:
            columns |= set(catalog.own_columns(table.name))
    return frozenset(columns)


CALCULATES: dict[str, Function] = {
    "CALCULATE": Function(_calculate, 1, None),
    "CALCULATETABLE": Function(_calculate_table, 1, None, returns_table=True),
}
