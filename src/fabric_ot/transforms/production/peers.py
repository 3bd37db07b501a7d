"""Formulas that public manufacturing accelerators publish, run beside ours on the same input.

Each comparison gives rows of one shape, so that they can be united into one report: `formula`, `source`, `subject`,
`ours`, `theirs` (strings, for a person), `difference` (double, theirs - ours), `unit`, `explanation`. They show what
goes wrong and are no part of the data path.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import join_covering, require_columns
from fabric_ot.transforms.numbers import require_numbers
from fabric_ot.transforms.production.counters import to_count_deltas
from fabric_ot.transforms.production.kpis import known_sum
from fabric_ot.transforms.samples import is_counted

COMPARISON_COLUMNS: tuple[str, ...] = (
    "formula", "source", "subject", "ours", "theirs", "difference", "unit", "explanation",
)  # fmt: skip

_IIP = "Azure-Samples/industrial-iot-patterns"
_JUMPSTART = "DaSenf1860/jumpstartdemos@afdc566 real-time-manufacturing"
_ONTOLOGIES = "digitaltwinconsortium/ManufacturingOntologies@f565c12"
_OPERATIONS = "microsoft real-time-intelligence-operations accelerator@3e81939"
_OEE_INPUTS = (
    "planned_busy_s", "production_s", "ideal_runtime_s", "ideal_good_runtime_s", "good_qty", "produced_qty",
)  # fmt: skip


def to_oee_comparison(facts: DataFrame, *, by: Sequence[str]) -> DataFrame:
    """Compare OEE with downtime charged twice, and with a mean of the rows' ratios.

    Columns in:  `by`, `planned_busy_s`, `production_s`, `ideal_runtime_s`, `ideal_good_runtime_s`, `good_qty`,
                 `produced_qty`; one row per hour or shift.
    Columns out: `COMPARISON_COLUMNS`; `subject` is `by` joined by slashes.
    Grain out:   two rows per group: formulas downtime_twice and mean_of_ratios.
    Nulls:       a formula that is undefined on the input is null.
    Cost:        one shuffle of partial sums by `by`.
    Source:      the repositories named in the column `source`.

    Raises:
        ColumnContractError: a column is missing or not a number.
    """
    require_columns("to_oee_comparison", facts, by)
    require_numbers("to_oee_comparison", facts, _OEE_INPUTS)
    of_row = sf.try_divide(sf.col("ideal_good_runtime_s").cast("double"), sf.col("planned_busy_s").cast("double"))
    sums = facts.groupBy(*by).agg(*[known_sum(name) for name in _OEE_INPUTS], sf.avg(of_row).alias("_mean"))
    ours = _over("ideal_good_runtime_s", "planned_busy_s")
    # run time does not appear in their performance, so a stopped hour lowers availability and performance
    theirs = (
        _over("production_s", "planned_busy_s")
        * _over("ideal_runtime_s", "planned_busy_s")
        * _over("good_qty", "produced_qty")
    )
    subject = sf.concat_ws("/", *[sf.col(name).cast("string") for name in by])
    twice = "performance is divided by planned time instead of run time: downtime is charged twice"
    mean = "an unweighted mean of ratios: a short hour counts as much as a full one"
    rows = sf.array(
        _numbers("downtime_twice", _IIP, subject, ours, theirs, "ratio", twice),
        _numbers("mean_of_ratios", _JUMPSTART, subject, ours, sf.col("_mean"), "ratio", mean),
    )
    return sums.select(sf.explode(rows).alias("_row")).select("_row.*")


def to_wall_time_comparison(wall_times: DataFrame) -> DataFrame:
    """Compare UTC by IANA zone with an offset that is added, and with one that never changes.

    Columns in:  `local` (string, yyyy-MM-dd HH:mm:ss), `time_zone` (IANA), `utc_offset_h` (number: the offset column
                 of the plant's table).
    Columns out: `COMPARISON_COLUMNS`; the difference is in hours.
    Grain out:   two rows per wall time: formulas offset_added and offset_fixed.
    Nulls:       a text that is no time gives null.
    Cost:        no shuffle.
    Source:      the repositories named in the column `source`.
    """
    require_columns("to_wall_time_comparison", wall_times, ["local", "time_zone", "utc_offset_h"])
    local = sf.try_to_timestamp("local")
    ours = sf.to_utc_timestamp(local, sf.col("time_zone"))
    offset_us = sf.round(sf.col("utc_offset_h") * 3.6e9).cast("long")
    added, fixed = (sf.timestamp_micros(sf.unix_micros(local) + shift) for shift in (offset_us, -offset_us))
    subject = sf.concat_ws(" ", "local", "time_zone")
    wrong_sign = "UTC is local time minus the offset; here the offset is added"
    no_dst = "one offset for the whole year: an hour off while daylight saving time says otherwise"
    rows = sf.array(
        _instants("offset_added", _IIP, subject, ours, added, wrong_sign),
        _instants("offset_fixed", _ONTOLOGIES, subject, ours, fixed, no_dst),
    )
    return wall_times.select(sf.explode(rows).alias("_row")).select("_row.*")


def to_wall_times(instances: DataFrame) -> DataFrame:
    """Tell the shift starts of each site's latest production date, as a table with one offset per site would.

    Columns in:  `plant.shift_instance`.
    Columns out: `site_id`, `event_time_utc`, `local`, `time_zone`, `utc_offset_h` (the zone's on 1 January).
    Grain out:   one row per shift instance of the site's latest production date.
    Cost:        one shuffle by `site_id`.
    """
    require_columns("to_wall_times", instances, ["site_id", "production_date", "start_utc", "time_zone"])
    latest = sf.max("production_date").over(Window.partitionBy("site_id"))
    kept = instances.withColumn("_latest", latest).where(sf.col("production_date") == sf.col("_latest"))
    january = sf.timestamp_seconds(sf.unix_date(sf.trunc("production_date", "year")).cast("long") * 86_400)
    offset_s = sf.unix_seconds(sf.from_utc_timestamp(january, sf.col("time_zone"))) - sf.unix_seconds(january)
    local = sf.from_utc_timestamp("start_utc", sf.col("time_zone"))
    return kept.select(
        "site_id",
        sf.col("start_utc").alias("event_time_utc"),
        sf.date_format(local, "yyyy-MM-dd HH:mm:ss").alias("local"),
        "time_zone",
        (offset_s / 3600).alias("utc_offset_h"),
    )


def to_shift_end_comparison(shifts: DataFrame) -> DataFrame:
    """Compare the daily shift time of sites whose shift ends are stored as 07:59:59.

    Ours reads such an end as the last second of the shift, so that the shift ends at 08:00:00.

    Columns in:  `site_id`, `start_local`, `end_local` (HH:mm:ss; at or before the start means the next day).
    Columns out: `COMPARISON_COLUMNS`; the difference is in seconds per day.
    Grain out:   one row per site: formula last_second_lost.
    Cost:        one shuffle of partial sums by `site_id`.
    Source:      the repository named in the column `source`.
    """
    require_columns("to_shift_end_comparison", shifts, ["site_id", "start_local", "end_local"])
    start, end = _seconds_of_day(sf.col("start_local")), _seconds_of_day(sf.col("end_local"))
    stored = sf.when(end <= start, end + 86_400).otherwise(end) - start
    meant = sf.when(sf.pmod(end, sf.lit(60)) == sf.lit(59), stored + 1).otherwise(stored)
    sums = shifts.groupBy("site_id").agg(sf.sum(meant).alias("_ours"), sf.sum(stored).alias("_theirs"))
    lost = "an end written 07:59:59 and read as the exclusive end loses a second per shift"
    ours, theirs = sf.col("_ours").cast("double"), sf.col("_theirs").cast("double")
    row = _numbers("last_second_lost", _IIP, sf.col("site_id"), ours, theirs, "s", lost)
    return sums.select(row.alias("_row")).select("_row.*")


def to_count_comparison(samples: DataFrame, tags: DataFrame) -> DataFrame:
    """Compare counting by increments with the maximum less the minimum.

    Columns in:  as `to_count_deltas`.
    Columns out: `COMPARISON_COLUMNS`; `subject` is `tag_id`.
    Grain out:   one row per counter with at least two good samples: formula max_minus_min.
    Cost:        two shuffles by `tag_id`.
    Source:      the repository named in the column `source`.
    """
    deltas = to_count_deltas(samples, tags)
    ours = deltas.groupBy("tag_id").agg(sf.sum("delta").alias("_ours"))
    spread = sf.max("value_double") - sf.min("value_double")
    theirs = samples.where(is_counted()).groupBy("tag_id").agg(spread.alias("_theirs"))
    missed = "maximum less minimum: a rollover or reset inside the span becomes the whole range"
    row = _numbers("max_minus_min", _ONTOLOGIES, sf.col("tag_id"), sf.col("_ours"), sf.col("_theirs"), "units", missed)
    return ours.join(theirs, "tag_id").select(row.alias("_row")).select("_row.*")


def to_shift_comparison(instants: DataFrame, instances: DataFrame, shifts: DataFrame) -> DataFrame:
    """Compare the shift of an instant by the local calendar with the shift of its UTC hour.

    Columns in:  instants: `site_id`, `event_time_utc`; instances: `plant.shift_instance`; shifts: `plant.shift`.
    Columns out: `COMPARISON_COLUMNS`; shifts are written `production date/shift id`, the difference is in days.
    Grain out:   one row per instant: formula utc_hour (more where the wall times of a site's shifts overlap).
    Nulls:       null where an instant lies in no shift.
    Cost:        instances and shifts are broadcast; no shuffle of `instants`.
    Source:      the repository named in the column `source`.
    """
    require_columns("to_shift_comparison shifts", shifts, ["site_id", "shift_id", "start_local", "end_local"])
    names = ["site_id", "shift_id", "production_date", "start_utc", "end_utc"]
    require_columns("to_shift_comparison instances", instances, names)
    points = instants.select("site_id", "event_time_utc")
    named = join_covering(points, instances.select(*names), on=("site_id",), at="event_time_utc").alias("ours")
    start, end = (_seconds_of_day(sf.col(f"theirs.{edge}")) for edge in ("start_local", "end_local"))
    of_day = sf.pmod(sf.unix_seconds("ours.event_time_utc"), sf.lit(86_400))
    inside = sf.when(start < end, (of_day >= start) & (of_day < end)).otherwise((of_day >= start) | (of_day < end))
    calendar = sf.broadcast(shifts).alias("theirs")
    both = named.join(calendar, (sf.col("ours.site_id") == sf.col("theirs.site_id")) & inside, "left")
    utc_date = sf.col("ours.event_time_utc").cast("date")
    subject = sf.concat_ws(" ", "ours.site_id", _instant_text(sf.col("ours.event_time_utc")))
    hour = "the hour of UTC is taken for the hour of the plant: the wrong shift, and before midnight the wrong day"
    row = _row(
        "utc_hour", _OPERATIONS, subject,
        _shift_text(sf.col("ours.production_date"), sf.col("ours.shift_id")),
        _shift_text(utc_date, sf.col("theirs.shift_id")),
        sf.date_diff(utc_date, sf.col("ours.production_date")).cast("double"), "d", hour,
    )  # fmt: skip
    return both.select(row.alias("_row")).select("_row.*")


def _over(above: str, below: str) -> Column:
    return sf.try_divide(sf.col(above).cast("double"), sf.col(below).cast("double"))


def _seconds_of_day(wall: Column) -> Column:
    hours, minutes, seconds = (sf.substring(wall, start, 2).cast("int") for start in (1, 4, 7))
    return hours * 3600 + minutes * 60 + seconds


def _instant_text(at: Column) -> Column:
    return sf.date_format(at, "yyyy-MM-dd HH:mm:ss'Z'")


def _shift_text(date: Column, shift_id: Column) -> Column:
    return sf.concat(date.cast("string"), sf.lit("/"), shift_id)


def _instants(formula: str, source: str, subject: Column, ours: Column, theirs: Column, explanation: str) -> Column:
    hours = (sf.unix_micros(theirs) - sf.unix_micros(ours)) / sf.lit(3.6e9)
    return _row(formula, source, subject, _instant_text(ours), _instant_text(theirs), hours, "h", explanation)


def _numbers(
    formula: str, source: str, subject: Column, ours: Column, theirs: Column, unit: str, explanation: str
) -> Column:
    texts = [sf.when(number.isNotNull(), sf.format_string("%.6f", number)) for number in (ours, theirs)]
    return _row(formula, source, subject, texts[0], texts[1], theirs - ours, unit, explanation)


def _row(
    formula: str, source: str, subject: Column, ours: Column, theirs: Column, difference: Column, unit: str, text: str
) -> Column:
    values = (sf.lit(formula), sf.lit(source), subject, ours, theirs, difference, sf.lit(unit), sf.lit(text))
    return sf.struct(*[value.alias(name) for name, value in zip(COMPARISON_COLUMNS, values, strict=True)])
