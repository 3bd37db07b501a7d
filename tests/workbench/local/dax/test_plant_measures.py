"""Each measure of the shipped model against SQL written by hand, by group and under filters."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from fabric_ot.workbench.local.dax import DaxEngine

ONE_CURRENCY = "CASE WHEN count(DISTINCT nullif(currency, '')) = 1 THEN"
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
    "Loss Hours": ("production_loss", "sum(duration_s) FILTER (WHERE node <> 'good') / 3600"),
    "Loss Share": (
        "production_loss",
        "sum(duration_s) FILTER (WHERE node <> 'good') / nullif(sum(duration_s), 0)",
    ),
    "Energy kWh": ("energy", "sum(energy_kwh)"),
    "Energy per Good Unit kWh": ("energy", "sum(finished_energy_kwh) / nullif(sum(good_qty), 0)"),
    "Unproductive Energy Share": (
        "energy",
        "sum(energy_kwh) FILTER (WHERE time_category <> 'production') / nullif(sum(energy_kwh), 0)",
    ),
    "Energy Cost": ("energy_cost", f"{ONE_CURRENCY} sum(cost) FILTER (WHERE is_top_meter) END"),
    "Billed Energy kWh": ("energy_cost", "sum(energy_kwh) FILTER (WHERE is_top_meter)"),
    "Unpriced Energy kWh": ("energy_cost", "sum(unpriced_kwh) FILTER (WHERE is_top_meter)"),
    "Energy Price per kWh": (
        "energy_cost",
        f"{ONE_CURRENCY} sum(cost) FILTER (WHERE is_leaf_meter)"
        " / nullif(sum(energy_kwh - unpriced_kwh) FILTER (WHERE is_leaf_meter), 0) END",
    ),
    "Failure Count": ("maintenance", "sum(failures)"),
    "Operating Hours": ("maintenance", "sum(operating_s) / 3600"),
    "MTBF Hours": ("maintenance", "sum(operating_s) / 3600 / nullif(sum(failures), 0)"),
    "MTTR Hours": ("maintenance", "sum(restore_s) / 3600 / nullif(sum(restored_failures), 0)"),
    "Inherent Availability": (
        "maintenance",
        "sum(operating_s) / nullif(sum(failures), 0) / (sum(operating_s) / nullif(sum(failures), 0)"
        " + sum(restore_s) / nullif(sum(restored_failures), 0))",
    ),
    "Schedule Compliance": ("maintenance", "sum(done_orders) / nullif(sum(due_orders), 0)"),
    "Corrective Share": ("maintenance", "sum(corrective_s) / nullif(sum(corrective_s + preventive_s), 0)"),
    "Control Points": ("spc_signal", "sum(points)"),
    "Signals": ("spc_signal", "sum(signal_points)"),
    "Out of Control Share": ("spc_signal", "sum(signal_points) / nullif(sum(judged_points), 0)"),
    "Rules Fired": ("spc_signal", "sum(fired_count) FILTER (WHERE rule_name <> '')"),
}
PRODUCTS = {"Energy Cost per Good Unit": ("Energy Price per kWh", "Energy per Good Unit kWh")}
OF_ONE_CURRENCY = ("Energy Cost", "Energy Price per kWh", *PRODUCTS)
WITHOUT_SHIFT = ("energy_cost", "maintenance")
GROUPS = [
    (),
    (("Asset", "asset_name"),),
    (("Asset", "line"),),
    (("Shift", "shift_name"), ("Asset", "site_name")),
    (("Date", "date"), ("Shift", "shift_name"), ("Asset", "asset_name")),
    (("Date", "month_name"),),
]
FILTERS = [
    ({}, "true", "true"),
    ({("Asset", "line"): "L1"}, "line = 'L1'", "true"),
    ({("Asset", "line"): [None, "L2"]}, "(line = 'L2' OR line IS NULL)", "true"),
    (
        {("Date", "date"): ["2026-03-30", dt.date(2026, 4, 1)], ("Shift", "shift_name"): ["Early", "Night"]},
        "date IN (DATE '2026-03-30', DATE '2026-04-01')",
        "shift_name IN ('Early', 'Night')",
    ),
]


def test_every_measure_of_the_model_has_an_oracle(plant_model):
    assert {measure.name for measure in plant_model.measures} == {*ORACLE, *PRODUCTS}


def test_every_measure_can_be_evaluated(plant):
    assert plant.problems() == []


@pytest.mark.parametrize(("group", "filters"), list(itertools.product(range(len(GROUPS)), range(len(FILTERS)))))
def test_measures_equal_sql_written_by_hand(plant, sql, group, filters):
    columns = [column for _, column in GROUPS[group]]
    chosen, where, of_shift = FILTERS[filters]
    rows = plant.evaluate([*ORACLE, *PRODUCTS], group_by=GROUPS[group], filters=chosen)
    keys = [tuple(row[f"{t}[{c}]"] for t, c in GROUPS[group]) for row in rows]
    answers = {}
    for fact in {fact for fact, _ in ORACLE.values()}:
        star, condition = f"{fact}_star", f"{where} AND {of_shift}"
        if fact in WITHOUT_SHIFT:
            by_shift = "shift_name" in columns
            star, condition = (f"{star}_by_shift", condition) if by_shift else (star, where)
        expressions = {measure: told for measure, (of_fact, told) in ORACLE.items() if of_fact == fact}
        answers |= _answers(sql, columns, expressions, f"{star} WHERE {condition}")
    for measure, (one, other) in PRODUCTS.items():
        both = answers[one].keys() & answers[other].keys()
        answers[measure] = {key: answers[one][key] * answers[other][key] for key in both}
    for measure, expected in answers.items():
        found = {key: row[f"[{measure}]"] for key, row in zip(keys, rows, strict=True)}
        found = {key: value for key, value in found.items() if value is not None}
        assert found == {key: pytest.approx(value, rel=1e-9) for key, value in expected.items()}, measure
        assert expected or measure in OF_ONE_CURRENCY


def _answers(sql, columns, expressions, star):
    by = f"GROUP BY {', '.join(columns)}" if columns else ""
    rows = sql(f"SELECT {', '.join([*columns, *expressions.values()])} FROM {star} {by}")
    width = len(columns)
    return {
        measure: {tuple(map(_plain, row[:width])): row[n] for row in rows if row[n] is not None}
        for n, measure in enumerate(expressions, start=width)
    }


def test_losses_of_a_node_are_shares_of_all_planned_busy_time(plant, sql):
    rows = plant.evaluate(["Loss Share", "Loss Hours"], group_by=[("Production Loss", "node")])
    whole = sql("SELECT sum(duration_s) FROM production_loss")[0][0]
    expected = sql(
        f"SELECT node, sum(duration_s) / {whole}, sum(duration_s) / 3600 FROM production_loss WHERE node <> 'good' "
        "GROUP BY ALL ORDER BY min(position)"
    )
    assert [tuple(row.values()) for row in rows] == [
        (node, pytest.approx(share), pytest.approx(hours)) for node, share, hours in expected
    ]


def test_energy_per_good_unit_of_the_states_adds_up_to_that_of_the_asset(plant):
    name = "Energy per Good Unit kWh"
    for whole in plant.evaluate([name], group_by=[("Asset", "asset_name")]):
        asset = {("Asset", "asset_name"): whole["Asset[asset_name]"]}
        states = plant.evaluate([name], group_by=[("Energy", "state")], filters=asset)
        assert sum(row[f"[{name}]"] for row in states) == pytest.approx(whole[f"[{name}]"])
        assert len(states) == 2


def test_costs_of_two_currencies_have_no_sum(plant):
    assert plant.evaluate(["Energy Cost", "Energy Price per kWh", "Billed Energy kWh"])[0]["[Energy Cost]"] is None
    rows = plant.evaluate(["Energy Cost"], group_by=[("Energy Cost", "currency")])
    assert {row["Energy Cost[currency]"] for row in rows} == {"EUR", "USD"}
    assert all(row["[Energy Cost]"] > 0 for row in rows)


def test_mtbf_of_a_component_is_the_time_of_its_asset_over_its_failures(plant, sql):
    rows = plant.evaluate(["MTBF Hours"], group_by=[("Maintenance", "component")])
    (hours,) = sql("SELECT sum(operating_s) / 3600 FROM maintenance")[0]
    expected = sql("SELECT component, sum(failures) FROM maintenance GROUP BY 1 HAVING sum(failures) > 0")
    assert {row["Maintenance[component]"]: row["[MTBF Hours]"] for row in rows} == {
        name: pytest.approx(hours / count) for name, count in expected
    }


def test_without_a_failure_mtbf_and_availability_are_blank_not_endless(plant):
    rows = plant.evaluate(
        ["Failure Count", "Operating Hours", "MTBF Hours", "MTTR Hours", "Inherent Availability"],
        filters={("Asset", "asset_name"): "Drill"},
    )
    assert rows[0]["[Failure Count]"] == 0
    assert rows[0]["[Operating Hours]"] > 0
    assert {rows[0][f"[{name}]"] for name in ("MTBF Hours", "MTTR Hours", "Inherent Availability")} == {None}


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
