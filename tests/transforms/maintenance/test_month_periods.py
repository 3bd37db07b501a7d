"""Months are those of UTC and whole; all of them together are a period that overlaps each."""

from __future__ import annotations

import datetime as dt

import pytest

from fabric_ot.errors import ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.maintenance.orders import rollup_backlog
from fabric_ot.transforms.maintenance.periods import to_month_periods
from fabric_ot.transforms.maintenance.reliability import rollup_reliability

pytestmark = pytest.mark.spark

MATCHES = (
    "match string, asset_id string, component string, failure_start_utc timestamp, failure_end_utc timestamp, "
    "is_open boolean, reported_utc timestamp, acknowledged_utc timestamp, started_utc timestamp, "
    "finished_utc timestamp, order_rank int"
)
SPANS = "asset_id string, start_utc timestamp, end_utc timestamp"


def utc(year: int, month: int, day: int = 1, hour: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, tzinfo=dt.UTC)


def test_months_run_from_the_first_instant_to_the_clock_and_a_failure_counts_in_its_month_and_in_all(spark) -> None:
    failed, back = utc(2026, 1, 31, 23), utc(2026, 2, 1, 5)
    operating = frame(spark, SPANS, [("a", utc(2025, 12, 31, 20), failed), ("a", back, utc(2026, 2, 1, 9))])
    periods = to_month_periods(operating, until_utc=utc(2026, 2, 1))
    told = {row.period_id: (row.start_utc, row.end_utc) for row in periods.collect()}
    edges = [utc(2025, 12), utc(2026, 1), utc(2026, 2), utc(2026, 3)]
    naive = [edge.replace(tzinfo=None) for edge in edges]
    months = {f"{edge:%Y-%m}": (edge, naive[n + 1]) for n, edge in enumerate(naive[:-1])}
    assert told == {**months, "all": (naive[0], naive[-1])}, (
        "the month of the clock belongs to it, its first instant too"
    )

    matches = frame(spark, MATCHES, [("failure_without_order", "a", None, failed, back, False, *[None] * 5)])
    figures = {r.period_id: r for r in rollup_reliability(matches, operating, periods).collect()}
    hours = {name: (r.failures, r.operating_s / 3600, r.restore_s / 3600) for name, r in figures.items()}
    january = 31 * 24.0 - 1
    assert hours == {
        "2025-12": (0, 4.0, 0.0), "2026-01": (1, january, 6.0), "2026-02": (0, 4.0, 0.0), "all": (1, january + 8, 6.0),
    }, "the repair keeps its whole length where it began"  # fmt: skip


def test_without_instants_there_is_the_month_of_the_clock(spark) -> None:
    nothing = spark.createDataFrame([], SPANS)
    told = to_month_periods(nothing, until_utc=utc(2026, 12, 31, 23)).collect()
    assert {(r.period_id, r.end_utc) for r in told} == {(name, dt.datetime(2027, 1, 1)) for name in ("2026-12", "all")}
    late = frame(spark, SPANS, [("a", utc(2027, 5), utc(2027, 6))])
    assert {r.period_id for r in to_month_periods(late, until_utc=utc(2026, 12, 31)).collect()} == {"2026-12", "all"}
    with pytest.raises(ContractError, match="without a time zone"):
        to_month_periods(nothing, until_utc=dt.datetime(2026, 3, 1))


def test_estimated_work_adds_up_without_a_capacity(spark) -> None:
    columns = "asset_id string, reported_utc timestamp, finished_utc timestamp, due_utc timestamp, estimated_s double"
    orders = frame(spark, columns, [("a", utc(2026, 1), None, None, 60.0), ("a", utc(2026, 1), None, None, None)])
    (row,) = rollup_backlog(orders, as_of_utc=utc(2026, 2)).collect()
    assert (row.open_orders, row.unestimated_orders, row.estimated_s, row.backlog_weeks) == (2, 1, 60.0, None)
