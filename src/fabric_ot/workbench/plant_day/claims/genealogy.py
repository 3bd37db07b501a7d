"""Claims about lots: traces, shares of origin and mass balances."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim

GENEALOGY_CLAIMS: tuple[Claim, ...] = (
    Claim(
        "lot_trace",
        "traces of lots, forward and backward",
        "SELECT * FROM silver.lot_trace",
        ("direction", "lot_id", "reached_lot", "depth", "path", "is_cycle", "is_truncated"),
    ),
    Claim(
        "lot_blend",
        "shares of origin of each lot, rework in its steady state",
        "SELECT * FROM silver.lot_blend WHERE origin_kind <> 'open'",
        ("lot_id", "origin_lot", "origin_kind"),
        ("fraction", "residual"),
    ),
    Claim(
        "mass_balance",
        "mass balance of each lot",
        "SELECT * FROM silver.mass_balance",
        ("lot_id", "uom", "status"),
        ("in_qty", "out_qty", "scrap_qty", "wip_qty", "difference_qty"),
    ),
)
