"""Claims about losses, indicators and published formulas."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim

KPIS_CLAIMS: tuple[Claim, ...] = (
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
        ("asset_id", "production_date", "kpi", "subject"),
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
