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

CLAIMS: tuple[Claim, ...] = (*_QUALITY,)
"""Every claim that a run over the simulated plant is held to, beside those of `comparison`."""
