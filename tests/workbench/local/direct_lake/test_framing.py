from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fabric_ot.errors import FramingError, NotSupportedError
from fabric_ot.workbench.items.semantic_model import Column, Expression, Partition
from fabric_ot.workbench.local.dax import DaxEngine
from fabric_ot.workbench.local.direct_lake import frame_model
from fabric_ot.workbench.local.direct_lake.delta_source import DeltaSource


def framed(model, item, **options):
    asked = []

    def resolve(workspace, identity):
        asked.append((workspace, identity))
        return item

    result = frame_model(model, resolve=resolve, **options)
    assert set(asked) == {("7f7bf464-727b-5dca-8a80-8673e14acf1a", "4fd68a5a-7fce-5fed-b165-9530c1c27262")}
    return result


def problem(model, item, **options):
    with pytest.raises(FramingError) as caught:
        framed(model, item, **options)
    return str(caught.value)


def test_partitions_bind_to_delta_tables_under_the_models_names(model, item, write):
    write("fact/production")
    write("dim/asset")
    result = framed(model, item)
    assert result.versions == {"Fact": 0, "Asset": 0}
    assert result.tables["Fact"].to_pydict() == {"Key": [1, 2, 9], "Quantity": [1.5, None, 2.0]}
    assert result.tables["Asset"]["Name"].to_pylist() == ["Press", None, "Saw"]
    assert result.facts["Fact"].rows == 3


def test_a_framed_model_can_be_queried(model, item, write):
    write("fact/production")
    write("dim/asset")
    engine = DaxEngine(model, framed(model, item).tables)
    rows = engine.query('EVALUATE SUMMARIZECOLUMNS(Asset[Name], "q", SUM(Fact[Quantity])) ORDER BY [q]')
    assert rows == [{"Asset[Name]": "Press", "[q]": 1.5}, {"Asset[Name]": None, "[q]": 2.0}]
    since = engine.query('EVALUATE ROW("s", MAX(Asset[Since]))')
    assert since == [{"[s]": dt.datetime(2026, 1, 1)}]


def test_the_newest_version_is_framed(model, item, write, good):
    write("dim/asset")
    write("fact/production")
    write("fact/production", good["fact/production"], mode="append")
    result = framed(model, item)
    assert result.versions["Fact"] == 1
    assert result.tables["Fact"].num_rows == 6
    assert result.facts["Fact"].parquet_files == 2


@pytest.mark.acceptance(13)
def test_all_problems_are_told_at_once(model, item, write):
    write(
        "dim/asset",
        pa.table({"k": pa.array([1, 1, None], pa.int64()), "n": ["a" * 32_765, "b", "c"], "since": [None] * 3}).cast(
            pa.schema([("k", pa.int64()), ("n", pa.string()), ("since", pa.timestamp("us", "UTC"))])
        ),
    )
    text = problem(model, item)
    assert "4 problem(s)" in text
    assert "table 'Fact': there is no Delta table in" in text
    assert "table 'Asset': [Key] is the one side of a relationship but repeats 1 value(s)" in text
    assert "table 'Asset': [Key] is the one side of a relationship but is null in 1 row(s)" in text
    assert "table 'Asset': [Name] holds a text longer than 32,764 characters" in text


@pytest.mark.acceptance(13)
def test_nan_is_refused(model, item, write):
    write("dim/asset")
    write("fact/production", pa.table({"k": pa.array([1], pa.int64()), "q": [float("nan")]}))
    assert "[Quantity] holds NaN" in problem(model, item)


def test_a_missing_source_column_is_told_with_those_there_are(model, item, write):
    write("dim/asset")
    write("fact/production", pa.table({"k": pa.array([1], pa.int64()), "qty": [1.0]}))
    assert "[Quantity]: the Delta table has no column 'q'; it has ['k', 'qty']" in problem(model, item)


@pytest.mark.acceptance(13)
@pytest.mark.parametrize(
    ("values", "part"),
    [
        (pa.array(["1"]), "the model says double, the Delta type string gives string"),
        (pa.array([1], pa.int64()), "the Delta type long gives int64"),
        (pa.array([b"1"], pa.binary()), "does not support the Delta type binary"),
        (pa.array([[1.0]], pa.list_(pa.float64())), "does not support the Delta type"),
        (pa.array([{"a": 1.0}], pa.struct([("a", pa.float64())])), "does not support the Delta type"),
    ],
)
def test_a_type_that_does_not_fit_is_told(model, item, write, values, part):
    write("dim/asset")
    write("fact/production", pa.table({"k": pa.array([1], pa.int64()), "q": values}))
    assert part in problem(model, item)


def test_an_unsupported_type_outside_the_model_does_no_harm(model, item, write):
    write("dim/asset")
    table = pa.table({"k": pa.array([1], pa.int64()), "q": [1.0], "raw": pa.array([b"x"], pa.binary())})
    write("fact/production", table)
    assert framed(model, item).tables["Fact"].column_names == ["Key", "Quantity"]


@pytest.mark.acceptance(13)
def test_relationship_columns_of_different_type_are_told(model, item, write):
    write("fact/production", pa.table({"k": [1.0], "q": [1.0]}))
    write("dim/asset")
    fact = replace(model.tables[0], columns=(Column("Key", "double", "k"), model.tables[0].columns[1]))
    assert "relationship 'r' joins double with int64" in problem(replace(model, tables=(fact, model.tables[1])), item)


@pytest.mark.parametrize(
    ("partition", "part"),
    [
        (None, "found none"),
        (Partition("p", "m", "import"), "found m/import"),
        (Partition("p", "entity", "directLake", "asset", "dim", "Nowhere"), "no expression 'Nowhere'; known: ['Lake']"),
    ],
)
def test_a_partition_that_leads_nowhere_is_told(model, item, write, partition, part):
    write("fact/production")
    assert part in problem(
        replace(model, tables=(model.tables[0], replace(model.tables[1], partition=partition))), item
    )


def test_direct_lake_on_sql_is_told_apart(model, item):
    sql = replace(model, expressions=(Expression("Lake", 'Sql.Database("x.datawarehouse.fabric.microsoft.com", "y")'),))
    with pytest.raises(FramingError, match="names no OneLake item"):
        frame_model(sql, resolve=lambda *_: item)


def test_an_item_that_cannot_be_resolved_is_told_for_each_table(model):
    def resolve(workspace, identity):
        raise KeyError(identity)

    with pytest.raises(FramingError, match="2 problem"):
        frame_model(model, resolve=resolve)


def test_a_calculated_column_is_refused(model, item, write):
    write("fact/production")
    write("dim/asset")
    asset = replace(model.tables[1], columns=(*model.tables[1].columns, Column("C", "int64", "", expression="1")))
    assert "[C] is a calculated column" in problem(replace(model, tables=(model.tables[0], asset)), item)


def test_what_is_allowed_but_costly_is_a_warning(model, item, write):
    write("fact/production")
    naive = pa.array([dt.datetime(2026, 1, 1)] * 2, pa.timestamp("us"))
    write("dim/asset", pa.table({"k": pa.array([1, 2], pa.int64()), "n": ["Run", "RUN"], "since": naive}))
    warnings = framed(model, item).warnings
    assert [warning for warning in warnings if "V-Order" in warning] == [
        "table 'Fact', 'Asset': no V-Order: only Fabric writes it, so in Fabric turn it on for what a report reads"
    ]
    assert any("['since'] are timestamp_ntz" in warning for warning in warnings)
    assert any("['Name'] hold values that differ only by case" in warning for warning in warnings)


def test_files_that_carry_vorder_are_not_warned_about(model, item, write, good):
    write("fact/production")
    write("dim/asset")
    (file,) = (item / "Tables" / "fact" / "production").glob("*.parquet")
    marked = good["fact/production"].replace_schema_metadata({"com.microsoft.parquet.vorder.enabled": "true"})
    pq.write_table(marked, file)
    assert DeltaSource(file.parent).facts().has_vorder
    assert not DeltaSource(item / "Tables" / "dim" / "asset").facts().has_vorder


@pytest.mark.acceptance(13)
def test_a_guardrail_of_the_capacity_is_an_error(model, item, write, monkeypatch):
    from fabric_ot.workbench.local.direct_lake import framing, guardrails

    write("fact/production")
    write("dim/asset")
    tight = replace(guardrails.guardrails_of("F2"), rows=2, model_bytes=10, parquet_files=0)
    monkeypatch.setattr(framing, "guardrails_of", lambda sku: tight)
    text = problem(model, item)
    assert "table 'Fact': 3 rows exceed the limit of 2 on F2" in text
    assert "table 'Fact': 1 Parquet files exceed the limit of 0 on F2" in text
    assert guardrails.guardrails_of("F2").parquet_files == 1_000
    assert "bytes on disk; F2 allows 10" in text


def test_an_unknown_sku_is_refused_by_name(model, item):
    with pytest.raises(NotSupportedError, match="'F3'; known: F2, F4"):
        frame_model(model, resolve=lambda *_: item, sku="F3")


def test_limits_never_shrink_with_the_capacity():
    from fabric_ot.workbench.local.direct_lake.guardrails import guardrails_of

    sizes = [guardrails_of(f"F{2**n}") for n in range(1, 12)]
    for smaller, larger in itertools.pairwise(sizes):
        assert smaller.parquet_files <= larger.parquet_files
        assert smaller.row_groups <= larger.row_groups
        assert smaller.rows <= larger.rows
        assert larger.model_bytes is None or (smaller.model_bytes or 0) <= larger.model_bytes
    assert (sizes[0].parquet_files, sizes[0].rows, sizes[0].model_bytes) == (1000, 300_000_000, 10_000_000_000)


@pytest.mark.spark
def test_deletion_vectors_and_column_mapping_are_read_right(model, item, write, tmp_path):
    from fabric_ot.workbench.local.spark.session import start_spark

    write("dim/asset")
    spark = start_spark(tmp_path / "work")
    place = f"delta.`{item / 'Tables' / 'fact' / 'production'}`"
    properties = "'delta.enableDeletionVectors'='true', 'delta.columnMapping.mode'='name'"
    spark.sql(f"CREATE TABLE {place} (k int, quantity double) USING delta TBLPROPERTIES ({properties})")
    spark.sql(f"INSERT INTO {place} SELECT /*+ COALESCE(1) */ CAST(id AS int), id * 1.5D FROM range(10)")
    spark.sql(f"DELETE FROM {place} WHERE k IN (3, 4)")
    spark.sql(f"ALTER TABLE {place} RENAME COLUMN quantity TO q")
    result = framed(model, item)
    assert sorted(result.tables["Fact"]["Key"].to_pylist()) == [0, 1, 2, 5, 6, 7, 8, 9]
    assert sum(result.tables["Fact"]["Quantity"].to_pylist()) == 1.5 * 38
    assert any("deletion vectors are on" in warning for warning in result.warnings)
