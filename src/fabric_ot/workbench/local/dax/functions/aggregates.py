"""Aggregates over one column in the filter context: SUM, AVERAGE, MIN, MAX, COUNT, DISTINCTCOUNT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_ot.errors import DaxError
from fabric_ot.workbench.local.dax.context import Context, Value
from fabric_ot.workbench.local.dax.functions.signature import Function, column_argument
from fabric_ot.workbench.local.dax.storage import Aggregate
from fabric_ot.workbench.local.dax.syntax import Call, Name

if TYPE_CHECKING:
    from fabric_ot.workbench.local.dax.evaluator import Evaluator

_NUMERIC = frozenset({"int64", "double", "decimal"})
_ACCEPTED = {
    "SUM": _NUMERIC,
    "AVERAGE": _NUMERIC,
    "MIN": _NUMERIC | {"string", "dateTime"},
    "MAX": _NUMERIC | {"string", "dateTime"},
    "COUNT": _NUMERIC | {"string", "dateTime"},
    "DISTINCTCOUNT": _NUMERIC | {"string", "dateTime", "boolean"},
}


def _aggregate(evaluator: Evaluator, call: Call, context: Context) -> Value:
    key = column_argument(evaluator, call.arguments[0])
    data_type = evaluator.catalog.data_type(key)
    if data_type not in _ACCEPTED[call.function]:
        message = f"{call.function} does not work on {key} of type {data_type}"
        raise DaxError(message)
    return evaluator.storage.aggregate(Aggregate(call.function, key.table, key), context)


def _countrows(evaluator: Evaluator, call: Call, context: Context) -> Value:
    """Rows of a model table are counted by the storage; other tables are made and counted."""
    argument = call.arguments[0]
    is_variable = isinstance(argument, Name) and argument.name.lower() in context.variables and not argument.is_quoted
    if isinstance(argument, Name) and not is_variable:
        table = evaluator.catalog.table(argument.name, argument.position)
        return evaluator.storage.aggregate(Aggregate("COUNTROWS", table), context)
    return len(evaluator.table(argument, context).rows) or None


AGGREGATES: dict[str, Function] = {
    **{name: Function(_aggregate, 1, 1, takes_column=True) for name in _ACCEPTED},
    "COUNTROWS": Function(_countrows, 1, 1),
}
