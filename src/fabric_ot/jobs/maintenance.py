"""Maintenance: failures from states, the orders that belong to them, reliability and plans kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.jobs.progress import finish_batches, pending_batches
from fabric_ot.jobs.report import JobReport, changed_rows
from fabric_ot.transforms.intervals import epoch_us
from fabric_ot.transforms.maintenance.failures import to_failures, to_operating
from fabric_ot.transforms.maintenance.matches import to_failure_matches
from fabric_ot.transforms.maintenance.orders import (
    rollup_backlog,
    rollup_maintenance_time,
    rollup_order_compliance,
)
from fabric_ot.transforms.maintenance.periods import ALL_PERIODS, to_month_periods
from fabric_ot.transforms.maintenance.reliability import rollup_component_reliability, rollup_reliability

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fabric_ot.lakehouse import Lakehouse

STEP = "maintenance"
_COUNTS = ("due_orders", "done_orders", "pending_orders", "due_preventive", "done_preventive")
_PERIOD = ("period_id", "period_start_utc", "period_end_utc")


@dataclass(frozen=True)
class MaintenanceChoices:
    """What a plant declares: what a failure is, which orders belong to it, and how much work a crew can do.

    Seconds throughout; the defaults are those of the transforms. `weekly_capacity_s` None: no backlog in weeks.
    """

    micro_stop_s: float = 0.0
    max_gap_s: float = 0.0
    before_s: float = 3_600.0
    after_s: float = 28_800.0
    late_s: float = 0.0
    early_s: float | None = None
    weekly_capacity_s: float | None = None


def run_maintenance(
    silver: Lakehouse, *, as_of_utc: dt.datetime, choices: MaintenanceChoices | None = None
) -> JobReport:
    """Match failures with maintenance orders, and roll them up to reliability and compliance.

    Runs after production. Failures are made of state evidence: a stop that a person re-coded as planned, or that was
    judged a micro-stop, is none. Everything is computed again when production has finished a new batch, or at another
    instant: an open failure lasts, an order falls due. Whole, not by asset: an asset that lives has an open state, so
    each is touched anyway, and its states and orders are thousands of rows a year. Rows that stay the same are not
    written.

    Raises:
        ContractError: a choice cannot be meant, or `as_of_utc` has no time zone.
    """
    pending = pending_batches(_causes(silver, as_of_utc), silver, step=STEP)
    counts = {"batches": len(pending)}
    if pending:
        counts |= _compute(silver, as_of_utc, choices or MaintenanceChoices())
    finish_batches(silver, pending, step=STEP, as_of_utc=as_of_utc)
    return JobReport(STEP, counts)


def _causes(silver: Lakehouse, as_of_utc: dt.datetime) -> DataFrame:
    """Return the batches that production has finished, and the clock: time passing is a reason too."""
    finished = silver.read("plant.progress").where(sf.col("step") == "production")
    clock = silver.frame("plant.progress", [(STEP, f"clock {as_of_utc.isoformat()}", as_of_utc)])
    return finished.unionByName(clock).select("ingest_batch_id")


def _compute(silver: Lakehouse, as_of_utc: dt.datetime, choices: MaintenanceChoices) -> dict[str, int]:
    intervals, orders = silver.read("plant.state_evidence"), silver.read("plant.maintenance_order")
    micro_stop_s, max_gap_s = choices.micro_stop_s, choices.max_gap_s
    failures = to_failures(intervals, micro_stop_s=micro_stop_s, max_gap_s=max_gap_s)
    matches = to_failure_matches(failures, orders, before_s=choices.before_s, after_s=choices.after_s)
    first_told = orders.select(sf.least("reported_utc", "started_utc", "due_utc").alias("start_utc"))
    instants = intervals.select("start_utc").unionByName(first_told)
    with (
        silver.staged(matches) as matched,
        silver.staged(to_month_periods(instants, until_utc=as_of_utc)) as periods,
    ):
        operating = to_operating(intervals, micro_stop_s=micro_stop_s, max_gap_s=max_gap_s)
        tables = {
            "plant.failure": _as_rows(matched),
            "plant.reliability": _reliability(matched, operating, periods),
            "plant.maintenance_compliance": _compliance(orders, periods, as_of_utc, choices),
        }
        return changed_rows(silver.replace_all(tables))


def _as_rows(matches: DataFrame) -> DataFrame:
    return matches.withColumns(
        {
            "event_utc": sf.coalesce("failure_start_utc", "reported_utc"),
            "order_id": sf.coalesce("order_id", sf.lit("")),
        }
    )


def _reliability(matches: DataFrame, operating: DataFrame, periods: DataFrame) -> DataFrame:
    of_assets = rollup_reliability(matches, operating, periods)
    of_components = rollup_component_reliability(matches, operating, periods)
    whole = of_assets.withColumns({"scope": sf.lit("asset"), "component": sf.lit("")})
    return whole.unionByName(of_components.withColumn("scope", sf.lit("component")))


def _compliance(
    orders: DataFrame, periods: DataFrame, as_of_utc: dt.datetime, choices: MaintenanceChoices
) -> DataFrame:
    """Join plans kept, time worked and, in the period of all, the backlog at the run's clock."""
    kept = rollup_order_compliance(orders, periods, as_of_utc=as_of_utc, late_s=choices.late_s, early_s=choices.early_s)
    worked = rollup_maintenance_time(orders, periods)
    backlog = rollup_backlog(orders, as_of_utc=as_of_utc, weekly_capacity_s=choices.weekly_capacity_s)
    whole = periods.where(sf.col("period_id") == ALL_PERIODS).select(
        "period_id", sf.col("start_utc").alias("period_start_utc"), sf.col("end_utc").alias("period_end_utc")
    )
    oldest_us = sf.lit(epoch_us(as_of_utc)) - sf.round(sf.col("oldest_age_s") * 1e6).cast("long")
    open_now = backlog.crossJoin(sf.broadcast(whole)).select(
        *("asset_id", *_PERIOD, "open_orders", "overdue_orders", "unestimated_orders", "backlog_weeks"),
        sf.timestamp_micros(oldest_us).alias("oldest_open_utc"),
        sf.col("estimated_s").alias("backlog_s"),
    )
    key = ["asset_id", *_PERIOD]
    joined = kept.join(worked, key, "full").join(open_now, key, "full")
    counts = {name: sf.coalesce(name, sf.lit(0)) for name in _COUNTS}
    times = {name: sf.coalesce(name, sf.lit(0.0)) for name in ("corrective_s", "preventive_s")}
    return joined.withColumns({**counts, **times})
