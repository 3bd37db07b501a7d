from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from fabric_ot.workbench.items.semantic_model import (
    Column,
    Measure,
    Relationship,
    SemanticModel,
    Table,
    load_semantic_model,
)
from fabric_ot.workbench.local.dax import DaxEngine

DIMENSION_COLUMNS = {
    "date": ("date", "month_name"),
    "shift": ("shift_name",),
    "asset": ("asset_name", "line", "site_name"),
    "product": ("product_name",),
}
STARS = {
    "production": ("date", "shift", "asset", "product"),
    "state_time": ("date", "shift", "asset"),
    "production_loss": ("date", "shift", "asset"),
    "energy": ("date", "shift", "asset"),
    "energy_cost": ("date", "asset"),
    "maintenance": ("date", "asset"),
    "spc_signal": ("date", "shift", "asset"),
}
LOSSES = [("idle_loss", "availability"), ("speed_loss", "performance"), ("quality_loss", "quality"), ("good", "good")]
ARROW = {
    "string": pa.string(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "dateTime": pa.timestamp("us", "UTC"),
}


def arrow(table: Table, rows: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.table({c.name: pa.array([r.get(c.name) for r in rows], ARROW[c.data_type]) for c in table.columns})


@pytest.fixture(scope="session")
def plant_model(repository_root: Path) -> SemanticModel:
    return load_semantic_model(repository_root / "semantic_models" / "plant_operations.SemanticModel")


@pytest.fixture(scope="session")
def plant_tables(plant_model: SemanticModel) -> dict[str, pa.Table]:
    """A small plant with what breaks naive sums: an asset key without a row, an empty line, shifts never planned."""
    rows = _plant_rows(random.Random(11))
    return {table.name: arrow(table, rows[table.name]) for table in plant_model.tables}


@pytest.fixture(scope="session")
def plant(plant_model: SemanticModel, plant_tables: dict[str, pa.Table]) -> DaxEngine:
    return DaxEngine(plant_model, plant_tables)


@pytest.fixture(scope="session")
def sql(plant_tables: dict[str, pa.Table]) -> Callable[[str], list[tuple[Any, ...]]]:
    """Hand-written SQL over the same rows, joined as a star: the oracle."""
    connection = duckdb.connect()
    for name, table in plant_tables.items():
        connection.register(name.lower().replace(" ", "_"), table)
    for fact, keys in STARS.items():
        joins = [f"LEFT JOIN {key} USING ({key}_key)" for key in keys]
        columns = [column for key in keys for column in DIMENSION_COLUMNS[key]]
        rest = f"SELECT f.*, {', '.join(columns)} FROM {fact} f {' '.join(joins)}"
        connection.execute(f"CREATE VIEW {fact}_star AS {rest}")
        if "shift" not in keys:
            # a fact without shifts shows the same under every shift
            connection.execute(f"CREATE VIEW {fact}_star_by_shift AS SELECT * FROM ({rest}) CROSS JOIN shift")
    return lambda text: connection.execute(text).fetchall()


def _plant_rows(rng: random.Random) -> dict[str, list[dict[str, Any]]]:
    days = [dt.datetime(2026, 3, 30, tzinfo=dt.UTC) + dt.timedelta(days=n) for n in range(4)]
    dates = [
        {"date_key": int(d.strftime("%Y%m%d")), "date": d, "year": d.year, "month": d.month, "month_name": f"{d:%B}"}
        for d in days
    ]
    shifts = [{"shift_key": n, "shift_name": name} for n, name in enumerate(("Early", "Late", "Night"), 1)]
    places = [("Press", "L1", "North"), ("Oven", "L1", "North"), ("Saw", "L2", "North"), ("Drill", None, "South")]
    assets = [
        {"asset_key": n, "asset_name": name, "line": line, "site_name": site, "is_current": True}
        for n, (name, line, site) in enumerate(places, 1)
    ]
    products = [{"product_key": n, "product_name": name} for n, name in enumerate(("none", "Bolt", "Nut"))]
    keys = [
        {"date_key": d["date_key"], "shift_key": s["shift_key"], "asset_key": a}
        for d in dates
        for s in shifts
        for a in (1, 2, 3, 4, 99)
        if rng.random() < 0.7
    ]
    facts = [{**key, "product_key": p, **_quantities(rng)} for key in keys for p in (0, 1, 2) if rng.random() < 0.6]
    states = [
        {
            **key,
            "state": state,
            "time_category": category,
            "duration_s": rng.uniform(0, 9000),
            "planned_stop_s": rng.choice([0.0, 300.0]),
        }
        for key in keys
        for state, category in (("RUNNING", "production"), ("JAM", "unplanned_down"), ("FAULT", "unplanned_down"))
        if rng.random() < 0.8
    ]
    return {
        "Date": dates,
        "Shift": shifts,
        "Asset": assets,
        "Product": products,
        "Production": facts,
        "State Time": states,
        "Production Loss": [row for key in keys for row in _losses(rng, key)],
        "Energy": [row for key in keys for row in _energy(rng, key)],
        "Energy Cost": [row for d in dates for a in (1, 2, 3, 4, 99) for row in _costs(rng, d["date_key"], a)],
        "Maintenance": [row for d in (dates[0], dates[2]) for a in (1, 2, 4, 99) for row in _repairs(rng, d, a)],
        "SPC Signal": [row for key in keys for row in _points(rng, key)],
    }


def _losses(rng: random.Random, key: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {**key, "node": node, "loss_category": category, "position": n, "duration_s": rng.uniform(-100, 9000)}
        for n, (node, category) in enumerate(LOSSES, start=3)
        if rng.random() < 0.9
    ]


def _energy(rng: random.Random, key: dict[str, int]) -> list[dict[str, Any]]:
    """The good units of a shift stand in one of its states; a shift that is not over has none."""
    is_over, good = rng.random() < 0.8, float(rng.randrange(0, 500))
    rows = []
    for n, (state, category) in enumerate((("FAULT", "unplanned_down"), ("RUNNING", "production"))):
        kwh = rng.uniform(0, 50)
        made = {"finished_energy_kwh": kwh * is_over, "good_qty": good * is_over * (n == 0)}
        rows.append({**key, "state": state, "time_category": category, "energy_kwh": kwh, **made})
    return rows


def _costs(rng: random.Random, date_key: int, asset_key: int) -> list[dict[str, Any]]:
    """Assets 1 to 3 pay in EUR, the others in USD; asset 3 stands above asset 2; some energy has no price."""
    rows = []
    for period in ("day", "night"):
        kwh, is_priced = rng.uniform(1, 90), rng.random() < 0.8
        told = {"is_top_meter": asset_key != 2, "is_leaf_meter": asset_key != 3, "energy_kwh": kwh, "charge": "energy"}
        told |= {"period": period, "currency": ("EUR" if asset_key <= 3 else "USD") if is_priced else ""}
        told |= {"unpriced_kwh": 0.0 if is_priced else kwh, "cost": kwh * 0.2 if is_priced else None}
        rows.append({"date_key": date_key, "asset_key": asset_key, **told})
    return rows


def _repairs(rng: random.Random, date: dict[str, Any], asset_key: int) -> list[dict[str, Any]]:
    """Asset 4 never failed; operating time stands in the component 'not told'."""
    rows = []
    for component in ("not told", "drive", "pump")[: 1 if asset_key == 4 else 3]:
        failures, open_ = 0 if asset_key == 4 else rng.randrange(0, 4), 0
        told = {"failures": failures, "restored_failures": failures - open_, "restore_s": failures * 300.0}
        told |= {"operating_s": rng.uniform(1e4, 1e5) if component == "not told" else 0.0, "due_orders": failures}
        told |= {"done_orders": failures // 2, "corrective_s": failures * 200.0, "preventive_s": 100.0}
        rows.append({"date_key": date["date_key"], "asset_key": asset_key, "component": component, **told})
    return rows


def _points(rng: random.Random, key: dict[str, int]) -> list[dict[str, Any]]:
    chart = {**key, "chart_id": "bore", "statistic": "mean"}
    points, signals = rng.randrange(1, 9), rng.randrange(0, 2)
    judged = rng.choice([0, points])
    nothing = {"points": 0, "judged_points": 0, "signal_points": 0}
    counts = {"points": points, "judged_points": judged, "signal_points": min(signals, judged)}
    fired = [{**chart, "rule_name": f"nelson_{n}", **nothing, "fired_count": 1} for n in range(signals)]
    return [{**chart, "rule_name": "", **counts, "fired_count": 0}, *fired]


def _quantities(rng: random.Random) -> dict[str, float]:
    busy = rng.choice([0.0, 25_200.0, 28_800.0])
    run = busy * rng.uniform(0.5, 1)
    made = float(rng.choice([0, rng.randrange(1, 20_000)]))
    good = float(int(made * rng.uniform(0.8, 1)))
    return {
        "planned_busy_s": busy, "production_s": run, "unqualified_s": rng.choice([0.0, 900.0]),
        "produced_qty": made, "good_qty": good, "scrap_qty": made - good,
        "ideal_runtime_s": made * 1.1, "ideal_good_runtime_s": good * 1.1,
    }  # fmt: skip


def _column(text: str) -> Column:
    name, data_type = text.split(":")
    return Column(name.rstrip("!"), data_type, name.rstrip("!"), is_key=name.endswith("!"))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def make_engine() -> Callable[..., DaxEngine]:
    """Build an engine from columns such as `name:string`, rows, measures and `Many.key -> One.key` relationships."""

    def make(
        tables: dict[str, tuple[str, list[tuple[Any, ...]]]],
        *,
        measures: dict[str, str] | None = None,
        relationships: Sequence[str] = (),
        **options: Any,
    ) -> DaxEngine:
        made: list[Table] = []
        data: dict[str, pa.Table] = {}
        for number, (name, (columns, rows)) in enumerate(tables.items()):
            own = tuple(Measure(m, text) for m, text in (measures or {}).items()) if number == 0 else ()
            is_time = "!" in columns
            table = Table(
                name, tuple(map(_column, columns.split())), own, None, data_category="Time" if is_time else ""
            )
            made.append(table)
            data[name] = arrow(table, [dict(zip(table.column_names, row, strict=True)) for row in rows])
        ends = [[end.split(".") for end in text.split(" -> ")] for text in relationships]
        joined = tuple(Relationship(f"r{n}", *many, *one) for n, (many, one) in enumerate(ends))
        return DaxEngine(SemanticModel("test", tuple(made), joined, **options), data)

    return make


@pytest.fixture(scope="session")
def value(make_engine: Callable[..., DaxEngine]) -> Callable[[str], Any]:
    """Evaluate one expression where no data is needed."""
    engine = make_engine({"T": ("x:int64", [(1,), (2,), (None,)])})
    return lambda text: engine.query(f'EVALUATE ROW("v", {text})')[0]["[v]"]
