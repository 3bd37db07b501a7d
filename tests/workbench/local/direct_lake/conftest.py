from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from fabric_ot.workbench.items.semantic_model import (
    Column,
    Expression,
    Partition,
    Relationship,
    SemanticModel,
    Table,
)

WORKSPACE, ITEM = "7f7bf464-727b-5dca-8a80-8673e14acf1a", "4fd68a5a-7fce-5fed-b165-9530c1c27262"
M = f'let Source = AzureStorage.DataLake("https://onelake.dfs.fabric.microsoft.com/{WORKSPACE}/{ITEM}", []) in Source'


@pytest.fixture
def model() -> SemanticModel:
    """A fact and a dimension; the model's names differ from those of the Delta tables."""
    fact = Table(
        "Fact",
        (Column("Key", "int64", "k"), Column("Quantity", "double", "q")),
        (),
        Partition("Fact", "entity", "directLake", "production", "fact", "Lake"),
    )
    one = Table(
        "Asset",
        (Column("Key", "int64", "k"), Column("Name", "string", "n"), Column("Since", "dateTime", "since")),
        (),
        Partition("Asset", "entity", "directLake", "asset", "dim", "Lake"),
    )
    return SemanticModel(
        "small", (fact, one), (Relationship("r", "Fact", "Key", "Asset", "Key"),), (Expression("Lake", M),)
    )


@pytest.fixture
def item(tmp_path: Path) -> Path:
    return tmp_path / "gold" / "ot gold.Warehouse"


@pytest.fixture
def write(item: Path) -> Callable[..., None]:
    def write_table(name: str, table: pa.Table | None = None, **options: Any) -> None:
        folder = item / "Tables" / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        write_deltalake(str(folder), GOOD[name] if table is None else table, **options)

    return write_table


SINCE = pa.array([1_767_225_600_000_000, None, None], pa.timestamp("us", "UTC"))
GOOD = {
    "fact/production": pa.table({"k": pa.array([1, 2, 9], pa.int32()), "q": [1.5, None, 2.0]}),
    "dim/asset": pa.table({"k": pa.array([1, 2, 3], pa.int64()), "n": ["Press", None, "Saw"], "since": SINCE}),
}


@pytest.fixture
def good() -> dict[str, pa.Table]:
    return dict(GOOD)
