"""Counters: from running totals to increments, through resets, rollovers and noise; and the product they count."""

from __future__ import annotations

import datetime as dt
from typing import Literal, get_args

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ConfigError
from fabric_ot.transforms.intervals import elapsed_us, join_covering, require_columns, to_runs
from fabric_ot.transforms.samples import is_counted, join_tags

PART_COUNTERS: dict[str, str] = {
    "good_counter": "good_qty",
    "scrap_counter": "scrap_qty",
    "rework_counter": "rework_qty",
    "produced_counter": "produced_qty",
}
"""The counters of parts and what each of them counts."""

COUNTER_ROLES: tuple[str, ...] = (*PART_COUNTERS, "energy_counter", "reactive_counter")
ResetDelta = Literal["value", "zero"]


def to_count_deltas(
    samples: DataFrame,
    tags: DataFrame,
    *,
    noise_tolerance: float = 0.0,
    max_rate_per_s: float | None = None,
    reset_delta: ResetDelta = "value",
) -> DataFrame:
    """Turn samples of counters into the increments between them.

    A step back smaller than `noise_tolerance` is noise: nothing is added until the earlier high is passed.
    A larger one is a rollover where the catalogue knows the modulus (`x + modulus - before`), unless that is more
    than `max_rate_per_s` allows in the time since the sample before; else it is a reset: `x` was counted since, or
    nothing (`reset_delta` "zero") where a counter need not begin at 0.
    BAD, STALE and empty samples are passed over: the difference across the gap counts. The first sample of a tag
    is only a base.

    Columns in:  samples: `tag_id`, `event_time_utc`, `value_double`, `quality`, one per tag and instant (see
                 `keep_last_sample`); tags: `plant.tag`.
    Columns out: `tag_id`, `asset_id`, `role`, `previous_time_utc`, `event_time_utc`, `delta` (double, the counter's
                 unit), `kind` (increment, reset, rollover).
    Grain out:   one row per counter and pair of successive good samples, named by the later one.
    Nulls:       none come out.
    Cost:        one shuffle by `tag_id` (none where `keep_last_sample` has just done it); tags are broadcast.

    Raises:
        ColumnContractError: a column is missing.
        ConfigError: an option that cannot be used.
    """
    require_columns("to_count_deltas samples", samples, ["tag_id", "event_time_utc", "value_double", "quality"])
    _require_options(noise_tolerance, max_rate_per_s, reset_delta)
    counters = join_tags(samples.where(is_counted()), tags.where(sf.col("role").isin(*COUNTER_ROLES)))
    steps = _with_baseline(counters, noise_tolerance)
    kind = _kind(max_rate_per_s)
    deltas = (
        sf.when(kind == "increment", sf.col("_high") - sf.col("_base"))
        .when(kind == "rollover", _rolled_over())
        .otherwise(sf.col("value_double") if reset_delta == "value" else sf.lit(0.0))
    )
    return steps.where(sf.col("_previous_time").isNotNull()).select(
        "tag_id",
        "asset_id",
        "role",
        sf.col("_previous_time").alias("previous_time_utc"),
        "event_time_utc",
        deltas.alias("delta"),
        kind.alias("kind"),
    )


def _with_baseline(counters: DataFrame, noise_tolerance: float) -> DataFrame:
    """Add `_high` (highest value since the last fall) and `_base` (that of the sample before)."""
    in_time = Window.partitionBy("tag_id").orderBy("event_time_utc")
    step = sf.col("value_double") - sf.lag("value_double").over(in_time)
    falls = sf.coalesce((step < 0) & (sf.abs(step) >= noise_tolerance), sf.lit(False))
    marked = counters.withColumn("_falls", falls)
    if noise_tolerance > 0:
        marked = marked.withColumn("_life", sf.sum(sf.col("_falls").cast("int")).over(in_time))
        life = Window.partitionBy("tag_id", "_life").orderBy("event_time_utc")
        marked = marked.withColumn("_high", sf.max("value_double").over(life))
    else:
        marked = marked.withColumn("_high", sf.col("value_double"))
    return marked.withColumn("_base", sf.lag("_high").over(in_time)).withColumn(
        "_previous_time", sf.lag("event_time_utc").over(in_time)
    )


def _rolled_over() -> Column:
    return sf.col("value_double") + sf.col("counter_modulus") - sf.col("_base")


def _require_options(noise_tolerance: float, max_rate_per_s: float | None, reset_delta: str) -> None:
    problems = []
    if not noise_tolerance >= 0:
        problems.append(f"noise_tolerance is {noise_tolerance}; zero or more is needed")
    if max_rate_per_s is not None and not max_rate_per_s > 0:
        problems.append(f"max_rate_per_s is {max_rate_per_s}; a number above zero is needed, or None")
    if reset_delta not in get_args(ResetDelta):
        problems.append(f"reset_delta is {reset_delta!r}; one of {list(get_args(ResetDelta))} is needed")
    if problems:
        raise ConfigError("to_count_deltas", problems)


def _kind(max_rate_per_s: float | None) -> Column:
    fits = sf.col("counter_modulus").isNotNull() & (sf.col("_base") < sf.col("counter_modulus"))
    if max_rate_per_s is not None:
        since_us = elapsed_us(sf.col("_previous_time"), sf.col("event_time_utc"))
        fits = fits & (_rolled_over() <= since_us * (max_rate_per_s / 1e6))
    return sf.when(~sf.col("_falls"), "increment").when(fits, "rollover").otherwise("reset")


def to_product_runs(samples: DataFrame, *, horizon_utc: dt.datetime) -> DataFrame:
    """Turn samples of the product tag into half-open runs of one product per asset.

    BAD, STALE and empty samples are passed over: an order stays set while its source is silent, and whether the
    asset ran meanwhile is told by its state.

    Columns in:  `asset_id`, `event_time_utc`, `value_string`, `quality`; one per asset and instant.
    Columns out: `asset_id`, `product_id`, `start_utc`, `end_utc`.
    Grain out:   one row per asset and maximal run of one product.
    Cost:        one shuffle by `asset_id`.
    """
    require_columns("to_product_runs", samples, ["asset_id", "event_time_utc", "value_string", "quality"])
    product = sf.trim("value_string")
    told = samples.where(sf.col("quality").isin("GOOD", "UNCERTAIN") & (product != ""))
    named = told.select("asset_id", "event_time_utc", product.alias("product_id"))
    return to_runs(named, keys=("asset_id",), value="product_id", horizon_utc=horizon_utc).drop("is_open")


def join_product_running(deltas: DataFrame, product_runs: DataFrame) -> DataFrame:
    """Add the product that was set on the asset at `event_time_utc`.

    Columns in:  deltas: `asset_id`, `event_time_utc`; product_runs: as `to_product_runs` returns them.
    Columns out: those of `deltas`, `product_id` (null where none was set).
    Grain out:   that of `deltas`.
    Cost:        product runs are few and broadcast; no shuffle.
    """
    runs = product_runs.select("asset_id", "product_id", "start_utc", "end_utc")
    return join_covering(deltas, runs, on=("asset_id",), at="event_time_utc")
