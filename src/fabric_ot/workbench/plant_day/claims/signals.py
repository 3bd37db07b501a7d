"""Claims about signals: measured hours, broken rules and silences."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim

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

SIGNALS_CLAIMS: tuple[Claim, ...] = (
    Claim(
        "reading_hour", "measured hours and broken rules of signals", _READING_HOUR_SQL, ("tag_id", "hour_utc"),
        (*_HOURS, *_BROKEN),
    ),
    Claim(
        "reading_gap", "silences of signals", _READING_GAP_SQL, ("tag_id", "start_ms", "is_open"),
        ("gap_s", "missing_count"),
    ),
)  # fmt: skip
