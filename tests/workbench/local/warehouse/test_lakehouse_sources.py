"""Tables of other items, read as a SQL endpoint shows them."""

from __future__ import annotations

import base64
import datetime as dt
import json
import shutil
import struct
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.local.warehouse import TsqlError, Warehouse


def write_log(folder: Path, *, protocol: dict[str, Any], fields: list[Any], config: dict[str, str], add: Any) -> None:
    """Write one Delta commit by hand, for features that the writer has not."""
    (folder / "_delta_log").mkdir(parents=True)
    schema = json.dumps({"type": "struct", "fields": fields})
    meta = {"id": "a", "format": {"provider": "parquet", "options": {}}, "schemaString": schema}
    meta |= {"partitionColumns": [], "configuration": config, "createdTime": 0}
    size = (folder / "part.parquet").stat().st_size
    file = {"path": "part.parquet", "partitionValues": {}, "size": size, "modificationTime": 0, "dataChange": True}
    actions = [{"protocol": protocol}, {"metaData": meta}, {"add": file | add}]
    text = "\n".join(json.dumps(action) for action in actions)
    (folder / "_delta_log" / f"{0:020}.json").write_text(text + "\n")


def deletion_vector(row: int) -> dict[str, Any]:
    """An inline deletion vector that deletes one row: a portable roaring bitmap in Z85."""
    bitmap = struct.pack("<IIHHIH", 12346, 1, 0, 0, 16, row)
    data = struct.pack("<iqi", 1681511377, 1, 0) + bitmap
    padded = data + b"\0" * (-len(data) % 4)
    signs = bytes(range(48, 58)) + bytes(range(97, 123)) + bytes(range(65, 91)) + b".-:+=^!/*?&<>()[]{}@%$#"
    ours = base64.b85encode(padded)
    python = bytes(range(48, 58)) + bytes(range(65, 91)) + bytes(range(97, 123)) + b"!#$%&()*+-;<=>?@^_`{|}~"
    text = ours.translate(bytes.maketrans(python, signs)).decode()
    return {"storageType": "i", "pathOrInlineDv": text, "sizeInBytes": len(data), "cardinality": 1}


def field(name: str, **metadata: Any) -> dict[str, Any]:
    return {"name": name, "type": "long", "nullable": True, "metadata": metadata}


def test_types_arrive_as_the_endpoint_shows_them(warehouse: Warehouse, lakehouse: Callable[..., Any]) -> None:
    instant = dt.datetime(2026, 3, 4, 5, 6, 7, 123456, tzinfo=dt.UTC)
    table = pa.table(
        {
            "s": ["é"],
            "l": pa.array([2**40], pa.int64()),
            "i": pa.array([7], pa.int32()),
            "d": [0.1],
            "b": [True],
            "t": pa.array([instant], pa.timestamp("us", "UTC")),
            "n": pa.array([instant.replace(tzinfo=None)], pa.timestamp("us")),
            "x": pa.array([dt.date(2026, 3, 4)]),
            "m": pa.array([Decimal("1.50")], pa.decimal128(10, 2)),
            "f": pa.array([0.5], pa.float32()),
        }
    )
    lakehouse("thing", table)
    row = warehouse.query("SELECT *, i / 2 AS half, t AS again FROM lake.plant.thing")[0]
    naive = instant.replace(tzinfo=None)
    assert row == {
        "s": "é", "l": 2**40, "i": 7, "d": 0.1, "b": True, "t": naive, "n": naive, "x": dt.date(2026, 3, 4),
        "m": Decimal("1.50"), "f": 0.5, "half": 3, "again": naive,
    }  # fmt: skip


def test_complex_columns_are_hidden_and_named_when_asked_for(
    warehouse: Warehouse, lakehouse: Callable[..., Any]
) -> None:
    lakehouse("thing", {"a": [1], "tags": [["x"]], "raw": [b"\x00"]})
    assert warehouse.query("SELECT * FROM lake.plant.thing") == [{"a": 1}]
    with pytest.raises(NotSupportedError, match=r"thing\.tags.*not visible"):
        warehouse.query("SELECT tags FROM lake.plant.thing")


def test_deleted_rows_of_a_deletion_vector_stay_deleted(warehouse: Warehouse, tmp_path: Path) -> None:
    folder = tmp_path / "lake" / "plant" / "thing"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"a": pa.array([10, 20, 30], pa.int64())}), folder / "part.parquet")
    features = {"readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}
    write_log(
        folder,
        protocol={"minReaderVersion": 3, "minWriterVersion": 7} | features,
        fields=[field("a")],
        config={"delta.enableDeletionVectors": "true"},
        add={"deletionVector": deletion_vector(1), "stats": json.dumps({"numRecords": 3})},
    )
    rows = warehouse.query("SELECT a FROM lake.plant.thing ORDER BY a")
    assert [row["a"] for row in rows] == [10, 30]


def test_renamed_columns_of_column_mapping_keep_their_values(warehouse: Warehouse, tmp_path: Path) -> None:
    folder = tmp_path / "lake" / "plant" / "thing"
    folder.mkdir(parents=True)
    metadata = [{b"PARQUET:field_id": b"1"}]
    schema = pa.schema([pa.field("col-123", pa.int64(), metadata=metadata[0])])
    pq.write_table(pa.table({"col-123": pa.array([5], pa.int64())}, schema=schema), folder / "part.parquet")
    mapping = {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-123"}
    write_log(
        folder,
        protocol={"minReaderVersion": 2, "minWriterVersion": 5},
        fields=[field("amount", **mapping)],
        config={"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "1"},
        add={},
    )
    assert warehouse.query("SELECT amount FROM lake.plant.thing") == [{"amount": 5}]


def test_a_batch_reads_one_version_and_the_next_batch_the_newest(
    warehouse: Warehouse, lakehouse: Callable[..., Any]
) -> None:
    sql = "SELECT COUNT(*) AS n FROM lake.plant.thing"
    lakehouse("thing", {"a": [1]})
    assert warehouse.query(sql) == [{"n": 1}]
    lakehouse("thing", {"a": [1, 2]})
    assert warehouse.query(sql) == [{"n": 2}]


def test_a_table_that_replaced_another_of_the_same_version_is_read_anew(
    warehouse: Warehouse, lakehouse: Callable[..., Any], tmp_path: Path
) -> None:
    sql = "SELECT SUM(a) AS a FROM lake.plant.thing"
    lakehouse("thing", {"a": [1]})
    assert warehouse.query(sql) == [{"a": 1}]
    shutil.rmtree(tmp_path / "lake" / "plant" / "thing")
    lakehouse("thing", {"a": [2]})
    assert warehouse.query(sql) == [{"a": 2}]


def test_a_rollback_takes_no_copy_away_that_a_later_batch_reads(
    warehouse: Warehouse, lakehouse: Callable[..., Any]
) -> None:
    lakehouse("thing", {"a": [1]})
    insert = "INSERT INTO w.t (a) SELECT a FROM lake.plant.thing"
    with pytest.raises(TsqlError, match="8134"):
        warehouse.script(f"BEGIN TRANSACTION; {insert}; SELECT 1 / 0 AS b; COMMIT")
    warehouse.script(insert)
    assert warehouse.query("SELECT COUNT(*) AS n FROM w.t") == [{"n": 1}]


def test_own_tables_answer_to_the_own_database_name(warehouse: Warehouse) -> None:
    assert warehouse.query("SELECT COUNT(*) AS n FROM ot_gold.w.t") == [{"n": 0}]


def test_a_missing_table_is_told_with_its_full_name(warehouse: Warehouse) -> None:
    with pytest.raises(TsqlError, match=r"208: Invalid object name 'lake\.plant\.nothing'"):
        warehouse.query("SELECT a FROM lake.plant.nothing")


def test_a_number_that_is_none_cannot_be_stored(warehouse: Warehouse, lakehouse: Callable[..., Any]) -> None:
    lakehouse("thing", {"f": [float("nan")]})
    with pytest.raises(TsqlError, match="8115"):
        warehouse.script("INSERT INTO w.t (a, f) SELECT 1, f FROM lake.plant.thing")


def test_a_text_too_long_for_its_column_is_not_cut(warehouse: Warehouse, lakehouse: Callable[..., Any]) -> None:
    lakehouse("thing", {"s": ["toolong"]})
    with pytest.raises(TsqlError, match="8152"):
        warehouse.script("INSERT INTO w.t (a, b) SELECT 1, s FROM lake.plant.thing")
