"""All Delta tables of the local OneLake in one DuckDB, without a JVM."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
from deltalake import DeltaTable, QueryBuilder

from fabric_ot.contracts import ALL_TABLES
from fabric_ot.contracts.places import BRONZE_LAKEHOUSE, GOLD_WAREHOUSE, SILVER_LAKEHOUSE
from fabric_ot.contracts.table import Table

_ITEMS = {"bronze": f"{BRONZE_LAKEHOUSE}.Lakehouse", "silver": f"{SILVER_LAKEHOUSE}.Lakehouse"}
_WAREHOUSE = f"{GOLD_WAREHOUSE}.Warehouse"


def desk_name(table: Table) -> str:
    """Return how the desk names a table: by layer in the lakehouses, by schema in the Warehouse.

    Example:
        >>> from fabric_ot.contracts import find_table
        >>> desk_name(find_table("silver", "plant.reading")), desk_name(find_table("gold", "fact.production"))
        ('silver.reading', 'fact.production')
    """
    return f"{table.schema if table.layer == 'gold' else table.layer}.{table.name}"


def table_folders(onelake: Path) -> dict[str, Path]:
    """Return the Delta folder of every contract table that exists below `onelake`, by its desk name."""
    found = {}
    for table in ALL_TABLES:
        item = _ITEMS.get(table.layer, _WAREHOUSE)
        folder = onelake / table.layer / item / "Tables" / table.schema / table.name
        if (folder / "_delta_log").is_dir():
            found[desk_name(table)] = folder
    return found


class Desk:
    """Read-only SQL over a snapshot of the local OneLake; a context manager."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        """Open the current version of every table in `folders`; rows are read when they are asked for."""
        self.tables = {name: DeltaTable(str(folder)) for name, folder in folders.items()}
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        for schema in ("bronze", "silver", "dim", "fact"):
            self._connection.execute(f"CREATE SCHEMA {schema}")
        self._loaded: set[str] = set()

    def __enter__(self) -> Desk:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget the snapshot."""
        self._connection.close()

    def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query; tables that it names are loaded first."""
        for name in self.tables:
            if name in sql:
                self._load(name)
        cursor = self._connection.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def fingerprint(self, name: str) -> tuple[int, str]:
        """Return a table's row count and a hash of its content that does not depend on the order of rows."""
        self._load(name)
        # The sum of row hashes knows repeated rows apart, which their exclusive-or would not.
        sql = f"SELECT count(*), coalesce(sum(md5_number_lower(t::VARCHAR)::HUGEINT), 0) FROM {name} t"  # noqa: S608
        count, total = self._connection.execute(sql).fetchall()[0]
        return int(count), f"{int(total) % (1 << 64):016x}"

    def _load(self, name: str) -> None:
        if name in self._loaded:
            return
        # The reader of the Delta library is right with deletion vectors and column mapping; a Parquet scan is not.
        reader = QueryBuilder().register("source", self.tables[name])
        rows = reader.execute("SELECT * FROM source").read_all()
        self._connection.from_arrow(rows).create(name)
        self._loaded.add(name)
