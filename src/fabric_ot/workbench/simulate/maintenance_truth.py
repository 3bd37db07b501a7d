"""What a correct run must find about maintenance, computed from the machines' states and the orders themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.facts import KnownAsset
from fabric_ot.workbench.simulate.maintenance import (
    Failure,
    Order,
    failures_of,
    maintenance_records,
    write_orders,
)
from fabric_ot.workbench.simulate.records import Family
from fabric_ot.workbench.simulate.timeline import overlap_ms

Rows = list[dict[str, Any]]
WEEKLY_CAPACITY_S = 144_000.0
"""What the notebook declares: one person, 40 hours."""


def tell_maintenance(day: PlantDay, rng: Random) -> Family:
    """Return the maintenance orders of the day, and the failures, reliability and compliance that must come out."""
    orders = write_orders(day, rng)
    as_of_ms = day.calendar.as_of_ms
    failures = {k.asset.asset_id: failures_of(k, as_of_ms=as_of_ms) for k in day.known}
    periods = _periods(day, orders)
    truth = {
        "failure": _matches([f for found in failures.values() for f in found], orders),
        "reliability": [row for k in day.known for row in _reliability(k, failures, orders, periods, as_of_ms)],
        "maintenance_compliance": _compliance(orders, periods, as_of_ms),
    }
    return Family((maintenance_records(orders),), truth)


def _periods(day: PlantDay, orders: Sequence[Order]) -> dict[str, tuple[int, int]]:
    """Return the UTC months from the first thing that happened to the run's clock, and all of them."""
    told = [at for o in orders for at in (o.reported_ms, o.started_ms, o.due_ms) if at is not None]
    seen = [states[0].start_ms for known in day.known if (states := known.known_states())]
    first, last = (datetime.fromtimestamp(at / 1000, UTC) for at in (min(told + seen), day.calendar.as_of_ms))
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    starts = [datetime(n // 12, n % 12 + 1, 1, tzinfo=UTC) for n in (*numbers, numbers[-1] + 1)]
    edges = [int(start.timestamp()) * 1000 for start in starts]
    months = {f"{s:%Y-%m}": (edges[n], edges[n + 1]) for n, s in enumerate(starts[:-1])}
    return {**months, "all": (edges[0], edges[-1])}


def _matches(failures: Sequence[Failure], orders: Sequence[Order]) -> Rows:
    rows = []
    for failure in failures:
        written = _orders_of(failure, orders)
        rows += [_failure_row("matched", failure, order.order_id, rank) for rank, order in enumerate(written, start=1)]
        if not written:
            rows.append(_failure_row("failure_without_order", failure, "", None))
    return rows + [
        {
            "match": "order_without_failure",
            "asset_id": order.asset_id,
            "event_ms": order.reported_ms,
            "order_id": order.order_id,
            **dict.fromkeys(("state", "failure_s", "order_rank", "is_open")),
        }
        for order in orders
        if order.order_type == "corrective" and order.failure is None
    ]


def _orders_of(failure: Failure, orders: Iterable[Order]) -> list[Order]:
    return sorted((o for o in orders if o.failure == failure), key=lambda o: (o.reported_ms, o.order_id))


def _failure_row(match: str, failure: Failure, order_id: str, rank: int | None) -> dict[str, Any]:
    return {
        "match": match,
        "asset_id": failure.asset_id,
        "event_ms": failure.start_ms,
        "order_id": order_id,
        "state": failure.state,
        "failure_s": (failure.end_ms - failure.start_ms) / 1000,
        "order_rank": rank,
        "is_open": failure.is_open,
    }


def _reliability(
    known: KnownAsset,
    failures: dict[str, list[Failure]],
    orders: Sequence[Order],
    periods: dict[str, tuple[int, int]],
    as_of_ms: int,
) -> Rows:
    """Return the figures of one machine and of the components that its failures name."""
    asset_id, rows = known.asset.asset_id, []
    running = _running(known, as_of_ms)
    pairs: list[tuple[Failure, str, Order | None, bool]] = []
    for failure in failures[asset_id]:
        written = _orders_of(failure, orders)
        pairs += [(failure, o.component, o, n == 0) for n, o in enumerate(written)] or [(failure, "", None, True)]
    scopes: list[tuple[str, str]] = [("asset", "")]
    scopes += [("component", name) for name in sorted({component for _, component, _, _ in pairs})]
    for scope, component in scopes:
        chosen = [p for p in pairs if scope == "asset" or p[1] == component]
        for period_id, (start, end) in periods.items():
            begun = [p for p in chosen if start <= p[0].start_ms < end]
            operating_s = sum(overlap_ms(a, b, [(start, end)]) for a, b in running) / 1000
            if operating_s or begun:
                keys = {"asset_id": asset_id, "scope": scope, "component": component, "period_id": period_id}
                rows.append({**keys, **_figures(begun, operating_s)})
    return rows


def _running(known: KnownAsset, as_of_ms: int) -> list[tuple[int, int]]:
    states = known.told_states()
    ends = [*(s.end_ms for s in states[:-1]), as_of_ms]
    return [(s.start_ms, end) for s, end in zip(states, ends, strict=False) if s.category == "production"]


def _figures(begun: Sequence[tuple[Failure, str, Order | None, bool]], operating_s: float) -> dict[str, Any]:
    failed = [failure for failure, _, _, is_first in begun if is_first]
    restored_s = [(f.end_ms - f.start_ms) / 1000 for f in failed if not f.is_open]
    orders = [order for _, _, order, _ in begun if order]
    told_s = _steps_s(orders, lambda o: (o.reported_ms, o.acknowledged_ms))
    mtbf_s = operating_s / len(failed) if failed else None
    mttr_s = sum(restored_s) / len(restored_s) if restored_s else None
    return {
        "operating_s": operating_s,
        "failures": len(failed),
        "restored_failures": len(restored_s),
        "restore_s": sum(restored_s),
        "waiting_s": sum(_steps_s(orders, lambda o: (o.acknowledged_ms, o.started_ms))),
        "wrench_s": sum(_steps_s(orders, lambda o: (o.started_ms, o.finished_ms))),
        "mtbf_s": mtbf_s,
        "mttr_s": mttr_s,
        "mtta_s": sum(told_s) / len(told_s) if told_s else None,
        "inherent_availability": mtbf_s / (mtbf_s + mttr_s) if mtbf_s is not None and mttr_s is not None else None,
    }


def _steps_s(orders: Iterable[Order], step: Callable[[Order], tuple[int | None, int | None]]) -> list[float]:
    return [(b - a) / 1000 for a, b in map(step, orders) if a is not None and b is not None]


def _compliance(orders: Sequence[Order], periods: dict[str, tuple[int, int]], as_of_ms: int) -> Rows:
    rows = []
    for asset_id in sorted({order.asset_id for order in orders}):
        own = [order for order in orders if order.asset_id == asset_id]
        backlog = _backlog([o for o in own if o.finished_ms is None], as_of_ms)
        for period_id, (start, end) in periods.items():
            due = [o for o in own if o.due_ms is not None and start <= o.due_ms < end]
            done = [o for o in own if o.started_ms is not None and o.finished_ms and start <= o.started_ms < end]
            has_backlog = period_id == "all" and backlog["open_orders"] is not None
            if due or done or has_backlog:
                told = backlog if period_id == "all" else dict.fromkeys(backlog)
                row = {"asset_id": asset_id, "period_id": period_id}
                rows.append({**row, **_kept(due, as_of_ms), **_worked(done), **told})
    return rows


def _kept(due: Sequence[Order], as_of_ms: int) -> dict[str, Any]:
    decided = [o for o in due if o.finished_ms is not None or (o.due_ms or 0) < as_of_ms]
    done = [o for o in decided if o.finished_ms is not None and o.finished_ms <= (o.due_ms or 0)]
    services, served = ([o for o in some if o.order_type == "preventive"] for some in (decided, done))
    return {
        "due_orders": len(decided),
        "done_orders": len(done),
        "pending_orders": len(due) - len(decided),
        "schedule_compliance": len(done) / len(decided) if decided else None,
        "pm_compliance": len(served) / len(services) if services else None,
    }


def _worked(done: Sequence[Order]) -> dict[str, Any]:
    seconds = {"corrective": 0.0, "preventive": 0.0}
    for order in done:
        seconds[order.order_type] += _steps_s([order], lambda o: (o.started_ms, o.finished_ms))[0]
    total = sum(seconds.values())
    ratio = seconds["corrective"] / total if total else None
    times = {f"{kind}_s": value for kind, value in seconds.items()}
    return {**times, "corrective_maintenance_ratio": ratio}


def _backlog(open_orders: Sequence[Order], as_of_ms: int) -> dict[str, Any]:
    if not open_orders:
        return dict.fromkeys(("open_orders", "overdue_orders", "backlog_s", "backlog_weeks"))
    known_s = [o.estimated_s for o in open_orders if o.estimated_s is not None]
    return {
        "open_orders": len(open_orders),
        "overdue_orders": sum(o.due_ms is not None and o.due_ms < as_of_ms for o in open_orders),
        "backlog_s": sum(known_s) if known_s else None,
        "backlog_weeks": sum(known_s) / WEEKLY_CAPACITY_S if known_s else None,
    }
