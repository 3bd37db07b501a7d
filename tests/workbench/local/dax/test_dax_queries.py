from __future__ import annotations

import pytest

from fabric_ot.errors import DaxError, NotSupportedError


def test_summarizecolumns_equals_evaluate(plant):
    queried = plant.query(
        'EVALUATE SUMMARIZECOLUMNS(Asset[line], Shift[shift_name], "OEE", [OEE], "Good Quantity", [Good Quantity]) '
        "ORDER BY Asset[line], Shift[shift_name]"
    )
    evaluated = plant.evaluate(["OEE", "Good Quantity"], group_by=[("Asset", "line"), ("Shift", "shift_name")])
    assert queried == evaluated
    assert len(queried) == 9


def test_order_by_sorts_by_several_keys_blank_first(plant):
    rows = plant.query('EVALUATE SUMMARIZECOLUMNS(Asset[asset_name], "q", [Good Quantity]) ORDER BY [q] DESC')
    quantities = [row["[q]"] for row in rows]
    assert quantities == sorted(quantities, reverse=True)
    names = [
        r["Asset[asset_name]"] for r in plant.query("EVALUATE VALUES(Asset[asset_name]) ORDER BY Asset[asset_name]")
    ]
    assert names == [None, "Drill", "Oven", "Press", "Saw"]


def test_filter_tables_restrict_groups_and_measures(plant):
    rows = plant.query(
        'EVALUATE SUMMARIZECOLUMNS(Asset[asset_name], FILTER(ALL(Asset[line]), Asset[line] = "L1"), '
        'TREATAS({"Early"}, Shift[shift_name]), "q", [Good Quantity]) ORDER BY Asset[asset_name]'
    )
    expected = plant.evaluate(
        ["Good Quantity"],
        group_by=[("Asset", "asset_name")],
        filters={("Asset", "line"): "L1", ("Shift", "shift_name"): "Early"},
    )
    assert [(r["Asset[asset_name]"], r["[q]"]) for r in rows] == [
        (r["Asset[asset_name]"], r["[Good Quantity]"]) for r in expected
    ]


def test_groups_without_measures_show_what_exists(plant):
    rows = plant.query("EVALUATE SUMMARIZECOLUMNS(Asset[site_name], Asset[line])")
    assert {tuple(row.values()) for row in rows} == {("North", "L1"), ("North", "L2"), ("South", None), (None, None)}


def test_a_model_table_shows_its_own_columns_and_rows(plant):
    rows = plant.query("EVALUATE FILTER(Shift, Shift[shift_key] >= 2) ORDER BY Shift[shift_key] DESC")
    assert [row["Shift[shift_name]"] for row in rows] == ["Night", "Late"]
    assert set(plant.query("EVALUATE Production")[0]) == {
        f"Production[{c.name}]" for t in plant.model.tables if t.name == "Production" for c in t.columns
    }


def test_one_row_of_values(plant):
    assert plant.query('EVALUATE ROW("a", 1 + 1, "b", BLANK())') == [{"[a]": 2, "[b]": None}]


@pytest.mark.parametrize(
    ("text", "error", "part"),
    [
        ("SELECT 1", DaxError, "starts with EVALUATE"),
        ("EVALUATE 1 + 1", DaxError, "needs a table"),
        ("EVALUATE ROW(1, 2)", DaxError, "a name in quotes"),
        ('EVALUATE ROW("a")', DaxError, "pairs"),
        ("EVALUATE Shift ORDER BY [nope]", DaxError, "ORDER BY \\[nope\\] is not in the result"),
        ("EVALUATE Shift ORDER [x]", DaxError, "expected BY"),
        ("DEFINE MEASURE Shift[x] = 1 EVALUATE Shift", NotSupportedError, "DEFINE at position 1"),
        ("EVALUATE Shift EVALUATE Shift", NotSupportedError, "second EVALUATE"),
        ("EVALUATE TOPN(1, Shift)", NotSupportedError, "function TOPN at position 10"),
        ('EVALUATE SUMMARIZECOLUMNS(Shift[shift_name], 1, "x", [OEE])', DaxError, "a name in quotes"),
    ],
)
def test_what_is_no_supported_query_is_told(plant, text, error, part):
    with pytest.raises(error, match=part):
        plant.query(text)
