"""Evaluates a syntax tree in a context: scalars, tables, references and measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

from fabric_ot.errors import DaxError, NotSupportedError
from fabric_ot.workbench.local.dax import values
from fabric_ot.workbench.local.dax.binding import bind
from fabric_ot.workbench.local.dax.catalog import Catalog, ColumnKey
from fabric_ot.workbench.local.dax.context import Context, Scalar, TableValue, Value, transition
from fabric_ot.workbench.local.dax.functions import FUNCTIONS
from fabric_ot.workbench.local.dax.parser import parse_expression
from fabric_ot.workbench.local.dax.storage import Storage
from fabric_ot.workbench.local.dax.syntax import (
    Binary,
    Call,
    Literal,
    Name,
    Node,
    Reference,
    TableConstructor,
    Unary,
    Variables,
)

_ARITHMETIC = {
    "+": values.add,
    "-": values.subtract,
    "*": values.multiply,
    "/": values.divide,
    "^": values.power,
    "&": values.concatenate,
}


class Evaluator:
    """Walks syntax trees; asks the storage for aggregates and distinct values."""

    def __init__(self, catalog: Catalog, storage: Storage) -> None:
        """Evaluate over `storage` with the names of `catalog`."""
        self.catalog = catalog
        self.storage = storage
        self._measures: dict[str, Node] = {}

    def measure(self, name: str, context: Context, position: int = 0) -> Scalar:
        """Return a measure's value; a row context becomes filters, the caller's variables are not seen."""
        found = self.catalog.measure(name, position)
        inner = replace(transition(context), variables={})
        with _inside_measure(found.name):
            return self.scalar(self._parsed(found.name), inner)

    def check_measure(self, name: str) -> None:
        """Parse and bind a measure without evaluating it; raise what is wrong with it."""
        found = self.catalog.measure(name)
        with _inside_measure(found.name):
            self._parsed(found.name)

    def _parsed(self, name: str) -> Node:
        if name not in self._measures:
            node = parse_expression(self.catalog.measure(name).expression)
            bind(node, self.catalog)
            self._measures[name] = node
        return self._measures[name]

    def scalar(self, node: Node, context: Context) -> Scalar:
        """Return the value of `node`; a table of one row and one column counts as its value."""
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, Reference):
            return self._reference(node, context)
        if isinstance(node, Variables):
            return self.scalar(node.result, self._define(node, context))
        if self.is_table(node, context):
            return _only_value(self.table(node, context), node)
        if isinstance(node, Name):
            return self._variable(node, context)
        with _at(node):
            if isinstance(node, Unary):
                return self._unary(node, context)
            if isinstance(node, Binary):
                return self._binary(node, context)
            if isinstance(node, Call):
                value = FUNCTIONS[node.function].handler(self, node, context)
                if not isinstance(value, TableValue):
                    return value
        return _refuse(node, "this is no value")

    def table(self, node: Node, context: Context) -> TableValue:
        """Return the table that `node` makes."""
        if isinstance(node, Variables):
            return self.table(node.result, self._define(node, context))
        if isinstance(node, TableConstructor):
            columns = _constructor_columns(len(node.rows[0]))
            rows = tuple(tuple(self.scalar(cell, context) for cell in row) for row in node.rows)
            return TableValue(columns, rows)
        if isinstance(node, Name):
            value = None if node.is_quoted else context.variables.get(node.name.lower())
            if isinstance(value, TableValue):
                return value
            return self.visible_rows(self.catalog.table(node.name, node.position), context, with_blank=False)
        if isinstance(node, Call):
            with _at(node):
                value = FUNCTIONS[node.function].handler(self, node, context)
                if isinstance(value, TableValue):
                    return value
        return _refuse(node, "a table is needed here")

    def visible_rows(self, table: str, context: Context, *, with_blank: bool) -> TableValue:
        """Return the visible rows of a model table with the columns that it reaches."""
        rows = self.storage.rows(table, context, with_blank=with_blank)
        return TableValue(self.catalog.expanded_columns(table), rows, table)

    def is_table(self, node: Node, context: Context) -> bool:
        """Say whether `node` makes a table rather than a value."""
        return self._makes_table(node, {name: isinstance(v, TableValue) for name, v in context.variables.items()})

    def _makes_table(self, node: Node, variables: Mapping[str, bool]) -> bool:
        if isinstance(node, TableConstructor):
            return True
        if isinstance(node, Call):
            return FUNCTIONS[node.function].returns_table
        if isinstance(node, Variables):
            known = dict(variables)
            for name, definition in node.definitions:
                known[name.lower()] = self._makes_table(definition, known)
            return self._makes_table(node.result, known)
        if isinstance(node, Name):
            is_variable = not node.is_quoted and node.name.lower() in variables
            return variables[node.name.lower()] if is_variable else self.catalog.find_table(node.name) is not None
        return False

    def _define(self, node: Variables, context: Context) -> Context:
        """Evaluate each variable once, where it is defined."""
        for name, definition in node.definitions:
            value: Value
            if self.is_table(definition, context):
                value = self.table(definition, context)
            else:
                value = self.scalar(definition, context)
            context = context.with_variable(name, value)
        return context

    def _variable(self, node: Name, context: Context) -> Scalar:
        value = context.variables.get(node.name.lower())
        if isinstance(value, TableValue):
            return _only_value(value, node)
        if node.name.lower() not in context.variables:
            _refuse(node, f"there is no variable {node.name!r}")
        return value

    def _reference(self, node: Reference, context: Context) -> Scalar:
        if node.table is None:
            made = ColumnKey("", node.name)
            for row in reversed(context.rows):
                if made in row.values:
                    return row.values[made]
            return self.measure(node.name, context, node.position)
        key = self.catalog.find_column(node.table, node.name)
        if key is None:
            return self.measure(node.name, context, node.position)
        for row in reversed(context.rows):
            if row.shows(key):
                return row.values[key]
        return _refuse(node, f"{key} is used without a row context; aggregate it, for example SUM({key})")

    def _unary(self, node: Unary, context: Context) -> Scalar:
        value = self.scalar(node.operand, context)
        if node.operator == "NOT":
            return not values.to_boolean(value, "NOT")
        return value if node.operator == "+" else values.multiply(value, -1)

    def _binary(self, node: Binary, context: Context) -> Scalar:
        left = self.scalar(node.left, context)
        if node.operator == "IN":
            table = self.table(node.right, context)
            if len(table.columns) != 1:
                _refuse(node, "IN needs a table of one column")
            return any(values.compare("==", left, row[0]) for row in table.rows)
        if node.operator in ("&&", "||"):
            is_true = values.to_boolean(left, node.operator)
            if is_true == (node.operator == "||"):
                return is_true
            return values.to_boolean(self.scalar(node.right, context), node.operator)
        right = self.scalar(node.right, context)
        if node.operator in _ARITHMETIC:
            return _ARITHMETIC[node.operator](left, right)
        return values.compare(node.operator, left, right)


def _constructor_columns(count: int) -> tuple[ColumnKey, ...]:
    names = ["Value"] if count == 1 else [f"Value{number}" for number in range(1, count + 1)]
    return tuple(ColumnKey("", name) for name in names)


def _only_value(table: TableValue, node: Node) -> Scalar:
    if len(table.rows) > 1 or len(table.columns) != 1:
        shape = f"{len(table.rows)} row(s) and {len(table.columns)} column(s)"
        return _refuse(node, f"a table with {shape} where one value is needed")
    return table.rows[0][0] if table.rows else None


def _refuse(node: Node, problem: str) -> NoReturn:
    message = f"position {node.position}: {problem}"
    raise DaxError(message)


@contextmanager
def _at(node: Node) -> Iterator[None]:
    """Say where it happened, unless something further inside has already said so."""
    try:
        yield
    except (DaxError, NotSupportedError) as exc:
        if "position " in str(exc) or str(exc).startswith("measure ["):
            raise
        message = f"position {node.position}: {exc}"
        raise type(exc)(message) from exc


@contextmanager
def _inside_measure(name: str) -> Iterator[None]:
    try:
        yield
    except (DaxError, NotSupportedError) as exc:
        if str(exc).startswith("measure ["):
            raise
        message = f"measure [{name}]: {exc}"
        raise type(exc)(message) from exc
