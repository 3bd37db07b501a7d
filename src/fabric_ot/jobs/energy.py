"""Energy: from intervals of meters to demand, load, power factor, energy by state, cost and baselines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.jobs.progress import finish_batches, pending_batches
from fabric_ot.jobs.report import JobReport, changed_rows
from fabric_ot.jobs.touched_assets import find_touched
from fabric_ot.jobs.touched_sites import TouchedSites, sites_of
from fabric_ot.lakehouse import do_together
from fabric_ot.transforms.energy.bills import to_demand_bill, to_energy_bill, to_site_periods
from fabric_ot.transforms.energy.power_factor import (
    rollup_power_factor_periods,
    to_power_factor,
    to_unpaired_meters,
)
from fabric_ot.transforms.energy.shifts import to_shift_baseline, to_shift_state_energy
from fabric_ot.transforms.energy.sites import join_sites, rollup_series_load, to_meter_demand, to_site_demand
from fabric_ot.transforms.intervals import keep_overlapping
from fabric_ot.transforms.states.segments import ASSET_SHIFT_KEY, to_asset_shifts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fabric_ot.lakehouse import Lakehouse

STEP = "energy"
_SHOWN = 5
_PAIR_PROBLEMS = {
    "not_declared": "no row of plant.reactive_meter names it; land one with its active meter and direction",
    "register_silent": "plant.reactive_meter names it, and it tells no reactive energy; check its role and unit",
    "meter_not_on_asset": "its active meter tells no energy of its asset; correct plant.tag or plant.reactive_meter",
}


@dataclass(frozen=True)
class _Scope:
    """What one run computes again."""

    silver: Lakehouse
    touched: TouchedSites

    def read(self, name: str) -> DataFrame:
        return self.silver.read(f"plant.{name}")

    def of_assets(self, name: str) -> DataFrame:
        return self.touched.assets.rows_of(self.read(name))

    def replace_all(self, tables: Mapping[str, DataFrame]) -> dict[str, int]:
        kept = {f"plant.{name}": self.touched.rows_of(rows) for name, rows in tables.items()}
        return changed_rows(self.silver.replace_all(kept, where=self.touched.condition))


def run_energy(silver: Lakehouse, *, as_of_utc: dt.datetime, baseline_to: dt.date | None = None) -> JobReport:
    """Compute energy again for the sites that new batches, or shifts that have ended, have touched.

    A site is computed as a whole, because its demand is that of its meters together. Runs after production.

    Args:
        silver: the silver lakehouse.
        as_of_utc: the run's clock.
        baseline_to: shifts before this production date make the baseline; left out, all shifts do.

    Raises:
        ContractError: tariffs of one site overlap; nothing is written.
    """
    done = silver.read("plant.progress").where(sf.col("step") == "production").select("ingest_batch_id")
    batches = pending_batches(done, silver, step=STEP)
    touched = find_touched(silver, batches, as_of_utc=as_of_utc)
    scope = _Scope(silver, sites_of(silver, touched, _completed(silver)))
    counts = {"batches": len(batches)}
    notes: tuple[str, ...] = ()
    if not scope.touched.is_nothing:
        halves = do_together(
            {"meters": partial(_write_meters, scope), "machines": partial(_write_machines, scope, baseline_to)}
        )
        counts |= halves["meters"] | halves["machines"]
        notes = _findings(scope)
    # gold reads them by shortcut, also where nothing is metered
    silver.create("plant.energy_state", "plant.energy_cost")
    finish_batches(silver, batches, step=STEP, as_of_utc=as_of_utc)
    return JobReport(STEP, counts, notes)


def _completed(silver: Lakehouse) -> list[str]:
    """Return the assets whose energy waited for the facts of a shift that is over now."""
    waiting = silver.read("plant.energy_state").where(sf.col("good_qty").isNull()).select(*ASSET_SHIFT_KEY)
    facts = silver.read("plant.production").select(*ASSET_SHIFT_KEY)
    found = waiting.join(facts, list(ASSET_SHIFT_KEY), "left_semi").select("asset_id").distinct()
    return [row.asset_id for row in found.collect()]


def _write_meters(scope: _Scope) -> dict[str, int]:
    silver, sites, rates = scope.silver, scope.read("site"), scope.read("tariff_rate")
    demand = to_meter_demand(scope.of_assets("energy_interval"), scope.read("energy_meter"), scope.read("asset"), sites)
    with silver.staged(scope.touched.rows_of(demand)) as windows, silver.staged(to_site_demand(windows)) as of_sites:
        costs = to_demand_bill(of_sites, rates, scope.read("demand_charge"), sites)
        with silver.staged(_periods(scope, windows)) as periods:
            _refuse_overlaps(periods)
            costs = costs.unionByName(to_energy_bill(windows, periods))
            reactive = scope.of_assets("reactive_interval")
            with silver.staged(to_power_factor(windows, reactive, scope.read("reactive_meter"))) as factors:
                return scope.replace_all(
                    {
                        "energy_demand": windows,
                        "energy_load": rollup_series_load(windows, of_sites),
                        "energy_cost": costs,
                        "power_factor": factors,
                        "power_factor_period": rollup_power_factor_periods(factors),
                    }
                )


def _periods(scope: _Scope, windows: DataFrame) -> DataFrame:
    """Return the tariff periods of the days that have energy."""
    span = windows.select(sf.min("local_date").alias("first"), sf.max("local_date").alias("last")).collect()[0]
    first, last = span["first"] or dt.date(1970, 1, 1), span["last"] or dt.date(1970, 1, 1)
    return to_site_periods(
        scope.read("tariff_rate"), scope.read("tariff_holiday"), scope.read("site"), from_date=first, to_date=last
    )


def _refuse_overlaps(periods: DataFrame) -> None:
    overlapping = keep_overlapping(periods, on=("site_id",)).orderBy("site_id", "start_utc").limit(_SHOWN).collect()
    if overlapping:
        shown = "\n".join(f"  - {r.site_id} {r.tariff_id} {r.period} from {r.start_utc} UTC" for r in overlapping)
        message = (
            f"plant.tariff_rate: one site has two prices at a time, these begin inside an earlier one (first "
            f"{_SHOWN}):\n{shown}\nHint: correct the wall times, weekdays or validity, and land the rates again."
        )
        raise ContractError(message)


def _write_machines(scope: _Scope, baseline_to: dt.date | None) -> dict[str, int]:
    silver, assets = scope.silver, scope.read("asset")
    with_state = scope.of_assets("tag").where(sf.col("role") == "state").select("asset_id").distinct()
    intervals = scope.of_assets("energy_interval").join(sf.broadcast(with_state), "asset_id", "left_semi")
    shifts = to_asset_shifts(scope.read("shift_instance"), assets).join(
        sf.broadcast(with_state), "asset_id", "left_semi"
    )
    placed = join_sites(intervals, assets, scope.read("site"))
    facts = scope.of_assets("production")
    energy = to_shift_state_energy(placed, scope.of_assets("state_interval"), shifts, facts)
    with silver.staged(scope.touched.rows_of(energy)) as rows:
        baseline = to_shift_baseline(rows, facts, baseline_to=baseline_to)
        return scope.replace_all({"energy_state": rows, "energy_baseline": baseline})


def _findings(scope: _Scope) -> tuple[str, ...]:
    """Return what a person should know about the cost and about registers without a power factor."""
    found = scope.read("energy_cost").agg(sf.sum("unpriced_kwh").alias("kwh")).collect()[0]
    unpriced = (f"{found['kwh']:.3f} kWh have no price in plant.tariff_rate",) if found["kwh"] else ()
    return unpriced + _unpaired(scope)


def _unpaired(scope: _Scope) -> tuple[str, ...]:
    meters, reactive, demand = (scope.read(n) for n in ("reactive_meter", "reactive_interval", "energy_demand"))
    rows = to_unpaired_meters(meters, reactive, demand).orderBy("tag_id", "pair_problem").collect()
    return tuple(f"{row.tag_id} is in no power factor: {_PAIR_PROBLEMS[row.pair_problem]}" for row in rows)
