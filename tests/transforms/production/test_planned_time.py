"""Where a plant says so, planned down time outside placed stops is no busy time, and never more than there was."""

from __future__ import annotations

import datetime as dt

import pytest

from fabric_ot.testing import frame
from fabric_ot.transforms.production.planned_time import with_planned_down_off

DAY = dt.date(2026, 3, 1)
KEY = "asset_id string, site_id string, shift_id string, production_date date"
MINUTE_US = 60_000_000


@pytest.mark.spark
def test_planned_down_outside_placed_stops_is_taken_off_and_nothing_else(spark) -> None:
    shifts = [("press", "a", shift, DAY, 28_800.0, "Europe/Berlin") for shift in ("early", "late", "night", "quiet")]
    told = [
        ("early", "planned_down", False, 30), ("early", "planned_down", False, 15), ("early", "planned_down", True, 60),
        ("early", "unplanned_down", False, 47), ("early", "production", False, 300),
        ("late", "unplanned_down", False, 480),
        ("night", "planned_down", False, 481),
    ]  # fmt: skip
    segments = [("press", "a", shift, DAY, kind, placed, minutes * MINUTE_US) for shift, kind, placed, minutes in told]
    segments.append(("oven", "a", "late", DAY, "planned_down", False, 99 * MINUTE_US))
    before = frame(spark, f"{KEY}, planned_busy_s double, time_zone string", shifts)
    after = with_planned_down_off(
        before,
        frame(spark, f"{KEY}, time_category string, is_planned_stop boolean, duration_us bigint", segments),
    )
    assert after.columns == before.columns
    found = {row.shift_id: row.planned_busy_s for row in after.collect()}
    assert found == {"early": 28_800.0 - 45 * 60, "late": 28_800.0, "night": 0.0, "quiet": 28_800.0}
