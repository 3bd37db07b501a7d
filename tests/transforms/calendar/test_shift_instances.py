"""Shift instances agree with Python's zone database on every night of a year, and planned stops lie inside them."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fabric_ot.errors import ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.calendar.shifts import (
    keep_overlapping_shifts,
    to_merged_stops,
    to_planned_stops,
    to_shift_instances,
)

pytestmark = pytest.mark.spark

ZONES = (
    "America/Phoenix",
    "America/Denver",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Asia/Ho_Chi_Minh",
)
SITES = "site_id string, site_name string, time_zone string"
SHIFTS = "site_id string, shift_id string, shift_name string, start_local string, end_local string"
STOPS = "site_id string, shift_id string, stop_id string, reason string, start_local string, duration_s double"
YEAR = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))
HOUR = 3600


def utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)


def slow_utc(day: dt.date, wall: str, zone: str, *, days: int = 0) -> dt.datetime:
    """Return the instant of a wall time: fold 0 is the first of two, and moves a missing one by the gap."""
    local = dt.datetime.combine(day + dt.timedelta(days=days), dt.time.fromisoformat(wall))
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(dt.UTC)


def instances_of(spark, shifts, stops=(), *, zones=ZONES, dates=YEAR):
    sites = frame(spark, SITES, [(zone, zone, zone) for zone in zones])
    calendar = frame(spark, SHIFTS, shifts), frame(spark, STOPS, stops), sites
    return to_shift_instances(*calendar, from_date=dates[0], to_date=dates[1])


def test_every_shift_of_a_year_starts_and_ends_when_the_zone_says(spark) -> None:
    walls = {
        "day": ("06:00:00", "14:00:00"),
        "night": ("22:00:00", "06:00:00"),
        "gap": ("02:30:00", "03:00:00"),
        "odd": ("02:15:27", "01:45:54"),
        "round": ("00:00:00", "00:00:00"),
    }
    shifts = [(zone, shift, shift, start, end) for zone in ZONES for shift, (start, end) in walls.items()]
    found = instances_of(spark, shifts).collect()
    assert len(found) == 6 * 5 * 365
    for row in found:
        start, end = walls[row.shift_id]
        starts = slow_utc(row.production_date, start, row.time_zone)
        ends = max(starts, slow_utc(row.production_date, end, row.time_zone, days=int(end <= start)))
        assert (utc(row.start_utc), utc(row.end_utc)) == (starts, ends), row
        assert row.planned_busy_s == (ends - starts).total_seconds()


@pytest.mark.acceptance(3)
def test_a_night_shift_lasts_seven_hours_in_spring_and_nine_in_autumn(spark) -> None:
    nights = instances_of(spark, [(zone, "night", "Night", "22:00:00", "06:00:00") for zone in ZONES]).collect()
    odd = {
        (r.time_zone, str(r.production_date)): (r.end_utc - r.start_utc).total_seconds() / HOUR
        for r in nights
        if r.end_utc - r.start_utc != dt.timedelta(hours=8)
    }
    assert odd == {
        ("America/Denver", "2026-03-07"): 7.0,
        ("America/Denver", "2026-10-31"): 9.0,
        ("Europe/Berlin", "2026-03-28"): 7.0,
        ("Europe/Berlin", "2026-10-24"): 9.0,
        ("Australia/Lord_Howe", "2026-10-03"): 7.5,
        ("Australia/Lord_Howe", "2026-04-04"): 8.5,
    }


def test_a_missing_wall_time_moves_forward_by_the_gap_and_an_ambiguous_one_is_the_first(spark) -> None:
    shifts = [("Europe/Berlin", "early", "Early", "02:30", "10:00")]
    dates = (dt.date(2026, 3, 29), dt.date(2026, 3, 29))
    spring = instances_of(spark, [(*shifts[0][:3], "02:30:00", "10:00:00")], dates=dates).collect()[0]
    assert utc(spring.start_utc) == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC), "03:30 summer time"
    dates = (dt.date(2026, 10, 25), dt.date(2026, 10, 25))
    autumn = instances_of(spark, [(*shifts[0][:3], "02:30:00", "10:00:00")], dates=dates).collect()[0]
    assert utc(autumn.start_utc) == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC), "the first 02:30, summer time"


@pytest.mark.acceptance(3)
def test_phoenix_six_in_the_morning_is_one_in_the_afternoon_utc_and_denver_an_hour_earlier_in_summer(spark) -> None:
    dates = (dt.date(2026, 7, 1), dt.date(2026, 7, 1))
    zones = ("America/Phoenix", "America/Denver", "Asia/Ho_Chi_Minh")
    shifts = [(zone, "a", "A", "06:00:00", "14:00:00") for zone in zones]
    found = {
        r.time_zone: (utc(r.start_utc).hour, r.production_date)
        for r in instances_of(spark, shifts, dates=dates).collect()
    }
    winter = instances_of(spark, shifts[:2], dates=(dt.date(2026, 1, 7), dt.date(2026, 1, 7))).collect()
    assert {utc(r.start_utc).hour for r in winter} == {13}, "in winter both are seven hours behind"
    assert found["America/Denver"] == (12, dates[0])
    assert found["America/Phoenix"] == (13, dates[0])
    assert found["Asia/Ho_Chi_Minh"] == (23, dates[0]), "the evening before in UTC, the same production date"


def test_stops_count_once_are_cut_at_the_shift_and_planned_minutes_without_a_place_are_subtracted(spark) -> None:
    zone, day = "Europe/Berlin", dt.date(2026, 3, 28)
    shifts = [(zone, "night", "Night", "22:00:00", "06:00:00"), (zone, "late", "Late", "14:00:00", "22:00:00")]
    stops = [
        (zone, "night", "lunch", "Breaks", "01:30:00", 3600.0),  # 00:30Z to 01:30Z over the change of clocks
        (zone, "night", "check", "Check", "03:15:00", 1800.0),  # 01:15Z to 01:45Z: overlaps lunch by 15 min
        (zone, "night", "end", "Cleaning", "05:50:00", 1200.0),  # sticks out by 10 min
        (zone, "night", "talk", "Meeting", None, 600.0),
        (zone, "late", "all", "Revision", None, 999_999.0),
        (zone, "late", "none", "Nothing", "15:00:00", 0.0),
        (zone, "late", "first", "Handover", "14:00:00", 300.0),
    ]
    calendar = frame(spark, SHIFTS, shifts), frame(spark, STOPS, stops), frame(spark, SITES, [(zone, zone, zone)])
    found = {r.shift_id: r for r in to_shift_instances(*calendar, from_date=day, to_date=day).collect()}
    assert (found["night"].planned_stop_s, found["night"].planned_busy_s) == (75 * 60 + 600 + 600, 7 * HOUR - 95 * 60)
    assert (found["late"].planned_stop_s, found["late"].planned_busy_s) == (8 * HOUR, 0.0)
    placed = to_planned_stops(*calendar, from_date=day, to_date=day)
    times = {r.stop_id: (r.start_utc.strftime("%H:%M"), r.end_utc.strftime("%H:%M")) for r in placed.collect()}
    assert times == {
        "lunch": ("00:30", "01:30"),
        "check": ("01:15", "01:45"),
        "end": ("03:50", "04:00"),
        "first": ("13:00", "13:05"),
    }
    merged = sorted(
        (r.start_utc.strftime("%H:%M"), r.end_utc.strftime("%H:%M")) for r in to_merged_stops(placed).collect()
    )
    assert merged == [("00:30", "01:45"), ("03:50", "04:00"), ("13:00", "13:05")]


def test_overlapping_shifts_are_found_and_sound_calendars_pass(spark) -> None:
    sound = [(zone, "a", "A", "06:00:00", "14:00:00") for zone in ZONES]
    sound += [(zone, "b", "B", "14:00:00", "22:00:00") for zone in ZONES]
    sound += [(zone, "c", "C", "22:00:00", "06:00:00") for zone in ZONES]
    unsound = [("Asia/Kolkata", "d", "D", "21:59:59", "22:00:00")]
    assert keep_overlapping_shifts(instances_of(spark, sound)).count() == 0
    dates = (dt.date(2026, 5, 1), dt.date(2026, 5, 2))
    found = keep_overlapping_shifts(instances_of(spark, sound + unsound, dates=dates)).collect()
    assert {(r.shift_id, r.production_date.day) for r in found} == {("d", 1), ("d", 2)}


def test_dates_in_the_wrong_order_are_refused(spark) -> None:
    with pytest.raises(ContractError, match="is after to_date"):
        instances_of(spark, [], dates=(dt.date(2026, 5, 2), dt.date(2026, 5, 1)))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.acceptance(3)
def test_planned_busy_time_of_the_published_plant_is_430_415_and_420_minutes(spark, shared_data: Path) -> None:
    mes = shared_data / "iiot_patterns" / "mes"
    day, zone = dt.date(2022, 6, 30), "America/Phoenix"
    # the file's ends are written 07:59:59; half-open shifts end where the next one starts
    shifts = [
        ("1", row["Id"], row["ShiftName"], row["ShiftStartTime"], ends)
        for row, ends in zip(read(mes / "Shifts.csv"), ("08:00:00", "16:00:00", "00:00:00"), strict=False)
        if row["PlantId"] == "1"
    ]
    stops = [
        (
            "1",
            row["ShiftId"],
            row["Id"],
            row["PlannedDownTimeReason"],
            None,
            float(row["PlannedDownTimeInMinutes"]) * 60,
        )
        for row in read(mes / "ShiftPlannedDownTime.csv")
    ]
    calendar = frame(spark, SHIFTS, shifts), frame(spark, STOPS, stops), frame(spark, SITES, [("1", "Plant-1", zone)])
    found = to_shift_instances(*calendar, from_date=day, to_date=day).collect()
    assert {r.shift_id: r.planned_busy_s / 60 for r in found} == {"1": 430.0, "2": 415.0, "3": 420.0}
    first = next(r for r in found if r.shift_id == "1")
    assert utc(first.start_utc) == dt.datetime(2022, 6, 30, 7, tzinfo=dt.UTC)
