from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.tmdl import TmdlObject, read_tmdl


def read(tmp_path: Path, text: str) -> list[TmdlObject]:
    file = tmp_path / "x.tmdl"
    file.write_text(text, encoding="utf-8")
    return read_tmdl(file)


TABLE = """/// What it is.
/// And more.
table 'State Time'
\tlineageTag: 1

\tmeasure 'Two Lines' =
\t\t\tVAR a = 1

\t\t\tRETURN a
\t\tformatString: #,0.0
\t\tisHidden

\tmeasure Fenced = ```
\t\t\tSUM(x[y])
\t\t\t\t+ 1
\t\t\t```
\t\tdisplayFolder: A
\tmeasure Inline = 1 + 1

\tcolumn 'It''s'
\t\tdataType: double
\t\tsourceColumn: its

\tpartition p = entity
\t\tmode: directLake
\t\tsource
\t\t\tentityName: state_time

\tannotation Some = [{"a": 1}]
"""


def test_objects_properties_descriptions_and_expressions_are_read(tmp_path):
    (table,) = read(tmp_path, TABLE)
    assert (table.name, table.description, table.line) == ("State Time", "What it is.\nAnd more.", 3)
    two, fenced, inline = table.of_kind("measure")
    assert two.expression == "VAR a = 1\n\nRETURN a"
    assert two.flag("isHidden")
    assert two.text("formatString") == "#,0.0"
    assert fenced.expression == "SUM(x[y])\n\t+ 1"
    assert fenced.text("displayFolder") == "A"
    assert inline.expression == "1 + 1"
    assert table.of_kind("column")[0].name == "It's"
    assert table.of_kind("partition")[0].of_kind("source")[0].text("entityName") == "state_time"


def test_references_fix_only_the_order_and_are_tolerated(tmp_path):
    assert read(tmp_path, "ref table 'State Time'\nref expression X\n") == []


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("table A\n\tlinageTag: x\n", 2, "linageTag"),
        ("table A\n    column b\n", 2, "tabs only"),
        ("table A\n\t\t\tcolumn b\n", 2, "indented by 3"),
        ("table A\n\tcolumn b\n\t\tdataType: int64\n\t\tdataType: int64\n", 4, "set twice"),
        ("table A\n\tmeasure m =\n\tcolumn b\n", 2, "expression is missing"),
        ("table A\n\tmeasure m = ```\n\t\t\t1\n", 2, "never closed"),
        ("table A\n\thierarchy h\n", 2, "hierarchy"),
        ("table\n", 1, "needs a name"),
        ("table A\n\tcolumn b\n\t\t/// lost\n\t\tdataType: int64\n", 4, "cannot stand before the property"),
        ("table A\n/// nothing follows\n", 2, "before nothing"),
        ("tabel A\n", 1, "tabel"),
        ("relationship r = x\n", 1, "takes no expression"),
    ],
)
def test_what_is_not_known_is_refused_with_file_and_line(tmp_path, text, line, part):
    with pytest.raises(ItemError, match=part) as caught:
        read(tmp_path, text)
    assert f"x.tmdl:{line}" in str(caught.value)


def test_a_flag_that_is_neither_true_nor_false_is_refused(tmp_path):
    (table,) = read(tmp_path, "table A\n\tisHidden: perhaps\n")
    with pytest.raises(ItemError, match="true or false"):
        table.flag("isHidden")


@given(st.lists(st.text("abc ()[]'\"/=:\t", min_size=1).filter(str.strip), min_size=1, max_size=4))
def test_any_multi_line_expression_comes_back_as_it_was_written(tmp_path_factory, lines):
    lines = [line.rstrip() for line in lines]
    written = "\n".join(f"\t\t\t{line}" for line in lines)
    text = f"table A\n\tmeasure m =\n{written}\n\t\tformatString: 0\n"
    (table,) = read(tmp_path_factory.mktemp("tmdl"), text)
    assert table.of_kind("measure")[0].expression == "\n".join(lines)
