"""What gold and its measures must say, added up by hand from the truth of the families."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fabric_ot.workbench.simulate.energy_records import RATES
from fabric_ot.workbench.simulate.layout import ASSETS, METER_ASSET_ID, METER_TAG_ID

Row = dict[str, Any]
Rows = list[Row]

_SHIFT = ("asset_id", "shift_id", "production_date")
_FACTORS = {"availability_loss": "availability", "production": "performance", "ideal_runtime": "quality"}
_REPAIRS = ("failures", "restored_failures", "restore_s", "waiting_s", "wrench_s")
_PLANS = ("due_orders", "done_orders", "corrective_s", "preventive_s")
_CURRENCIES = {rate.tariff_id: rate.currency for rate in RATES}
_METER_ASSETS = {METER_TAG_ID: METER_ASSET_ID} | {asset.tag_id("energy"): asset.asset_id for asset in ASSETS}
_SITES = {METER_ASSET_ID: "berlin"} | {asset.asset_id: asset.site_id for asset in ASSETS}
NOT_TOLD = "not told"
"""The component of failures whose order names none, and of what is told of the asset alone."""


def tell_gold(truth: Mapping[str, Rows]) -> dict[str, Rows]:
    """Return what the facts must hold (`gold_...`) and what the measures must give (`measure_...`)."""
    losses, energy, costs = _losses(truth["production_loss"]), _energy(truth["energy_state"]), _costs(truth)
    repairs, points = _repairs(truth), _points(truth["spc_point"])
    per_asset = _energy_measures(energy, ("asset_id",))
    return {
        "gold_production_loss": losses,
        "gold_energy": energy,
        "gold_energy_cost": costs,
        "gold_maintenance": repairs,
        "gold_spc_signal": points,
        "measure_loss": _loss_shares(losses, ("asset_id",)),
        "measure_loss_plant": _loss_shares(losses, ()),
        "measure_energy": _energy_measures(energy, _SHIFT),
        "measure_energy_asset": per_asset,
        "measure_energy_cost": _bills(costs),
        "measure_energy_price": _prices(costs, per_asset),
        "measure_maintenance": _reliability(repairs),
        "measure_component": _components(repairs),
        "measure_spc": _control(points),
        "measure_rule": _rules(points),
    }


def _losses(nodes: Rows) -> Rows:
    parents = {row["parent"] for row in nodes}
    return [
        {**row, "loss_category": "good" if row["node"] == "good" else _FACTORS[row["parent"]]}
        for row in nodes
        if row["node"] not in parents
    ]


def _loss_shares(losses: Rows, by: Sequence[str]) -> Rows:
    rows: Rows = []
    for key, found in _grouped(losses, by):
        planned_s = _total(found, "duration_s")
        for node, lost in _grouped(found, ("node",)):
            seconds = _total(lost, "duration_s")
            if node != {"node": "good"}:
                rows.append({**key, **node, "hours": seconds / 3600, "share": _over(seconds, planned_s)})
    return rows


def _energy(states: Rows) -> Rows:
    """The good units of a shift stand in the state that comes first by name."""
    rows: Rows = []
    for _, found in _grouped(states, _SHIFT):
        for rank, row in enumerate(sorted(found, key=lambda r: r["state"])):
            is_over = row["good_qty"] is not None
            good = row["good_qty"] if is_over and rank == 0 else 0.0
            rows.append({**row, "finished_energy_kwh": row["energy_kwh"] if is_over else 0.0, "good_qty": good})
    return rows


def _energy_measures(energy: Rows, by: Sequence[str]) -> Rows:
    rows: Rows = []
    for key, found in _grouped(energy, by):
        kwh = _total(found, "energy_kwh")
        idle = [row for row in found if row["time_category"] != "production"]
        specific = _over(_total(found, "finished_energy_kwh"), _total(found, "good_qty"))
        unproductive = _over(_total(idle, "energy_kwh"), kwh) if idle else None
        rows.append({**key, "energy_kwh": kwh, "specific_energy_kwh": specific, "unproductive_share": unproductive})
    return rows


def _costs(truth: Mapping[str, Rows]) -> Rows:
    rows: Rows = []
    for row in truth["energy_cost"]:
        tag_id = row["tag_id"]
        asset_id = _METER_ASSETS[tag_id] if tag_id else row["site_id"]
        is_top = not tag_id or tag_id == METER_TAG_ID or row["site_id"] != "berlin"
        told = {"asset_id": asset_id, "currency": _CURRENCIES.get(row["tariff_id"], "")}
        rows.append({**row, **told, "is_top_meter": is_top, "is_leaf_meter": bool(tag_id) and tag_id != METER_TAG_ID})
    return rows


def _bills(costs: Rows) -> Rows:
    top = [row for row in costs if row["is_top_meter"]]
    return [
        {
            **key,
            "cost": sum(row["cost"] for row in found if row["cost"] is not None),
            "billed_kwh": _total(found, "energy_kwh"),
            "unpriced_kwh": _total(found, "unpriced_kwh"),
        }
        for key, found in _grouped(top, ("site_id",))
    ]


def _prices(costs: Rows, per_asset: Rows) -> Rows:
    specific = {row["asset_id"]: row["specific_energy_kwh"] for row in per_asset}
    rows: Rows = []
    for key, found in _grouped([row for row in costs if row["is_leaf_meter"]], ("asset_id",)):
        priced = [row for row in found if row["cost"] is not None]
        price = _over(_total(priced, "cost"), _total(priced, "energy_kwh"))
        unit = specific.get(key["asset_id"])
        if price is not None:
            rows.append({**key, "price": price, "unit_cost": None if unit is None else price * unit})
    return rows


def _repairs(truth: Mapping[str, Rows]) -> Rows:
    """Failures by component and month; operating time and plans of the asset stand in one component."""
    parts: Rows = []
    for row in truth["reliability"]:
        names: tuple[str, ...] = _REPAIRS if row["scope"] == "component" else ("operating_s",)
        parts.append(_part(row, row["component"] or NOT_TOLD, names))
    parts += [_part(row, NOT_TOLD, _PLANS) for row in truth["maintenance_compliance"]]
    months = [part for part in parts if part["period_id"] != "all"]
    additive = ("operating_s", *_REPAIRS, *_PLANS)
    return [
        {**key, "month_start": f"{key['period_id']}-01", **{name: _total(found, name) for name in additive}}
        for key, found in _grouped(months, ("asset_id", "period_id", "component"))
    ]


def _part(row: Row, component: str, names: Iterable[str]) -> Row:
    nothing = dict.fromkeys(("operating_s", *_REPAIRS, *_PLANS), 0)
    told = {name: row[name] for name in names}
    return {"asset_id": row["asset_id"], "period_id": row["period_id"], "component": component, **nothing, **told}


def _reliability(repairs: Rows) -> Rows:
    return [
        {
            **key,
            **_times(found, _total(found, "operating_s")),
            "operating_h": _total(found, "operating_s") / 3600,
            "schedule_compliance": _over(_total(found, "done_orders"), _total(found, "due_orders")),
            "corrective_share": _over(
                _total(found, "corrective_s"), _total(found, "corrective_s") + _total(found, "preventive_s")
            ),
        }
        for key, found in _grouped(repairs, ("asset_id", "month_start"))
    ]


def _components(repairs: Rows) -> Rows:
    operating_s = _total(repairs, "operating_s")
    return [{**key, **_times(found, operating_s)} for key, found in _grouped(repairs, ("component",))]


def _times(found: Rows, operating_s: float) -> Row:
    failures, restored = _total(found, "failures"), _total(found, "restored_failures")
    mtbf, mttr = _over(operating_s / 3600, failures), _over(_total(found, "restore_s") / 3600, restored)
    availability = None if mtbf is None or mttr is None else mtbf / (mtbf + mttr)
    return {"failures": failures, "mtbf_h": mtbf, "mttr_h": mttr, "inherent_availability": availability}


def _points(points: Rows) -> Rows:
    rows: Rows = []
    for key, found in _grouped(points, ("chart_id", "statistic")):
        fired = [rule for row in found for rule in (row["rules_fired"] or "").split(", ") if rule]
        counts = {
            "points": len(found),
            "judged_points": sum(row["rules_fired"] is not None for row in found),
            "signal_points": sum(bool(row["rules_fired"]) for row in found),
        }
        rows.append({**key, "rule_name": "", **counts, "fired_count": 0})
        rows += [
            {**key, "rule_name": rule, **dict.fromkeys(counts, 0), "fired_count": fired.count(rule)}
            for rule in sorted(set(fired))
        ]
    return rows


def _control(points: Rows) -> Rows:
    counted = [row for row in points if not row["rule_name"]]
    return [{**row, "share": _over(row["signal_points"], row["judged_points"])} for row in counted]


def _rules(points: Rows) -> Rows:
    fired = [row for row in points if row["rule_name"]]
    return [{**key, "fired_count": _total(found, "fired_count")} for key, found in _grouped(fired, ("rule_name",))]


def _grouped(rows: Iterable[Row], names: Sequence[str]) -> Iterator[tuple[Row, Rows]]:
    groups: dict[tuple[Any, ...], Rows] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    for key, found in groups.items():
        yield dict(zip(names, key, strict=True)), found


def _total(rows: Rows, name: str) -> float:
    return float(sum(row[name] for row in rows))


def _over(above: float, below: float) -> float | None:
    return above / below if below else None
