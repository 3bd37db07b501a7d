"""The canonical text of a notebook's sections."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fabric_ot.workbench.items.notebook_sections import MARKER_STARS, is_marker
from fabric_ot.workbench.items.source_text import malformed


def render_meta(prefix: str, document: Mapping[str, Any]) -> str:
    """Return a METADATA section, as Fabric writes it: JSON with two spaces, each line prefixed.

    Example:
        >>> print(render_meta("#", {"language": "python"}))
        # METADATA ********************
        <BLANKLINE>
        # META {
        # META   "language": "python"
        # META }
    """
    lines = json.dumps(document, indent=2, ensure_ascii=False).split("\n")
    return _section(prefix, "METADATA", "\n".join(f"{prefix} META {line}" for line in lines))


def render_markdown_text(prefix: str, source: str) -> str:
    """Return a MARKDOWN section."""
    return _section(prefix, "MARKDOWN", _prefixed(prefix, source))


def render_cell_text(prefix: str, marker: str, source: str, *, wrapped: bool) -> str:
    """Return a CELL or PARAMETERS CELL section; `wrapped` puts MAGIC before each line.

    Raises:
        ItemError: a line of `source` would be read as a marker.
    """
    if wrapped:
        return _section(prefix, marker, _prefixed(f"{prefix} MAGIC", source))
    taken = [line for line in source.split("\n") if is_marker(line, prefix)]
    if taken:
        raise malformed("render_notebook", f"a cell holds the line {taken[0]!r}, which is a marker. Hint: reword it.")
    return _section(prefix, marker, source)


def _section(prefix: str, marker: str, body: str) -> str:
    return f"{prefix} {marker} {'*' * MARKER_STARS}\n\n{body}"


def _prefixed(prefix: str, source: str) -> str:
    # Blank lines keep the blank behind the prefix: Fabric writes them so, and the next commit from it stays empty.
    return "\n".join(f"{prefix} {line}" for line in source.split("\n"))
