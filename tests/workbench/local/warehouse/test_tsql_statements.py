"""Statements are found without semicolons, and wrong syntax is told with its line."""

from __future__ import annotations

import pytest

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.local.warehouse import statements as st
from fabric_ot.workbench.local.warehouse.procedures import parse_parameter_list, parse_procedure
from fabric_ot.workbench.local.warehouse.splitter import split
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError


def leaves(sql: str) -> list[str]:
    return [" ".join(statement.text.split()) for statement in split(sql).statements]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 SELECT 2; SELECT 3", ["SELECT 1", "SELECT 2", "SELECT 3"]),
        ("SELECT 1 UNION ALL SELECT 2 SELECT 3", ["SELECT 1 UNION ALL SELECT 2", "SELECT 3"]),
        ("INSERT INTO t (a) SELECT 1 UPDATE t SET a = 2", ["INSERT INTO t (a) SELECT 1", "UPDATE t SET a = 2"]),
        ("INSERT t VALUES (1) SELECT 2", ["INSERT t VALUES (1)", "SELECT 2"]),
        ("WITH c AS (SELECT 1 AS a) INSERT INTO t SELECT a FROM c SELECT 2", None),
        ("WITH c AS (SELECT 1 AS a), d AS (SELECT 2 AS b) UPDATE t SET a = 1 FROM c DELETE FROM t", None),
        ("SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END FROM t SELECT 2", None),
        ("SELECT 'SELECT; -- no' /* SELECT /* nested */ ; */ -- SELECT\n, 1 SELECT 2", None),
        ("SELECT [SELECT] FROM [a;b] SELECT 2", ["SELECT [SELECT] FROM [a;b]", "SELECT 2"]),
        ("DROP TABLE IF EXISTS #t SELECT 2", ["DROP TABLE IF EXISTS #t", "SELECT 2"]),
        ("SELECT a FROM t WITH (NOLOCK) SELECT 2", ["SELECT a FROM t WITH (NOLOCK)", "SELECT 2"]),
    ],
)
def test_statements_end_where_the_next_begins(sql: str, expected: list[str] | None) -> None:
    found = leaves(sql)
    assert len(found) == (len(expected) if expected else 2)
    if expected:
        assert found == expected


def test_control_flow_becomes_a_tree() -> None:
    body = split(
        """
        IF EXISTS (SELECT 1 WHERE CASE WHEN 1 = 1 THEN 1 END = 1)
            SELECT 1;
        ELSE IF @a = 2
        BEGIN
            WHILE @i < 3 BEGIN SET @i += 1 IF @i = 2 BREAK CONTINUE END
        END
        BEGIN TRY BEGIN TRAN COMMIT END TRY
        BEGIN CATCH IF @@TRANCOUNT > 0 ROLLBACK THROW END CATCH
        RETURN
        """
    )
    kinds = [type(statement).__name__ for statement in body.statements]
    assert kinds == ["If", "TryCatch", "Return"]
    branch = body.statements[0]
    assert isinstance(branch, st.If)
    assert branch.line == 2
    assert isinstance(branch.otherwise, st.If)
    caught = body.statements[1]
    assert isinstance(caught, st.TryCatch)
    assert [type(s).__name__ for s in caught.handler.statements] == ["If", "Throw"]


def test_a_header_has_types_defaults_and_outputs() -> None:
    procedure = parse_procedure(
        "CREATE OR ALTER PROC [etl].[load it] (@a int, @b AS decimal(10, 2) = -1.5, @c varchar(max) = NULL OUT)\nAS\n"
        "SELECT 1"
    )
    assert procedure.full_name == "etl.load it"
    found = [(p.name, str(p.type), p.default.text if p.default else None, p.is_output) for p in procedure.parameters]
    assert found == [
        ("@a", "int", None, False),
        ("@b", "decimal(10,2)", "-1.5", False),
        ("@c", "varchar(max)", "NULL", True),
    ]
    assert procedure.body.statements[0].line == 3


def test_a_parameter_list_of_dynamic_sql_is_read() -> None:
    assert [(p.name, p.is_output) for p in parse_parameter_list("@a int, @b bigint OUTPUT")] == [
        ("@a", False),
        ("@b", True),
    ]


def test_exec_takes_names_positions_defaults_and_outputs() -> None:
    statement = split("EXEC @rc = db.etl.p -1, 'x', @c = @v OUTPUT, @d = DEFAULT").statements[0]
    assert isinstance(statement, st.Execute)
    assert statement.procedure == ("db", "etl", "p")
    assert statement.result == "@rc"
    found = [(a.name, a.value.text if a.value else None, a.is_output) for a in statement.arguments]
    assert found == [(None, "-1", False), (None, "'x'", False), ("@c", "@v", True), ("@d", None, False)]


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("BEGIN", 102),
        ("BEGIN END", 102),
        ("BEGIN SELECT 1", 102),
        ("IF SELECT 1", 102),
        ("\n\nELSE SELECT 1", 102),
        ("BEGIN TRY SELECT 1 END TRY SELECT 2", 102),
        ("EXEC etl.p @a = 1 + 1", 102),
        ("EXEC etl.p @a = 1, 2", 119),
        ("EXEC etl.p 1 OUTPUT", 179),
        ("THROW 50001, 'a' + 'b', 1", 102),
        ("THROW 50001", 102),
        ("RAISERROR('x', 16)", 102),
        ("SELECT 'never closed", 105),
        ("SELECT 1 /* /* */", 105),
        ("nonsense 1", 102),
    ],
)
def test_wrong_syntax_is_told(sql: str, number: int) -> None:
    with pytest.raises(TsqlError) as caught:
        split(sql)
    assert caught.value.number == number
    assert "line" in caught.value.text


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("SET ROWCOUNT 5", "ROWCOUNT"),
        ("DECLARE @x xml", "xml"),
        ("RAISERROR('x', 16, 1) WITH NOWAIT SELECT 1", "WITH"),
        ("ROLLBACK TRANSACTION before_it", "before_it"),
        ("USE other", "USE"),
        ("WAITFOR DELAY '00:00:01'", "WAITFOR"),
    ],
)
def test_what_is_not_run_is_refused_when_it_is_read(sql: str, named: str) -> None:
    with pytest.raises((NotSupportedError, TsqlError)) as caught:
        split(sql)
    assert named in str(caught.value)


def test_a_table_valued_parameter_is_refused() -> None:
    with pytest.raises(NotSupportedError, match="table-valued parameter @t"):
        parse_procedure("CREATE PROCEDURE etl.p @t rows_type READONLY AS SELECT 1")
