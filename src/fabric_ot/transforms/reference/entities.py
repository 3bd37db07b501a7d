"""The reference entities: which tables are declared, what hangs on what, which columns a CSV of each carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fabric_ot.contracts.landing import CsvMapping
from fabric_ot.contracts.silver import ASSET, PRODUCT, SHIFT, SHIFT_STOP, SITE, STATE_CATEGORY, TAG, WORK_ORDER
from fabric_ot.contracts.silver_energy import DEMAND_CHARGE, ENERGY_METER, REACTIVE_METER, TARIFF_HOLIDAY, TARIFF_RATE
from fabric_ot.contracts.silver_execution import ORDER_EXECUTION, PERSONNEL_TIME
from fabric_ot.contracts.silver_genealogy import LOT_MOVEMENT, LOT_STOCK
from fabric_ot.contracts.silver_maintenance import MAINTENANCE_ORDER
from fabric_ot.contracts.silver_quality import CHART_TAG, CONTROL_BASELINE, CONTROL_CHART, QUALITY_SAMPLE
from fabric_ot.contracts.silver_signals import SIGNAL_RULE
from fabric_ot.contracts.silver_states import STATE_RECODING
from fabric_ot.contracts.table import Column, Table

ENTITIES: Mapping[str, Table] = {
    table.name: table
    for table in (
        *(SITE, STATE_CATEGORY, PRODUCT, ASSET, SHIFT, TAG, SHIFT_STOP, WORK_ORDER),
        *(CONTROL_CHART, CONTROL_BASELINE, QUALITY_SAMPLE, CHART_TAG),
        *(LOT_MOVEMENT, LOT_STOCK),
        SIGNAL_RULE,
        MAINTENANCE_ORDER,
        *(ORDER_EXECUTION, PERSONNEL_TIME),
        STATE_RECODING,
        *(TARIFF_RATE, TARIFF_HOLIDAY, DEMAND_CHARGE, ENERGY_METER, REACTIVE_METER),
    )
}
"""The reference entities by name, parents before children."""

NOT_FOUND = "reference_not_found"
MISMATCH = "reference_mismatch"

_BY_TRANSFORM = ("valid_to_utc", "is_current")


@dataclass(frozen=True)
class Parent:
    """Columns of an entity that must exist together in a parent entity, and the reason where they do not.

    `names`: what the parent calls them, where it does not call them the same.
    """

    entity: str
    columns: tuple[str, ...]
    reason: str = NOT_FOUND
    names: tuple[str, ...] = ()


PARENTS: Mapping[str, tuple[Parent, ...]] = {
    "asset": (Parent("site", ("site_id",)),),
    "shift": (Parent("site", ("site_id",)),),
    "tag": (Parent("asset", ("asset_id",)),),
    "shift_stop": (Parent("shift", ("site_id", "shift_id")),),
    "work_order": (
        Parent("asset", ("asset_id",)),
        Parent("shift", ("site_id", "shift_id")),
        Parent("product", ("product_id",)),
        Parent("asset", ("asset_id", "site_id"), MISMATCH),
    ),
    "signal_rule": (Parent("tag", ("tag_id",)),),
    "control_chart": (Parent("asset", ("asset_id",)),),
    "control_baseline": (Parent("control_chart", ("chart_id",)),),
    "quality_sample": (Parent("control_chart", ("chart_id",)),),
    "chart_tag": (Parent("control_chart", ("chart_id",)), Parent("tag", ("tag_id",))),
    "lot_movement": (Parent("asset", ("asset_id",)),),
    "maintenance_order": (Parent("asset", ("asset_id",)),),
    "order_execution": (Parent("asset", ("asset_id",)), Parent("product", ("product_id",))),
    "personnel_time": (
        Parent("asset", ("asset_id",)),
        Parent("shift", ("site_id", "shift_id")),
        Parent("asset", ("asset_id", "site_id"), MISMATCH),
    ),
    "state_recoding": (Parent("asset", ("asset_id",)),),
    "tariff_rate": (Parent("site", ("site_id",)),),
    "tariff_holiday": (Parent("tariff_rate", ("tariff_id",)),),
    "demand_charge": (Parent("tariff_rate", ("tariff_id",)),),
    "energy_meter": (Parent("tag", ("tag_id",)),),
    "reactive_meter": (Parent("tag", ("tag_id",)), Parent("tag", ("active_tag_id",), names=("tag_id",))),
}
"""What must exist for a row to be taken. A work order's asset must at some time have stood at the shift's site; an
optional column that is empty names nothing."""


def generations() -> tuple[tuple[str, ...], ...]:
    """Return the reference entities in groups: each after all that its rows may name.

    Example:
        >>> generations()[0][:3], "work_order" in generations()[2]
        (('site', 'state_category', 'product'), True)
    """
    depth: dict[str, int] = {}
    for entity in ENTITIES:
        depth[entity] = max((depth[parent.entity] + 1 for parent in PARENTS.get(entity, ())), default=0)
    return tuple(tuple(e for e, n in depth.items() if n == group) for group in range(max(depth.values()) + 1))


def entity_columns(entity: str) -> tuple[Column, ...]:
    """Return the columns that a CSV of `entity` carries, typed as in its table.

    Example:
        >>> [column.name for column in entity_columns("product")]
        ['product_id', 'product_name', 'ideal_cycle_s', 'valid_from_utc']
    """
    return tuple(column for column in ENTITIES[entity].columns if column.name not in _BY_TRANSFORM)


def default_mapping(entity: str) -> CsvMapping:
    """Return the mapping that stands where `landing.json` declares none: the contract's own header.

    Example:
        >>> default_mapping("site").columns
        ('site_id', 'site_name', 'time_zone')
    """
    columns = tuple(column.name for column in entity_columns(entity))
    return CsvMapping(entity, "reference", f"reference/{entity}*.csv", columns)


def mapping_problem(mapping: CsvMapping) -> str | None:
    """Say why no reference row can be read by `mapping`; None where it can.

    Example:
        >>> mapping_problem(CsvMapping("site", "reference", "site.csv", ("site_id", "site_name")))
        "the header lacks column(s) ['time_zone'], found ['site_id', 'site_name']"
    """
    if mapping.kind != "reference" or mapping.name not in ENTITIES:
        return f"{mapping.topic} is no reference entity; known: {', '.join(ENTITIES)}"
    missing = [column.name for column in entity_columns(mapping.name) if column.name not in mapping.columns]
    return f"the header lacks column(s) {missing}, found {list(mapping.columns)}" if missing else None
