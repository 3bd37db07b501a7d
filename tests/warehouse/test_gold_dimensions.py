"""The dimensions: every version once, keys for good, nothing rewritten without a change."""

from __future__ import annotations

import datetime as dt
from typing import Any

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
LATER = START + dt.timedelta(days=40)
ASSETS = "SELECT asset_key, asset_id, line, valid_from_utc, valid_to_utc, is_current FROM dim.asset ORDER BY asset_key"


def test_dates_are_the_production_dates_with_iso_weeks(plant: Any) -> None:
    days = [
        dt.date(2024, 12, 30),
        dt.date(2026, 12, 31),
        dt.date(2027, 1, 1),
        dt.date(2026, 3, 1),
        dt.date(2020, 2, 29),
    ]
    for day in days:
        plant.add_shift(day)
    plant.load("dim_date")
    rows = plant.read("SELECT * FROM dim.[date] ORDER BY [date]")
    assert [row["date"] for row in rows] == sorted(days)
    for row in rows:
        day = row["date"]
        iso = day.isocalendar()
        assert row == {
            "date_key": day.year * 10000 + day.month * 100 + day.day,
            "date": day,
            "year": day.year,
            "quarter": (day.month + 2) // 3,
            "month": day.month,
            "month_name": day.strftime("%B"),
            "iso_week": iso.week,
            "iso_year": iso.year,
            "day_of_week": iso.weekday,
            "day_name": day.strftime("%A"),
        }


def test_a_changed_shift_keeps_its_key(plant: Any) -> None:
    plant.load("dim_shift")
    plant.rows["shift"][0]["start_local"] = "05:30:00"
    plant.rows["shift"].insert(0, plant.rows["shift"][0] | {"shift_id": "a_new_one"})
    plant.load("dim_shift", day=2)
    rows = plant.read("SELECT shift_key, shift_id, start_local FROM dim.shift WHERE shift_key <> 0 ORDER BY shift_key")
    assert rows == [
        {"shift_key": 1, "shift_id": "early", "start_local": "05:30:00"},
        {"shift_key": 2, "shift_id": "a_new_one", "start_local": "05:30:00"},
    ]


def test_an_asset_has_its_site_name_and_all_versions(plant: Any) -> None:
    old = plant.asset("press", valid_to_utc=LATER, is_current=False)
    plant.rows["asset"] = [old, plant.asset("press", LATER, line="Line 2")]
    plant.load("dim_asset")
    assert plant.read("SELECT DISTINCT site_name FROM dim.asset") == [{"site_name": "Alpha"}]
    found = plant.read(ASSETS)
    assert [(r["line"], r["is_current"]) for r in found] == [("Line 1", False), ("Line 2", True)]
    assert found[0]["valid_to_utc"] == found[1]["valid_from_utc"] == LATER.replace(tzinfo=None)


def test_a_new_version_closes_the_old_one_and_no_key_is_renumbered(plant: Any) -> None:
    plant.rows["asset"] = [plant.asset("zebra"), plant.asset("press")]
    plant.load("dim_asset")
    before = {(r["asset_id"], r["valid_from_utc"]): r["asset_key"] for r in plant.read(ASSETS)}
    plant.rows["asset"] = [
        plant.asset("anvil"),
        plant.asset("zebra"),
        plant.asset("press", valid_to_utc=LATER, is_current=False),
        plant.asset("press", LATER, line=None),
    ]
    plant.load("dim_asset", day=2)
    rows = plant.read(ASSETS)
    after = {(r["asset_id"], r["valid_from_utc"]): r["asset_key"] for r in rows}
    assert len(after) == 4
    assert before.items() <= after.items()
    assert sorted(after.values()) == [1, 2, 3, 4]
    assert [r["is_current"] for r in rows if r["asset_id"] == "press"] == [False, True]
    assert [r["line"] for r in rows if r["asset_id"] == "press"] == ["Line 1", None]


def test_a_version_that_silver_takes_back_goes(plant: Any) -> None:
    plant.rows["asset"] = [
        plant.asset("press", valid_to_utc=LATER, is_current=False),
        plant.asset("press", LATER, line="Line 2"),
    ]
    plant.load("dim_asset")
    plant.rows["asset"] = [plant.asset("press")]
    plant.load("dim_asset", day=2)
    rows = plant.read(ASSETS)
    assert [(r["asset_key"], r["valid_to_utc"], r["is_current"]) for r in rows] == [(1, None, True)]


def test_an_asset_of_an_unknown_site_takes_the_site_id_as_name(plant: Any) -> None:
    plant.rows["asset"] = [plant.asset("press", site_id="nowhere")]
    plant.load("dim_asset")
    assert plant.read("SELECT site_name FROM dim.asset") == [{"site_name": "nowhere"}]


def test_product_zero_means_no_product_and_stays_alone(plant: Any) -> None:
    plant.load("dim_product")
    plant.load("dim_product", day=2)
    rows = plant.read("SELECT product_key, product_id, product_name, is_current FROM dim.product ORDER BY product_key")
    assert rows == [
        {"product_key": 0, "product_id": "", "product_name": "no product", "is_current": True},
        {"product_key": 1, "product_id": "widget", "product_name": "Widget", "is_current": True},
    ]


def test_a_corrected_cycle_time_is_written_over_in_its_version(plant: Any) -> None:
    plant.load("dim_product")
    plant.rows["product"][0]["ideal_cycle_s"] = 0.5
    results = plant.load("dim_product", day=2)
    assert results["dim_product"].rowcount == 1
    assert plant.read("SELECT ideal_cycle_s AS s FROM dim.product WHERE product_key = 1") == [{"s": 0.5}]


def test_loading_the_dimensions_twice_changes_and_publishes_nothing(plant: Any) -> None:
    plant.add_shift(dt.date(2026, 3, 2))
    dimensions = ("dim_date", "dim_shift", "dim_asset", "dim_product")
    first = plant.load(*dimensions)
    assert all(result.rowcount > 0 for result in first.values())
    versions = plant.versions()
    again = plant.load(*dimensions, day=2)
    assert {result.rowcount for result in again.values()} == {0}
    assert {result.published for result in again.values()} == {()}
    assert plant.versions() == versions
