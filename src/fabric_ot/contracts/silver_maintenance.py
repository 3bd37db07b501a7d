"""Silver tables of maintenance: orders, failures matched with them, reliability, plans kept."""

from __future__ import annotations

from fabric_ot.contracts.table import Column, Table, optional, required

_STAGES: tuple[Column, ...] = (
    optional("acknowledged_utc", "timestamp"),
    optional("started_utc", "timestamp", "work began"),
    optional("finished_utc", "timestamp", "work ended"),
    optional("verified_utc", "timestamp", "the machine was accepted back"),
)
_PERIOD: tuple[Column, ...] = (
    required("period_id", "string", "a calendar month in UTC (2026-03), or 'all': every month that was seen"),
    required("period_start_utc", "timestamp", "inclusive"),
    required("period_end_utc", "timestamp", "exclusive"),
)

MAINTENANCE_ORDER = Table(
    layer="silver",
    schema="plant",
    name="maintenance_order",
    grain="one maintenance order, as it was told last",
    key=("order_id",),
    written_by="nb_silver_reference",
    columns=(
        required("order_id", "string"),
        required("asset_id", "string"),
        required("order_type", "string", "corrective | preventive"),
        optional("component", "string", "what was repaired or serviced"),
        required("reported_utc", "timestamp"),
        *_STAGES,
        optional("due_utc", "timestamp", "null: not planned"),
        optional("estimated_s", "double", "work that was estimated"),
    ),
)

FAILURE = Table(
    layer="silver",
    schema="plant",
    name="failure",
    grain="one corrective order with its failure, or either of them alone",
    key=("asset_id", "event_utc", "order_id"),
    written_by="nb_silver_maintenance",
    columns=(
        required("asset_id", "string"),
        required("event_utc", "timestamp", "start of the failure; of an order without one: its report"),
        required("order_id", "string", "'' where no order was reported"),
        required("match", "string", "matched | failure_without_order | order_without_failure"),
        optional("failure_start_utc", "timestamp"),
        optional("failure_end_utc", "timestamp", "of an open failure: so far"),
        optional("failure_s", "double", "the whole spell"),
        optional("state", "string", "the first of the spell"),
        optional("is_open", "boolean"),
        optional("component", "string"),
        optional("reported_utc", "timestamp"),
        *_STAGES,
        optional("order_rank", "int", "1: the first order of the failure"),
    ),
)

RELIABILITY = Table(
    layer="silver",
    schema="plant",
    name="reliability",
    grain="asset, or asset and component, in a period in which it operated or failed",
    key=("asset_id", "scope", "component", "period_id"),
    written_by="nb_silver_maintenance",
    columns=(
        required("asset_id", "string"),
        required("scope", "string", "asset | component"),
        required("component", "string", "'' of an asset, and of failures whose component was not told"),
        *_PERIOD,
        required("operating_s", "double", "within the period"),
        required("failures", "long", "that began in the period"),
        required("restored_failures", "long"),
        required("open_failures", "long", "censored: not in MTTR"),
        required("restore_s", "double", "down time of restored failures, whole"),
        required("acknowledged_orders", "long"),
        required("acknowledge_s", "double", "reported to acknowledged"),
        required("waiting_s", "double", "acknowledged to started"),
        required("wrench_s", "double", "started to finished"),
        optional("mtbf_s", "double", "null without a failure"),
        optional("mttr_s", "double"),
        optional("mtta_s", "double"),
        optional("inherent_availability", "double", "0 to 1"),
        required("is_censored", "boolean", "no failure in the period: MTBF is not known"),
    ),
)

MAINTENANCE_COMPLIANCE = Table(
    layer="silver",
    schema="plant",
    name="maintenance_compliance",
    grain="asset and period in which an order was due or worked on; of assets with a backlog also 'all'",
    key=("asset_id", "period_id"),
    written_by="nb_silver_maintenance",
    columns=(
        required("asset_id", "string"),
        *_PERIOD,
        required("due_orders", "long", "due in the period and decided: finished, or the window is over"),
        required("done_orders", "long", "finished in their window"),
        required("pending_orders", "long", "due in the period, not decided yet"),
        optional("schedule_compliance", "double", "done / due, 0 to 1"),
        required("due_preventive", "long"),
        required("done_preventive", "long"),
        optional("pm_compliance", "double", "of preventive orders, 0 to 1"),
        required("corrective_s", "double", "CMT: finished work that started in the period"),
        required("preventive_s", "double", "PMT"),
        optional("corrective_maintenance_ratio", "double", "CMT / (CMT + PMT)"),
        optional("open_orders", "long", "this and what follows: in period 'all' only, as of the run's clock"),
        optional("overdue_orders", "long"),
        optional("oldest_open_utc", "timestamp", "report of the oldest open order"),
        optional("unestimated_orders", "long"),
        optional("backlog_s", "double", "estimated work of open orders"),
        optional("backlog_weeks", "double", "of the crew's capacity; null where that is not told"),
    ),
)

MAINTENANCE_TABLES: tuple[Table, ...] = (MAINTENANCE_ORDER, FAILURE, RELIABILITY, MAINTENANCE_COMPLIANCE)
