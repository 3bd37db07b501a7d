"""Maintenance orders of the simulated day: what people wrote about failures that the machines really had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.facts import KnownAsset
from fabric_ot.workbench.simulate.records import Records, Row
from fabric_ot.workbench.simulate.truth import iso_utc

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
WORTH_AN_ORDER_MS = 12 * MINUTE_MS
"""Nobody writes an order about a shorter failure."""

_COMPONENTS = ("drive", "gripper", "hydraulics", "sensor", "")
_SILENT_ASSET = "denver-labeler-4"


@dataclass(frozen=True)
class Failure:
    """One spell of unplanned downtime; `is_open`: it lasts at the run's clock."""

    asset_id: str
    start_ms: int
    end_ms: int
    state: str
    is_open: bool


@dataclass(frozen=True)
class Order:
    """One maintenance order; `failure` is the one that it was written for."""

    order_id: str
    asset_id: str
    order_type: str
    component: str
    reported_ms: int
    acknowledged_ms: int | None = None
    started_ms: int | None = None
    finished_ms: int | None = None
    verified_ms: int | None = None
    due_ms: int | None = None
    estimated_s: float | None = None
    failure: Failure | None = None

    def row(self) -> Row:
        """Return it as a line of `reference/maintenance_order.csv`."""
        stages = (self.reported_ms, self.acknowledged_ms, self.started_ms, self.finished_ms, self.verified_ms)
        told = [iso_utc(at) if at is not None else None for at in (*stages, self.due_ms)]
        return (self.order_id, self.asset_id, self.order_type, self.component, *told, self.estimated_s)


def failures_of(known: KnownAsset, *, as_of_ms: int) -> list[Failure]:
    """Return the maximal spells in which the machine was known to be down; its last state holds to `as_of_ms`."""
    states = known.told_states()
    found: list[Failure] = []
    for segment in states:
        is_open = segment is states[-1]
        end_ms = as_of_ms if is_open else segment.end_ms
        if segment.category != "unplanned_down":
            continue
        if found and found[-1].end_ms == segment.start_ms:
            found[-1] = replace(found[-1], end_ms=end_ms, is_open=is_open)
        else:
            found.append(Failure(known.asset.asset_id, segment.start_ms, end_ms, segment.label, is_open))
    return found


def write_orders(day: PlantDay, rng: Random) -> list[Order]:
    """Return the orders that people wrote: most failures worth one have it, some late, one twice, one never done."""
    orders: list[Order] = []
    as_of_ms = day.calendar.as_of_ms
    for known in day.known:
        failures = failures_of(known, as_of_ms=as_of_ms)
        orders += _corrective(failures, as_of_ms, rng)
    for number, known in enumerate(day.known):
        orders.append(_preventive(known.asset.asset_id, number, as_of_ms))
    begin_ms = day.calendar.start_ms + 3 * HOUR_MS
    unseen = Order("", _SILENT_ASSET, "corrective", "label web", begin_ms, begin_ms + 5 * MINUTE_MS)
    orders.append(replace(unseen, started_ms=begin_ms + HOUR_MS, finished_ms=begin_ms + 2 * HOUR_MS))
    return [replace(order, order_id=f"MO-{n:04d}") for n, order in enumerate(orders, start=1)]


def maintenance_records(orders: Sequence[Order]) -> Records:
    """Return the landed rows: an early version of the first order that a later row corrects, and rows to refuse."""
    first = orders[0]
    early = replace(first, acknowledged_ms=None, started_ms=None, finished_ms=None, verified_ms=None)
    impossible = replace(first, order_id="MO-9001", started_ms=first.reported_ms - 1_000)
    of_nobody = replace(first, order_id="MO-9002", asset_id="denver-mixer-9")
    of_no_type = replace(first, order_id="MO-9003", order_type="urgent")
    bad = (
        (impossible.row(), "times_out_of_order"),
        (of_nobody.row(), "reference_not_found"),
        (of_no_type.row(), "row_does_not_fit_mapping"),
    )
    return Records("maintenance_order", [early.row(), *(order.row() for order in orders)], bad)


def _corrective(failures: Sequence[Failure], as_of_ms: int, rng: Random) -> Iterator[Order]:
    worth = [n for n, f in enumerate(failures) if f.end_ms - f.start_ms >= WORTH_AN_ORDER_MS and not f.is_open]
    # the first failure of a machine that is worth an order is the one that nobody wrote about
    for place, n in enumerate(worth[1:]):
        failure = failures[n]
        order = _in_time(failure, rng)
        next_ms = failures[n + 1].start_ms if n + 1 < len(failures) else as_of_ms
        if place == 1 and next_ms - failure.end_ms > HOUR_MS and as_of_ms - failure.end_ms > HOUR_MS:
            order = _written_later(failure)
        yield order
        if place == 2:
            again_ms = order.reported_ms + MINUTE_MS
            yield replace(order, component="sensor", reported_ms=again_ms, due_ms=None, verified_ms=None)
    for failure in failures:
        if failure.is_open:
            yield Order("", failure.asset_id, "corrective", "drive", failure.start_ms, failure=failure)


def _in_time(failure: Failure, rng: Random) -> Order:
    """Return an order that was told while the machine was down and done before it came back."""
    minutes = (failure.end_ms - failure.start_ms) // MINUTE_MS
    reported_ms, acknowledged_ms, started_ms, finished_ms = (
        failure.start_ms + minutes * share // 12 * MINUTE_MS for share in (1, 3, 5, 11)
    )
    return Order(
        order_id="",
        asset_id=failure.asset_id,
        order_type="corrective",
        component=rng.choice(_COMPONENTS),
        reported_ms=reported_ms,
        acknowledged_ms=acknowledged_ms,
        started_ms=started_ms,
        finished_ms=finished_ms,
        verified_ms=failure.end_ms + 1_000 if rng.random() < 0.5 else None,
        due_ms=reported_ms + rng.choice((10, 60)) * MINUTE_MS,
        estimated_s=900.0,
        failure=failure,
    )


def _written_later(failure: Failure) -> Order:
    """Return an order that was written after the machine ran again, and closed at once; nearer to no other failure."""
    at = failure.end_ms + 15 * MINUTE_MS
    return Order("", failure.asset_id, "corrective", "hydraulics", at, at, at, at, failure=failure)


def _preventive(asset_id: str, number: int, as_of_ms: int) -> Order:
    """Return a service order: by turns done in time, done late, overdue, and due tomorrow."""
    reported_ms = as_of_ms - 30 * HOUR_MS
    due_ms = as_of_ms - 6 * HOUR_MS if number % 4 < 3 else as_of_ms + 20 * HOUR_MS
    order = Order("", asset_id, "preventive", "lubrication", reported_ms, due_ms=due_ms, estimated_s=3_600.0)
    if number % 4 > 1:
        return order
    finished_ms = due_ms + (HOUR_MS if number % 4 else -HOUR_MS)
    started_ms = finished_ms - (20 + number) * MINUTE_MS
    return replace(order, acknowledged_ms=reported_ms, started_ms=started_ms, finished_ms=finished_ms)
