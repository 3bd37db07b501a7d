"""Writes reference tables and the historian's export as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fabric_ot.contracts.landing import CsvMapping, CsvValue
from fabric_ot.workbench.simulate.layout import METER_REACTIVE_TAG_IDS, METER_TAG_ID
from fabric_ot.workbench.simulate.main_meter import METER_INTERVAL_S, METER_ZONE, MeterReading, last_readings
from fabric_ot.workbench.simulate.truth import FileTruth

METER_PATH = "historian/berlin_meter/export.csv"
METER_MAPPING = CsvMapping(
    name="berlin_meter",
    kind="historian",
    path="historian/berlin_meter/*.csv",
    columns=("Zeit", "Arbeit_kWh", "Blindarbeit_ind_kvarh", "Blindarbeit_kap_kvarh", "Bemerkung"),
    delimiter=";",
    timestamp_column="Zeit",
    timestamp_format="dd.MM.yyyy HH:mm",
    time_zone=METER_ZONE,
    interval_label="end",
    interval_s=float(METER_INTERVAL_S),
    values=(
        CsvValue("Arbeit_kWh", METER_TAG_ID, "kWh"),
        CsvValue("Blindarbeit_ind_kvarh", METER_REACTIVE_TAG_IDS["lagging"], "kvarh"),
        CsvValue("Blindarbeit_kap_kvarh", METER_REACTIVE_TAG_IDS["leading"], "kvarh"),
    ),
)
"""A meter of active and reactive energy that labels its quarter-hours by their end, in local time."""


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
    rows: list[list[Any]] = [
        [f"{reading.local:%d.%m.%Y %H:%M}", reading.kwh, reading.lagging_kvarh, reading.leading_kvarh, None]
        for reading in readings
    ]
    rows.insert(10, [rows[9][0], "27.5"])
    rows.insert(20, [rows[19][0], "n/a", "n/a", "n/a", "Zähler gestört"])
    count = write_csv(out / METER_PATH, METER_MAPPING.columns, rows, delimiter=";")
    kept = last_readings(readings)
    return FileTruth(METER_PATH, "file", count, "landed"), round(sum(reading.kwh for reading in kept), 2), len(kept)


def write_wrong_header(out: Path) -> FileTruth:
    """Write an export whose header is not the declared one: the whole file is refused."""
    path = "historian/berlin_meter/wrong_header.csv"
    write_csv(out / path, ("Zeit", "Leistung_kW", "Bemerkung"), [("28.03.2026 10:00", 5.0, None)], delimiter=";")
    return FileTruth(path, "file", 0, "refused")
