"""A claim about measures holds only where every number of the truth comes out of the model."""

from __future__ import annotations

import datetime as dt

import pytest

from fabric_ot.workbench.items.semantic_model import load_semantic_model
from fabric_ot.workbench.plant_day.claims import MEASURE_CLAIMS, MeasureClaim
from fabric_ot.workbench.plant_day.comparison import compare_measures

CLAIM = MeasureClaim(
    "t", "hours by month", {"asset": ("Asset", "asset_id"), "month": ("Date", "date")}, {"h": "Hours", "x": "X"}
)
TRUTH = [{"asset": "press", "month": "2026-03-01", "h": 2.0, "x": None}]
ROW = {"Asset[asset_id]": "press", "Date[date]": dt.datetime(2026, 3, 1), "[Hours]": 2.0, "[X]": None}


def check(*rows):
    def measure(names, by):
        assert names == ("Hours", "X")
        assert by == (("Asset", "asset_id"), ("Date", "date"))
        return rows

    return compare_measures(CLAIM, TRUTH, measure)


def test_equal_numbers_under_equal_keys_hold():
    assert check(ROW).holds


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"[Hours]": 2.1}, "h: expected 2.0, found 2.1"),
        ({"[X]": 0.0}, "x: expected None, found 0.0"),
        ({"Date[date]": dt.datetime(2026, 3, 2)}, "missing ('press', '2026-03-01')"),
    ],
)
def test_another_number_and_another_key_are_told(changes, said):
    found = check({**ROW, **changes})
    assert not found.holds
    assert any(said in difference for difference in found.differences)


def test_a_row_too_many_and_none_at_all_are_told():
    assert check(ROW, {**ROW, "Asset[asset_id]": None}).differences == ("not expected ('None', '2026-03-01')",)
    assert check(ROW, ROW).differences == ("2 times ('press', '2026-03-01')",)
    assert check().differences == ("missing ('press', '2026-03-01')",)


def test_the_claims_name_measures_and_columns_of_the_model(repository_root):
    model = load_semantic_model(repository_root / "semantic_models" / "plant_operations.SemanticModel")
    columns = {(table.name, column.name) for table in model.tables for column in table.columns}
    claimed = {name for claim in MEASURE_CLAIMS for name in claim.values.values()}
    assert claimed <= {measure.name for measure in model.measures}
    assert {place for claim in MEASURE_CLAIMS for place in claim.keys.values()} <= columns
