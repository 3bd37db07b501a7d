"""A report as one HTML file that needs nothing else: every value as the engine gives it."""

from __future__ import annotations

from html import escape
from importlib import resources
from pathlib import Path

from fabric_ot.workbench.items.report import Page, Report, Visual
from fabric_ot.workbench.items.semantic_model import SemanticModel
from fabric_ot.workbench.local.dax import DaxEngine
from fabric_ot.workbench.local.preview.visual_data import load_visual, refuse_broken_fields
from fabric_ot.workbench.local.preview.visuals import visual_html

_TRACKS = 48
_LABEL = "preview of values, not of appearance"


def render_report(report: Report, model: SemanticModel, engine: DaxEngine, out: Path, *, caption: str = "") -> Path:
    """Write the preview of `report` to the file `out` and return it; `caption` says which data it shows.

    Raises:
        ItemError: a visual refers to a column or measure that the model does not have (all of them are listed).
        NotSupportedError: a visual of a type that is not drawn, or a measure that the engine refuses.
    """
    refuse_broken_fields(report.pages, model, report.name)
    sections = "".join(_section(page, model, engine) for page in report.pages)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(_document(report, model, sections, caption), encoding="utf-8")
    return out


def _document(report: Report, model: SemanticModel, sections: str, caption: str) -> str:
    css = resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    name = escape(_readable(report.name))
    told = f"<p>{escape(caption)}</p>" if caption else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name}</title>\n<style>\n{css}</style>\n</head>\n<body>\n"
        f'<header><h1>{name}</h1>{told}<p><span class="badge">{_LABEL}</span></p></header>\n'
        f"<main>{sections}</main>\n"
        f"<footer><p>Semantic model {escape(model.name)}: {len(model.tables)} tables, {len(model.measures)} measures. "
        "Ratios are ratios of sums at every level.</p></footer>\n</body>\n</html>\n"
    )


def _readable(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _section(page: Page, model: SemanticModel, engine: DaxEngine) -> str:
    boxes = "".join(
        f'<article class="visual" id="{escape(f"{page.name}-{visual.name}", quote=True)}" '
        f'style="{_place(page, visual)}">{visual_html(load_visual(visual, model, engine))}</article>\n'
        for visual in page.visuals
    )
    body = boxes or '<p class="none">no data</p>'
    return f'<section><h2>{escape(page.display_name)}</h2><div class="page">\n{body}</div></section>\n'


def _place(page: Page, visual: Visual) -> str:
    """Return the grid area of a visual: its columns by position, its rows by what stands above and beside it."""
    at = visual.position
    start = min(other.position.x for other in page.visuals)
    end = max(other.position.x + other.position.width for other in page.visuals)
    per_track = (end - start) / _TRACKS
    left = round((at.x - start) / per_track) + 1
    right = max(round((at.x + at.width - start) / per_track) + 1, left + 1)
    tops = sorted({other.position.y for other in page.visuals})
    above = sum(top <= at.y for top in tops)
    below = sum(top < at.y + at.height for top in tops)
    return f"grid-column: {left} / {right}; grid-row: {above} / {below + 1}"
