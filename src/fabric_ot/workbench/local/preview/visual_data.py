"""What a visual shows: its fields bound to the model, its rows asked of the engine, in its order."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.report import Field, Page, Visual
from fabric_ot.workbench.items.semantic_model import SemanticModel
from fabric_ot.workbench.local.dax import DaxEngine
from fabric_ot.workbench.local.dax.context import Scalar
from fabric_ot.workbench.local.dax.values import sort_key
from fabric_ot.workbench.local.preview.formats import format_value


@dataclass(frozen=True)
class BoundField:
    """A field with what the model says about it; `key` names it in result rows."""

    field: Field
    format_string: str
    description: str

    @property
    def key(self) -> str:
        """The name of the field in the engine's rows."""
        return f"[{self.field.name}]" if self.is_measure else f"{self.field.table}[{self.field.name}]"

    @property
    def is_measure(self) -> bool:
        """Measures are numbers to draw, columns are groups."""
        return self.field.kind == "measure"

    def text(self, row: Mapping[str, Scalar]) -> str:
        """Return this field's value in a row as a reader sees it; an empty group is told as (blank)."""
        text = format_value(row[self.key], self.format_string)
        return text or ("" if self.is_measure else "(blank)")


@dataclass(frozen=True)
class VisualData:
    """The rows of one visual and, where a visual shows one, the total row."""

    visual: Visual
    fields: tuple[BoundField, ...]
    rows: tuple[dict[str, Scalar], ...]
    total: dict[str, Scalar] | None = None

    def of_role(self, role: str) -> tuple[BoundField, ...]:
        """Return the bound fields of one role, in order."""
        wanted = self.visual.roles.get(role, ())
        return tuple(bound for bound in self.fields if bound.field in wanted)


def broken_fields(pages: Iterable[Page], model: SemanticModel) -> list[str]:
    """Return one sentence per field or sort key that the model does not have, naming page and visual."""
    problems: list[str] = []
    for page in pages:
        for visual in page.visuals:
            where = f"page {page.display_name!r}, visual {visual.name!r}"
            known = {(field.table, field.name) for field in visual.fields}
            problems += [f"{where}: {problem}" for field in visual.fields if (problem := _problem(field, model))]
            problems += [
                f"{where}: it is sorted by {sort.table}[{sort.name}], which it does not show"
                for sort in visual.sort
                if (sort.table, sort.name) not in known
            ]
    return problems


def load_visual(visual: Visual, model: SemanticModel, engine: DaxEngine) -> VisualData:
    """Ask the engine for the rows of a visual whose fields are known to exist."""
    fields = tuple(_bind(field, model) for field in dict.fromkeys(visual.fields))
    measures = [bound.field.name for bound in fields if bound.is_measure]
    groups = [(bound.field.table, bound.field.name) for bound in fields if not bound.is_measure]
    rows = engine.evaluate(measures, group_by=groups)
    for sort in reversed(visual.sort):
        bound = next(b for b in fields if (b.field.table, b.field.name) == (sort.table, sort.name))
        place = sort_key if bound.is_measure else engine.ranks(sort.table, sort.name).__getitem__
        rows.sort(key=lambda row, key=bound.key, place=place: place(row[key]), reverse=sort.is_descending)  # type: ignore[misc]
    total = engine.evaluate(measures)[0] if visual.type == "tableEx" and measures and groups else None
    return VisualData(visual, fields, tuple(rows), total)


def _bind(field: Field, model: SemanticModel) -> BoundField:
    table = next(table for table in model.tables if table.name == field.table)
    members = table.measures if field.kind == "measure" else table.columns
    found = next(member for member in members if member.name == field.name)
    return BoundField(field, found.format_string, found.description)


def _problem(field: Field, model: SemanticModel) -> str:
    table = next((table for table in model.tables if table.name == field.table), None)
    if table is None:
        return f"there is no table {field.table!r} for {field.kind} {field.name!r}"
    members = table.measures if field.kind == "measure" else table.columns
    names = [member.name for member in members]
    if field.name in names:
        return ""
    close = difflib.get_close_matches(field.name, names, n=2)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return f"there is no {field.kind} {field.table}[{field.name}]{hint}"


def refuse_broken_fields(pages: Iterable[Page], model: SemanticModel, report: str) -> None:
    """Raise an `ItemError` with every broken field of a report."""
    problems = broken_fields(pages, model)
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        message = f"report {report!r}: {len(problems)} broken reference(s):\n{lines}"
        raise ItemError(message)
