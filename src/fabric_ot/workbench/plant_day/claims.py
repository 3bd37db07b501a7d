"""Claims about single tables: which rows of the ground truth must come out of which query."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """The rows that `GroundTruth.families[truth]` holds are the rows of `sql`.

    `keys` are compared as text and tell rows apart; `values` are numbers, equal within one part in a million.
    """

    truth: str
    text: str
    sql: str
    keys: tuple[str, ...]
    values: tuple[str, ...] = ()


_ENERGY_CLAIMS: tuple[Claim, ...] = (
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

_KPI_CLAIMS: tuple[Claim, ...] = (
    Claim(
        "production_loss",
        "the loss tree of every asset and shift",
        "SELECT * REPLACE (CAST(duration_s AS DOUBLE) AS duration_s) FROM silver.production_loss",
        ("asset_id", "shift_id", "production_date", "node", "parent"),
        ("duration_s", "share"),
    ),
    Claim(
        "production_loss_sums",
        "the leaves of each loss tree that do not add up to its root, to the microsecond",
        "SELECT asset_id, shift_id, production_date FROM silver.production_loss GROUP BY ALL "
        "HAVING sum(duration_s) FILTER (is_leaf) <> sum(duration_s) FILTER (parent IS NULL)",
        ("asset_id", "shift_id", "production_date"),
    ),
    Claim(
        "kpi",
        "the KPIs of every asset and production date",
        "SELECT * FROM silver.kpi",
        ("asset_id", "production_date", "kpi"),
        ("value",),
    ),
    Claim(
        "formula_comparison",
        "how far formulas that others publish are off",
        "SELECT * REPLACE (CASE WHEN formula = 'utc_hour' THEN theirs END AS theirs) FROM silver.formula_comparison",
        ("formula", "subject", "theirs"),
        ("difference",),
    ),
)

CLAIMS: tuple[Claim, ...] = (*_ENERGY_CLAIMS, *_KPI_CLAIMS)
"""Every claim that a run over the simulated plant is held to, beside those of `comparison`."""
