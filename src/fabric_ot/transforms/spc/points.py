"""What the chart families share: the columns of a point, which samples count, constants by subgroup size."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.errors import ColumnContractError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.numbers import is_finite
from fabric_ot.transforms.spc.constants import CONSTANTS, SMALLEST_SUBGROUP, ConstantName

POINT_COLUMNS: tuple[str, ...] = (
    "chart_id",
    "chart_kind",
    "statistic",
    "event_time_utc",
    "run_id",
    "sample_size",
    "value",
)
"""Of every point: `chart_kind` is i_mr, xbar_r, xbar_s, p or u; `statistic` is what `value` measures."""

LOCATIONS: tuple[str, ...] = ("individual", "mean", "proportion", "rate")
"""The statistics that tell where the process is; the others (moving_range, range, stddev) tell its spread."""

_NUMBERS = ("double", "float", "bigint", "int", "smallint", "tinyint", "decimal")


def require_samples(where: str, samples: DataFrame, *, texts: Sequence[str], numbers: Sequence[str]) -> None:
    """Raise `ColumnContractError` unless `samples` has a timestamp `event_time_utc`, `texts`, and numeric `numbers`."""
    require_columns(where, samples, ["event_time_utc", *texts, *numbers])
    require_types(where, samples, ["event_time_utc"], ("timestamp",))
    require_types(where, samples, numbers, _NUMBERS)


def require_types(where: str, frame: DataFrame, names: Sequence[str], types: Sequence[str]) -> None:
    """Raise `ColumnContractError` unless each of `names` is of one of `types` (of any precision)."""
    found = dict(frame.dtypes)
    wrong = {name: found[name] for name in names if found[name].partition("(")[0] not in types}
    if wrong:
        message = f"{where}: column(s) of the wrong type {wrong}.\nExpected: {list(types)}.\nHint: cast them first."
        raise ColumnContractError(message)


def keep_measured(samples: DataFrame, *values: str) -> DataFrame:
    """Keep the samples that carry numbers to chart, and give them a `run_id` (null where they have none).

    Columns in:  `values` (numbers); optionally `quality`, `run_id`.
    Columns out: those of `samples`, `run_id`.
    Grain out:   one row per sample whose values are finite and, if it has a `quality`, GOOD or UNCERTAIN.
    Cost:        no shuffle.
    """
    kept = samples
    for name in values:
        kept = kept.where(is_finite(sf.col(name).cast("double")))
    if "quality" in samples.columns:
        kept = kept.where(sf.col("quality").isin("GOOD", "UNCERTAIN"))
    return kept if "run_id" in samples.columns else kept.withColumn("run_id", sf.lit(None).cast("string"))


def constant_of(name: ConstantName, size: Column) -> Column:
    """Return the tabulated constant for a subgroup of `size`; null outside 2 to 25."""
    table = sf.array(*[sf.lit(value) for value in CONSTANTS[name]])
    return sf.get(table, size.cast("int") - SMALLEST_SUBGROUP)


def sum_in_order(number: Column) -> Column:
    """Aggregate to the sum of `number` in ascending order: the same double for any order of arrival."""
    return sum_of(sf.array_sort(sf.collect_list(number)))


def sum_of(numbers: Column) -> Column:
    """Return the sum of an array of doubles, from its first to its last."""
    return sf.aggregate(numbers, sf.lit(0.0), lambda total, number: total + number)
