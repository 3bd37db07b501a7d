"""What the landed records of the simulated day add to the KPIs, by asset and production date: computed row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.records import Family
from fabric_ot.workbench.simulate.reference import REFERENCE_COLUMNS
from fabric_ot.workbench.simulate.shifts import ShiftInstance

ITEMS = ("gripper", "sensor")
"""What the notebook declares: components that are replaced, not repaired."""

Rows = list[dict[str, Any]]
_AS_TOLD = (
    "planned_scrap_qty", "rework_qty", "inspected_qty", "first_pass_good_qty", "integrated_good_qty",
    "production_loss_qty", "storage_transport_loss_qty", "other_loss_qty",
)  # fmt: skip


class RecordedDay:
    """Sums per asset and production date; an input of which nothing is told is not there."""

    def __init__(self, day: PlantDay, told: Family) -> None:
        """Go through the records of all families once."""
        self._whole = {k.asset.asset_id: day.calendar.whole(k.asset.site_id) for k in day.known}
        self._told = told
        self.sums: defaultdict[tuple[str, str], defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._add_executions()
        self._add_personnel()
        self._add_maintenance()
        self._add_failures()
        self._add_material()

    def capabilities(self) -> Rows:
        """Return the capability of each chart as KPIs, dated by its last sample in a whole shift."""
        charts = {row["chart_id"]: row["asset_id"] for row in _landed(self._told, "control_chart")}
        dates: dict[str, str] = {}
        for row in _landed(self._told, "quality_sample"):
            date = self._date(charts[row["chart_id"]], _ms(row["event_time_utc"]))
            if row["value_double"] is not None and date:
                dates[row["chart_id"]] = max(date, dates.get(row["chart_id"], ""))
        found = {row["chart_id"]: row for row in self._told.truth["process_capability"]}
        named = {"cm": "pp", "cmk": "ppk", "cp": "cp", "cpk": "cpk"}
        return [
            {"asset_id": charts[chart], "production_date": date, "kpi": kpi, "subject": chart,
             "value": found[chart][index]}
            for chart, date in dates.items()
            for kpi, index in named.items()
        ]  # fmt: skip

    def _add(self, asset_id: str, date: str | None, **parts: float) -> None:
        for name, value in parts.items() if date else ():
            self.sums[asset_id, str(date)][name] += value

    def _shift(self, asset_id: str, at_ms: float) -> ShiftInstance | None:
        return next((i for i in self._whole.get(asset_id, ()) if i.start_ms <= at_ms < i.end_ms), None)

    def _date(self, asset_id: str, at_ms: float) -> str | None:
        instance = self._shift(asset_id, at_ms)
        return instance.production_date.isoformat() if instance else None

    def _add_executions(self) -> None:
        rows = _landed(self._told, "order_execution")
        made: defaultdict[tuple[str, int], float] = defaultdict(float)
        for row in rows:
            made[row["order_id"], row["operation_no"]] += row["produced_qty"]
        for row in rows:
            order, number = row["order_id"], row["operation_no"]
            first = made[order, min(n for o, n in made if o == order)]
            lasted = (_ms(row["end_utc"]) - _ms(row["start_utc"])) / 1000
            parts = {"order_execution_s": lasted, **{name: row[name] for name in _AS_TOLD}}
            if made[order, number]:
                parts["first_operation_qty"] = first * row["produced_qty"] / made[order, number]
            self._add(row["asset_id"], row["production_date"], **parts)

    def _add_personnel(self) -> None:
        for row in _landed(self._told, "personnel_time"):
            parts = {"personnel_work_s": row["work_s"], "personnel_attendance_s": row["attendance_s"]}
            self._add(row["asset_id"], row["production_date"], **parts)

    def _add_maintenance(self) -> None:
        for row in _landed(self._told, "maintenance_order"):
            if row["started_utc"] and row["finished_utc"]:
                began = _ms(row["started_utc"])
                worked = {"corrective": 0.0, "preventive": 0.0}
                worked[row["order_type"]] = (_ms(row["finished_utc"]) - began) / 1000
                date = self._date(row["asset_id"], began)
                self._add(row["asset_id"], date, **{f"{kind}_maintenance_s": s for kind, s in worked.items()})

    def _add_failures(self) -> None:
        components = {row["order_id"]: row["component"] for row in _landed(self._told, "maintenance_order")}
        for row in self._told.truth["failure"]:
            if row["match"] == "order_without_failure":
                continue
            is_first, is_restored = row["order_rank"] in (None, 1), not row["is_open"]
            self._add(
                row["asset_id"],
                self._date(row["asset_id"], row["event_ms"]),
                failure_count=float(is_first),
                restored_count=float(is_first and is_restored),
                restoration_s=row["failure_s"] if is_first and is_restored else 0.0,
                failed_item_count=float(components.get(row["order_id"], "") in ITEMS),
            )

    def _add_material(self) -> None:
        """Follow each reel of a machine through its shifts: reels are all the material there is."""
        moves = _landed(self._told, "lot_movement")
        for asset_id, whole in self._whole.items():
            steps = [(_ms(m["time_utc"]), _step(m, f"reel/{asset_id}/")) for m in moves]
            for at_ms, step in ((at, step) for at, step in steps if step):
                # a movement on a border belongs to the shift that ends
                date = self._date(asset_id, at_ms - 0.001)
                taken = max(-step, 0.0)
                self._add(asset_id, date, consumed_qty=taken, throughput_qty=taken)
                for i in whole:
                    left_ms = i.end_ms - max(at_ms, i.start_ms)
                    if left_ms > 0:
                        self._add(asset_id, i.production_date.isoformat(), inventory_qty_s=step * left_ms / 1000)


def _step(move: Mapping[str, Any], reels: str) -> float:
    into, out = (str(move[side] or "").startswith(reels) for side in ("output_lot", "input_lot"))
    return float(move["qty"]) * (into - out)


def _landed(told: Family, entity: str) -> Rows:
    """Return the good rows of one file, the last one of each key."""
    names = REFERENCE_COLUMNS[entity]
    rows = [dict(zip(names, row, strict=True)) for r in told.records if r.entity == entity for row in r.good]
    key = names[:4] if entity == "personnel_time" else names[:1]
    return list({tuple(row[name] for name in key): row for row in rows}.values())


def _ms(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp() * 1000
