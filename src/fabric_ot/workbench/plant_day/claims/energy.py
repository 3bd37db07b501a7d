"""Claims about demand, load, power factor, cost, energy by state and baselines."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim

_FACTORS = ("energy_kwh", "lagging_kvarh", "leading_kvarh", "lagging_power_factor_pct", "leading_power_factor_pct")

ENERGY_CLAIMS: tuple[Claim, ...] = (
    Claim(
        "energy_demand",
        "demand of every meter and quarter-hour",
        "SELECT *, strftime(start_utc, '%Y-%m-%dT%H:%M:%SZ') AS start_text FROM silver.energy_demand",
        ("tag_id", "start_text", "local_date"),
        ("energy_kwh", "coverage", "demand_kw"),
    ),
    Claim(
        "energy_load",
        "peak and load factor of meters and sites by local date",
        "SELECT * FROM silver.energy_load",
        ("level", "series_id", "local_date"),
        ("energy_kwh", "peak_kw", "load_factor", "window_count"),
    ),
    Claim(
        "power_factor",
        "power factor of every meter with registers and quarter-hour",
        "SELECT * REPLACE (CAST(is_whole AS VARCHAR) AS is_whole), "
        "strftime(start_utc, '%Y-%m-%dT%H:%M:%SZ') AS start_text FROM silver.power_factor",
        ("tag_id", "start_text", "local_date", "is_whole"),
        _FACTORS,
    ),
    Claim(
        "power_factor_period",
        "power factor by local day and month, of sums",
        "SELECT * FROM silver.power_factor_period",
        ("tag_id", "site_id", "period", "from_date"),
        (*_FACTORS, "window_count", "left_out_count", "left_out_kwh"),
    ),
    Claim(
        "energy_cost",
        "cost by tariff period, energy without a price, and demand charges",
        "SELECT * REPLACE (CAST(cost AS DOUBLE) AS cost) FROM silver.energy_cost",
        ("charge", "site_id", "tag_id", "local_date", "tariff_id", "period"),
        ("energy_kwh", "unpriced_kwh", "peak_kw", "cost"),
    ),
    Claim(
        "energy_state",
        "energy by state, and per good unit",
        "SELECT * FROM silver.energy_state",
        ("asset_id", "shift_id", "production_date", "state", "time_category"),
        ("energy_kwh", "good_qty", "specific_energy_kwh"),
    ),
    Claim(
        "energy_baseline",
        "energy against the baseline of produced units",
        "SELECT * FROM silver.energy_baseline",
        ("asset_id", "shift_id", "production_date", "fit_status"),
        ("energy_kwh", "produced_qty", "expected_kwh", "residual_kwh"),
    ),
)
