"""The registry, and the whole check on this repository and on broken copies of it."""

from __future__ import annotations

import json
import shutil
from itertools import cycle

import pytest

from fabric_ot.errors import ItemError
from fabric_ot.workbench.check import RULES, Problem, check_repository
from fabric_ot.workbench.items.repository import FOLDER_LAYERS, LAYERED_FOLDERS

ITEM_FOLDERS = (*LAYERED_FOLDERS, *FOLDER_LAYERS)


@pytest.fixture
def own_copy(repository_root, tmp_path):
    for folder in ITEM_FOLDERS:
        if (repository_root / folder).is_dir():
            shutil.copytree(repository_root / folder, tmp_path / folder)
    return tmp_path


def test_this_repository_has_no_problem(repository_root):
    assert [str(problem) for problem in check_repository(repository_root)] == []


def test_the_small_repository_of_these_tests_has_no_problem(plant):
    assert [str(problem) for problem in plant.problems()] == []


def test_every_rule_has_a_name_of_its_own_and_says_why():
    names = [rule.__name__ for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(rule.__doc__ for rule in RULES)


def test_every_rule_is_shown_to_fail_by_a_test(repository_root):
    tests = "".join(
        path.read_text(encoding="utf-8") for path in (repository_root / "tests/workbench/check").glob("test_*.py")
    )
    assert [rule.__name__ for rule in RULES if f'"{rule.__name__}"' not in tests] == []


def test_a_copied_item_is_a_duplicate_logical_id(own_copy):
    shutil.copytree(
        own_copy / "lakehouses/silver/ot_silver.Lakehouse", own_copy / "lakehouses/silver/ot_copy.Lakehouse"
    )
    problems = check_repository(own_copy)
    found = {p.path for p in problems if p.rule == "logical_ids_are_unique"}
    assert found == {
        "lakehouses/silver/ot_silver.Lakehouse/.platform",
        "lakehouses/silver/ot_copy.Lakehouse/.platform",
    }


def test_an_item_of_the_wrong_type_is_named(own_copy):
    path = own_copy / "lakehouses/silver/ot_silver.Lakehouse/.platform"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["metadata"]["type"] = "Warehouse"
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")
    (problem,) = [p for p in check_repository(own_copy) if p.rule == "platform_files_read"]
    assert problem.path == "lakehouses/silver/ot_silver.Lakehouse/.platform"
    assert "metadata.type is 'Warehouse' but the folder ends in 'Lakehouse'" in problem.message


def test_a_removed_item_leaves_dangling_references_that_are_named(own_copy):
    shutil.rmtree(own_copy / "lakehouses/silver/ot_silver.Lakehouse")
    found = [p for p in check_repository(own_copy) if p.rule == "shortcut_targets_are_lakehouses"]
    assert {p.path for p in found} == {"lakehouses/gold/ot_gold_shortcuts.Lakehouse/shortcuts.metadata.json"}
    assert len(found) == 16


def test_all_problems_are_told_at_once(plant):
    plant.write("settings/ot_settings.VariableLibrary/settings.json", "{")
    plant.write("environments/ot_runtime.Environment/Setting/Sparkcompute.yml", "a: [\n")
    plant.write("notebooks/bronze/nb_land.Notebook/notebook-content.py", "x = 1\n")
    rules = {problem.rule for problem in plant.problems()}
    assert {"variable_libraries_read", "environments_read", "notebooks_read", "text_ends_with_newline"} <= rules


def test_no_message_shows_where_the_checkout_lies(plant):
    for folder in ("settings", "lakehouses/silver"):
        shutil.rmtree(plant.root / folder)
    plant.write("notebooks/bronze/nb_land.Notebook/.platform", "{")
    problems = plant.problems()
    assert problems
    assert [str(p) for p in problems if str(plant.root) in str(p)] == []


def test_a_problem_reads_as_place_reason_and_rule():
    assert str(Problem("a_rule", "a/b.json", "is wrong.")) == "a/b.json: is wrong. [a_rule]"


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ItemError, match="no such folder"):
        check_repository(tmp_path / "nowhere")


WRONG_VALUES = (7, [None], {"a": 1})


def _leaves(value, path=()):
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from _leaves(inner, (*path, key))


def _with(value, path, wrong):
    if not path:
        return wrong
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(value[path[0]], path[1:], wrong)
    return copy


@pytest.mark.parametrize(
    "file",
    [
        "pipelines/bronze/pl_bronze_land.DataPipeline/pipeline-content.json",
        "pipelines/gold/pl_plant_day.DataPipeline/pipeline-content.json",
        "settings/ot_settings.VariableLibrary/settings.json",
        "lakehouses/silver/ot_silver.Lakehouse/lakehouse.metadata.json",
        "notebooks/bronze/nb_land.Notebook/.platform",
    ],
)
def test_a_value_of_any_wrong_kind_never_breaks_the_check_itself(plant, file):
    document = json.loads((plant.root / file).read_text(encoding="utf-8"))
    for path, wrong in zip(_leaves(document), cycle(WRONG_VALUES), strict=False):
        plant.write(file, json.dumps(_with(document, path, wrong)) + "\n")
        assert isinstance(plant.problems(), list)
