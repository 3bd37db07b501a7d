"""States by shift, and counts by shift."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as sf

from benchmarks.families.family import Family, Write
from benchmarks.families.inputs import SECOND_US, START_US, put, put_readings, put_shifts, put_tags, steps, words
from fabric_ot.transforms.production.counters import join_product_running, to_count_deltas
from fabric_ot.transforms.production.facts import to_shift_counts
from fabric_ot.transforms.samples import keep_last_sample
from fabric_ot.transforms.states.runs import to_state_intervals
from fabric_ot.transforms.states.segments import to_segments, to_state_time

ASSETS = [f"unit{n}" for n in range(100)]
COUNTERS = [f"{asset}/{kind}" for asset in ASSETS for kind in ("good", "scrap")]
_STATES = ["EXECUTE", "HELD", "IDLE", "STOPPED"]
_CATEGORIES = ["production", "unplanned_down", "idle", "planned_down"]
_INSTANCE = ("site_id", "shift_id", "production_date")
_SHIFT = ("asset_id", *_INSTANCE)
_CADENCE_US = 5 * SECOND_US


def land_states(folder: Path, rows: int) -> None:
    """The state of 100 machines every 5 s, each from a minute later on; 6 % of them not EXECUTE, 2 % come twice."""
    random = np.random.default_rng(7)
    step, asset = steps(rows, len(ASSETS))
    state = random.choice(4, rows, p=[0.94, 0.02, 0.02, 0.02])
    at = START_US + step * _CADENCE_US + asset * 60 * SECOND_US
    texts = words(state, _STATES)
    put_readings(
        folder,
        series=asset,
        at_us=at,
        names=[f"{a}/state" for a in ASSETS],
        asset_ids=ASSETS,
        texts=texts,
        repeated=0.02,
    )
    put(folder, "category", {"state": _STATES, "time_category": _CATEGORIES})
    put_shifts(folder, assets=ASSETS, until_us=int(at[-1]) + _CADENCE_US)


def land_counters(folder: Path, rows: int) -> None:
    """Good and scrap counters of 100 machines every 5 s; 1 % are bad, 2 % come twice, each starts over at 1,000."""
    random = np.random.default_rng(7)
    step, counter = steps(rows, len(COUNTERS))
    grown = np.cumsum(random.integers(0, 3, (-(-rows // len(COUNTERS)), len(COUNTERS))), axis=0).ravel()[:rows]
    at = START_US + step * _CADENCE_US
    put_readings(
        folder,
        series=counter,
        at_us=at,
        names=COUNTERS,
        asset_ids=[name.partition("/")[0] for name in COUNTERS],
        numbers=(grown % 1_000).astype(float),
        is_bad=random.random(rows) < 0.01,
        repeated=0.02,
    )
    roles = [f"{name.partition('/')[2]}_counter" for name in COUNTERS]
    put_tags(folder, names=COUNTERS, asset_ids=[name.partition("/")[0] for name in COUNTERS], roles=roles)
    put_shifts(folder, assets=ASSETS, until_us=int(at[-1]) + _CADENCE_US)


def _last_end(spark: SparkSession, folder: Path) -> dt.datetime:
    last = spark.read.parquet(f"{folder}/asset_shift").agg(sf.max(sf.unix_seconds("end_utc"))).collect()[0][0]
    return dt.datetime.fromtimestamp(last, tz=dt.UTC)


def ours_states(spark: SparkSession, folder: Path, write: Write) -> None:
    samples = keep_last_sample(spark.read.parquet(f"{folder}/reading"), keys=("asset_id",))
    categories = spark.read.parquet(f"{folder}/category")
    intervals = to_state_intervals(samples, categories, horizon_utc=_last_end(spark, folder))
    no_runs = spark.createDataFrame([], "asset_id string, product_id string, start_utc timestamp, end_utc timestamp")
    stops = spark.read.parquet(f"{folder}/planned_stop")
    segments = to_segments(intervals, no_runs, spark.read.parquet(f"{folder}/asset_shift"), stops)
    write("state_time", to_state_time(segments))


def naive_states(spark: SparkSession, folder: Path, write: Write) -> None:
    """dropDuplicates, windows over whole rows, a range join with the shifts."""
    samples = spark.read.parquet(f"{folder}/reading").dropDuplicates(["asset_id", "event_time_utc"])
    in_time = Window.partitionBy("asset_id").orderBy("event_time_utc")
    before = sf.lag("value_string").over(in_time)
    changes = samples.withColumn("before", before).where("before is null or before <> value_string")
    horizon = sf.timestamp_seconds(sf.lit(int(_last_end(spark, folder).timestamp())))
    end = sf.coalesce(sf.lead("event_time_utc").over(in_time), horizon)
    named = changes.withColumn("end", end).join(
        spark.read.parquet(f"{folder}/category").withColumnRenamed("state", "value_string"), "value_string"
    )
    shifts = spark.read.parquet(f"{folder}/asset_shift")
    stops = spark.read.parquet(f"{folder}/planned_stop").select(*_INSTANCE, *_bounds("stop_from", "stop_to"))
    meets = (
        (sf.col("i.asset_id") == sf.col("s.asset_id"))
        & (sf.col("event_time_utc") < sf.col("end_utc"))
        & (sf.col("end") > sf.col("start_utc"))
    )
    parts = (
        named.alias("i")
        .join(shifts.alias("s"), meets)
        .select(
            *[f"s.{name}" for name in _SHIFT],
            sf.col("value_string").alias("state"),
            "time_category",
            sf.unix_micros(sf.greatest("event_time_utc", "start_utc")).alias("from"),
            sf.unix_micros(sf.least("end", "end_utc")).alias("to"),
        )
    )
    whole = shifts.select(*_SHIFT, *_bounds("from", "to"))
    told = _with_stops(parts, stops).groupBy(*_SHIFT, "state", "time_category").agg(*_summed("us", "stop_us"))
    met = told.groupBy(*_SHIFT).agg(sf.sum("us").alias("told_us"), sf.sum("stop_us").alias("told_stop_us"))
    silent = (
        _with_stops(whole, stops)
        .join(met, list(_SHIFT), "left")
        .select(
            *_SHIFT,
            sf.lit("NO_SIGNAL").alias("state"),
            sf.lit("unqualified").alias("time_category"),
            (sf.col("us") - sf.coalesce("told_us", sf.lit(0))).alias("us"),
            (sf.col("stop_us") - sf.coalesce("told_stop_us", sf.lit(0))).alias("stop_us"),
        )
    )
    sums = told.unionByName(silent.where("us > 0"))
    seconds = ((sf.col("us") / 1e6).alias("duration_s"), (sf.col("stop_us") / 1e6).alias("planned_stop_s"))
    write("state_time", sums.select(*_SHIFT, "state", "time_category", *seconds))


def _bounds(start: str, end: str) -> list[Column]:
    return [sf.unix_micros("start_utc").alias(start), sf.unix_micros("end_utc").alias(end)]


def _summed(*names: str) -> list[Column]:
    return [sf.sum(name).alias(name) for name in names]


def _with_stops(spans: DataFrame, stops: DataFrame) -> DataFrame:
    """Add the length of each span and of its part in planned stops, by a join with the stops of its shift."""
    inside = sf.greatest(sf.least("to", "stop_to") - sf.greatest("from", "stop_from"), sf.lit(0))
    stopped = spans.join(stops, list(_INSTANCE), "left").withColumn("stop_us", sf.coalesce(inside, sf.lit(0)))
    return stopped.withColumn("us", sf.col("to") - sf.col("from")).drop("from", "to", "stop_from", "stop_to")


def ours_counters(spark: SparkSession, folder: Path, write: Write) -> None:
    samples = keep_last_sample(spark.read.parquet(f"{folder}/reading"))
    no_runs = spark.createDataFrame([], "asset_id string, product_id string, start_utc timestamp, end_utc timestamp")
    tags = spark.read.parquet(f"{folder}/tag")
    deltas = join_product_running(to_count_deltas(samples, tags), no_runs)
    write("shift_count", to_shift_counts(deltas, spark.read.parquet(f"{folder}/asset_shift"), tags))


def naive_counters(spark: SparkSession, folder: Path, write: Write) -> None:
    """dropDuplicates, a self-join with the sample before, a range join with the shifts."""
    samples = spark.read.parquet(f"{folder}/reading").dropDuplicates(["tag_id", "event_time_utc"])
    roles = spark.read.parquet(f"{folder}/tag").select("tag_id", "role")
    good = samples.where("quality = 'GOOD'").join(roles, "tag_id")
    numbered = good.withColumn("n", sf.row_number().over(Window.partitionBy("tag_id").orderBy("event_time_utc")))
    before = numbered.select(
        sf.col("tag_id").alias("tag"),
        (sf.col("n") + 1).alias("n_after"),
        sf.col("value_double").alias("value_before"),
        sf.col("event_time_utc").alias("time_before"),
    )
    pairs = numbered.join(before, (sf.col("tag_id") == sf.col("tag")) & (sf.col("n") == sf.col("n_after")))
    step = sf.col("value_double") - sf.col("value_before")
    deltas = pairs.withColumn("delta", sf.when(step < 0, sf.col("value_double")).otherwise(step))
    write("shift_count", _naive_allocation(deltas, spark.read.parquet(f"{folder}/asset_shift")))


def _naive_allocation(deltas: DataFrame, shifts: DataFrame) -> DataFrame:
    meets = (
        (sf.col("d.asset_id") == sf.col("s.asset_id"))
        & (sf.col("time_before") < sf.col("end_utc"))
        & (sf.col("event_time_utc") > sf.col("start_utc"))
        & (sf.col("delta") != 0)
    )
    begin, end = sf.unix_micros("time_before"), sf.unix_micros("event_time_utc")
    inside = sf.least(end, sf.unix_micros("end_utc")) - sf.greatest(begin, sf.unix_micros("start_utc"))
    part = sf.col("delta") * inside / (end - begin)
    parts = deltas.alias("d").join(shifts.alias("s"), meets).withColumn("part", part)
    return parts.groupBy(*[f"s.{name}" for name in _SHIFT]).agg(
        sf.sum(sf.when(sf.col("role") == "good_counter", sf.col("part")).otherwise(0.0)).alias("good_qty"),
        sf.sum(sf.when(sf.col("role") == "scrap_counter", sf.col("part")).otherwise(0.0)).alias("scrap_qty"),
    )


STATES = Family(
    "states by shift", "`dropDuplicates`, windows over whole rows, a range join", land_states, ours_states, naive_states
)
COUNTERS_FAMILY = Family(
    "counters by shift", "`dropDuplicates`, a self-join with the sample before, a range join",
    land_counters, ours_counters, naive_counters,
)  # fmt: skip
