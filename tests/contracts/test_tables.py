"""Contracts are plain data that can be trusted: keys exist, names are unique, every vocabulary is closed."""

from __future__ import annotations

import re

import pytest

from fabric_ot.contracts import ALL_TABLES, find_table
from fabric_ot.contracts.gold_facts import FACT_PRODUCTION
from fabric_ot.contracts.reasons import ALL_REASONS, IGNORED_REASONS, QUARANTINE_REASONS
from fabric_ot.contracts.silver import PRODUCTION
from fabric_ot.contracts.table import Table, required


def test_no_two_tables_of_a_layer_share_a_name() -> None:
    names = [(table.layer, table.full_name) for table in ALL_TABLES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: f"{table.layer}.{table.full_name}")
def test_key_columns_are_never_null_and_instants_are_utc(table: Table) -> None:
    columns = {column.name: column for column in table.columns}
    assert all(not columns[name].nullable for name in table.key)
    assert all(name.endswith("_utc") for name, column in columns.items() if column.type == "timestamp")
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in columns)


def test_a_key_that_is_not_a_column_is_refused() -> None:
    with pytest.raises(ValueError, match=r"plant\.x: key or partition names unknown columns \['b'\]"):
        Table("silver", "plant", "x", "one row", ("b",), (required("a", "long"),), "nobody")


def test_an_unknown_table_is_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"plant\.nothing.*known: plant\.message, plant\.landing_file"):
        find_table("bronze", "plant.nothing")


def test_ddl_marks_what_is_never_null() -> None:
    ddl = find_table("bronze", "plant.message").spark_ddl()
    assert ddl.startswith("route string NOT NULL, source_partition string NOT NULL, source_offset bigint NOT NULL")
    assert ", payload binary, " in ddl


def test_a_reason_is_either_quarantine_or_ignored() -> None:
    assert not set(QUARANTINE_REASONS) & set(IGNORED_REASONS)
    assert set(ALL_REASONS) == set(QUARANTINE_REASONS) | set(IGNORED_REASONS)


def test_every_additive_quantity_of_silver_production_reaches_the_gold_fact() -> None:
    quantities = {c.name for c in PRODUCTION.columns if c.type == "double"}
    assert quantities <= set(FACT_PRODUCTION.column_names)
