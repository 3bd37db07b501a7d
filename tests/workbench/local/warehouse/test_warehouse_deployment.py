"""A SQL project is brought in once, and a change that would lose data is told, not made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fabric_ot.errors import NotSupportedError, SqlError
from fabric_ot.workbench.local.warehouse import TsqlError, Warehouse

TABLE = "CREATE TABLE w.t (a int NOT NULL, b varchar(5) NULL)"
Make = Callable[..., Warehouse]


def test_deploying_again_keeps_the_rows(make_warehouse: Make) -> None:
    first = make_warehouse(TABLE)
    first.script("INSERT INTO w.t (a) VALUES (1)")
    first.close()
    again = make_warehouse(TABLE, "CREATE TABLE w.u (c bigint NULL)")
    assert again.query("SELECT a FROM w.t") == [{"a": 1}]
    assert again.query("SELECT c FROM w.u") == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            "CREATE TABLE w.t (a bigint NOT NULL, b varchar(5) NULL)",
            "column a was int NOT NULL, is now bigint NOT NULL",
        ),
        (
            "CREATE TABLE w.t (a int NOT NULL, b varchar(9) NULL)",
            "column b was varchar(5) NULL, is now varchar(9) NULL",
        ),
        ("CREATE TABLE w.t (a int NULL, b varchar(5) NULL)", "column a was int NOT NULL, is now int NULL"),
        ("CREATE TABLE w.t (a int NOT NULL)", "column b (varchar(5) NULL) is gone"),
        ("CREATE TABLE w.t (a int NOT NULL, b varchar(5) NULL, c int NULL)", "column c is new (int NULL)"),
        ("CREATE TABLE w.t (b varchar(5) NULL, a int NOT NULL)", "the order of the columns has changed"),
    ],
)
def test_a_changed_column_list_says_what_differs_and_what_to_do(make_warehouse: Make, changed: str, told: str) -> None:
    make_warehouse(TABLE).close()
    with make_warehouse(changed, "CREATE TABLE w.u (c int NULL)", is_deployed=False) as warehouse:
        with pytest.raises(SqlError) as caught:
            warehouse.deploy()
        assert f"w.t: {told}" in str(caught.value)
        assert "DROP TABLE" in str(caught.value)
        with pytest.raises(TsqlError, match="208"):
            warehouse.query("SELECT c FROM w.u")
        warehouse.script("DROP TABLE w.t")
        warehouse.deploy()
        assert warehouse.query("SELECT COUNT(*) AS n FROM w.t") == [{"n": 0}]


def test_a_view_is_read_through_other_views(make_warehouse: Make) -> None:
    warehouse = make_warehouse(
        TABLE,
        "CREATE VIEW w.half AS SELECT t.a / 2 AS h FROM w.t AS t",
        "CREATE VIEW w.top_half AS SELECT MAX(h) AS h FROM w.half",
    )
    warehouse.script("INSERT INTO w.t (a) VALUES (7), (3)")
    assert warehouse.query("SELECT h / 2 AS q FROM w.top_half") == [{"q": 1}]
    with pytest.raises(TsqlError, match="4405"):
        warehouse.script("DELETE FROM w.half")


def test_a_view_that_reads_itself_is_an_error(make_warehouse: Make) -> None:
    warehouse = make_warehouse("CREATE VIEW w.a AS SELECT x FROM w.b", "CREATE VIEW w.b AS SELECT x FROM w.a")
    with pytest.raises(TsqlError, match="4413"):
        warehouse.query("SELECT x FROM w.a")


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("CREATE PROCEDURE w.p AS\nSELECT 1\nIF", SqlError, "w/p.sql"),
        ("CREATE PROCEDURE w.p AS\nSELECT 1\nUPDATE w.t SET a =", SqlError, "line 3"),
        ("CREATE PROCEDURE w.p AS MERGE w.t USING w.u ON 1 = 1", NotSupportedError, "w/p.sql"),
        ("CREATE PROCEDURE w.p AS DECLARE c CURSOR FOR SELECT 1", NotSupportedError, "CURSOR"),
        ("CREATE VIEW w.v AS SELECT 1 AS a LIMIT 3", NotSupportedError, "LIMIT"),
        ("CREATE VIEW w.v AS UPDATE w.t SET a = 1", SqlError, "w/v.sql"),
        ("CREATE FUNCTION w.f () RETURNS int AS BEGIN RETURN 1 END", NotSupportedError, "w.f"),
        ("CREATE TABLE w.t (a nvarchar(5) NULL)", NotSupportedError, "nvarchar"),
        ("CREATE TABLE w.t (a datetime2(3) NULL)", NotSupportedError, "datetime2(6)"),
        ("CREATE TABLE w.t (a money NULL)", NotSupportedError, "money"),
    ],
)
def test_an_object_that_cannot_work_is_told_before_it_is_run(
    make_warehouse: Make, text: str, error: type[Exception], told: str
) -> None:
    with pytest.raises(error) as caught:
        make_warehouse(text)
    assert told in str(caught.value)


def test_a_case_insensitive_collation_is_refused(make_warehouse: Make) -> None:
    with pytest.raises(NotSupportedError, match="CI_AS"):
        make_warehouse(TABLE, collation="Latin1_General_100_CI_AS_KS_WS_SC_UTF8")


def test_a_query_must_return_one_result_set(make_warehouse: Make, tmp_path: Path) -> None:
    warehouse = make_warehouse(TABLE)
    with pytest.raises(SqlError, match="returned 0"):
        warehouse.query("INSERT INTO w.t (a) VALUES (1)")
    with pytest.raises(SqlError, match="returned 2"):
        warehouse.query("SELECT 1 AS a; SELECT 2 AS b")
