"""Every write is brought to its contract first: columns, types, nulls, and keys where a merge relies on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.contracts import Column, Table
from fabric_ot.errors import ColumnContractError, ContractError

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame

_FEW_ROWS = 5_000

_SPARK_NAMES: dict[str, str] = {"long": "bigint"}

_WIDENED_FROM: dict[str, frozenset[str]] = {
    "bigint": frozenset({"tinyint", "smallint", "int"}),
    "int": frozenset({"tinyint", "smallint"}),
    "double": frozenset({"tinyint", "smallint", "int", "float"}),
}
"""Casts that lose nothing: anything else is refused, because a silent null is a lost value."""


def spark_type(column: Column) -> str:
    """Return the column's type as Spark writes it.

    Example:
        >>> spark_type(Column("source_offset", "long"))
        'bigint'
    """
    return _SPARK_NAMES.get(column.type, column.type)


def conform(rows: DataFrame, table: Table, *, where: str) -> DataFrame:
    """Return `rows` with exactly the contract's columns, in its order and types; other columns are left out.

    A type is widened only where nothing can be lost (int to bigint, float to double, an untyped null to any).

    Raises:
        ColumnContractError: a column is missing, or its type would need a lossy cast.
    """
    found = dict(rows.dtypes)
    missing = [name for name in table.column_names if name not in found]
    if missing:
        raise ColumnContractError.from_missing(where, missing, rows.columns)
    wrong = [
        f"{c.name} is {found[c.name]}, the contract says {spark_type(c)}"
        for c in table.columns
        if not _is_safe(found[c.name], spark_type(c))
    ]
    if wrong:
        message = (
            f"{where}: {'; '.join(wrong)}.\nHint: cast explicitly, deciding what happens to values that do not fit."
        )
        raise ColumnContractError(message)
    return rows.select(*(sf.col(f"`{c.name}`").cast(spark_type(c)).alias(c.name) for c in table.columns))


def as_contract(frame: DataFrame, table: Table, *, where: str) -> DataFrame:
    """Return a stored frame as the contract has it now: columns that are younger than the table are null.

    Raises:
        ColumnContractError: the table lacks a column that may not be null.
    """
    missing = [column for column in table.columns if column.name not in frame.columns]
    required = [column.name for column in missing if not column.nullable]
    if required:
        raise ColumnContractError.from_missing(where, required, frame.columns)
    for column in missing:
        frame = frame.withColumn(column.name, sf.lit(None).cast(spark_type(column)))
    return frame.select(*table.column_names)


def check_rows(
    rows: DataFrame, table: Table, *, where: str, key: Sequence[str] = (), within: Sequence[SparkColumn] = ()
) -> int:
    """Count computed `rows` in one pass; refuse nulls in required columns, rows outside `within` and repeated `key`s.

    Not by `observe` while they are computed: a session that ever observed cannot merge into a Delta table with
    deletion vectors (seen with Spark 4.1.1 and Delta 4.2.0: its ObservationManager is not serializable).

    Raises:
        ContractError: with every problem found and how many rows have it.
    """
    required = [column.name for column in table.columns if not column.nullable]
    measures = [sf.count(sf.lit(1)).alias("_rows")]
    measures += [sf.count(sf.when(sf.col(name).isNull(), 1)).alias(f"_null_{name}") for name in required]
    outside = [~sf.coalesce(condition, sf.lit(False)) for condition in within]
    measures += [sf.count(sf.when(condition, 1)).alias(f"_outside_{n}") for n, condition in enumerate(outside)]
    found = rows.agg(*measures).collect()[0].asDict()
    problems = [f"{found[f'_null_{n}']} row(s) have no {n}" for n in required if found[f"_null_{n}"]]
    counts = [found[f"_outside_{n}"] for n in range(len(outside))]
    problems += [f"{count} row(s) lie outside the given condition" for count in counts if count]
    repeated = _count_repeated(rows, key, found["_rows"]) if key else 0
    if repeated:
        problems.append(f"{repeated} row(s) repeat a key {tuple(key)}")
    if problems:
        message = f"{where}: {'; '.join(problems)}. Nothing was written.\nHint: quarantine or reduce such rows first."
        raise ContractError(message)
    return int(found["_rows"])


def _count_repeated(rows: DataFrame, key: Sequence[str], count: int) -> int:
    """Count rows beyond the first of their key; few rows are looked at here, many in a shuffle."""
    if count <= 1:
        return 0
    if count <= _FEW_ROWS:
        return count - len(set(map(tuple, rows.select(*key).collect())))
    return count - int(rows.agg(sf.count_distinct(sf.struct(*key))).collect()[0][0])


def _is_safe(found: str, wanted: str) -> bool:
    return found in (wanted, "void") or found in _WIDENED_FROM.get(wanted, frozenset())
