from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path

import pytest

from fabric_ot.contracts import find_table
from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.semantic_model import Relationship, load_semantic_model

GOLD = {
    "Date": "dim.date",
    "Shift": "dim.shift",
    "Asset": "dim.asset",
    "Product": "dim.product",
    "Production": "fact.production",
    "State Time": "fact.state_time",
    "Production Loss": "fact.production_loss",
    "Energy": "fact.energy",
    "Energy Cost": "fact.energy_cost",
    "Maintenance": "fact.maintenance",
    "SPC Signal": "fact.spc_signal",
}
DATA_TYPES = {"date": "dateTime", "timestamp": "dateTime", "int": "int64", "long": "int64"}


@pytest.fixture
def folder(repository_root: Path) -> Path:
    return repository_root / "semantic_models" / "plant_operations.SemanticModel"


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "plant_operations.SemanticModel"))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_tables_say_the_same_as_the_gold_contracts_column_by_column(folder):
    model = load_semantic_model(folder)
    assert {table.name for table in model.tables} == set(GOLD)
    for table in model.tables:
        contract = find_table("gold", GOLD[table.name])
        assert table.partition is not None
        assert f"{table.partition.schema_name}.{table.partition.entity_name}" == contract.full_name
        assert (table.partition.kind, table.partition.mode) == ("entity", "directLake")
        assert [(c.source_column, c.data_type) for c in table.columns] == [
            (c.name, DATA_TYPES.get(c.type, c.type)) for c in contract.columns
        ]


def test_the_shared_expression_names_the_warehouse_by_its_deterministic_ids(folder):
    (expression,) = load_semantic_model(folder).expressions
    for name in ("fabric_ot/Workspace/gold", "fabric_ot/Warehouse/ot_gold"):
        assert str(uuid.uuid5(uuid.NAMESPACE_URL, name)) in expression.text


def test_every_relationship_is_active_many_to_one_on_hidden_int_keys(folder):
    model = load_semantic_model(folder)
    columns = {(t.name, c.name): c for t in model.tables for c in t.columns}
    assert len(model.relationships) == 20
    for r in model.relationships:
        assert r.is_active
        assert r.is_many_to_one
        assert not r.is_bidirectional
        for key in ((r.from_table, r.from_column), (r.to_table, r.to_column)):
            assert columns[key].data_type == "int64"
            assert columns[key].is_hidden


def test_measures_carry_a_format_a_folder_and_a_description(folder):
    model = load_semantic_model(folder)
    assert {m.name for m in model.measures} == {
        "OEE", "Availability", "Performance", "Quality", "Produced Quantity", "Good Quantity", "Scrap Quantity",
        "Planned Busy Hours", "Production Hours", "Unqualified Hours", "State Hours", "Downtime Hours",
        "Loss Hours", "Loss Share", "Energy kWh", "Energy per Good Unit kWh", "Unproductive Energy Share",
        "Energy Cost", "Billed Energy kWh", "Unpriced Energy kWh", "Energy Price per kWh", "Energy Cost per Good Unit",
        "Failure Count", "Operating Hours", "MTBF Hours", "MTTR Hours", "Inherent Availability",
        "Schedule Compliance", "Corrective Share", "Control Points", "Signals", "Out of Control Share", "Rules Fired",
    }  # fmt: skip
    assert all(m.format_string and m.display_folder and m.description for m in model.measures)


def test_the_date_table_is_marked_with_its_date_as_key(folder):
    date = next(t for t in load_semantic_model(folder).tables if t.name == "Date")
    assert date.data_category == "Time"
    assert [c.name for c in date.columns if c.is_key] == ["date"]


def test_the_model_allows_no_implicit_sums(folder):
    model = load_semantic_model(folder)
    assert {c.summarize_by for t in model.tables for c in t.columns} == {"none"}


@pytest.mark.parametrize(
    ("file", "old", "new", "part"),
    [
        ("tables/Date.tmdl", "dataType: int64", "dataType: whole", "dataType must be one of"),
        ("tables/Date.tmdl", "summarizeBy: none", "summarizeBy: nonee", "summarizeBy must be one of"),
        ("tables/Date.tmdl", "sortByColumn: month", "sortByColumn: monht", "sortByColumn 'monht'"),
        ("relationships.tmdl", "toColumn: Date.date_key", "toColumn: Date.datekey", "Date\\[datekey\\]"),
        ("tables/Production.tmdl", "measure Quality", "measure OEE", "declared 2 times"),
        ("model.tmdl", "model Model", "perspective P", "perspective"),
    ],
)
def test_a_broken_model_is_refused_naming_the_place(copy, file, old, new, part):
    edit(copy / "definition" / file, old, new)
    with pytest.raises(ItemError, match=part):
        load_semantic_model(copy)


def test_roles_are_refused_because_they_would_change_the_numbers(copy):
    (copy / "definition" / "roles").mkdir()
    with pytest.raises(ItemError, match="roles"):
        load_semantic_model(copy)


def test_directions_and_cardinality_of_relationships_are_read(copy):
    edit(
        copy / "definition" / "relationships.tmdl",
        "relationship state_time_asset",
        "relationship state_time_asset\n\tisActive: false\n\tcrossFilteringBehavior: bothDirections\n"
        "\ttoCardinality: many",
    )
    found = next(r for r in load_semantic_model(copy).relationships if r.name == "state_time_asset")
    assert found == Relationship(
        "state_time_asset", "State Time", "asset_key", "Asset", "asset_key",
        is_active=False, is_bidirectional=True, is_many_to_one=False,
    )  # fmt: skip


def test_settings_and_platform_are_valid_against_the_published_schemas(folder, shared_schemas):
    jsonschema = pytest.importorskip("jsonschema")
    for file in (folder / "definition.pbism", folder / ".platform"):
        document = json.loads(file.read_text())
        schema = shared_schemas / "fabric" / document["$schema"].split("/json-schemas/fabric/")[1]
        assert list(jsonschema.Draft7Validator(json.loads(schema.read_text())).iter_errors(document)) == []
