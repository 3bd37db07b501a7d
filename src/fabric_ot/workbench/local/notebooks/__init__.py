"""Runs notebooks as they are shipped, in this process, on one Spark session."""

from __future__ import annotations

from fabric_ot.workbench.local.notebooks.parameters import NotebookParameter, parameters_of_activity
from fabric_ot.workbench.local.notebooks.records import Displayed, NotebookRun
from fabric_ot.workbench.local.notebooks.runner import NOTEBOOK, NotebookRunner, RunOrigin

__all__ = [
    "NOTEBOOK",
    "Displayed",
    "NotebookParameter",
    "NotebookRun",
    "NotebookRunner",
    "RunOrigin",
    "parameters_of_activity",
]
