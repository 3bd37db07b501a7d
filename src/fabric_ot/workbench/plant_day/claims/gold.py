"""Claims about the facts of gold, and about the measures of the semantic model over them."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim, MeasureClaim

GOLD_CLAIMS: tuple[Claim, ...] = (
    Claim(
        "gold_production_loss",
        "fact.production_loss: every loss of every asset and shift",
        """SELECT a.asset_id, s.shift_id, CAST(d.date AS VARCHAR) AS production_date, f.*
           FROM fact.production_loss f
           JOIN dim.asset a USING (asset_key) JOIN dim.shift s USING (shift_key) JOIN dim.date d USING (date_key)""",
        ("asset_id", "shift_id", "production_date", "node", "loss_category"),
        ("duration_s",),
    ),
    Claim(
        "gold_energy",
        "fact.energy: energy by state, good units once per shift",
        """SELECT a.asset_id, s.shift_id, CAST(d.date AS VARCHAR) AS production_date, f.*
           FROM fact.energy f
           JOIN dim.asset a USING (asset_key) JOIN dim.shift s USING (shift_key) JOIN dim.date d USING (date_key)""",
        ("asset_id", "shift_id", "production_date", "state", "time_category"),
        ("energy_kwh", "finished_energy_kwh", "good_qty"),
    ),
    Claim(
        "gold_energy_cost",
        "fact.energy_cost: charges, and which meters make the bill",
        """SELECT a.asset_id, a.site_id, CAST(d.date AS VARCHAR) AS local_date, f.meter_id AS tag_id,
                  f.*
           FROM fact.energy_cost f JOIN dim.asset a USING (asset_key) JOIN dim.date d USING (date_key)""",
        ("site_id", "asset_id", "charge", "tag_id", "local_date", "tariff_id", "period", "currency", "is_top_meter",
         "is_leaf_meter"),
        ("energy_kwh", "unpriced_kwh", "cost"),
    ),
    Claim(
        "gold_maintenance",
        "fact.maintenance: failures, repairs and plans by asset, month and component",
        """SELECT a.asset_id, CAST(d.date AS VARCHAR) AS month_start, f.*
           FROM fact.maintenance f JOIN dim.asset a USING (asset_key) JOIN dim.date d USING (date_key)""",
        ("asset_id", "month_start", "component"),
        ("operating_s", "failures", "restored_failures", "restore_s", "waiting_s", "wrench_s", "due_orders",
         "done_orders", "corrective_s", "preventive_s"),
    ),
    Claim(
        "gold_spc_signal",
        "fact.spc_signal: points and fired rules of every chart",
        """SELECT chart_id, statistic, rule_name, sum(points) AS points, sum(judged_points) AS judged_points,
                  sum(signal_points) AS signal_points, sum(fired_count) AS fired_count
           FROM fact.spc_signal GROUP BY ALL""",
        ("chart_id", "statistic", "rule_name"),
        ("points", "judged_points", "signal_points", "fired_count"),
    ),
)  # fmt: skip

_ASSET = ("Asset", "asset_id")
_SHIFT = {"asset_id": _ASSET, "shift_id": ("Shift", "shift_id"), "production_date": ("Date", "date")}
_NODE = {"node": ("Production Loss", "node")}
_LOSS = {"hours": "Loss Hours", "share": "Loss Share"}
_ENERGY = {
    "energy_kwh": "Energy kWh",
    "specific_energy_kwh": "Energy per Good Unit kWh",
    "unproductive_share": "Unproductive Energy Share",
}
_TIMES = {
    "failures": "Failure Count",
    "mtbf_h": "MTBF Hours",
    "mttr_h": "MTTR Hours",
    "inherent_availability": "Inherent Availability",
}

MEASURE_CLAIMS: tuple[MeasureClaim, ...] = (
    MeasureClaim("measure_loss", "loss shares by asset, by the model's measures", {"asset_id": _ASSET, **_NODE}, _LOSS),
    MeasureClaim("measure_loss_plant", "loss shares of the plant, by the model's measures", _NODE, _LOSS),
    MeasureClaim("measure_energy", "specific energy by shift, by the model's measures", _SHIFT, _ENERGY),
    MeasureClaim(
        "measure_energy_asset", "specific energy by asset, by the model's measures", {"asset_id": _ASSET}, _ENERGY
    ),
    MeasureClaim(
        "measure_energy_cost",
        "cost of energy by site, by the model's measures",
        {"site_id": ("Asset", "site_id")},
        {"cost": "Energy Cost", "billed_kwh": "Billed Energy kWh", "unpriced_kwh": "Unpriced Energy kWh"},
    ),
    MeasureClaim(
        "measure_energy_price",
        "cost per good unit by asset, by the model's measures",
        {"asset_id": _ASSET},
        {"price": "Energy Price per kWh", "unit_cost": "Energy Cost per Good Unit"},
    ),
    MeasureClaim(
        "measure_maintenance",
        "MTBF, MTTR and availability by asset and month, by the model's measures",
        {"asset_id": _ASSET, "month_start": ("Date", "date")},
        {
            **_TIMES,
            "operating_h": "Operating Hours",
            "schedule_compliance": "Schedule Compliance",
            "corrective_share": "Corrective Share",
        },
    ),
    MeasureClaim(
        "measure_component",
        "MTBF and MTTR by component, by the model's measures",
        {"component": ("Maintenance", "component")},
        _TIMES,
    ),
    MeasureClaim(
        "measure_spc",
        "points out of control by chart, by the model's measures",
        {"chart_id": ("SPC Signal", "chart_id"), "statistic": ("SPC Signal", "statistic")},
        {"points": "Control Points", "signal_points": "Signals", "share": "Out of Control Share"},
    ),
    MeasureClaim(
        "measure_rule",
        "fired rules, by the model's measures",
        {"rule_name": ("SPC Signal", "rule_name")},
        {"fired_count": "Rules Fired"},
    ),
)
"""What the measures must give, at levels where a mean of ratios would be another number."""
