"""One run of one notebook: its namespace, its cells in order, and errors that say where they happened."""

from __future__ import annotations

import ast
import asyncio
import inspect
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fabric_ot.errors import NotebookError, NotSupportedError
from fabric_ot.workbench.items.notebook import Cell, Notebook
from fabric_ot.workbench.local.notebooks.cell_parts import (
    Part,
    configuration,
    cut_cell,
    cut_statements,
    referenced_notebook,
)
from fabric_ot.workbench.local.notebooks.display import Display
from fabric_ot.workbench.local.notebooks.parameters import assignment_source
from fabric_ot.workbench.local.notebooks.spark_sql import register_tables, run_statements

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

_MAX_REFERENCES = 10

LoadNotebook = Callable[[str], Notebook]
"""Gives the notebook of this name in the same workspace."""


class Execution:
    """The state of a run: everything that cells share."""

    def __init__(
        self,
        spark: SparkSession,
        names: Mapping[str, Any],
        *,
        load: LoadNotebook,
        lakehouse_tables: Callable[[], Mapping[tuple[str, str], Path]],
    ) -> None:
        """Start with an empty namespace beside `names` (`notebookutils` and its like)."""
        self.display = Display()
        self.configured: list[Mapping[str, Any]] = []
        self.cells_run = 0
        self._spark = spark
        self._load = load
        self._lakehouse_tables = lakehouse_tables
        self._depth = 0
        self.namespace: dict[str, Any] = {"__name__": "__main__", "spark": spark, "display": self.display, **names}

    def run(self, name: str, notebook: Notebook, values: Mapping[str, Any]) -> None:
        """Run the cells of a notebook with parameters set right after its parameters cell.

        Raises:
            NotebookError: a cell failed; the message names notebook, cell, line and the error.
        """
        if notebook.language != "python" and any(cell.kind != "markdown" for cell in notebook.cells):
            message = f"{name}: notebooks in {notebook.language!r} are not supported. Supported: python."
            raise NotSupportedError(message)
        code = [cell for cell in notebook.cells if cell.kind != "markdown"]
        injected = Cell("code", assignment_source(values), "python") if values else None
        if injected and not any(cell.kind == "parameters" for cell in code):
            self._run_cell(f"{name}, injected parameters", injected)
        for number, cell in enumerate(code, start=1):
            if not cell.is_frozen:
                self._run_cell(f"{name}, cell {number}", cell)
                self.cells_run += 1
            if injected and cell.kind == "parameters":
                self._run_cell(f"{name}, injected parameters", injected)

    def _run_cell(self, where: str, cell: Cell) -> None:
        try:
            for part in cut_cell(cell):
                self._run_part(where, cell, part)
        except NotSupportedError as exc:
            message = f"{where} (line {cell.line}): {exc}"
            raise NotSupportedError(message) from exc

    def _run_part(self, where: str, cell: Cell, part: Part) -> None:
        if part.kind == "python":
            self._run_python(where, cell, part)
        elif part.kind == "run":
            self._run_reference(referenced_notebook(part.text))
        elif part.kind == "configure":
            self.configured.append(configuration(part.text))
        else:
            self._run_sql(where, cell, part)

    def _run_reference(self, name: str) -> None:
        if self._depth >= _MAX_REFERENCES:
            message = f"%run {name}: notebooks run each other more than {_MAX_REFERENCES} levels deep."
            raise NotebookError(message)
        self._depth += 1
        try:
            self.run(name, self._load(name), {})
        finally:
            self._depth -= 1

    def _run_sql(self, where: str, cell: Cell, part: Part) -> None:
        try:
            register_tables(self._spark, self._lakehouse_tables())
            result = run_statements(self._spark, cut_statements(part.text))
            if result is not None:
                self.namespace["_sqldf"] = result
                self.display(result)
        except Exception as exc:
            raise _failure(where, cell.line + part.line - 1, exc) from exc

    def _run_python(self, where: str, cell: Cell, part: Part) -> None:
        file_name = f"<{where}>"
        offset = cell.line + part.line - 2
        try:
            code = compile(part.text, file_name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            if code.co_flags & inspect.CO_COROUTINE:
                asyncio.run(_awaited(code, self.namespace))
            else:
                exec(code, self.namespace)  # noqa: S102
        except (NotebookError, NotSupportedError):
            raise
        except SyntaxError as exc:
            raise _failure(where, offset + (exc.lineno or 1), exc) from exc
        except Exception as exc:
            raise _failure(where, offset + _line_in(file_name, exc), exc) from exc


async def _awaited(code: Any, namespace: dict[str, Any]) -> None:
    await eval(code, namespace)  # noqa: S307


def _line_in(file_name: str, error: BaseException) -> int:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file_name]
    return (lines[-1] if lines else 1) or 1


def _failure(where: str, line: int, error: BaseException) -> NotebookError:
    text = str(error).strip() or "no message"
    return NotebookError(f"{where}, line {line} of the file: {type(error).__name__}: {text}")
