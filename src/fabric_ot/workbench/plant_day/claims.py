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

CLAIMS: tuple[Claim, ...] = (*_MAINTENANCE, *_STATES)
"""Every claim that a run over the simulated plant is held to, beside those of `comparison`."""
