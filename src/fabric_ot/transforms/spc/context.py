"""What the process was like when a part was taken: each sample with the last readings from before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import elapsed_us, require_columns
from fabric_ot.transforms.signals.as_of import join_as_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def to_process_values(samples: DataFrame, declared: DataFrame, readings: DataFrame) -> DataFrame:
    """Turn samples into one row per sample and declared tag, with the tag's value as of the sample.

    The last reading counts, whatever its quality: a BAD or STALE one is not skipped for a good one from before it,
    since the process had moved on. A reading of the sample's own instant counts; one that is older than the tag's
    `max_age_s` does not.

    Columns in:  samples: `chart_id`, `sample_id`, `event_time_utc`; declared: `plant.chart_tag`; readings: `tag_id`,
                 `event_time_utc`, `value_double`, `unit`, `quality`, one row per tag and instant (`keep_last_sample`).
    Columns out: those of `plant.quality_context`.
    Grain out:   one row per sample and tag that its chart declares; a sample of a chart without tags gives none.
    Nulls:       `value_double`, `unit`, `quality`, `as_of_utc` and `age_s` where no reading is young enough.
    Cost:        the declaration is broadcast; one shuffle of samples and readings by `tag_id`.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("to_process_values samples", samples, ["chart_id", "sample_id", "event_time_utc"])
    require_columns("to_process_values declared", declared, ["chart_id", "tag_id", "max_age_s"])
    told = ("value_double", "unit", "quality")
    require_columns("to_process_values readings", readings, ["tag_id", "event_time_utc", *told])
    asked = samples.select("chart_id", "sample_id", "event_time_utc").join(
        sf.broadcast(declared.select("chart_id", "tag_id", "max_age_s")), "chart_id"
    )
    known = readings.select("tag_id", "event_time_utc", *told)
    found = join_as_of(asked, known, on=("tag_id",), max_age_s="max_age_s")
    age_s = elapsed_us(sf.col("as_of_utc"), sf.col("event_time_utc")) / 1e6
    return found.withColumn("age_s", age_s).drop("max_age_s")
