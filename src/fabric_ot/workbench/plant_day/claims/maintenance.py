"""Claims about failures, reliability and plans kept."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim

MAINTENANCE_CLAIMS: tuple[Claim, ...] = (
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
