"""The public data sets through the shipped items: their published numbers come out."""

from __future__ import annotations

import pytest

from fabric_ot.workbench.plant_day.run import PlantDayRequest, run_plant_day

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def test_the_public_data_sets_give_their_published_numbers(
    tmp_path_factory, repository_root, spark_session, shared_data, silent
):
    onelake = tmp_path_factory.mktemp("public") / "onelake"
    request = PlantDayRequest(root=repository_root, data=shared_data, onelake=onelake)
    result = run_plant_day(request, watch=silent, spark=lambda: spark_session)
    assert result.error is None
    assert {check.claim: check.differences for check in result.checks if not check.holds} == {}
    assert result.account.is_balanced
    found = {check.claim: check.found for check in result.checks}
    assert found["steel energy intervals and kWh"] == "35,040 / 959,640.31"
    assert found["steel power factors to two digits, lagging and leading"] == "35,040 equal"
    assert found["planned busy minutes per shift of the plant with work orders"] == "430 / 415 / 420"
