"""The sections of a notebook's text: marker lines cut it, META blocks describe it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.source_text import malformed

_FIRST_LINE = re.compile(r"(#|--|//) Fabric notebook source\s*")
_MARKER = re.compile(r"(METADATA|CELL|PARAMETERS CELL|MARKDOWN|ATTACHMENT) (\*+)\s*")
MARKER_STARS = 20
_KINDS: dict[str, Literal["code", "parameters", "markdown"]] = {
    "CELL": "code",
    "PARAMETERS CELL": "parameters",
    "MARKDOWN": "markdown",
}


@dataclass(frozen=True)
class CellSection:
    """One cell's unwrapped text, the line it starts on, and its META."""

    kind: Literal["code", "parameters", "markdown"]
    source: str
    line: int
    meta: dict[str, Any]


@dataclass(frozen=True)
class NotebookSections:
    """The comment prefix of the file, the META of the notebook, and the cells in order."""

    prefix: str
    meta: dict[str, Any]
    cells: tuple[CellSection, ...]


@dataclass(frozen=True)
class _Block:
    marker: str
    line: int
    lines: tuple[str, ...]


def read_sections(text: str) -> NotebookSections:
    """Cut `text` (LF line ends) at its markers.

    Raises:
        ItemError: the first line, a marker or a META block is malformed; the message starts with the line number.
    """
    lines = text.split("\n")
    first = _FIRST_LINE.fullmatch(lines[0])
    if first is None:
        raise malformed("line 1", f"must be '# Fabric notebook source' (--, //), found {lines[0][:60]!r}.")
    prefix = first[1]
    notebook_meta: dict[str, Any] | None = None
    cells: list[CellSection] = []
    has_meta = True
    for block in _blocks(lines, prefix):
        if block.marker != "METADATA":
            cells.append(_cell(block, prefix))
            has_meta = block.marker == "MARKDOWN"
        elif not cells and notebook_meta is None:
            notebook_meta = _meta(block, prefix)
        elif has_meta:
            raise at_line(block.line, "METADATA without a cell before it. Hint: one block after each cell.")
        else:
            cells[-1], has_meta = replace(cells[-1], meta=_meta(block, prefix)), True
    _refuse_second_parameters(cells)
    return NotebookSections(prefix, notebook_meta or {}, tuple(cells))


def is_marker(line: str, prefix: str) -> bool:
    """Say whether `line` would be read as a marker, well-formed or not."""
    return line.startswith(f"{prefix} ") and _MARKER.fullmatch(line[len(prefix) + 1 :]) is not None


def at_line(line: int, problem: str) -> ItemError:
    """Return the error for `problem` in line `line` (from 1) of a notebook's text.

    Example:
        >>> str(at_line(7, "META is not JSON."))
        'line 7: META is not JSON.'
    """
    return malformed(f"line {line}", problem)


def _blocks(lines: list[str], prefix: str) -> Iterator[_Block]:
    marks = [n for n, line in enumerate(lines) if is_marker(line, prefix)]
    for n, line in enumerate(lines[1 : marks[0] if marks else None], start=2):
        if line.strip():
            raise at_line(n, f"text before the first marker: {line[:60]!r}.")
    for mark, end in zip(marks, [*marks[1:], len(lines)], strict=True):
        match = _MARKER.fullmatch(lines[mark][len(prefix) + 1 :])
        if match is None or len(match[2]) != MARKER_STARS:
            found = len(match[2]) if match else 0
            raise at_line(mark + 1, f"a marker needs exactly {MARKER_STARS} asterisks, found {found}.")
        if match[1] == "ATTACHMENT":
            raise at_line(mark + 1, "ATTACHMENT sections are not supported. Hint: link the image instead.")
        yield _Block(match[1], mark + 1, tuple(lines[mark + 1 : end]))


def _cell(block: _Block, prefix: str) -> CellSection:
    kept = list(block.lines)
    while kept and not kept[-1].strip():
        kept.pop()
    blank = next((n for n, line in enumerate(kept) if line.strip()), 0)
    kept = kept[blank:]
    word = "" if block.marker == "MARKDOWN" else " MAGIC"
    wrap = re.compile(rf"{re.escape(prefix)}{word}( (?P<text>.*))?")
    matches = [wrap.fullmatch(line) for line in kept]
    if word == "" or all(match or not line for match, line in zip(matches, kept, strict=True)):
        kept = [(match["text"] or "") if match else line for match, line in zip(matches, kept, strict=True)]
    return CellSection(_KINDS[block.marker], "\n".join(kept), block.line + 1 + blank, {})


def _meta(block: _Block, prefix: str) -> dict[str, Any]:
    mark = f"{prefix} META"
    body: list[str] = []
    for n, line in enumerate(block.lines, start=block.line + 1):
        if not line.strip():
            body.append("")
        elif line == mark or line.startswith(mark + " "):
            body.append(line[len(mark) :])
        else:
            raise at_line(n, f"expected '{mark} ...', found {line[:60]!r}.")
    try:
        document = json.loads("\n".join(body))
    except json.JSONDecodeError as exc:
        raise at_line(block.line + exc.lineno, f"META is not JSON ({exc.msg}).") from exc
    if not isinstance(document, dict):
        raise at_line(block.line + 1, f"META must be a JSON object, found {type(document).__name__}.")
    return document


def _refuse_second_parameters(cells: list[CellSection]) -> None:
    marked = [cell for cell in cells if cell.kind == "parameters"]
    if len(marked) > 1:
        raise at_line(marked[1].line, "a second PARAMETERS CELL. Hint: a notebook has at most one.")
