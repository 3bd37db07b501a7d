"""Semantic models and the gold contracts: what the model reads is what the Warehouse holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fabric_ot.contracts import GOLD_TABLES
from fabric_ot.contracts import Table as Contract
from fabric_ot.errors import PlatformError
from fabric_ot.workbench.check.problem import Finding, load_each, reading_problems
from fabric_ot.workbench.items.repository import Repository, workspace_ids
from fabric_ot.workbench.items.semantic_model import Table, load_semantic_model

MODEL_TYPES: dict[str, tuple[str, ...]] = {
    "string": ("string",),
    "long": ("int64",),
    "int": ("int64",),
    "double": ("double",),
    "boolean": ("boolean",),
    "timestamp": ("dateTime",),
    "date": ("dateTime",),
    "binary": ("binary",),
}
"""Contract type to the model types that Direct Lake reads it as."""

EXPRESSIONS_FILE = "definition/expressions.tmdl"
_ONELAKE_URL = re.compile(r"onelake\.dfs\.fabric\.microsoft\.com/([0-9a-fA-F-]{36})/([0-9a-fA-F-]{36})")


def semantic_models_read(repository: Repository) -> Iterator[Finding]:
    """TMDL that does not parse, and names inside the model that do not resolve."""
    yield from reading_problems(repository.of_type("SemanticModel"), load_semantic_model)


def model_tables_are_gold_tables(repository: Repository) -> Iterator[Finding]:
    """A partition on a table that the Warehouse has not makes the whole model fail to refresh."""
    for item, model in load_each(repository.of_type("SemanticModel"), load_semantic_model):
        known = [contract.full_name for contract in GOLD_TABLES]
        for table in model.tables:
            if table.partition and table.partition.kind == "entity" and _contract(table) is None:
                found = f"{table.partition.schema_name}.{table.partition.entity_name}"
                yield item.folder, f"table {table.name!r}: no gold contract is called {found!r}: {', '.join(known)}."


def model_columns_are_gold_columns(repository: Repository) -> Iterator[Finding]:
    """A source column that is missing, or read as another type, fails the framing."""
    for item, model in load_each(repository.of_type("SemanticModel"), load_semantic_model):
        for table in model.tables:
            contract = _contract(table)
            if contract is not None:
                for message in _column_problems(table, contract):
                    yield item.folder / f"definition/tables/{table.name}.tmdl", message


def model_sources_exist(repository: Repository) -> Iterator[Finding]:
    """Each partition names a shared expression, and its URL the Warehouse of the gold workspace."""
    for item, model in load_each(repository.of_type("SemanticModel"), load_semantic_model):
        expressions = {expression.name: expression.text for expression in model.expressions}
        for table in model.tables:
            source = table.partition.expression_source if table.partition else ""
            if table.partition and table.partition.kind == "entity" and source not in expressions:
                known = ", ".join(expressions) or "none"
                yield item.folder, f"table {table.name!r}: expressionSource {source!r} is not declared: {known}."
        for name, text in expressions.items():
            for match in _ONELAKE_URL.finditer(text):
                message = _source_problem(repository, match[1].lower(), match[2].lower())
                if message:
                    yield item.folder / EXPRESSIONS_FILE, f"expression {name!r}: {message}"


def _contract(table: Table) -> Contract | None:
    if table.partition is None:
        return None
    wanted = (table.partition.schema_name, table.partition.entity_name)
    return next((contract for contract in GOLD_TABLES if (contract.schema, contract.name) == wanted), None)


def _column_problems(table: Table, contract: Contract) -> Iterator[str]:
    types = {column.name: column.type for column in contract.columns}
    for column in table.columns:
        if column.expression is not None:
            continue
        if column.source_column not in types:
            known = ", ".join(types)
            yield f"column {column.name!r}: {contract.full_name} has no column {column.source_column!r}: {known}."
            continue
        legal = MODEL_TYPES.get(types[column.source_column], ())
        if column.data_type not in legal:
            found = f"{contract.full_name}.{column.source_column} is {types[column.source_column]}"
            yield f"column {column.name!r} is {column.data_type}, but {found}. Hint: {' or '.join(legal) or 'hide it'}."


def _source_problem(repository: Repository, workspace_id: str, item_id: str) -> str | None:
    try:
        expected = workspace_ids(repository)
    except PlatformError as error:
        return str(error).splitlines()[0]
    item = next((item for item in repository.items if item.logical_id == item_id), None)
    if item is None:
        return f"the URL names {item_id}, the logicalId of no item. Hint: take it from the Warehouse's .platform."
    if item.type not in ("Warehouse", "Lakehouse"):
        return f"reads {item.display_name}, a {item.type}. Hint: a Warehouse or a Lakehouse."
    if expected.get(str(item.layer)) != workspace_id:
        return (
            f"reads {item.display_name} in workspace {workspace_id}; {item.layer} is {expected.get(str(item.layer))}."
        )
    return None
