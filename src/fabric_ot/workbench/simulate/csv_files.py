"""Writes reference tables and the historian's export as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fabric_ot.contracts.landing import CsvMapping, CsvValue
from fabric_ot.workbench.simulate.layout import METER_TAG_ID
from fabric_ot.workbench.simulate.main_meter import METER_INTERVAL_S, METER_ZONE, MeterReading, energy_by_end
from fabric_ot.workbench.simulate.truth import FileTruth

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


def write_meter(out: Path, readings: Sequence[MeterReading]) -> tuple[FileTruth, float, int]:
    """Write the meter's export with two unreadable rows; return file, energy in kWh and number of instants."""
    rows: list[list[Any]] = [[f"{reading.local:%d.%m.%Y %H:%M}", reading.kwh, None] for reading in readings]
    rows.insert(10, [rows[9][0], "27.5"])
    rows.insert(20, [rows[19][0], "n/a", "Zähler gestört"])
    count = write_csv(out / METER_PATH, METER_MAPPING.columns, rows, delimiter=";")
    energy = energy_by_end(readings)
    return FileTruth(METER_PATH, "file", count, "landed"), round(sum(energy.values()), 2), len(energy)


def write_wrong_header(out: Path) -> FileTruth:
    """Write an export whose header is not the declared one: the whole file is refused."""
    path = "historian/berlin_meter/wrong_header.csv"
    write_csv(out / path, ("Zeit", "Leistung_kW", "Bemerkung"), [("28.03.2026 10:00", 5.0, None)], delimiter=";")
    return FileTruth(path, "file", 0, "refused")
