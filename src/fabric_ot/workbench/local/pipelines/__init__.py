"""Runs pipeline definitions on this machine; what does the work of an activity is handed in as connectors."""

from __future__ import annotations

from fabric_ot.workbench.local.pipelines.calls import ActivityCall, ActivityError, Connector, RunInfo
from fabric_ot.workbench.local.pipelines.json_values import parameters_from_text
from fabric_ot.workbench.local.pipelines.launch import run_pipeline
from fabric_ot.workbench.local.pipelines.records import ActivityEvent, ActivityRun, PipelineRun

__all__ = [
    "ActivityCall",
    "ActivityError",
    "ActivityEvent",
    "ActivityRun",
    "Connector",
    "PipelineRun",
    "RunInfo",
    "parameters_from_text",
    "run_pipeline",
]
