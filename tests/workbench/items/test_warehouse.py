"""A SQL project becomes typed objects, or an error that names the file and the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.tsql_table import TableColumn, parse_create_table
from fabric_ot.workbench.items.tsql_tokens import split_batches, tokenize
from fabric_ot.workbench.items.warehouse import load_warehouse

PROJECT = """<Project DefaultTargets="Build">
  <Sdk Name="Microsoft.Build.Sql" Version="0.1.19-preview" />
  <PropertyGroup><Name>dw</Name>
    <DSP>Microsoft.Data.Tools.Schema.Sql.SqlDwUnifiedDatabaseSchemaProvider</DSP>
    <DefaultCollation>Latin1_General_100_BIN2_UTF8</DefaultCollation></PropertyGroup>
</Project>
"""
FILES = {
    "dw.sqlproj": PROJECT,
    "gold/gold.sql": "CREATE SCHEMA [gold];\n",
    "gold/Tables/orders.sql": (
        "CREATE TABLE [gold].[orders] (\n\n\t[order_month] date NULL,\n\t[qty] decimal(10, 2) NOT NULL\n);\n"
    ),
    "gold/Views/v.sql": "-- what it is\nCREATE VIEW gold.v AS SELECT qty FROM gold.orders;\n",
    "gold/StoredProcedures/p.sql": "CREATE OR ALTER PROC [gold].[p] AS\nCREATE TABLE #t (a int);\nSELECT 1;\n",
    "gold/Functions/f.sql": "CREATE FUNCTION gold.f () RETURNS int AS BEGIN RETURN 1 END\n",
}


def project(tmp_path: Path, **changes: str | None) -> Path:
    for path, text in {**FILES, **{k.replace("__", "/") + "": v for k, v in changes.items()}}.items():
        if text is not None:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def test_every_file_becomes_one_object_with_its_kind(tmp_path: Path) -> None:
    loaded = load_warehouse(project(tmp_path))
    assert (loaded.name, loaded.collation) == ("dw", "Latin1_General_100_BIN2_UTF8")
    assert [(item.kind, item.full_name) for item in loaded.objects] == [
        ("schema", "gold"),
        ("function", "gold.f"),
        ("procedure", "gold.p"),
        ("table", "gold.orders"),
        ("view", "gold.v"),
    ]
    assert loaded.objects[3].path == Path("gold/Tables/orders.sql")


def test_tables_have_names_types_and_nullability(tmp_path: Path) -> None:
    (table,) = load_warehouse(project(tmp_path)).tables()
    assert (table.schema, table.name) == ("gold", "orders")
    assert table.columns == (
        TableColumn("order_month", "date", nullable=True),
        TableColumn("qty", "decimal(10,2)", nullable=False),
    )


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("gold/Tables/other.sql", "CREATE TABLE gold.orders (a int)", "rename the object"),
        ("gold/Views/w.sql", "CREATE PROCEDURE gold.w AS SELECT 1", "lies in Views"),
        ("gold/Tables/t.sql", "CREATE TABLE silver.t (a int)", "silver"),
        ("gold/Tables/t.sql", "SELECT 1", "must start with CREATE"),
        ("gold/Tables/t.sql", "", "must start with CREATE"),
        ("gold/Tables/t.sql", "CREATE TABLE gold.t (a int IDENTITY)", "IDENTITY"),
        ("gold/Tables/t.sql", "CREATE TABLE gold.t (a int DEFAULT 1)", "DEFAULT"),
        ("gold/Tables/t.sql", "CREATE TABLE gold.t (a int PRIMARY KEY)", "NOT ENFORCED"),
        ("gold/Tables/t.sql", "CREATE TABLE gold.t (a int, a int)", "twice"),
        ("gold/Tables/t.sql", "CREATE TABLE gold.t (a int", "line 1"),
        ("gold/Tables/t.sql", "CREATE TABLE gold.t (a int)\nGO\nALTER TABLE gold.t ADD b int", "line 3"),
        ("gold/Tables/t.sql", "CREATE TABLE gold.t (a int)\nGO\nCREATE TABLE gold.u (a int)", "line 3"),
        (
            "gold/Views/w.sql",
            "CREATE VIEW gold.w AS SELECT 1 AS a\nGO\nCREATE VIEW gold.x AS SELECT 1 AS a",
            "one object",
        ),
        ("gold/Views/w.sql", "CREATE VIEW gold.w AS SELECT 'open", "not closed"),
        ("gold/silver.sql", "CREATE SCHEMA gold", "name the file gold.sql"),
        ("dw.sqlproj", "<Project>", "not XML"),
        ("dw.sqlproj", PROJECT.replace("SqlDwUnified", "Sql160"), "DSP"),
        ("two.sqlproj", PROJECT, "exactly one .sqlproj"),
    ],
)
def test_a_malformed_project_names_the_file_and_the_reason(tmp_path: Path, path: str, text: str, reason: str) -> None:
    folder = project(tmp_path)
    (folder / path).write_text(text, encoding="utf-8")
    with pytest.raises(ItemError) as caught:
        load_warehouse(folder)
    assert reason in str(caught.value)
    named = path if path != "two.sqlproj" else "two.sqlproj"
    assert Path(named).name in str(caught.value)


def test_keys_that_are_not_enforced_may_follow_the_table() -> None:
    text = (
        "CREATE TABLE gold.t (a int NOT NULL);\nGO\n"
        "ALTER TABLE gold.t ADD CONSTRAINT pk PRIMARY KEY NONCLUSTERED (a) NOT ENFORCED;\n"
        "ALTER TABLE gold.t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES gold.u (a) NOT ENFORCED"
    )
    with_key = parse_create_table(text)
    assert [column.name for column in with_key.columns] == ["a"]
    with pytest.raises(ItemError, match="NOT ENFORCED"):
        parse_create_table(text.replace(" NOT ENFORCED", ""))


def test_tokens_know_strings_names_comments_and_lines() -> None:
    tokens = tokenize("SELECT N'a''b', [x]]y], \"z\" -- no\n/* a /* b */ c */ FROM @t")
    assert [(t.kind, t.text) for t in tokens if t.kind != "operator"] == [
        ("word", "SELECT"),
        ("string", "N'a''b'"),
        ("quoted", "[x]]y]"),
        ("quoted", '"z"'),
        ("word", "FROM"),
        ("variable", "@t"),
    ]
    assert tokens[3].name == "x]y"
    assert tokens[-1].line == 2


def test_go_counts_only_on_a_line_of_its_own() -> None:
    batches = split_batches("SELECT 'GO'\ngo\nSELECT 1 AS GO\nGO")
    assert [(text.strip(), line) for text, line in batches] == [("SELECT 'GO'", 1), ("SELECT 1 AS GO", 2)]
