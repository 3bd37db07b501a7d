"""Published wrong formulas, beside ours, on one input."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from fabric_ot.testing import frame
from fabric_ot.transforms.calendar.shifts import to_shift_instances
from fabric_ot.transforms.production.peers import (
    COMPARISON_COLUMNS,
    to_count_comparison,
    to_oee_comparison,
    to_shift_comparison,
    to_shift_end_comparison,
    to_wall_time_comparison,
)

pytestmark = pytest.mark.spark

FACTS = (
    "site string, planned_busy_s double, production_s double, ideal_runtime_s double, ideal_good_runtime_s double, "
    "good_qty double, produced_qty double"
)
SHIFTS = "site_id string, shift_id string, shift_name string, start_local string, end_local string"


def test_downtime_charged_twice_and_a_mean_of_ratios_against_a_ratio_of_sums(spark) -> None:
    rows = [
        ("worked", 25_200.0, 22_380.0, 19_271.0, 18_848.0, 18_848.0, 19_271.0),
        ("hours", 60.0, 60.0, 54.0, 54.0, 54.0, 54.0),
        ("hours", 10.0, 10.0, 1.0, 1.0, 1.0, 1.0),
        ("idle", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    ]
    report = to_oee_comparison(frame(spark, FACTS, rows), by=["site"])
    assert tuple(report.columns) == COMPARISON_COLUMNS
    found = {(r.subject, r.formula): r for r in report.collect()}
    twice = found["worked", "downtime_twice"]
    assert (twice.ours, round(float(twice.theirs), 4), round(twice.difference, 4)) == ("0.747937", 0.6642, -0.0837)
    mean = found["hours", "mean_of_ratios"]
    assert (mean.ours, mean.theirs) == ("0.785714", "0.500000")
    assert mean.difference == pytest.approx(0.5 - 55 / 70)
    assert found["worked", "mean_of_ratios"].difference == pytest.approx(0), "one row: nothing to weigh"
    assert {(r.ours, r.theirs, r.difference) for (s, _), r in found.items() if s == "idle"} == {(None, None, None)}
    assert all(r.source and r.explanation for r in found.values())


def test_counting_by_maximum_less_minimum_against_increments(spark) -> None:
    samples = "tag_id string, event_time_utc timestamp, value_double double, quality string"
    tags = (
        "tag_id string, asset_id string, role string, unit string, counter_modulus double, "
        "valid_from_utc timestamp, valid_to_utc timestamp"
    )
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    values = {"rolls": [65_500, 65_535, 0, 20], "resets": [65_500, 65_535, 0, 20], "sound": [3, 4, 9]}
    rows = [
        (tag, start + dt.timedelta(seconds=n), float(value), "GOOD")
        for tag, numbers in values.items()
        for n, value in enumerate(numbers)
    ]
    known = [(tag, "asset", "good_counter", None, 65_536.0 if tag == "rolls" else None, start, None) for tag in values]
    report = to_count_comparison(frame(spark, samples, rows), frame(spark, tags, known)).collect()
    found = {r.subject: (float(r.ours), float(r.theirs), r.difference) for r in report}
    assert found == {"rolls": (56, 65_535, 65_479), "resets": (55, 65_535, 65_480), "sound": (6, 6, 0)}


def test_the_sign_of_the_offset_and_daylight_saving_time(spark) -> None:
    rows = [
        ("2022-06-30 06:00:00", "America/Phoenix", -7.0),
        ("2022-06-30 06:00:00", "America/Denver", -7.0),
        ("2022-01-30 06:00:00", "America/Denver", -7.0),
        ("2022-01-30 06:00:00", "Asia/Kolkata", 5.5),
        ("no time", "UTC", 0.0),
    ]
    report = to_wall_time_comparison(frame(spark, "local string, time_zone string, utc_offset_h double", rows))
    found = {(r.subject, r.formula): (r.ours, r.theirs, r.difference) for r in report.collect()}
    phoenix = found["2022-06-30 06:00:00 America/Phoenix", "offset_added"]
    assert phoenix == ("2022-06-30 13:00:00Z", "2022-06-29 23:00:00Z", -14.0)
    assert found["2022-06-30 06:00:00 America/Phoenix", "offset_fixed"][2] == 0
    assert found["2022-06-30 06:00:00 America/Denver", "offset_fixed"][1:] == ("2022-06-30 13:00:00Z", 1.0)
    assert found["2022-01-30 06:00:00 America/Denver", "offset_fixed"][2] == 0
    assert found["2022-01-30 06:00:00 Asia/Kolkata", "offset_added"][0::2] == ("2022-01-30 00:30:00Z", 11.0)
    assert found["no time UTC", "offset_added"] == (None, None, None)


def test_ends_written_in_full_seconds_lose_three_seconds_a_day(spark, shared_data: Path) -> None:
    with (shared_data / "iiot_patterns" / "mes" / "Shifts.csv").open(encoding="utf-8-sig") as file:
        lines = list(csv.DictReader(file))
    rows = [(r["PlantId"], r["Id"], r["ShiftName"], r["ShiftStartTime"], r["ShiftEndTime"]) for r in lines]
    rows += [("night", "N", "Night", "22:00:00", "05:59:59"), ("sound", "A", "Day", "06:00:00", "14:00:00")]
    found = {r.subject: (float(r.ours), float(r.theirs), r.difference) for r in
             to_shift_end_comparison(frame(spark, SHIFTS, rows)).collect()}  # fmt: skip
    day = (86_400, 86_397, -3)
    assert found == {"1": day, "2": day, "night": (28_800, 28_799, -1), "sound": (28_800, 28_800, 0)}


def test_the_hour_of_utc_names_the_wrong_shift_of_a_plant_in_ho_chi_minh_city(spark) -> None:
    shifts = frame(spark, SHIFTS, [
        ("HCM", "S1", "Early", "06:00:00", "14:00:00"), ("HCM", "S2", "Late", "14:00:00", "22:00:00"),
        ("HCM", "S3", "Night", "22:00:00", "06:00:00"),
    ])  # fmt: skip
    stops = frame(spark, "site_id string, shift_id string, stop_id string, reason string, start_local string, "
                         "duration_s double", [])  # fmt: skip
    sites = frame(spark, "site_id string, time_zone string", [("HCM", "Asia/Ho_Chi_Minh")])
    days = (dt.date(2026, 1, 1), dt.date(2026, 1, 2))
    instances = to_shift_instances(shifts, stops, sites, from_date=days[0], to_date=days[1])
    instants = [("HCM", dt.datetime(2026, 1, 1, 23, tzinfo=dt.UTC)), ("HCM", dt.datetime(2026, 1, 2, 7, tzinfo=dt.UTC)),
                ("HCM", dt.datetime(2026, 1, 2, 14, tzinfo=dt.UTC)), ("HCM", dt.datetime(2026, 1, 2, 6, tzinfo=dt.UTC)),
                ("HCM", dt.datetime(2027, 1, 2, 7, tzinfo=dt.UTC))]  # fmt: skip
    points = frame(spark, "site_id string, event_time_utc timestamp", instants)
    report = to_shift_comparison(points, instances, shifts).collect()
    found = {r.subject: (r.ours, r.theirs, r.difference) for r in report}
    assert found == {
        "HCM 2026-01-01 23:00:00Z": ("2026-01-02/S1", "2026-01-01/S3", -1.0),
        "HCM 2026-01-02 07:00:00Z": ("2026-01-02/S2", "2026-01-02/S1", 0.0),
        "HCM 2026-01-02 06:00:00Z": ("2026-01-02/S1", "2026-01-02/S1", 0.0),
        "HCM 2026-01-02 14:00:00Z": ("2026-01-02/S2", "2026-01-02/S2", 0.0),
        "HCM 2027-01-02 07:00:00Z": (None, "2027-01-02/S1", None),
    }
