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

_MAINTENANCE: tuple[Claim, ...] = (
    Claim(
        "failure",
        "plant.failure: failures, their orders, and either alone",
        "SELECT *, epoch_ms(event_utc) AS event_ms FROM silver.failure",
        ("asset_id", "event_ms", "order_id", "match", "state"),
        ("failure_s", "order_rank"),
    ),
    Claim(
        "reliability",
        "plant.reliability: MTBF and MTTR by asset, component and month",
        "SELECT * FROM silver.reliability",
        ("asset_id", "scope", "component", "period_id"),
        (
            "operating_s", "failures", "restored_failures", "restore_s", "waiting_s", "wrench_s", "mtbf_s", "mttr_s",
            "mtta_s", "inherent_availability",
        ),
    ),
    Claim(
        "maintenance_compliance",
        "plant.maintenance_compliance: plans kept, time worked, backlog",
        "SELECT * FROM silver.maintenance_compliance",
        ("asset_id", "period_id"),
        (
            "due_orders", "done_orders", "pending_orders", "schedule_compliance", "pm_compliance", "corrective_s",
            "preventive_s", "corrective_maintenance_ratio", "open_orders", "overdue_orders", "backlog_s",
            "backlog_weeks",
        ),
    ),
)  # fmt: skip

_STATES: tuple[Claim, ...] = (
    Claim(
        "state_evidence",
        "plant.state_evidence: what states count as, and who said so",
        """
        SELECT *, epoch_ms(start_utc) AS start_ms, epoch_ms(recorded_at_utc) AS recorded_ms
        FROM silver.state_evidence
        """,
        ("asset_id", "start_ms", "state", "time_category", "measured_category", "recoding_id", "recorded_by"),
        ("duration_s", "recorded_ms"),
    ),
    Claim(
        "time_account",
        "plant.time_account: told, silent and missing time add up to the calendar",
        "SELECT * REPLACE (CAST(production_date AS VARCHAR) AS production_date) FROM silver.time_account",
        ("asset_id", "shift_id", "production_date"),
        ("calendar_s", "told_s", "no_signal_s", "gap_s", "overlap_s", "difference_s"),
    ),
)

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

_SPARKPLUG = (
    Claim(
        "sparkplug_violations",
        "plant.violation: broken rules of Sparkplug per edge node",
        """SELECT coalesce(edge_node_id, '') AS edge_node_id, assertion_id, count(*) AS messages
           FROM silver.violation GROUP BY ALL""",
        ("edge_node_id", "assertion_id"),
        ("messages",),
    ),
    Claim(
        "sparkplug_rebirth_requests",
        "plant.rebirth_request: asked and answered",
        """SELECT edge_node_id, birth_epoch, reason, epoch_ms(requested_utc) AS requested_ms,
                  epoch_ms(answered_utc) AS answered_ms, cause_count
           FROM silver.rebirth_request""",
        ("edge_node_id", "birth_epoch", "reason"),
        ("requested_ms", "answered_ms", "cause_count"),
    ),
)

_NAMESPACE = (
    Claim(
        "namespace",
        "plant.namespace: the place of every declared tag",
        """SELECT tag_id, asset_id, source, enterprise, site, area, work_center, work_unit, virtual_path, tag_name,
                  hierarchy_problem
           FROM silver.namespace""",
        ("tag_id", "asset_id", "source", "enterprise", "site", "area", "work_center", "work_unit", "virtual_path",
         "tag_name", "hierarchy_problem"),
    ),
)  # fmt: skip

CLAIMS: tuple[Claim, ...] = (
    *_SIGNALS,
    *_QUALITY,
    *_GENEALOGY,
    *_MAINTENANCE,
    *_STATES,
    *_ENERGY_CLAIMS,
    *_KPI_CLAIMS,
    *_SPARKPLUG,
    *_NAMESPACE,
)
"""Every claim that a run over the simulated plant is held to, beside those of `comparison`."""
