"""Claims about signals: measured hours by state, broken rules, fewer samples, silences and clocks."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim

_MEASURES = (
    "total",
    "covered_s",
    "bad_s",
    "min",
    "max",
    "sample_count",
    "good_count",
    "filled_minutes",
    "filled_total",
)
_BROKEN = ("out_of_limits", "too_fast", "stuck", "flat_line", "unit_refused", "limited")
_READING_HOUR_SQL = """
SELECT tag_id, strftime(date_trunc('hour', minute_utc AT TIME ZONE 'UTC'), '%Y-%m-%dT%H:%M:%SZ') AS hour_utc,
       coalesce(state, '') AS state, count(*) AS minutes,
       coalesce(sum(mean * covered_s), 0) AS total, sum(covered_s) AS covered_s, sum(bad_s) AS bad_s,
       min(min) AS min, max(max) AS max, sum(sample_count) AS sample_count, sum(good_count) AS good_count,
       count(m.fill_method) AS filled_minutes, coalesce(sum(filled_value), 0) AS filled_total,
       sum(out_of_limits_count) AS out_of_limits, sum(too_fast_count) AS too_fast, sum(stuck_count) AS stuck,
       sum(flat_line_count) AS flat_line, sum(unit_refused_count) AS unit_refused, sum(limited_count) AS limited
FROM silver.reading_minute m JOIN silver.signal_rule USING (tag_id) GROUP BY 1, 2, 3
"""
_READING_COMPRESSED_SQL = """
SELECT *, epoch_ms(event_time_utc) AS at_ms, value_double AS value FROM silver.reading_compressed
"""
_READING_GAP_SQL = """
SELECT tag_id, epoch_ms(start_utc) AS start_ms, is_open::VARCHAR AS is_open, gap_s, missing_count
FROM silver.reading_gap
"""
_CLOCK_SKEW_SQL = """
SELECT * REPLACE (event_date::VARCHAR AS event_date) FROM silver.clock_skew WHERE source = ''
"""

SIGNALS_CLAIMS: tuple[Claim, ...] = (
    Claim(
        "reading_hour", "measured and filled hours of signals by machine state, and broken rules", _READING_HOUR_SQL,
        ("tag_id", "hour_utc", "state"), ("minutes", *_MEASURES, *_BROKEN),
    ),
    Claim(
        "reading_compressed", "samples that a historian would keep, and how far off the others are",
        _READING_COMPRESSED_SQL,
        ("tag_id", "at_ms", "compression_method"), ("value", "stands_for_count", "max_error"),
    ),
    Claim(
        "reading_gap", "silences of signals", _READING_GAP_SQL, ("tag_id", "start_ms", "is_open"),
        ("gap_s", "missing_count"),
    ),
    Claim(
        "clock_skew", "clocks of the JSON machines against arrival", _CLOCK_SKEW_SQL, ("event_date", "route"),
        ("skew_s", "least_skew_s", "greatest_skew_s", "live_count"),
    ),
)  # fmt: skip
