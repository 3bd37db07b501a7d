"""The procedural rules of T-SQL, each as one executed claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.local.warehouse import TsqlError, Warehouse

TABLE = "CREATE TABLE w.t (a int NOT NULL, b varchar(5) NULL)"


def messages(warehouse: Warehouse, sql: str) -> list[str]:
    return list(warehouse.script(sql).messages)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("DECLARE @a int = 1, @b int; SET @b = @a + 1; PRINT @b", ["2"]),
        ("DECLARE @a int; SET @a = 1.9; PRINT @a", ["1"]),
        ("DECLARE @s varchar(3) = 'abcdef'; PRINT @s", ["abc"]),
        ("DECLARE @a int = 7; SET @a /= 2; PRINT @a", ["3"]),
        ("DECLARE @A int = 1; PRINT @a", ["1"]),
        ("DECLARE @a int = 5; SELECT @a = v.x FROM (VALUES (1)) AS v(x) WHERE v.x > 1; PRINT @a", ["5"]),
        ("DECLARE @a int, @b int; SELECT @a = 1, @b = 2; PRINT CONCAT(@a, @b)", ["12"]),
        ("DECLARE @a int; SELECT @a = v.x FROM (VALUES (1), (2)) AS v(x) ORDER BY v.x; PRINT @a", ["2"]),
        ("DECLARE @a int = 1; SELECT @a = @a + 1; PRINT @a", ["2"]),
        ("IF NULL = NULL PRINT 'yes' ELSE PRINT 'no'", ["no"]),
        ("IF 1 = 1 IF 1 = 2 PRINT 'a' ELSE PRINT 'b'", ["b"]),
        (
            "DECLARE @i int = 0; WHILE @i < 9 BEGIN SET @i += 1; IF @i = 2 CONTINUE; IF @i = 4 BREAK; PRINT @i END",
            ["1", "3"],
        ),
        ("PRINT 'a' RETURN PRINT 'b'", ["a"]),
        ("SELECT v.x FROM (VALUES (1), (2)) AS v(x); PRINT @@ROWCOUNT; PRINT @@ROWCOUNT", ["2", "0"]),
        ("DECLARE @a int; SET @a = 3; PRINT @@ROWCOUNT", ["1"]),
        ("SELECT 1 AS a; IF 1 = 1 PRINT @@ROWCOUNT", ["0"]),
        ("BEGIN TRY PRINT 1 / 0 END TRY BEGIN CATCH PRINT @@ERROR; PRINT @@ERROR END CATCH", ["8134", "0"]),
        (
            "BEGIN TRY\n\nSELECT 1 / 0 AS x\nEND TRY BEGIN CATCH "
            "PRINT CONCAT(ERROR_NUMBER(), '|', ERROR_SEVERITY(), '|', ERROR_STATE(), '|', ERROR_LINE(), '|', "
            "ERROR_PROCEDURE(), '|', ERROR_MESSAGE()) END CATCH PRINT ISNULL(ERROR_NUMBER(), -1)",
            ["8134|16|1|3||Divide by zero error encountered.", "-1"],
        ),
        (
            "BEGIN TRY THROW 50001, 'my', 7 END TRY BEGIN CATCH PRINT CONCAT(ERROR_NUMBER(), ERROR_STATE()) END CATCH",
            ["500017"],
        ),
        ("RAISERROR('only %s, %d of it', 10, 1, 'said', 3); PRINT 'on'", ["only said, 3 of it", "on"]),
        ("BEGIN TRY RAISERROR('hard', 16, 2) END TRY BEGIN CATCH PRINT ERROR_MESSAGE() END CATCH", ["hard"]),
        ("EXEC ('PRINT ''dynamic''')", ["dynamic"]),
        ("DECLARE @s varchar(50) = 'PRINT 1 + 1'; EXEC (@s)", ["2"]),
        ("EXEC sp_executesql N'PRINT @a', N'@a int', 3", ["3"]),
        (
            "DECLARE @r int; EXEC sp_executesql N'SET @out = @in * 2', N'@in int, @out int OUTPUT', "
            "@in = 4, @out = @r OUTPUT; PRINT @r",
            ["8"],
        ),
        ("DECLARE @t TABLE (a int); INSERT INTO @t VALUES (1), (2); PRINT @@ROWCOUNT", ["2"]),
        (
            "IF OBJECT_ID('w.t') IS NOT NULL PRINT 'there'; IF OBJECT_ID('w.u') IS NULL PRINT 'not there'",
            ["there", "not there"],
        ),
        ("PRINT CAST(NULL AS int)", [" "]),
        ("PRINT XACT_STATE(); BEGIN TRAN; PRINT XACT_STATE(); COMMIT", ["0", "1"]),
        (
            "BEGIN TRAN; BEGIN TRAN; PRINT @@TRANCOUNT; COMMIT; PRINT @@TRANCOUNT; ROLLBACK; PRINT @@TRANCOUNT",
            ["2", "1", "0"],
        ),
    ],
)
def test_a_rule_of_the_language_holds(still_warehouse: Warehouse, sql: str, expected: list[str]) -> None:
    assert messages(still_warehouse, sql) == expected


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("SET @a = 1", 137),
        ("SELECT a FROM @t", 1087),
        ("SELECT a FROM #t", 208),
        ("THROW", 10704),
        ("THROW 1, 'too low', 1", 35100),
        ("THROW 50001, 'mine', 1", 50001),
        ("RAISERROR('hard', 16, 1)", 50000),
        ("COMMIT", 3902),
        ("ROLLBACK", 3903),
        ("BEGIN TRAN", 266),
        ("EXEC etl.nothing", 2812),
        ("DECLARE @a int; SELECT @a = 1, 2 AS b", 141),
        ("CREATE TABLE #t (a int); CREATE TABLE #t (a int)", 2714),
        ("DROP TABLE w.nothing", 3701),
        ("DECLARE @a int; SET @a = 'x'", 245),
        ("DECLARE @a int = 1; SELECT @a = 3000000000", 8115),
    ],
)
def test_an_error_of_the_language_has_its_number(still_warehouse: Warehouse, sql: str, number: int) -> None:
    with pytest.raises(TsqlError) as caught:
        still_warehouse.script(sql)
    assert caught.value.number == number


PROCEDURES = (
    TABLE,
    "CREATE PROCEDURE etl.add @a int, @b int = 10, @sum int = NULL OUTPUT AS SET @sum = @a + @b RETURN @a",
    "CREATE PROCEDURE etl.fail @n int AS\nBEGIN\n  IF @n = 0\n    THROW 50005, 'bottom', 1;\n"
    "  DECLARE @next int = @n - 1;\n  EXEC etl.fail @next\nEND",
    "CREATE PROCEDURE etl.endless AS EXEC etl.endless",
    "CREATE PROCEDURE etl.rethrow AS BEGIN TRY EXEC etl.fail 2 END TRY BEGIN CATCH THROW END CATCH",
    "CREATE PROCEDURE etl.reads_caller AS SELECT a FROM #t",
    "CREATE PROCEDURE etl.own_table AS CREATE TABLE #t (a int) INSERT INTO #t VALUES (1) SELECT COUNT(*) AS n FROM #t",
    "CREATE PROCEDURE etl.typed @d date, @i int, @b bit, @s varchar(3) AS SELECT @d AS d, @i AS i, @b AS b, @s AS s",
)


@pytest.fixture(scope="module")
def procedures(open_module_warehouse: Callable[..., Warehouse]) -> Warehouse:
    return open_module_warehouse(*PROCEDURES)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("DECLARE @s int, @c int; EXEC @c = etl.add 1, 2, @s OUTPUT; PRINT CONCAT(@c, '|', @s)", ["1|3"]),
        ("DECLARE @s int; EXEC etl.add @sum = @s OUTPUT, @a = 1; PRINT @s", ["11"]),
        ("DECLARE @s int = 5; EXEC etl.add 1, DEFAULT, @s; PRINT @s", ["5"]),
        (
            "BEGIN TRY EXEC etl.rethrow END TRY BEGIN CATCH PRINT CONCAT(ERROR_PROCEDURE(), ERROR_LINE()) END CATCH",
            ["etl.fail4"],
        ),
        ("BEGIN TRY EXEC etl.fail 3 END TRY BEGIN CATCH PRINT @@NESTLEVEL END CATCH", ["0"]),
    ],
)
def test_a_call_binds_arguments_and_returns(procedures: Warehouse, sql: str, expected: list[str]) -> None:
    assert messages(procedures, sql) == expected


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("EXEC etl.add", 201),
        ("EXEC etl.add 1, 2, 3, 4", 8144),
        ("EXEC etl.add @a = 1, @z = 2", 8145),
        ("EXEC etl.add 1, @a = 2", 8143),
        ("DECLARE @x int; EXEC etl.add @a = @x OUTPUT", 8162),
        ("EXEC etl.endless", 217),
    ],
)
def test_a_wrong_call_is_an_error_with_its_number(procedures: Warehouse, sql: str, number: int) -> None:
    with pytest.raises(TsqlError) as caught:
        procedures.script(sql)
    assert caught.value.number == number


def test_a_procedure_sees_the_tables_of_its_caller_but_keeps_its_own(procedures: Warehouse) -> None:
    found = procedures.script(
        "CREATE TABLE #t (a int); INSERT INTO #t VALUES (7); EXEC etl.reads_caller; EXEC etl.own_table"
    )
    assert found.result_sets == (({"a": 7},), ({"n": 1},))
    again = procedures.script("EXEC etl.own_table; EXEC etl.own_table")
    assert again.result_sets == (({"n": 1},), ({"n": 1},))
    with pytest.raises(TsqlError, match="#t"):
        procedures.script("EXEC etl.own_table; SELECT a FROM #t")


def test_a_call_from_python_takes_and_returns_python_values(procedures: Warehouse) -> None:
    result = procedures.execute_procedure("etl.add", {"a": 4, "@B": "5"})
    assert (result.return_code, result.outputs["sum"]) == (4, 9)
    typed = procedures.execute_procedure(
        "etl.typed", {"d": "2026-03-04T05:06:07Z", "i": 3.0, "b": "true", "s": "abcdef"}
    )
    row = typed.result_sets[0][0]
    assert (str(row["d"]), row["i"], row["b"], row["s"]) == ("2026-03-04", 3, True, "abc")


@pytest.mark.parametrize(
    ("name", "parameters", "number"),
    [
        ("etl.nothing", {}, 2812),
        ("etl.add", {}, 201),
        ("etl.add", {"a": 1, "z": 2}, 8145),
        ("etl.add", {"a": "x"}, 8114),
        ("etl.add", {"a": 2**40}, 8115),
    ],
)
def test_a_wrong_call_from_python_says_what_is_wrong(
    procedures: Warehouse, name: str, parameters: dict[str, Any], number: int
) -> None:
    with pytest.raises(TsqlError) as caught:
        procedures.execute_procedure(name, parameters)
    assert caught.value.number == number


def test_an_error_tells_procedure_line_and_statement(procedures: Warehouse) -> None:
    with pytest.raises(TsqlError) as caught:
        procedures.execute_procedure("etl.fail", {"n": 1})
    assert str(caught.value).splitlines()[0] == "etl.fail, line 4: error 50005: bottom"
    assert "THROW 50005" in str(caught.value)


def test_what_is_refused_by_name_is_never_caught(still_warehouse: Warehouse) -> None:
    with pytest.raises(NotSupportedError, match=r"batch, line 2: the function NEWID"):
        still_warehouse.script("BEGIN TRY\nSELECT NEWID() AS n END TRY BEGIN CATCH PRINT 'hidden' END CATCH")


def test_go_separates_batches_and_their_variables(still_warehouse: Warehouse) -> None:
    found = still_warehouse.script("DECLARE @a int = 1; PRINT @a\nGO\nDECLARE @a int = 2; PRINT @a\nGO\n")
    assert found.messages == ("1", "2")
    with pytest.raises(TsqlError, match="line 3: error 137"):
        still_warehouse.script("DECLARE @a int = 1\nGO\nPRINT @a")


def test_the_row_count_of_a_result_counts_stored_rows_only(warehouse: Warehouse) -> None:
    result = warehouse.script(
        "DECLARE @t TABLE (a int); INSERT INTO @t VALUES (1), (2), (3); INSERT INTO w.t (a) SELECT a FROM @t; "
        "DELETE FROM w.t WHERE a = 1"
    )
    assert result.rowcount == 4
