"""Remaining useful life: what a model is to predict, which units it is tried on, and how its errors are scored.

Sources: Saxena 2008 (the PHM08 score and its asymmetry); the cap of 125 cycles is usual for the turbofan data.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ConfigError
from fabric_ot.transforms.intervals import elapsed_us, require_columns
from fabric_ot.transforms.numbers import finite_or_null, is_finite, require_numbers

_PARTS = 1_000_000
_FAILURE = ("asset_id", "failure_start_utc", "failure_end_utc")


def with_remaining_life(
    observations: DataFrame, failures: DataFrame, *, at: str = "event_time_utc", cap_s: float | None = None
) -> DataFrame:
    """Add to each observation how long its asset still ran: the time to its next failure, at most `cap_s`.

    Choice: at the instant at which a failure begins the remaining life is 0; within a failure there is none. An asset
    that has not failed since is censored: how long it will run is not known, and is not guessed.

    Columns in:  observations: `asset_id`, `at` (timestamp) and more; failures: as `to_failures` returns them, those of
                 one asset do not overlap.
    Columns out: those of `observations`, `remaining_life_s` (double, seconds), `is_censored` (boolean).
    Grain out:   that of `observations`.
    Nulls:       `remaining_life_s` where the life is censored, and within a failure; an observation without asset or
                 time is neither censored nor has a life.
    Cost:        one shuffle of both by `asset_id`; no join.

    Raises:
        ColumnContractError: a column is missing.
        ConfigError: `cap_s` is not positive.
    """
    require_columns("with_remaining_life observations", observations, ["asset_id", at])
    require_columns("with_remaining_life failures", failures, _FAILURE)
    if cap_s is not None and not cap_s > 0:
        raise ConfigError("with_remaining_life", [f"cap_s is {cap_s}, needs to be above 0"])
    seen = observations.select(
        "asset_id",
        sf.col(at).alias("_at"),
        sf.lit(True).alias("_is_seen"),
        sf.struct(*observations.columns).alias("_o"),
    )
    failed = failures.select(
        "asset_id",
        sf.col("failure_start_utc").alias("_at"),
        sf.lit(False).alias("_is_seen"),
        sf.struct(*_FAILURE[1:]).alias("_f"),
    )
    events = seen.unionByName(failed, allowMissingColumns=True)
    of_asset = Window.partitionBy("asset_id")
    # of one instant, the failure is the next one and not yet the last one
    backward = of_asset.orderBy(sf.desc("_at"), "_is_seen").rowsBetween(Window.unboundedPreceding, 0)
    forward = of_asset.orderBy("_at", sf.desc("_is_seen")).rowsBetween(Window.unboundedPreceding, 0)
    coming, last = (sf.last("_f", ignorenulls=True).over(window) for window in (backward, forward))
    known = events.withColumns({"_coming": coming["failure_start_utc"], "_up_from": last["failure_end_utc"]})
    is_placed = sf.col("asset_id").isNotNull() & sf.col("_at").isNotNull()
    is_up = is_placed & sf.coalesce(sf.col("_up_from") <= sf.col("_at"), sf.lit(True))
    life_s = elapsed_us(sf.col("_at"), sf.col("_coming")) / 1e6
    capped = life_s if cap_s is None else sf.when(life_s > cap_s, sf.lit(float(cap_s))).otherwise(life_s)
    return known.where("_is_seen").select(
        "_o.*",
        sf.when(is_up, capped).alias("remaining_life_s"),
        (is_up & sf.col("_coming").isNull()).alias("is_censored"),
    )


def with_is_test(
    rows: DataFrame, *, units: Sequence[str] = ("asset_id",), test_share: float = 0.2, seed: int = 0
) -> DataFrame:
    """Say of each row whether its unit belongs to the test set: all rows of a unit are on one side, never divided.

    Rows of one machine resemble each other: divided by row, a model is tried on what it has learned. The side of a
    unit hangs on its name and `seed` alone, so a unit that comes later moves none of the others.

    Columns in:  `units`.
    Columns out: those of `rows`, `is_test` (boolean).
    Grain out:   that of `rows`.
    Nulls:       null is a name like any other.
    Cost:        no shuffle; `test_share` is met on average, not exactly.

    Raises:
        ColumnContractError: a column is missing.
        ConfigError: `test_share` does not lie between 0 and 1, or no unit is named.
    """
    require_columns("with_is_test", rows, units)
    problems = [] if 0 <= test_share <= 1 else [f"test_share is {test_share}, needs to be from 0 to 1"]
    if not units:
        problems.append("units is empty: name the columns that tell a machine, such as asset_id")
    if problems:
        raise ConfigError("with_is_test", problems)
    place = sf.pmod(sf.xxhash64(*units, sf.lit(seed)), sf.lit(_PARTS))
    return rows.withColumn("is_test", place < round(test_share * _PARTS))


def rollup_life_error(
    predictions: DataFrame,
    *,
    by: Sequence[str] = (),
    predicted: str = "predicted_life",
    actual: str = "remaining_life",
    early: float = 13.0,
    late: float = 10.0,
) -> DataFrame:
    """Score predicted lives: root mean square error, and the PHM08 score, to which a late warning costs more.

    With d = predicted - actual, the score adds exp(-d / `early`) - 1 where d is below 0, else exp(d / `late`) - 1: a
    perfect predictor has 0. Both constants are in the unit of the lives; the published ones are for cycles.

    Columns in:  `by`, `predicted`, `actual` (numbers of one unit).
    Columns out: `by`, `phm08_score`, `rmse` (double), `prediction_count`, `left_out_count` (long: rows of which one of
                 the lives is not known).
    Grain out:   one row per group; without `by` one row.
    Nulls:       score and rmse where nothing was predicted; the score also where it is too large to be told.
    Cost:        one shuffle of partial sums.

    Raises:
        ColumnContractError: a column is missing, or is no number.
        ConfigError: `early` or `late` is not positive.
    """
    require_columns("rollup_life_error", predictions, by)
    require_numbers("rollup_life_error", predictions, [predicted, actual])
    wrong = {name: value for name, value in (("early", early), ("late", late)) if not value > 0}
    if wrong:
        raise ConfigError(
            "rollup_life_error", [f"{name} is {value}, needs to be above 0" for name, value in wrong.items()]
        )
    is_known = is_finite(sf.col(predicted)) & is_finite(sf.col(actual))
    d = sf.when(is_known, sf.col(predicted).cast("double") - sf.col(actual).cast("double"))
    return predictions.groupBy(*by).agg(
        finite_or_null(sf.sum(_penalty(d, early, late))).alias("phm08_score"),
        sf.sqrt(sf.avg(d * d)).alias("rmse"),
        sf.count_if(is_known).alias("prediction_count"),
        sf.count_if(~is_known).alias("left_out_count"),
    )


def _penalty(d: Column, early: float, late: float) -> Column:
    return sf.expm1(sf.when(d < 0, -d / early).otherwise(d / late))
