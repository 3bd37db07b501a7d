"""The published historian exports: their declared mappings, linked files and known numbers.

The NAB files name no zone and no unit: the zone is declared as UTC, the unit left out. The steel plant stands in
Gwangyang, South Korea: Asia/Seoul, which has had no summer time since 1988.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fabric_ot.contracts.landing import CsvMapping, CsvValue
from fabric_ot.workbench.simulate.public_mes import VALID_FROM, read_rows
from fabric_ot.workbench.simulate.reference import Row

_NAB, _STEEL = "nab_machine_temperature", "steel_energy"
MACHINE_TAG = "historian/nab_machine/temperature"
AMBIENT_TAG = "historian/nab_ambient/temperature"
STEEL_TAG = "historian/steel_energy/usage"
LAGGING_TAG = "historian/steel_energy/reactive_lagging"
LEADING_TAG = "historian/steel_energy/reactive_leading"
BENCH_SITE, NAB_ASSET, STEEL_SITE, STEEL_ASSET = "bench", "nab-machine", "gwangyang", "steel-mill"
_STEEL_ZONE = "Asia/Seoul"
_STEEL_COLUMNS = (
    "date", "Usage_kWh", "Lagging_Current_Reactive_Power_kVarh", "Leading_Current_Reactive_Power_kVarh", "CO2(tCO2)",
    "Lagging_Current_Power_Factor", "Leading_Current_Power_Factor", "NSM", "WeekStatus", "Day_of_week", "Load_Type",
)  # fmt: skip
HISTORIAN_FILES: dict[str, str] = {
    "nab_machine": f"{_NAB}/machine_temperature_system_failure.csv",
    "nab_ambient": f"{_NAB}/ambient_temperature_system_failure.csv",
    "steel_energy": f"{_STEEL}/Steel_industry_data.csv",
}
"""Mapping -> file below the folder of public data; it is linked at the same path below `historian/`."""


def historian_mappings() -> tuple[CsvMapping, ...]:
    """Return the declared mappings of the three exports.

    Example:
        >>> [mapping.name for mapping in historian_mappings()]
        ['nab_machine', 'nab_ambient', 'steel_energy']
    """
    steel = CsvMapping(
        name="steel_energy",
        kind="historian",
        path=f"historian/{HISTORIAN_FILES['steel_energy']}",
        columns=_STEEL_COLUMNS,
        timestamp_column="date",
        timestamp_format="dd/MM/yyyy HH:mm",
        time_zone=_STEEL_ZONE,
        interval_label="end",
        interval_s=900.0,
        end_of_day_is_midnight=True,
        values=(
            CsvValue("Usage_kWh", STEEL_TAG, "kWh"),
            CsvValue("Lagging_Current_Reactive_Power_kVarh", LAGGING_TAG, "kvarh"),
            CsvValue("Leading_Current_Reactive_Power_kVarh", LEADING_TAG, "kvarh"),
        ),
    )
    return _nab_mapping("nab_machine", MACHINE_TAG), _nab_mapping("nab_ambient", AMBIENT_TAG), steel


def historian_reference() -> dict[str, list[Row]]:
    """Return the sites, assets, tags and registers that the exports need."""
    return {
        "site": [
            (BENCH_SITE, "Published test data without a place", "UTC"),
            (STEEL_SITE, "Steel plant, Gwangyang", _STEEL_ZONE),
        ],
        "asset": [
            (NAB_ASSET, "Industrial machine (NAB)", BENCH_SITE, None, None, VALID_FROM),
            (STEEL_ASSET, "Steel mill", STEEL_SITE, None, None, VALID_FROM),
        ],
        "tag": [
            (MACHINE_TAG, NAB_ASSET, "measure", "double", None, None, VALID_FROM),
            (AMBIENT_TAG, NAB_ASSET, "measure", "double", None, None, VALID_FROM),
            (STEEL_TAG, STEEL_ASSET, "energy_interval", "double", "kWh", None, VALID_FROM),
            (LAGGING_TAG, STEEL_ASSET, "reactive_interval", "double", "kvarh", None, VALID_FROM),
            (LEADING_TAG, STEEL_ASSET, "reactive_interval", "double", "kvarh", None, VALID_FROM),
        ],
        "reactive_meter": [(STEEL_TAG, "lagging", LAGGING_TAG), (STEEL_TAG, "leading", LEADING_TAG)],
    }


def link_historian(data: Path, out: Path) -> None:
    """Link the exports below `out`, file by file: nothing is copied."""
    for relative in HISTORIAN_FILES.values():
        link = out / "historian" / relative
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to((data / relative).resolve())


def historian_numbers(data: Path) -> dict[str, dict[str, Any]]:
    """Return rows, distinct instants and sums of each export, counted in the files."""
    machine, ambient, steel = (read_rows(data / relative) for relative in HISTORIAN_FILES.values())
    return {
        "nab_machine": _instants(machine),
        "nab_ambient": _instants(ambient),
        "steel_energy": {
            "rows": len(steel),
            "distinct_instants": len({_interval_end(row["date"]) for row in steel}),
            "energy_kwh": float(sum(Decimal(row["Usage_kWh"]) for row in steel)),
        },
    }


def published_power_factors(data: Path) -> dict[str, tuple[float, float]]:
    """Return the lagging and the leading power factor of each steel interval, in percent, by its end in UTC."""
    rows = read_rows(data / HISTORIAN_FILES["steel_energy"])
    zone, names = ZoneInfo(_STEEL_ZONE), ("Lagging_Current_Power_Factor", "Leading_Current_Power_Factor")
    found = {}
    for row in rows:
        end = _interval_end(row["date"]).replace(tzinfo=zone).astimezone(UTC)
        lagging, leading = (float(row[name]) for name in names)
        found[f"{end:%Y-%m-%dT%H:%M}"] = (lagging, leading)
    return found


def _interval_end(text: str) -> datetime:
    end = datetime.strptime(text, "%d/%m/%Y %H:%M")
    # the last interval of a day is labeled with the midnight that began the day
    return end + timedelta(days=1) if end.time() == time.min else end


def _nab_mapping(name: str, tag_id: str) -> CsvMapping:
    return CsvMapping(
        name=name,
        kind="historian",
        path=f"historian/{HISTORIAN_FILES[name]}",
        columns=("timestamp", "value"),
        timestamp_column="timestamp",
        timestamp_format="yyyy-MM-dd HH:mm:ss",
        values=(CsvValue("value", tag_id),),
    )


def _instants(rows: list[dict[str, str]]) -> dict[str, int]:
    seen = Counter(row["timestamp"] for row in rows)
    repeated = sum(count > 1 for count in seen.values())
    return {"rows": len(rows), "distinct_instants": len(seen), "repeated_instants": repeated}
