"""What was known at an instant: the last row of one frame from before each row of another."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ColumnContractError
from fabric_ot.transforms.intervals import elapsed_us, require_columns
from fabric_ot.transforms.signals.series import Limit, limit_us, require_limits


def join_as_of(
    points: DataFrame,
    known: DataFrame,
    *,
    on: Sequence[str],
    at: str = "event_time_utc",
    known_at: str = "event_time_utc",
    max_age_s: Limit | None = None,
    include_same_instant: bool = True,
) -> DataFrame:
    """Add to each point the last row of `known` from before it (or, unless told otherwise, from its own instant).

    Columns in:  points: `on`, `at` (timestamp), the column that `max_age_s` may name; known: `on`, `known_at`
                 (timestamp) and more, one row per `on` and instant.
    Columns out: those of `points`, those of `known` but `on` and `known_at`, `as_of_utc` (the instant of the row that
                 was found); null where there is none, or none younger than or just `max_age_s`.
    Grain out:   that of `points`.
    Nulls:       a null in `on`, in the times or in a named `max_age_s` matches nothing; the point stays.
    Cost:        one shuffle of both by `on`; no range join, so neither side need be small.

    Raises:
        ColumnContractError: a column is missing, or both frames have a column that is not in `on`.
        ConfigError: `max_age_s` is not positive.
    """
    require_columns("join_as_of points", points, [*on, at, *([max_age_s] if isinstance(max_age_s, str) else [])])
    require_columns("join_as_of known", known, [*on, known_at])
    require_limits("join_as_of", max_age_s=max_age_s)
    added = [name for name in known.columns if name not in (*on, known_at)]
    _require_apart([*added, "as_of_utc"], points.columns)
    found = sf.struct(sf.col(known_at).alias("as_of_utc"), *added)
    here = points.select(
        *on, sf.col(at).alias("_at"), sf.struct(*points.columns).alias("_point"), sf.lit(1).alias("_side")
    )
    rows = known.where(sf.col(known_at).isNotNull())
    there = rows.select(
        *on,
        sf.col(known_at).alias("_at"),
        found.alias("_found"),
        sf.lit(0 if include_same_instant else 2).alias("_side"),
    )
    until_now = Window.partitionBy(*on).orderBy("_at", "_side").rowsBetween(Window.unboundedPreceding, 0)
    last = sf.last("_found", ignorenulls=True).over(until_now)
    joined = here.unionByName(there, allowMissingColumns=True).withColumn("_found", last)
    matches = sf.lit(True)
    for key in on:
        matches = matches & sf.col(key).isNotNull()
    if max_age_s is not None:
        longest = f"_point.{max_age_s}" if isinstance(max_age_s, str) else max_age_s
        matches = matches & (elapsed_us(sf.col("_found.as_of_utc"), sf.col("_at")) <= limit_us(longest))
    matched = joined.where(sf.col("_point").isNotNull()).withColumn("_match", sf.when(matches, sf.col("_found")))
    return matched.select("_point.*", *[f"_match.{name}" for name in (*added, "as_of_utc")])


def _require_apart(added: Sequence[str], present: Sequence[str]) -> None:
    twice = sorted(set(added) & set(present))
    if twice:
        message = f"join_as_of: column(s) {twice} would come twice.\nHint: rename or drop them in one of the frames."
        raise ColumnContractError(message)
