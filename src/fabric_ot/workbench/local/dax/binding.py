"""Checks the names of an expression before it runs, in branches that are not taken too."""

from __future__ import annotations

from fabric_ot.errors import DaxError, NotSupportedError
from fabric_ot.workbench.local.dax.catalog import Catalog, near
from fabric_ot.workbench.local.dax.functions import FUNCTIONS, MODIFIERS
from fabric_ot.workbench.local.dax.syntax import Call, Name, Node, Reference, Variables, children

_TAKES_MODIFIERS = frozenset({"CALCULATE", "CALCULATETABLE", "SUMMARIZECOLUMNS", "KEEPFILTERS"})
_MADE_COLUMNS = "value"


def bind(node: Node, catalog: Catalog) -> None:
    """Raise for the first function, table, column, measure or variable in `node` that cannot be resolved.

    Raises:
        DaxError: a name that does not exist, with near names, or a wrong number of arguments.
        NotSupportedError: a function that this engine does not have.
    """
    _bind(node, catalog, frozenset(), "")


def _bind(node: Node, catalog: Catalog, variables: frozenset[str], caller: str) -> None:
    if isinstance(node, Variables):
        for name, definition in node.definitions:
            _bind(definition, catalog, variables, "")
            variables |= {name.lower()}
        _bind(node.result, catalog, variables, "")
        return
    if isinstance(node, Call):
        _bind_call(node, catalog, caller)
    elif isinstance(node, Name) and (node.is_quoted or node.name.lower() not in variables):
        _bind_name(node, catalog, variables)
    elif isinstance(node, Reference):
        _bind_reference(node, catalog)
    inner = node.function if isinstance(node, Call) else ""
    for child in children(node):
        _bind(child, catalog, variables, inner)


def _bind_call(node: Call, catalog: Catalog, caller: str) -> None:
    if node.function in MODIFIERS and node.function not in FUNCTIONS:
        if caller not in _TAKES_MODIFIERS:
            message = f"position {node.position}: {node.function} stands only among the filters of CALCULATE"
            raise DaxError(message)
        return
    function = FUNCTIONS.get(node.function)
    if function is None:
        message = f"function {node.function} at position {node.position} is not supported"
        raise NotSupportedError(message)
    count = len(node.arguments)
    if count < function.least or (function.most is not None and count > function.most):
        message = f"position {node.position}: {node.function} takes {function.arity} argument(s), found {count}"
        raise DaxError(message)
    if function.takes_column:
        _check_column(node, catalog)


def _check_column(node: Call, catalog: Catalog) -> None:
    first = node.arguments[0]
    if isinstance(first, Reference) and first.table is not None:
        catalog.column(first.table, first.name, first.position)
        return
    message = f"position {first.position}: {node.function} needs a column written as Table[column]"
    raise DaxError(message)


def _bind_name(node: Name, catalog: Catalog, variables: frozenset[str]) -> None:
    if catalog.find_table(node.name) is None:
        known = [*(table.name for table in catalog.model.tables), *sorted(variables)]
        message = f"position {node.position}: there is no table or variable {node.name!r}{near(node.name, known)}"
        raise DaxError(message)


def _bind_reference(node: Reference, catalog: Catalog) -> None:
    if catalog.find_measure(node.name):
        return
    if node.table is not None:
        catalog.column(node.table, node.name, node.position)
    elif not node.name.lower().startswith(_MADE_COLUMNS):
        owners = [t.name for t in catalog.model.tables if catalog.find_column(t.name, node.name)]
        hint = f"; a column needs its table, for example {owners[0]}[{node.name}]" if owners else ""
        names = [measure.name for measure in catalog.model.measures]
        message = f"position {node.position}: there is no measure [{node.name}]{hint or near(node.name, names)}"
        raise DaxError(message)
