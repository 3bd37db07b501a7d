"""A Warehouse as a SQL project: one object, one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.source_text import malformed, read_text
from fabric_ot.workbench.items.tsql_table import Cursor, TableDefinition, parse_create_table
from fabric_ot.workbench.items.tsql_tokens import Token, tokenize

ObjectKind = Literal["schema", "table", "view", "procedure", "function"]

DEFAULT_COLLATION = "Latin1_General_100_BIN2_UTF8"
_WAREHOUSE_PROVIDER = "Microsoft.Data.Tools.Schema.Sql.SqlDwUnifiedDatabaseSchemaProvider"
_FOLDERS: dict[str, ObjectKind] = {
    "Tables": "table",
    "Views": "view",
    "StoredProcedures": "procedure",
    "Functions": "function",
}
_KINDS: dict[str, ObjectKind] = {
    "SCHEMA": "schema",
    "TABLE": "table",
    "VIEW": "view",
    "PROC": "procedure",
    "PROCEDURE": "procedure",
    "FUNCTION": "function",
}


@dataclass(frozen=True)
class SqlObject:
    """One object of the project; a schema has no `schema` of its own, `path` is below the item's folder."""

    kind: ObjectKind
    schema: str
    name: str
    path: Path
    text: str

    @property
    def full_name(self) -> str:
        """`schema.name`, or the name of a schema."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True)
class WarehouseProject:
    """All objects of one Warehouse, schemas first, then by path."""

    name: str
    collation: str
    objects: tuple[SqlObject, ...]

    def of_kind(self, kind: ObjectKind) -> tuple[SqlObject, ...]:
        """Return the objects of one kind."""
        return tuple(item for item in self.objects if item.kind == kind)

    def tables(self) -> tuple[TableDefinition, ...]:
        """Return every table with its columns (name, T-SQL type, nullable).

        Raises:
            ItemError: a table's text cannot be read; the message names the file and the line.
        """
        return tuple(_table(item, item.path) for item in self.of_kind("table"))


def load_warehouse(folder: Path) -> WarehouseProject:
    """Read the SQL project in the item folder `folder`.

    Raises:
        ItemError: there is no project file, it is for another kind of database, a file holds no object or several,
            or an object lies where its name does not belong. The message names the file and the reason.
    """
    projects = sorted(folder.glob("*.sqlproj"))
    if len(projects) != 1:
        raise malformed(folder, f"needs exactly one .sqlproj file, found {[p.name for p in projects]}.")
    name, collation = _read_project(projects[0])
    found = [_read_object(folder, path) for path in sorted(folder.rglob("*.sql"))]
    objects = tuple(sorted(found, key=lambda item: (item.kind != "schema", item.path.as_posix())))
    _refuse_unknown_schemas(folder, objects)
    return WarehouseProject(name, collation, objects)


def _read_project(path: Path) -> tuple[str, str]:
    try:
        root = ElementTree.fromstring(read_text(path))  # noqa: S314 - a file of the repository itself
    except ElementTree.ParseError as exc:
        raise malformed(path, f"is not XML ({exc}).") from exc
    properties = {
        element.tag.rpartition("}")[2]: (element.text or "").strip()
        for group in root.iter()
        if group.tag.rpartition("}")[2] == "PropertyGroup"
        for element in group
    }
    provider = properties.get("DSP", "")
    if provider != _WAREHOUSE_PROVIDER:
        raise malformed(path, f"DSP must be {_WAREHOUSE_PROVIDER}, found {provider!r}.")
    return properties.get("Name") or path.stem, properties.get("DefaultCollation") or DEFAULT_COLLATION


def _read_object(folder: Path, path: Path) -> SqlObject:
    text = read_text(path)
    try:
        kind, parts = _header(tokenize(text))
    except ItemError as exc:
        raise malformed(path, str(exc)) from exc
    schema, name = ("", parts[-1]) if kind == "schema" else (parts[-2] if len(parts) > 1 else "dbo", parts[-1])
    item = SqlObject(kind, schema, name, path.relative_to(folder), text)
    _check_place(item, path)
    if kind == "table":
        _table(item, path)
    return item


def _header(tokens: tuple[Token, ...]) -> tuple[ObjectKind, tuple[str, ...]]:
    starts = [i for i, token in enumerate(tokens) if _starts_object(tokens, i)]
    if not starts or starts[0] != 0:
        message = "must start with CREATE SCHEMA, TABLE, VIEW, PROCEDURE or FUNCTION."
        raise ItemError(message)
    if len(starts) > 1:
        message = f"line {tokens[starts[1]].line}: a second object starts here. Hint: one object, one file."
        raise ItemError(message)
    cursor = Cursor(tokens)
    cursor.expect("CREATE")
    cursor.accept("OR", "ALTER")
    return _KINDS[cursor.take().word], cursor.dotted_name()


def _starts_object(tokens: tuple[Token, ...], index: int) -> bool:
    if tokens[index].word != "CREATE":
        return False
    words = [token.word for token in tokens[index + 1 : index + 5]]
    if words[:2] == ["OR", "ALTER"]:
        words = words[2:]
    if not words or words[0] not in _KINDS:
        return False
    # Inside a procedure, CREATE TABLE #t is a statement, not an object of the project.
    return not (index and words[0] == "TABLE")


def _check_place(item: SqlObject, path: Path) -> None:
    parts = item.path.parts
    expected = _FOLDERS.get(parts[-2]) if len(parts) > 1 else None
    if item.kind == "schema":
        if item.name != path.stem:
            raise malformed(path, f"creates schema {item.name!r}. Hint: name the file {item.name}.sql.")
        return
    if expected is not None and expected != item.kind:
        raise malformed(path, f"holds a {item.kind} but lies in {parts[-2]}/.")
    if item.name != path.stem or (len(parts) == 3 and parts[0] != item.schema):
        place = f"{item.schema}/.../{item.name}.sql"
        raise malformed(path, f"creates {item.full_name}. Hint: move it to {place}, or rename the object.")


def _refuse_unknown_schemas(folder: Path, objects: tuple[SqlObject, ...]) -> None:
    schemas = {item.name for item in objects if item.kind == "schema"} | {"dbo"}
    for item in objects:
        if item.kind != "schema" and item.schema not in schemas:
            raise malformed(folder / item.path, f"schema {item.schema!r} is not created. Available: {sorted(schemas)}.")


def _table(item: SqlObject, where: Path) -> TableDefinition:
    try:
        return parse_create_table(item.text)
    except ItemError as exc:
        raise malformed(where, str(exc)) from exc
