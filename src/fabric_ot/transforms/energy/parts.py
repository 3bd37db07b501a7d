"""Energy intervals cut by windows of time: states, shifts, tariffs. Energy is spread evenly over its interval."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.contracts.roles import NO_SIGNAL
from fabric_ot.errors import ContractError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.numbers import is_finite

ENERGY_INTERVAL = ("start_utc", "end_utc", "energy_kwh")
"""The columns of energy over time."""

_DAY_US = 86_400_000_000


def is_energy_interval() -> Column:
    """Say whether a row is energy over time: bounds in order, a finite number."""
    is_forward = sf.coalesce(sf.col("start_utc") < sf.col("end_utc"), sf.lit(False))
    return is_forward & is_finite(sf.col("energy_kwh").cast("double"))


def share(energy: Column, part_us: Column, whole_us: Column) -> Column:
    """Return the part of an interval's energy that falls into a part of its time; the whole stays to the last bit."""
    return sf.when(part_us == whole_us, energy).otherwise(sf.try_divide(energy * part_us, whole_us))


def to_energy_parts(intervals: DataFrame, windows: DataFrame, *, on: Sequence[str], carry: Sequence[str]) -> DataFrame:
    """Cut energy intervals by states, shifts, segments or tariffs, evenly in time.

    What no window covers stays, with null in `carry`, so that no energy is lost.

    Columns in:  intervals: `on`, `start_utc`, `end_utc`, `energy_kwh` and more; windows: `on`, `start_utc`, `end_utc`,
                 `carry`, not overlapping per `on`, few.
    Columns out: those of `intervals` (`energy_kwh` the part's), `carry`, `part_s` (double, seconds).
    Grain out:   one row per interval and window that it meets, and one per stretch and UTC day of it that no window
                 covers; parts add up to the interval's energy and time. Group them where a window's `carry` returns.
    Cost:        windows are gathered by UTC day in one shuffle and broadcast; none of `intervals`, read once.

    Raises:
        ColumnContractError: a column is missing.
        ContractError: a column of `carry` is also one of `intervals`.
    """
    require_columns("to_energy_parts intervals", intervals, [*on, *ENERGY_INTERVAL])
    require_columns("to_energy_parts windows", windows, [*on, "start_utc", "end_utc", *carry])
    shared = sorted(set(carry) & set(intervals.columns))
    if shared:
        message = f"to_energy_parts: {shared} are columns of both frames\nHint: rename them in the windows"
        raise ContractError(message)
    bounds = {"_start": sf.unix_micros("start_utc"), "_end": sf.unix_micros("end_utc")}
    many = intervals.where(is_energy_interval()).withColumns(bounds)
    many = many.withColumn("_day", _days(sf.col("_start"), sf.col("_end")))
    met = many.join(sf.broadcast(_to_covered_days(windows, on, carry)), [*on, "_day"], "left")
    day_us = sf.col("_day") * _DAY_US
    start = sf.greatest("_start", sf.coalesce("_from", day_us))
    part_us = sf.least("_end", sf.coalesce("_to", day_us + _DAY_US)) - start
    # a window is met on each day that both touch, and counts on the first of them
    counts = sf.coalesce(~sf.col("_is_window"), sf.lit(True)) | (_day_of(start) == sf.col("_day"))
    cut = met.withColumn("_part", part_us).where((sf.col("_part") > 0) & counts)
    energy = share(sf.col("energy_kwh"), sf.col("_part"), sf.col("_end") - sf.col("_start"))
    parts = cut.withColumns({"energy_kwh": energy, "part_s": sf.col("_part") / 1e6})
    return parts.select(*intervals.columns, *carry, "part_s")


def to_state_energy(intervals: DataFrame, states: DataFrame) -> DataFrame:
    """Cut energy intervals by the machine's state: production, idle, down, and no signal.

    Columns in:  intervals: `plant.energy_interval`; states: `plant.state_interval`.
    Columns out: those of `intervals`, `state`, `time_category` (NO_SIGNAL, unqualified where none is told), `part_s`.
    Grain out:   one row per energy interval and state interval that it meets, or stretch and UTC day without one;
                 parts add up to the interval's energy.
    Cost:        as `to_energy_parts`.
    """
    parts = to_energy_parts(intervals, states, on=("asset_id",), carry=("state", "time_category"))
    return parts.fillna({"state": NO_SIGNAL, "time_category": "unqualified"})


def _to_covered_days(windows: DataFrame, on: Sequence[str], carry: Sequence[str]) -> DataFrame:
    """Return each UTC day that a window touches as windows and the gaps between them: a row for each of both."""
    start, end = sf.unix_micros("start_utc"), sf.unix_micros("end_utc")
    few = windows.where(start < end).select(*on, *carry, start.alias("_from"), end.alias("_to"))
    few = few.withColumn("_day", _days(sf.col("_from"), sf.col("_to")))
    in_day = Window.partitionBy(*on, "_day").orderBy("_from", "_to")
    so_far = in_day.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    day_us = sf.col("_day") * _DAY_US
    nothing = [sf.lit(None).cast(windows.schema[name].dataType).alias(name) for name in carry]
    window = sf.struct(sf.lit(True).alias("_is_window"), "_from", "_to", *carry)
    before = sf.struct(sf.lit(False).alias("_is_window"), day_us.alias("_from"), sf.col("_from").alias("_to"), *nothing)
    after = sf.struct(
        sf.lit(False).alias("_is_window"), sf.col("_covered_to").alias("_from"), sf.col("_next").alias("_to"), *nothing
    )
    followed = few.withColumns(
        {
            "_covered_to": sf.max("_to").over(so_far),
            "_next": sf.lead("_from", 1).over(in_day),
            "_is_first": sf.row_number().over(in_day) == 1,
        }
    ).withColumn("_next", sf.coalesce("_next", day_us + _DAY_US))
    rows = sf.array_compact(sf.array(window, sf.when(sf.col("_is_first"), before), after))
    pieces = followed.select(*on, "_day", sf.explode(rows).alias("_piece")).select(*on, "_day", "_piece.*")
    return pieces.where(sf.col("_from") < sf.col("_to"))


def _day_of(us: Column) -> Column:
    return sf.floor(us / sf.lit(_DAY_US))


def _days(start_us: Column, end_us: Column) -> Column:
    return sf.explode(sf.sequence(_day_of(start_us), _day_of(end_us - 1)))
