"""Notebooks in the Git source format: `notebook-content.py` text in, typed cells out, and back."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.notebook_sections import CellSection, at_line, read_sections
from fabric_ot.workbench.items.notebook_text import render_cell_text, render_markdown_text, render_meta
from fabric_ot.workbench.items.source_text import malformed, read_text

CellKind = Literal["code", "parameters", "markdown"]

CONTENT_FILES: dict[str, str] = {
    "notebook-content.py": "python",
    "notebook-content.sql": "sql",
    "notebook-content.scala": "scala",
    "notebook-content.r": "r",
}
TSQL_KERNEL = "sqldatawarehouse"
_LANGUAGE_PREFIXES = {"python": "#", "r": "#", "sql": "--", "scala": "//"}
_MAGIC = re.compile(r"%%?([A-Za-z]\w*)")


@dataclass(frozen=True)
class Cell:
    """One cell. `magic` is the name of the magic it starts with (`sql`, `run`, `configure`, `pip`), else None.

    `source` is what runs: MAGIC and markdown prefixes are gone, the magic line itself is kept.
    `options` holds what else META says (`frozen`, `editable`); `line` is the file's line of the first source line.
    """

    kind: CellKind
    source: str
    language: str
    magic: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    line: int = field(default=0, compare=False)

    @property
    def is_frozen(self) -> bool:
        """Frozen cells are skipped when the notebook runs."""
        return bool(self.options.get("frozen", False))

    @property
    def body(self) -> str:
        r"""The source without its `%%magic` line: the SQL of a `%%sql` cell.

        Example:
            >>> Cell("code", "%%sql\nSELECT 1", "sparksql", "sql").body
            'SELECT 1'
        """
        return self.source.partition("\n")[2] if self.source.startswith("%%") else self.source


@dataclass(frozen=True)
class Notebook:
    """A whole notebook; `language` is the file's (`python`, `sql`, `scala`, `r`), `kernel` None where META has none."""

    language: str
    kernel: str | None
    dependencies: Mapping[str, Any]
    cells: tuple[Cell, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, str]:
        """The names that the parameters cell assigns, each with its default as source text; none: an empty dict.

        Raises:
            ItemError: the cell is not Python that can be read.
        """
        cell = next((c for c in self.cells if c.kind == "parameters"), None)
        return _assignments(cell) if cell else {}


def load_notebook(folder: Path) -> Notebook:
    """Read the notebook item in `folder`.

    Raises:
        ItemError: there is not exactly one content file, or it is malformed (with line number).
    """
    found = [name for name in CONTENT_FILES if (folder / name).is_file()]
    if len(found) != 1:
        raise malformed(folder, f"needs exactly one of {list(CONTENT_FILES)}, found {found}.")
    path = folder / found[0]
    try:
        return parse_notebook(read_text(path), language=CONTENT_FILES[found[0]])
    except ItemError as exc:
        raise malformed(path, str(exc)) from exc


def parse_notebook(text: str, *, language: str | None = None) -> Notebook:
    r"""Read the text of one notebook; `language` defaults to what the comment prefix says.

    Raises:
        ItemError: a marker, META block or its JSON is malformed; the message starts with the line number.

    Example:
        >>> notebook = parse_notebook("# Fabric notebook source\n\n# CELL ********************\n\nx = 1\n")
        >>> notebook.language, notebook.cells[0].source
        ('python', 'x = 1')
    """
    sections = read_sections(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    meta = dict(sections.meta)
    kernel_info = _object(meta.pop("kernel_info", None), "kernel_info")
    kernel = kernel_info.get("name")
    rest = {k: v for k, v in kernel_info.items() if k != "name"}
    language = language or {"#": "python", "--": "sql", "//": "scala"}[sections.prefix]
    return Notebook(
        language=language,
        kernel=kernel,
        dependencies=_object(meta.pop("dependencies", None), "dependencies"),
        cells=tuple(_cell(section, language, kernel) for section in sections.cells),
        metadata={**meta, **({"kernel_info": rest} if rest else {})},
    )


def render_notebook(notebook: Notebook) -> str:
    """Return the canonical text: LF, blank lines around markers, one final newline.

    Raises:
        ItemError: a cell holds a line that would be read as a marker.
    """
    prefix = _LANGUAGE_PREFIXES[notebook.language]
    blocks = [f"{prefix} Fabric notebook source", render_meta(prefix, _notebook_meta(notebook))]
    for cell in notebook.cells:
        if cell.kind == "markdown":
            blocks.append(render_markdown_text(prefix, cell.source))
            continue
        marker = "PARAMETERS CELL" if cell.kind == "parameters" else "CELL"
        wrapped = cell.source.startswith("%%") or cell.language != _default_language(notebook.language, notebook.kernel)
        blocks.append(render_cell_text(prefix, marker, cell.source, wrapped=wrapped))
        group = _language_group(cell.language, notebook.kernel)
        blocks.append(render_meta(prefix, {"language": cell.language, "language_group": group, **cell.options}))
    return "\n\n".join(blocks) + "\n"


def _cell(section: CellSection, language: str, kernel: str | None) -> Cell:
    default = _default_language(language, kernel)
    if section.kind == "markdown":
        return Cell("markdown", section.source, "markdown", line=section.line)
    options = dict(section.meta)
    cell_language = str(options.pop("language", default))
    if options.get("language_group") == _language_group(cell_language, kernel):
        del options["language_group"]
    match = _MAGIC.match(section.source.lstrip())
    return Cell(section.kind, section.source, cell_language, match[1] if match else None, options, section.line)


def _object(value: Any, key: str) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise malformed("META", f"{key!r} must be an object, found {value!r}.")
    return value or {}


def _default_language(language: str, kernel: str | None) -> str:
    return "sparksql" if language == "sql" and kernel != TSQL_KERNEL else language


def _language_group(cell_language: str, kernel: str | None) -> str:
    if kernel == "jupyter" and cell_language == "python":
        return "jupyter_python"
    return TSQL_KERNEL if kernel == TSQL_KERNEL else "synapse_pyspark"


def _notebook_meta(notebook: Notebook) -> dict[str, Any]:
    rest = dict(notebook.metadata)
    kernel_info = {**({"name": notebook.kernel} if notebook.kernel else {}), **rest.pop("kernel_info", {})}
    meta: dict[str, Any] = {"kernel_info": kernel_info} if kernel_info else {}
    return {**meta, "dependencies": dict(notebook.dependencies), **rest}


def _assignments(cell: Cell) -> dict[str, str]:
    try:
        statements = ast.parse(cell.source).body
    except SyntaxError as exc:
        raise at_line(cell.line + (exc.lineno or 1) - 1, f"parameters cell: {exc.msg}.") from exc
    found: dict[str, str] = {}
    for statement in statements:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                found.update(_targets(target, statement.value, cell))
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            found.update(_targets(statement.target, statement.value, cell))
    return found


def _targets(target: ast.expr, value: ast.expr, cell: Cell) -> dict[str, str]:
    if isinstance(target, ast.Name):
        return {target.id: ast.get_source_segment(cell.source, value) or ast.unparse(value)}
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        pairs = zip(target.elts, value.elts, strict=True)
        return {name: text for t, v in pairs for name, text in _targets(t, v, cell).items()}
    raise at_line(
        cell.line + target.lineno - 1, "the parameters cell must assign plain names. Hint: write name = value."
    )
