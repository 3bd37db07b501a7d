"""Which minutes a signal run measures again, and how far back it must read for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.jobs.instants import from_epoch_us, whole_minute
from fabric_ot.jobs.progress import last_clock
from fabric_ot.jobs.touched_assets import has_reference_rows
from fabric_ot.transforms.intervals import epoch_us, utc_literal
from fabric_ot.transforms.signals.compression import BLOCK_S
from fabric_ot.transforms.signals.minutes import FLAT_WINDOW_S

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from fabric_ot.lakehouse import Lakehouse

_BLOCK_US = BLOCK_S * 1_000_000


@dataclass(frozen=True)
class SignalWindow:
    """The whole minutes `[from_utc, to_utc)`, and where samples begin that still speak in them."""

    from_utc: dt.datetime
    to_utc: dt.datetime
    read_from_utc: dt.datetime

    @property
    def block_from_utc(self) -> dt.datetime:
        """The start of the block of compression that the window begins in."""
        return from_epoch_us(epoch_us(self.from_utc) // _BLOCK_US * _BLOCK_US)

    def is_from(self, name: str) -> Column:
        """Say whether an instant of the table is of the window."""
        return sf.col(name) >= utc_literal(self.from_utc)

    def rows_of(self, readings: DataFrame) -> DataFrame:
        """Return the readings that the window needs; whole days without any are not read."""
        start = utc_literal(self.read_from_utc)
        recent = (sf.col("event_date") >= sf.to_date(start)) & (sf.col("event_time_utc") >= start)
        return readings.where(recent & (sf.col("event_time_utc") < utc_literal(self.to_utc)))


def find_window(
    silver: Lakehouse,
    batches: Sequence[str],
    *,
    step: str,
    as_of_utc: dt.datetime,
    max_hold_s: float,
    max_fill_s: float,
) -> SignalWindow | None:
    """Return what `batches`, or time that has passed, have touched; None where that is nothing.

    From the earliest new reading on, but not from later than the last run's clock: values that were held up to it,
    and silences, go on. From further back where silences are filled: a new reading may end one. From the first
    reading on where the step never ran, or reference rows came.
    """
    earliest = _earliest_touched(silver, batches, before=last_clock(silver, step=step))
    to_utc = whole_minute(as_of_utc)
    if earliest is None or earliest >= to_utc:
        return None
    held_s, filled_s = _look_back_s(silver, max_hold_s=max_hold_s, max_fill_s=max_fill_s)
    from_utc = whole_minute(earliest - dt.timedelta(seconds=filled_s))
    window = SignalWindow(from_utc, to_utc, from_utc - dt.timedelta(seconds=max(held_s, filled_s)))
    return replace(window, read_from_utc=min(window.read_from_utc, window.block_from_utc))


def _earliest_touched(silver: Lakehouse, batches: Sequence[str], *, before: dt.datetime | None) -> dt.datetime | None:
    readings = silver.read("plant.reading")
    if not batches:
        return before
    if before is None or has_reference_rows(silver, batches):
        return _earliest(readings)
    earliest = earliest_new(silver, batches)
    return before if earliest is None else min(earliest, before)


def _new(readings: DataFrame, silver: Lakehouse, batches: Sequence[str]) -> DataFrame:
    """Return the readings of new batches, and all of edge nodes whose first birth came: it releases what was held."""
    is_new = sf.col("ingest_batch_id").isin(*batches)
    is_first_birth = is_new & (sf.col("message_type") == "NBIRTH") & (sf.col("birth_epoch") == 1)
    nodes = silver.read("plant.sparkplug_message").where(is_first_birth).select("edge_node_id").distinct()
    released = nodes.withColumn("_is_released", sf.lit(True))
    told = readings.join(sf.broadcast(released), "edge_node_id", "left")
    return told.where(is_new | sf.col("_is_released"))


def earliest_new(silver: Lakehouse, batches: Sequence[str]) -> dt.datetime | None:
    """Return the event time of the earliest reading that `batches` brought or released; None without any."""
    return _earliest(_new(silver.read("plant.reading"), silver, batches))


def _earliest(readings: DataFrame) -> dt.datetime | None:
    micros = readings.agg(sf.unix_micros(sf.min("event_time_utc")).alias("us")).collect()[0].us
    return None if micros is None else from_epoch_us(micros)


def _look_back_s(silver: Lakehouse, *, max_hold_s: float, max_fill_s: float) -> tuple[float, float]:
    """Return over how long one sample has a say (held, stuck, or the last one before a gap), and silence is filled."""
    longest = sf.greatest(
        sf.max("max_hold_s"), sf.max("stuck_after_s"), sf.max("max_interval_s"), sf.max("expected_interval_s") * 1.5
    )
    fills = sf.when(sf.col("fill_method").isNotNull(), sf.coalesce("max_fill_s", sf.lit(max_fill_s)))
    rules = silver.read("plant.signal_rule").agg(longest.alias("held_s"), sf.max(fills).alias("filled_s"))
    declared = rules.collect()[0]
    return max(declared.held_s or 0.0, max_hold_s, FLAT_WINDOW_S), declared.filled_s or 0.0
