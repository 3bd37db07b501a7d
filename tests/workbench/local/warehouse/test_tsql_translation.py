"""Every trap where the engine alone would answer differently from the server, executed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from fabric_ot.errors import NotSupportedError, SqlError
from fabric_ot.workbench.local.warehouse import TsqlError, Warehouse

Scalar = Callable[..., Any]
D = dt.date
T = dt.datetime


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # integers stay integers
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("7 % -3", 1),
        ("7 / 2.0E0", 3.5),
        ("1 + 1.5", Decimal("2.5")),
        ("1.5 * 1.25", Decimal("1.875")),
        ("0.1 + 0.2", Decimal("0.3")),
        ("CAST(1 AS float) / 3", 1 / 3),
        ("NULL + 1", None),
        # conversions cut, they do not round; text is read strictly
        ("CAST(1.9 AS int)", 1),
        ("CAST(-1.9E0 AS int)", -1),
        ("CAST(2.345 AS decimal(5, 2))", Decimal("2.35")),
        ("TRY_CAST('1.5' AS int)", None),
        ("TRY_CAST('inf' AS float)", None),
        ("TRY_CAST('1_0' AS int)", None),
        ("CAST(' 12 ' AS int)", 12),
        ("TRY_CAST('yes' AS bit)", None),
        ("CAST('true' AS bit)", True),
        ("CAST(2 AS bit)", True),
        ("CAST(CAST(1 AS bit) AS varchar(5))", "1"),
        ("CAST('abcdef' AS varchar(3))", "abc"),
        ("CAST('20260304' AS date)", D(2026, 3, 4)),
        ("CAST('2026-03-04T05:06:07Z' AS datetime2(6))", T(2026, 3, 4, 5, 6, 7)),
        ("CAST('2026-03-04 05:06:07.6' AS datetime2(0))", T(2026, 3, 4, 5, 6, 8)),
        ("TRY_CAST('04/03/2026' AS date)", None),
        ("CAST(CAST('2026-03-04 05:06:07' AS datetime2(6)) AS varchar(30))", "2026-03-04 05:06:07.000000"),
        ("CONVERT(varchar(8), CAST('2026-03-04' AS date), 112)", "20260304"),
        ("CONVERT(varchar(19), CAST('2026-03-04 05:06:07' AS datetime2(6)), 120)", "2026-03-04 05:06:07"),
        # strings
        ("'a' + 'b'", "ab"),
        ("'a' + NULL", None),
        ("CONCAT('a', NULL, 1)", "a1"),
        ("CONCAT_WS('-', 'a', NULL, 'b')", "a-b"),
        ("LEN('ab  ')", 2),
        ("DATALENGTH('é ')", 3),
        ("SUBSTRING('abc', 0, 2)", "a"),
        ("SUBSTRING('abc', -1, 3)", "a"),
        ("SUBSTRING('abc', 2, 10)", "bc"),
        ("CHARINDEX('b', 'abcb')", 2),
        ("CHARINDEX('b', 'abcb', 3)", 4),
        ("CHARINDEX('', 'abc')", 0),
        ("STUFF('abcdef', 2, 3, 'X')", "aXef"),
        ("STUFF('abc', 9, 1, 'X')", None),
        ("LEFT('abc', 2) + RIGHT('abc', 2)", "abbc"),
        ("REPLICATE('ab', 2) + SPACE(1)", "abab "),
        ("LTRIM('  a ') + '|'", "a |"),
        ("REPLACE('aaa', '', 'x')", "aaa"),
        ("QUOTENAME('a]b')", "[a]]b]"),
        ("N'x' + [REVERSE]('ab')", "xba"),
        # dates
        ("DATEPART(WEEKDAY, CAST('2026-01-04' AS date))", 1),
        ("DATEPART(WEEKDAY, CAST('2026-01-10' AS date))", 7),
        ("DATEPART(ISO_WEEK, CAST('2027-01-01' AS date))", 53),
        ("DATEPART(WEEK, CAST('2026-01-04' AS date))", 2),
        ("DATEPART(WEEK, CAST('2026-01-03' AS date))", 1),
        ("DATEPART(MILLISECOND, CAST('2026-01-01 00:00:12.345678' AS datetime2(6)))", 345),
        ("DATEPART(MICROSECOND, CAST('2026-01-01 00:00:12.345678' AS datetime2(6)))", 345678),
        ("DATENAME(month, CAST('2026-03-04' AS date))", "March"),
        ("DATENAME(weekday, CAST('2026-03-04' AS date))", "Wednesday"),
        ("DATEADD(MONTH, 1, CAST('2026-01-31' AS date))", D(2026, 2, 28)),
        ("DATEADD(MONTH, 1, CAST('2026-01-31 10:00' AS datetime2(6)))", T(2026, 2, 28, 10)),
        ("DATEADD(day, 1.9, CAST('2026-01-31' AS date))", D(2026, 2, 1)),
        ("DATEADD(second, -1, '2026-01-01')", T(2025, 12, 31, 23, 59, 59)),
        ("DATEDIFF(year, '2025-12-31', '2026-01-01')", 1),
        ("DATEDIFF(hour, '2026-01-01 00:59', '2026-01-01 01:01')", 1),
        ("DATEDIFF(week, '2026-01-03', '2026-01-04')", 1),
        ("DATEDIFF(week, '2026-01-04', '2026-01-10')", 0),
        ("DATEDIFF(day, '2026-01-02', '2026-01-01')", -1),
        ("EOMONTH('2028-02-03')", D(2028, 2, 29)),
        ("DATEFROMPARTS(2026, 3, 4)", D(2026, 3, 4)),
        ("DATETRUNC(month, CAST('2026-03-04' AS date))", D(2026, 3, 1)),
        ("SYSUTCDATETIME()", T(2026, 3, 4, 5, 6, 7, 891234)),
        ("GETUTCDATE()", T(2026, 3, 4, 5, 6, 7, 890000)),
        ("CURRENT_TIMESTAMP", T(2026, 3, 4, 5, 6, 7, 890000)),
        # choices
        ("CHOOSE(2, 'a', 'b')", "b"),
        ("CHOOSE(3, 'a', 'b')", None),
        ("IIF(1 = 1, 1, 2.5)", Decimal("1.0")),
        ("ISNULL(CAST(NULL AS int), 1.9)", 1),
        ("ISNULL(CAST(NULL AS varchar(2)), 'abc')", "ab"),
        ("COALESCE(NULL, 2, 1)", 2),
        ("NULLIF(1, 1)", None),
        ("CASE WHEN NULL = NULL THEN 1 ELSE 0 END", 0),
        ("CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"),
        # numbers
        ("LOG(EXP(1.0E0))", 1.0),
        ("LOG10(1000)", 3.0),
        ("LOG(8, 2)", pytest.approx(3.0)),
        ("POWER(2, -1)", 0),
        ("POWER(2.0E0, -1)", 0.5),
        ("ROUND(2.345, 2)", Decimal("2.350")),
        ("ROUND(-2.5E0, 0)", -3.0),
        ("FLOOR(-1.5)", Decimal("-2.0")),
        ("CEILING(7)", 7),
        ("SIGN(-3)", -1),
        ("ABS(-3)", 3),
    ],
)
def test_an_expression_gives_the_answer_of_the_server(scalar: Scalar, expression: str, expected: Any) -> None:
    found = scalar(expression.replace("[REVERSE]", "REVERSE"))
    assert found == expected
    assert isinstance(found, bool) == isinstance(expected, bool)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("'Apple' LIKE '[AB]%'", True),
        ("'Cherry' LIKE '[AB]%'", False),
        ("'b7' LIKE '[a-c][^0-6]'", True),
        ("'a.c' LIKE 'a.c'", True),
        ("'abc' LIKE 'a.c'", False),
        ("'50%' LIKE '50!%' ESCAPE '!'", True),
        ("'505' LIKE '50!%' ESCAPE '!'", False),
        ("'a' LIKE 'A'", False),
        ("'x' NOT LIKE '[xyz]'", False),
        ("'a ' = 'a'", True),
        ("'a' = 'A'", False),
        ("'Z' < 'a'", True),
        ("'a ' IN ('b', 'a')", True),
        ("'ab' LIKE 'ab '", False),
        ("CAST('2026-01-01' AS date) = '2026-01-01'", True),
        ("CAST('2026-01-02' AS date) > CAST('2026-01-01 23:00' AS datetime2(6))", True),
        ("2 BETWEEN 1 AND 2.0", True),
        ("NULL IS NULL", True),
        ("1 IS DISTINCT FROM NULL", True),
        ("CAST(1 AS bit) = 1", True),
        ("CAST(1 AS bit) = 2", False),
        ("1 IN (2, NULL)", False),
        ("NOT (1 IN (2, NULL))", False),
        ("EXISTS (SELECT 1 WHERE 1 = 2)", False),
        ("3 IN (SELECT value FROM GENERATE_SERIES(1, 3))", True),
    ],
)
def test_a_condition_holds_as_on_the_server(scalar: Scalar, test: str, expected: bool) -> None:
    assert scalar(f"CASE WHEN {test} THEN 1 ELSE 0 END") == int(expected)


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        ("1 / 0", 8134),
        ("1.0E0 / 0", 8134),
        ("1 % 0", 8134),
        ("2147483647 + 1", 8115),
        ("CAST(3000000000 AS int)", 8115),
        ("1E308 * 10", 8115),
        ("CAST('abc' AS int)", 245),
        ("CAST('1.5' AS int)", 245),
        ("CAST('2026-13-01' AS date)", 241),
        ("SQRT(-1)", 3623),
        ("LOG(0)", 3623),
        ("LEFT('abc', -1)", 537),
        ("DATEADD(hour, 1, CAST('2026-01-01' AS date))", 9810),
        ("CAST(CAST('2026-01-01' AS date) AS int)", 529),
        ("CAST('2026-01-01' AS date) + 1", 402),
        ("SUM(CAST(1 AS bit))", 8117),
        ("ROW_NUMBER()", 10753),
        ("DATEPART(fortnight, SYSUTCDATETIME())", 155),
        ("LEN()", 174),
        ("@nowhere", 137),
        ("1 = 1", 102),
        ("CASE WHEN 1 THEN 1 END", 4145),
    ],
)
def test_what_the_server_refuses_is_an_error_with_its_number(scalar: Scalar, expression: str, number: int) -> None:
    with pytest.raises(TsqlError) as caught:
        scalar(f"({expression})" if expression == "1 = 1" else expression)
    assert caught.value.number == number


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("FORMAT(1, 'N')", "FORMAT"),
        ("NEWID()", "NEWID"),
        ("SCOPE_IDENTITY()", "SCOPE_IDENTITY"),
        ("NEXT VALUE FOR s", "NextValueFor"),
        ("1.0 / 3", "decimal"),
        ("'1' + 1", "varchar"),
        ("CASE WHEN '1' = 1 THEN 1 END", "comparing"),
        ("CAST(1.5E0 AS varchar(10))", "float as text"),
        ("CAST(12345 AS varchar(2))", "int as varchar(2)"),
        ("CONVERT(varchar(30), SYSUTCDATETIME(), 100)", "style 100"),
        ("CAST(1 AS money)", "money"),
        ("SYSUTCDATETIME() AT TIME ZONE 'UTC'", "AtTimeZone"),
        ("'a' COLLATE Latin1_General_CI_AS", "COLLATE"),
        ("'a' || 'b'", "||"),
        ("IIF(1 = 1, 'a', 1)", "IIF"),
        ("DATEPART(nanosecond, SYSUTCDATETIME())", "nanosecond"),
        ("@@IDENTITY", "@@identity"),
        ("DATEADD(day, 1, SYSUTCDATETIME()) OVER ()", "OVER"),
    ],
)
def test_what_is_not_translated_is_refused_by_name(scalar: Scalar, expression: str, named: str) -> None:
    with pytest.raises(NotSupportedError, match="not supported") as caught:
        scalar(expression)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("MERGE w.t USING w.t AS s ON 1 = 1 WHEN MATCHED THEN DELETE;", "MERGE"),
        ("DECLARE c CURSOR FOR SELECT 1", "CURSOR"),
        ("GOTO done", "GOTO"),
        ("done: SELECT 1", "GOTO label"),
        ("CREATE TRIGGER w.x ON w.t AFTER INSERT AS SELECT 1", "CREATE TRIGGER"),
        ("CREATE TABLE w.u (a int IDENTITY)", "IDENTITY"),
        ("CREATE TABLE w.u AS SELECT 1 AS a", "CREATE TABLE AS SELECT"),
        ("INSERT INTO w.t (a) EXEC etl.p", "EXEC"),
        ("INSERT INTO w.t (a) OUTPUT inserted.a VALUES (1)", "OUTPUT"),
        ("DELETE FROM w.t OUTPUT deleted.a", "OUTPUT"),
        ("SELECT a FROM w.t PIVOT (SUM(f) FOR b IN ([x])) AS p", "PIVOT"),
        ("SELECT a FROM w.t LIMIT 1", "LIMIT"),
        ("SELECT a FROM w.t WITH (NOLOCK)", "HINTS"),
        ("SELECT a FROM w.t FOR XML PATH", "FOR"),
        ("SELECT TOP 5 WITH TIES a FROM w.t ORDER BY a", "LIMIT_OPTIONS"),
        ("WITH r AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM r) SELECT a FROM r", "recursive"),
        ("SELECT a INTO w.u FROM w.t", "INTO a stored table"),
        ("SELECT * FROM OPENJSON('[]')", "OPENJSON"),
        ("SET IDENTITY_INSERT w.t ON", "IDENTITY_INSERT"),
        ("DECLARE @s varchar(50) = ''; SELECT @s = @s + b FROM w.t", "variable it assigns"),
        ("SELECT a, a FROM w.t", "several columns"),
        ("UPDATE w.t SET a += 1", "SET"),
        ("GRANT SELECT ON w.t TO x", "GRANT"),
        ("ALTER TABLE w.t ADD c int", "ALTER"),
        ("SAVE TRANSACTION x", "SAVE"),
        ("BEGIN TRANSACTION named; COMMIT", "name"),
    ],
)
def test_a_statement_that_a_warehouse_has_not_is_refused_by_name(
    still_warehouse: Warehouse, sql: str, named: str
) -> None:
    with pytest.raises((NotSupportedError, SqlError)) as caught:
        still_warehouse.script(sql)
    assert named in str(caught.value)


def test_nulls_come_first_ascending_and_last_descending(warehouse: Warehouse) -> None:
    warehouse.script("INSERT INTO w.t (a, b) VALUES (1, 'x'), (2, NULL), (3, 'y')")
    up = warehouse.query("SELECT a FROM w.t ORDER BY b")
    down = warehouse.query("SELECT a, ROW_NUMBER() OVER (ORDER BY b DESC) AS n FROM w.t ORDER BY n")
    assert [row["a"] for row in up] == [2, 1, 3]
    assert [row["a"] for row in down] == [3, 1, 2]


def test_sum_and_average_of_integers_stay_integers(warehouse: Warehouse) -> None:
    warehouse.script("INSERT INTO w.t (a, f) VALUES (1, 1), (2, 2)")
    row = warehouse.query("SELECT SUM(a) AS s, AVG(a) AS m, AVG(f) AS g, COUNT(*) / 4 AS c, SUM(a) / 2 AS h FROM w.t")[
        0
    ]
    assert row == {"s": 3, "m": 1, "g": 1.5, "c": 0, "h": 1}


def test_a_sum_beyond_int_overflows_instead_of_growing(warehouse: Warehouse) -> None:
    warehouse.script("INSERT INTO w.t (a) VALUES (2147483647), (1)")
    with pytest.raises(TsqlError, match="8115"):
        warehouse.query("SELECT SUM(a) AS s FROM w.t")
    assert warehouse.query("SELECT SUM(CAST(a AS bigint)) AS s FROM w.t") == [{"s": 2147483648}]


def test_string_agg_needs_and_keeps_its_order(warehouse: Warehouse) -> None:
    warehouse.script("INSERT INTO w.t (a, b) VALUES (1, 'x'), (2, 'y')")
    found = warehouse.query("SELECT STRING_AGG(b, ',') WITHIN GROUP (ORDER BY a DESC) AS v FROM w.t")
    assert found == [{"v": "y,x"}]
    with pytest.raises(NotSupportedError, match="WITHIN GROUP"):
        warehouse.query("SELECT STRING_AGG(b, ',') AS v FROM w.t")


def test_windows_run_with_frames_lags_and_ranks(warehouse: Warehouse) -> None:
    warehouse.script("INSERT INTO w.t (a, f) VALUES (1, 10), (2, 20), (3, 30)")
    rows = warehouse.query(
        "SELECT a, SUM(a) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s, "
        "LAG(a, 1, 0) OVER (ORDER BY a) AS p, COUNT(*) OVER () AS n FROM w.t ORDER BY a"
    )
    assert rows == [
        {"a": 1, "s": 1, "p": 0, "n": 3},
        {"a": 2, "s": 3, "p": 1, "n": 3},
        {"a": 3, "s": 5, "p": 2, "n": 3},
    ]


def test_apply_joins_and_table_functions_see_the_left_side(warehouse: Warehouse) -> None:
    warehouse.script("INSERT INTO w.t (a, b) VALUES (1, 'x,y'), (2, NULL)")
    rows = warehouse.query(
        "SELECT t.a, s.value AS v, x.twice FROM w.t AS t OUTER APPLY STRING_SPLIT(t.b, ',') AS s "
        "CROSS APPLY (SELECT t.a * 2 AS twice) AS x ORDER BY t.a, v"
    )
    assert [(r["a"], r["v"], r["twice"]) for r in rows] == [(1, "x", 2), (1, "y", 2), (2, None, 4)]


def test_values_set_operators_and_derived_tables_take_common_types(still_warehouse: Warehouse) -> None:
    rows = still_warehouse.query(
        "SELECT v.k, v.x / 2 AS h FROM (VALUES (1, 1), (2, NULL)) AS v(k, x) UNION ALL SELECT 3, 2.5E0 ORDER BY k"
    )
    assert rows == [{"k": 1, "h": 0.0}, {"k": 2, "h": None}, {"k": 3, "h": 2.5}]
    assert still_warehouse.query("SELECT 1 AS a EXCEPT SELECT 1") == []


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("SELECT A FROM w.t", 207),
        ("SELECT x.a FROM w.t AS t", 4104),
        ("SELECT a FROM w.t AS p CROSS JOIN w.t AS q", 209),
        ("SELECT p.a FROM w.t AS p CROSS JOIN w.t AS p", 1013),
        ("SELECT a FROM w.nothing", 208),
        ("SELECT a AS x FROM w.t WHERE x = 1", 207),
        ("SELECT a AS x FROM w.t GROUP BY x", 207),
        ("SELECT d.a FROM (SELECT a, a + 1 FROM w.t) AS d", 8155),
        ("SELECT 1 AS a UNION SELECT 1, 2", 205),
        ("SELECT a FROM w.t WHERE ok", 4145),
        ("SELECT FROM", 102),
        ("SELECT TOP 5", 102),
        ("UPDATE w.t SET", 102),
        ("SELECT 'open", 105),
    ],
)
def test_names_and_shapes_are_checked_as_on_the_server(still_warehouse: Warehouse, sql: str, number: int) -> None:
    with pytest.raises(TsqlError) as caught:
        still_warehouse.query(sql)
    assert caught.value.number == number


def test_values_enter_as_typed_literals_never_as_text(still_warehouse: Warehouse) -> None:
    evil = "x'); DROP TABLE w.t; --"
    assert still_warehouse.query("SELECT @p AS p, LEN(@p) AS n", {"p": evil}) == [{"p": evil, "n": len(evil)}]
    assert still_warehouse.query("SELECT COUNT(*) AS n FROM w.t") == [{"n": 0}]


def test_parameters_keep_their_python_types(still_warehouse: Warehouse) -> None:
    given = {"i": 7, "f": 0.5, "b": True, "d": D(2026, 1, 2), "x": Decimal("1.50"), "n": None, "s": "é"}
    found = still_warehouse.query("SELECT @i AS i, @f AS f, @b AS b, @d AS d, @x AS x, @n AS n, @s AS s", given)
    assert found == [given]
    zoned = T(2026, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert still_warehouse.query("SELECT @t AS t", {"t": zoned}) == [{"t": T(2026, 1, 1)}]
