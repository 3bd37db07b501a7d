"""A code cell cut into what runs as Python and what runs as a magic; other magics are refused by name."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fabric_ot.errors import NotebookError, NotSupportedError
from fabric_ot.workbench.items.notebook import Cell

_LINE_MAGIC = re.compile(r"^(?:%(?!%)|!)\s*(?P<word>[A-Za-z]\w*)?(?P<rest>.*)$")
_CELL_MAGIC = re.compile(r"^%%(?P<word>\w+)")
_BARE_PIP = re.compile(r"^pip3?\s+(install|uninstall|list|show|freeze)\b")

PartKind = Literal["python", "run", "sql", "configure"]


@dataclass(frozen=True)
class Part:
    """One piece of a cell; `line` counts from 1 within the cell."""

    kind: PartKind
    text: str
    line: int = 1


def cut_cell(cell: Cell) -> tuple[Part, ...]:
    """Return the parts of a cell in order.

    Raises:
        NotSupportedError: a language or magic that this machine does not run.
    """
    source = cell.source
    first = next((line for line in source.split("\n") if line.strip() and not line.lstrip().startswith("#")), "")
    match = _CELL_MAGIC.match(first)
    if match is not None:
        return _cell_magic(match["word"], source)
    if cell.language == "sparksql":
        return (Part("sql", source),)
    if cell.language != "python":
        message = f"cells in {cell.language!r} are not supported. Supported: python, sparksql."
        raise NotSupportedError(message)
    return (Part("python", source),) if _is_python(source) else _line_magics(source)


def referenced_notebook(text: str) -> str:
    """Return the notebook that a `%run` names.

    Raises:
        NotSupportedError: it names a file of the built-in resources, or passes parameters.

    Example:
        >>> referenced_notebook('"nb shared"')
        'nb shared'
    """
    words = shlex.split(text)
    if len(words) != 1 or words[0].startswith("-"):
        message = f"%run {text.strip()}: only `%run <notebook>` is supported. Hint: call notebookutils.notebook.run."
        raise NotSupportedError(message)
    return words[0]


def configuration(text: str) -> Mapping[str, Any]:
    """Return what a `%%configure` cell asks for.

    Raises:
        NotebookError: it is no JSON object.
        NotSupportedError: it changes the default lakehouse, which would change what later cells do.
    """
    try:
        document = json.loads(text or "{}")
    except json.JSONDecodeError as exc:
        message = f"%%configure: not JSON ({exc.msg}, line {exc.lineno})."
        raise NotebookError(message) from exc
    if not isinstance(document, dict):
        message = f"%%configure: a JSON object is needed, found {type(document).__name__}."
        raise NotebookError(message)
    if "defaultLakehouse" in document:
        message = "%%configure with defaultLakehouse is not supported. Hint: set it in the notebook's META."
        raise NotSupportedError(message)
    return document


def cut_statements(sql: str) -> list[str]:
    r"""Cut Spark SQL at semicolons that are outside of quotes and comments.

    Example:
        >>> cut_statements("SELECT ';' -- one;\n; SELECT 2;")
        ["SELECT ';' -- one;", 'SELECT 2']
    """
    token = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|;|.", re.DOTALL)
    statements = [""]
    for match in token.finditer(sql):
        if match[0] == ";":
            statements.append("")
        else:
            statements[-1] += match[0]
    return [statement.strip() for statement in statements if _has_sql(statement)]


def _has_sql(statement: str) -> bool:
    return bool(re.sub(r"--[^\n]*|/\*.*?\*/", "", statement, flags=re.DOTALL).strip())


def _cell_magic(word: str, source: str) -> tuple[Part, ...]:
    body_line = next(n for n, line in enumerate(source.split("\n")) if line.startswith("%%")) + 1
    body = "\n".join(source.split("\n")[body_line:])
    kinds: dict[str, PartKind] = {"sql": "sql", "configure": "configure", "pyspark": "python", "python": "python"}
    if word not in kinds:
        message = f"%%{word} is not supported. Supported: {', '.join('%%' + name for name in kinds)}."
        raise NotSupportedError(message)
    return (Part(kinds[word], body, body_line + 1),)


def _line_magics(source: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    pending: list[str] = []
    start = 1
    for n, line in enumerate(source.split("\n"), start=1):
        match = _LINE_MAGIC.match(line)
        if match is None and not _BARE_PIP.match(line):
            pending.append(line)
            continue
        if match is None or match["word"] != "run" or line.startswith("!"):
            message = f"{line.strip()[:60]!r} is not supported. Hint: put libraries into the Environment."
            raise NotSupportedError(message)
        parts += [Part("python", "\n".join(pending), start), Part("run", match["rest"], n)]
        pending, start = [], n + 1
    parts.append(Part("python", "\n".join(pending), start))
    return tuple(part for part in parts if part.kind != "python" or part.text.strip())


def _is_python(source: str) -> bool:
    try:
        compile(source, "<cell>", "exec", flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError:
        return not any(_LINE_MAGIC.match(line) or _BARE_PIP.match(line) for line in source.split("\n"))
    return True
