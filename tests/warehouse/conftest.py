"""The shipped `ot_gold.Warehouse`, over silver tables that a test can change."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from fabric_ot.contracts.silver import SILVER_TABLES
from fabric_ot.workbench.items.warehouse import WarehouseProject, load_warehouse
from fabric_ot.workbench.local.warehouse import ProcedureResult, Warehouse

Row = dict[str, Any]
UTC = dt.UTC
ARROW = {
    "string": pa.string(),
    "long": pa.int64(),
    "int": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
    "decimal(38,6)": pa.decimal128(38, 6),
    "decimal(38,12)": pa.decimal128(38, 12),
}
CONTRACTS = {table.name: table for table in SILVER_TABLES}
LOADS = (
    "dim_shift", "dim_asset", "dim_product", "dim_date", "fact_production", "fact_state_time", "fact_production_loss",
    "fact_energy", "fact_energy_cost", "fact_maintenance", "fact_spc_signal",
)  # fmt: skip
SOURCES = (
    "site", "shift", "asset", "product", "shift_instance", "production", "state_time", "production_loss",
    "energy_state", "energy_cost", "energy_meter", "tag", "reliability", "maintenance_compliance", "spc_point",
)  # fmt: skip
START = dt.datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Plant:
    """Silver rows by table; `load` writes them and runs the procedures that the pipeline runs."""

    warehouse: Warehouse
    lake: Path
    gold: Path
    rows: dict[str, list[Row]]
    written: dict[str, str] = field(default_factory=dict)

    def write(self) -> None:
        """Write every silver table that the Warehouse reads and that has changed."""
        for name in SOURCES:
            if self.written.get(name) == repr(self.rows[name]):
                continue
            self.written[name] = repr(self.rows[name])
            columns = CONTRACTS[name].columns
            schema = pa.schema([pa.field(c.name, ARROW[c.type], nullable=c.nullable) for c in columns])
            table = pa.Table.from_pylist(self.rows[name], schema=schema)
            write_deltalake(str(self.lake / "plant" / name), table, mode="overwrite")

    def load(self, *only: str, day: int = 1) -> dict[str, ProcedureResult]:
        """Run every load, or `only` some, with the clock of `day`, as the pipeline passes it."""
        self.write()
        parameters = {"as_of_utc": f"2026-04-{day:02}T00:00:00Z"}
        loads = only or LOADS
        return {load: self.warehouse.execute_procedure(f"etl.load_{load}", parameters) for load in loads}

    def read(self, sql: str, **parameters: Any) -> list[Row]:
        """Query the Warehouse."""
        return self.warehouse.query(sql, parameters)

    def version(self, table: str) -> int:
        """The Delta version of a published table."""
        return DeltaTable(str(self.gold / table.replace(".", "/"))).version()

    def versions(self) -> Mapping[str, int]:
        """The Delta versions of all published tables."""
        folders = sorted(path.parent for path in self.gold.glob("*/*/_delta_log"))
        return {f"{f.parent.name}.{f.name}": DeltaTable(str(f)).version() for f in folders}

    def asset(self, asset_id: str, valid_from: dt.datetime = START, **changes: Any) -> Row:
        """One version of an asset."""
        return asset(asset_id, valid_from, **changes)

    def product(self, product_id: str, valid_from: dt.datetime = START, **changes: Any) -> Row:
        """One version of a product."""
        return product(product_id, valid_from, **changes)

    def add_shift(self, date: dt.date, **facts: Any) -> Row:
        """Add a shift instance with one production row; returns that row."""
        start = dt.datetime.combine(date, dt.time(6), tzinfo=UTC)
        self.rows["shift_instance"].append(
            {
                "site_id": "site_a",
                "shift_id": "early",
                "production_date": date,
                "shift_name": "Early",
                "start_utc": start,
                "end_utc": start + dt.timedelta(hours=8),
                "planned_stop_s": 3600.0,
                "planned_busy_s": 25200.0,
                "time_zone": "Europe/Berlin",
            }
        )
        row = textbook(date) | facts
        self.rows["production"].append(row)
        self.rows["state_time"].append(
            {
                "asset_id": row["asset_id"],
                "site_id": "site_a",
                "shift_id": "early",
                "production_date": date,
                "state": "EXECUTE",
                "time_category": "production",
                "duration_s": row["production_s"],
                "planned_stop_s": 0.0,
            }
        )
        return row


def textbook(date: dt.date) -> Row:
    """480 min, breaks 60, down 47, ideal 60 per minute, 19,271 made, 423 rejected."""
    return {
        "asset_id": "press",
        "site_id": "site_a",
        "shift_id": "early",
        "production_date": date,
        "product_id": "widget",
        "shift_start_utc": dt.datetime.combine(date, dt.time(6), tzinfo=UTC),
        "planned_busy_s": 25200.0,
        "production_s": 22380.0,
        "planned_stop_production_s": 0.0,
        "unplanned_down_s": 2820.0,
        "unqualified_s": 0.0,
        "produced_qty": 19271.0,
        "good_qty": 18848.0,
        "scrap_qty": 423.0,
        "rework_qty": 0.0,
        "ideal_runtime_s": 19271.0,
        "ideal_good_runtime_s": 18848.0,
    }


def asset(asset_id: str, valid_from: dt.datetime = START, **changes: Any) -> Row:
    """One version of an asset."""
    return {
        "asset_id": asset_id,
        "asset_name": asset_id.title(),
        "site_id": "site_a",
        "area": "Hall 1",
        "line": "Line 1",
        "valid_from_utc": valid_from,
        "valid_to_utc": None,
        "is_current": True,
    } | changes


def product(product_id: str, valid_from: dt.datetime = START, **changes: Any) -> Row:
    """One version of a product."""
    return {
        "product_id": product_id,
        "product_name": product_id.title(),
        "ideal_cycle_s": 1.0,
        "valid_from_utc": valid_from,
        "valid_to_utc": None,
        "is_current": True,
    } | changes


def reference_rows() -> dict[str, list[Row]]:
    """One site with one shift, one press, one product, and no production."""
    return {name: [] for name in SOURCES} | {
        "site": [{"site_id": "site_a", "site_name": "Alpha", "time_zone": "Europe/Berlin"}],
        "shift": [
            {
                "site_id": "site_a",
                "shift_id": "early",
                "shift_name": "Early",
                "start_local": "06:00:00",
                "end_local": "14:00:00",
            }
        ],
        "asset": [asset("press")],
        "product": [product("widget")],
    }


@pytest.fixture(scope="session")
def project(repository_root: Path) -> WarehouseProject:
    """The shipped SQL project."""
    return load_warehouse(repository_root / "warehouse" / "ot_gold.Warehouse")


def open_warehouse(folder: Path, project: WarehouseProject) -> Warehouse:
    """Open the Warehouse of a plant's folder."""

    def find(database: str, schema: str, table: str) -> Path | None:
        return folder / "silver" / schema / table if database == "ot_gold_shortcuts" else None

    return Warehouse.open(
        folder / "ot_gold.duckdb",
        project,
        clock=lambda: dt.datetime(2026, 4, 1, tzinfo=UTC),
        catalog=find,
        publish_to=folder / "gold",
    )


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory, project: WarehouseProject) -> Path:
    """The folder of a deployed Warehouse beside silver without production; every test takes a copy."""
    folder = tmp_path_factory.mktemp("deployed")
    with open_warehouse(folder, project) as warehouse:
        warehouse.deploy()
        Plant(warehouse, folder / "silver", folder / "gold", reference_rows()).write()
    return folder


@pytest.fixture
def plant(tmp_path: Path, deployed: Path, project: WarehouseProject) -> Iterator[Plant]:
    """A deployed Warehouse beside a plant without production."""
    shutil.copytree(deployed, tmp_path, dirs_exist_ok=True)
    with open_warehouse(tmp_path, project) as warehouse:
        rows = reference_rows()
        written = {name: repr(found) for name, found in rows.items()}
        yield Plant(warehouse, tmp_path / "silver", tmp_path / "gold", rows, written)
