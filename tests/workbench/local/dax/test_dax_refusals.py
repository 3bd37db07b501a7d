"""What is wrong or not supported is named with its place, before anything is evaluated."""

from __future__ import annotations

import pytest

from fabric_ot.errors import DaxError, NotSupportedError


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('FORMAT(1, "0")', "function FORMAT at position 19 is not supported"),
        ("CALCULATE([OEE], SAMEPERIODLASTYEAR(Date[date]))", "function SAMEPERIODLASTYEAR at position 36"),
        ("CALCULATE([OEE], ALLSELECTED())", "ALLSELECTED"),
        ("IF(TRUE(), 1, TODAY())", "TODAY"),
        ("CALCULATE([OEE], FILTER(ALL(Asset), TRUE()) , USERELATIONSHIP(Date[date], Date[date]))", "USERELATIONSHIP"),
        ("CALCULATE([OEE], SUMX(Asset, 1) > 0)", "SUMX at position 36 inside a filter predicate"),
    ],
)
def test_an_unsupported_function_is_named_even_where_it_would_not_run(plant, text, part):
    with pytest.raises(NotSupportedError, match=part):
        plant.query(f'EVALUATE ROW("v", {text})')


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[Availabilty]", "no measure \\[Availabilty\\]; did you mean Availability"),
        ("SUM(Production[good_quantity])", "no column Production\\[good_quantity\\]; did you mean .*good_qty"),
        ("SUM(Prodction[good_qty])", "no table or variable 'Prodction'; did you mean Production"),
        ("COUNTROWS(Assets)", "did you mean Asset"),
        ("[asset_name]", "a column needs its table, for example Asset\\[asset_name\\]"),
        ("Asset[asset_name]", "without a row context"),
        ("SUM(1)", "SUM needs a column"),
        ("SUM(Asset[asset_name])", "does not work on Asset\\[asset_name\\] of type string"),
        ("MAX(Asset[is_current])", "of type boolean"),
        ("DIVIDE(1)", "DIVIDE takes 2 to 3 argument"),
        ("REMOVEFILTERS(Asset)", "only among the filters of CALCULATE"),
        ("CALCULATE([OEE], [OEE] > 1)", "cannot use the measure \\[OEE\\]"),
        ("CALCULATE([OEE], Asset[line] = Shift[shift_name])", "columns of one table"),
        ("CALCULATE([OEE], {1})", "use TREATAS"),
        ("VALUES(Asset[asset_name])", "a table with 5 row"),
        ("1 +", "expected an expression; found '\\)'"),
        ("SUMX((", "expected an expression"),
        ("1 2", "expected ','; found '2'"),
        ('"open', "is never closed"),
        ("1 ; 2", "';' starts nothing"),
        ("VAR a = 1", "expected VAR or RETURN"),
        ("{(1, 2), (3)}", "same number of values"),
        ("RELATED(Asset[line])", "no row here reaches"),
    ],
)
def test_a_mistake_is_told_with_its_position_and_near_names(plant, text, part):
    with pytest.raises(DaxError, match=part) as caught:
        plant.query(f'EVALUATE ROW("v", {text})')
    assert "position" in str(caught.value)


def test_a_measure_that_fails_is_named_once(make_engine):
    engine = make_engine(
        {"T": ("x:int64", [(1,)])}, measures={"Bad": 'FORMAT(1, "0")', "Outer": "[Bad] + 1", "Good": "SUM(T[x])"}
    )
    with pytest.raises(NotSupportedError, match=r"^measure \[Bad\]: function FORMAT at position 1"):
        engine.evaluate(["Outer"])
    assert engine.problems() == ["measure [Bad]: function FORMAT at position 1 is not supported"]


def test_not_before_a_parenthesis_and_an_operator_is_refused_as_ambiguous(value):
    with pytest.raises(NotSupportedError, match="two ways"):
        value("NOT (1) = 2")


@pytest.mark.parametrize(
    ("group", "filters", "part"),
    [
        ([("Asset", "asset_nam")], {}, "did you mean asset_name"),
        ([("Aset", "asset_name")], {}, "did you mean Asset"),
        ([], {("Asset", "line"): 3}, "needs a value of type string"),
        ([], {("Date", "year"): "2026"}, "needs a value of type int64"),
        ([], {("Date", "date"): "yesterday"}, "needs a date"),
    ],
)
def test_wrong_groups_and_filters_are_told(plant, group, filters, part):
    with pytest.raises(DaxError, match=part):
        plant.evaluate(["OEE"], group_by=group, filters=filters)


def test_missing_data_is_told(plant_model, plant_tables):
    from fabric_ot.workbench.local.dax import DaxEngine

    with pytest.raises(DaxError, match="no data for table 'Shift'"):
        DaxEngine(plant_model, {name: t for name, t in plant_tables.items() if name != "Shift"})
    with pytest.raises(DaxError, match="no column\\(s\\) \\['shift_name'\\]"):
        DaxEngine(plant_model, {**plant_tables, "Shift": plant_tables["Shift"].drop_columns(["shift_name"])})
