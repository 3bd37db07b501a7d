"""Rows of a visual as categories and series: what a chart draws."""

from __future__ import annotations

from dataclasses import dataclass

from fabric_ot.contracts.roles import TIME_CATEGORIES
from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.local.dax.context import Scalar
from fabric_ot.workbench.local.preview.formats import format_value
from fabric_ot.workbench.local.preview.visual_data import BoundField, VisualData


@dataclass(frozen=True)
class Series:
    """One color of a chart: a value per category, None where there is none."""

    name: str
    values: tuple[float | None, ...]
    format_string: str

    def text(self, index: int) -> str:
        """Return one value as a reader sees it."""
        return format_value(self.values[index], self.format_string)


@dataclass(frozen=True)
class ChartData:
    """Categories along one axis, series drawn side by side or stacked."""

    categories: tuple[str, ...]
    series: tuple[Series, ...]

    @property
    def is_percentage(self) -> bool:
        """Ratios get an axis that reaches 100 %."""
        return all("%" in series.format_string for series in self.series)


def to_chart_data(data: VisualData) -> ChartData:
    """Arrange the roles Category, Series and Y.

    Raises:
        NotSupportedError: a role that charts here do not draw, or several measures beside a Series field.
    """
    unknown = sorted(set(data.visual.roles) - {"Category", "Series", "Y"})
    category, split, measures = data.of_role("Category"), data.of_role("Series"), data.of_role("Y")
    if unknown or (split and len(measures) != 1) or not measures:
        message = (
            f"visual {data.visual.name!r} of type {data.visual.type}: charts draw Category, Series and Y, one Y beside "
            f"Series; found { {role: len(fields) for role, fields in data.visual.roles.items()} }"
        )
        raise NotSupportedError(message)
    categories = tuple(dict.fromkeys(_label(category, row) for row in data.rows))
    if split:
        names = sorted({_label(split, row) for row in data.rows}, key=_series_rank)
        series = tuple(_series(name, data, category, measures[0], split) for name in names)
    else:
        series = tuple(_series(measure.field.label, data, category, measure, ()) for measure in measures)
    return _by_total(ChartData(categories, series), data)


def _series(
    name: str, data: VisualData, category: tuple[BoundField, ...], measure: BoundField, split: tuple[BoundField, ...]
) -> Series:
    values: dict[str, float | None] = {}
    for row in data.rows:
        if not split or _label(split, row) == name:
            values[_label(category, row)] = _number(row[measure.key], data)
    categories = dict.fromkeys(_label(category, row) for row in data.rows)
    return Series(name, tuple(values.get(label) for label in categories), measure.format_string)


def _series_rank(name: str) -> tuple[int, str]:
    """Time categories stand in the order of their contract, from production to unqualified; others by name."""
    known = name in TIME_CATEGORIES
    return (TIME_CATEGORIES.index(name) if known else len(TIME_CATEGORIES), name)


def _by_total(chart: ChartData, data: VisualData) -> ChartData:
    """A stacked chart ordered by its measure is ordered by each category's total."""
    measures = {bound.field.name for bound in data.of_role("Y")}
    sort = next((sort for sort in data.visual.sort if sort.name in measures), None)
    if sort is None or not data.of_role("Series"):
        return chart
    totals = [sum(series.values[i] or 0 for series in chart.series) for i in range(len(chart.categories))]
    order = sorted(range(len(totals)), key=lambda i: totals[i], reverse=sort.is_descending)
    return ChartData(
        tuple(chart.categories[i] for i in order),
        tuple(Series(s.name, tuple(s.values[i] for i in order), s.format_string) for s in chart.series),
    )


def _label(fields: tuple[BoundField, ...], row: dict[str, Scalar]) -> str:
    return " · ".join(field.text(row) for field in fields) or "all"


def _number(value: Scalar, data: VisualData) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    message = f"visual {data.visual.name!r}: a chart cannot draw {value!r}"
    raise NotSupportedError(message)
