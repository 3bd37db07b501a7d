"""Which minutes a signal run measures again, and how far back it must read for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.jobs.instants import from_epoch_us, whole_minute
from fabric_ot.jobs.progress import last_clock
from fabric_ot.transforms.intervals import utc_literal
from fabric_ot.transforms.signals.minutes import FLAT_WINDOW_S

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from fabric_ot.lakehouse import Lakehouse


@dataclass(frozen=True)
class SignalWindow:
    """The whole minutes `[from_utc, to_utc)`, and where samples begin that still speak in them."""

    from_utc: dt.datetime
    to_utc: dt.datetime
    read_from_utc: dt.datetime

    def is_from(self, name: str) -> Column:
        """Say whether an instant of the table is of the window."""
        return sf.col(name) >= utc_literal(self.from_utc)

    def rows_of(self, readings: DataFrame) -> DataFrame:
        """Return the readings that the window needs; whole days without any are not read."""
        start = utc_literal(self.read_from_utc)
        recent = (sf.col("event_date") >= sf.to_date(start)) & (sf.col("event_time_utc") >= start)
        return readings.where(recent & (sf.col("event_time_utc") < utc_literal(self.to_utc)))


def find_window(
    silver: Lakehouse, batches: Sequence[str], *, step: str, as_of_utc: dt.datetime, max_hold_s: float
) -> SignalWindow | None:
    """Return what `batches` have touched; None where that is nothing.

    From the earliest new reading on, but not from later than the last run's clock: values that were held up to it go
    on. From the first reading on where the step never ran, or reference rows came.
    """
    if not batches:
        return None
    readings = silver.read("plant.reading")
    before = last_clock(silver, step=step)
    if before is None or _has_reference_rows(silver, batches):
        earliest = _earliest(readings)
    else:
        earliest = _earliest(readings.where(sf.col("ingest_batch_id").isin(*batches)))
        earliest = None if earliest is None else min(earliest, before)
    to_utc = whole_minute(as_of_utc)
    if earliest is None or earliest >= to_utc:
        return None
    from_utc = whole_minute(earliest)
    return SignalWindow(from_utc, to_utc, from_utc - dt.timedelta(seconds=_look_back_s(silver, max_hold_s)))


def _earliest(readings: DataFrame) -> dt.datetime | None:
    micros = readings.agg(sf.unix_micros(sf.min("event_time_utc")).alias("us")).collect()[0].us
    return None if micros is None else from_epoch_us(micros)


def _has_reference_rows(silver: Lakehouse, batches: Sequence[str]) -> bool:
    audit = silver.read("plant.batch_audit").where(sf.col("decoder") == "reference")
    return not audit.where(sf.col("ingest_batch_id").isin(*batches)).isEmpty()


def _look_back_s(silver: Lakehouse, max_hold_s: float) -> float:
    """Return the longest time over which one sample has a say: held, stuck, or the last one before a gap."""
    longest = sf.greatest(
        sf.max("max_hold_s"), sf.max("stuck_after_s"), sf.max("max_interval_s"), sf.max("expected_interval_s") * 1.5
    )
    declared = silver.read("plant.signal_rule").agg(longest.alias("s")).collect()[0].s
    return max(declared or 0.0, max_hold_s, FLAT_WINDOW_S)
