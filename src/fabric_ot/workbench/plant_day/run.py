"""One run from landed files to the report: the shipped pipeline, the account, the comparison, the preview."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fabric_ot.workbench.items.pipeline import load_pipeline
from fabric_ot.workbench.local.account import Account, read_account
from fabric_ot.workbench.local.dax import DaxEngine
from fabric_ot.workbench.local.desk import Desk, table_folders
from fabric_ot.workbench.local.fabric import LocalFabric
from fabric_ot.workbench.local.pipelines import ActivityEvent, PipelineRun, parameters_from_text
from fabric_ot.workbench.plant_day.comparison import Check, compare_with_truth
from fabric_ot.workbench.plant_day.landing import Landed, land_public, land_simulated, open_onelake
from fabric_ot.workbench.plant_day.public_comparison import compare_with_public_truth
from fabric_ot.workbench.plant_day.result import PlantDayResult, TableRows, oee_by_shift

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ONELAKE = ".onelake"
PUBLIC_ONELAKE = ".onelake-public"


class Watch(Protocol):
    """Someone who is told what happens while it happens."""

    def step(self, text: str) -> None:
        """A stage begins."""

    def activity(self, event: ActivityEvent) -> None:
        """An activity of a pipeline started, is retried or ended."""


@dataclass(frozen=True)
class PlantDayRequest:
    """What to run, on what, where."""

    root: Path
    pipeline: str = "pl_plant_day"
    data: Path | None = None
    onelake: Path | None = None
    days: int = 1
    seed: int = 7
    scale: float = 1.0
    parameters: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False

    @property
    def onelake_folder(self) -> Path:
        """The local OneLake; public data gets one of its own."""
        return self.onelake or self.root / (PUBLIC_ONELAKE if self.data else ONELAKE)


def run_plant_day(
    request: PlantDayRequest, *, watch: Watch, spark: Callable[[], SparkSession] | None = None
) -> PlantDayResult:
    """Land data, run the pipeline, and return what came out and what of it was as it should be.

    `spark` hands in a session that is already there.
    """
    started = time.monotonic()
    onelake = request.onelake_folder.resolve()
    open_onelake(onelake, fresh=request.fresh)
    watch.step("landing data")
    if request.data is None:
        landed = land_simulated(onelake, days=request.days, seed=request.seed, scale=request.scale)
    else:
        landed = land_public(onelake, request.data)
    before = read_rows(onelake)
    with LocalFabric(request.root, onelake, observer=watch.activity, spark=spark) as fabric:
        watch.step(f"running {request.pipeline}")
        run = fabric.run_pipeline(request.pipeline, _parameters(fabric, request, landed))
        if not run.succeeded:
            return PlantDayResult.failed(run, onelake, before, read_rows(onelake), time.monotonic() - started)
        watch.step("comparing and drawing")
        result = _examine(fabric, run, landed, onelake, before)
    return result.with_elapsed(time.monotonic() - started)


def read_rows(onelake: Path) -> dict[str, TableRows]:
    """Return rows and content hash of every table."""
    with Desk(table_folders(onelake)) as desk:
        return {name: TableRows(*desk.fingerprint(name), desk.tables[name].version()) for name in desk.tables}


def _parameters(fabric: LocalFabric, request: PlantDayRequest, landed: Landed) -> dict[str, Any]:
    pipeline = load_pipeline(fabric.repository.find("DataPipeline", request.pipeline).folder)
    given = dict(request.parameters)
    if landed.as_of_utc and "as_of_utc" in pipeline.parameters:
        given.setdefault("as_of_utc", landed.as_of_utc)
    return parameters_from_text(pipeline, given)


def _examine(
    fabric: LocalFabric, run: PipelineRun, landed: Landed, onelake: Path, before: Mapping[str, TableRows]
) -> PlantDayResult:
    framed = fabric.frame_model()
    engine = DaxEngine(framed.model, framed.tables)
    oee = oee_by_shift(engine)
    with Desk(table_folders(onelake)) as desk:
        account: Account = read_account(desk)
        checks: list[Check] = []
        if landed.truth:
            checks = compare_with_truth(
                landed.truth, desk.ask, lambda names, by: engine.evaluate(names, group_by=by), oee
            )
        elif landed.public:
            checks = compare_with_public_truth(landed.public, desk.ask)
    caption = f"as of {landed.as_of_utc or dt.datetime.now(dt.UTC).isoformat(timespec='seconds')}"
    preview = fabric.preview(onelake / "preview" / "plant_operations.html", caption=caption)
    return PlantDayResult(
        pipeline_status=run.status,
        onelake=onelake,
        tables_before=dict(before),
        tables=read_rows(onelake),
        account=account,
        checks=tuple(checks),
        oee=tuple(oee),
        warnings=framed.warnings,
        preview=preview,
    )
