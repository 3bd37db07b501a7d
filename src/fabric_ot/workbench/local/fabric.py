"""Fabric on one machine: the items of a repository, run against a local OneLake."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from fabric_ot.contracts import places
from fabric_ot.errors import PlatformError
from fabric_ot.workbench.items.pipeline import Pipeline, load_pipeline
from fabric_ot.workbench.items.report import load_report
from fabric_ot.workbench.items.repository import Item, load_repository, workspace_ids
from fabric_ot.workbench.items.semantic_model import load_semantic_model
from fabric_ot.workbench.items.warehouse import load_warehouse
from fabric_ot.workbench.local.connectors.models import model_connectors
from fabric_ot.workbench.local.connectors.notebooks import notebook_connectors
from fabric_ot.workbench.local.connectors.sql import sql_connectors
from fabric_ot.workbench.local.dax import DaxEngine
from fabric_ot.workbench.local.direct_lake import FramedModel, frame_model
from fabric_ot.workbench.local.libraries import Libraries
from fabric_ot.workbench.local.notebooks import NotebookRunner
from fabric_ot.workbench.local.notebookutils import Secrets
from fabric_ot.workbench.local.onelake import OneLake
from fabric_ot.workbench.local.pipelines import ActivityEvent, PipelineRun, run_pipeline
from fabric_ot.workbench.local.preview import render_report
from fabric_ot.workbench.local.spark.session import Purpose, start_spark
from fabric_ot.workbench.local.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Clock = Callable[[], dt.datetime]
Observer = Callable[[ActivityEvent], None]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _ignore(_: ActivityEvent) -> None:
    pass


def _short_sleep(seconds: float) -> None:
    # Fabric waits at least 30 s between attempts for a busy capacity; nothing here gets free by waiting.
    time.sleep(min(seconds, 1.0))


class LocalFabric:
    """All workspaces of one repository on this machine; a context manager that closes what it opened.

    Spark, the Warehouse and the model start when they are first needed.
    """

    def __init__(
        self,
        root: Path,
        onelake: Path,
        *,
        clock: Clock = _now,
        observer: Observer = _ignore,
        spark: Callable[[], SparkSession] | None = None,
        purpose: Purpose = "run",
        sku: str = "F2",
    ) -> None:
        """Read the items below `root`; data lies in `onelake`. `spark` may hand in a session that is already there."""
        self.repository = load_repository(root)
        self.libraries = Libraries(self.repository)
        self.workspace_ids = workspace_ids(self.repository)
        self.onelake = OneLake(onelake, self.repository, self.workspace_ids, libraries=self.libraries)
        self._clock, self._observer, self._sku = clock, observer, sku
        self._start_spark = spark or (lambda: start_spark(onelake.resolve() / "spark", purpose=purpose))
        self._spark: SparkSession | None = None
        self._warehouses: dict[str, Warehouse] = {}
        self.onelake.prepare()

    def __enter__(self) -> LocalFabric:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the Warehouse files; the Spark session stays, a process has only one."""
        self.close()

    def close(self) -> None:
        """Close every Warehouse that was opened."""
        for warehouse in self._warehouses.values():
            warehouse.close()
        self._warehouses.clear()

    def spark(self) -> SparkSession:
        """Return the Spark session, starting it at first use."""
        if self._spark is None:
            self._spark = self._start_spark()
        return self._spark

    def run_pipeline(self, name: str, parameters: Mapping[str, Any] | None = None) -> PipelineRun:
        """Run the pipeline called `name` to its end; a failed activity is a failed run, not an exception.

        Raises:
            ItemError: there is no such pipeline, or a definition cannot be read.
            PipelineError, NotSupportedError: it cannot start; every problem in one message.
        """
        item = self.repository.find("DataPipeline", name)
        connectors = {
            **notebook_connectors(self.notebooks(), self.onelake),
            **sql_connectors(self._warehouse_by_id),
            **model_connectors(self.frame_by_id),
        }
        return run_pipeline(
            load_pipeline(item.folder),
            connectors=connectors,
            clock=self._clock,
            parameters=parameters,
            library=self.libraries.value,
            pipelines=self._pipeline_by_id,
            sleep=_short_sleep,
            observer=self._observer,
            workspace_id=self.onelake.workspace_id(item.layer or "gold"),
            workspace_names={workspace_id: layer for layer, workspace_id in self.workspace_ids.items()},
        )

    def notebooks(self) -> NotebookRunner:
        """Return the runner of this repository's notebooks."""
        secrets = Secrets.of_environment(os.environ)
        return NotebookRunner(self.onelake, self.libraries, spark=self.spark, secrets=secrets)

    def warehouse(self, name: str = places.GOLD_WAREHOUSE) -> Warehouse:
        """Return the Warehouse called `name`, deployed."""
        return self._open_warehouse(self.repository.find("Warehouse", name))

    def frame_model(self, name: str = places.SEMANTIC_MODEL) -> FramedModel:
        """Frame the model called `name` over the Delta tables as they stand."""
        item = self.repository.find("SemanticModel", name)
        return frame_model(load_semantic_model(item.folder), resolve=self.onelake.resolve_item, sku=self._sku)

    def frame_by_id(self, workspace_id: str, item_id: str) -> FramedModel:
        """Frame the model with this id, as a refresh activity names it."""
        return self.frame_model(self.onelake.item(workspace_id, item_id).display_name)

    def preview(self, out: Path, *, name: str = places.SEMANTIC_MODEL, caption: str = "") -> Path:
        """Draw the report called `name` with the values of its model as one HTML file."""
        framed = self.frame_model(name)
        report = load_report(self.repository.find("Report", name).folder)
        return render_report(report, framed.model, DaxEngine(framed.model, framed.tables), out, caption=caption)

    def _pipeline_by_id(self, workspace_id: str, pipeline_id: str) -> Pipeline:
        item = self.onelake.item(workspace_id, pipeline_id)
        if item.type != "DataPipeline":
            message = f"{item.display_name}.{item.type} is no pipeline. Hint: look at the id in the Variable Library."
            raise PlatformError(message)
        return load_pipeline(item.folder)

    def _warehouse_by_id(self, workspace_id: str, item_id: str) -> Warehouse:
        return self._open_warehouse(self.onelake.item(workspace_id, item_id, here="gold"))

    def _open_warehouse(self, item: Item) -> Warehouse:
        if item.logical_id not in self._warehouses:
            folder = self.onelake.item_folder(item)
            folder.mkdir(parents=True, exist_ok=True)
            warehouse = Warehouse.open(
                folder / f"{item.display_name}.duckdb",
                load_warehouse(item.folder),
                clock=self._clock,
                catalog=self._table_of(item.layer or "gold"),
                publish_to=folder / "Tables",
            )
            warehouse.deploy()
            self._warehouses[item.logical_id] = warehouse
        return self._warehouses[item.logical_id]

    def _table_of(self, layer: str) -> Callable[[str, str, str], Path | None]:
        def find(database: str, schema: str, table: str) -> Path | None:
            return self.onelake.resolve_table(self.onelake.named("Lakehouse", database, layer), schema, table)

        return find
