"""Quality samples with the values of the process as of each, restated where late readings or samples touch them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.jobs.instants import from_epoch_us
from fabric_ot.jobs.progress import finish_batches, finished_by, last_clock, pending_batches
from fabric_ot.jobs.signal_window import earliest_new
from fabric_ot.jobs.touched_assets import has_reference_rows
from fabric_ot.transforms.intervals import utc_literal
from fabric_ot.transforms.samples import join_tags, keep_last_sample
from fabric_ot.transforms.signals.minutes import in_catalogue_unit
from fabric_ot.transforms.spc.context import to_process_values
from fabric_ot.transforms.units.conversion import unit_rows, with_value_in_unit

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fabric_ot.lakehouse import Lakehouse

STEP = "quality_context"
CONTEXT = "plant.quality_context"


def write_quality_context(silver: Lakehouse, *, as_of_utc: dt.datetime) -> dict[str, int]:
    """See samples with the process again, from the earliest new reading on; return the rows that changed, by table.

    New reference rows (samples, declared tags, the catalogue) see all samples again. Rows that come out as they are
    stay as they are, so a late reading restates the samples that it is the last word for, and no others. Where no
    chart declares a tag there is no table. `as_of_utc` is noted in `plant.progress`.
    """
    batches = pending_batches(finished_by(silver, "reference", "reading"), silver, step=STEP)
    if not batches:
        return {}
    is_whole = last_clock(silver, step=STEP) is None or has_reference_rows(silver, batches)
    since = None if is_whole else earliest_new(silver, batches)
    counts: dict[str, int] = {}
    is_declared = not silver.read("plant.chart_tag").isEmpty()
    if (is_declared or silver.version(CONTEXT) is not None) and (is_whole or since is not None):
        where = None if since is None else sf.col("event_time_utc") >= utc_literal(since)
        samples = silver.read("plant.quality_sample")
        touched = samples if where is None else samples.where(where)
        rows = to_process_values(touched, silver.read("plant.chart_tag"), _readings(silver, touched))
        counts["quality_context"] = silver.replace(CONTEXT, rows, where=where).changed
    finish_batches(silver, batches, step=STEP, as_of_utc=as_of_utc)
    return counts


def _readings(silver: Lakehouse, samples: DataFrame) -> DataFrame:
    """Return the last word of declared tags for each instant that may be the last before one of `samples`."""
    declared = silver.read("plant.chart_tag")
    oldest = declared.agg(sf.max("max_age_s")).collect()[0][0] or 0.0
    ends = samples.agg(*(sf.unix_micros(end("event_time_utc")) for end in (sf.min, sf.max))).collect()[0]
    readings = silver.read("plant.reading").join(sf.broadcast(declared.select("tag_id").distinct()), "tag_id", "semi")
    if ends[0] is None:
        return readings.where(sf.lit(False))
    first = utc_literal(from_epoch_us(ends[0]) - dt.timedelta(seconds=oldest))
    last = utc_literal(from_epoch_us(ends[1]))
    is_near = sf.col("event_time_utc").between(first, last)
    is_near &= sf.col("event_date").between(sf.to_date(first), sf.to_date(last))
    told = keep_last_sample(join_tags(readings.where(is_near), silver.read("plant.tag"), tag_unit="tag_unit"))
    units = silver.frame("plant.unit", unit_rows())
    settled = in_catalogue_unit(told, with_value_in_unit(told, units, to_unit=sf.col("tag_unit")))
    return settled.withColumn("unit", sf.coalesce("tag_unit", "unit"))
