"""Semantic models as typed objects: a `.SemanticModel` folder of TMDL in, tables, measures and relationships out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.source_text import malformed, read_json_object
from fabric_ot.workbench.items.tmdl import TmdlObject, read_tmdl, unquote

DataType = Literal["string", "int64", "double", "decimal", "boolean", "dateTime", "binary"]
SummarizeBy = Literal["default", "none", "sum", "min", "max", "count", "average", "distinctCount"]
_COLUMN_REFERENCE = re.compile(r"('(?:[^']|'')*'|[^.']+)\.('(?:[^']|'')*'|[^.']+)")


@dataclass(frozen=True)
class Column:
    """One column; `source_column` is its name in the Delta table, `expression` is set on calculated columns."""

    name: str
    data_type: DataType
    source_column: str
    summarize_by: SummarizeBy = "none"
    format_string: str = ""
    is_hidden: bool = False
    is_key: bool = False
    sort_by_column: str = ""
    data_category: str = ""
    description: str = ""
    expression: str | None = None


@dataclass(frozen=True)
class Measure:
    """One measure and its DAX."""

    name: str
    expression: str
    format_string: str = ""
    display_folder: str = ""
    is_hidden: bool = False
    description: str = ""


@dataclass(frozen=True)
class Partition:
    """Where a table's rows come from; Direct Lake partitions are of kind `entity` and mode `directLake`."""

    name: str
    kind: str
    mode: str
    entity_name: str = ""
    schema_name: str = ""
    expression_source: str = ""


@dataclass(frozen=True)
class Table:
    """One table; `data_category` is "Time" on a date table."""

    name: str
    columns: tuple[Column, ...]
    measures: tuple[Measure, ...]
    partition: Partition | None
    is_hidden: bool = False
    data_category: str = ""
    description: str = ""

    @property
    def column_names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class Relationship:
    """`from` is the many side, `to` the one side, unless the cardinalities say otherwise."""

    name: str
    from_table: str
    from_column: str
    to_table: str
    to_column: str
    is_active: bool = True
    is_bidirectional: bool = False
    is_many_to_one: bool = True


@dataclass(frozen=True)
class Expression:
    """A shared M expression."""

    name: str
    text: str


@dataclass(frozen=True)
class SemanticModel:
    """A whole model; `collation` is empty unless the model sets one (text is then compared without case)."""

    name: str
    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...] = ()
    expressions: tuple[Expression, ...] = ()
    default_mode: str = "import"
    collation: str = ""
    compatibility_level: int = 0

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All measures of all tables, in order."""
        return tuple(measure for table in self.tables for measure in table.measures)


def load_semantic_model(folder: Path) -> SemanticModel:
    """Read the model in `folder` (`<name>.SemanticModel`).

    Raises:
        ItemError: a file is missing, something in it is not known (with file and line), or names do not resolve.
    """
    read_json_object(folder / "definition.pbism")
    definition = folder / "definition"
    _refuse_unread(definition)
    objects = read_tmdl(definition / "database.tmdl") + read_tmdl(definition / "model.tmdl")
    for file in (definition / "relationships.tmdl", definition / "expressions.tmdl"):
        objects += read_tmdl(file) if file.exists() else []
    for file in sorted((definition / "tables").glob("*.tmdl")):
        objects += read_tmdl(file)
    model = _single(objects, "model", definition)
    database = _single(objects, "database", definition)
    loaded = SemanticModel(
        name=folder.name.removesuffix(".SemanticModel"),
        tables=tuple(_table(item) for item in _in_order(objects, "table")),
        relationships=tuple(_relationship(item) for item in objects if item.kind == "relationship"),
        expressions=tuple(_expression(item) for item in objects if item.kind == "expression"),
        default_mode=model.text("defaultMode", "import"),
        collation=model.text("collation"),
        compatibility_level=int(database.text("compatibilityLevel", "0")),
    )
    _check_names(loaded, definition)
    return loaded


def _refuse_unread(definition: Path) -> None:
    """Roles, perspectives and the like change what a person sees: not reading them would be a silent lie."""
    if not definition.is_dir():
        raise malformed(definition, "is missing. Hint: the model is stored as TMDL below 'definition/'.")
    known = {"database.tmdl", "model.tmdl", "relationships.tmdl", "expressions.tmdl", "tables", "cultures"}
    unread = sorted(entry.name for entry in definition.iterdir() if entry.name not in known)
    if unread:
        raise malformed(definition, f"holds {unread}, which are not read here; known: {sorted(known)}.")


def _single(objects: Sequence[TmdlObject], kind: str, definition: Path) -> TmdlObject:
    found = [item for item in objects if item.kind == kind]
    if len(found) != 1:
        raise malformed(definition, f"needs one {kind!r} declaration, found {len(found)}.")
    return found[0]


def _in_order(objects: Iterable[TmdlObject], kind: str) -> list[TmdlObject]:
    return [item for item in objects if item.kind == kind]


def _table(item: TmdlObject) -> Table:
    partitions = item.of_kind("partition")
    if len(partitions) > 1:
        partitions[1].refuse("a table has one partition here; found a second one")
    return Table(
        name=item.name,
        columns=tuple(_column(child) for child in item.of_kind("column")),
        measures=tuple(_measure(child) for child in item.of_kind("measure")),
        partition=_partition(partitions[0]) if partitions else None,
        is_hidden=item.flag("isHidden"),
        data_category=item.text("dataCategory"),
        description=item.description,
    )


def _column(item: TmdlObject) -> Column:
    data_type = item.text("dataType")
    if data_type not in get_args(DataType):
        item.refuse(f"dataType must be one of {', '.join(get_args(DataType))}, found {data_type!r}")
    summarize_by = item.text("summarizeBy", "default")
    if summarize_by not in get_args(SummarizeBy):
        item.refuse(f"summarizeBy must be one of {', '.join(get_args(SummarizeBy))}, found {summarize_by!r}")
    if item.expression is None and "sourceColumn" not in item.properties:
        item.refuse("sourceColumn is missing and the column is not calculated")
    return Column(
        name=item.name,
        data_type=cast(DataType, data_type),
        source_column=item.text("sourceColumn"),
        summarize_by=cast(SummarizeBy, summarize_by),
        format_string=item.text("formatString"),
        is_hidden=item.flag("isHidden"),
        is_key=item.flag("isKey"),
        sort_by_column=item.text("sortByColumn"),
        data_category=item.text("dataCategory"),
        description=item.description,
        expression=item.expression,
    )


def _measure(item: TmdlObject) -> Measure:
    if item.expression is None:
        item.refuse("a measure needs an expression after '='")
    return Measure(
        name=item.name,
        expression=item.expression,
        format_string=item.text("formatString"),
        display_folder=item.text("displayFolder"),
        is_hidden=item.flag("isHidden"),
        description=item.description,
    )


def _partition(item: TmdlObject) -> Partition:
    sources = item.of_kind("source")
    if len(sources) != 1:
        item.refuse(f"a partition needs one 'source', found {len(sources)}")
    return Partition(
        name=item.name,
        kind=item.expression or "",
        mode=item.text("mode"),
        entity_name=sources[0].text("entityName"),
        schema_name=sources[0].text("schemaName"),
        expression_source=sources[0].text("expressionSource"),
    )


def _relationship(item: TmdlObject) -> Relationship:
    ends: list[tuple[str, str]] = []
    for key in ("fromColumn", "toColumn"):
        match = _COLUMN_REFERENCE.fullmatch(item.properties.get(key, ""))
        if not match:
            item.refuse(f"{key} must be Table.Column, found {item.properties.get(key)!r}")
        ends.append((unquote(match[1]), unquote(match[2])))
    (from_table, from_column), (to_table, to_column) = ends
    cardinality = (item.text("fromCardinality", "many"), item.text("toCardinality", "one"))
    return Relationship(
        name=item.name,
        from_table=from_table,
        from_column=from_column,
        to_table=to_table,
        to_column=to_column,
        is_active=item.text("isActive", "true") != "false",
        is_bidirectional=item.text("crossFilteringBehavior", "oneDirection") != "oneDirection",
        is_many_to_one=cardinality == ("many", "one"),
    )


def _expression(item: TmdlObject) -> Expression:
    if item.expression is None:
        item.refuse("a shared expression needs text after '='")
    return Expression(item.name, item.expression)


def _check_names(model: SemanticModel, definition: Path) -> None:
    """Collect every name that is used twice or does not resolve; names are compared without case, as Fabric does."""
    problems = _twice("table", [table.name for table in model.tables])
    problems += _twice("measure", [measure.name for measure in model.measures])
    columns = {table.name: set(table.column_names) for table in model.tables}
    for table in model.tables:
        members = [*table.column_names, *(measure.name for measure in table.measures)]
        problems += _twice(f"name in table {table.name!r}", members)
        problems += [
            f"column {table.name}[{column.name}]: sortByColumn {column.sort_by_column!r} is not a column of the table"
            for column in table.columns
            if column.sort_by_column and column.sort_by_column not in columns[table.name]
        ]
    for end in model.relationships:
        for table_name, column_name in ((end.from_table, end.from_column), (end.to_table, end.to_column)):
            if column_name not in columns.get(table_name, ()):
                problems.append(f"relationship {end.name!r}: there is no column {table_name}[{column_name}]")
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        message = f"{definition}: {len(problems)} problem(s):\n{lines}"
        raise ItemError(message)


def _twice(what: str, names: Sequence[str]) -> list[str]:
    counts = Counter(name.lower() for name in names)
    return [f"the {what} {name!r} is declared {count} times" for name, count in counts.items() if count > 1]
