"""Writes: strict types, the right rows, all of a statement or nothing of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.local.warehouse import TsqlError, Warehouse


def rows(warehouse: Warehouse, columns: str = "a, b") -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in warehouse.query(f"SELECT {columns} FROM w.t ORDER BY a, b")]


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("INSERT INTO w.t (b) VALUES ('x')", 515),
        ("INSERT INTO w.t (a, b) VALUES (1, 'toolong')", 8152),
        ("INSERT INTO w.t (a, b) VALUES (1, 'éééé')", 8152),
        ("INSERT INTO w.t (a) VALUES (3000000000)", 8115),
        ("INSERT INTO w.t (a, f) VALUES (1, 1E308 * 10)", 8115),
        ("INSERT INTO w.t (a, c) VALUES (1, 1)", 207),
        ("INSERT INTO w.t (a, a) VALUES (1, 1)", 264),
        ("INSERT INTO w.t (a, b) VALUES (1)", 213),
        ("INSERT INTO w.t (a, ts) VALUES (1, 1)", 206),
        ("UPDATE w.t SET b = 'toolong'", 8152),
        ("UPDATE w.t SET a = NULL", 515),
        ("UPDATE w.t SET a = 1, a = 2", 264),
        ("UPDATE x SET a = 1 FROM w.t AS t", 208),
        ("INSERT INTO lake.plant.thing (a) VALUES (1)", 3906),
        ("UPDATE t SET a = 1 FROM lake.plant.thing AS t", 3906),
        ("DELETE FROM lake.plant.thing", 3906),
    ],
)
def test_a_write_that_does_not_fit_changes_nothing(
    warehouse: Warehouse, lakehouse: Callable[..., Any], sql: str, number: int
) -> None:
    lakehouse("thing", {"a": [1]})
    warehouse.script("INSERT INTO w.t (a, b) VALUES (1, 'x'), (2, 'y')")
    with pytest.raises(TsqlError) as caught:
        warehouse.script(sql)
    assert caught.value.number == number
    assert rows(warehouse) == [(1, "x"), (2, "y")]


def test_text_is_not_stored_as_a_number_unseen(warehouse: Warehouse) -> None:
    with pytest.raises(NotSupportedError, match="storing varchar"):
        warehouse.script("INSERT INTO w.t (a) VALUES ('1')")


def test_values_are_converted_as_the_server_assigns_them(warehouse: Warehouse) -> None:
    warehouse.script("INSERT INTO w.t VALUES (1.9, NULL, 1, '2026-03-04', 5)")
    assert rows(warehouse, "a, b, f, ts, ok") == [(1, None, 1.0, dt.datetime(2026, 3, 4), True)]


def test_an_update_joins_its_target_by_alias_or_by_name(warehouse: Warehouse) -> None:
    warehouse.script("INSERT INTO w.t (a, b) VALUES (1, 'x'), (2, 'y'), (3, NULL)")
    news = "(VALUES (1, 'n1'), (3, 'n3'), (9, 'n9')) AS n(k, v)"
    by_alias = warehouse.script(f"UPDATE t SET t.b = n.v FROM w.t AS t INNER JOIN {news} ON n.k = t.a WHERE t.a < 3")
    by_name = warehouse.script(f"UPDATE w.t SET b = n.v FROM w.t INNER JOIN {news} ON n.k = t.a WHERE t.a = 3")
    assert (by_alias.rowcount, by_name.rowcount) == (1, 1)
    assert rows(warehouse) == [(1, "n1"), (2, "y"), (3, "n3")]


def test_an_update_reads_the_values_from_before(warehouse: Warehouse) -> None:
    warehouse.script("INSERT INTO w.t (a, f) VALUES (1, 10)")
    warehouse.script("UPDATE w.t SET a = f, f = a")
    assert rows(warehouse, "a, f") == [(10, 1.0)]


def test_an_update_that_finds_a_row_twice_is_refused(warehouse: Warehouse) -> None:
    warehouse.script("INSERT INTO w.t (a, b) VALUES (1, 'x')")
    with pytest.raises(TsqlError, match="8672"):
        warehouse.script("UPDATE t SET b = n.v FROM w.t AS t JOIN (VALUES (1, 'p'), (1, 'q')) AS n(k, v) ON n.k = t.a")
    assert rows(warehouse) == [(1, "x")]


def test_a_delete_takes_joins_and_common_table_expressions(warehouse: Warehouse) -> None:
    warehouse.script("INSERT INTO w.t (a) VALUES (1), (2), (3), (4)")
    warehouse.script(
        "DELETE t FROM w.t AS t LEFT JOIN (VALUES (1), (2)) AS k(a) ON k.a = t.a WHERE k.a IS NULL AND t.a < 4"
    )
    warehouse.script("WITH low AS (SELECT MIN(a) AS a FROM w.t) DELETE FROM w.t WHERE a IN (SELECT a FROM low)")
    assert rows(warehouse, "a") == [(2,), (4,)]
    assert warehouse.script("TRUNCATE TABLE w.t; SELECT COUNT(*) AS n FROM w.t").result_sets == (({"n": 0},),)


def test_select_into_makes_a_temporary_table_with_its_types(warehouse: Warehouse) -> None:
    warehouse.script("INSERT INTO w.t (a, b) VALUES (7, 'x')")
    found = warehouse.script("SELECT a, b AS name INTO #copy FROM w.t; SELECT a / 2 AS h, name + '!' AS n FROM #copy")
    assert found.result_sets == (({"h": 3, "n": "x!"},),)


def test_a_failed_statement_outside_a_transaction_leaves_earlier_ones(warehouse: Warehouse) -> None:
    with pytest.raises(TsqlError, match=r"kept as on the server: w\.t") as caught:
        warehouse.script("INSERT INTO w.t (a) VALUES (1); INSERT INTO w.t (a) SELECT v.x / 0 FROM (VALUES (1)) AS v(x)")
    assert caught.value.number == 8134
    assert rows(warehouse, "a") == [(1,)]


def test_an_error_rolls_the_transaction_back(warehouse: Warehouse) -> None:
    with pytest.raises(TsqlError, match="8134") as caught:
        warehouse.script("BEGIN TRAN; INSERT INTO w.t (a) VALUES (1); SELECT 1 / 0 AS x; COMMIT")
    assert caught.value.notes == []
    assert rows(warehouse, "a") == []


def test_catch_can_roll_back_log_and_throw(warehouse: Warehouse) -> None:
    with pytest.raises(TsqlError, match="8134"):
        warehouse.script(
            "BEGIN TRY BEGIN TRAN; INSERT INTO w.t (a) VALUES (1); INSERT INTO w.t (a) VALUES (1 / 0); COMMIT END TRY "
            "BEGIN CATCH IF @@TRANCOUNT > 0 ROLLBACK; INSERT INTO w.t (a, b) VALUES (99, 'log'); THROW END CATCH"
        )
    assert rows(warehouse) == [(99, "log")]


def test_a_doomed_transaction_takes_nothing_but_a_rollback(warehouse: Warehouse) -> None:
    with pytest.raises(TsqlError) as caught:
        warehouse.script(
            "BEGIN TRY BEGIN TRAN; INSERT INTO w.t (a) VALUES (1 / 0) END TRY "
            "BEGIN CATCH PRINT XACT_STATE(); INSERT INTO w.t (a) VALUES (1); COMMIT END CATCH"
        )
    assert caught.value.number == 3930
    assert rows(warehouse, "a") == []


def test_a_rollback_undoes_tables_and_temporary_tables_but_not_variables(warehouse: Warehouse) -> None:
    found = warehouse.script(
        "DECLARE @n int = 0; DECLARE @kept TABLE (a int); CREATE TABLE #old (a int); "
        "BEGIN TRAN; SET @n = 5; INSERT INTO @kept VALUES (1); CREATE TABLE #new (a int); INSERT INTO #old VALUES (1); "
        "INSERT INTO w.t (a) VALUES (1); ROLLBACK; "
        "SELECT @n AS n, (SELECT COUNT(*) FROM @kept) AS kept, (SELECT COUNT(*) FROM #old) AS old_rows, "
        "(SELECT COUNT(*) FROM w.t) AS stored, OBJECT_ID('tempdb..#new') AS new_table"
    )
    assert found.result_sets == (({"n": 5, "kept": 1, "old_rows": 0, "stored": 0, "new_table": None},),)


def test_an_error_leaves_no_temporary_table_behind(warehouse: Warehouse) -> None:
    inner = "SELECT 1 AS x INTO #u; SELECT 1 / 0 AS y"
    sql = f"CREATE TABLE #t (a int); DECLARE @v TABLE (a int); BEGIN TRAN; EXEC ('{inner}')"
    for _ in range(2):
        with pytest.raises(TsqlError, match="8134"):
            warehouse.script(sql)
    found = warehouse.script("CREATE TABLE #t (b int); SELECT COUNT(*) AS n FROM #t")
    assert found.result_sets == (({"n": 0},),)


def test_tables_of_a_lakehouse_stay_readable_after_a_rollback(
    warehouse: Warehouse, lakehouse: Callable[..., Any]
) -> None:
    lakehouse("thing", {"a": [1, 2]})
    read = "SELECT COUNT(*) AS n FROM lake.plant.thing"
    found = warehouse.script(f"BEGIN TRAN; {read}; ROLLBACK; {read}; BEGIN TRAN; {read}; COMMIT; {read}")
    assert found.result_sets == (({"n": 2},),) * 4
