"""Groups and measures: what SUMMARIZECOLUMNS does, and every visual of a report."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from fabric_ot.workbench.local.dax.catalog import ColumnKey
from fabric_ot.workbench.local.dax.context import Cell, Context, Row, TableValue
from fabric_ot.workbench.local.dax.evaluator import Evaluator
from fabric_ot.workbench.local.dax.syntax import Node


def summarize(
    evaluator: Evaluator, columns: Sequence[ColumnKey], outputs: Sequence[tuple[str, Node]], context: Context
) -> TableValue:
    """Return one row per group; groups in which every output is BLANK are left out.

    Columns of one table show the combinations that exist in it; columns of different tables are combined freely.
    """
    names = (*columns, *(ColumnKey("", name) for name, _ in outputs))
    rows: list[Row] = []
    for values in _groups(evaluator, columns, context):
        inside = replace(context, cell=Cell(tuple(columns), values)) if columns else context
        results = tuple(evaluator.scalar(node, inside) for _, node in outputs)
        if not outputs or any(result is not None for result in results):
            rows.append((*values, *results))
    return TableValue(names, tuple(rows))


def _groups(evaluator: Evaluator, columns: Sequence[ColumnKey], context: Context) -> list[Row]:
    by_table: dict[str, list[ColumnKey]] = {}
    for column in columns:
        by_table.setdefault(column.table, []).append(column)
    parts = [evaluator.storage.distinct(part, context, with_blank=True) for part in by_table.values()]
    flat = [column for part in by_table.values() for column in part]
    order = [flat.index(column) for column in columns]
    combined = (tuple(itertools.chain(*combination)) for combination in itertools.product(*parts))
    groups = [tuple(row[i] for i in order) for row in combined]
    return [group for group in groups if _is_visible(columns, group, context)]


def _is_visible(columns: Sequence[ColumnKey], group: Row, context: Context) -> bool:
    """A filter over columns of several grouped tables also decides which combinations show."""
    for item in context.filters:
        places = [(columns.index(column), i) for i, column in enumerate(item.columns) if column in columns]
        if len({item.columns[i].table for _, i in places}) > 1 and not any(
            all(group[g] == row[i] for g, i in places) for row in item.rows
        ):
            return False
    return True
