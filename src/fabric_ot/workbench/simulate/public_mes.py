"""The published MES tables as reference rows: what they leave open is decided here, and said.

The tables give fixed UTC offsets (-7, -5), which are not zones. Chosen are zones that keep these offsets all year:
America/Phoenix and America/Bogota. Shift ends written as 07:59:59 are read as half-open and become 08:00:00.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fabric_ot.workbench.simulate.reference import Row

ZONE_OF_OFFSET: dict[str, str] = {"-7": "America/Phoenix", "-5": "America/Bogota"}
VALID_FROM = "2000-01-01T00:00:00Z"


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of one published CSV; a byte order mark is no part of the header."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def mes_reference(folder: Path) -> dict[str, list[Row]]:
    """Return reference rows by entity from the MES folder; the work orders hold their published defects."""
    tables = {path.stem: read_rows(path) for path in sorted(folder.glob("*.csv"))}
    shift_sites = {row["Id"]: site_id(row["PlantId"]) for row in tables["Shifts"]}
    return {
        "site": [
            (site_id(r["Id"]), f"{r['PlantName']}, {r['PlantLocation']}", ZONE_OF_OFFSET[r["UtcOffsetInHours"]])
            for r in tables["Locations"]
        ],
        "asset": [
            (asset_id(r["Id"]), r["AssetName"], site_id(r["PlantId"]), None, r["AssetName"], VALID_FROM)
            for r in tables["Assets"]
        ],
        "product": [
            (product_id(r["Id"]), r["ProductName"], 60 / float(r["IdealProductionUnitsPerMinute"]), VALID_FROM)
            for r in tables["Products"]
        ],
        "shift": [
            (site_id(r["PlantId"]), r["Id"], r["ShiftName"], r["ShiftStartTime"], half_open_end(r["ShiftEndTime"]))
            for r in tables["Shifts"]
        ],
        "shift_stop": [
            (
                shift_sites[r["ShiftId"]], r["ShiftId"], r["Id"], r["PlannedDownTimeReason"], None,
                int(r["PlannedDownTimeInMinutes"]) * 60,
            )
            for r in tables["ShiftPlannedDownTime"]
        ],
        "state_category": _state_categories(tables["AssetTags"]),
        "work_order": [_work_order(r, shift_sites) for r in tables["ProductQuality"]],
    }  # fmt: skip


def planned_busy_min(folder: Path) -> dict[str, float]:
    """Return the planned busy minutes of each shift: its length less its planned downtime."""
    stops: dict[str, float] = {}
    for row in read_rows(folder / "ShiftPlannedDownTime.csv"):
        stops[row["ShiftId"]] = stops.get(row["ShiftId"], 0.0) + float(row["PlannedDownTimeInMinutes"])
    return {
        row["Id"]: _length_min(row["ShiftStartTime"], half_open_end(row["ShiftEndTime"])) - stops.get(row["Id"], 0.0)
        for row in read_rows(folder / "Shifts.csv")
    }


def mismatched_work_orders(folder: Path) -> list[str]:
    """Return the work orders that join an asset of one plant to a shift of another."""
    plant_of_asset = {row["Id"]: row["PlantId"] for row in read_rows(folder / "Assets.csv")}
    plant_of_shift = {row["Id"]: row["PlantId"] for row in read_rows(folder / "Shifts.csv")}
    orders = read_rows(folder / "ProductQuality.csv")
    return [o["WorkOrder"] for o in orders if plant_of_asset[o["AssetId"]] != plant_of_shift[o["ShiftId"]]]


def half_open_end(wall: str) -> str:
    """Return a shift's end as the first instant after it.

    Example:
        >>> half_open_end("07:59:59"), half_open_end("23:59:59"), half_open_end("14:00:00")
        ('08:00:00', '00:00:00', '14:00:00')
    """
    moment = datetime.strptime(wall, "%H:%M:%S")
    return f"{moment + timedelta(seconds=1) if moment.second == 59 else moment:%H:%M:%S}"


def site_id(plant: str) -> str:
    """Return our name of a plant."""
    return f"plant_{plant}"


def asset_id(number: str) -> str:
    """Return our name of an asset."""
    return f"line_{number}"


def product_id(number: str) -> str:
    """Return our name of a product."""
    return f"product_{number}"


def _state_categories(tags: list[dict[str, str]]) -> list[Row]:
    up = {value for row in tags for value in row["UptimeTagValues"].split(",")}
    down = {value for row in tags for value in row["DowntimeTagValues"].split(",")}
    return [*((v, "production") for v in sorted(up)), *((v, "unplanned_down") for v in sorted(down))]


def _work_order(row: Mapping[str, str], shift_sites: Mapping[str, str]) -> tuple[Any, ...]:
    return (
        row["WorkOrder"], asset_id(row["AssetId"]), shift_sites[row["ShiftId"]], row["ShiftId"],
        product_id(row["ProductId"]), row["CreatedTimeStamp"][:10],
        row["QuantityIn"], row["QuantityOut"], row["QuantityScraped"],
    )  # fmt: skip


def _length_min(start: str, end: str) -> float:
    span = datetime.strptime(end, "%H:%M:%S") - datetime.strptime(start, "%H:%M:%S")
    return (span % timedelta(days=1)).total_seconds() / 60
