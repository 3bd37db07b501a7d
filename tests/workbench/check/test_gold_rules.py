"""Warehouse, semantic model and report against the gold contracts."""

from __future__ import annotations

import shutil

import pytest

from fabric_ot.contracts import GOLD_TABLES
from fabric_ot.contracts.table import Column

WAREHOUSE = "warehouse/ot_gold.Warehouse"
MODEL = "semantic_models/plant_operations.SemanticModel"
REPORT = "semantic_models/plant_operations.Report"
TYPES = {
    "string": "varchar(100)",
    "int": "int",
    "long": "bigint",
    "double": "float",
    "boolean": "bit",
    "timestamp": "datetime2(6)",
    "date": "date",
}
PROJECT = """\
<Project DefaultTargets="Build">
  <PropertyGroup>
    <Name>ot_gold</Name>
    <DSP>Microsoft.Data.Tools.Schema.Sql.SqlDwUnifiedDatabaseSchemaProvider</DSP>
  </PropertyGroup>
</Project>
"""


def ddl(column: Column) -> str:
    return f"[{column.name}] {TYPES[column.type]} {'NULL' if column.nullable else 'NOT NULL'}"


@pytest.fixture
def gold(plant, repository_root):
    """The plant with a Warehouse made from the contracts, and this repository's model and report."""
    shutil.copytree(repository_root / "semantic_models", plant.root / "semantic_models")
    plant.add_platform(WAREHOUSE)
    plant.write(f"{WAREHOUSE}/ot_gold.sqlproj", PROJECT)
    for schema in {table.schema for table in GOLD_TABLES}:
        plant.write(f"{WAREHOUSE}/{schema}/{schema}.sql", f"CREATE SCHEMA {schema};\n")
    for table in GOLD_TABLES:
        columns = ",\n".join(map(ddl, table.columns))
        text = f"CREATE TABLE [{table.schema}].[{table.name}] (\n{columns}\n);\n"
        plant.write(f"{WAREHOUSE}/{table.schema}/Tables/{table.name}.sql", text)
    return plant


def replace(plant, path, old, new):
    text = (plant.root / path).read_text(encoding="utf-8")
    assert old in text
    plant.write(path, text.replace(old, new, 1))


def found(plant, rule):
    return [(problem.path, problem.message) for problem in plant.problems() if problem.rule == rule]


def test_warehouse_model_and_report_agree_with_the_contracts(gold):
    assert [str(problem) for problem in gold.problems()] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[version] int NOT NULL", "[version] bigint NOT NULL", "'version' is bigint, but the contract says int"),
        ("[version] int NOT NULL", "[version] int NULL", "'version' must be NOT NULL"),
        (",\n[version] int NOT NULL", "", "missing ['version'], unknown []"),
        ("[version] int NOT NULL", "[versions] int NOT NULL", "missing ['version'], unknown ['versions']"),
        (
            "[restated_at_utc] datetime2(6) NOT NULL,\n[version] int NOT NULL",
            "[version] int NOT NULL,\n[restated_at_utc] datetime2(6) NOT NULL",
            "the order differs",
        ),
    ],
)
def test_a_column_that_is_not_the_contracts_is_named(gold, old, new, said):
    path = f"{WAREHOUSE}/fact/Tables/production.sql"
    replace(gold, path, old, new)
    ((where, message), *rest) = found(gold, "warehouse_tables_equal_contracts")
    assert (where, rest) == (path, [])
    assert said in message


def test_a_table_too_few_and_a_table_too_many_are_named(gold):
    shutil.move(
        gold.root / f"{WAREHOUSE}/dim/Tables/shift.sql",
        gold.root / f"{WAREHOUSE}/dim/Tables/shifts.sql",
    )
    replace(gold, f"{WAREHOUSE}/dim/Tables/shifts.sql", "[shift]", "[shifts]")
    assert found(gold, "warehouse_tables_equal_contracts") == [
        (WAREHOUSE, "has no table dim.shift, which the gold contracts declare. Hint: add it."),
        (
            f"{WAREHOUSE}/dim/Tables/shifts.sql",
            "no gold contract declares dim.shifts. Hint: add it to contracts/gold.py.",
        ),
    ]


def test_tables_of_other_schemas_are_nobodys_contract(gold):
    gold.write(f"{WAREHOUSE}/etl/etl.sql", "CREATE SCHEMA etl;\n")
    gold.write(f"{WAREHOUSE}/etl/Tables/run.sql", "CREATE TABLE etl.run (id int NOT NULL);\n")
    assert gold.problems() == []


def test_a_table_that_cannot_be_read_is_named(gold):
    path = f"{WAREHOUSE}/dim/Tables/shift.sql"
    replace(gold, path, "NOT NULL", "IDENTITY")
    assert "IDENTITY" in str(found(gold, "warehouses_read"))


def test_a_table_of_the_model_is_a_gold_table(gold):
    replace(gold, f"{MODEL}/definition/tables/Shift.tmdl", "entityName: shift", "entityName: shifts")
    ((where, message),) = found(gold, "model_tables_are_gold_tables")
    assert where == MODEL
    assert "table 'Shift': no gold contract is called 'dim.shifts'" in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sourceColumn: state\n", "sourceColumn: status\n", "fact.state_time has no column 'status'"),
        ("dataType: dateTime", "dataType: string", "fact.state_time.restated_at_utc is timestamp. Hint: dateTime."),
    ],
)
def test_a_column_of_the_model_is_a_gold_column_of_its_type(gold, old, new, said):
    path = f"{MODEL}/definition/tables/State Time.tmdl"
    replace(gold, path, old, new)
    ((where, message),) = found(gold, "model_columns_are_gold_columns")
    assert where == path
    assert said in message


def test_a_partition_names_an_expression_of_the_model(gold):
    replace(
        gold,
        f"{MODEL}/definition/tables/Shift.tmdl",
        "expressionSource: 'Direct Lake - ot_gold'",
        "expressionSource: x",
    )
    ((_, message),) = found(gold, "model_sources_exist")
    assert "table 'Shift': expressionSource 'x' is not declared" in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Warehouse", "VariableLibrary", "a VariableLibrary. Hint: a Warehouse or a Lakehouse"),
        ("Warehouse", "Lost", "the logicalId of no item"),
        ("gold", "silver", "in workspace 7f25c021-287f-5143-b51f-d331fb9796ca; gold is"),
    ],
)
def test_the_url_of_the_model_names_the_warehouse_of_the_gold_workspace(gold, old, new, said):
    items = {
        "Warehouse": gold.item_id("Warehouse", "ot_gold"),
        "VariableLibrary": gold.item_id("VariableLibrary", "ot_settings"),
        "Lost": gold.item_id("Warehouse", "lost"),
        "gold": gold.item_id("Workspace", "gold"),
        "silver": gold.item_id("Workspace", "silver"),
    }
    replace(gold, f"{MODEL}/definition/expressions.tmdl", items[old], items[new])
    ((where, message),) = found(gold, "model_sources_exist")
    assert where == f"{MODEL}/definition/expressions.tmdl"
    assert said in message


def test_tmdl_that_does_not_parse_is_named(gold):
    path = f"{MODEL}/definition/tables/Shift.tmdl"
    replace(gold, path, "table Shift", "tableau Shift")
    (problem, *_) = found(gold, "semantic_models_read")
    assert "Shift.tmdl" in str(problem)


def test_each_name_that_does_not_resolve_in_the_model_is_its_own_finding(gold):
    path = f"{MODEL}/definition/relationships.tmdl"
    text = (gold.root / path).read_text(encoding="utf-8")
    gold.write(path, text.replace("toColumn: Shift.shift_key", "toColumn: Shift.lost"))
    problems = found(gold, "semantic_models_read")
    assert problems
    assert all("there is no column Shift[lost]" in message for _, message in problems)


def test_a_report_whose_model_is_missing_is_named(gold):
    replace(gold, f"{REPORT}/definition.pbir", "plant_operations.Sem", "lost.Sem")
    ((where, message),) = found(gold, "reports_read")
    assert where == f"{REPORT}/definition.pbir"
    assert "'../lost.SemanticModel' does not exist" in message


def test_a_report_binds_to_a_model_that_is_deployed(gold):
    (gold.root / "semantic_models/no_item").mkdir()
    replace(gold, f"{REPORT}/definition.pbir", "plant_operations.SemanticModel", "no_item")
    ((_, message),) = found(gold, "report_models_are_items")
    assert "'no_item', which is no semantic model here" in message


def test_every_field_of_a_visual_exists_in_the_model(gold):
    path = f"{REPORT}/definition/pages/overview/visuals/oee_by_line/visual.json"
    text = (gold.root / path).read_text(encoding="utf-8")
    assert '"Property": "OEE"' in text
    gold.write(path, text.replace('"Property": "OEE"', '"Property": "OOE"'))
    problems = found(gold, "report_fields_exist")
    assert {where for where, _ in problems} == {path}
    assert any("the model has no measure Production[OOE]" in message for _, message in problems)


def test_a_visual_of_an_unexpected_kind_is_a_problem_and_no_crash(gold):
    gold.edit(f"{REPORT}/definition/pages/overview/visuals/card_oee/visual.json", lambda d: d.update(visual=[]))
    assert [where.startswith(REPORT) for where, _ in found(gold, "reports_read")] == [True]
