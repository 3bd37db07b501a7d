"""A stage for pipelines: written in a few words, run on a clock that moves only when somebody sleeps."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from fabric_ot.errors import PipelineError
from fabric_ot.workbench.items.pipeline import Pipeline, parse_pipeline
from fabric_ot.workbench.local.pipelines import ActivityCall, ActivityEvent, PipelineRun, run_pipeline

START = dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC)


def answer(call: ActivityCall) -> Mapping[str, Any]:
    """A connector that fails when the script says so and otherwise gives back what it was given."""
    if "fail" in call.properties:
        raise ValueError(call.properties["fail"])
    return {"got": dict(call.properties)}


@dataclass
class Stage:
    """Runs pipelines and remembers what happened around them."""

    connectors: dict[str, Callable[[ActivityCall], Mapping[str, Any]]] = field(default_factory=lambda: {"Do": answer})
    others: dict[tuple[str, str], Pipeline] = field(default_factory=dict)
    settings: dict[tuple[str, str], Any] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)
    events: list[ActivityEvent] = field(default_factory=list)

    def now(self) -> dt.datetime:
        return START + dt.timedelta(seconds=sum(self.slept))

    def write(self, *activities: dict[str, Any], name: str = "pl", **properties: Any) -> Pipeline:
        return parse_pipeline(name, json.dumps({"properties": {"activities": list(activities), **properties}}))

    def run(self, *activities: dict[str, Any], parameters: Any = None, **properties: Any) -> PipelineRun:
        return self.start(self.write(*activities, **properties), parameters=parameters)

    def start(self, pipeline: Pipeline, *, parameters: Any = None) -> PipelineRun:
        def find(workspace_id: str, pipeline_id: str) -> Pipeline:
            try:
                return self.others[workspace_id, pipeline_id]
            except KeyError:
                message = f"no pipeline {pipeline_id!r} in workspace {workspace_id!r}"
                raise PipelineError(message) from None

        return run_pipeline(
            pipeline,
            parameters=parameters,
            connectors=self.connectors,
            library=lambda library, variable: self.settings[library, variable],
            pipelines=find,
            clock=self.now,
            sleep=self.slept.append,
            observer=self.events.append,
            chance=random.Random(7),
            workspace_id="ws-1",
            workspace_names={"ws-1": "gold"},
        )


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def step() -> Callable[..., dict[str, Any]]:
    """Writes one activity: `step("B", {"fail": "x"}, after={"A": "Succeeded"}, type="Do", retry=1)`."""

    def write(
        name: str,
        properties: Mapping[str, Any] | None = None,
        *,
        type: str = "Do",  # noqa: A002 - the word of the format
        after: Mapping[str, str] | None = None,
        policy: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        depends = [{"activity": a, "dependencyConditions": c.split()} for a, c in (after or {}).items()]
        return {
            "name": name,
            "type": type,
            "dependsOn": depends,
            "policy": policy or {},
            "typeProperties": dict(properties or {}),
            **more,
        }

    return write
