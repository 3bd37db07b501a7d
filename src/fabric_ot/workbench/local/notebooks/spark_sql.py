"""Spark SQL cells: the default lakehouse's tables are there under `schema.table`, as in Fabric."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def register_tables(spark: SparkSession, tables: Mapping[tuple[str, str], Path]) -> None:
    """Make Delta folders known to the session's catalog; a table that lay elsewhere before is moved, data untouched."""
    for schema in {schema for schema, _ in tables}:
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS `{schema}`")
    for (schema, table), folder in tables.items():
        name = f"`{schema}`.`{table}`"
        # The catalog's entry is a pointer: dropping an external table leaves its files alone.
        spark.sql(f"DROP TABLE IF EXISTS {name}")
        spark.sql(f"CREATE TABLE {name} USING delta LOCATION '{folder.resolve().as_posix()}'")


def run_statements(spark: SparkSession, statements: list[str]) -> DataFrame | None:
    """Run SQL statements in order and return the last one's rows."""
    result = None
    for statement in statements:
        result = spark.sql(statement)
    return result
