"""The repository: which items there are, and to which layer each belongs."""

from __future__ import annotations

import json
import shutil
import uuid

import pytest

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.repository import load_repository, scan_repository, workspace_ids


def add_item(root, folder):
    """Write an item folder with nothing but its `.platform`, and return its logicalId."""
    path = root / folder
    name, _, type_ = path.name.rpartition(".")
    logical_id = str(uuid.uuid5(uuid.NAMESPACE_URL, folder))
    path.mkdir(parents=True)
    document = {
        "$schema": "s",
        "metadata": {"type": type_, "displayName": name},
        "config": {"version": "2.0", "logicalId": logical_id},
    }
    (path / ".platform").write_text(json.dumps(document), encoding="utf-8")
    return logical_id


@pytest.mark.parametrize(
    ("folder", "layer"),
    [
        ("notebooks/bronze/nb_a.Notebook", "bronze"),
        ("pipelines/gold/pl_a.DataPipeline", "gold"),
        ("lakehouses/silver/ot_a.Lakehouse", "silver"),
        ("warehouse/ot_a.Warehouse", "gold"),
        ("semantic_models/a.SemanticModel", "power_bi"),
        ("semantic_models/a.Report", "power_bi"),
        ("settings/a.VariableLibrary", None),
        ("environments/a.Environment", None),
    ],
)
def test_the_folder_says_the_layer(tmp_path, folder, layer):
    add_item(tmp_path, folder)
    (item,) = load_repository(tmp_path).items
    assert (item.layer, item.folder) == (layer, tmp_path / folder)


@pytest.mark.parametrize("top", [".git", ".venv", ".venv-2.0", ".onelake", "tests", "build", "src"])
def test_folders_that_hold_no_items_are_not_walked(tmp_path, top):
    add_item(tmp_path, f"{top}/nb_a.Notebook")
    assert load_repository(tmp_path).items == ()


def test_an_item_outside_the_layers_is_refused_by_name(tmp_path):
    add_item(tmp_path, "elsewhere/nb_a.Notebook")
    with pytest.raises(ItemError, match=r"nb_a\.Notebook: lies in no layer"):
        load_repository(tmp_path)


def test_a_notebook_directly_below_notebooks_has_no_layer(tmp_path):
    add_item(tmp_path, "notebooks/nb_a.Notebook")
    with pytest.raises(ItemError, match="lies in no layer"):
        load_repository(tmp_path)


def test_all_unreadable_items_are_told_at_once_and_the_others_still_read(tmp_path):
    add_item(tmp_path, "notebooks/bronze/nb_a.Notebook")
    for name in ("nb_b", "nb_c"):
        add_item(tmp_path, f"notebooks/bronze/{name}.Notebook")
        (tmp_path / f"notebooks/bronze/{name}.Notebook/.platform").write_text("{", encoding="utf-8")
    repository, errors = scan_repository(tmp_path)
    assert [item.display_name for item in repository.items] == ["nb_a"]
    assert len(errors) == 2
    with pytest.raises(ItemError, match=r"(?s)nb_b.*nb_c"):
        load_repository(tmp_path)


def test_find_lists_what_there_is(tmp_path):
    add_item(tmp_path, "notebooks/bronze/nb_a.Notebook")
    repository = load_repository(tmp_path)
    assert repository.find("Notebook", "nb_a").layer == "bronze"
    with pytest.raises(ItemError, match=r"no Notebook is called 'nb_b'\. Available: nb_a\."):
        repository.find("Notebook", "nb_b")


def test_find_refuses_to_choose_between_two(tmp_path):
    add_item(tmp_path, "notebooks/bronze/nb_a.Notebook")
    add_item(tmp_path, "notebooks/silver/nb_a.Notebook")
    with pytest.raises(ItemError, match=r"2 are called nb_a\.Notebook: notebooks/bronze"):
        load_repository(tmp_path).find("Notebook", "nb_a")


def test_by_logical_id_ignores_case_and_lists_what_there_is(tmp_path):
    logical_id = add_item(tmp_path, "notebooks/bronze/nb_a.Notebook")
    repository = load_repository(tmp_path)
    assert repository.by_logical_id(logical_id.upper()).display_name == "nb_a"
    with pytest.raises(ItemError, match=f"(?s)no item has the logicalId.*{logical_id}  nb_a.Notebook"):
        repository.by_logical_id("00000000-0000-0000-0000-000000000000")


def test_a_root_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ItemError, match="no such folder"):
        load_repository(tmp_path / "nowhere")


def test_workspace_ids_come_from_the_default_values(repository_root):
    found = workspace_ids(load_repository(repository_root))
    assert found == {
        layer: str(uuid.uuid5(uuid.NAMESPACE_URL, f"fabric_ot/Workspace/{layer}"))
        for layer in ("bronze", "silver", "gold", "power_bi")
    }


def test_a_workspace_id_that_is_no_guid_is_refused(repository_root, tmp_path):
    shutil.copytree(repository_root / "settings", tmp_path / "settings")
    path = tmp_path / "settings/ot_settings.VariableLibrary/variables.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["variables"][0].update(type="String", value="bronze")
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ItemError, match="bronze_workspace_id"):
        workspace_ids(load_repository(tmp_path))


def test_without_the_settings_library_there_are_no_workspaces(tmp_path):
    with pytest.raises(ItemError, match="no VariableLibrary is called 'ot_settings'"):
        workspace_ids(load_repository(tmp_path))


def test_every_item_of_this_repository_has_the_id_that_its_name_gives(repository_root):
    items = load_repository(repository_root).items
    assert items
    for item in items:
        expected = uuid.uuid5(uuid.NAMESPACE_URL, f"fabric_ot/{item.type}/{item.display_name}")
        assert item.logical_id == str(expected), item.folder
