"""What a table is: its columns with types and units, its key, its grain and who writes it.

Plain data. DDL, documentation, tests and lint rules are generated from it; nothing here runs anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal[
    "string", "long", "int", "double", "boolean", "timestamp", "date", "binary", "array<string>",
    "decimal(38,6)", "decimal(38,12)",
]  # fmt: skip
Layer = Literal["bronze", "silver", "gold"]

_SPARK_TYPES: dict[str, str] = {"long": "bigint"}


@dataclass(frozen=True)
class Column:
    """One column. `unit` is told where the name's suffix does not say it; instants are UTC."""

    name: str
    type: ColumnType
    note: str = ""
    nullable: bool = True

    def spark_ddl(self) -> str:
        """Return the column as Spark DDL.

        Example:
            >>> Column("quality_code", "long", nullable=False).spark_ddl()
            'quality_code bigint NOT NULL'
        """
        suffix = "" if self.nullable else " NOT NULL"
        return f"{self.name} {_SPARK_TYPES.get(self.type, self.type)}{suffix}"


@dataclass(frozen=True)
class Table:
    """One table of the plant: `layer` says where it lives, `key` what makes a row unique.

    `is_small`: what people declare, thousands of rows at most; a lakehouse reads it once and holds it.
    """

    layer: Layer
    schema: str
    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    written_by: str
    partition_by: tuple[str, ...] = ()
    is_small: bool = False

    def __post_init__(self) -> None:
        """Refuse a table whose key or partition names a column that it does not have."""
        names = self.column_names
        unknown = [c for c in (*self.key, *self.partition_by) if c not in names]
        if unknown or len(set(names)) != len(names):
            message = f"{self.full_name}: key or partition names unknown columns {unknown}, or a column is named twice"
            raise ValueError(message)

    @property
    def full_name(self) -> str:
        """`schema.name`, as notebooks, T-SQL and TMDL write it."""
        return f"{self.schema}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)

    def spark_ddl(self) -> str:
        """Return the columns as one Spark DDL string, the form `createDataFrame` and `schema()` read."""
        return ", ".join(column.spark_ddl() for column in self.columns)


def required(name: str, type_: ColumnType, note: str = "") -> Column:
    """Return a column that is never null."""
    return Column(name, type_, note, nullable=False)


def optional(name: str, type_: ColumnType, note: str = "") -> Column:
    """Return a column that may be null."""
    return Column(name, type_, note)
