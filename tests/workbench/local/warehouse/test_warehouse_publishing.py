"""What is committed is published as Delta, once per change of content."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from fabric_ot.workbench.local.warehouse import TsqlError, Warehouse


def published(tmp_path: Path) -> DeltaTable:
    return DeltaTable(str(tmp_path / "Tables" / "w" / "t"))


def values(tmp_path: Path) -> list[int]:
    return sorted(published(tmp_path).to_pyarrow_table().column("a").to_pylist())


def test_a_deployed_table_is_published_empty_with_its_types(warehouse: Warehouse, tmp_path: Path) -> None:
    fields = {f.name: (f.type.type, f.nullable) for f in published(tmp_path).schema().fields}
    assert fields == {
        "a": ("integer", False),
        "b": ("string", True),
        "f": ("double", True),
        "ts": ("timestamp", True),
        "ok": ("boolean", True),
    }
    assert values(tmp_path) == []


def test_instants_are_published_in_utc(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.script("INSERT INTO w.t (a, ts) VALUES (1, SYSUTCDATETIME())")
    found = published(tmp_path).to_pyarrow_table().column("ts").to_pylist()
    assert found == [dt.datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=dt.UTC)]


def test_one_batch_is_one_delta_version(warehouse: Warehouse, tmp_path: Path) -> None:
    before = published(tmp_path).version()
    result = warehouse.script("INSERT INTO w.t (a) VALUES (1); INSERT INTO w.t (a) VALUES (2); UPDATE w.t SET b = 'x'")
    assert result.published == ("w.t",)
    assert published(tmp_path).version() == before + 1
    assert values(tmp_path) == [1, 2]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM w.t",
        "UPDATE w.t SET b = 'x' WHERE a = 99",
        "UPDATE w.t SET b = b",
        "DELETE FROM w.t; INSERT INTO w.t (a) VALUES (2), (1)",
        "BEGIN TRAN; INSERT INTO w.t (a) VALUES (3); ROLLBACK",
    ],
)
def test_a_batch_that_leaves_the_content_as_it_was_publishes_nothing(
    warehouse: Warehouse, tmp_path: Path, sql: str
) -> None:
    warehouse.script("INSERT INTO w.t (a) VALUES (1), (2)")
    before = published(tmp_path).version()
    assert warehouse.script(sql).published == ()
    assert published(tmp_path).version() == before


def test_equal_rows_count(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.script("INSERT INTO w.t (a) VALUES (1), (1)")
    warehouse.script("INSERT INTO w.t (a) VALUES (1), (1)")
    assert values(tmp_path) == [1, 1, 1, 1]


def test_an_error_publishes_nothing_of_its_transaction(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(TsqlError):
        warehouse.script(
            "BEGIN TRAN; INSERT INTO w.t (a) VALUES (1); COMMIT; BEGIN TRAN; DELETE FROM w.t; THROW 50001, 'x', 1"
        )
    assert values(tmp_path) == [1]


def test_a_crash_before_publishing_is_healed_by_the_next_deployment(
    warehouse: Warehouse, make_warehouse: Callable[..., Warehouse], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("fabric_ot.workbench.local.warehouse.publishing.Publisher.publish", crash)
        with pytest.raises(KeyboardInterrupt):
            warehouse.script("INSERT INTO w.t (a) VALUES (1)")
    assert values(tmp_path) == []
    assert warehouse.deploy() == ("w.t",)
    assert values(tmp_path) == [1]
    assert warehouse.deploy() == ()


def test_a_dropped_table_is_no_longer_published(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.script("DROP TABLE w.t")
    assert not (tmp_path / "Tables" / "w" / "t").exists()
    with pytest.raises(TsqlError, match="208"):
        warehouse.query("SELECT a FROM w.t")


def test_a_table_published_by_someone_else_is_replaced(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.script("INSERT INTO w.t (a) VALUES (1)")
    published(tmp_path).delete()
    assert values(tmp_path) == []
    assert warehouse.deploy() == ("w.t",)
    assert values(tmp_path) == [1]
