"""Which input batches a silver step has not finished yet: what makes a second run free."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fabric_ot.lakehouse import Lakehouse


def pending_batches(batches: DataFrame, silver: Lakehouse, *, step: str) -> tuple[str, ...]:
    """Return the `ingest_batch_id`s of `batches` that `step` has not finished, sorted."""
    finished = silver.read("plant.progress").where(sf.col("step") == step)
    pending = batches.select("ingest_batch_id").distinct().join(finished, "ingest_batch_id", "left_anti")
    return tuple(sorted(row.ingest_batch_id for row in pending.collect()))


def landed_batches(bronze: Lakehouse) -> DataFrame:
    """Return the batches that brought files into bronze."""
    return bronze.read("plant.landing_file").select("ingest_batch_id").distinct()


def finish_batches(silver: Lakehouse, batches: Sequence[str], *, step: str, as_of_utc: dt.datetime) -> None:
    """Record that `step` is done with `batches`: the last write of a step."""
    if batches:
        rows = silver.frame("plant.progress", [(step, batch, as_of_utc) for batch in batches])
        silver.merge("plant.progress", rows, keep="target")
