"""Encodings, line ends and JSON."""

from __future__ import annotations

import pytest

FILE = "lakehouses/silver/ot_silver.Lakehouse/lakehouse.metadata.json"


@pytest.mark.parametrize(
    ("content", "rule", "said"),
    [
        ('{"defaultSchema": "dbo"}\n'.encode("utf-16"), "text_is_utf8", "is UTF-16"),
        (b'{"defaultSchema": "dbo"}\n\n\xff', "text_is_utf8", "byte 26 is not UTF-8"),
        (b'\xef\xbb\xbf{"defaultSchema": "dbo"}\n', "text_has_no_mark", "starts with a byte order mark"),
        (b'{\n"defaultSchema": "dbo"}\r\n', "lines_end_with_lf", "line 2 ends with CR"),
        (b'{"defaultSchema": "dbo"}', "text_ends_with_newline", "does not end with a newline"),
        (b'{"defaultSchema": }\n', "json_is_json", "line 1, column 19: not JSON"),
    ],
)
def test_each_text_rule_names_the_file_and_the_place(plant, content, rule, said):
    plant.write(FILE, content)
    problem = next(p for p in plant.problems() if p.rule == rule)
    assert problem.path == FILE
    assert said in problem.message


def test_a_wheel_is_no_text(plant):
    plant.write("environments/ot_runtime.Environment/Libraries/CustomLibraries/other-1-py3-none-any.whl", b"PK\r\n\xff")
    assert plant.problems() == []


def test_the_platform_file_is_text_too(plant):
    path = "notebooks/bronze/nb_land.Notebook/.platform"
    text = (plant.root / path).read_bytes().replace(b"\n", b"\r\n")
    plant.write(path, text)
    assert plant.only_problem().rule == "lines_end_with_lf"
