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


_QUALITY: tuple[Claim, ...] = (
    Claim(
        "control_limit",
        "limits of control charts, frozen from their baselines",
        "SELECT * FROM silver.control_limit",
        ("chart_id", "limit_version"),
        ("baseline_points", "center", "sigma"),
    ),
    Claim(
        "spc_point",
        "points of control charts: limits and fired rules",
        "SELECT *, CAST(epoch(event_time_utc) AS BIGINT) AS time_s FROM silver.spc_point",
        ("chart_id", "statistic", "time_s", "limit_version", "rules_fired"),
        ("value", "center", "ucl", "lcl"),
    ),
    Claim(
        "process_capability",
        "process capability per chart",
        "SELECT * FROM silver.process_capability",
        ("chart_id", "undefined_reason"),
        ("samples", "mean", "cp", "cpk", "pp", "ppk", "signal_count"),
    ),
)

_GENEALOGY: tuple[Claim, ...] = (
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

CLAIMS: tuple[Claim, ...] = (*_QUALITY, *_GENEALOGY)
"""Every claim that a run over the simulated plant is held to, beside those of `comparison`."""
