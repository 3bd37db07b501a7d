"""Fewer samples that still tell the same: exception deadband and swinging door, with a bound on the error.

Both walk along the samples of one tag, so those of one block of time are gathered into an array: a block is
compressed the same whatever was compressed before it, and a late sample changes its own block only.
"""

from __future__ import annotations

from typing import Literal, get_args

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.roles import COMPRESSION_METHODS
from fabric_ot.errors import ConfigError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.signals.kept import explode_kept, explode_told
from fabric_ot.transforms.signals.series import Limit, limit_of, limit_us, require_limits, require_series
from fabric_ot.transforms.signals.walks import (
    Fires,
    Sample,
    highest_slope,
    lowest_slope,
    slope_to,
    walk_blocks,
)

Variant = Literal["bounded", "published"]
BLOCK_S = 3_600
_LONGEST_BLOCK_S = 2**53 // 1_000_000


def keep_exceptions(
    samples: DataFrame, *, deadband: Limit, max_interval_s: Limit | None = None, block_s: int = BLOCK_S
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
    Cost:        one shuffle by `tag_id` and block; the samples of a tag and block lie in memory as one array.
                 Streaming: batch only.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: a limit that is not positive.
    """
    where = "keep_exceptions"
    require_series(where, samples, deadband=deadband, max_interval_s=max_interval_s)
    walked = _walked(where, samples, deadband, max_interval_s, block_s, is_held=True, fires=_is_exception)
    return explode_kept(walked, samples.columns)


def keep_swinging_door(
    samples: DataFrame,
    *,
    error: Limit,
    variant: Variant = "bounded",
    max_interval_s: Limit | None = None,
    block_s: int = BLOCK_S,
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
    where = "keep_swinging_door"
    require_series(where, samples, error=error, max_interval_s=max_interval_s)
    if variant not in get_args(Variant):
        raise ConfigError(where, [f"variant {variant!r}; one of {list(get_args(Variant))} is needed"])
    fires = _is_bounded_door_shut if variant == "bounded" else _is_published_door_shut
    walked = _walked(where, samples, error, max_interval_s, block_s, is_held=False, fires=fires)
    return explode_kept(walked, samples.columns)


def to_compressed(
    samples: DataFrame, *, method: str, deviation: Limit, max_interval_s: Limit | None = None, block_s: int = BLOCK_S
) -> DataFrame:
    """Turn the samples of each tag into fewer, by the method that the tag declares, and say what each stands for.

    `exception` is `keep_exceptions` with `deviation` as its deadband, `swinging_door` the bounded
    `keep_swinging_door` with it as its error. Samples with another method or none, or without a deviation, are passed
    over: nothing tells how far from them one may be.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality`, `method` (string), and more (of types that can
                 be sorted), one row per tag and instant.
    Columns out: those of `samples`, `stands_for_count` (long: the sample itself and those left out until the next kept
                 one; they add up to all samples), `max_error` (double, the value's unit: the largest distance of these
                 from the value that is held, or from the line to the next kept one; null without a number).
    Grain out:   some of the rows of `samples`.
    Nulls:       none in `tag_id`, `event_time_utc`, `quality`.
    Cost:        as `keep_exceptions`.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: a limit that is not positive.
    """
    where = "to_compressed"
    require_series(where, samples, deviation=deviation, max_interval_s=max_interval_s)
    require_columns(where, samples, [method])
    declared = samples.where(sf.col(method).isin(*COMPRESSION_METHODS) & limit_of(deviation).isNotNull())
    is_held = sf.col(method) == "exception"
    walked = _walked(where, declared, deviation, max_interval_s, block_s, is_held=is_held, fires=_is_declared_fired)
    return explode_told(walked, samples.columns)


def _walked(
    where: str,
    samples: DataFrame,
    limit: Limit,
    max_interval_s: Limit | None,
    block_s: int,
    *,
    is_held: bool | Column,
    fires: Fires,
) -> DataFrame:
    require_limits(where, block_s=block_s)
    if block_s > _LONGEST_BLOCK_S:
        raise ConfigError(where, [f"block_s is {block_s}; at most {_LONGEST_BLOCK_S} can be counted in microseconds"])
    longest = sf.lit(None).cast("long") if max_interval_s is None else limit_us(max_interval_s)
    told = {"limit": limit_of(limit), "longest": longest, "is_held": sf.lit(is_held)}
    given = {"limit": limit, "longest": max_interval_s, "is_held": is_held}
    by_sample = {name: told[name] for name, option in given.items() if isinstance(option, str | Column)}
    same = {name: column for name, column in told.items() if name not in by_sample}
    block_us = round(block_s * 1_000_000)
    return walk_blocks(samples, same=same, by_sample=by_sample, block_us=block_us, fires=fires)


def _is_exception(state: Column, sample: Sample) -> Column:
    return sf.abs(sample["value"] - state["origin"]["value"]) > sample["limit"]


def _is_bounded_door_shut(state: Column, sample: Sample) -> Column:
    slope = slope_to(state, sample)
    return (slope < state["low"]) | (slope > state["high"])


def _is_published_door_shut(state: Column, sample: Sample) -> Column:
    return lowest_slope(state, sample) > highest_slope(state, sample)


def _is_declared_fired(state: Column, sample: Sample) -> Column:
    is_shut = _is_bounded_door_shut(state, sample)
    return sf.when(sample["is_held"], _is_exception(state, sample)).otherwise(is_shut)
