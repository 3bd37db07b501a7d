"""Claims about demand, load, cost, energy by state and baselines."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim

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
