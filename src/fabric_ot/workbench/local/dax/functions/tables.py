"""Functions that make a table, and those that ask how many values a column shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_ot.errors import DaxError, NotSupportedError
from fabric_ot.workbench.local.dax.context import Context, TableValue, Value
from fabric_ot.workbench.local.dax.functions.signature import Function, column_argument
from fabric_ot.workbench.local.dax.syntax import Call, Name, Node, Reference
from fabric_ot.workbench.local.dax.values import to_boolean

if TYPE_CHECKING:
    from fabric_ot.workbench.local.dax.evaluator import Evaluator


def _filter(evaluator: Evaluator, call: Call, context: Context) -> Value:
    table = evaluator.table(call.arguments[0], context)
    kept = (
        row
        for row, made in zip(table.rows, table.contexts(), strict=True)
        if to_boolean(evaluator.scalar(call.arguments[1], context.with_row(made)), "FILTER")
    )
    return TableValue(table.columns, tuple(kept), table.base)


def column_values(evaluator: Evaluator, node: Node, context: Context, *, with_blank: bool) -> TableValue:
    """Return the distinct visible values of the column that `node` names."""
    key = column_argument(evaluator, node)
    return TableValue((key,), evaluator.storage.distinct([key], context, with_blank=with_blank))


def _values(evaluator: Evaluator, call: Call, context: Context) -> Value:
    """VALUES shows the blank row that stands for unmatched keys; DISTINCT does not."""
    with_blank = call.function == "VALUES"
    argument = call.arguments[0]
    if isinstance(argument, Reference):
        return column_values(evaluator, argument, context, with_blank=with_blank)
    if with_blank and isinstance(argument, Name):
        table = evaluator.catalog.table(argument.name, argument.position)
        return evaluator.visible_rows(table, context, with_blank=True)
    if with_blank:
        message = "VALUES of something other than a column or a table of the model is not supported"
        raise NotSupportedError(message)
    found = evaluator.table(argument, context)
    return TableValue(found.columns, tuple(dict.fromkeys(found.rows)), found.base)


def _all(evaluator: Evaluator, call: Call, context: Context) -> Value:
    """Return a table or columns of one table as if nothing were filtered, with the blank row."""
    unfiltered = context.without_filters()
    if not call.arguments:
        message = "ALL() makes no table; it stands only among the filters of CALCULATE"
        raise DaxError(message)
    first = call.arguments[0]
    if isinstance(first, Name) and len(call.arguments) == 1:
        table = evaluator.catalog.table(first.name, first.position)
        return evaluator.visible_rows(table, unfiltered, with_blank=True)
    keys = [column_argument(evaluator, argument) for argument in call.arguments]
    if len({key.table for key in keys}) > 1:
        message = "ALL needs columns of one table"
        raise DaxError(message)
    return TableValue(tuple(keys), evaluator.storage.distinct(keys, unfiltered, with_blank=True))


def _treatas(evaluator: Evaluator, call: Call, context: Context) -> Value:
    table = evaluator.table(call.arguments[0], context)
    keys = tuple(column_argument(evaluator, argument) for argument in call.arguments[1:])
    if len(keys) != len(table.columns):
        message = f"TREATAS got {len(table.columns)} column(s) of values for {len(keys)} column(s) of the model"
        raise DaxError(message)
    return TableValue(keys, tuple(dict.fromkeys(table.rows)))


def _has_one_value(evaluator: Evaluator, call: Call, context: Context) -> Value:
    return len(column_values(evaluator, call.arguments[0], context, with_blank=True).rows) == 1


def _selected_value(evaluator: Evaluator, call: Call, context: Context) -> Value:
    rows = column_values(evaluator, call.arguments[0], context, with_blank=True).rows
    if len(rows) == 1:
        return rows[0][0]
    return evaluator.scalar(call.arguments[1], context) if call.arguments[1:] else None


TABLES: dict[str, Function] = {
    "FILTER": Function(_filter, 2, 2, returns_table=True),
    "VALUES": Function(_values, 1, 1, returns_table=True),
    "DISTINCT": Function(_values, 1, 1, returns_table=True),
    "ALL": Function(_all, 0, None, returns_table=True),
    "TREATAS": Function(_treatas, 2, None, returns_table=True),
    "HASONEVALUE": Function(_has_one_value, 1, 1, takes_column=True),
    "SELECTEDVALUE": Function(_selected_value, 1, 2, takes_column=True),
}
