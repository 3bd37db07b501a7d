"""Each measure of the shipped model against SQL written by hand, by group and under filters."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from fabric_ot.workbench.local.dax import DaxEngine

ORACLE = {
    "OEE": ("production", "sum(ideal_good_runtime_s) / nullif(sum(planned_busy_s), 0)"),
    "Availability": ("production", "sum(production_s) / nullif(sum(planned_busy_s), 0)"),
    "Performance": ("production", "sum(ideal_runtime_s) / nullif(sum(production_s), 0)"),
    "Quality": ("production", "sum(good_qty) / nullif(sum(produced_qty), 0)"),
    "Produced Quantity": ("production", "sum(produced_qty)"),
    "Good Quantity": ("production", "sum(good_qty)"),
    "Scrap Quantity": ("production", "sum(scrap_qty)"),
    "Planned Busy Hours": ("production", "sum(planned_busy_s) / 3600"),
    "Production Hours": ("production", "sum(production_s) / 3600"),
    "Unqualified Hours": ("production", "sum(unqualified_s) / 3600"),
    "State Hours": ("state_time", "sum(duration_s) / 3600"),
    "Downtime Hours": (
        "state_time",
        "sum(duration_s - planned_stop_s) FILTER (WHERE time_category = 'unplanned_down') / 3600",
    ),
}
GROUPS = [
    (),
    (("Asset", "asset_name"),),
    (("Asset", "line"),),
    (("Shift", "shift_name"), ("Asset", "site_name")),
    (("Date", "date"), ("Shift", "shift_name"), ("Asset", "asset_name")),
    (("Date", "month_name"),),
]
FILTERS = [
    ({}, "true"),
    ({("Asset", "line"): "L1"}, "line = 'L1'"),
    ({("Asset", "line"): [None, "L2"]}, "(line = 'L2' OR line IS NULL)"),
    (
        {("Date", "date"): ["2026-03-30", dt.date(2026, 4, 1)], ("Shift", "shift_name"): ["Early", "Night"]},
        "date IN (DATE '2026-03-30', DATE '2026-04-01') AND shift_name IN ('Early', 'Night')",
    ),
]


def test_every_measure_of_the_model_has_an_oracle(plant_model):
    assert {measure.name for measure in plant_model.measures} == set(ORACLE)


def test_every_measure_can_be_evaluated(plant):
    assert plant.problems() == []


@pytest.mark.parametrize(("group", "filters"), list(itertools.product(range(len(GROUPS)), range(len(FILTERS)))))
def test_measures_equal_sql_written_by_hand(plant, sql, group, filters):
    columns = [column for _, column in GROUPS[group]]
    chosen, where = FILTERS[filters]
    by = f"GROUP BY {', '.join(columns)}" if columns else ""
    rows = plant.evaluate(list(ORACLE), group_by=GROUPS[group], filters=chosen)
    keys = [tuple(row[f"{t}[{c}]"] for t, c in GROUPS[group]) for row in rows]
    for measure, (fact, expression) in ORACLE.items():
        selected = ", ".join([*columns, expression])
        answers = sql(f"SELECT {selected} FROM {fact}_star WHERE {where} {by}")
        expected = {tuple(_plain(v) for v in row[:-1]): row[-1] for row in answers if row[-1] is not None}
        found = {key: row[f"[{measure}]"] for key, row in zip(keys, rows, strict=True)}
        found = {key: value for key, value in found.items() if value is not None}
        assert found == {key: pytest.approx(value, rel=1e-12) for key, value in expected.items()}, measure
        assert len(expected) > 0


def test_products_split_quantities_without_remainder(plant, sql):
    rows = plant.evaluate(["Good Quantity"], group_by=[("Product", "product_name")])
    assert sum(row["[Good Quantity]"] for row in rows) == sql("SELECT sum(good_qty) FROM production")[0][0]
    expected = sql("SELECT product_name, sum(good_qty) FROM production_star GROUP BY 1 ORDER BY lower(product_name)")
    assert [(row["Product[product_name]"], row["[Good Quantity]"]) for row in rows] == expected


def test_an_asset_key_without_a_row_shows_under_blank_not_nowhere(plant, sql):
    rows = plant.evaluate(["Produced Quantity"], group_by=[("Asset", "asset_name")])
    blank = [row["[Produced Quantity]"] for row in rows if row["Asset[asset_name]"] is None]
    assert blank == [sql("SELECT sum(produced_qty) FROM production WHERE asset_key = 99")[0][0]]


def test_groups_stand_in_the_order_of_their_sort_column(plant):
    rows = plant.evaluate(["OEE"], group_by=[("Date", "month_name")])
    assert [row["Date[month_name]"] for row in rows] == ["March", "April"]


def test_the_textbook_shift_and_its_week_as_a_ratio_of_sums(plant_model, plant_tables):
    shift = {"planned_busy_s": 420 * 60, "production_s": 373 * 60, "ideal_runtime_s": 19271, "produced_qty": 19271}
    good = {"good_qty": 18848, "ideal_good_runtime_s": 18848, "scrap_qty": 423, "product_key": 1, "asset_key": 1}
    short = {"planned_busy_s": 60.0, "production_s": 30.0, "ideal_runtime_s": 15.0, "ideal_good_runtime_s": 6.0}
    keys = [{"date_key": 20260330, "shift_key": 1}, {"date_key": 20260331, "shift_key": 1}]
    rows = [{**keys[0], **shift, **good}, {**keys[1], **short, "asset_key": 1, "product_key": 1}]
    names = plant_tables["Production"].schema
    facts = type(plant_tables["Production"]).from_pylist(
        [{name: row.get(name) for name in names.names} for row in rows], schema=names
    )
    engine = DaxEngine(plant_model, {**plant_tables, "Production": facts})
    first, second = engine.evaluate(["OEE", "Availability", "Performance", "Quality"], group_by=[("Date", "date")])
    assert first["[OEE]"] == pytest.approx(0.7479365, abs=5e-8)
    assert first["[OEE]"] == pytest.approx(first["[Availability]"] * first["[Performance]"] * first["[Quality]"])
    assert second["[OEE]"] == pytest.approx(0.1)
    (week,) = engine.evaluate(["OEE"])
    assert week["[OEE]"] == pytest.approx((18848 + 6) / (420 * 60 + 60))
    assert week["[OEE]"] != pytest.approx((first["[OEE]"] + second["[OEE]"]) / 2, rel=0.01)


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None)
    return value
