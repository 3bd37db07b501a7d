"""Minutes of a signal: its measures of OPC 10000-13 beside the counts of samples that broke a declared rule."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns, utc_literal
from fabric_ot.transforms.messages.source_quality import limit_of_code
from fabric_ot.transforms.samples import is_counted
from fabric_ot.transforms.signals.filling import to_filled_minutes
from fabric_ot.transforms.signals.rules import is_within_limits, with_flat_line, with_rate, with_stuck
from fabric_ot.transforms.signals.time_weighted import rollup_time_weighted

MINUTE_S = 60
FLAT_WINDOW_S = 600.0
_REFUSED = ("unit_unknown", "target_unknown", "unit_dimension")

_COUNTS: dict[str, str] = {
    "out_of_limits_count": "_is_out",
    "too_fast_count": "is_too_fast",
    "stuck_count": "is_stuck",
    "flat_line_count": "is_flat_line",
    "unit_refused_count": "is_unit_refused",
    "limited_count": "_is_limited",
}


_MEASURES = ("covered_s", "bad_s", "coverage", "percent_good")
_SAMPLE_COUNTS = ("sample_count", "good_count", *_COUNTS)


def in_catalogue_unit(samples: DataFrame, converted: DataFrame) -> DataFrame:
    """Return samples in the unit of the catalogue; a value that no conversion reaches is BAD and flagged.

    A tag without a unit in the catalogue, or a sample without any, is taken as it is: nothing contradicts it.

    Columns in:  samples: the columns to return; converted: the same rows as `with_value_in_unit` returns them.
    Columns out: those of `samples` (`value_double`, `quality` settled), `is_unit_refused` (boolean).
    Grain out:   that of `converted`.
    Cost:        no shuffle.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("in_catalogue_unit", converted, [*samples.columns, "converted_value", "unit_reason"])
    is_refused = sf.coalesce(sf.col("unit_reason").isin(*_REFUSED), sf.lit(False))
    is_told = sf.col("unit_reason").isNull() & sf.col("converted_value").isNotNull()
    settled = {
        "value_double": sf.when(is_told, sf.col("converted_value")).when(~is_refused, sf.col("value_double")),
        "quality": sf.when(is_refused & (sf.col("quality") != "STALE"), "BAD").otherwise(sf.col("quality")),
        "is_unit_refused": is_refused,
    }
    return converted.withColumns(settled).select(*samples.columns, "is_unit_refused")


def to_reading_minutes(samples: DataFrame, *, from_utc: dt.datetime, to_utc: dt.datetime, max_hold_s: str) -> DataFrame:
    """Turn samples into minutes: time-weighted measures, and how many samples broke which rule.

    Only minutes are returned of which anything is known: a value that holds, a bad sample, or any sample at all.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality`, `quality_code` (long: the source's own),
                 `is_unit_refused`, `max_hold_s`, and the limits of `plant.signal_rule` (null: not judged); one row
                 per tag and instant. Give the samples before `from_utc` that still speak then.
    Columns out: `tag_id`, `minute_utc`, `mean`, `min`, `max`, `end_value`, `covered_s`, `bad_s`, `coverage`,
                 `percent_good`, `quality`, `sample_count`, `good_count`, `out_of_limits_count`, `too_fast_count`,
                 `stuck_count`, `flat_line_count`, `unit_refused_count`, `limited_count` (the source says that the
                 value is at a limit of its sensor), `event_date`.
    Grain out:   one row per tag and minute in `[from_utc, to_utc)`, both whole minutes.
    Nulls:       the measures where no good value covers the minute.
    Cost:        two shuffles by `tag_id` (rules, measures) and one of the counts by tag and minute.

    Raises:
        ColumnContractError, ConfigError: as `rollup_time_weighted`.
    Source: OPC 10000-13 1.05, 5.4.3.
    """
    known = rollup_time_weighted(
        samples,
        bucket_s=MINUTE_S,
        start_utc=from_utc,
        end_utc=to_utc,
        max_hold_s=max_hold_s,
        keep_silent=False,
    ).withColumnRenamed("bucket_start_utc", "minute_utc")
    counts = _rule_counts(samples).where(sf.col("minute_utc") >= utc_literal(from_utc))
    counted = known.join(counts, ["tag_id", "minute_utc"], "left")
    return counted.withColumns(
        {name: sf.coalesce(name, sf.lit(0).cast("long")) for name in _COUNTS} | {"event_date": sf.to_date("minute_utc")}
    )


def with_filled_minutes(
    minutes: DataFrame, samples: DataFrame, *, from_utc: dt.datetime, to_utc: dt.datetime
) -> DataFrame:
    """Add the minutes that lie in a silence and are filled as their tag declares; see `to_filled_minutes`.

    A filled minute measures nothing: no mean, no coverage, quality BAD. What was put into it stands apart.

    Columns in:  minutes: as `to_reading_minutes` returns them; samples: as it takes them, and `fill_method`,
                 `max_fill_s`; give those before `from_utc` between which a silence may be filled.
    Columns out: those of `minutes`, `filled_value` (double), `fill_method` (string); null where measured.
    Grain out:   one row per tag and minute: a filled minute has no row in `minutes`.
    Cost:        one shuffle by `tag_id`.

    Raises:
        ColumnContractError, ConfigError: as `to_filled_minutes`.
    """
    filled = to_filled_minutes(samples, method="fill_method", max_hold_s="max_hold_s", max_fill_s="max_fill_s")
    minute = sf.col("minute_utc")
    inside = filled.where((minute >= utc_literal(from_utc)) & (minute < utc_literal(to_utc)))
    silent = {name: sf.lit(0.0) for name in _MEASURES} | {name: sf.lit(0).cast("long") for name in _SAMPLE_COUNTS}
    dated = inside.withColumns(silent | {"quality": sf.lit("BAD"), "event_date": sf.to_date("minute_utc")})
    return minutes.unionByName(dated, allowMissingColumns=True)


def _rule_counts(samples: DataFrame) -> DataFrame:
    is_out = is_counted() & ~is_within_limits(low="lower_limit", high="upper_limit")
    marked = samples.withColumns({"_is_out": is_out, "_is_limited": limit_of_code(sf.col("quality_code")) != "none"})
    ruled = with_rate(marked, max_rate_per_s="max_rate_per_s", max_gap_s="max_hold_s")
    ruled = with_stuck(ruled, min_duration_s="stuck_after_s", max_gap_s="max_hold_s")
    ruled = with_flat_line(ruled, window_s=FLAT_WINDOW_S, tolerance="flat_tolerance")
    minute = sf.date_trunc("minute", "event_time_utc").alias("minute_utc")
    return ruled.groupBy("tag_id", minute).agg(*[_count(flag).alias(name) for name, flag in _COUNTS.items()])


def _count(flag: str) -> Column:
    return sf.count_if(sf.coalesce(sf.col(flag), sf.lit(False)))
