"""Energy indicators from intervals of energy: demand and peak, load and power factor, energy per unit.

An interval's energy is spread evenly over its time. Nothing is extrapolated over a gap; coverage is told instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.transforms.energy.parts import ENERGY_INTERVAL, is_energy_interval, share
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.numbers import finite_or_null, require_numbers
from fabric_ot.transforms.production.kpis import known_sum
from fabric_ot.transforms.samples import is_counted

_DAY_S = 86_400
_HOUR_US = 3_600_000_000


def split_energy_intervals(intervals: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Part energy intervals into those that can be used and those that cannot, with the reason.

    Columns in:  `start_utc`, `end_utc` (timestamp), `energy_kwh` (number) and more.
    Columns out: the usable ones as they are; the others with `reason` (interval_without_bounds,
                 interval_not_forward, energy_not_a_number).
    Grain out:   each row of `intervals` is in exactly one of the two.
    Cost:        no shuffle; each side reads `intervals`.
    """
    require_columns("split_energy_intervals", intervals, ENERGY_INTERVAL)
    reason = (
        sf.when(sf.col("start_utc").isNull() | sf.col("end_utc").isNull(), "interval_without_bounds")
        .when(sf.col("start_utc") >= sf.col("end_utc"), "interval_not_forward")
        .otherwise("energy_not_a_number")
    )
    return intervals.where(is_energy_interval()), intervals.where(~is_energy_interval()).withColumn("reason", reason)


def to_demand(
    intervals: DataFrame, *, window_s: int = 900, offset_s: int = 0, keys: Sequence[str] = ("tag_id",)
) -> DataFrame:
    """Turn energy intervals into mean power per window, such as 15 or 30 minutes.

    Windows begin at whole multiples of `window_s` from 00:00 UTC plus `offset_s`. Of a window that is partly covered
    the demand is the mean over the covered part; coverage above 1 says that intervals overlap. A window that
    nothing covers gives no row.

    Columns in:  *keys, `start_utc`, `end_utc`, `energy_kwh` (`plant.energy_interval`); rows that
                 `split_energy_intervals` refuses are passed over.
    Columns out: *keys, `start_utc`, `end_utc`, `energy_kwh`, `covered_s`, `coverage` (share of the window),
                 `demand_kw`.
    Grain out:   one row per keys and window that an interval touches; energy adds up to that of `intervals`.
    Nulls:       none come out.
    Cost:        one shuffle of partial sums by keys and window.

    Raises:
        ColumnContractError: a column is missing.
        ContractError: windows that do not divide a day.
    """
    require_columns("to_demand", intervals, [*keys, *ENERGY_INTERVAL])
    if window_s <= 0 or _DAY_S % window_s:
        message = f"to_demand: window_s={window_s} does not divide a day of {_DAY_S} s\nHint: 900 or 1800"
        raise ContractError(message)
    window_us = window_s * 1_000_000
    start, end = sf.unix_micros("start_utc"), sf.unix_micros("end_utc")
    first, last = (at - sf.pmod(at - sf.lit(offset_s * 1_000_000), sf.lit(window_us)) for at in (start, end - 1))
    touched = intervals.where(is_energy_interval()).select(
        *keys,
        start.alias("_start"),
        end.alias("_end"),
        sf.col("energy_kwh").cast("double").alias("energy_kwh"),
        sf.explode(sf.sequence(first, last, sf.lit(window_us).cast("long"))).alias("_window"),
    )
    overlap = sf.least("_end", sf.col("_window") + window_us) - sf.greatest("_start", "_window")
    parts = touched.withColumn("_overlap", overlap).withColumn(
        "energy_kwh", share(sf.col("energy_kwh"), sf.col("_overlap"), sf.col("_end") - sf.col("_start"))
    )
    sums = parts.groupBy(*keys, "_window").agg(
        sf.sum("energy_kwh").alias("energy_kwh"), sf.sum("_overlap").alias("_covered")
    )
    return sums.select(
        *keys,
        sf.timestamp_micros("_window").alias("start_utc"),
        sf.timestamp_micros(sf.col("_window") + window_us).alias("end_utc"),
        "energy_kwh",
        (sf.col("_covered") / 1e6).alias("covered_s"),
        (sf.col("_covered") / sf.lit(window_us)).alias("coverage"),
        sf.try_divide(sf.col("energy_kwh") * _HOUR_US, sf.col("_covered")).alias("demand_kw"),
    )


def rollup_demand(demand: DataFrame, *, by: Sequence[str]) -> DataFrame:
    """Add up the demand of several meters, window by window: that of a line or a site.

    Columns in:  `by`, and as `to_demand` returns them.
    Columns out: `by`, `start_utc`, `end_utc`, `energy_kwh`, `demand_kw` (sums), `coverage` (the least of the
                 meters'), `meter_count`.
    Grain out:   one row per `by` and window; a window that a meter does not cover at all misses it in `meter_count`.
    Cost:        one shuffle of partial sums.
    """
    require_columns("rollup_demand", demand, [*by, *ENERGY_INTERVAL, "coverage", "demand_kw"])
    return demand.groupBy(*by, "start_utc", "end_utc").agg(
        known_sum("energy_kwh"),
        known_sum("demand_kw"),
        sf.min("coverage").alias("coverage"),
        sf.count(sf.lit(1)).alias("meter_count"),
    )


def rollup_load(demand: DataFrame, *, by: Sequence[str], min_coverage: float = 1.0) -> DataFrame:
    """Find the peak of each demand series, and its load factor: mean demand / peak demand.

    Choice: a window counts for peak and mean when its coverage is at least `min_coverage` and not above 1; all
    energy counts in `energy_kwh`. Of equal peaks the first is told.

    Columns in:  `by`, `start_utc`, `energy_kwh`, `coverage`, `demand_kw`: one series per group, so add meters up
                 with `rollup_demand` first.
    Columns out: `by`, `energy_kwh`, `mean_kw`, `peak_kw`, `peak_start_utc`, `load_factor` (0..1), `window_count`
                 (long, windows that count), `left_out_count` (long).
    Grain out:   one row per group.
    Nulls:       no window counts: mean, peak and load factor are null; a peak of 0 has no load factor.
    Cost:        one shuffle of partial aggregates by `by`.
    """
    require_columns("rollup_load", demand, [*by, "start_utc", "energy_kwh", "coverage", "demand_kw"])
    counts = sf.col("coverage").between(min_coverage, 1.0) & sf.col("demand_kw").isNotNull()
    ranked = sf.struct(sf.col("demand_kw").alias("kw"), (-sf.unix_micros("start_utc")).alias("before_us"))
    sums = demand.groupBy(*by).agg(
        known_sum("energy_kwh"),
        sf.avg(sf.when(counts, sf.col("demand_kw"))).alias("mean_kw"),
        sf.max(sf.when(counts, ranked)).alias("_peak"),
        sf.count_if(counts).alias("window_count"),
        sf.count_if(~sf.coalesce(counts, sf.lit(False))).alias("left_out_count"),
    )
    return sums.select(
        *by,
        "energy_kwh",
        "mean_kw",
        sf.col("_peak.kw").alias("peak_kw"),
        sf.timestamp_micros(-sf.col("_peak.before_us")).alias("peak_start_utc"),
        sf.try_divide("mean_kw", "_peak.kw").alias("load_factor"),
        "window_count",
        "left_out_count",
    )


def with_power_factor(
    energy: DataFrame,
    *,
    active: str = "energy_kwh",
    reactive: str = "reactive_kvarh",
    factor: str = "power_factor_pct",
) -> DataFrame:
    """Add the power factor of each interval: 100 * kWh / sqrt(kWh^2 + kvarh^2).

    Columns in:  `active` (number, kWh), `reactive` (number, kvarh, lagging or leading) and more.
    Columns out: those of `energy`, `factor` (double, percent).
    Grain out:   that of `energy`.
    Nulls:       null where either is null or not finite, or both are 0.
    Cost:        no shuffle.
    """
    require_numbers("with_power_factor", energy, [active, reactive])
    work, swing = sf.col(active).cast("double"), sf.col(reactive).cast("double")
    ratio = sf.try_divide(sf.lit(100.0) * work, sf.sqrt(work * work + swing * swing))
    return energy.withColumn(factor, finite_or_null(ratio))


def to_integrated_energy(
    samples: DataFrame,
    *,
    max_hold_s: float,
    method: Literal["step", "linear"] = "step",
    keys: Sequence[str] = ("tag_id", "asset_id"),
) -> DataFrame:
    """Integrate samples of power over time.

    A good sample counts until the next sample of any quality. `step`: it holds at most `max_hold_s`, then there is a
    gap. `linear`: the mean of two good neighbors, and a gap where they are further apart than `max_hold_s`. After
    the last sample there is nothing.

    Columns in:  *keys, `event_time_utc`, `value_double` (kW), `quality`; one sample per keys and instant.
    Columns out: *keys, `start_utc`, `end_utc`, `energy_kwh`.
    Grain out:   one row per good sample that another one follows, gaps left out.
    Nulls:       none come out.
    Cost:        one shuffle by `keys`.

    Raises:
        ColumnContractError: a column is missing.
        ContractError: `max_hold_s` is not above zero, or an unknown method.
    """
    require_columns("to_integrated_energy", samples, [*keys, "event_time_utc", "value_double", "quality"])
    if max_hold_s <= 0 or method not in ("step", "linear"):
        message = f"to_integrated_energy: max_hold_s={max_hold_s}, method={method!r}\nHint: above 0; 'step' or 'linear'"
        raise ContractError(message)
    in_time = Window.partitionBy(*keys).orderBy("event_time_utc")
    kw = sf.when(is_counted(), sf.col("value_double"))
    spans = samples.select(*keys, sf.unix_micros("event_time_utc").alias("_start"), kw.alias("_kw"), "event_time_utc")
    followed = spans.withColumns({"_end": sf.lead("_start").over(in_time), "_next": sf.lead("_kw").over(in_time)})
    hold_us = round(max_hold_s * 1e6)
    if method == "step":
        end, mean_kw = sf.least("_end", sf.col("_start") + hold_us), sf.col("_kw")
    else:
        is_near = sf.col("_end") - sf.col("_start") <= hold_us
        end, mean_kw = sf.when(is_near, sf.col("_end")), (sf.col("_kw") + sf.col("_next")) / 2
    held = followed.where(sf.col("_end").isNotNull()).withColumn("_until", end).withColumn("_mean", mean_kw)
    return held.where(sf.col("_until").isNotNull() & sf.col("_mean").isNotNull()).select(
        *keys,
        sf.timestamp_micros("_start").alias("start_utc"),
        sf.timestamp_micros("_until").alias("end_utc"),
        (sf.col("_mean") * (sf.col("_until") - sf.col("_start")) / _HOUR_US).alias("energy_kwh"),
    )


def rollup_specific_energy(
    energy: DataFrame, production: DataFrame, *, by: Sequence[str], split: Sequence[str] = ()
) -> DataFrame:
    """Form energy per good unit, as a ratio of sums; `split` parts the energy only.

    Columns in:  energy: `by`, `split`, `energy_kwh`; production: `by`, `good_qty` (`plant.production`).
    Columns out: `by`, `split`, `energy_kwh`, `good_qty`, `specific_energy_kwh` (per good unit).
    Grain out:   one row per group with energy; over `split` the specific energies of a group add up.
    Nulls:       no production, or no good unit: the specific energy is null. A null in `by` meets no production.
    Cost:        one shuffle of partial sums per frame; the sums of production are broadcast.
    """
    require_columns("rollup_specific_energy energy", energy, [*by, *split, "energy_kwh"])
    require_columns("rollup_specific_energy production", production, [*by, "good_qty"])
    used = energy.groupBy(*by, *split).agg(known_sum("energy_kwh"))
    made = sf.broadcast(production.groupBy(*by).agg(known_sum("good_qty")))
    joined = used.join(made, list(by), "left") if by else used.crossJoin(made)
    per_unit = sf.try_divide(sf.col("energy_kwh").cast("double"), sf.col("good_qty").cast("double"))
    return joined.select(*by, *split, "energy_kwh", "good_qty", per_unit.alias("specific_energy_kwh"))
