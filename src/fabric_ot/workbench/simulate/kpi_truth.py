"""The truth about losses, KPIs and formulas that others publish, from the machines themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.energy_truth import state_energy_rows
from fabric_ot.workbench.simulate.facts import production_rows, state_time_rows
from fabric_ot.workbench.simulate.kpi_records_truth import ITEMS, RecordedDay
from fabric_ot.workbench.simulate.layout import SITES
from fabric_ot.workbench.simulate.meters import machine_meters
from fabric_ot.workbench.simulate.records import Family
from fabric_ot.workbench.simulate.shifts import ShiftInstance

Rows = list[dict[str, Any]]
_FACTS = (
    "planned_busy_s", "production_s", "ideal_runtime_s", "ideal_good_runtime_s", "produced_qty", "good_qty",
    "scrap_qty",
)  # fmt: skip
_STOPS = ("setup", "idle", "unplanned_down", "planned_down", "unqualified")


def tell_kpis(day: PlantDay, told: Family) -> Family:
    """Return the loss tree per asset and shift, the KPIs per asset and date, and the formulas of others.

    `told` are the records of all families, and what must come out of them.
    """
    shifts = [
        _shift(production_rows(known, instance), state_time_rows(known, instance))
        for known in day.known
        for instance in day.calendar.whole(known.asset.site_id)
    ]
    energy: dict[tuple[str, str], float] = defaultdict(float)
    for row in state_energy_rows(day, machine_meters(day)):
        if row["good_qty"] is not None:
            energy[row["asset_id"], row["production_date"]] += row["energy_kwh"]
    recorded = RecordedDay(day, told)
    truth = {
        "production_loss": [node for shift in shifts for node in _tree(shift)],
        "production_loss_sums": [],
        "kpi": [
            *recorded.capabilities(),
            *(
                row
                for key, of_day in _by(shifts, "asset_id", "production_date")
                for row in _kpis(of_day, energy[key], recorded.sums[key])
            ),
        ],
        "formula_comparison": [*_ratios(shifts), *_clocks(day)],
    }
    return Family((), truth)


def _shift(products: Rows, states: Rows) -> dict[str, Any]:
    """Add up the products of one shift, and the time that each cause stopped it outside planned stops."""
    keys = {name: products[0][name] for name in ("asset_id", "site_id", "shift_id", "production_date")}
    sums = {name: sum(row[name] for row in products) for name in _FACTS}
    stops = {f"{cause}_s": _lasted(states, cause) for cause in _STOPS}
    is_known = all(row["ideal_runtime_s"] for row in products)
    capacity = (
        sum(r["planned_busy_s"] * r["produced_qty"] / r["ideal_runtime_s"] for r in products) if is_known else None
    )
    return {**keys, **sums, **stops, "capacity_qty": capacity}


def _lasted(states: Rows, category: str) -> float:
    return float(sum(r["duration_s"] - r["planned_stop_s"] for r in states if r["time_category"] == category))


def _tree(shift: Mapping[str, Any]) -> Rows:
    busy, run, ideal, good = (shift[name] for name in _FACTS[:4])
    stops = {f"{cause}_loss": shift[f"{cause}_s"] for cause in _STOPS}
    nodes = [
        ("planned_busy", None, busy),
        ("availability_loss", "planned_busy", busy - run),
        *[(name, "availability_loss", lasted) for name, lasted in stops.items()],
        ("other_stop_loss", "availability_loss", busy - run - sum(stops.values())),
        ("production", "planned_busy", run),
        ("speed_loss", "production", run - ideal),
        ("ideal_runtime", "production", ideal),
        ("quality_loss", "ideal_runtime", ideal - good),
        ("good", "ideal_runtime", good),
    ]
    keys = {name: shift[name] for name in ("asset_id", "shift_id", "production_date")}
    return [
        {**keys, "node": node, "parent": parent, "duration_s": lasted, "share": _over(lasted, busy)}
        for node, parent, lasted in nodes
    ]


def _kpis(shifts: Rows, energy_kwh: float, told: Mapping[str, float]) -> Rows:
    names = (*_FACTS, *(f"{cause}_s" for cause in _STOPS))
    day = {name: sum(shift[name] for shift in shifts) for name in names}
    capacities = [shift["capacity_qty"] for shift in shifts]
    capacity = None if None in capacities else sum(capacities)
    delay, processing = day["unplanned_down_s"] + day["idle_s"], day["production_s"] + day["setup_s"]
    busy, run, made = day["planned_busy_s"], day["production_s"], day["produced_qty"]
    production_date, zone = shifts[0]["production_date"], _zone(shifts[0]["site_id"])
    midnights = [
        datetime.combine(date.fromisoformat(production_date) + timedelta(days=n), time(), tzinfo=zone).timestamp()
        for n in (0, 1)
    ]
    good_run = day["ideal_good_runtime_s"]
    effective = _over(good_run, run)
    values = {
        "availability": _over(run, busy),
        "effectiveness": _over(day["ideal_runtime_s"], run),
        "quality_ratio": _over(day["good_qty"], made),
        "oee": _over(good_run, busy),
        "nee": processing / busy * effective if busy and effective is not None else None,
        "teep": good_run / (midnights[1] - midnights[0]),
        "allocation_efficiency": _over(processing + delay, busy),
        "utilization_efficiency": _over(run, processing + delay),
        "technical_efficiency": _over(run, run + delay),
        "setup_rate": _over(day["setup_s"], processing),
        "comprehensive_energy_kwh": _over(energy_kwh, made),
        "scrap_ratio": _over(day["scrap_qty"], made),
        "equipment_load_ratio": None if capacity is None else _over(made, capacity),
    }
    values |= _recorded_kpis(day, processing + delay, told)
    keys = {"asset_id": shifts[0]["asset_id"], "production_date": production_date, "subject": ""}
    return [{**keys, "kpi": name, "value": value} for name, value in values.items()]


def _recorded_kpis(day: Mapping[str, float], unit_busy_s: float, told: Mapping[str, float]) -> dict[str, float | None]:
    """Form the KPIs that records have a part in; where nothing is told, there is nothing to divide."""
    known: dict[str, float | None] = {**day, "unit_busy_s": unit_busy_s, **told}
    known["item_s"] = day["production_s"] * len(ITEMS)
    work_s = [told.get(f"{kind}_maintenance_s") for kind in ("corrective", "preventive")]
    known["work_s"] = None if None in work_s else sum(s or 0.0 for s in work_s)
    pairs = {
        "allocation_ratio": ("unit_busy_s", "order_execution_s"),
        "production_process_ratio": ("production_s", "order_execution_s"),
        "throughput_per_h": ("produced_qty", "order_execution_s"),
        "worker_efficiency": ("personnel_work_s", "personnel_attendance_s"),
        "rework_ratio": ("rework_qty", "produced_qty"),
        "actual_to_planned_scrap": ("scrap_qty", "planned_scrap_qty"),
        "fall_off_ratio": ("scrap_qty", "first_operation_qty"),
        "first_pass_yield": ("first_pass_good_qty", "inspected_qty"),
        "finished_goods_ratio": ("good_qty", "consumed_qty"),
        "integrated_goods_ratio": ("integrated_good_qty", "consumed_qty"),
        "production_loss_ratio": ("production_loss_qty", "consumed_qty"),
        "storage_transport_loss_ratio": ("storage_transport_loss_qty", "consumed_qty"),
        "other_loss_ratio": ("other_loss_qty", "consumed_qty"),
        "inventory_turns_per_year": ("throughput_qty", "inventory_qty_s"),
        "corrective_maintenance_ratio": ("corrective_maintenance_s", "work_s"),
        "mtbf_s": ("production_s", "failure_count"),
        "mttf_s": ("item_s", "failed_item_count"),
        "mttr_s": ("restoration_s", "restored_count"),
    }
    per = {"throughput_per_h": 3600.0, "inventory_turns_per_year": 31_536_000.0}
    ratios: dict[str, float | None] = {}
    for name, (above, below) in pairs.items():
        over, under = known.get(above), known.get(below)
        ratios[name] = over * per.get(name, 1.0) / under if over is not None and under else None
    return ratios


def _ratios(shifts: Rows) -> Rows:
    """Say how far OEE is off where downtime is charged twice, and where ratios of shifts are averaged."""
    rows: Rows = []
    for (asset_id,), found in _by(shifts, "asset_id"):
        busy, run, ideal, good_run, made, good, _ = (sum(s[name] for s in found) for name in _FACTS)
        oee = good_run / busy
        twice = run / busy * ideal / busy * good / made if made else None
        mean = sum(s["ideal_good_runtime_s"] / s["planned_busy_s"] for s in found) / len(found)
        rows += [
            _compared("downtime_twice", asset_id, None if twice is None else twice - oee),
            _compared("mean_of_ratios", asset_id, mean - oee),
        ]
    return rows


def _clocks(day: PlantDay) -> Rows:
    """Say how far other clocks are off at the starts of the last date's shifts that are over, per site."""
    rows = [_compared("last_second_lost", site.site_id, 0.0) for site in SITES]
    for site_id, instances in day.calendar.instances.items():
        zone, over = _zone(site_id), day.calendar.whole(site_id)
        last = max(instance.production_date for instance in over)
        january = _offset_h(datetime(last.year, 1, 1, tzinfo=UTC).astimezone(zone))
        for instance in (i for i in over if i.production_date == last):
            utc = datetime.fromtimestamp(instance.start_ms / 1000, UTC)
            local = utc.astimezone(zone)
            wall, true = f"{local:%Y-%m-%d %H:%M:%S} {zone.key}", _offset_h(local)
            seen = f"{utc.date()}/{_shift_by_clock(instances, utc)}"
            off_days = float((utc.date() - last).days)
            rows += [
                _compared("offset_added", wall, january + true),
                _compared("offset_fixed", wall, true - january),
                _compared("utc_hour", f"{site_id} {utc:%Y-%m-%d %H:%M:%S}Z", off_days, seen),
            ]
    return rows


def _shift_by_clock(instances: Iterable[ShiftInstance], utc: datetime) -> str:
    """Return the shift whose wall time the hand of a UTC clock shows; the same wall times every day."""
    zone = _zone(next(iter(instances)).site_id)
    starts = {datetime.fromtimestamp(i.start_ms / 1000, UTC).astimezone(zone).time(): i.shift_id for i in instances}
    begun = [start for start in starts if start <= utc.time()]
    return starts[max(begun)] if begun else starts[max(starts)]


def _compared(formula: str, subject: str, difference: float | None, theirs: str | None = None) -> dict[str, Any]:
    return {"formula": formula, "subject": subject, "theirs": theirs, "difference": difference}


def _offset_h(local: datetime) -> float:
    offset = local.utcoffset() or timedelta()
    return offset.total_seconds() / 3600


def _zone(site_id: str) -> ZoneInfo:
    return ZoneInfo(next(site.time_zone for site in SITES if site.site_id == site_id))


def _over(above: float, below: float) -> float | None:
    return above / below if below else None


def _by(rows: Rows, *names: str) -> list[tuple[tuple[Any, ...], Rows]]:
    groups: dict[tuple[Any, ...], Rows] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return list(groups.items())
