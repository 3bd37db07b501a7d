"""Thin, readable notebooks that refer to what is there."""

from __future__ import annotations

import pytest

from fabric_ot.workbench.items.notebook import Cell

FOLDER = "notebooks/bronze/nb_land.Notebook"
ZERO = "00000000-0000-0000-0000-000000000000"
OTHER = "notebooks/silver/nb_other.Notebook"


def code(source, language="python", magic=None, **options):
    return Cell("code", source, language, magic, options)


def rules(plant):
    return [problem.rule for problem in plant.problems()]


def test_a_malformed_notebook_is_named_with_its_line(plant):
    plant.write(f"{FOLDER}/notebook-content.py", "# Fabric notebook source\n\n# CELL ***\n")
    problem = next(p for p in plant.problems() if p.rule == "notebooks_read")
    assert problem.path == f"{FOLDER}/notebook-content.py"
    assert "line 3: a marker needs exactly 20 asterisks" in problem.message


def test_a_parameters_cell_that_is_no_python_is_named(plant):
    plant.add_notebook(OTHER, Cell("parameters", "day =", "python"))
    assert "notebooks_read" in rules(plant)


def test_five_code_cells_and_25_lines_are_thin_and_one_more_is_not(plant):
    plant.add_notebook(OTHER, *[code("x = 1\n# why\n\ny = 2\n" + "z = 3\n" * 2 + "z = 4")] * 5)
    assert rules(plant) == []
    plant.add_notebook(OTHER, *[code("x = 1")] * 6)
    assert rules(plant) == ["notebooks_are_thin"]
    plant.add_notebook(OTHER, code("\n".join(f"x{n} = {n}" for n in range(26))))
    assert rules(plant) == ["notebooks_are_thin"]


def test_markdown_counts_as_no_code(plant):
    plant.add_notebook(OTHER, *[Cell("markdown", "words", "markdown")] * 9)
    assert rules(plant) == []


@pytest.mark.parametrize("line", ["%pip install x", "!pip install x", "%run nb_land", "y = x.withColumn('a', b)"])
def test_installs_runs_and_column_code_are_banned(plant, line):
    plant.add_notebook(OTHER, code(f"x = frame\n{line}"))
    problem = plant.only_problem()
    assert problem.rule == "notebooks_use_no_banned_words"
    assert problem.message.startswith("line ")


def test_a_magic_and_its_meta_must_name_one_language(plant):
    plant.add_notebook(OTHER, code("%%sql\nSELECT 1", "sparksql", "sql"))
    assert rules(plant) == []
    plant.add_notebook(OTHER, code("%%sql\nSELECT 1", "python", "sql"))
    assert rules(plant) == ["notebook_languages_agree"]


def test_a_language_group_must_fit_the_kernel(plant):
    plant.add_notebook(OTHER, code("x = 1", language_group="jupyter_python"))
    assert rules(plant) == ["notebook_languages_agree"]


def test_a_syntax_error_is_found_before_the_pipeline_runs(plant):
    plant.add_notebook(OTHER, code("await x\n%time y"), code("x = 1\nif x\n    y = 2"))
    problem = plant.only_problem()
    assert problem.rule == "notebook_code_compiles"
    line = int(problem.message.split(":")[0].removeprefix("line "))
    assert (plant.root / OTHER / "notebook-content.py").read_text(encoding="utf-8").split("\n")[line - 1] == "if x"


def test_the_wheel_needs_the_environment(plant):
    plant.add_notebook(OTHER, code("import fabric_ot"))
    assert rules(plant) == ["notebooks_name_their_environment"]


@pytest.mark.parametrize(
    ("dependencies", "said"),
    [
        ({"environment": {"environmentId": ZERO.replace("0", "1"), "workspaceId": ZERO}}, "logicalId of no item"),
        ({"environment": {"environmentId": ZERO, "workspaceId": ZERO.replace("0", "1")}}, "breaks between stages"),
        ({"lakehouse": {"default_lakehouse": "23df4ce7-b019-59e8-bc52-b5bfa0acbd2b"}}, "needs a Lakehouse"),
        ({"lakehouse": {"default_lakehouse": "7cb7a212-fb6d-5ce3-b61d-0561a02172c7"}}, "which is in bronze"),
    ],
)
def test_meta_names_items_of_this_workspace(plant, dependencies, said):
    plant.add_notebook(OTHER, code("x = 1"), dependencies=dependencies)
    problem = plant.only_problem()
    assert problem.rule == "notebook_references_resolve"
    assert said in problem.message
