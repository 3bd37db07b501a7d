"""KPIs: from production facts and records to the loss tree, the KPIs of ISO 22400, and formulas that others publish."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.jobs.progress import finish_batches, pending_batches
from fabric_ot.jobs.report import JobReport
from fabric_ot.jobs.touched_assets import find_touched
from fabric_ot.jobs.touched_sites import TouchedSites, sites_of
from fabric_ot.lakehouse import do_together
from fabric_ot.transforms.intervals import utc_literal
from fabric_ot.transforms.production.kpi_facts import (
    STOP_CAUSES,
    to_day_facts,
    to_energy_facts,
    to_kpis,
    to_shift_facts,
)
from fabric_ot.transforms.production.kpi_materials import to_material_moves, to_stock_inputs
from fabric_ot.transforms.production.kpi_records import (
    rollup_record_inputs,
    to_asset_windows,
    to_capability_kpis,
    to_execution_inputs,
    to_maintenance_inputs,
    to_personnel_inputs,
)
from fabric_ot.transforms.production.losses import to_loss_tree
from fabric_ot.transforms.production.peers import (
    to_oee_comparison,
    to_shift_comparison,
    to_shift_end_comparison,
    to_wall_time_comparison,
    to_wall_times,
)
from fabric_ot.transforms.states.segments import ASSET_SHIFT_KEY

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fabric_ot.lakehouse import Lakehouse, MergeCounts

STEP = "kpis"


def _energy_inputs(silver: Lakehouse) -> DataFrame:
    return to_energy_facts(silver.read("plant.energy_state"))


MORE_INPUTS: tuple[Callable[[Lakehouse], DataFrame], ...] = (_energy_inputs,)
"""Where further inputs of KPIs come from: each gives `asset_id`, `production_date` and columns that `KPIS` names.

A family that tells further quantities by asset and production date adds its own here, and its KPIs appear. What
records tell of orders, people, maintenance and lots is in `_record_inputs`.
"""


def run_kpis(silver: Lakehouse, *, as_of_utc: dt.datetime, item_components: Sequence[str] = ()) -> JobReport:
    """Compute losses and KPIs again for the sites that new batches, or shifts that have ended, have touched.

    Runs after energy, quality control and maintenance, and reads what they wrote. The comparison of formulas is small
    and computed as a whole.

    Args:
        silver: the silver lakehouse.
        as_of_utc: the run's clock.
        item_components: components that are replaced, not repaired, one of each in every asset: MTTF is of them.
    """
    done = silver.read("plant.progress").where(sf.col("step") == "energy").select("ingest_batch_id")
    batches = pending_batches(done, silver, step=STEP)
    touched = find_touched(silver, batches, as_of_utc=as_of_utc)
    scope = sites_of(silver, touched, _completed(silver))
    counts = {"batches": len(batches)}
    if not scope.is_nothing:
        facts = to_shift_facts(
            scope.rows_of(silver.read("plant.production")), scope.rows_of(silver.read("plant.state_time"))
        )
        with silver.staged(facts) as shift_facts:
            written = do_together(
                {
                    "production_loss": partial(_write_losses, silver, scope, shift_facts),
                    "kpi": partial(_write_kpis, silver, scope, shift_facts, as_of_utc=as_of_utc, items=item_components),
                    "formula_comparison": partial(_write_comparison, silver, as_of_utc=as_of_utc),
                }
            )
        counts |= {name: told.changed for name, told in written.items()}
    silver.create("plant.production_loss")  # gold reads it by shortcut, also where nothing is made
    finish_batches(silver, batches, step=STEP, as_of_utc=as_of_utc)
    return JobReport(STEP, counts)


def _completed(silver: Lakehouse) -> list[str]:
    """Return the assets with facts of a shift whose losses are not told yet."""
    told = silver.read("plant.production_loss").where(sf.col("position") == 1).select(*ASSET_SHIFT_KEY)
    facts = silver.read("plant.production").select(*ASSET_SHIFT_KEY)
    found = facts.join(told, list(ASSET_SHIFT_KEY), "left_anti").select("asset_id").distinct()
    return [row.asset_id for row in found.collect()]


def _record_inputs(silver: Lakehouse, windows: DataFrame, *, as_of_utc: dt.datetime, items: Sequence[str]) -> DataFrame:
    """Return what records tell of orders, people, maintenance and lots, by asset and production date."""
    moves = to_material_moves(silver.read("plant.lot_movement"))
    orders, failures = silver.read("plant.maintenance_order"), silver.read("plant.failure")
    events = (to_maintenance_inputs(orders, failures, items=items), moves.drop("stock_qty"))
    dated = (
        to_execution_inputs(silver.read("plant.order_execution")),
        to_personnel_inputs(silver.read("plant.personnel_time")),
        to_stock_inputs(moves, windows, until_utc=as_of_utc),
    )
    return rollup_record_inputs(events, dated, windows)


def _write_losses(silver: Lakehouse, scope: TouchedSites, shift_facts: DataFrame) -> MergeCounts:
    losses = to_loss_tree(shift_facts, by=ASSET_SHIFT_KEY, stops=STOP_CAUSES)
    return silver.replace("plant.production_loss", losses, where=scope.condition)


def _write_kpis(
    silver: Lakehouse, scope: TouchedSites, shift_facts: DataFrame, *, as_of_utc: dt.datetime, items: Sequence[str]
) -> MergeCounts:
    windows = to_asset_windows(shift_facts, silver.read("plant.shift_instance"))
    records = _record_inputs(silver, windows, as_of_utc=as_of_utc, items=items)
    sites, more = silver.read("plant.site"), [*(tell(silver) for tell in MORE_INPUTS), records]
    capable = to_capability_kpis(silver.read("plant.process_capability"), silver.read("plant.quality_sample"), windows)
    # what goes in joins many tables, and every KPI reads it: planned as one, it would be planned for each of them
    with silver.staged(to_day_facts(shift_facts, sites, more, items_per_asset=len(items))) as day_facts:
        return silver.replace("plant.kpi", to_kpis(day_facts).unionByName(capable), where=scope.condition)


def _write_comparison(silver: Lakehouse, *, as_of_utc: dt.datetime) -> MergeCounts:
    return silver.replace("plant.formula_comparison", _compared(silver, as_of_utc=as_of_utc))


def _compared(silver: Lakehouse, *, as_of_utc: dt.datetime) -> DataFrame:
    instances, shifts = silver.read("plant.shift_instance"), silver.read("plant.shift")
    wall_times = to_wall_times(instances.where(sf.col("end_utc") <= utc_literal(as_of_utc)))
    # products share a shift: a mean of ratios is taken over shifts
    names = ("planned_busy_s", "production_s", "ideal_runtime_s", "ideal_good_runtime_s", "good_qty", "produced_qty")
    sums = [sf.sum(name).alias(name) for name in names]
    by_shift = silver.read("plant.production").groupBy(*ASSET_SHIFT_KEY).agg(*sums)
    return (
        to_oee_comparison(by_shift, by=["asset_id"])
        .unionByName(to_wall_time_comparison(wall_times.dropDuplicates(["local", "time_zone"])))
        .unionByName(to_shift_end_comparison(shifts))
        .unionByName(to_shift_comparison(wall_times, instances, shifts))
    )
