"""Variable Libraries: values per stage, and everything that Fabric would refuse to import."""

from __future__ import annotations

import json

import pytest

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.variable_library import Variable, load_variable_library

GUID = "36773abe-8a1e-5598-925a-7185535a7c72"


@pytest.fixture
def write_library(tmp_path):
    def write(*variables, sets=(), order=None):
        folder = tmp_path / "cfg.VariableLibrary"
        (folder / "valueSets").mkdir(parents=True)
        declared = [{"name": n, "type": t, "value": v, "note": ""} for n, t, v in variables]
        (folder / "variables.json").write_text(json.dumps({"variables": declared}), encoding="utf-8")
        names = [name for name, _ in sets]
        order_document = {"valueSetsOrder": names if order is None else order}
        (folder / "settings.json").write_text(json.dumps(order_document), encoding="utf-8")
        for name, overrides in sets:
            document = {"name": name, "variableOverrides": [{"name": n, "value": v} for n, v in overrides.items()]}
            (folder / "valueSets" / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
        return folder

    return write


def test_a_value_set_changes_what_it_overrides_and_nothing_else(write_library):
    folder = write_library(("a", "String", "x"), ("b", "Integer", 1), sets=[("test", {}), ("prod", {"a": "y"})])
    library = load_variable_library(folder)
    assert library.name == "cfg"
    assert library.variables == (Variable("a", "String", "x"), Variable("b", "Integer", 1))
    assert library.values() == library.values("test") == {"a": "x", "b": 1}
    assert library.values("prod") == {"a": "y", "b": 1}


def test_value_sets_come_in_their_declared_order(write_library):
    folder = write_library(("a", "String", "x"), sets=[("a1", {}), ("b1", {})], order=["b1", "a1"])
    assert list(load_variable_library(folder).value_sets) == ["b1", "a1"]


def test_unknown_sets_and_variables_are_refused_with_what_there_is(write_library):
    library = load_variable_library(write_library(("a", "String", "x"), sets=[("test", {})]))
    with pytest.raises(ItemError, match=r"no value set 'prod'\. Available: test\."):
        library.values("prod")
    with pytest.raises(ItemError, match=r"no variable 'A'\. Available: a\."):
        library.find("A")


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("String", "x", 1),
        ("Boolean", False, "false"),
        ("Integer", 0, True),
        ("Integer", 7, 7.5),
        ("Number", 1.5, "1.5"),
        ("DateTime", "2026-01-01T00:00:00Z", "yesterday"),
        ("Guid", GUID, "ot_silver"),
        ("ItemReference", {"workspaceId": GUID, "itemId": GUID}, {"itemId": GUID}),
        ("ConnectionReference", {"connectionId": GUID}, GUID),
    ],
)
def test_a_value_must_have_its_declared_type(write_library, tmp_path, type_, good, bad):
    folder = write_library(("a", type_, good), sets=[("prod", {"a": good})])
    assert load_variable_library(folder).values("prod") == {"a": good}
    path = folder / "valueSets/prod.json"
    path.write_text(json.dumps({"name": "prod", "variableOverrides": [{"name": "a", "value": bad}]}), encoding="utf-8")
    with pytest.raises(ItemError, match=rf"prod\.json: 'a' is no {type_}"):
        load_variable_library(folder)


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_value_is_refused(write_library, value):
    with pytest.raises(ItemError, match="'a' has an empty value"):
        load_variable_library(write_library(("a", "String", value)))


def test_every_problem_is_told_at_once(write_library):
    folder = write_library(
        ("a", "String", ""),
        ("b", "Text", "x"),
        ("c", "Integer", 1),
        ("c", "Integer", 2),
        sets=[("test", {"d": 1}), ("prod", {"c": ""})],
        order=["test", "dev"],
    )
    with pytest.raises(ItemError) as caught:
        load_variable_library(folder)
    said = str(caught.value)
    assert "'a' has an empty value" in said
    assert "'b' has the unknown type 'Text'" in said
    assert "'c' is declared twice" in said
    assert "test.json: overrides 'd', which variables.json does not declare" in said
    assert "prod.json: 'c' has an empty value" in said
    assert "set 'prod' is not in valueSetsOrder" in said
    assert "valueSetsOrder names ['dev'], which have no file" in said


def test_a_set_must_be_called_like_its_file(write_library):
    folder = write_library(("a", "String", "x"), sets=[("test", {})])
    (folder / "valueSets/test.json").rename(folder / "valueSets/other.json")
    with pytest.raises(ItemError, match=r"other\.json: the set is called 'test'"):
        load_variable_library(folder)


def test_the_stages_of_this_repository_share_no_id(repository_root):
    library = load_variable_library(repository_root / "settings/ot_settings.VariableLibrary")
    assert list(library.value_sets) == ["dev", "test", "prod"]
    ids = [str(value) for name in (None, "test", "prod") for value in library.values(name).values()]
    assert len(set(ids)) == len(ids)
    assert all(variable.note for variable in library.variables)
