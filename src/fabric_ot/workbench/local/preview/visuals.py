"""One visual as HTML: what it shows, and its data as a table to open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.local.dax.context import Scalar
from fabric_ot.workbench.local.preview.chart_data import to_chart_data
from fabric_ot.workbench.local.preview.charts import bars, columns, legend
from fabric_ot.workbench.local.preview.visual_data import BoundField, VisualData

_NO_DATA = '<p class="none">no data</p>'
_TITLE_ROOM, _LEGEND_ROOM, _SIDE_ROOM = 62.0, 22.0, 30.0
_LEAST_HEIGHT = 120.0


def visual_html(data: VisualData) -> str:
    """Return the inside of one visual's box.

    Raises:
        NotSupportedError: the visual's type is not drawn here.
    """
    draw = _DRAWERS.get(data.visual.type)
    if draw is None:
        message = f"visual {data.visual.name!r}: the type {data.visual.type!r} is not drawn; known: {sorted(_DRAWERS)}"
        raise NotSupportedError(message)
    return f"<h3>{escape(data.visual.title or data.visual.name)}</h3>{draw(data)}"


def table_html(data: VisualData) -> str:
    """Return all rows as a table; each cell carries the exact value beside the formatted one."""
    heads = "".join(f"<th{_align(bound)}>{escape(bound.field.label)}</th>" for bound in data.fields)
    body = "".join(f"<tr>{''.join(_cell(bound, row) for bound in data.fields)}</tr>" for row in data.rows)
    total = _total_row(data) if data.total else ""
    return f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{body}{total}</tbody></table></div>'


def _align(bound: BoundField) -> str:
    return ' class="number"' if bound.is_measure else ""


def _cell(bound: BoundField, row: Mapping[str, Scalar]) -> str:
    exact = escape(str("" if row[bound.key] is None else row[bound.key]), quote=True)
    return f'<td{_align(bound)}><data value="{exact}">{escape(bound.text(row))}</data></td>'


def _total_row(data: VisualData) -> str:
    first = next((bound for bound in data.fields if not bound.is_measure), None)
    cells = "".join(
        _cell(bound, data.total or {}) if bound.is_measure else f"<td>{'Total' if bound is first else ''}</td>"
        for bound in data.fields
    )
    return f'<tr class="total">{cells}</tr>'


def _details(data: VisualData) -> str:
    count = f"{len(data.rows)} row{'' if len(data.rows) == 1 else 's'}"
    return f"<details><summary>Data ({count})</summary>{table_html(data)}</details>"


def _card(data: VisualData) -> str:
    parts = []
    for bound in data.fields:
        shown = [bound.text(row) for row in data.rows if row[bound.key] is not None]
        value = f'<div class="big">{escape(shown[0])}</div>' if len(shown) == 1 else _NO_DATA
        parts.append(f'{value}<div class="hint">{escape(bound.description)}</div>')
    return "".join(parts) + _details(data)


def _slicer(data: VisualData) -> str:
    if not data.rows:
        return _NO_DATA
    chips = "".join(
        f"<li>{escape(' · '.join(bound.text(row) for bound in data.fields))}</li>"
        for row in data.rows
        if any(row[bound.key] is not None for bound in data.fields)
    )
    return f'<ul class="chips">{chips}</ul><div class="hint">all selected</div>' + _details(data)


def _table(data: VisualData) -> str:
    return table_html(data) if data.rows else _NO_DATA


def _chart(draw: Callable[..., str], *, stacked: bool) -> Callable[[VisualData], str]:
    def drawer(data: VisualData) -> str:
        if not data.rows:
            return _NO_DATA
        chart = to_chart_data(data)
        place = data.visual.position
        height = place.height - _TITLE_ROOM - (_LEGEND_ROOM if len(chart.series) > 1 else 0)
        picture = draw(
            chart,
            width=max(place.width - _SIDE_ROOM, 200.0),
            height=max(height, _LEAST_HEIGHT),
            stacked=stacked,
            label=data.visual.title or data.visual.name,
        )
        return legend(chart) + picture + _details(data)

    return drawer


_DRAWERS: dict[str, Callable[[VisualData], str]] = {
    "card": _card,
    "slicer": _slicer,
    "tableEx": _table,
    "barChart": _chart(bars, stacked=True),
    "clusteredBarChart": _chart(bars, stacked=False),
    "columnChart": _chart(columns, stacked=True),
    "clusteredColumnChart": _chart(columns, stacked=False),
}
