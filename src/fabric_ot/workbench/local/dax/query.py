"""`EVALUATE` queries: SUMMARIZECOLUMNS, ROW, or any supported table expression, ordered."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key

from fabric_ot.errors import DaxError
from fabric_ot.workbench.local.dax.binding import bind
from fabric_ot.workbench.local.dax.catalog import ColumnKey, near
from fabric_ot.workbench.local.dax.context import Context, Filter, Row, Scalar, TableValue
from fabric_ot.workbench.local.dax.evaluator import Evaluator
from fabric_ot.workbench.local.dax.functions.calculate import filter_argument
from fabric_ot.workbench.local.dax.functions.signature import column_argument
from fabric_ot.workbench.local.dax.query_parser import OrderBy, parse_query
from fabric_ot.workbench.local.dax.summarize import summarize
from fabric_ot.workbench.local.dax.syntax import Call, Literal, Node, Reference
from fabric_ot.workbench.local.dax.values import sort_key


def run_query(evaluator: Evaluator, text: str) -> list[dict[str, Scalar]]:
    """Run one query; rows are keyed `Table[column]` and `[name]`."""
    query = parse_query(text)
    table = _evaluate(evaluator, query.table)
    rows = _ordered(table, query.order)
    names = [str(column) for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _evaluate(evaluator: Evaluator, node: Node) -> TableValue:
    context = Context()
    if isinstance(node, Call) and node.function == "SUMMARIZECOLUMNS":
        return _summarize_columns(evaluator, node)
    if isinstance(node, Call) and node.function == "ROW":
        outputs = _outputs(evaluator, node.arguments, node)
        row = tuple(evaluator.scalar(output, context) for _, output in outputs)
        return TableValue(tuple(ColumnKey("", name) for name, _ in outputs), (row,))
    bind(node, evaluator.catalog)
    if not evaluator.is_table(node, context):
        message = f'position {node.position}: EVALUATE needs a table; for one value write ROW("name", expression)'
        raise DaxError(message)
    return _own_columns(evaluator.table(node, context))


def _own_columns(table: TableValue) -> TableValue:
    """A model table shows its own columns, not those that it reaches."""
    if table.base is None:
        return table
    kept = [i for i, column in enumerate(table.columns) if column.table == table.base]
    return TableValue(
        tuple(table.columns[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in table.rows), None
    )


def _summarize_columns(evaluator: Evaluator, node: Call) -> TableValue:
    arguments = list(node.arguments)
    columns: list[ColumnKey] = []
    while arguments and isinstance(arguments[0], Reference):
        columns.append(column_argument(evaluator, arguments.pop(0)))
    filters: list[Filter] = []
    while arguments and not isinstance(arguments[0], Literal):
        filters.append(_filter_table(evaluator, arguments.pop(0)))
    outputs = _outputs(evaluator, arguments, node) if arguments else []
    return summarize(evaluator, columns, outputs, Context(filters=tuple(filters)))


def _filter_table(evaluator: Evaluator, node: Node) -> Filter:
    if isinstance(node, Call) and node.function == "KEEPFILTERS" and len(node.arguments) == 1:
        node = node.arguments[0]
    bind(node, evaluator.catalog)
    if not evaluator.is_table(node, Context()):
        message = f"position {node.position}: a filter of SUMMARIZECOLUMNS is a table, for example FILTER or TREATAS"
        raise DaxError(message)
    return filter_argument(evaluator, node, Context())


def _outputs(evaluator: Evaluator, arguments: Sequence[Node], node: Call) -> list[tuple[str, Node]]:
    outputs: list[tuple[str, Node]] = []
    for name, expression in zip(arguments[::2], arguments[1::2], strict=False):
        if not isinstance(name, Literal) or not isinstance(name.value, str):
            message = f"position {name.position}: {node.function} needs a name in quotes before each expression"
            raise DaxError(message)
        bind(expression, evaluator.catalog)
        outputs.append((name.value, expression))
    if not outputs or len(arguments) % 2:
        message = f"position {node.position}: {node.function} needs pairs of a name and an expression"
        raise DaxError(message)
    return outputs


def _ordered(table: TableValue, order: Sequence[OrderBy]) -> tuple[Row, ...]:
    keys = [(_place(table, item.reference), item.is_descending) for item in order]

    def compare_rows(left: Row, right: Row) -> int:
        for place, is_descending in keys:
            before, after = sort_key(left[place]), sort_key(right[place])
            if before != after:
                return (1 if is_descending else -1) * (1 if before < after else -1)
        return 0

    return tuple(sorted(table.rows, key=cmp_to_key(compare_rows)))


def _place(table: TableValue, reference: Reference) -> int:
    wanted = str(ColumnKey(reference.table or "", reference.name)).lower()
    names = [str(column) for column in table.columns]
    for place, name in enumerate(names):
        if name.lower() == wanted:
            return place
    message = f"position {reference.position}: ORDER BY {wanted} is not in the result{near(wanted, names)}"
    raise DaxError(message)
