"""The pipelines of this repository, run with connectors that only remember what they were asked."""

from __future__ import annotations

import datetime as dt
import json
import random
import uuid
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fabric_ot.workbench.items.pipeline import Pipeline, load_pipeline
from fabric_ot.workbench.items.variable_library import load_variable_library
from fabric_ot.workbench.local.pipelines import ActivityCall, PipelineRun, run_pipeline

NAMES = {
    "pl_bronze_land": "bronze",
    "pl_silver_standardize": "silver",
    "pl_silver_analyze": "silver",
    "pl_gold_publish": "gold",
    "pl_plant_day": "gold",
}
ANALYSIS = [
    "nb_silver_signal",
    "nb_silver_energy",
    "nb_silver_quality",
    "nb_silver_maintenance",
    "nb_silver_genealogy",
    "nb_silver_kpi",
]
AS_OF = "2026-03-02T00:00:00Z"
FACTS = ["production", "state_time", "production_loss", "energy", "energy_cost", "maintenance", "spc_signal"]
PROCEDURES = [
    "etl.load_dim_shift",
    "etl.load_dim_asset",
    "etl.load_dim_product",
    "etl.load_dim_date",
    *(f"etl.load_fact_{fact}" for fact in FACTS),
]
ROWS = {f"{fact}_rows": 6 * number for number, fact in enumerate(FACTS, start=1)}


def logical_id(type_: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"fabric_ot/{type_}/{name}"))


NOTEBOOKS = {
    logical_id("Notebook", name): name
    for name in ("nb_bronze_message", "nb_silver_reference", "nb_silver_reading", "nb_silver_production", *ANALYSIS)
}


@dataclass
class Plant:
    """Stands for everything behind the pipelines."""

    root: Path
    refused: tuple[str, ...] = ()
    failed_checks: tuple[dict[str, Any], ...] = ()
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def folder(self, name: str) -> Path:
        return self.root / "pipelines" / NAMES[name] / f"{name}.DataPipeline"

    def load(self, name: str) -> Pipeline:
        return load_pipeline(self.folder(name))

    def settings(self) -> dict[str, Any]:
        return load_variable_library(self.root / "settings" / "ot_settings.VariableLibrary").values()

    def note(self, what: str, values: dict[str, Any]) -> None:
        self.asked.append((what, values))

    def notebook(self, call: ActivityCall) -> dict[str, Any]:
        values = {name: entry["value"] for name, entry in call.properties["parameters"].items()}
        self.note(NOTEBOOKS[call.properties["notebookId"]], values)
        counts = {"files_refused": len(self.refused), "messages": 12}
        report = {"job": "x", "counts": counts, "notes": list(self.refused)}
        return {"result": {"exitValue": json.dumps(report)}}

    def procedure(self, call: ActivityCall) -> dict[str, Any]:
        parameters = call.properties["storedProcedureParameters"]
        self.note(call.properties["storedProcedureName"], {name: entry["value"] for name, entry in parameters.items()})
        return {}

    def script(self, call: ActivityCall) -> dict[str, Any]:
        self.note("script", {})
        return {"resultSets": [{"rowCount": 1, "rows": [ROWS]}]}

    def lookup(self, call: ActivityCall) -> dict[str, Any]:
        self.note("gate", {})
        return {"count": len(self.failed_checks), "value": list(self.failed_checks)}

    def refresh(self, call: ActivityCall) -> dict[str, Any]:
        self.note("refresh", {key: call.properties[key] for key in ("groupId", "datasetId")})
        return {"status": "Completed"}

    def run(self, name: str, **parameters: str) -> PipelineRun:
        settings = self.settings()
        by_id = {
            (settings[f"{layer}_workspace_id"], logical_id("DataPipeline", name)): name for name, layer in NAMES.items()
        }
        return run_pipeline(
            self.load(name),
            parameters=parameters,
            connectors={
                "TridentNotebook": self.notebook,
                "SqlServerStoredProcedure": self.procedure,
                "Script": self.script,
                "Lookup": self.lookup,
                "PBISemanticModelRefresh": self.refresh,
            },
            library=lambda _, variable: settings[variable],
            pipelines=lambda workspace_id, pipeline_id: self.load(by_id[workspace_id, pipeline_id]),
            clock=lambda: dt.datetime(2026, 3, 2, 5, 30, 15, 123_456, tzinfo=dt.UTC),
            sleep=lambda _: None,
            chance=random.Random(7),
            workspace_id=settings[f"{NAMES[name]}_workspace_id"],
        )


@pytest.fixture
def plant(repository_root: Path) -> Plant:
    return Plant(repository_root)


def test_a_plant_day_goes_through_every_step_in_order(plant: Plant):
    run = plant.run("pl_plant_day", as_of_utc=AS_OF, batch_id="b-1").require_success()
    assert [what for what, _ in plant.asked] == [
        "nb_bronze_message",
        "nb_silver_reference",
        "nb_silver_reading",
        "nb_silver_production",
        *ANALYSIS,
        *PROCEDURES,
        "script",
        "gate",
        "refresh",
    ]
    assert run.return_value == {
        "as_of_utc": AS_OF,
        "batch_id": "b-1",
        "landed": {"files_refused": 0, "messages": 12},
        "warning": "",
        **ROWS,
    }


def test_one_instant_reaches_every_notebook_and_procedure(plant: Plant):
    plant.run("pl_plant_day", as_of_utc=AS_OF)
    instants = [values["as_of_utc"] for _, values in plant.asked if "as_of_utc" in values]
    assert instants == [AS_OF] * (4 + len(ANALYSIS) + len(PROCEDURES))


def test_without_parameters_the_trigger_time_and_the_run_name_the_batch(plant: Plant):
    run = plant.run("pl_plant_day").require_success()
    assert plant.asked[0] == ("nb_bronze_message", {"as_of_utc": "2026-03-02T05:30:15Z", "batch_id": run.run_id})


def test_readers_of_bronze_get_its_workspace_from_the_settings(plant: Plant):
    plant.run("pl_silver_standardize", as_of_utc=AS_OF)
    bronze = plant.settings()["bronze_workspace_id"]
    assert [values.get("bronze_workspace_id") for _, values in plant.asked] == [bronze, bronze, None]


def test_the_model_and_its_workspace_come_from_the_settings(plant: Plant):
    plant.run("pl_gold_publish", as_of_utc=AS_OF)
    settings = plant.settings()
    assert plant.asked[-1] == (
        "refresh",
        {"groupId": settings["power_bi_workspace_id"], "datasetId": settings["model_id"]},
    )


def test_refused_files_are_told_in_the_return_value(plant: Plant):
    plant.refused = ("a.parquet: cut short", "b.avro: empty")
    run = plant.run("pl_plant_day", as_of_utc=AS_OF).require_success()
    assert run.return_value["warning"] == "2 file(s) refused: a.parquet: cut short; b.avro: empty"


def test_a_failed_check_keeps_the_model_as_it_was_and_says_why(plant: Plant):
    plant.failed_checks = ({"check_name": "fact without asset", "failed_rows": 3},)
    run = plant.run("pl_plant_day", as_of_utc=AS_OF)
    assert "refresh" not in [what for what, _ in plant.asked]
    assert not run.succeeded
    assert '[{"check_name":"fact without asset","failed_rows":3}]' in run.error
    assert run.find("Publish").child.find("Refuse to publish").error["errorCode"] == "publish_check_failed"


def test_a_failed_layer_stops_the_day_and_is_named(plant: Plant, monkeypatch: pytest.MonkeyPatch):
    def broken(_: ActivityCall) -> dict[str, Any]:
        raise ValueError("division by zero")

    monkeypatch.setattr(plant, "procedure", broken)
    run = plant.run("pl_plant_day", as_of_utc=AS_OF)
    assert "pipeline 'pl_gold_publish' failed: activity 'Load dim_shift' (SqlServerStoredProcedure)" in run.error
    assert "division by zero" in run.error
    assert plant.asked[-1][0] == ANALYSIS[-1]


@pytest.mark.parametrize("name", NAMES)
def test_the_logical_id_follows_from_the_name(plant: Plant, name: str):
    pipeline = plant.load(name)
    assert (pipeline.name, pipeline.logical_id) == (name, logical_id("DataPipeline", name))


@pytest.mark.parametrize("name", NAMES)
def test_every_activity_that_does_work_has_a_short_limit(plant: Plant, name: str):
    for activity in plant.load(name).walk():
        if activity.type not in ("SetVariable", "IfCondition", "Fail"):
            assert activity.policy.timeout_s <= 4 * 3600, activity.name


@pytest.mark.parametrize("name", ["pl_bronze_land", "pl_silver_standardize"])
def test_notebooks_of_a_layer_share_one_spark_session(plant: Plant, name: str):
    notebooks = [a for a in plant.load(name).walk() if a.type == "TridentNotebook"]
    assert {a.type_properties["sessionTag"] for a in notebooks} == {f"ot_{NAMES[name]}"}


@pytest.mark.parametrize("name", NAMES)
def test_no_two_steps_of_work_run_at_once_on_a_small_capacity(plant: Plant, name: str):
    """Each step of work waits for the one before it, so that Fabric never runs two of them side by side."""
    pipeline = plant.load(name)
    light = ("SetVariable", "IfCondition")
    work = [activity for activity in pipeline.activities if activity.type not in light]
    for before, after in pairwise(work):
        assert before.name in {d.activity for d in after.depends_on}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("file", ["pipeline-content.json", ".platform"])
def test_files_are_canonical(plant: Plant, name: str, file: str):
    data = (plant.folder(name) / file).read_bytes()
    assert data == (json.dumps(json.loads(data), indent=2, ensure_ascii=False) + "\n").encode()


@pytest.mark.parametrize("name", NAMES)
def test_platform_files_are_valid_against_the_published_schema(plant: Plant, name: str, shared_schemas: Path):
    jsonschema = pytest.importorskip("jsonschema")
    path = shared_schemas / "fabric/gitIntegration/platformProperties/2.0.0/schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    document = json.loads((plant.folder(name) / ".platform").read_text(encoding="utf-8"))
    assert list(jsonschema.Draft7Validator(schema).iter_errors(document)) == []
