from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from fabric_ot.errors import ItemError, NotSupportedError
from fabric_ot.workbench.items.report import Field, load_report
from fabric_ot.workbench.items.semantic_model import load_semantic_model

BASE = "https://developer.microsoft.com/json-schemas/fabric"


@pytest.fixture
def folder(repository_root: Path) -> Path:
    return repository_root / "semantic_models" / "plant_operations.Report"


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(folder.parent / "plant_operations.SemanticModel", tmp_path / "plant_operations.SemanticModel")
    return Path(shutil.copytree(folder, tmp_path / "plant_operations.Report"))


def change(file: Path, **values: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def test_pages_and_visuals_are_read_with_roles_titles_and_order(folder):
    report = load_report(folder)
    assert [page.display_name for page in report.pages] == [
        "Plant overview", "Losses", "Energy", "Maintenance", "Quality", "Details",
    ]  # fmt: skip
    visuals = {visual.name: visual for page in report.pages for visual in page.visuals}
    downtime = visuals["downtime_by_asset"]
    assert downtime.type == "barChart"
    assert downtime.title == "Unplanned downtime by asset and state, hours"
    assert downtime.roles["Series"] == (Field("State Time", "state", "column", "State"),)
    assert downtime.roles["Y"] == (Field("State Time", "Downtime Hours", "measure"),)
    assert [(s.name, s.is_descending) for s in downtime.sort] == [("Downtime Hours", True)]
    assert report.model_path.name == "plant_operations.SemanticModel"


def test_every_field_exists_in_the_model(folder):
    report = load_report(folder)
    model = load_semantic_model(report.model_path)
    known = {(t.name, c.name, "column") for t in model.tables for c in t.columns}
    known |= {(t.name, m.name, "measure") for t in model.tables for m in t.measures}
    for page in report.pages:
        for visual in page.visuals:
            assert visual.fields
            assert {(f.table, f.name, f.kind) for f in visual.fields} <= known, visual.name


def test_no_visual_leaves_its_page_or_covers_another(folder):
    for page in load_report(folder).pages:
        boxes = [v.position for v in page.visuals]
        for box in boxes:
            assert box.x >= 0
            assert box.y >= 0
            assert box.x + box.width <= page.width
            assert box.y + box.height <= page.height
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                apart = a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
                assert apart


def test_a_report_bound_by_connection_is_refused(copy):
    change(copy / "definition.pbir", datasetReference={"byConnection": {"connectionString": "x"}})
    with pytest.raises(ItemError, match="byPath"):
        load_report(copy)


def test_a_missing_model_is_named(copy):
    change(copy / "definition.pbir", datasetReference={"byPath": {"path": "../Nope.SemanticModel"}})
    with pytest.raises(ItemError, match=r"Nope\.SemanticModel"):
        load_report(copy)


def test_a_listed_page_that_does_not_exist_is_named(copy):
    change(copy / "definition" / "pages" / "pages.json", pageOrder=["overview", "details", "ghost"])
    with pytest.raises(ItemError, match="ghost"):
        load_report(copy)


def test_a_stored_filter_is_refused_rather_than_ignored(copy):
    change(copy / "definition" / "report.json", filterConfig={"filters": [{"name": "f1", "filter": {}}]})
    with pytest.raises(NotSupportedError, match="f1"):
        load_report(copy)


def test_a_stored_slicer_selection_is_refused_rather_than_ignored(copy):
    file = copy / "definition" / "pages" / "overview" / "visuals" / "slicer_date" / "visual.json"
    visual = json.loads(file.read_text())["visual"]
    visual["objects"]["general"] = [{"properties": {"filter": {}}}]
    change(file, visual=visual)
    with pytest.raises(NotSupportedError, match="slicer selection"):
        load_report(copy)


def test_an_aggregation_made_by_the_visual_is_refused_by_name(copy):
    file = copy / "definition" / "pages" / "overview" / "visuals" / "card_oee" / "visual.json"
    visual = json.loads(file.read_text())["visual"]
    visual["query"]["queryState"]["Values"]["projections"][0]["field"] = {"Aggregation": {}}
    change(file, visual=visual)
    with pytest.raises(NotSupportedError, match="Aggregation"):
        load_report(copy)


def test_a_visual_without_a_size_is_refused(copy):
    file = copy / "definition" / "pages" / "overview" / "visuals" / "card_oee" / "visual.json"
    change(file, position={"x": 0, "y": 0, "width": 10})
    with pytest.raises(ItemError, match="'height' must be a number"):
        load_report(copy)


def test_every_file_is_valid_against_the_published_schemas(folder, shared_schemas):
    jsonschema = pytest.importorskip("jsonschema")
    referencing = pytest.importorskip("referencing")
    from referencing.jsonschema import DRAFT7

    root = shared_schemas / "fabric"
    resources = []
    for path in root.rglob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        resource = referencing.Resource.from_contents(document, default_specification=DRAFT7)
        addresses = {f"{BASE}/{path.relative_to(root).as_posix()}", document.get("$id", "")} - {""}
        resources += [(address, resource) for address in addresses]
    registry = referencing.Registry().with_resources(resources)
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 15
    for file in files:
        document = json.loads(file.read_text())
        schema = registry.contents(document["$schema"])
        jsonschema.Draft7Validator(schema, registry=registry).validate(document)


@pytest.mark.parametrize("value", [3, "text", [1], True])
def test_a_value_of_the_wrong_kind_is_named_with_the_report(copy, value):
    change(next(copy.glob("definition/pages/*/visuals/*/visual.json")), visual={"query": value})
    with pytest.raises(ItemError, match=r"another JSON type than the PBIR format"):
        load_report(copy)
