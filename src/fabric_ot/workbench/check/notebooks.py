"""Notebooks: readable, thin, and consistent with what they say about themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from fabric_ot.errors import ItemError
from fabric_ot.workbench.check.problem import Finding, load_each, reading_problems
from fabric_ot.workbench.items.notebook import TSQL_KERNEL, Cell, Notebook, load_notebook
from fabric_ot.workbench.items.platform import ZERO_GUID
from fabric_ot.workbench.items.repository import Item, Repository

MAX_CODE_CELLS = 5
MAX_CODE_LINES = 25
BANNED: dict[str, str] = {
    r"^\s*[%!]\s*pip\b|^\s*%%?pip\b": "%pip starts a slow install at every run; list the package in the Environment",
    r"^\s*%run\b": "%run hides what a notebook depends on; import it from the wheel",
    r"\.withColumns?(Renamed)?\b": "withColumn is transformation code; put it into fabric_ot.transforms",
}
"""Pattern of a line, and why it must not be in a notebook."""

_MAGIC_LANGUAGES = {"sql": "sparksql", "pyspark": "python", "spark": "scala", "sparkr": "r", "tsql": "sql"}
_KERNEL_GROUPS = {"synapse_pyspark": "synapse_pyspark", "jupyter": "jupyter_python", TSQL_KERNEL: TSQL_KERNEL}


def notebooks_read(repository: Repository) -> Iterator[Finding]:
    """Markers of exactly 20 asterisks and META that is JSON: otherwise Fabric drops or refuses the cells."""
    yield from reading_problems(repository.of_type("Notebook"), _load_with_parameters)


def notebooks_are_thin(repository: Repository) -> Iterator[Finding]:
    """What a notebook holds is neither imported nor unit-tested: it has parameters, one import, one call."""
    for folder, notebook in _notebooks(repository):
        cells = _code(notebook)
        lines = sum(len(_code_lines(cell)) for cell in cells)
        if len(cells) > MAX_CODE_CELLS:
            yield folder, f"has {len(cells)} code cells, at most {MAX_CODE_CELLS}. Hint: move code into fabric_ot.jobs."
        if lines > MAX_CODE_LINES:
            yield folder, f"has {lines} code lines, at most {MAX_CODE_LINES}. Hint: move code into fabric_ot.jobs."


def notebooks_use_no_banned_words(repository: Repository) -> Iterator[Finding]:
    """Installs, `%run` and column code do not belong into a notebook."""
    for folder, notebook in _notebooks(repository):
        for cell in _code(notebook):
            for n, line in enumerate(cell.source.split("\n")):
                for pattern, reason in BANNED.items():
                    if re.search(pattern, line):
                        yield folder, f"line {cell.line + n}: {reason}."


def notebook_languages_agree(repository: Repository) -> Iterator[Finding]:
    """Fabric runs a cell by its META language; the magic that a person reads must say the same."""
    for folder, notebook in _notebooks(repository):
        for cell in _code(notebook):
            said = _MAGIC_LANGUAGES.get(cell.magic or "") if cell.source.startswith("%%") else None
            if said and said != cell.language:
                yield folder, f"line {cell.line}: %%{cell.magic} but META says language {cell.language!r}."
            group = cell.options.get("language_group")
            expected = _KERNEL_GROUPS.get(notebook.kernel or "")
            if group and expected and group != expected:
                yield folder, f"line {cell.line}: language_group {group!r} does not fit kernel {notebook.kernel!r}."


def notebook_code_compiles(repository: Repository) -> Iterator[Finding]:
    """A syntax error would otherwise show up only when the pipeline runs."""
    for folder, notebook in _notebooks(repository):
        for cell in _code(notebook):
            if cell.language != "python" or cell.source.startswith("%%"):
                continue
            source = re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", cell.source)
            try:
                compile(source, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
            except SyntaxError as error:
                yield folder, f"line {cell.line + (error.lineno or 1) - 1}: {error.msg}."


def notebooks_name_their_environment(repository: Repository) -> Iterator[Finding]:
    """`import fabric_ot` works in Fabric only through the Environment that carries the wheel."""
    for folder, notebook in _notebooks(repository):
        uses_wheel = any(re.search(r"(?m)^\s*(from|import) fabric_ot\b", cell.source) for cell in _code(notebook))
        if uses_wheel and not notebook.dependencies.get("environment"):
            yield folder, "imports fabric_ot but META names no environment. Hint: add the logicalId of ot_runtime."


def notebook_references_resolve(repository: Repository) -> Iterator[Finding]:
    """Environment, lakehouse and warehouse in META: a logicalId that exists in this workspace, never a raw id."""
    for item, notebook in load_each(repository.of_type("Notebook"), load_notebook):
        for key, item_id, workspace_id, type_ in _references(notebook):
            message = _reference_problem(repository, item, item_id, workspace_id, type_)
            if message:
                yield item.folder, f"META {key}: {message}"


def _references(notebook: Notebook) -> Iterator[tuple[str, str, str, str]]:
    for section, key, workspace_key, type_ in (
        ("environment", "environmentId", "workspaceId", "Environment"),
        ("warehouse", "default_warehouse", "", "Warehouse"),
        ("lakehouse", "default_lakehouse", "default_lakehouse_workspace_id", "Lakehouse"),
    ):
        named = notebook.dependencies.get(section)
        if isinstance(named, dict) and named.get(key):
            yield key, str(named[key]), str(named.get(workspace_key, ZERO_GUID)), type_


def _reference_problem(repository: Repository, owner: Item, item_id: str, workspace_id: str, type_: str) -> str | None:
    if workspace_id != ZERO_GUID:
        return f"workspace {workspace_id} breaks between stages. Hint: all zeros, or ask notebookutils for paths."
    try:
        item = repository.by_logical_id(item_id)
    except ItemError:
        return f"{item_id!r} is the logicalId of no item. Hint: take it from the .platform of a {type_}."
    if item.type != type_:
        return f"names {item.display_name}, a {item.type}; needs a {type_}."
    if item.layer not in (None, owner.layer):
        return f"names {item.display_name}, which is in {item.layer}."
    return None


def _load_with_parameters(folder: Path) -> dict[str, str]:
    return load_notebook(folder).parameters


def _notebooks(repository: Repository) -> Iterator[tuple[Path, Notebook]]:
    for item, notebook in load_each(repository.of_type("Notebook"), load_notebook):
        yield item.folder, notebook


def _code(notebook: Notebook) -> list[Cell]:
    return [cell for cell in notebook.cells if cell.kind != "markdown"]


def _code_lines(cell: Cell) -> list[str]:
    lines = [line.strip() for line in cell.source.split("\n")]
    return [line for line in lines if line and not line.startswith("#")]
