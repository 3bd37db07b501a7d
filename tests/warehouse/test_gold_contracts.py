"""The Warehouse's DDL says what the contracts say."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import jsonschema
import pytest

from fabric_ot.contracts.gold import GOLD_TABLES
from fabric_ot.contracts.table import Table
from fabric_ot.workbench.items.warehouse import WarehouseProject

FAMILIES = {
    "int": {"int"},
    "long": {"bigint"},
    "double": {"float"},
    "boolean": {"bit"},
    "date": {"date"},
    "timestamp": {"datetime2(6)"},
}


@pytest.mark.parametrize("contract", GOLD_TABLES, ids=lambda table: table.full_name)
def test_a_table_has_the_columns_of_its_contract(project: WarehouseProject, contract: Table) -> None:
    tables = {f"{table.schema}.{table.name}": table for table in project.tables()}
    columns = tables[contract.full_name].columns
    assert [c.name for c in columns] == list(contract.column_names)
    for column, wanted in zip(columns, contract.columns, strict=True):
        assert column.nullable == wanted.nullable, column.name
        if wanted.type == "string":
            assert column.type.startswith("varchar("), column.name
        else:
            assert column.type in FAMILIES[wanted.type], column.name


def test_there_is_no_table_without_a_contract(project: WarehouseProject) -> None:
    assert {f"{t.schema}.{t.name}" for t in project.tables()} == {table.full_name for table in GOLD_TABLES}


@pytest.mark.parametrize("contract", GOLD_TABLES, ids=lambda table: table.full_name)
def test_the_key_of_a_contract_is_told_but_not_enforced(project: WarehouseProject, contract: Table) -> None:
    text = next(item.text for item in project.of_kind("table") if item.full_name == contract.full_name)
    key = ", ".join(f"[{name}]" for name in contract.key)
    assert f"PRIMARY KEY NONCLUSTERED ({key}) NOT ENFORCED" in " ".join(text.split())


@pytest.mark.parametrize("contract", GOLD_TABLES, ids=lambda table: table.full_name)
def test_the_procedure_that_a_contract_names_exists(project: WarehouseProject, contract: Table) -> None:
    assert contract.written_by in {item.full_name for item in project.of_kind("procedure")}


def test_every_file_of_the_project_ends_with_one_line_feed(repository_root: Path) -> None:
    files = [path for path in (repository_root / "warehouse").rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        data = path.read_bytes()
        assert data.endswith(b"\n"), path
        assert not data.endswith(b"\n\n"), path
        assert b"\r" not in data, path


def test_the_item_has_its_derived_identity(repository_root: Path) -> None:
    platform = json.loads((repository_root / "warehouse/ot_gold.Warehouse/.platform").read_text())
    assert platform["config"]["logicalId"] == str(uuid.uuid5(uuid.NAMESPACE_URL, "fabric_ot/Warehouse/ot_gold"))


def test_the_platform_file_is_valid(repository_root: Path, shared_schemas: Path) -> None:
    found = next((shared_schemas / "fabric" / "gitIntegration").rglob("platformProperties/2.0.0/schema.json"))
    platform = json.loads((repository_root / "warehouse/ot_gold.Warehouse/.platform").read_text())
    assert list(jsonschema.Draft7Validator(json.loads(found.read_text())).iter_errors(platform)) == []
