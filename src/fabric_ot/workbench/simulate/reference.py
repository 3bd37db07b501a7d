"""The master data of the simulated plant as reference CSV rows, with a few rows that must be refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fabric_ot.contracts.landing import CsvMapping
from fabric_ot.workbench.simulate.catalogue import asset_rows, product_rows
from fabric_ot.workbench.simulate.layout import (
    ASSETS,
    DECLARED_STATES,
    FIELD_ROLES,
    METER_ASSET_ID,
    METER_REACTIVE_TAG_IDS,
    METER_TAG_ID,
    REACTIVE_MODULUS,
    SITES,
    STATE_CATEGORIES,
    VALID_FROM,
    fields_of,
)
from fabric_ot.workbench.simulate.records import Row

REFERENCE_COLUMNS: dict[str, tuple[str, ...]] = {
    "site": ("site_id", "site_name", "time_zone"),
    "asset": ("asset_id", "asset_name", "site_id", "area", "line", "valid_from_utc"),
    "product": ("product_id", "product_name", "ideal_cycle_s", "valid_from_utc"),
    "tag": ("tag_id", "asset_id", "role", "data_type", "unit", "counter_modulus", "valid_from_utc"),
    "state_category": ("state", "time_category"),
    "shift": ("site_id", "shift_id", "shift_name", "start_local", "end_local"),
    "shift_stop": ("site_id", "shift_id", "stop_id", "reason", "start_local", "duration_s"),
    "work_order": (
        "work_order_id", "asset_id", "site_id", "shift_id", "product_id", "production_date",
        "produced_qty", "good_qty", "scrap_qty",
    ),
    "signal_rule": (
        "tag_id", "expected_interval_s", "max_interval_s", "max_hold_s", "lower_limit", "upper_limit",
        "max_rate_per_s", "stuck_after_s", "flat_tolerance",
        "compression_method", "compression_deviation", "compression_max_interval_s", "fill_method", "max_fill_s",
    ),
    "control_chart": ("chart_id", "asset_id", "characteristic", "chart_kind", "unit", "lsl", "usl"),
    "control_baseline": (
        "chart_id", "limit_version", "valid_from_utc", "baseline_start_utc", "baseline_end_utc",
    ),
    "quality_sample": (
        "sample_id", "chart_id", "subgroup_id", "run_id", "event_time_utc",
        "value_double", "inspected_qty", "defective_qty", "defect_qty",
    ),
    "chart_tag": ("chart_id", "tag_id", "max_age_s"),
    "lot_movement": ("movement_id", "input_lot", "output_lot", "qty", "uom", "time_utc", "asset_id"),
    "lot_stock": ("lot_id", "uom", "scrap_qty", "wip_qty"),
    "maintenance_order": (
        "order_id", "asset_id", "order_type", "component", "reported_utc", "acknowledged_utc", "started_utc",
        "finished_utc", "verified_utc", "due_utc", "estimated_s",
    ),
    "order_execution": (
        "execution_id", "order_id", "operation_no", "asset_id", "product_id", "production_date", "start_utc", "end_utc",
        "produced_qty", "planned_scrap_qty", "rework_qty", "inspected_qty", "first_pass_good_qty",
        "integrated_good_qty", "production_loss_qty", "storage_transport_loss_qty", "other_loss_qty",
    ),
    "personnel_time": ("asset_id", "site_id", "shift_id", "production_date", "attendance_s", "work_s"),
    "state_recoding": (
        "recoding_id", "asset_id", "start_utc", "end_utc", "reason_code", "time_category", "recorded_at_utc",
        "recorded_by",
    ),
    "tariff_rate": (
        "tariff_id", "site_id", "currency", "period", "weekdays", "start_local", "end_local", "price_per_kwh",
        "valid_from", "valid_to",
    ),
    "tariff_holiday": ("tariff_id", "date"),
    "demand_charge": ("tariff_id", "price_per_kw", "valid_from", "valid_to"),
    "energy_meter": ("tag_id", "parent_tag_id"),
    "reactive_meter": ("active_tag_id", "direction", "tag_id"),
}  # fmt: skip
"""Entity -> header of its CSV file."""


def reference_mappings() -> tuple[CsvMapping, ...]:
    """Return the declared mapping of each reference file.

    Example:
        >>> reference_mappings()[0].path
        'reference/site.csv'
    """
    return tuple(
        CsvMapping(name=entity, kind="reference", path=f"reference/{entity}.csv", columns=columns)
        for entity, columns in REFERENCE_COLUMNS.items()
    )


def reference_rows() -> dict[str, list[Row]]:
    """Return the plant's master data, all but the work orders; a renamed asset and a re-timed product have versions."""
    return {
        "site": [(s.site_id, s.site_name, s.time_zone) for s in SITES],
        "asset": asset_rows(),
        "product": product_rows(),
        "tag": _tag_rows(),
        "state_category": [(state, STATE_CATEGORIES[state]) for state in DECLARED_STATES],
        "shift": [(s.site_id, h.shift_id, h.shift_name, h.start_local, h.end_local) for s in SITES for h in s.shifts],
        "shift_stop": [
            (s.site_id, h.shift_id, p.stop_id, p.reason, p.start_local, p.duration_s)
            for s in SITES
            for h in s.shifts
            for p in h.stops
        ],
    }


def work_order_rows(facts: Sequence[Mapping[str, Any]]) -> tuple[list[Row], list[tuple[Row, str]]]:
    """Return the reported work orders, one per row of `facts` that made something, and rows to refuse with reason."""
    good: list[Row] = [
        (
            f"WO-{n:04d}", f["asset_id"], f["site_id"], f["shift_id"], f["product_id"], f["production_date"],
            f["produced_qty"], f["good_qty"], f["scrap_qty"],
        )
        for n, f in enumerate((f for f in facts if f["produced_qty"]), start=1)
    ]  # fmt: skip
    day = facts[0]["production_date"]
    bad: list[tuple[Row, str]] = [
        (("WO-9001", "denver-mixer-9", "denver", "day", "P-100", day, 10, 9, 1), "reference_not_found"),
        (("WO-9002", "berlin-oven-3", "denver", "day", "P-600", day, 10, 9, 1), "reference_mismatch"),
        (("WO-9003", "denver-filler-1", "denver"), "row_does_not_fit_mapping"),
        (("WO-9004", "denver-filler-1", "denver", "day", "P-100", day, "ten", 9, 1), "row_does_not_fit_mapping"),
    ]
    return good, bad


def _tag_rows() -> list[Row]:
    rows: list[Row] = []
    for asset in ASSETS:
        for field in fields_of(asset):
            role, data_type, unit = FIELD_ROLES[field]
            modulus = asset.counter_modulus if role in ("good_counter", "scrap_counter", "produced_counter") else None
            modulus = REACTIVE_MODULUS if role == "reactive_counter" else modulus
            rows.append((asset.tag_id(field), asset.asset_id, role, data_type, unit or None, modulus, VALID_FROM))
    rows.append((METER_TAG_ID, METER_ASSET_ID, "energy_interval", "double", "kWh", None, VALID_FROM))
    for tag_id in METER_REACTIVE_TAG_IDS.values():
        rows.append((tag_id, METER_ASSET_ID, "reactive_interval", "double", "kvarh", None, VALID_FROM))
    return rows
