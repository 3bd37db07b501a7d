"""Energy of machines by shift and state, per good unit, and against a baseline of produced units."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.energy.baselines import join_baseline, rollup_baseline
from fabric_ot.transforms.energy.indicators import rollup_specific_energy
from fabric_ot.transforms.energy.parts import to_energy_parts
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.states.segments import ASSET_SHIFT_KEY, to_segments

_CUT = ("_site_id", "shift_id", "production_date", "state", "time_category")
_GROUP = ("asset_id", "shift_id", "production_date")


def to_shift_state_energy(
    intervals: DataFrame, states: DataFrame, asset_shifts: DataFrame, production: DataFrame
) -> DataFrame:
    """Cut the energy of machines by shift instance and state, and relate it to the good units of the shift.

    Energy outside every shift has shift and state '', category unqualified and the local date; inside a shift, what
    no state covers is NO_SIGNAL.

    Columns in:  intervals: `plant.energy_interval` with `site_id`, `local_date` as `join_sites` adds them; states:
                 `plant.state_interval`; asset_shifts: as `to_asset_shifts` returns them; production:
                 `plant.production`.
    Columns out: those of `plant.energy_state`.
    Grain out:   one row per asset, shift instance and state with energy; the parts add up to the intervals' energy.
    Nulls:       `good_qty` and `specific_energy_kwh` where the shift has no facts (yet); the latter also where
                 nothing good was made.
    Cost:        one sweep by asset for the segments, one shuffle of them by day, one of sums.
    """
    require_columns("to_shift_state_energy intervals", intervals, ["asset_id", "site_id", "local_date"])
    # products and planned stops cut nothing here
    runs = states.where(sf.lit(False)).select("asset_id", sf.lit("").alias("product_id"), "start_utc", "end_utc")
    instance = ("site_id", "shift_id", "production_date", "start_utc", "end_utc")
    stops = asset_shifts.where(sf.lit(False)).select(*instance)
    segments = to_segments(states, runs, asset_shifts, stops).withColumnRenamed("site_id", "_site_id")
    spans = intervals.select("tag_id", "asset_id", "site_id", "local_date", "start_utc", "end_utc", "energy_kwh")
    parts = to_energy_parts(spans, segments, on=("asset_id",), carry=_CUT)
    named = parts.select(
        "asset_id",
        sf.coalesce("_site_id", "site_id").alias("site_id"),
        sf.coalesce("shift_id", sf.lit("")).alias("shift_id"),
        sf.coalesce("production_date", "local_date").alias("production_date"),
        sf.coalesce("state", sf.lit("")).alias("state"),
        sf.coalesce("time_category", sf.lit("unqualified")).alias("time_category"),
        "energy_kwh",
    )
    return rollup_specific_energy(named, production, by=_GROUP, split=("site_id", "state", "time_category"))


def to_shift_baseline(
    energy_state: DataFrame, production: DataFrame, *, baseline_to: dt.date | None = None
) -> DataFrame:
    """Compare each shift's energy with what the asset's baseline expects for the units produced.

    Choice: the baseline is energy = intercept + slope * produced units over the shifts with a production date
    before `baseline_to`; without it, over all shifts.

    Columns in:  energy_state: `plant.energy_state`; production: `plant.production`.
    Columns out: those of `plant.energy_baseline`.
    Grain out:   one row per asset and shift instance that has both energy and facts.
    Nulls:       as `rollup_baseline` and `join_baseline`; `fit_status` is no_baseline where no shift lies before
                 `baseline_to`.
    Cost:        one shuffle per frame, one by asset; baselines are broadcast.
    """
    require_columns("to_shift_baseline production", production, [*ASSET_SHIFT_KEY, "produced_qty"])
    used = energy_state.groupBy(*ASSET_SHIFT_KEY).agg(sf.sum("energy_kwh").alias("energy_kwh"))
    made = production.groupBy(*ASSET_SHIFT_KEY).agg(sf.sum("produced_qty").alias("produced_qty"))
    periods = used.join(made, list(ASSET_SHIFT_KEY))
    before = periods if baseline_to is None else periods.where(sf.col("production_date") < sf.lit(baseline_to))
    baselines = rollup_baseline(before, by=["asset_id"], drivers=["produced_qty"])
    compared = join_baseline(periods, baselines, on=["asset_id"], drivers=["produced_qty"])
    told = baselines.select(
        "asset_id",
        "fit_status",
        "observation_count",
        sf.col("intercept").alias("intercept_kwh"),
        sf.col("slope_produced_qty").alias("slope_kwh_per_unit"),
        "r2",
    )
    return compared.join(sf.broadcast(told), "asset_id", "left").fillna("no_baseline", ["fit_status"])
