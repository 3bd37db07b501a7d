"""Claims about control charts: limits, points and capability."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim

QUALITY_CONTROL_CLAIMS: tuple[Claim, ...] = (
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
    Claim(
        "quality_context",
        "samples with the process as of each: value, quality, age",
        """SELECT chart_id, sample_id, tag_id, value_double, age_s, CAST(quality = 'GOOD' AS VARCHAR) AS is_good
           FROM silver.quality_context""",
        ("chart_id", "sample_id", "tag_id", "is_good"),
        ("value_double", "age_s"),
    ),
)
