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


_HOURS = ("total", "covered_s", "bad_s", "min", "max", "sample_count", "good_count")
_BROKEN = ("out_of_limits", "too_fast", "stuck", "flat_line", "unit_refused")
_READING_HOUR_SQL = """
SELECT tag_id, strftime(date_trunc('hour', minute_utc AT TIME ZONE 'UTC'), '%Y-%m-%dT%H:%M:%SZ') AS hour_utc,
       coalesce(sum(mean * covered_s), 0) AS total, sum(covered_s) AS covered_s, sum(bad_s) AS bad_s,
       min(min) AS min, max(max) AS max, sum(sample_count) AS sample_count, sum(good_count) AS good_count,
       sum(out_of_limits_count) AS out_of_limits, sum(too_fast_count) AS too_fast, sum(stuck_count) AS stuck,
       sum(flat_line_count) AS flat_line, sum(unit_refused_count) AS unit_refused
FROM silver.reading_minute JOIN silver.signal_rule USING (tag_id) GROUP BY 1, 2
"""
_READING_GAP_SQL = """
SELECT tag_id, epoch_ms(start_utc) AS start_ms, is_open::VARCHAR AS is_open, gap_s, missing_count
FROM silver.reading_gap
"""

_SIGNALS: tuple[Claim, ...] = (
    Claim(
        "reading_hour", "measured hours and broken rules of signals", _READING_HOUR_SQL, ("tag_id", "hour_utc"),
        (*_HOURS, *_BROKEN),
    ),
    Claim(
        "reading_gap", "silences of signals", _READING_GAP_SQL, ("tag_id", "start_ms", "is_open"),
        ("gap_s", "missing_count"),
    ),
)  # fmt: skip
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

CLAIMS: tuple[Claim, ...] = (*_SIGNALS, *_QUALITY, *_GENEALOGY)
"""Every claim that a run over the simulated plant is held to, beside those of `comparison`."""
