"""What Direct Lake refuses or dislikes about a table, told in full sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute

from fabric_ot.workbench.items.semantic_model import Column, SemanticModel
from fabric_ot.workbench.local.direct_lake.delta_source import TableFacts

pc: Any = pyarrow.compute  # its functions are made at import, so that no checker knows them
_LONGEST_TEXT = 32_764
_SMALL_ROW_GROUP = 1_000_000
_DATA_TYPES = {
    "string": "string",
    "byte": "int64", "short": "int64", "integer": "int64", "long": "int64",
    "float": "double", "double": "double",
    "decimal": "decimal",
    "boolean": "boolean",
    "date": "dateTime", "timestamp": "dateTime", "timestamp_ntz": "dateTime",
}  # fmt: skip


def column_problems(columns: Iterable[Column], types: Mapping[str, str]) -> list[str]:
    """Return missing source columns, unsupported Delta types and types that differ from the model's."""
    problems: list[str] = []
    for column in columns:
        if column.expression is not None:
            problems.append(f"[{column.name}] is a calculated column, which a Direct Lake table cannot have")
        elif column.source_column not in types:
            problems.append(
                f"[{column.name}]: the Delta table has no column {column.source_column!r}; it has {sorted(types)}"
            )
        else:
            problems += _type_problems(column, types[column.source_column])
    return problems


def _type_problems(column: Column, delta_type: str) -> list[str]:
    mapped = _DATA_TYPES.get(delta_type.partition("(")[0])
    if mapped is None:
        return [f"[{column.name}]: Direct Lake does not support the Delta type {delta_type}"]
    if mapped != column.data_type:
        return [f"[{column.name}]: the model says {column.data_type}, the Delta type {delta_type} gives {mapped}"]
    return []


def value_problems(data: pa.Table) -> list[str]:
    """Return columns that hold NaN or texts longer than Direct Lake takes."""
    problems: list[str] = []
    for name in data.column_names:
        values = data.column(name)
        if pa.types.is_floating(values.type) and pc.any(pc.is_nan(values)).as_py():
            problems.append(f"[{name}] holds NaN, which Direct Lake refuses: write null instead")
        if pa.types.is_string(values.type) and (pc.max(pc.utf8_length(values)).as_py() or 0) > _LONGEST_TEXT:
            problems.append(f"[{name}] holds a text longer than {_LONGEST_TEXT:,} characters")
    return problems


def key_problems(data: pa.Table, keys: Iterable[str]) -> list[str]:
    """Return one-side keys of relationships that are repeated or null."""
    problems: list[str] = []
    for name in keys:
        values = data.column(name)
        repeated = len(values) - values.null_count - pc.count_distinct(values, mode="only_valid").as_py()
        if repeated:
            problems.append(f"[{name}] is the one side of a relationship but repeats {repeated} value(s)")
        if values.null_count:
            problems.append(f"[{name}] is the one side of a relationship but is null in {values.null_count} row(s)")
    return problems


def relationship_problems(model: SemanticModel) -> list[str]:
    """Return relationships whose two columns differ in type."""
    types = {(table.name, column.name): column.data_type for table in model.tables for column in table.columns}
    return [
        f"relationship {r.name!r} joins {types[r.from_table, r.from_column]} with {types[r.to_table, r.to_column]}"
        for r in model.relationships
        if types[r.from_table, r.from_column] != types[r.to_table, r.to_column]
    ]


def table_warnings(facts: TableFacts, data: pa.Table) -> list[str]:
    """Return what Direct Lake allows but pays for, or shows differently."""
    warnings: list[str] = []
    if not facts.has_vorder:
        warnings.append("no V-Order: only Fabric writes it, so in Fabric turn it on for what a report reads")
    if facts.has_deletion_vectors:
        warnings.append("deletion vectors are on: allowed, but loading is slower until OPTIMIZE removes them")
    if facts.rows > _SMALL_ROW_GROUP and facts.row_groups * _SMALL_ROW_GROUP > facts.rows:
        warnings.append(f"row groups average {facts.rows // facts.row_groups:,} rows; 1 to 16 million load faster")
    ntz = sorted(name for name, kind in facts.column_types.items() if kind == "timestamp_ntz")
    if ntz:
        warnings.append(f"{ntz} are timestamp_ntz, whose support is not documented; prefer UTC timestamps")
    folded = [name for name in data.column_names if _differs_by_case(data.column(name))]
    if folded:
        warnings.append(f"{folded} hold values that differ only by case; a model shows them as one")
    return warnings


def _differs_by_case(values: pa.ChunkedArray) -> bool:
    if not pa.types.is_string(values.type):
        return False
    distinct = pc.unique(values)
    return len(pc.unique(pc.utf8_lower(distinct))) < len(distinct)
