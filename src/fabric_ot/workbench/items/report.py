"""Reports as typed objects: a `.Report` folder in the PBIR format in, pages and visuals out.

What would change the shown numbers and is not read (stored filters, aggregations made by the visual, grouped
visuals) is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NoReturn

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.items.source_text import malformed, read_json_object

FieldKind = Literal["column", "measure"]


@dataclass(frozen=True)
class Field:
    """One column or measure of the model, as a visual refers to it."""

    table: str
    name: str
    kind: FieldKind
    display_name: str = ""

    @property
    def label(self) -> str:
        """What a reader sees."""
        return self.display_name or self.name


@dataclass(frozen=True)
class Sort:
    """One level of a visual's order."""

    table: str
    name: str
    is_descending: bool


@dataclass(frozen=True)
class Position:
    """Where a visual stands on its page, in the page's units."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Visual:
    """One visual: `roles` maps a role (Category, Y, Series, Values, ...) to its fields, in order."""

    name: str
    type: str
    position: Position
    title: str
    roles: Mapping[str, tuple[Field, ...]] = field(default_factory=lambda: MappingProxyType({}))
    sort: tuple[Sort, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields of all roles, in order."""
        return tuple(item for fields in self.roles.values() for item in fields)


@dataclass(frozen=True)
class Page:
    """One page and its visuals, from top left to bottom right."""

    name: str
    display_name: str
    width: float
    height: float
    visuals: tuple[Visual, ...]


@dataclass(frozen=True)
class Report:
    """A report and the folder of the semantic model that it is bound to."""

    name: str
    model_path: Path
    pages: tuple[Page, ...]


def load_report(folder: Path) -> Report:
    """Read the report in `folder` (`<name>.Report`).

    Raises:
        ItemError: a file is missing or malformed, or a page is listed that does not exist.
        NotSupportedError: a stored filter, a grouped visual, or a field that is neither a column nor a measure.
    """
    try:
        return _report(folder, folder / "definition")
    except (AttributeError, TypeError) as exc:
        raise malformed(folder, f"a value has another JSON type than the PBIR format gives it ({exc}).") from exc


def _report(folder: Path, definition: Path) -> Report:
    report_file = definition / "report.json"
    _refuse_filters(read_json_object(report_file), report_file)
    pages_file = definition / "pages" / "pages.json"
    listed = read_json_object(pages_file).get("pageOrder", [])
    folders = {path.parent.name for path in (definition / "pages").glob("*/page.json")}
    if set(listed) != folders:
        raise malformed(pages_file, f"pageOrder lists {sorted(listed)} but the pages there are {sorted(folders)}.")
    return Report(
        name=folder.name.removesuffix(".Report"),
        model_path=_model_path(folder / "definition.pbir"),
        pages=tuple(_page(definition / "pages" / name) for name in listed),
    )


def _model_path(file: Path) -> Path:
    reference = read_json_object(file).get("datasetReference", {})
    by_path = reference.get("byPath") if isinstance(reference, dict) else None
    if not isinstance(by_path, dict) or not isinstance(by_path.get("path"), str):
        raise malformed(file, "datasetReference.byPath.path is missing. Hint: bind the report to a folder beside it.")
    model = (file.parent / by_path["path"]).resolve()
    if not model.is_dir():
        raise malformed(file, f"the semantic model {by_path['path']!r} does not exist.")
    return model


def _page(folder: Path) -> Page:
    file = folder / "page.json"
    document = read_json_object(file)
    _refuse_filters(document, file)
    visuals = [_visual(path) for path in folder.glob("visuals/*/visual.json")]
    return Page(
        name=folder.name,
        display_name=str(document.get("displayName", folder.name)),
        width=_number(document, "width", file),
        height=_number(document, "height", file),
        visuals=tuple(sorted(visuals, key=lambda visual: (visual.position.y, visual.position.x, visual.name))),
    )


def _visual(file: Path) -> Visual:
    document = read_json_object(file)
    _refuse_filters(document, file)
    visual, position = document.get("visual"), document.get("position")
    if "visualGroup" in document or "parentGroupName" in document:
        _refuse(file, "grouped visuals are not supported")
    if not isinstance(visual, dict) or not isinstance(position, dict):
        raise malformed(file, "needs the objects 'position' and 'visual'.")
    query = visual.get("query", {})
    roles = {
        role: tuple(_field(item, file) for item in state.get("projections", []))
        for role, state in query.get("queryState", {}).items()
    }
    return Visual(
        name=str(document.get("name", file.parent.name)),
        type=str(visual.get("visualType", "")),
        position=Position(*(_number(position, key, file) for key in ("x", "y", "width", "height"))),
        title=_title(visual),
        roles=MappingProxyType(roles),
        sort=tuple(_sort(item, file) for item in query.get("sortDefinition", {}).get("sort", [])),
    )


def _field(projection: Mapping[str, Any], file: Path) -> Field:
    kind, table, name = _reference(projection.get("field", {}), file)
    return Field(table, name, kind, str(projection.get("displayName", "")))


def _sort(item: Mapping[str, Any], file: Path) -> Sort:
    _, table, name = _reference(item.get("field", {}), file)
    return Sort(table, name, item.get("direction") == "Descending")


def _reference(expression: Mapping[str, Any], file: Path) -> tuple[FieldKind, str, str]:
    for key, kind in _FIELD_KINDS.items():
        if set(expression) == {key}:
            try:
                return kind, expression[key]["Expression"]["SourceRef"]["Entity"], expression[key]["Property"]
            except (KeyError, TypeError) as exc:
                raise malformed(file, f"a {kind} reference needs SourceRef.Entity and Property.") from exc
    return _refuse(file, f"fields of kind {sorted(expression)} are not supported; use a column or a measure")


_FIELD_KINDS: dict[str, FieldKind] = {"Column": "column", "Measure": "measure"}


def _title(visual: Mapping[str, Any]) -> str:
    for item in visual.get("visualContainerObjects", {}).get("title", []):
        literal = item.get("properties", {}).get("text", {}).get("expr", {}).get("Literal", {}).get("Value", "")
        if literal:
            return str(literal).removeprefix("'").removesuffix("'").replace("''", "'")
    return ""


def _refuse_filters(document: Mapping[str, Any], file: Path) -> None:
    """A filter card without a condition changes nothing; one with a condition, or a stored selection, does."""
    for item in document.get("filterConfig", {}).get("filters", []):
        if "filter" in item:
            _refuse(file, f"the stored filter {item.get('name', '')!r} is not supported")
    for entries in document.get("visual", {}).get("objects", {}).values():
        if any("filter" in entry.get("properties", {}) for entry in entries):
            _refuse(file, "a stored slicer selection is not supported")


def _number(document: Mapping[str, Any], key: str, file: Path) -> float:
    value = document.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise malformed(file, f"{key!r} must be a number, found {value!r}.")
    return float(value)


def _refuse(file: Path, problem: str) -> NoReturn:
    message = f"{file}: {problem}."
    raise NotSupportedError(message)
