"""What each point of a control chart is (beyond a limit, above a zone, rising ...), and how many of the last ones were.

All flags of a point are one number, five bits for each. The numbers of the last points add up to one that holds the
count of every flag, so the window only has to look back; a sliding sum for each flag would read its rows again each
time.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce

from pyspark.sql import Column, DataFrame, WindowSpec
from pyspark.sql import functions as sf

FLAGS: tuple[str, ...] = (
    "beyond", "rises", "falls", "turns", "within_1", "above_0", "below_0", "above_1", "below_1", "above_2", "below_2",
)  # fmt: skip
_BITS = 5
MOST_POINTS = 2**_BITS - 1
"""Of how many points the flags can be counted."""


def with_flags(points: DataFrame, in_time: WindowSpec) -> DataFrame:
    """Add `_flags_1` (long): every flag of the point."""
    value, center, sigma = sf.col("value"), sf.col("center"), sf.col("sigma")
    befores = {f"_value_{back}": sf.lag("value", back).over(in_time) for back in (1, 2)}
    step, step_before = value - sf.col("_value_1"), sf.col("_value_1") - sf.col("_value_2")
    flags = {
        "beyond": (value > sf.col("ucl")) | (value < sf.col("lcl")),
        "rises": step > 0,
        "falls": step < 0,
        "turns": ((step > 0) & (step_before < 0)) | ((step < 0) & (step_before > 0)),
        "within_1": (value <= center + sigma) & (value >= center - sigma),
    }
    for k in (0, 1, 2):
        flags[f"above_{k}"] = value > center + sigma * k
        flags[f"below_{k}"] = value < center - sigma * k
    bits = [sf.when(flags[name], 1 << _BITS * place).otherwise(0).cast("long") for place, name in enumerate(FLAGS)]
    return points.withColumns(befores).withColumn("_flags_1", reduce(Column.__add__, bits))


def with_flag_counts(flagged: DataFrame, in_time: WindowSpec, points: Collection[int]) -> DataFrame:
    """Add `_flags_n` (long) for each number n of `points`, at most 31: how often each flag is set among the last n."""
    earlier = {f"_earlier_{back}": sf.lag("_flags_1", back, 0).over(in_time) for back in range(1, max(points))}
    counted, known = flagged.withColumns(earlier), 1
    for n in sorted({*points} - {1}):
        added = [sf.col(f"_earlier_{back}") for back in range(known, n)]
        counted = counted.withColumn(f"_flags_{n}", reduce(Column.__add__, added, sf.col(f"_flags_{known}")))
        known = n
    return counted


def count_among(flag: str, points: int) -> Column:
    """Return how often `flag` is set among the last `points` of a frame with their counts."""
    return sf.shiftright(f"_flags_{points}", _BITS * FLAGS.index(flag)).bitwiseAND(MOST_POINTS)
