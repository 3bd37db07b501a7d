"""Platform files, folders and logicalIds."""

from __future__ import annotations

import shutil

from fabric_ot.contracts.places import LAYERS
from fabric_ot.workbench.items.repository import FOLDER_LAYERS

NOTEBOOK = "notebooks/bronze/nb_land.Notebook"
ZERO = "00000000-0000-0000-0000-000000000000"


def test_a_malformed_platform_file_is_named(plant):
    plant.edit(f"{NOTEBOOK}/.platform", lambda d: d["config"].update(logicalId="nb_land"))
    problem = next(p for p in plant.problems() if p.rule == "platform_files_read")
    assert problem.path == f"{NOTEBOOK}/.platform"
    assert problem.message.startswith("logicalId must be a GUID, found 'nb_land'")


def test_an_item_in_no_layer_is_named(plant):
    plant.add_platform("elsewhere/nb_other.Notebook")
    assert plant.only_problem().path == "elsewhere/nb_other.Notebook"


def test_a_folder_without_platform_is_no_item(plant):
    plant.write("notebooks/bronze/nb_lost.Notebook/notebook-content.py", "# Fabric notebook source\n")
    problem = plant.only_problem()
    assert (problem.rule, problem.path) == ("item_folders_have_a_platform", "notebooks/bronze/nb_lost.Notebook")


def test_a_folder_must_be_called_like_its_item(plant):
    (plant.root / NOTEBOOK).rename(plant.root / "notebooks/bronze/nb_renamed.Notebook")
    problem = plant.only_problem()
    assert problem.rule == "folders_are_named_like_their_items"
    assert "holds the item 'nb_land'" in problem.message


def test_a_name_that_no_folder_can_carry_is_written_in_numbers(plant):
    plant.edit(f"{NOTEBOOK}/.platform", lambda d: d["metadata"].update(displayName="nb:land"))
    (plant.root / NOTEBOOK).rename(plant.root / "notebooks/bronze/nb&#58;land.Notebook")
    assert plant.problems() == []


def test_a_layer_without_workspace_is_unknown(plant):
    plant.add_notebook("notebooks/platinum/nb_other.Notebook")
    problem = plant.only_problem()
    assert problem.rule == "layers_are_known"
    assert "'platinum'" in problem.message


def test_zeros_are_no_identity(plant):
    plant.add_notebook("notebooks/bronze/nb_other.Notebook")
    plant.add_platform("notebooks/bronze/nb_other.Notebook", logical_id=ZERO)
    assert plant.only_problem().rule == "logical_ids_are_given"


def test_two_items_with_one_id_are_both_named(plant):
    shutil.copytree(plant.root / NOTEBOOK, plant.root / "notebooks/bronze/nb_copy.Notebook")
    plant.edit("notebooks/bronze/nb_copy.Notebook/.platform", lambda d: d["metadata"].update(displayName="nb_copy"))
    problems = plant.problems()
    assert [p.rule for p in problems] == ["logical_ids_are_unique"] * 2
    assert {p.path for p in problems} == {f"{NOTEBOOK}/.platform", "notebooks/bronze/nb_copy.Notebook/.platform"}
    assert "is also that of notebooks/bronze/nb_land.Notebook" in problems[0].message


def test_one_name_may_be_used_once_per_workspace(plant):
    plant.add_platform("notebooks/bronze/sub/NB_LAND.Notebook")
    source = (plant.root / NOTEBOOK / "notebook-content.py").read_bytes()
    plant.write("notebooks/bronze/sub/NB_LAND.Notebook/notebook-content.py", source)
    assert plant.only_problem().rule == "names_are_unique_in_a_workspace"
    shutil.move(plant.root / "notebooks/bronze/sub", plant.root / "notebooks/silver")
    assert plant.problems() == []


def test_folders_and_contracts_agree_on_the_layers():
    assert {layer for layer in FOLDER_LAYERS.values() if layer} <= set(LAYERS)
