"""Signals: time-weighted minutes, gaps, compression."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as sf

from benchmarks.families.family import Family, Write
from benchmarks.families.inputs import SECOND_US, START_US, put_readings, steps
from fabric_ot.transforms.signals.compression import keep_swinging_door
from fabric_ot.transforms.signals.gaps import to_gaps
from fabric_ot.transforms.signals.time_weighted import rollup_time_weighted

TAGS = [f"unit{n // 4}/t{n % 4}" for n in range(200)]
_START = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
_SERIES = ("tag_id", "event_time_utc", "value_double", "quality")
_ERROR = 0.5


def land_irregular(folder: Path, rows: int) -> None:
    """Samples of 200 tags, 1 to 5 s apart, in quarters of a degree; 1 % are bad."""
    random = np.random.default_rng(7)
    _, tag = steps(rows, len(TAGS))
    count = -(-rows // len(TAGS))
    gaps = random.integers(1, 6, (count, len(TAGS)))
    at = (np.cumsum(gaps, axis=0) - gaps).ravel()[:rows]
    values = np.round(80 + np.cumsum(random.normal(0, 1, (count, len(TAGS))), axis=0).ravel()[:rows] * 4) / 4
    put_readings(
        folder,
        series=tag,
        at_us=START_US + at * SECOND_US,
        names=TAGS,
        numbers=values,
        is_bad=random.random(rows) < 0.01,
    )


def land_gappy(folder: Path, rows: int) -> None:
    """Samples of 200 tags each second; one in 200 begins a silence of 2 to 30 s."""
    random = np.random.default_rng(7)
    step, tag = steps(rows, len(TAGS))
    shape = (-(-rows // len(TAGS)), len(TAGS))
    lengths = np.where(random.random(shape) < 0.005, random.integers(2, 31, shape), 0)
    silent = np.zeros(shape, dtype=bool)
    for k in range(30):
        silent[k:] |= (lengths > k)[: shape[0] - k]
    heard = ~silent.ravel()[:rows]
    values = np.round(random.normal(80, 4, rows), 2)
    put_readings(folder, series=tag[heard], at_us=START_US + step[heard] * SECOND_US, names=TAGS, numbers=values[heard])


def land_smooth(folder: Path, rows: int) -> None:
    """Samples of 200 tags each second that drift slowly and tremble; one in 1,000 is bad."""
    random = np.random.default_rng(7)
    step, tag = steps(rows, len(TAGS))
    shape = (-(-rows // len(TAGS)), len(TAGS))
    drift = np.cumsum(random.normal(0, 0.05, shape), axis=0).ravel()[:rows]
    values = np.round(80 + drift + random.normal(0, 0.1, rows), 3)
    is_bad = random.random(rows) < 0.001
    put_readings(folder, series=tag, at_us=START_US + step * SECOND_US, names=TAGS, numbers=values, is_bad=is_bad)


def _horizon(spark: SparkSession, folder: Path) -> dt.datetime:
    last = spark.read.parquet(f"{folder}/reading").agg(sf.max(sf.unix_seconds("event_time_utc"))).collect()[0][0]
    return dt.datetime.fromtimestamp((last // 60 + 1) * 60, tz=dt.UTC)


def ours_minutes(spark: SparkSession, folder: Path, write: Write) -> None:
    end = _horizon(spark, folder)
    samples = spark.read.parquet(f"{folder}/reading")
    write("minute", rollup_time_weighted(samples, bucket_s=60, start_utc=_START, end_utc=end))


def naive_minutes(spark: SparkSession, folder: Path, write: Write) -> None:
    """A row per second, and the mean of the seconds of each minute."""
    end_s = int(_horizon(spark, folder).timestamp())
    in_time = Window.partitionBy("tag_id").orderBy("event_time_utc")
    value = sf.when(sf.col("quality") == "GOOD", sf.col("value_double"))
    following = sf.coalesce(sf.unix_seconds(sf.lead("event_time_utc").over(in_time)), sf.lit(end_s))
    earlier = sf.last(value, ignorenulls=True).over(in_time.rowsBetween(Window.unboundedPreceding, -1))
    held = spark.read.parquet(f"{folder}/reading").withColumns({"next_s": following, "earlier": earlier})
    begin = sf.unix_seconds("event_time_utc")
    seconds = held.withColumn("second", sf.explode(sf.sequence(begin, sf.col("next_s") - 1)))
    minute = sf.timestamp_seconds(sf.col("second") - sf.col("second") % 60).alias("bucket_start_utc")
    is_new, when_told = sf.col("second") == begin, sf.when(value.isNotNull(), sf.col("second"))
    is_change = value.isNotNull() & ~value.eqNullSafe(sf.col("earlier"))
    measured = seconds.groupBy("tag_id", minute).agg(
        sf.avg(value).alias("mean"),
        sf.min(value).alias("min"),
        sf.max(value).alias("max"),
        sf.min_by(value, when_told).alias("start_value"),
        sf.max_by(value, when_told).alias("end_value"),
        sf.sum(value).alias("total"),
        sf.count(value).cast("double").alias("covered_s"),
        sf.count_if(value.isNull()).cast("double").alias("bad_s"),
        sf.max(sf.when(sf.col("quality") == "GOOD", 0).otherwise(1)).alias("worst"),
        sf.count_if(is_new).alias("sample_count"),
        sf.count_if(is_new & value.isNotNull()).alias("good_count"),
        sf.count_if(is_new & is_change).alias("transition_count"),
        sf.count_if(value != 0).cast("double").alias("nonzero_s"),
    )
    share = sf.col("covered_s") / 60
    write(
        "minute",
        measured.withColumns(
            {
                "bucket_s": sf.lit(60),
                "range": sf.col("max") - sf.col("min"),
                "delta": sf.col("end_value") - sf.col("start_value"),
                "coverage": share,
                "percent_good": share * 100,
                "quality": sf.when(share == 1, "GOOD").when(share == 0, "BAD").otherwise("UNCERTAIN"),
                "worst_quality": sf.when(sf.col("worst") == 0, "GOOD").otherwise("BAD"),
            }
        ).drop("worst"),
    )


def ours_gaps(spark: SparkSession, folder: Path, write: Write) -> None:
    write("gap", to_gaps(spark.read.parquet(f"{folder}/reading"), expected_interval_s=1.0))


def naive_gaps(spark: SparkSession, folder: Path, write: Write) -> None:
    """The calendar of all seconds, less those that came, and islands of what is left."""
    came = spark.read.parquet(f"{folder}/reading").select("tag_id", "event_time_utc")
    bounds = came.groupBy("tag_id").agg(sf.min("event_time_utc").alias("first"), sf.max("event_time_utc").alias("last"))
    grid = bounds.select("tag_id", sf.explode(sf.sequence("first", "last", sf.expr("interval 1 second"))).alias("at"))
    missing = grid.join(
        came, (grid.tag_id == came.tag_id) & (sf.col("at") == sf.col("event_time_utc")), "left_anti"
    ).withColumn("s", sf.unix_seconds("at"))
    rank = sf.row_number().over(Window.partitionBy("tag_id").orderBy("at"))
    islands = missing.withColumn("island", sf.col("s") - rank)
    found = islands.groupBy("tag_id", "island").agg(
        sf.min("s").alias("from_s"), sf.max("s").alias("to_s"), sf.count("s").alias("missing_count")
    )
    write(
        "gap",
        found.select(
            "tag_id",
            sf.timestamp_seconds(sf.col("from_s") - 1).alias("start_utc"),
            sf.timestamp_seconds(sf.col("to_s") + 1).alias("end_utc"),
            (sf.col("to_s") - sf.col("from_s") + 2).cast("double").alias("gap_s"),
            "missing_count",
        ),
    )


def ours_compression(spark: SparkSession, folder: Path, write: Write) -> None:
    write("kept", keep_swinging_door(spark.read.parquet(f"{folder}/reading").select(*_SERIES), error=_ERROR))


def naive_compression(spark: SparkSession, folder: Path, write: Write) -> None:
    """A pandas function per tag and hour that walks along the samples."""
    samples = spark.read.parquet(f"{folder}/reading").select(*_SERIES)
    hour = sf.floor(sf.unix_seconds("event_time_utc") / 3_600)
    grouped = samples.withColumn("hour", hour).groupBy("tag_id", "hour")
    write("kept", grouped.applyInPandas(_swing, samples.schema))


def _swing(hour: Any) -> Any:
    rows = hour.sort_values("event_time_utc")
    at = rows["event_time_utc"].astype("datetime64[us]").astype("int64").tolist()
    values = rows["value_double"].tolist()
    is_number = rows["quality"].isin(("GOOD", "UNCERTAIN")) & np.isfinite(rows["value_double"])
    qualities = rows["quality"].where(is_number, None).tolist()
    kept, origin, low, high = [0], 0, float("-inf"), float("inf")
    for n in range(1, len(at)):
        if qualities[n] is None or qualities[n] != qualities[n - 1]:
            kept += [n] if kept[-1] == n - 1 else [n - 1, n]
            origin, low, high = n, float("-inf"), float("inf")
            continue
        run = at[n] - at[origin]
        slope = (values[n] - values[origin]) / run
        if slope < low or slope > high:
            origin = n - 1
            if kept[-1] != origin:
                kept.append(origin)
            run, low, high = at[n] - at[origin], float("-inf"), float("inf")
        rise = values[n] - values[origin]
        low, high = max(low, (rise - _ERROR) / run), min(high, (rise + _ERROR) / run)
    if kept[-1] != len(at) - 1:
        kept.append(len(at) - 1)
    return rows.iloc[kept][list(_SERIES)]


MINUTES = Family("signal minutes", "a row per second, then a mean", land_irregular, ours_minutes, naive_minutes)
GAPS = Family("signal gaps", "a calendar of seconds, anti-joined", land_gappy, ours_gaps, naive_gaps)
COMPRESSION = Family(
    "signal compression", "`applyInPandas` per tag and hour", land_smooth, ours_compression, naive_compression
)
