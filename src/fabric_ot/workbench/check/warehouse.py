"""Warehouse projects and the gold contracts: the same tables, column by column."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fabric_ot.contracts import GOLD_TABLES
from fabric_ot.contracts import Table as Contract
from fabric_ot.workbench.check.problem import Finding, load_each, reading_problems
from fabric_ot.workbench.items.repository import Item, Repository
from fabric_ot.workbench.items.tsql_table import TableDefinition
from fabric_ot.workbench.items.warehouse import WarehouseProject, load_warehouse

TSQL_TYPES: dict[str, tuple[str, ...]] = {
    "string": ("varchar", "char"),
    "long": ("bigint",),
    "int": ("int",),
    "double": ("float",),
    "boolean": ("bit",),
    "timestamp": ("datetime2",),
    "date": ("date",),
    "binary": ("varbinary",),
}
"""Contract type to T-SQL types, without their length."""


def warehouses_read(repository: Repository) -> Iterator[Finding]:
    """One object, one file, in the folder that its name says; tables without what Fabric refuses."""
    yield from reading_problems(repository.of_type("Warehouse"), _load_with_tables)


def warehouse_tables_equal_contracts(repository: Repository) -> Iterator[Finding]:
    """The contract, the DDL and the model say the same thing three times: here the first two are held equal."""
    for item, project, tables in _projects(repository):
        paths = {(o.schema, o.name): item.folder / o.path for o in project.of_kind("table")}
        contracts = {(c.schema, c.name): c for c in GOLD_TABLES}
        for key, contract in contracts.items():
            if key not in tables:
                yield item.folder, f"has no table {contract.full_name}, which the gold contracts declare. Hint: add it."
        for key, table in tables.items():
            governed = key[0] in {contract.schema for contract in GOLD_TABLES}
            if key in contracts:
                for message in _differences(table, contracts[key]):
                    yield paths[key], message
            elif governed:
                yield paths[key], f"no gold contract declares {'.'.join(key)}. Hint: add it to contracts/gold.py."


def _differences(table: TableDefinition, contract: Contract) -> Iterator[str]:
    found = [column.name for column in table.columns]
    if found != list(contract.column_names):
        missing = [name for name in contract.column_names if name not in found]
        extra = [name for name in found if name not in contract.column_names]
        what = f"missing {missing}, unknown {extra}" if missing or extra else "the order differs"
        yield f"columns are not those of the contract {contract.full_name}: {what}."
    by_name = {column.name: column for column in contract.columns}
    for column in table.columns:
        expected = by_name.get(column.name)
        if expected is None:
            continue
        if column.type.partition("(")[0] not in TSQL_TYPES[expected.type]:
            legal = " or ".join(TSQL_TYPES[expected.type])
            yield f"column {column.name!r} is {column.type}, but the contract says {expected.type}. Hint: {legal}."
        if column.nullable != expected.nullable:
            wanted = "NULL" if expected.nullable else "NOT NULL"
            yield f"column {column.name!r} must be {wanted}, as the contract says."


def _projects(
    repository: Repository,
) -> Iterator[tuple[Item, WarehouseProject, dict[tuple[str, str], TableDefinition]]]:
    for item, tables in load_each(repository.of_type("Warehouse"), _load_with_tables):
        yield item, load_warehouse(item.folder), {(table.schema, table.name): table for table in tables}


def _load_with_tables(folder: Path) -> tuple[TableDefinition, ...]:
    return load_warehouse(folder).tables()
