"""Failures from state intervals, and the orders that belong to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as sf

from benchmarks.families.family import Family, Write
from benchmarks.families.inputs import SECOND_US, START_US, instants, nothing, put, same, steps, words
from fabric_ot.transforms.maintenance.failures import to_failures
from fabric_ot.transforms.maintenance.matches import to_failure_matches

_ASSETS = [f"unit{n}" for n in range(500)]
_MINUTE_US = 60 * SECOND_US


def land(folder: Path, rows: int) -> None:
    """Intervals of 20 minutes of 500 machines, 4 % of them down; an order for most failures, and some without one."""
    random = np.random.default_rng(7)
    step, asset = steps(rows, len(_ASSETS))
    start = START_US + step * 20 * _MINUTE_US
    down = random.random(rows) < 0.04
    put(
        folder,
        "interval",
        {
            "asset_id": words(asset, _ASSETS),
            "start_utc": instants(start),
            "end_utc": instants(start + 20 * _MINUTE_US),
            "state": words(down.astype(int), ["EXECUTE", "ABORTED"]),
            "time_category": words(down.astype(int), ["production", "unplanned_down"]),
            "is_open": same(False, rows),
        },
    )
    ordered = np.flatnonzero((down & (random.random(rows) < 0.7)) | (random.random(rows) < 0.01))
    count = len(ordered)
    reported = start[ordered] + random.integers(0, 30, count) * _MINUTE_US
    nothing_yet = {
        n: nothing(pa.timestamp("us", tz="UTC"), count) for n in ("started_utc", "finished_utc", "verified_utc")
    }
    put(
        folder,
        "order",
        {
            "order_id": [f"order{n}" for n in range(count)],
            "asset_id": words(asset[ordered], _ASSETS),
            "order_type": words((random.random(count) < 0.2).astype(int), ["corrective", "preventive"]),
            "component": same("drive", count),
            "reported_utc": instants(reported),
            "acknowledged_utc": instants(reported + _MINUTE_US),
            **nothing_yet,
            "due_utc": nothing(pa.timestamp("us", tz="UTC"), count),
        },
    )


def ours(spark: SparkSession, folder: Path, write: Write) -> None:
    failures = to_failures(spark.read.parquet(f"{folder}/interval"))
    write("match", to_failure_matches(failures, spark.read.parquet(f"{folder}/order")))


def naive(spark: SparkSession, folder: Path, write: Write) -> None:
    """Islands of down time, joined with the orders of the asset by a range, the nearest by a window."""
    in_time = Window.partitionBy("asset_id").orderBy("start_utc")
    down = spark.read.parquet(f"{folder}/interval").where("time_category = 'unplanned_down'")
    starts = sf.coalesce(sf.lag("end_utc").over(in_time) != sf.col("start_utc"), sf.lit(True)).cast("int")
    spells = down.withColumn("starts", starts).withColumn("spell", sf.sum("starts").over(in_time))
    failures = spells.groupBy("asset_id", "spell").agg(
        sf.min("start_utc").alias("failure_start_utc"),
        sf.max("end_utc").alias("failure_end_utc"),
        sf.min_by("state", "start_utc").alias("state"),
        sf.max("is_open").alias("is_open"),
    )
    orders = spark.read.parquet(f"{folder}/order").where("order_type = 'corrective'").alias("o")
    meets = sf.expr(
        "f.asset_id = o.asset_id and o.reported_utc >= f.failure_start_utc - interval 1 hour "
        "and o.reported_utc <= f.failure_end_utc + interval 8 hours"
    )
    early = sf.unix_micros("failure_start_utc") - sf.unix_micros("reported_utc")
    late = sf.unix_micros("reported_utc") - sf.unix_micros("failure_end_utc")
    claims = orders.join(failures.alias("f"), meets, "left").select("o.*", "failure_start_utc", "failure_end_utc")
    nearest = Window.partitionBy("order_id").orderBy(sf.greatest(early, late, sf.lit(0)), "failure_start_utc")
    chosen = claims.withColumn("n", sf.row_number().over(nearest)).where("n = 1")
    turn = Window.partitionBy("asset_id", "failure_start_utc").orderBy("reported_utc", "order_id")
    ranked = chosen.withColumn("order_rank", sf.row_number().over(turn)).drop("failure_end_utc")
    length_us = sf.unix_micros("failure_end_utc") - sf.unix_micros("failure_start_utc")
    both = failures.join(ranked, ["asset_id", "failure_start_utc"], "full")
    match = (
        sf.when(sf.col("failure_end_utc").isNull(), "order_without_failure")
        .when(sf.col("order_id").isNull(), "failure_without_order")
        .otherwise("matched")
    )
    rank = sf.when(match == "matched", sf.col("order_rank")).alias("order_rank")
    write("match", both.select(
        match.alias("match"), "asset_id", "failure_start_utc", "failure_end_utc", (length_us / 1e6).alias("failure_s"),
        "state", "is_open", "order_id", "component", "reported_utc", "acknowledged_utc", "started_utc", "finished_utc",
        "verified_utc", rank,
    ))  # fmt: skip


FAMILY = Family("maintenance matching", "a range join of failures and orders by asset", land, ours, naive)
