"""Notebook text: cells out, the same text back, and line numbers on what is malformed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.notebook import Cell, Notebook, load_notebook, parse_notebook, render_notebook

STARS = "*" * 20

CANONICAL = f"""\
# Fabric notebook source

# METADATA {STARS}

# META {{
# META   "kernel_info": {{
# META     "name": "synapse_pyspark"
# META   }},
# META   "dependencies": {{
# META     "environment": {{
# META       "environmentId": "23df4ce7-b019-59e8-bc52-b5bfa0acbd2b",
# META       "workspaceId": "00000000-0000-0000-0000-000000000000"
# META     }}
# META   }}
# META }}

# MARKDOWN {STARS}

# # Title
#{" "}
# Grüße, 世界

# PARAMETERS CELL {STARS}

day = "2026-01-01"
limit: int = 5

# METADATA {STARS}

# META {{
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }}

# CELL {STARS}

x = 1

# a comment
y = 2

# METADATA {STARS}

# META {{
# META   "language": "python",
# META   "language_group": "synapse_pyspark",
# META   "frozen": true
# META }}

# CELL {STARS}

# MAGIC %%sql
# MAGIC SELECT 1
# MAGIC{" "}
# MAGIC   FROM t

# METADATA {STARS}

# META {{
# META   "language": "sparksql",
# META   "language_group": "synapse_pyspark"
# META }}
"""


def test_cells_keep_kind_language_magic_and_line():
    notebook = parse_notebook(CANONICAL)
    assert (notebook.language, notebook.kernel) == ("python", "synapse_pyspark")
    assert notebook.dependencies["environment"]["environmentId"].startswith("23df4ce7")
    assert [(c.kind, c.language, c.magic, c.is_frozen) for c in notebook.cells] == [
        ("markdown", "markdown", None, False),
        ("parameters", "python", None, False),
        ("code", "python", None, True),
        ("code", "sparksql", "sql", False),
    ]
    assert notebook.cells[0].source == "# Title\n\nGrüße, 世界"
    assert notebook.cells[3].source == "%%sql\nSELECT 1\n\n  FROM t"
    assert notebook.cells[3].body == "SELECT 1\n\n  FROM t"
    lines = CANONICAL.split("\n")
    assert lines[notebook.cells[2].line - 1] == "x = 1"


def test_canonical_text_comes_back_byte_for_byte():
    assert render_notebook(parse_notebook(CANONICAL)) == CANONICAL


def test_editors_may_strip_the_blank_behind_a_prefix():
    stripped = "\n".join(line.rstrip() for line in CANONICAL.split("\n"))
    assert parse_notebook(stripped) == parse_notebook(CANONICAL)


def test_crlf_and_a_byte_order_mark_change_nothing():
    assert parse_notebook("\ufeff" + CANONICAL.replace("\n", "\r\n")) == parse_notebook(CANONICAL)


def cell(source, *, marker="CELL"):
    return f"# Fabric notebook source\n\n# {marker} {STARS}\n\n{source}\n"


@pytest.mark.parametrize(
    ("source", "magic"),
    [
        ("%%sql\nSELECT 1", "sql"),
        ("# MAGIC %%sql\n# MAGIC SELECT 1", "sql"),
        ("# MAGIC %%configure -f\n# MAGIC {}", "configure"),
        ("%run nb_other", "run"),
        ("# MAGIC %run nb_other", "run"),
        ("%pip install x", "pip"),
        ("x = 5 % 3", None),
        ("'%run'", None),
    ],
)
def test_the_magic_a_cell_starts_with_is_seen(source, magic):
    (found,) = parse_notebook(cell(source)).cells
    assert found.magic == magic
    assert "MAGIC" not in found.source


def test_a_comment_about_magic_inside_python_stays():
    (found,) = parse_notebook(cell("x = 1\n# MAGIC is a word\ny = 2")).cells
    assert found.source == "x = 1\n# MAGIC is a word\ny = 2"


def test_spark_sql_and_tsql_files_use_their_own_prefix():
    text = f"-- Fabric notebook source\n\n-- CELL {STARS}\n\nSELECT 1\n"
    assert parse_notebook(text).cells == (Cell("code", "SELECT 1", "sparksql"),)
    meta = f'-- METADATA {STARS}\n\n-- META {{"kernel_info": {{"name": "sqldatawarehouse"}}}}\n\n'
    tsql = parse_notebook(text.replace("-- CELL", meta + "-- CELL"))
    assert tsql.cells[0].language == "sql"
    assert parse_notebook(render_notebook(tsql)) == tsql


def test_the_python_kernel_keeps_its_version():
    notebook = Notebook("python", "jupyter", {}, (), {"kernel_info": {"jupyter_kernel_name": "python3.11"}})
    text = render_notebook(notebook)
    assert '"jupyter_kernel_name": "python3.11"' in text
    assert parse_notebook(text) == notebook


def test_parameters_are_names_with_their_default_source():
    source = 'day = "2026-01-01"\nlimit: int = 5\nsite, dry_run = "a", False\nunset: str\nwhole = other = {"a": [1]}'
    notebook = parse_notebook(cell(source, marker="PARAMETERS CELL"))
    assert notebook.parameters == {
        "day": '"2026-01-01"',
        "limit": "5",
        "site": '"a"',
        "dry_run": "False",
        "whole": '{"a": [1]}',
        "other": '{"a": [1]}',
    }


def test_without_a_parameters_cell_there_are_no_parameters():
    assert parse_notebook(cell("day = 1")).parameters == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: must be '# Fabric notebook source'"),
        ("# Databricks notebook source\n", "line 1: must be"),
        (f"# Fabric notebook source\n\nx = 1\n# CELL {STARS}\n", "line 3: text before the first marker"),
        ("# Fabric notebook source\n\n# CELL *******************\n", "line 3: a marker needs exactly 20 asterisks"),
        (f"# Fabric notebook source\n\n# CELL *{STARS}\n", "line 3: a marker needs exactly 20 asterisks, found 21"),
        (f"# Fabric notebook source\n\n# METADATA {STARS}\n\n# META {{\n# META   x\n", "line 6: META is not JSON"),
        (f"# Fabric notebook source\n\n# METADATA {STARS}\n\n# META []\n", "META must be a JSON object"),
        (f"# Fabric notebook source\n\n# METADATA {STARS}\n\nx = 1\n", "line 5: expected '# META ...', found 'x = 1'"),
        (cell("x = 1") + f"\n# METADATA {STARS}\n\n# META {{}}\n" * 2, "METADATA without a cell before it"),
        (cell("x = 1", marker="PARAMETERS CELL") + f"# PARAMETERS CELL {STARS}\n\ny = 2\n", "a second PARAMETERS CELL"),
        (f"# Fabric notebook source\n\n# ATTACHMENT {STARS}\n", "line 3: ATTACHMENT sections are not supported"),
    ],
)
def test_malformed_text_is_refused_with_its_line(text, said):
    with pytest.raises(ItemError) as caught:
        parse_notebook(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("source", "said"),
    [("day = ", "line 5: parameters cell: invalid syntax"), ("\nx = 1\na.b = 2", "line 7: the parameters cell must")],
)
def test_parameters_that_cannot_be_read_are_refused_with_their_line(source, said):
    notebook = parse_notebook(cell(source, marker="PARAMETERS CELL"))
    with pytest.raises(ItemError) as caught:
        _ = notebook.parameters
    assert said in str(caught.value)


def test_rendering_refuses_a_line_that_would_be_a_marker():
    notebook = Notebook("python", None, {}, (Cell("code", f"x = 1\n# CELL {STARS}", "python"),))
    with pytest.raises(ItemError, match="which is a marker"):
        render_notebook(notebook)


def test_loading_names_the_file_and_needs_exactly_one(tmp_path):
    with pytest.raises(ItemError, match=r"needs exactly one of .* found \[\]"):
        load_notebook(tmp_path)
    (tmp_path / "notebook-content.py").write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(ItemError, match=r"notebook-content\.py: line 1"):
        load_notebook(tmp_path)
    (tmp_path / "notebook-content.py").write_text(CANONICAL, encoding="utf-8")
    assert load_notebook(tmp_path) == parse_notebook(CANONICAL)


LINES = st.one_of(
    st.sampled_from(["", "x = 1", "# comment", "  indented", "%run other", "y = '%%sql'", "# META {", "-- CELL", "#"]),
    st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\x85"), max_size=20),
)
SOURCES = st.lists(LINES, max_size=5).map("\n".join).map(lambda s: s.strip()).filter(lambda s: not s.startswith("%%"))


@st.composite
def notebooks(draw):
    """Any notebook that Fabric could have written."""
    cells = []
    for kind in draw(st.lists(st.sampled_from(["code", "markdown", "sql"]), max_size=5)):
        source = draw(SOURCES)
        options = draw(st.sampled_from([{}, {"frozen": True}, {"editable": False, "frozen": False}]))
        if kind == "markdown":
            cells.append(Cell("markdown", source, "markdown"))
        elif kind == "sql":
            cells.append(Cell("code", f"%%sql\n{source}".strip(), "sparksql", "sql", options))
        else:
            magic = "run" if source.startswith("%run") else None
            keeps_prefix = source.startswith(("# MAGIC", "%"))
            cells.append(Cell("code", "pass" if keeps_prefix and not magic else source, "python", magic, options))
    if draw(st.booleans()):
        cells.insert(0, Cell("parameters", "day = 1", "python"))
    dependencies = draw(st.sampled_from([{}, {"environment": {"environmentId": "x", "name": "Grüße"}}]))
    return Notebook("python", draw(st.sampled_from(["synapse_pyspark", None])), dependencies, tuple(cells))


@given(notebooks())
def test_rendering_and_parsing_are_inverse(notebook):
    text = render_notebook(notebook)
    assert parse_notebook(text) == notebook
    assert text.endswith("\n")
    assert "\r" not in text
    assert render_notebook(parse_notebook(text)) == text
