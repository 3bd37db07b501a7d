"""Where each declared tag of the simulated plant stands: the rule that is declared, and the truth from the layout."""

from __future__ import annotations

from random import Random

from fabric_ot.contracts.namespace import NamespaceRule
from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.layout import (
    ASSETS,
    METER_ASSET_ID,
    METER_REACTIVE_TAG_IDS,
    METER_TAG_ID,
    METRIC_NAMES,
    Asset,
    fields_of,
)
from fabric_ot.workbench.simulate.records import Family

NAMESPACE_RULE = NamespaceRule(sparkplug_group=("enterprise", "site"), sparkplug_separator="_")
"""Sparkplug groups are enterprise_site: Sparkplug says nothing of areas here."""

_LEVELS = ("enterprise", "site", "area", "work_center", "work_unit")


def tell_namespace(day: PlantDay, rng: Random) -> Family:
    """Return no records, and the place of every tag of the catalogue."""
    del day, rng
    rows = [_row(asset, field) for asset in ASSETS for field in fields_of(asset)]
    rows += [
        {
            "tag_id": tag_id, "asset_id": METER_ASSET_ID, "source": "historian", **dict.fromkeys(_LEVELS),
            "virtual_path": None, "tag_name": None, "hierarchy_problem": "no_topic",
        }
        for tag_id in (METER_TAG_ID, *METER_REACTIVE_TAG_IDS.values())
    ]  # fmt: skip
    return Family(truth={"namespace": rows})


def _row(asset: Asset, field: str) -> dict[str, str | None]:
    return {
        "tag_id": asset.tag_id(field),
        "asset_id": asset.asset_id,
        "source": "sparkplug" if asset.is_sparkplug else "uns",
        "enterprise": "acme",
        "site": asset.site_id,
        "area": None if asset.is_sparkplug else asset.area,
        "work_center": asset.line,
        "work_unit": asset.unit,
        "virtual_path": "telemetry" if asset.speech == "uns_many" else None,
        "tag_name": METRIC_NAMES[field] if asset.is_sparkplug else field,
        "hierarchy_problem": None,
    }
