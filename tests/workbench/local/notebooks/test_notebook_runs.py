"""Notebooks run as they are shipped: parameters, magics, exit, references, and errors that name the place."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fabric_ot.errors import NotebookError, NotSupportedError, PlatformError
from fabric_ot.workbench.items.notebook import Cell, load_notebook
from fabric_ot.workbench.items.repository import load_repository
from fabric_ot.workbench.local.notebooks import NotebookParameter as P
from fabric_ot.workbench.local.notebooks import RunOrigin, parameters_of_activity
from fabric_ot.workbench.local.notebooks.cell_parts import cut_cell
from fabric_ot.workbench.local.notebooks.parameters import typed_values

PARAMETERS = Cell("parameters", "day = 'default'\nn = 1\ndouble = n * 2", "python")


def test_cells_share_a_namespace_and_exit_gives_the_value(small_fabric) -> None:
    notebook = small_fabric.notebook(
        "nb", "x = 20", "def twice(v): return v * 2", "notebookutils.notebook.exit(twice(x))"
    )
    run = small_fabric.run(notebook)
    assert (run.exit_value, run.cells_run, run.notebook) == ("40", 2, "nb")
    assert "notebookutils" not in sys.modules


def test_a_notebook_that_does_not_exit_gives_an_empty_string(small_fabric) -> None:
    assert small_fabric.run(small_fabric.notebook("nb", "x = 1")).exit_value == ""


def test_exit_stops_the_run_and_a_broad_except_cannot_hold_it(small_fabric) -> None:
    notebook = small_fabric.notebook(
        "nb",
        "import notebookutils\ntry:\n    notebookutils.notebook.exit('stop')\nexcept Exception:\n    pass",
        "1 / 0",
    )
    assert small_fabric.run(notebook).exit_value == "stop"


def test_parameters_are_set_right_after_the_parameters_cell_with_their_types(small_fabric) -> None:
    code = "notebookutils.notebook.exit(repr((day, n, double, ratio, flag, nothing)))"
    notebook = small_fabric.notebook("nb", PARAMETERS, code)
    run = small_fabric.run(
        notebook,
        day=P("it's"),
        n=P("7", "int"),
        ratio=P("inf", "float"),
        flag=P("False", "bool"),
        nothing=P(None, "int"),
    )
    # `double` was computed by the parameters cell itself, before the values came.
    assert run.exit_value == repr(("it's", 7, 2, float("inf"), False, None))


def test_without_a_parameters_cell_they_come_first(small_fabric) -> None:
    notebook = small_fabric.notebook("nb", "notebookutils.notebook.exit(day)")
    assert small_fabric.run(notebook, day=P("today")).exit_value == "today"


def test_values_that_do_not_fit_their_type_are_refused_all_at_once() -> None:
    wrong = {"a": P("x", "int"), "b": P(1.5, "int"), "c": P(True, "int"), "d": P(5, "string"), "e": P("yes", "bool"),
             "f": P(1, "object"), "g h": P("x")}  # fmt: skip
    with pytest.raises(NotebookError) as error:
        typed_values(wrong, where="nb")
    assert "'a' must be int, found 'x'; 'b' must be int, found 1.5; 'c' must be int, found True" in str(error.value)
    assert "'d' must be string, found 5; 'e' must be bool, found 'yes'" in str(error.value)
    assert "'f' has the unknown type 'object'" in str(error.value)
    assert "'g h' is no Python name" in str(error.value)


def test_an_activity_parameter_without_a_value_is_refused() -> None:
    with pytest.raises(NotebookError, match="'day' needs value and type"):
        parameters_of_activity({"day": "2026-03-01"})


def test_an_error_names_notebook_cell_line_and_cause(small_fabric) -> None:
    notebook = small_fabric.notebook("nb", "x = 1", "def f():\n    return 1 / 0\n\nf()")
    text = (notebook.folder / "notebook-content.py").read_text()
    line = text.split("\n").index("    return 1 / 0") + 1
    with pytest.raises(
        NotebookError, match=rf"nb, cell 2, line {line} of the file: ZeroDivisionError: division by zero"
    ):
        small_fabric.run(notebook)
    assert "notebookutils" not in sys.modules


def test_a_syntax_error_names_its_line(small_fabric) -> None:
    notebook = small_fabric.notebook("nb", "x = 1\nif x\n    pass")
    with pytest.raises(NotebookError, match=r"nb, cell 1, line \d+ of the file: SyntaxError"):
        small_fabric.run(notebook)


def test_what_a_notebook_shows_is_kept(small_fabric) -> None:
    class Frame:
        def limit(self, n):
            self.n = n
            return self

        def collect(self):
            return [SimpleNamespace(asDict=lambda recursive: {"a": 1})] * self.n

    run = small_fabric.run(small_fabric.notebook("nb", "display({'a': 1})\ndisplay(spark.frame)"),
                           spark=SimpleNamespace(sparkContext=None, frame=Frame()))  # fmt: skip
    assert run.displayed[0].value == {"a": 1}
    assert (len(run.displayed[1].value), run.displayed[1].is_cut) == (100, True)


def test_top_level_await_runs(small_fabric) -> None:
    code = "import asyncio\nawait asyncio.sleep(0)\nx = [v async for v in _numbers()]\nnotebookutils.notebook.exit(x)"
    notebook = small_fabric.notebook("nb", "async def _numbers():\n    yield 1\n    yield 2", code)
    assert small_fabric.run(notebook).exit_value == "[1, 2]"


def test_run_brings_the_names_of_another_notebook(small_fabric) -> None:
    small_fabric.notebook("nb shared", "factor = 3")
    notebook = small_fabric.notebook(
        "nb", "# the shared one\nx = 2\n%run 'nb shared'\nnotebookutils.notebook.exit(x * factor)"
    )
    run = small_fabric.run(notebook)
    assert (run.exit_value, run.cells_run) == ("6", 1)


def test_notebooks_that_run_each_other_forever_are_refused(small_fabric) -> None:
    small_fabric.notebook("nb_a", "%run nb_b")
    notebook = small_fabric.notebook("nb_b", "%run nb_a")
    with pytest.raises(NotebookError, match="more than 10 levels deep"):
        small_fabric.run(notebook)


def test_a_child_run_has_its_own_names_and_returns_its_exit_value(small_fabric) -> None:
    small_fabric.notebook("nb_child", PARAMETERS, "notebookutils.notebook.exit(f'{day} {n} ' + str('x' in globals()))")
    code = "x = 1\nv = notebookutils.notebook.run('nb_child', 90, {'day': 'd', 'n': 5})\nnotebookutils.notebook.exit(v)"
    assert small_fabric.run(small_fabric.notebook("nb", code)).exit_value == "d 5 False"


def test_a_child_that_fails_fails_its_caller_and_names_both(small_fabric) -> None:
    small_fabric.notebook("nb_child", "raise ValueError('no good')")
    notebook = small_fabric.notebook("nb", "notebookutils.notebook.run('nb_child')")
    with pytest.raises(NotebookError, match=r"nb_child, cell 1.*ValueError: no good"):
        small_fabric.run(notebook)


def test_a_child_that_takes_too_long_fails(small_fabric) -> None:
    ticks = iter((0.0, 91.0))
    small_fabric.stopwatch = lambda: next(ticks)
    small_fabric.notebook("nb_child", "pass")
    with pytest.raises(NotebookError, match=r"nb_child: took longer than its timeout of 90 s"):
        small_fabric.run(small_fabric.notebook("nb", "notebookutils.notebook.run('nb_child')"))


def test_a_child_that_does_not_exist_is_refused_with_those_there_are(small_fabric) -> None:
    with pytest.raises(
        NotebookError, match=r"no Notebook is called 'nb_gone' in the workspace 'silver'. Available: nb"
    ):
        small_fabric.run(small_fabric.notebook("nb", "notebookutils.notebook.run('nb_gone')"))


def test_the_run_knows_what_started_it(small_fabric) -> None:
    code = "c = notebookutils.runtime.context\nnotebookutils.notebook.exit((c['isForPipeline'], c['activityId']))"
    origin = RunOrigin(activity_id="act", is_for_pipeline=True)
    assert small_fabric.runner().run(small_fabric.notebook("nb", code), origin=origin).exit_value == "(True, 'act')"


def test_configure_is_recorded_and_frozen_cells_are_skipped(small_fabric) -> None:
    configure = Cell("code", '%%configure -f\n{"conf": {"a": 1}}', "python", "configure")
    frozen = Cell("code", "1 / 0", "python", None, {"frozen": True})
    run = small_fabric.run(small_fabric.notebook("nb", configure, frozen, "x = 1"))
    assert (run.configured, run.cells_run) == (({"conf": {"a": 1}},), 2)


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ("%pip install x", "'%pip install x' is not supported"),
        ("!ls", "'!ls' is not supported"),
        ("pip install x", "'pip install x' is not supported"),
        ("x = 1\n%timeit x", "'%timeit x' is not supported"),
        ("%%html\n<b>", "%%html is not supported"),
        ("%run nb_other {'a': 1}", "only `%run <notebook>` is supported"),
        ('%%configure\n{"defaultLakehouse": {}}', "defaultLakehouse is not supported"),
    ],
)
def test_other_magics_are_refused_by_name(small_fabric, source: str, refused: str) -> None:
    with pytest.raises(NotSupportedError, match=r"nb, cell 1 \(line \d+\)") as error:
        small_fabric.run(small_fabric.notebook("nb", Cell("code", source, "python")))
    assert refused in str(error.value)


def test_a_percent_sign_in_python_is_no_magic() -> None:
    source = 'text = """\n%run nothing\n!x\n"""\nx = (7\n%2)'
    assert [part.kind for part in cut_cell(Cell("code", source, "python"))] == ["python"]


def test_other_languages_are_refused(small_fabric) -> None:
    folder = small_fabric.item("Notebook", "nb_sql", "notebooks/silver")
    small_fabric.write(
        folder / "notebook-content.sql", "-- Fabric notebook source\n\n-- CELL ********************\n\nSELECT 1\n"
    )
    item = load_repository(small_fabric.root).find("Notebook", "nb_sql")
    with pytest.raises(NotSupportedError, match="notebooks in 'sql' are not supported"):
        small_fabric.run(item)


def test_a_default_lakehouse_comes_from_the_meta(small_fabric, known_guid) -> None:
    dependencies = {"lakehouse": {"default_lakehouse": known_guid("Lakehouse", "ot_silver"),
                                  "default_lakehouse_workspace_id": known_guid("Workspace", "silver")}}  # fmt: skip
    code = (
        "notebookutils.fs.put('Files/x', '1')\nnotebookutils.notebook.exit(notebookutils.lakehouse.get().displayName)"
    )
    assert small_fabric.run(small_fabric.notebook("nb", code, **dependencies)).exit_value == "ot_silver"
    assert (small_fabric.onelake_root / "silver/ot_silver.Lakehouse/Files/x").read_text() == "1"
    wrong = {"lakehouse": {"default_lakehouse": known_guid("Lakehouse", "ot_bronze")}}
    with pytest.raises(PlatformError, match="lies in the workspace 'bronze', not in 'silver'"):
        small_fabric.run(small_fabric.notebook("nb2", "pass", **wrong))


@pytest.mark.spark
def test_sql_cells_see_the_tables_of_the_default_lakehouse(small_fabric, known_guid, spark) -> None:
    folder = small_fabric.onelake_root / "silver/ot_silver.Lakehouse/Tables/plant/site"
    spark.sql("SELECT 'a' AS site_id, 'A;B' AS site_name").write.format("delta").save(str(folder))
    sql = Cell("code", "%%sql\n-- one; two\nINSERT INTO plant.site VALUES ('b', ';');\n"
               "SELECT site_id, site_name FROM plant.site ORDER BY site_id;", "sparksql", "sql")  # fmt: skip
    dependencies = {"lakehouse": {"default_lakehouse": known_guid("Lakehouse", "ot_silver")}}
    notebook = small_fabric.notebook("nb", sql, "notebookutils.notebook.exit(_sqldf.count())", **dependencies)
    run = small_fabric.run(notebook, spark=spark)
    assert run.exit_value == "2"
    assert run.displayed[0].value == ({"site_id": "a", "site_name": "A;B"}, {"site_id": "b", "site_name": ";"})
    assert small_fabric.run(notebook, spark=spark).exit_value == "3"
    broken = small_fabric.notebook("nb2", Cell("code", "%%sql\nSELECT 1;\nSELECT * FROM nowhere", "sparksql", "sql"))
    with pytest.raises(NotebookError, match=r"nb2, cell 1, line \d+ of the file: AnalysisException"):
        small_fabric.run(broken, spark=spark)


def test_the_shipped_notebooks_are_thin(repository_root: Path) -> None:
    items = load_repository(repository_root).of_type("Notebook")
    assert {item.display_name for item in items} >= {
        "nb_bronze_message", "nb_silver_reference", "nb_silver_reading", "nb_silver_production",
    }  # fmt: skip
    for item in items:
        notebook = load_notebook(item.folder)
        code = [cell for cell in notebook.cells if cell.kind != "markdown"]
        lines = [line for cell in code for line in cell.source.split("\n") if line.strip()]
        assert len(code) <= 5, item.display_name
        assert len(lines) <= 25, item.display_name
        assert code[0].kind == "parameters", item.display_name
        assert code[-1].source == "notebookutils.notebook.exit(report.to_json())", item.display_name
        for word in ("%", "withColumn", "plant.", "spark.sql"):
            assert not any(word in line for line in lines), (item.display_name, word)


def test_the_shipped_notebooks_call_jobs_that_exist_with_parameters_they_declare(repository_root: Path) -> None:
    import importlib
    import re

    for item in load_repository(repository_root).of_type("Notebook"):
        source = "\n".join(cell.source for cell in load_notebook(item.folder).cells if cell.kind == "code")
        for module, name in re.findall(r"from (fabric_ot[\w.]*) import (\w+)", source):
            assert hasattr(importlib.import_module(module), name), (item.display_name, module, name)
        compile(source, item.display_name, "exec")
