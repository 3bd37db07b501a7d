"""The truth about power factors: what meters and registers showed, by quarter-hour and by local day and month."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fabric_ot.workbench.simulate.meters import Meter

_DIRECTIONS = ("lagging", "leading")
Rows = list[dict[str, Any]]
Registers = Mapping[str, Mapping[str, Meter]]
"""Registers of reactive energy by the tag of their active meter and by direction."""


def power_factor_rows(demand: Sequence[Mapping[str, Any]], registers: Registers, *, window_s: int) -> Rows:
    """Set what the registers showed beside the demand of their meters; what is not covered wholly has no factor."""
    rows: Rows = []
    for row in demand:
        if row["tag_id"] not in registers:
            continue
        end_ms = row["start_ms"] + window_s * 1000
        shown = {d: register.between(row["start_ms"], end_ms) for d, register in registers[row["tag_id"]].items()}
        covered_s = [row["coverage"] * window_s, *(seconds for _, seconds in shown.values())]
        is_whole = all(abs(seconds - window_s) < 1e-6 for seconds in covered_s)
        kvarh = {d: kvarh for d, (kvarh, seconds) in shown.items() if seconds}
        named = {name: row[name] for name in ("tag_id", "site_id", "local_date", "start_ms", "start_text")}
        rows.append({**named, "is_whole": str(is_whole).lower(), **_energies(row["energy_kwh"], kvarh, is_whole)})
    return rows


def power_factor_period_rows(windows: Sequence[Mapping[str, Any]]) -> Rows:
    """Add up the whole windows of each meter by local day and by local month."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in windows:
        for period, start in (("day", row["local_date"]), ("month", f"{row['local_date'][:7]}-01")):
            groups.setdefault((row["tag_id"], row["site_id"], period, start), []).append(row)
    rows: Rows = []
    for (tag_id, site_id, period, start), found in groups.items():
        whole = [row for row in found if row["is_whole"] == "true"]
        sums = {d: sum(row[f"{d}_kvarh"] for row in whole) for d in _DIRECTIONS if whole and _is_known(whole, d)}
        kwh = sum(row["energy_kwh"] for row in whole) if whole else None
        rows.append(
            {
                "tag_id": tag_id, "site_id": site_id, "period": period, "from_date": start,
                **_energies(kwh, sums, bool(whole)), "window_count": len(whole),
                "left_out_count": len(found) - len(whole),
                "left_out_kwh": sum(row["energy_kwh"] for row in found if row["is_whole"] == "false"),
            }
        )  # fmt: skip
    return rows


def _is_known(rows: Sequence[Mapping[str, Any]], direction: str) -> bool:
    return all(row[f"{direction}_kvarh"] is not None for row in rows)


def _energies(kwh: float | None, kvarh: Mapping[str, float], has_factor: bool) -> dict[str, float | None]:
    told: dict[str, float | None] = {"energy_kwh": kwh}
    for direction in _DIRECTIONS:
        reactive = kvarh.get(direction)
        told[f"{direction}_kvarh"] = reactive
        is_told = has_factor and kwh is not None and reactive is not None
        told[f"{direction}_power_factor_pct"] = _factor(kwh, reactive) if is_told else None
    return told


def _factor(kwh: float | None, kvarh: float | None) -> float | None:
    """Return cos(phi) of the triangle of power, by its angle."""
    if not kwh and not kvarh:
        return None
    return 100 * math.cos(math.atan2(kvarh or 0.0, kwh or 0.0))
