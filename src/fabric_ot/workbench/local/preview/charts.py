"""Bar and column charts, side by side or stacked, as SVG."""

from __future__ import annotations

from html import escape

from fabric_ot.workbench.local.preview import svg
from fabric_ot.workbench.local.preview.chart_data import ChartData
from fabric_ot.workbench.local.preview.formats import format_value

_TOP, _AXIS, _VALUE_ROOM = 8.0, 26.0, 64.0
_LEAST_BAND = 24.0
_ROUND = 1e-6


def legend(chart: ChartData) -> str:
    """Return the names of the series with their colors; nothing where there is only one."""
    if len(chart.series) < 2:
        return ""
    items = (
        f'<li><svg viewBox="0 0 10 10" class="key"><rect width="10" height="10" rx="2" '
        f'class="{svg.color_class(series.name, n)}"/></svg>{escape(series.name)}</li>'
        for n, series in enumerate(chart.series)
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def bars(chart: ChartData, *, width: float, height: float, stacked: bool, label: str) -> str:
    """Draw categories from top to bottom."""
    longest = max(len(category) for category in chart.categories)
    left = min(max(longest * svg.TEXT_WIDTH + 20, 60), width * 0.44)
    count = len(chart.categories)
    height = max(height, _TOP + _AXIS + count * _LEAST_BAND * (1 if stacked else len(chart.series)))
    steps = _steps(chart, stacked=stacked, wanted=int((width - left - _VALUE_ROOM) / 64))
    scale = (width - left - _VALUE_ROOM) / steps[-1]
    band = (height - _TOP - _AXIS) / count
    parts = [part for step in steps for part in _vertical_grid(chart, left + step * scale, step, height)]
    for i, category in enumerate(chart.categories):
        y = _TOP + i * band
        parts.append(svg.text(left - 8, y + band / 2 + 4, svg.shorten(category, left - 10), anchor="end"))
        parts += (_stacked_row if stacked else _grouped_row)(chart, i, (left, y, scale, band))
    return svg.drawing(width, height, parts, label)


def columns(chart: ChartData, *, width: float, height: float, stacked: bool, label: str) -> str:
    """Draw categories from left to right."""
    steps = _steps(chart, stacked=stacked, wanted=int((height - _AXIS) / 36))
    left = max(len(_tick(chart, step)) for step in steps) * svg.TEXT_WIDTH + 12
    bottom = height - _AXIS
    scale = (bottom - _TOP - 14) / steps[-1]
    band = (width - left - 8) / len(chart.categories)
    parts: list[str] = []
    for step in steps:
        y = bottom - step * scale
        parts += [svg.line(left, y, width - 8, y, "grid"), svg.text(left - 6, y + 4, _tick(chart, step), anchor="end")]
    for i, category in enumerate(chart.categories):
        x = left + i * band
        parts.append(svg.text(x + band / 2, height - 8, svg.shorten(category, band - 2), anchor="middle"))
        parts += (_stacked_column if stacked else _grouped_columns)(chart, i, (x, bottom, scale, band))
    return svg.drawing(width, height, parts, label)


_Place = tuple[float, float, float, float]
"""Origin x and y, units per value, and the room that one category has."""


def _grouped_row(chart: ChartData, index: int, place: _Place) -> list[str]:
    left, y, scale, band = place
    thickness = band * 0.72 / len(chart.series)
    parts: list[str] = []
    for n, series in enumerate(chart.series):
        value, top = series.values[index], y + band * 0.14 + n * thickness
        if value is not None:
            tooltip = f"{chart.categories[index]}, {series.name}: {series.text(index)}"
            style = svg.color_class(series.name, n)
            parts.append(svg.bar(left, top, value * scale, thickness - 1, style=style, tooltip=tooltip))
        label = series.text(index) if value is not None else svg.NOTHING
        parts.append(svg.text(left + max(value or 0, 0) * scale + 6, top + thickness / 2 + 4, label, style="value"))
    return parts


def _stacked_row(chart: ChartData, index: int, place: _Place) -> list[str]:
    left, y, scale, band = place
    parts: list[str] = []
    x, thickness = left, band * 0.72
    for n, series in enumerate(chart.series):
        value = series.values[index] or 0
        if value <= 0:
            continue
        tooltip = f"{chart.categories[index]}, {series.name}: {series.text(index)}"
        style = svg.color_class(series.name, n)
        parts.append(svg.bar(x, y + band * 0.14, value * scale, thickness, style=style, tooltip=tooltip))
        if value * scale > len(series.text(index)) * svg.TEXT_WIDTH + 6:
            middle = x + value * scale / 2
            parts.append(svg.text(middle, y + band / 2 + 4, series.text(index), anchor="middle", style=f"on-{style}"))
        x += value * scale
    parts.append(svg.text(x + 6, y + band / 2 + 4, _total(chart, index), style="value"))
    return parts


def _grouped_columns(chart: ChartData, index: int, place: _Place) -> list[str]:
    x, bottom, scale, band = place
    width = band * 0.8 / len(chart.series)
    parts: list[str] = []
    for n, series in enumerate(chart.series):
        value, left = series.values[index], x + band * 0.1 + n * width
        height, style = max(value or 0, 0) * scale, svg.color_class(series.name, n)
        if value is not None:
            tooltip = f"{chart.categories[index]}, {series.name}: {series.text(index)}"
            parts.append(svg.bar(left, bottom - height, width - 2, height, style=style, tooltip=tooltip))
        label = series.text(index) if value is not None else svg.NOTHING
        parts.append(_column_label(label, left + width / 2 - 1, bottom - height, (width, height), f"on-{style}"))
    return parts


def _column_label(label: str, x: float, top: float, size: tuple[float, float], inside: str) -> str:
    """A label stands above its column; where columns are narrow it stands upright inside, or above a short one."""
    needed = len(label) * svg.TEXT_WIDTH
    if needed <= size[0] + 4:
        return svg.text(x, top - 4, label, anchor="middle", style="value")
    if size[1] > needed + 12:
        return svg.upright(x, top + 7, label, anchor="end", style=inside)
    return svg.upright(x, top - 4, label, anchor="start", style="value")


def _stacked_column(chart: ChartData, index: int, place: _Place) -> list[str]:
    x, bottom, scale, band = place
    parts: list[str] = []
    width = min(band * 0.64, 90.0)
    left, y = x + (band - width) / 2, bottom
    for n, series in enumerate(chart.series):
        height = max(series.values[index] or 0, 0) * scale
        if height <= 0:
            continue
        y -= height
        tooltip = f"{chart.categories[index]}, {series.name}: {series.text(index)}"
        style = svg.color_class(series.name, n)
        parts.append(svg.bar(left, y, width, height, style=style, tooltip=tooltip))
        if height > 16 and width > len(series.text(index)) * svg.TEXT_WIDTH:
            middle = y + height / 2 + 4
            parts.append(svg.text(x + band / 2, middle, series.text(index), anchor="middle", style=f"on-{style}"))
    parts.append(svg.text(x + band / 2, y - 4, _total(chart, index), anchor="middle", style="value"))
    return parts


def _vertical_grid(chart: ChartData, x: float, step: float, height: float) -> list[str]:
    axis = svg.text(x, height - 8, _tick(chart, step), anchor="middle")
    return [svg.line(x, _TOP, x, height - _AXIS + 4, "grid"), axis]


def _steps(chart: ChartData, *, stacked: bool, wanted: int) -> list[float]:
    greatest = 1.0 if chart.is_percentage and not stacked else 0.0
    for i in range(len(chart.categories)):
        values = [max(series.values[i] or 0.0, 0.0) for series in chart.series]
        greatest = max(greatest, sum(values) if stacked else max(values))
    return svg.ticks(greatest, wanted=min(max(wanted, 2), 6))


def _tick(chart: ChartData, step: float) -> str:
    if chart.is_percentage:
        return format_value(step, "0 %" if abs(step * 100 - round(step * 100)) < _ROUND else "0.0 %")
    return format_value(step, "#,0" if step == int(step) else "")


def _total(chart: ChartData, index: int) -> str:
    values = [series.values[index] for series in chart.series if series.values[index] is not None]
    return (
        format_value(sum(v for v in values if v is not None), chart.series[0].format_string) if values else svg.NOTHING
    )
