"""Where a notebook runs: its item, its workspace, its default lakehouse and the ids of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fabric_ot.workbench.items.repository import Item
from fabric_ot.workbench.local.libraries import Libraries
from fabric_ot.workbench.local.notebookutils.credentials import Secrets
from fabric_ot.workbench.local.onelake import OneLake

RunChild = Callable[[str, str, float, Mapping[str, Any]], str]
"""Runs (notebook, layer, timeout in seconds, arguments) on behalf of a notebook and returns its exit value."""


@dataclass(frozen=True)
class NotebookPlace:
    """Everything that `notebookutils` knows about the running notebook."""

    item: Item
    layer: str
    onelake: OneLake
    libraries: Libraries
    secrets: Secrets
    run_child: RunChild
    run_id: str
    parent_run_id: str | None = None
    root_run_id: str | None = None
    activity_id: str | None = None
    is_for_pipeline: bool = False
    default_lakehouse: Item | None = None
    environment_id: str | None = None

    @property
    def workspace_id(self) -> str:
        """The id of the workspace that the notebook runs in."""
        return self.onelake.workspace_id(self.layer)

    def layer_of(self, workspace_id: str | None) -> str:
        """Return the layer of a workspace id; empty or all zeros: the notebook's own."""
        return self.onelake.layer(workspace_id or "", here=self.layer)
