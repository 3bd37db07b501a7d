"""The notebook runner: finds a notebook, puts `notebookutils` in place, runs the cells, keeps what came out."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fabric_ot.errors import NotebookError
from fabric_ot.workbench.items.notebook import Notebook, load_notebook
from fabric_ot.workbench.items.repository import Item
from fabric_ot.workbench.local.libraries import Libraries
from fabric_ot.workbench.local.notebooks.execution import Execution
from fabric_ot.workbench.local.notebooks.parameters import (
    NotebookParameter,
    parameters_of_arguments,
    typed_values,
)
from fabric_ot.workbench.local.notebooks.records import NotebookRun
from fabric_ot.workbench.local.notebookutils import NotebookExit, NotebookPlace, Secrets, build_module, installed
from fabric_ot.workbench.local.onelake import OneLake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOTEBOOK = "Notebook"

# `notebookutils` is one name in one process: notebooks take turns, whoever starts them.
_ONE_AT_A_TIME = threading.RLock()


@dataclass(frozen=True)
class RunOrigin:
    """What started a run; nothing of it is known to an interactive one."""

    parent_run_id: str | None = None
    root_run_id: str | None = None
    activity_id: str | None = None
    is_for_pipeline: bool = False


class NotebookRunner:
    """Runs the notebooks of one repository over one OneLake."""

    def __init__(
        self,
        onelake: OneLake,
        libraries: Libraries | None = None,
        *,
        spark: Callable[[], SparkSession],
        secrets: Secrets | None = None,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the collaborators; Spark starts with the first notebook."""
        self.onelake = onelake
        self._spark = spark
        self._libraries = libraries or Libraries(onelake.repository)
        self._secrets = secrets or Secrets()
        self._new_id = new_id
        self._stopwatch = stopwatch

    def run(
        self,
        notebook: Item,
        parameters: Mapping[str, NotebookParameter] | None = None,
        *,
        layer: str | None = None,
        origin: RunOrigin | None = None,
    ) -> NotebookRun:
        """Run a notebook to its end or to `notebook.exit`; notebooks take turns.

        Raises:
            NotebookError: a cell failed, or a parameter does not fit.
            NotSupportedError: the notebook uses something that this machine refuses.
        """
        name = notebook.display_name
        values = typed_values(parameters or {}, where=name)
        source = load_notebook(notebook.folder)
        place = self._place(notebook, source, layer or notebook.layer or "", origin or RunOrigin())
        module = build_module(place)
        execution = self._execution(place, module)
        exit_value = ""
        with _ONE_AT_A_TIME, installed(module):
            try:
                execution.run(name, source, values)
            except NotebookExit as signal:
                exit_value = signal.value
        shown, configured = tuple(execution.display.shown), tuple(execution.configured)
        return NotebookRun(name, place.run_id, exit_value, execution.cells_run, shown, configured)

    def _execution(self, place: NotebookPlace, module: ModuleType) -> Execution:
        def load(name: str) -> Notebook:
            return load_notebook(self.onelake.named(NOTEBOOK, name, place.layer).folder)

        def tables() -> Mapping[tuple[str, str], Any]:
            return self.onelake.tables(place.default_lakehouse) if place.default_lakehouse else {}

        spark = self._spark()
        names = {"notebookutils": module, "mssparkutils": module, "sc": spark.sparkContext}
        return Execution(spark, names, load=load, lakehouse_tables=tables)

    def _place(self, notebook: Item, source: Notebook, layer: str, origin: RunOrigin) -> NotebookPlace:
        run_id = self._new_id()
        root_run_id = origin.root_run_id or origin.parent_run_id or run_id

        def run_child(name: str, child_layer: str, timeout_s: float, arguments: Mapping[str, Any]) -> str:
            started = self._stopwatch()
            child = self.onelake.named(NOTEBOOK, name, child_layer)
            child_origin = RunOrigin(run_id, root_run_id, origin.activity_id, origin.is_for_pipeline)
            done = self.run(child, parameters_of_arguments(arguments), layer=child_layer, origin=child_origin)
            # Nothing can interrupt a cell in this process, so a run that took too long fails when it ends.
            if self._stopwatch() - started > timeout_s:
                message = f"{name}: took longer than its timeout of {timeout_s:g} s."
                raise NotebookError(message)
            return done.exit_value

        return NotebookPlace(
            item=notebook,
            layer=layer,
            onelake=self.onelake,
            libraries=self._libraries,
            secrets=self._secrets,
            run_child=run_child,
            run_id=run_id,
            parent_run_id=origin.parent_run_id,
            root_run_id=root_run_id,
            activity_id=origin.activity_id,
            is_for_pipeline=origin.is_for_pipeline,
            default_lakehouse=self._default_lakehouse(source, layer),
            environment_id=_environment_id(source),
        )

    def _default_lakehouse(self, source: Notebook, layer: str) -> Item | None:
        declared = source.dependencies.get("lakehouse") or {}
        item_id = declared.get("default_lakehouse")
        if not item_id:
            return None
        return self.onelake.item(declared.get("default_lakehouse_workspace_id", ""), item_id, here=layer)


def _environment_id(source: Notebook) -> str | None:
    found = (source.dependencies.get("environment") or {}).get("environmentId")
    return str(found) if found else None
