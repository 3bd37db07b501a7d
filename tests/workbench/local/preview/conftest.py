from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fabric_ot.workbench.items.report import Report, load_report
from fabric_ot.workbench.items.semantic_model import SemanticModel, load_semantic_model
from fabric_ot.workbench.local.dax import DaxEngine

ARROW = {
    "string": pa.string(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "dateTime": pa.timestamp("us"),
}
DAY = 1_774_828_800_000_000
ROWS: dict[str, list[dict[str, Any]]] = {
    "Date": [{"date_key": 1, "date": DAY}, {"date_key": 2, "date": DAY + 86_400_000_000}],
    "Shift": [{"shift_key": 1, "shift_name": "Early"}, {"shift_key": 2, "shift_name": "Late"}],
    "Asset": [
        {"asset_key": 1, "asset_name": 'Press <1> & "co"', "line": "L1", "site_name": "North"},
        {"asset_key": 2, "asset_name": "Oven", "line": None, "site_name": "North"},
    ],
    "Product": [{"product_key": 1, "product_name": "Bolt's </script>"}],
    "Production": [
        {
            "date_key": d,
            "shift_key": s,
            "asset_key": a,
            "product_key": 1,
            "planned_busy_s": 25_200.0,
            "production_s": 22_380.0 - 1000 * a * s,
            "unqualified_s": 60.0 * d,
            "produced_qty": 19_271.0 + a,
            "good_qty": 18_848.0 - d,
            "scrap_qty": 423.0 + a + d,
            "ideal_runtime_s": 19_271.0,
            "ideal_good_runtime_s": 18_848.0 - 900 * a * d,
        }
        for d in (1, 2)
        for s in (1, 2)
        for a in (1, 2)
    ],
    "State Time": [
        {
            "date_key": 1,
            "shift_key": 1,
            "asset_key": a,
            "state": state,
            "time_category": category,
            "duration_s": 3600.0 * a + n,
            "planned_stop_s": 0.0,
        }
        for a in (1, 2)
        for n, (state, category) in enumerate(
            (("RUN", "production"), ("JAM", "unplanned_down"), ("FAULT", "unplanned_down"))
        )
    ],
    "Production Loss": [
        {
            "date_key": 1,
            "shift_key": 1,
            "asset_key": a,
            "node": node,
            "loss_category": category,
            "position": n,
            "duration_s": 100.0 * n,
        }
        for a in (1, 2)
        for n, (node, category) in enumerate((("speed_loss", "performance"), ("good", "good")), start=1)
    ],
    "Energy": [
        {
            "date_key": 1,
            "shift_key": 1,
            "asset_key": a,
            "state": "RUN",
            "time_category": "production",
            "energy_kwh": 12.5 * a,
            "finished_energy_kwh": 12.5 * a,
            "good_qty": 1000.0,
        }
        for a in (1, 2)
    ],
    "Energy Cost": [
        {
            "date_key": 1,
            "asset_key": 1,
            "charge": "energy",
            "period": "peak",
            "currency": "EUR",
            "is_top_meter": True,
            "is_leaf_meter": True,
            "energy_kwh": 30.0,
            "unpriced_kwh": 0.0,
            "cost": 9.0,
        }
    ],
    "Maintenance": [
        {
            "date_key": 1,
            "asset_key": 1,
            "component": component,
            "operating_s": 3600.0 * (component == "not told"),
            "failures": 1,
            "restored_failures": 1,
            "restore_s": 900.0,
            "due_orders": 2,
            "done_orders": 1,
            "corrective_s": 60.0,
            "preventive_s": 0.0,
        }
        for component in ("drive", "not told")
    ],
    "SPC Signal": [
        {
            "date_key": 1,
            "shift_key": 1,
            "asset_key": 1,
            "chart_id": "bore",
            "statistic": "mean",
            "rule_name": rule,
            "points": 8 * (rule == ""),
            "judged_points": 8 * (rule == ""),
            "signal_points": 1 * (rule == ""),
            "fired_count": 1 * (rule != ""),
        }
        for rule in ("", "nelson_1")
    ],
}


@pytest.fixture(scope="session")
def report(repository_root: Path) -> Report:
    return load_report(repository_root / "semantic_models" / "plant_operations.Report")


@pytest.fixture(scope="session")
def model(report: Report) -> SemanticModel:
    return load_semantic_model(report.model_path)


@pytest.fixture(scope="session")
def make_engine(model: SemanticModel) -> Callable[[dict[str, list[dict[str, Any]]]], DaxEngine]:
    def make(rows: dict[str, list[dict[str, Any]]]) -> DaxEngine:
        tables = {
            table.name: pa.table(
                {
                    column.name: pa.array(
                        [row.get(column.name) for row in rows.get(table.name, [])], ARROW[column.data_type]
                    )
                    for column in table.columns
                }
            )
            for table in model.tables
        }
        return DaxEngine(model, tables)

    return make


@pytest.fixture(scope="session")
def engine(make_engine: Callable[..., DaxEngine]) -> DaxEngine:
    return make_engine(ROWS)
