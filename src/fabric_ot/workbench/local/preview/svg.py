"""Small pieces of SVG, and axes with round steps. All text is escaped here."""

from __future__ import annotations

import math
from html import escape

TEXT_WIDTH = 6.6
"""Width of an average character at the chart's font size."""

NOTHING = "\N{EN DASH}"
"""Stands where a value is BLANK."""

_NAMED_COLORS = {
    "production": 3, "Good Quantity": 3, "setup": 1, "idle": 2, "unplanned_down": 4, "DOWN": 4, "Scrap Quantity": 4,
    "planned_down": 5, "unqualified": 8, "NO_SIGNAL": 8,
    "setup_loss": 1, "idle_loss": 2, "other_stop_loss": 3, "unplanned_down_loss": 4, "planned_down_loss": 5,
    "quality_loss": 6, "speed_loss": 7, "unqualified_loss": 8,
}  # fmt: skip
_COLORS = (1, 2, 3, 5, 6, 7, 4)


def color_class(name: str, number: int) -> str:
    """Return the CSS class of a series: well-known names keep their color, others take the next one.

    Example:
        >>> color_class("unplanned_down", 0), color_class("Line 1", 0)
        ('c4', 'c1')
    """
    return f"c{_NAMED_COLORS.get(name, _COLORS[number % len(_COLORS)])}"


def text(x: float, y: float, content: str, *, anchor: str = "start", style: str = "") -> str:
    """Return a text element; `anchor` is start, middle or end."""
    kind = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{escape(content)}</text>'


def upright(x: float, y: float, content: str, *, anchor: str, style: str) -> str:
    """Return a text turned to read from bottom to top, centered on `x`."""
    return (
        f'<text transform="translate({x + 4:.1f} {y:.1f}) rotate(-90)" text-anchor="{anchor}" '
        f'class="{style}">{escape(content)}</text>'
    )


def bar(x: float, y: float, width: float, height: float, *, style: str, tooltip: str) -> str:
    """Return a rectangle that tells its value when pointed at; a hair of width remains visible."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{max(height, 0.5):.1f}" '
        f'class="{style}"><title>{escape(tooltip)}</title></rect>'
    )


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """Return a straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


def drawing(width: float, height: float, parts: list[str], label: str) -> str:
    """Return a whole drawing that scales with its box and has a name for screen readers."""
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(label, quote=True)}">'
        f"{''.join(parts)}</svg>"
    )


def shorten(content: str, width: float) -> str:
    """Return `content` cut to a width, with an ellipsis.

    Example:
        >>> shorten("Palletizer north", 60)
        'Palleti…'
    """
    room = max(int(width / TEXT_WIDTH), 2)
    return content if len(content) <= room else content[: room - 2] + "…"


def ticks(greatest: float, *, wanted: int = 5) -> list[float]:
    """Return round axis steps from 0 that reach `greatest`.

    Example:
        >>> ticks(0.93), ticks(17)
        ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 5.0, 10.0, 15.0, 20.0])
    """
    if greatest <= 0 or not math.isfinite(greatest):
        return [0.0, 1.0]
    raw = greatest / wanted
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw * (1 - 1e-9))
    count = math.ceil(greatest / step - 1e-9)
    return [round(i * step, 10) for i in range(count + 1)]
