"""What MES and time clock of the simulated plant tell: executions of orders, and the time of the people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from random import Random

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.layout import ASSETS, Asset
from fabric_ot.workbench.simulate.machine import Machine
from fabric_ot.workbench.simulate.records import Family, Records, Row
from fabric_ot.workbench.simulate.shifts import ShiftInstance
from fabric_ot.workbench.simulate.timeline import clip
from fabric_ot.workbench.simulate.truth import iso_utc


@dataclass(frozen=True)
class Execution:
    """One operation of an order on one machine; the fields are those of `reference/order_execution.csv`."""

    execution_id: str
    order_id: str
    operation_no: int
    asset_id: str
    product_id: str | None
    production_date: str
    start_utc: str
    end_utc: str
    produced_qty: int
    planned_scrap_qty: int
    rework_qty: int
    inspected_qty: int
    first_pass_good_qty: int
    integrated_good_qty: int
    production_loss_qty: int
    storage_transport_loss_qty: int
    other_loss_qty: int

    def row(self) -> Row:
        """Return it as a line of its file."""
        return astuple(self)


def tell_executions(day: PlantDay, rng: Random) -> Family:
    """Return the executions of the day's orders and its personnel times, with rows that must be refused."""
    machines = [(known.machine, day.calendar.whole(known.asset.site_id)) for known in day.known if known.machine]
    drafts = [draft for machine, whole in machines for draft in _executions(machine, whole, rng)]
    told = [replace(draft, execution_id=f"EX-{n:04d}") for n, draft in enumerate(drafts, start=1)]
    # the first execution is told early, half made, and corrected by a later row
    early = replace(told[0], produced_qty=told[0].produced_qty // 2, other_loss_qty=told[0].other_loss_qty + 90)
    times = [row for machine, whole in machines for row in _personnel(machine.asset, whole, rng)]
    return Family(
        (
            Records("order_execution", [row.row() for row in (early, *told)], _bad_executions(told[-1])),
            Records("personnel_time", times, _bad_times(times[0])),
        )
    )


def _executions(machine: Machine, whole: list[ShiftInstance], rng: Random) -> Iterator[Execution]:
    """Tell each stretch of one product in a shift; an order is of one product and goes through a line's machines."""
    asset = machine.asset
    place = [a.asset_id for a in ASSETS if (a.site_id, a.line) == (asset.site_id, asset.line)].index(asset.asset_id)
    for instance in whole:
        for run in clip(machine.products, instance.start_ms, instance.end_ms):
            (good, scrap), (good_before, scrap_before) = machine.made_by(run.end_ms), machine.made_by(run.start_ms)
            good, scrap = good - good_before, scrap - scrap_before
            rework, sold = round(good * rng.uniform(0.0, 0.02)), round(scrap * rng.uniform(0.2, 0.6))
            yield Execution(
                execution_id="",
                order_id=f"PO-{asset.site_id}-{asset.line}-{run.label}",
                operation_no=10 * (place + 1),
                asset_id=asset.asset_id,
                product_id=run.label,
                production_date=instance.production_date.isoformat(),
                start_utc=iso_utc(run.start_ms // 1000 * 1000 + rng.randint(0, 300) * 1000),
                end_utc=iso_utc(run.end_ms // 1000 * 1000 - rng.randint(0, 300) * 1000),
                produced_qty=good + scrap,
                planned_scrap_qty=round((good + scrap) * 0.02) + 1,
                rework_qty=rework,
                inspected_qty=good + scrap,
                first_pass_good_qty=good - rework,
                integrated_good_qty=good + sold,
                production_loss_qty=scrap - sold,
                storage_transport_loss_qty=rng.randint(0, 9),
                other_loss_qty=rng.randint(0, 4),
            )


def _personnel(asset: Asset, whole: list[ShiftInstance], rng: Random) -> Iterator[Row]:
    for instance in whole:
        present_s = rng.randint(1, 3) * (instance.end_ms - instance.start_ms) // 1000
        worked_s = round(present_s * rng.uniform(0.6, 0.95))
        yield (
            asset.asset_id, instance.site_id, instance.shift_id, instance.production_date.isoformat(), present_s,
            worked_s,
        )  # fmt: skip


def _bad_executions(good: Execution) -> list[tuple[Row, str]]:
    unreadable = list(replace(good, execution_id="EX-9005").row())
    unreadable[8] = "many"
    return [
        (replace(good, execution_id="EX-9001", end_utc=good.start_utc).row(), "execution_without_duration"),
        (replace(good, execution_id="EX-9002", asset_id="denver-mixer-9").row(), "reference_not_found"),
        (replace(good, execution_id="EX-9003", other_loss_qty=-1).row(), "quantity_negative"),
        (
            replace(good, execution_id="EX-9004", first_pass_good_qty=good.inspected_qty + 1).row(),
            "more_good_than_inspected",
        ),
        (unreadable, "row_does_not_fit_mapping"),
    ]


def _bad_times(good: Row) -> list[tuple[Row, str]]:
    asset_id, site_id, shift_id, production_date, present_s, _ = good
    other = "berlin" if site_id == "denver" else "denver"
    return [
        ((asset_id, site_id, shift_id, production_date, present_s, present_s + 1), "more_work_than_attendance"),
        ((asset_id, site_id, shift_id, production_date, -1, -1), "time_negative"),
        ((asset_id, other, shift_id, production_date, present_s, 0), "reference_mismatch"),
        ((asset_id, site_id, "weekend", production_date, present_s, 0), "reference_not_found"),
    ]
