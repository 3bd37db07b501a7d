"""Every write is brought to its contract first: columns, types, nulls, and keys where a merge relies on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.contracts import Column, Table
from fabric_ot.errors import ColumnContractError, ContractError

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame, Row

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
    """Count computed `rows`; refuse nulls in required columns, rows outside `within` and repeated `key`s.

    A few rows are looked at here, in one job without a shuffle; many in one aggregation, and a second one for the key.
    Not by `observe` while they are computed: a session that ever observed cannot merge into a Delta table with
    deletion vectors (seen with Spark 4.1.1 and Delta 4.2.0: its ObservationManager is not serializable).

    Raises:
        ContractError: with every problem found and how many rows have it.
    """
    broken = {c.name: sf.col(c.name).isNull() for c in table.columns if not c.nullable}
    outside = [~sf.coalesce(condition, sf.lit(False)) for condition in within]
    flags = [condition.alias(f"_{n}") for n, condition in enumerate([*broken.values(), *outside])]
    seen = rows.select(*flags, *(sf.col(name).alias(f"_key_{name}") for name in key))
    few = seen.limit(_FEW_ROWS + 1).collect()
    counts = _counts_here(few, len(flags)) if len(few) <= _FEW_ROWS else _counts_there(seen, len(flags))
    problems = [f"{n} row(s) have no {name}" for n, name in zip(counts.flagged, broken, strict=False) if n]
    problems += [f"{n} row(s) lie outside the given condition" for n in counts.flagged[len(broken) :] if n]
    if counts.repeated:
        problems.append(f"{counts.repeated} row(s) repeat a key {tuple(key)}")
    if problems:
        message = f"{where}: {'; '.join(problems)}. Nothing was written.\nHint: quarantine or reduce such rows first."
        raise ContractError(message)
    return counts.rows


@dataclass(frozen=True)
class _Counts:
    """Rows, how many carry each flag, and how many come after the first of their key."""

    rows: int
    flagged: Sequence[int]
    repeated: int


def _counts_here(rows: Sequence[Row], flags: int) -> _Counts:
    keys = {tuple(row[flags:]) for row in rows}
    has_key = bool(rows) and len(rows[0]) > flags
    flagged = [sum(row[n] for row in rows) for n in range(flags)]
    return _Counts(len(rows), flagged, len(rows) - len(keys) if has_key else 0)


def _counts_there(seen: DataFrame, flags: int) -> _Counts:
    found = seen.agg(sf.count(sf.lit(1)), *(sf.count(sf.when(sf.col(f"_{n}"), 1)) for n in range(flags))).collect()[0]
    key = seen.columns[flags:]
    distinct = seen.agg(sf.count_distinct(sf.struct(*key))).collect()[0][0] if key else found[0]
    return _Counts(found[0], list(found[1:]), found[0] - distinct)


def _is_safe(found: str, wanted: str) -> bool:
    return found in (wanted, "void") or found in _WIDENED_FROM.get(wanted, frozenset())
