"""Writes reference tables and the historian's export as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from fabric_ot.contracts.landing import CsvMapping, CsvValue
from fabric_ot.workbench.simulate.layout import METER_TAG_ID
from fabric_ot.workbench.simulate.truth import FileTruth

METER_ZONE = "Europe/Berlin"
METER_INTERVAL_S = 900
METER_PATH = "historian/berlin_meter/export.csv"
METER_MAPPING = CsvMapping(
    name="berlin_meter",
    kind="historian",
    path="historian/berlin_meter/*.csv",
    columns=("Zeit", "Arbeit_kWh", "Bemerkung"),
    delimiter=";",
    timestamp_column="Zeit",
    timestamp_format="dd.MM.yyyy HH:mm",
    time_zone=METER_ZONE,
    interval_label="end",
    interval_s=float(METER_INTERVAL_S),
    values=(CsvValue("Arbeit_kWh", METER_TAG_ID, "kWh"),),
)
"""An energy meter that labels its quarter-hours by their end, in local time."""


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]], *, delimiter: str = ",") -> int:
    """Write one CSV file and return its data rows; None becomes an empty field."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(row)
            written += 1
    return written


def write_meter(out: Path, rng: Random, *, start_ms: int, end_ms: int) -> tuple[FileTruth, float, int]:
    """Write the meter's export with two unreadable rows; return file, energy in kWh and number of instants.

    An hour that comes twice in autumn is read as the first one, and its later rows win.
    """
    zone, energy, rows = ZoneInfo(METER_ZONE), dict[int, float](), list[list[Any]]()
    for at_ms in range(start_ms + METER_INTERVAL_S * 1000, end_ms + 1, METER_INTERVAL_S * 1000):
        local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
        kwh = round(rng.uniform(20, 45), 2)
        energy[int(local.replace(fold=0).timestamp())] = kwh
        rows.append([f"{local:%d.%m.%Y %H:%M}", kwh, None])
    rows.insert(10, [rows[9][0], "27.5"])
    rows.insert(20, [rows[19][0], "n/a", "Zähler gestört"])
    count = write_csv(out / METER_PATH, METER_MAPPING.columns, rows, delimiter=";")
    return FileTruth(METER_PATH, "file", count, "landed"), round(sum(energy.values()), 2), len(energy)


def write_wrong_header(out: Path) -> FileTruth:
    """Write an export whose header is not the declared one: the whole file is refused."""
    path = "historian/berlin_meter/wrong_header.csv"
    write_csv(out / path, ("Zeit", "Leistung_kW", "Bemerkung"), [("28.03.2026 10:00", 5.0, None)], delimiter=";")
    return FileTruth(path, "file", 0, "refused")
