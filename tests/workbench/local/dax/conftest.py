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
    for fact in ("production", "state_time"):
        connection.execute(
            f"CREATE VIEW {fact}_star AS SELECT f.*, d.date, d.month_name, s.shift_name, a.asset_name, a.line, "
            f"a.site_name{', p.product_name' if fact == 'production' else ''} FROM {fact} f "
            "LEFT JOIN date d USING (date_key) LEFT JOIN shift s USING (shift_key) LEFT JOIN asset a USING (asset_key)"
            + (" LEFT JOIN product p USING (product_key)" if fact == "production" else "")
        )
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
    }


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
