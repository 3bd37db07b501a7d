"""The truth about the day's energy: demand, load, cost, energy by state, baselines, from what the meters showed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.energy_records import DEMAND_PRICES, RATES, energy_records, holidays, rate_at
from fabric_ot.workbench.simulate.facts import category_of, production_rows
from fabric_ot.workbench.simulate.layout import SITES
from fabric_ot.workbench.simulate.meters import Meter, machine_meters, machine_registers, main_meter, main_registers
from fabric_ot.workbench.simulate.power_factor_truth import power_factor_period_rows, power_factor_rows
from fabric_ot.workbench.simulate.records import Family
from fabric_ot.workbench.simulate.timeline import clip
from fabric_ot.workbench.simulate.truth import iso_utc

WINDOW_S = 900
Rows = list[dict[str, Any]]


def tell_energy(day: PlantDay, _rng: Random) -> Family:
    """Return tariffs, holidays, demand charges and meters, and what a correct run must make of them."""
    meters, main = machine_meters(day), main_meter(day)
    off = holidays(min(instance.production_date for instance in day.calendar.instances["denver"]))
    demand = _demand([*meters.values(), main])
    of_sites = _site_demand(demand, {"berlin": [main.tag_id], "denver": _tags_at(meters, "denver")})
    states = state_energy_rows(day, meters)
    load = [*_load("meter", demand, "tag_id"), *_load("site", of_sites, "site_id")]
    registers = {main.tag_id: main_registers(day)}
    registers |= {meters[a].tag_id: {"lagging": register} for a, register in machine_registers(day).items()}
    factors = power_factor_rows(demand, registers, window_s=WINDOW_S)
    truth = {
        "energy_demand": demand,
        "energy_load": load,
        "power_factor": factors,
        "power_factor_period": power_factor_period_rows(factors),
        "energy_cost": [*_energy_cost(demand, off), *_demand_cost(of_sites)],
        "energy_state": states,
        "energy_baseline": _baselines(day, states),
    }
    return Family(energy_records(off), truth)


def local_date(site_id: str, at_ms: int) -> date:
    """Return the date on the site's wall."""
    zone = ZoneInfo(next(site.time_zone for site in SITES if site.site_id == site_id))
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).date()


def _tags_at(meters: dict[str, Meter], site_id: str) -> list[str]:
    return [meter.tag_id for meter in meters.values() if meter.site_id == site_id]


def _demand(meters: Sequence[Meter]) -> Rows:
    rows: Rows = []
    for meter in meters:
        for start_ms, end_ms in meter.windows(WINDOW_S):
            kwh, covered_s = meter.between(start_ms, end_ms)
            rows.append(
                {
                    "tag_id": meter.tag_id,
                    "site_id": meter.site_id,
                    "local_date": local_date(meter.site_id, start_ms).isoformat(),
                    "start_ms": start_ms,
                    "start_text": iso_utc(start_ms),
                    "energy_kwh": kwh,
                    "coverage": covered_s / WINDOW_S,
                    "demand_kw": kwh * 3600 / covered_s,
                }
            )
    return rows


def _site_demand(demand: Rows, top_tags: dict[str, list[str]]) -> Rows:
    """Add up the top meters of a site; a window that one of them does not cover wholly has no coverage."""
    rows: Rows = []
    for site_id, tags in top_tags.items():
        for (start_ms, day), found in _grouped((r for r in demand if r["tag_id"] in tags), "start_ms", "local_date"):
            is_whole = len(found) == len(tags) and all(abs(r["coverage"] - 1) < 1e-9 for r in found)
            rows.append(
                {
                    "site_id": site_id,
                    "local_date": day,
                    "start_ms": start_ms,
                    "energy_kwh": sum(r["energy_kwh"] for r in found),
                    "coverage": float(is_whole),
                    "demand_kw": sum(r["demand_kw"] for r in found),
                }
            )
    return rows


def _load(level: str, demand: Rows, series: str) -> Rows:
    rows: Rows = []
    for (series_id, day), found in _grouped(demand, series, "local_date"):
        kw = [r["demand_kw"] for r in found if abs(r["coverage"] - 1) < 1e-9]
        rows.append(
            {
                "level": level,
                "series_id": series_id,
                "local_date": day,
                "energy_kwh": sum(r["energy_kwh"] for r in found),
                "peak_kw": max(kw, default=None),
                "load_factor": sum(kw) / len(kw) / max(kw) if kw else None,
                "window_count": len(kw),
            }
        )
    return rows


def _energy_cost(demand: Rows, off: set[tuple[str, date]]) -> Rows:
    """Price each quarter-hour by the clock: no border of the tariffs lies inside one."""
    priced: Rows = []
    for row in demand:
        rate = rate_at(row["site_id"], row["start_ms"], off)
        named = {"tariff_id": rate.tariff_id if rate else "", "period": rate.period if rate else ""}
        price = rate.price_per_kwh if rate else 0.0
        priced.append({**row, **named, "cost": row["energy_kwh"] * price, "is_priced": rate is not None})
    rows: Rows = []
    for key, found in _grouped(priced, "site_id", "tag_id", "local_date", "tariff_id", "period"):
        kwh, is_priced = sum(r["energy_kwh"] for r in found), found[0]["is_priced"]
        names = ("site_id", "tag_id", "local_date", "tariff_id", "period")
        rows.append(
            {
                "charge": "energy",
                **dict(zip(names, key, strict=True)),
                "energy_kwh": kwh,
                "unpriced_kwh": 0.0 if is_priced else kwh,
                "cost": sum(r["cost"] for r in found) if is_priced else None,
                "peak_kw": None,
            }
        )
    return rows


def _demand_cost(of_sites: Rows) -> Rows:
    by_month = [{**row, "month": f"{row['local_date'][:7]}-01"} for row in of_sites if row["coverage"] == 1]
    rows: Rows = []
    for (site_id, month), found in _grouped(by_month, "site_id", "month"):
        tariff_id = next(rate.tariff_id for rate in RATES if rate.site_id == site_id)
        peak = max(r["demand_kw"] for r in found)
        rows.append(
            {
                "charge": "demand", "site_id": site_id, "tag_id": "", "local_date": month, "tariff_id": tariff_id,
                "period": "", "energy_kwh": 0.0, "unpriced_kwh": 0.0, "cost": peak * DEMAND_PRICES[tariff_id],
                "peak_kw": peak,
            }
        )  # fmt: skip
    return rows


def state_energy_rows(day: PlantDay, meters: dict[str, Meter]) -> Rows:
    """Part what each machine's meter showed by the states that anyone could know; good units once a shift is over."""
    rows: Rows = []
    for known in day.known:
        meter = meters.get(known.asset.asset_id)
        if meter is None:
            continue
        whole = day.calendar.whole(known.asset.site_id)
        for instance in day.calendar.instances[known.asset.site_id]:
            by_state: dict[str, float] = defaultdict(float)
            for segment in clip(known.known_states(), instance.start_ms, instance.end_ms):
                kwh, covered_s = meter.between(segment.start_ms, segment.end_ms)
                if covered_s:
                    by_state[segment.label] += kwh
            good = sum(r["good_qty"] for r in production_rows(known, instance)) if instance in whole else None
            rows += [
                {
                    "asset_id": known.asset.asset_id,
                    "shift_id": instance.shift_id,
                    "production_date": instance.production_date.isoformat(),
                    "state": state,
                    "time_category": category_of(state),
                    "energy_kwh": kwh,
                    "good_qty": good,
                    "specific_energy_kwh": kwh / good if good else None,
                }
                for state, kwh in by_state.items()
            ]
    return rows


def _baselines(day: PlantDay, states: Rows) -> Rows:
    """Fit a straight line of energy on produced units through the shifts of each asset, by hand."""
    produced: dict[tuple[str, ...], float] = defaultdict(float)
    for known in day.known:
        for instance in day.calendar.whole(known.asset.site_id):
            for row in production_rows(known, instance):
                produced[row["asset_id"], row["shift_id"], row["production_date"]] += row["produced_qty"]
    points = {
        key: (produced[key], sum(r["energy_kwh"] for r in found))
        for key, found in _grouped(states, "asset_id", "shift_id", "production_date")
        if key in produced
    }
    rows: Rows = []
    for asset_id in sorted({key[0] for key in points}):
        own = {key: point for key, point in points.items() if key[0] == asset_id}
        line = _line(list(own.values()))
        for (_, shift_id, production_date), (units, kwh) in own.items():
            expected = line[0] + line[1] * units if line else None
            rows.append(
                {
                    "asset_id": asset_id, "shift_id": shift_id, "production_date": production_date,
                    "fit_status": "fitted" if line else "too_few_observations", "energy_kwh": kwh,
                    "produced_qty": units, "expected_kwh": expected,
                    "residual_kwh": None if expected is None else kwh - expected,
                }
            )  # fmt: skip
    return rows


def _line(points: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    if len(points) < 3:
        return None
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    across = sum((x - mean_x) * (y - mean_y) for x, y in points)
    slope = across / sum((x - mean_x) ** 2 for x, _ in points)
    return mean_y - slope * mean_x, slope


def _grouped(rows: Any, *names: str) -> list[tuple[tuple[Any, ...], Rows]]:
    groups: dict[tuple[Any, ...], Rows] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return list(groups.items())
