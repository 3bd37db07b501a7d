"""The refresh activity: a Direct Lake model is framed, as a refresh in Fabric would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.local.direct_lake import FramedModel
from fabric_ot.workbench.local.pipelines import ActivityCall, Connector

Refresh = Callable[[str, str], FramedModel]
"""Frames the model of (workspace id, item id)."""


def model_connectors(refresh: Refresh) -> dict[str, Connector]:
    """Return the connector of `PBISemanticModelRefresh`."""
    return {"PBISemanticModelRefresh": lambda call: _refresh(call, refresh)}


def _refresh(call: ActivityCall, refresh: Refresh) -> dict[str, Any]:
    if call.properties.get("objects"):
        message = f"{call.activity.name!r}: a refresh of single objects is not supported; the whole model is framed"
        raise NotSupportedError(message)
    framed = refresh(str(call.properties["groupId"]), str(call.properties["datasetId"]))
    return {
        "status": "Completed",
        "tables": {
            name: {"version": version, "rows": framed.facts[name].rows} for name, version in framed.versions.items()
        },
        "warnings": list(framed.warnings),
    }
