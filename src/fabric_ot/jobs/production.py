"""Production: from readings to states, counts and the additive facts of every completed shift."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.jobs.progress import finish_batches, finished_by, pending_batches
from fabric_ot.jobs.report import JobReport, changed_rows
from fabric_ot.jobs.shift_calendar import find_first_times, write_calendar
from fabric_ot.jobs.touched_assets import Touched, find_touched
from fabric_ot.transforms.energy.meters import (
    ACTIVE,
    REACTIVE,
    is_metered_unit,
    rollup_refused_units,
    to_labeled_energy,
    to_metered_energy,
)
from fabric_ot.transforms.intervals import utc_literal
from fabric_ot.transforms.production.counters import (
    COUNTER_ROLES,
    join_product_running,
    to_count_deltas,
    to_product_runs,
)
from fabric_ot.transforms.production.facts import to_production, to_shift_counts
from fabric_ot.transforms.production.planned_time import with_planned_down_off
from fabric_ot.transforms.samples import join_tags, keep_last_sample
from fabric_ot.transforms.states.accounts import to_time_account
from fabric_ot.transforms.states.evidence import to_state_evidence, with_numbered_states
from fabric_ot.transforms.states.runs import to_state_intervals
from fabric_ot.transforms.states.segments import to_asset_shifts, to_segments, to_state_time

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fabric_ot.lakehouse import Lakehouse

STEP = "production"
_PLANT_ROLES: tuple[str, ...] = ("state", "product", "energy_interval", "reactive_interval", *COUNTER_ROLES)
_LOOKED_AT = (
    "tag_id",
    "asset_id",
    "role",
    "unit",
    "event_time_utc",
    "value_double",
    "value_string",
    "quality",
    "source_sequence",
    "arrival_time_utc",
    "route",
    "source_partition",
    "source_offset",
    "metric_index",
)


@dataclass(frozen=True)
class ProductionChoices:
    """What a plant declares about states. By default nothing is debounced and no stop is too short to be one.

    With `planned_down_is_busy` false, planned down time (a stop that a person re-coded as planned among it) is taken
    off the planned busy time: then it lowers no Availability.
    """

    debounce_s: float = 0.0
    micro_stop_s: float = 0.0
    planned_down_is_busy: bool = True


@dataclass(frozen=True)
class _Scope:
    """What one run computes again: which assets, up to when, by which choices."""

    touched: Touched
    as_of_utc: dt.datetime
    choices: ProductionChoices

    def replace_all(self, silver: Lakehouse, tables: Mapping[str, DataFrame]) -> dict[str, int]:
        named = {f"plant.{name}": rows for name, rows in tables.items()}
        return changed_rows(silver.replace_all(named, where=self.touched.condition))


def run_production(
    silver: Lakehouse,
    *,
    as_of_utc: dt.datetime,
    energy_interval_s: Mapping[str, float] | None = None,
    choices: ProductionChoices | None = None,
) -> JobReport:
    """Compute states, counts, energy and production facts of the assets that new batches, or time, have touched.

    A touched asset is computed again from all its readings, and its rows become exactly what comes out; rows that
    stay the same are not written. Open states are closed at `as_of_utc`; only shifts that are over give facts.

    Args:
        silver: the silver lakehouse.
        as_of_utc: the run's clock.
        energy_interval_s: seconds that a sample of an energy_interval or reactive_interval tag covers, by tag id;
            others cover 900 s.
        choices: what the plant declares about states.

    Raises:
        ContractError: shifts overlap; no fact is written.
        ConfigError: a length of time is negative.
    """
    batches = pending_batches(finished_by(silver, "reference", "reading"), silver, step=STEP)
    touched = find_touched(silver, batches, as_of_utc=as_of_utc)
    counts = {"batches": len(batches)}
    notes: tuple[str, ...] = ()
    if not touched.is_nothing:
        first_times, touched = find_first_times(silver, touched)
        counts |= write_calendar(silver, first_times, as_of_utc=as_of_utc)
        scope = _Scope(touched, as_of_utc, choices or ProductionChoices())
        with ExitStack() as stack:
            samples = stack.enter_context(silver.staged(_samples(silver, touched)))
            runs = stack.enter_context(silver.staged(_product_runs(samples, as_of_utc)))
            shifts = stack.enter_context(silver.staged(_asset_shifts(silver, scope)))
            counts |= _write_events(silver, scope, samples, runs, energy_interval_s)
            counts |= _write_facts(silver, scope, runs, shifts)
            notes = _refused_units(samples)
        notes += _findings(silver)
    finish_batches(silver, batches, step=STEP, as_of_utc=as_of_utc)
    return JobReport(STEP, counts, notes)


def _samples(silver: Lakehouse, touched: Touched) -> DataFrame:
    tags = touched.rows_of(silver.read("plant.tag")).where(sf.col("role").isin(*_PLANT_ROLES))
    return keep_last_sample(join_tags(silver.read("plant.reading"), tags).select(*_LOOKED_AT))


def _product_runs(samples: DataFrame, as_of_utc: dt.datetime) -> DataFrame:
    told = keep_last_sample(samples.where(sf.col("role") == "product"), keys=("asset_id",))
    return to_product_runs(told, horizon_utc=as_of_utc)


def _asset_shifts(silver: Lakehouse, scope: _Scope) -> DataFrame:
    """Return the shifts that are over of the assets that have a state tag."""
    instances = silver.read("plant.shift_instance").where(sf.col("end_utc") <= utc_literal(scope.as_of_utc))
    with_state = scope.touched.rows_of(silver.read("plant.tag")).where(sf.col("role") == "state").select("asset_id")
    return to_asset_shifts(instances, silver.read("plant.asset")).join(with_state, "asset_id", "left_semi")


def _write_events(
    silver: Lakehouse,
    scope: _Scope,
    samples: DataFrame,
    runs: DataFrame,
    energy_interval_s: Mapping[str, float] | None,
) -> dict[str, int]:
    tags = silver.read("plant.tag")
    states = keep_last_sample(samples.where(sf.col("role") == "state"), keys=("asset_id",))
    named = with_numbered_states(states)
    categories = silver.read("plant.state_category")
    deltas = to_count_deltas(samples.where(is_metered_unit(sf.col("role"), sf.col("unit"))), tags)
    active, reactive = (
        to_metered_energy(deltas, tags, energy=kind).unionByName(
            to_labeled_energy(samples, tags, interval_s=energy_interval_s, energy=kind)
        )
        for kind in (ACTIVE, REACTIVE)
    )
    events = {
        "state_interval": to_state_intervals(named, categories, horizon_utc=scope.as_of_utc),
        "count_delta": join_product_running(deltas, runs),
        "energy_interval": active,
        "reactive_interval": reactive,
    }
    return scope.replace_all(silver, events)


def _write_facts(silver: Lakehouse, scope: _Scope, runs: DataFrame, asset_shifts: DataFrame) -> dict[str, int]:
    """Write what states count as, and the facts, from the states and counts that have just been written."""
    intervals, deltas = (
        scope.touched.rows_of(silver.read(f"plant.{name}")) for name in ("state_interval", "count_delta")
    )
    counts = scope.replace_all(silver, {"state_evidence": _evidence(silver, scope, intervals)})
    evidence = scope.touched.rows_of(silver.read("plant.state_evidence"))
    with silver.staged(to_segments(evidence, runs, asset_shifts, silver.read("plant.planned_stop"))) as segments:
        is_busy = scope.choices.planned_down_is_busy
        busy = asset_shifts if is_busy else with_planned_down_off(asset_shifts, segments)
        made = to_shift_counts(deltas, asset_shifts, silver.read("plant.tag"))
        facts = {
            "state_time": to_state_time(segments),
            "time_account": to_time_account(intervals, asset_shifts, segments),
            "production": to_production(segments, made, busy, silver.read("plant.product")),
        }
        return counts | scope.replace_all(silver, facts)


def _evidence(silver: Lakehouse, scope: _Scope, intervals: DataFrame) -> DataFrame:
    recodings = scope.touched.rows_of(silver.read("plant.state_recoding"))
    debounce, micro_stop = (dt.timedelta(seconds=s) for s in (scope.choices.debounce_s, scope.choices.micro_stop_s))
    return to_state_evidence(intervals, recodings, debounce=debounce, micro_stop=micro_stop)


def _refused_units(samples: DataFrame) -> tuple[str, ...]:
    """Return which meters told energy in no unit of it: their samples are in no interval of energy."""
    refused = rollup_refused_units(samples).orderBy("tag_id", "unit").collect()
    return tuple(f"{r.sample_count} sample(s) of {r.tag_id} in {r.unit!r} left out: {r.unit_reason}" for r in refused)


def _findings(silver: Lakehouse) -> tuple[str, ...]:
    """Return what a person should know about the facts: they are right as computed, and their inputs may not be."""
    made = silver.read("plant.production").where(sf.col("produced_qty") > 0)
    unknown = (sf.col("ideal_runtime_s") == 0) & (sf.col("product_id") != "")
    too_fast = sf.col("ideal_runtime_s") > sf.col("production_s")
    texts = {
        "unknown": "fact(s) of products without a row in plant.product: their ideal time is 0",
        "unnamed": "fact(s) with parts counted while no product was set: their ideal time is 0",
        "too_fast": "fact(s) with an effectiveness above 1: the ideal cycle or the counts are wrong",
    }
    found = made.select(
        sf.count_if(unknown).alias("unknown"),
        sf.count_if(sf.col("product_id") == "").alias("unnamed"),
        sf.count_if(too_fast).alias("too_fast"),
    ).collect()[0]
    return tuple(f"{found[name]} {text}" for name, text in texts.items() if found[name])
