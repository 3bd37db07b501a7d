"""The whole way through the shipped items: what comes out equals what is known, and a second run changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from fabric_ot.workbench.plant_day.claims import CLAIMS, MEASURE_CLAIMS
from fabric_ot.workbench.plant_day.run import PlantDayRequest, run_plant_day

pytestmark = [pytest.mark.spark, pytest.mark.slow]


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory, repository_root, spark_session, silent):
    onelake = tmp_path_factory.mktemp("plant_day") / "onelake"
    request = PlantDayRequest(root=repository_root, onelake=onelake, scale=0.05)
    first = run_plant_day(request, watch=silent, spark=lambda: spark_session)
    second = run_plant_day(request, watch=silent, spark=lambda: spark_session)
    return first, second


def test_a_simulated_day_equals_its_ground_truth(two_runs):
    first, _ = two_runs
    assert first.error is None
    assert {check.claim: check.differences for check in first.checks if not check.holds} == {}
    assert len(first.checks) == 9 + len(CLAIMS) + len(MEASURE_CLAIMS)
    assert first.is_good


def test_the_account_balances_and_names_every_reason(two_runs):
    account = two_runs[0].account
    assert account.is_balanced
    assert account.messages_in == sum(account.by_outcome.values()) > 1_000
    assert all(line["reason"] for line in account.lines if line["outcome"] != "decoded")


def test_the_textbook_shift_comes_out_of_gold_through_the_model(two_runs):
    rows = [r for r in two_runs[0].oee if "textbook" in r["asset_name"] and r["shift_id"] == "day"]
    assert [round(row["oee"], 7) for row in rows] == [0.7479365]


@pytest.mark.acceptance(1)
def test_a_second_run_changes_no_table_and_writes_no_version(two_runs):
    first, second = two_runs
    assert second.changed_tables == ()
    assert second.tables == first.tables


def test_the_preview_shows_the_values_of_the_model(two_runs):
    result = two_runs[0]
    html = Path(result.preview).read_text(encoding="utf-8")
    assert "74.8" in html
    assert all(asset in html for asset in {row["asset_name"].split(" (")[0] for row in result.oee})
