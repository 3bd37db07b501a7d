"""Fewer samples that still tell the same: exception deadband and swinging door, with a bound on the error.

Both walk along the samples of one tag, so those of one block of time are gathered into an array: a block is
compressed the same whatever was compressed before it, and a late sample changes its own block only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ConfigError
from fabric_ot.transforms.numbers import nonzero
from fabric_ot.transforms.samples import is_counted
from fabric_ot.transforms.signals.series import Limit, limit_of, limit_us, require_limits, require_series

Variant = Literal["bounded", "published"]
_Step = Callable[[Column, Column], Column]


def keep_exceptions(
    samples: DataFrame, *, deadband: Limit, max_interval_s: Limit | None = None, block_s: int = 3_600
) -> DataFrame:
    """Keep the samples that a source reporting by exception would send (ExcDev, ExcMax of historians).

    A sample is sent when it differs from the last one sent by more than `deadband`, or is later than it by more than
    `max_interval_s`; the sample just before it is sent too. Held as steps, the kept samples are never further than
    `deadband` from those left out. Their arithmetic mean is biased: weight them by time.
    Choices: samples without a number, and the first and last one of each block and of each stretch of equal quality,
    are always kept; there is no shortest interval, which would break the bound.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality` and more (of types that can be sorted), one row
                 per tag and instant.
    Columns out: those of `samples`.
    Grain out:   some of the rows of `samples`.
    Nulls:       none in `tag_id`, `event_time_utc`, `quality`.
    Cost:        one shuffle by `tag_id`; the samples of a tag and block lie in memory as one array, and the walk
                 costs samples + kept samples squared per block: at more than 10,000 samples an hour, take shorter
                 blocks.     Streaming: batch only.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: a limit that is not positive.
    """
    require_series("keep_exceptions", samples, deadband=deadband, max_interval_s=max_interval_s)
    return _walked("keep_exceptions", samples, deadband, max_interval_s, block_s, _exception_step)


def keep_swinging_door(
    samples: DataFrame,
    *,
    error: Limit,
    variant: Variant = "bounded",
    max_interval_s: Limit | None = None,
    block_s: int = 3_600,
) -> DataFrame:
    """Keep the samples between which straight lines tell the others (CompDev, CompMax of historians).

    `bounded` (the default) keeps the sample before the first one whose line from the last kept sample passes an
    earlier one by more than `error`: no left-out sample is further than `error` from the line between the kept ones.
    `published` is the door as it is usually printed: it keeps the sample before the one at which no slope is left,
    and errs by up to twice `error`; (0, 0), (1, 1.9), (2, 0.9), (3, -9) with 1 errs by 1.45.
    Choices: as for `keep_exceptions`; after `max_interval_s` the sample before is kept.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality` and more (of types that can be sorted), one row
                 per tag and instant.
    Columns out: those of `samples`.
    Grain out:   some of the rows of `samples`.
    Nulls:       none in `tag_id`, `event_time_utc`, `quality`.
    Cost:        as `keep_exceptions`.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: an unknown variant, or a limit that is not positive.
    """
    require_series("keep_swinging_door", samples, error=error, max_interval_s=max_interval_s)
    if variant not in get_args(Variant):
        raise ConfigError("keep_swinging_door", [f"variant {variant!r}; one of {list(get_args(Variant))} is needed"])
    step = _bounded_step if variant == "bounded" else _published_step
    return _walked("keep_swinging_door", samples, error, max_interval_s, block_s, step)


def _walked(
    where: str, samples: DataFrame, limit: Limit, max_interval_s: Limit | None, block_s: int, step: _Step
) -> DataFrame:
    """Walk along each block of equal quality and keep what `step` keeps, and its first and last sample."""
    require_limits(where, block_s=block_s)
    at, block_us = sf.unix_micros("event_time_utc"), sf.lit(round(block_s * 1_000_000))
    longest = sf.lit(None).cast("long") if max_interval_s is None else limit_us(max_interval_s)
    point = sf.struct(
        at.alias("at"),
        sf.col("value_double").alias("value"),
        limit_of(limit).alias("limit"),
        longest.alias("longest"),
        sf.struct(*samples.columns).alias("row"),
    )
    in_time = Window.partitionBy("tag_id").orderBy("event_time_utc")
    numbered = samples.withColumn("_has_number", is_counted())
    same = (sf.lag("quality").over(in_time) == sf.col("quality")) & sf.lag("_has_number").over(in_time)
    starts = ~sf.coalesce(same & sf.col("_has_number"), sf.lit(False))
    marked = numbered.withColumn("_starts", starts.cast("int"))
    runs = marked.select(
        "tag_id",
        (at - sf.pmod(at, block_us)).alias("_block"),
        sf.sum("_starts").over(in_time).alias("_run"),
        point.alias("_point"),
    )
    gathered = runs.groupBy("tag_id", "_block", "_run").agg(sf.sort_array(sf.collect_list("_point")).alias("_points"))
    return gathered.select(sf.explode(_kept(sf.col("_points"), step)).alias("_kept")).select("_kept.row.*")


def _kept(points: Column, step: _Step) -> Column:
    first, infinity = sf.get(points, sf.lit(0)), float("inf")
    start = _state(sf.array(first), first, first, sf.lit(-infinity), sf.lit(infinity))
    others = sf.slice(points, 2, sf.size(points))
    return sf.aggregate(others, start, step, _with_previous)


def _state(kept: Column, origin: Column, previous: Column, low: Column, high: Column) -> Column:
    """Return what the walk knows: the kept points, the last of them, the last point seen, the slopes still open."""
    fields = {"kept": kept, "origin": origin, "previous": previous, "low": low, "high": high}
    return sf.struct(*[column.alias(name) for name, column in fields.items()])


def _with_previous(state: Column) -> Column:
    """Return the kept points and the last one seen, unless that is kept already."""
    also = sf.concat(state["kept"], sf.array(state["previous"]))
    return sf.when(state["previous"]["at"] > state["origin"]["at"], also).otherwise(state["kept"])


def _exception_step(state: Column, point: Column) -> Column:
    differs = sf.abs(point["value"] - state["origin"]["value"]) > point["limit"]
    sent = sf.concat(_with_previous(state), sf.array(point))
    sends = _state(sent, point, point, state["low"], state["high"])
    waits = _state(state["kept"], state["origin"], point, state["low"], state["high"])
    return sf.when(differs | _is_too_long(state, point), sends).otherwise(waits)


def _bounded_step(state: Column, point: Column) -> Column:
    slope = _slope(state["origin"], point, sf.lit(0.0))
    return _door(state, point, (slope < state["low"]) | (slope > state["high"]))


def _published_step(state: Column, point: Column) -> Column:
    low, high = _narrowed(state, point)
    return _door(state, point, low > high)


def _door(state: Column, point: Column, shuts: Column) -> Column:
    """Keep the previous point and open a new door from it where `shuts`; else narrow the door."""
    previous = state["previous"]
    limit = point["limit"]
    opened = _state(
        _with_previous(state), previous, point, _slope(previous, point, -limit), _slope(previous, point, limit)
    )
    narrowed = _state(state["kept"], state["origin"], point, *_narrowed(state, point))
    return sf.when(shuts | _is_too_long(state, point), opened).otherwise(narrowed)


def _narrowed(state: Column, point: Column) -> tuple[Column, Column]:
    low = sf.greatest(state["low"], _slope(state["origin"], point, -point["limit"]))
    return low, sf.least(state["high"], _slope(state["origin"], point, point["limit"]))


def _slope(origin: Column, point: Column, aside: Column) -> Column:
    run = nonzero(point["at"] - origin["at"])
    return (point["value"] - origin["value"] + aside) / run


def _is_too_long(state: Column, point: Column) -> Column:
    return sf.coalesce(point["at"] - state["origin"]["at"] > point["longest"], sf.lit(False))
