"""Which input batches a silver step has not finished yet: what makes a second run free."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.jobs.instants import from_epoch_us

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fabric_ot.lakehouse import Lakehouse


def pending_batches(batches: DataFrame, silver: Lakehouse, *, step: str) -> tuple[str, ...]:
    """Return the `ingest_batch_id`s of `batches` that `step` has not finished, sorted."""
    finished = silver.read("plant.progress").where(sf.col("step") == step)
    pending = batches.select("ingest_batch_id").distinct().join(finished, "ingest_batch_id", "left_anti")
    return tuple(sorted(row.ingest_batch_id for row in pending.collect()))


def finished_by(silver: Lakehouse, *steps: str) -> DataFrame:
    """Return the batches that all of `steps` have finished."""
    done = silver.read("plant.progress").where(sf.col("step").isin(*steps))
    counted = done.groupBy("ingest_batch_id").agg(sf.count_distinct("step").alias("steps"))
    return counted.where(sf.col("steps") == len(steps))


def last_clock(silver: Lakehouse, *, step: str) -> dt.datetime | None:
    """Return the latest clock that `step` has finished a batch at; None before its first."""
    done = silver.read("plant.progress").where(sf.col("step") == step)
    micros = done.agg(sf.unix_micros(sf.max("finished_utc")).alias("us")).collect()[0].us
    return None if micros is None else from_epoch_us(micros)


def landed_batches(bronze: Lakehouse) -> DataFrame:
    """Return the batches that brought files, or rows of an Eventstream's table, into bronze."""
    landed = [bronze.read(f"plant.{name}").select("ingest_batch_id") for name in ("landing_file", "landing_table")]
    return landed[0].union(landed[1]).distinct()


def finish_batches(silver: Lakehouse, batches: Sequence[str], *, step: str, as_of_utc: dt.datetime) -> None:
    """Record that `step` is done with `batches`: the last write of a step.

    They are appended: a step asks first which batches it has not finished, and a merge would cost a commit more.
    """
    if batches:
        rows = silver.frame("plant.progress", [(step, batch, as_of_utc) for batch in batches])
        silver.append("plant.progress", rows)
