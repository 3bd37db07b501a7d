"""Small Warehouses from SQL text, with lakehouse tables beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from fabric_ot.workbench.items.tsql_table import Cursor
from fabric_ot.workbench.items.tsql_tokens import tokenize
from fabric_ot.workbench.items.warehouse import DEFAULT_COLLATION, ObjectKind, SqlObject, WarehouseProject
from fabric_ot.workbench.local.warehouse import Warehouse

NOW = dt.datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=dt.UTC)
KINDS: dict[str, ObjectKind] = {"TABLE": "table", "VIEW": "view", "PROCEDURE": "procedure", "FUNCTION": "function"}

MakeWarehouse = Callable[..., Warehouse]


def project_of(*texts: str, collation: str = DEFAULT_COLLATION) -> WarehouseProject:
    """A project with one object per text, and the schemas that they need."""
    objects = []
    for text in texts:
        cursor = Cursor(tokenize(text))
        cursor.expect("CREATE")
        kind = KINDS[cursor.take().word]
        schema, name = cursor.dotted_name()
        objects.append(SqlObject(kind, schema, name, Path(schema, f"{name}.sql"), text))
    schemas = [
        SqlObject("schema", "", schema, Path(schema, f"{schema}.sql"), f"CREATE SCHEMA {schema};")
        for schema in sorted({item.schema for item in objects})
    ]
    return WarehouseProject("ot_gold", collation, (*schemas, *objects))


@pytest.fixture
def lakehouse(tmp_path: Path) -> Callable[[str, Mapping[str, Any] | pa.Table], Path]:
    """Write a table of the lakehouse `lake`, schema `plant`."""

    def write(name: str, data: Mapping[str, Any] | pa.Table) -> Path:
        folder = tmp_path / "lake" / "plant" / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        table = data if isinstance(data, pa.Table) else pa.table(dict(data))
        write_deltalake(str(folder), table, mode="overwrite", schema_mode="overwrite")
        return folder

    return write


TABLE = "CREATE TABLE w.t (a int NOT NULL, b varchar(5) NULL, f float NULL, ts datetime2(6) NULL, ok bit NULL)"


def open_in(folder: Path, *texts: str, **options: Any) -> Warehouse:
    """Open the Warehouse of one folder, with the lakehouses beside it."""
    return Warehouse.open(
        folder / "gold.duckdb",
        project_of(*texts, **options),
        clock=lambda: NOW,
        catalog=lambda database, schema, table: folder / database / schema / table,
        publish_to=folder / "Tables",
    )


@pytest.fixture
def make_warehouse(tmp_path: Path) -> Iterator[MakeWarehouse]:
    """Open and deploy Warehouses over one file; all are closed at the end."""
    with ExitStack() as stack:

        def make(*texts: str, is_deployed: bool = True, **options: Any) -> Warehouse:
            warehouse = open_in(tmp_path, *texts, **options)
            stack.callback(warehouse.close)
            if is_deployed:
                warehouse.deploy()
            return warehouse

        yield make


@pytest.fixture
def warehouse(make_warehouse: MakeWarehouse) -> Warehouse:
    """A Warehouse with one empty table, `w.t`."""
    return make_warehouse(TABLE)


@pytest.fixture(scope="module")
def still_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The same, for the tests of one file that do not change it."""
    with open_in(tmp_path_factory.mktemp("still"), TABLE) as warehouse:
        warehouse.deploy()
        yield warehouse


@pytest.fixture(scope="module")
def open_module_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeWarehouse]:
    """Open a Warehouse for the tests of one file."""
    with ExitStack() as stack:

        def make(*texts: str) -> Warehouse:
            warehouse = stack.enter_context(open_in(tmp_path_factory.mktemp("module"), *texts))
            warehouse.deploy()
            return warehouse

        yield make


@pytest.fixture(scope="module")
def scalar(open_module_warehouse: MakeWarehouse) -> Callable[..., Any]:
    """Evaluate one T-SQL expression; keywords are its variables."""
    empty = open_module_warehouse()

    def evaluate(expression: str, **parameters: Any) -> Any:
        return empty.query(f"SELECT {expression} AS v", parameters)[0]["v"]

    return evaluate
