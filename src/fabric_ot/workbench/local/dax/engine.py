"""The DAX engine over framed tables: measures by group, and `EVALUATE` queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from fabric_ot.errors import DaxError, NotSupportedError
from fabric_ot.workbench.items.semantic_model import SemanticModel
from fabric_ot.workbench.local.dax.catalog import Catalog, ColumnKey
from fabric_ot.workbench.local.dax.context import Context, Filter, Scalar
from fabric_ot.workbench.local.dax.evaluator import Evaluator
from fabric_ot.workbench.local.dax.query import run_query
from fabric_ot.workbench.local.dax.storage import Storage
from fabric_ot.workbench.local.dax.summarize import summarize
from fabric_ot.workbench.local.dax.syntax import Reference
from fabric_ot.workbench.local.dax.values import sort_key

GroupBy = Sequence[tuple[str, str]]
Filters = Mapping[tuple[str, str], Scalar | Sequence[Scalar]]


_FILTER_TYPES: dict[str, Any] = {
    "string": str,
    "int64": int,
    "double": (int, float),
    "decimal": (int, float),
    "boolean": bool,
}


class DaxEngine:
    """Evaluates the measures of a model over Arrow tables.

    Rows come as dictionaries keyed like those of Fabric's `executeQueries`: `Table[column]` and `[measure]`.
    Whatever is not supported raises `NotSupportedError` with the name and position; nothing is guessed.
    """

    def __init__(self, model: SemanticModel, tables: Mapping[str, pa.Table]) -> None:
        """Load `tables` (by model table name, with the model's column names) for `model`."""
        self.model = model
        self._catalog = Catalog(model)
        self._evaluator = Evaluator(self._catalog, Storage(self._catalog, tables))

    def problems(self) -> list[str]:
        """Return what is wrong with the model's measures, without evaluating them; empty if all can be evaluated."""
        found: list[str] = []
        for measure in self.model.measures:
            try:
                self._evaluator.check_measure(measure.name)
            except (DaxError, NotSupportedError) as exc:
                found.append(str(exc))
        return found

    def evaluate(
        self, measures: Sequence[str], *, group_by: GroupBy = (), filters: Filters | None = None
    ) -> list[dict[str, Scalar]]:
        """Return one row per group in which a measure is not BLANK, ordered by the group columns.

        Args:
            measures: names of measures of the model.
            group_by: (table, column) pairs; none gives one row for the whole model.
            filters: (table, column) to a value or several values; dates may be ISO text.
        """
        columns = [self._catalog.column(table, column, 0) for table, column in group_by]
        outputs = [(name, Reference(0, None, name)) for name in measures]
        for name in measures:
            self._evaluator.check_measure(name)
        context = Context(filters=tuple(self._filter(key, value) for key, value in (filters or {}).items()))
        table = summarize(self._evaluator, columns, outputs, context)
        names = [*(str(column) for column in columns), *(f"[{name}]" for name in measures)]
        if not columns and not table.rows:
            return [dict.fromkeys(names)]
        ranks = [self._ranks(column) for column in columns]
        rows = sorted(table.rows, key=lambda row: [rank[row[i]] for i, rank in enumerate(ranks)])
        return [dict(zip(names, row, strict=True)) for row in rows]

    def ranks(self, table: str, column: str) -> dict[Scalar, int]:
        """Return where each value of a column stands in its order: that of its sortByColumn where it has one."""
        return self._ranks(self._catalog.column(table, column, 0))

    def query(self, text: str) -> list[dict[str, Scalar]]:
        """Run `EVALUATE <table> [ORDER BY ...]`.

        Example: engine.query('EVALUATE SUMMARIZECOLUMNS(Asset[line], "OEE", [OEE]) ORDER BY [OEE] DESC')
        """
        return run_query(self._evaluator, text)

    def _filter(self, key: tuple[str, str], value: Scalar | Sequence[Scalar]) -> Filter:
        column = self._catalog.column(*key, 0)
        several = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        return Filter((column,), frozenset((self._typed(column, item),) for item in several))

    def _typed(self, column: ColumnKey, value: object) -> Scalar:
        data_type = self._catalog.data_type(column)
        if value is None:
            return None
        if data_type == "dateTime":
            return _as_datetime(column, value)
        if not isinstance(value, _FILTER_TYPES[data_type]) or (isinstance(value, bool) and data_type != "boolean"):
            message = f"the filter on {column} needs a value of type {data_type}, found {value!r}"
            raise DaxError(message)
        return value

    def _ranks(self, column: ColumnKey) -> dict[Scalar, int]:
        by = self._catalog.definition(column).sort_by_column
        keys = [ColumnKey(column.table, by), column] if by else [column]
        rows = self._evaluator.storage.distinct(keys, Context(), with_blank=True)
        ordered = sorted(rows, key=lambda row: [sort_key(value) for value in row])
        ranks: dict[Scalar, int] = {}
        for number, row in enumerate(ordered):
            ranks.setdefault(row[-1], number)
        return ranks


def _as_datetime(column: ColumnKey, value: object) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    try:
        return dt.datetime.fromisoformat(str(value))
    except ValueError as exc:
        message = f"the filter on {column} needs a date such as 2026-01-31, found {value!r}"
        raise DaxError(message) from exc
