"""Energy: demand per quarter of an hour, and its cost by tariff."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as sf

from benchmarks.families.family import Family, Write
from benchmarks.families.inputs import SECOND_US, START_US, instants, put, same, steps, words
from fabric_ot.transforms.energy.indicators import to_demand
from fabric_ot.transforms.energy.tariffs import to_energy_cost

_METERS = [f"meter{n}" for n in range(100)]
_LENGTH_S, _OFFSET_S = 30, 7
_PERIODS = ((0, 6, "night", "0.11"), (6, 12, "day", "0.24"), (12.5, 22, "day", "0.24"), (22, 24, "night", "0.11"))
"""From hour to hour of each day; half an hour at noon has no price."""


def land(folder: Path, rows: int) -> None:
    """Intervals of 30 s of 100 meters that do not begin on whole minutes; prices by hour of the day."""
    step, meter = steps(rows, len(_METERS))
    start = START_US + (step * _LENGTH_S + _OFFSET_S) * SECOND_US
    energy = np.random.default_rng(7).integers(1, 400, rows) * _LENGTH_S / 64  # exact in every part
    put(folder, "interval", {**_bounds(start), "tag_id": words(meter, _METERS), "tariff_id": same("t", rows),
                             "energy_kwh": pa.array(energy)})  # fmt: skip
    days = int(step[-1]) * _LENGTH_S // 86_400 + 2
    midnight = START_US - 6 * 3_600 * SECOND_US
    told = [(day * 24, *period) for day in range(days) for period in _PERIODS]
    hour_us = 3_600 * SECOND_US
    put(
        folder,
        "period",
        {
            "tariff_id": same("t", len(told)),
            "period": [name for _, _, _, name, _ in told],
            "price_per_kwh": pa.array([Decimal(price) for *_, price in told], pa.decimal128(12, 6)),
            "start_utc": instants([midnight + int((day + start) * hour_us) for day, start, *_ in told]),
            "end_utc": instants([midnight + int((day + end) * hour_us) for day, _, end, *_ in told]),
        },
    )


def _bounds(start: Any) -> dict[str, Any]:
    return {"start_utc": instants(start), "end_utc": instants(start + _LENGTH_S * SECOND_US)}


def ours_demand(spark: SparkSession, folder: Path, write: Write) -> None:
    write("demand", to_demand(spark.read.parquet(f"{folder}/interval")))


def naive_demand(spark: SparkSession, folder: Path, write: Write) -> None:
    """A row per second, added up by quarter of an hour."""
    seconds = spark.read.parquet(f"{folder}/interval").withColumn(
        "second", sf.explode(sf.sequence(sf.unix_seconds("start_utc"), sf.unix_seconds("end_utc") - 1))
    )
    length = sf.unix_seconds("end_utc") - sf.unix_seconds("start_utc")
    window = sf.timestamp_seconds(sf.col("second") - sf.col("second") % 900).alias("start_utc")
    sums = (
        seconds.withColumn("part", sf.col("energy_kwh") / length)
        .groupBy("tag_id", window)
        .agg(sf.sum("part").alias("energy_kwh"), sf.count("part").cast("double").alias("covered_s"))
    )
    demand = (sf.col("energy_kwh") * 3600 / sf.col("covered_s")).alias("demand_kw")
    write("demand", sums.select("tag_id", "start_utc", "energy_kwh", "covered_s", demand))


def ours_cost(spark: SparkSession, folder: Path, write: Write) -> None:
    periods = spark.read.parquet(f"{folder}/period")
    write("cost", to_energy_cost(spark.read.parquet(f"{folder}/interval"), periods))


def naive_cost(spark: SparkSession, folder: Path, write: Write) -> None:
    """A range join with the periods of the tariff; what none of them covers is what is left of each interval."""
    intervals = spark.read.parquet(f"{folder}/interval")
    meets = (
        (sf.col("i.tariff_id") == sf.col("p.tariff_id"))
        & (sf.col("i.start_utc") < sf.col("p.end_utc"))
        & (sf.col("i.end_utc") > sf.col("p.start_utc"))
    )
    joined = intervals.alias("i").join(spark.read.parquet(f"{folder}/period").alias("p"), meets)
    us = sf.unix_micros(sf.least("i.end_utc", "p.end_utc")) - sf.unix_micros(sf.greatest("i.start_utc", "p.start_utc"))
    priced = joined.select("i.*", "period", "price_per_kwh", us.alias("us"))
    key = ["tag_id", "start_utc", "end_utc"]
    whole = sf.unix_micros("end_utc") - sf.unix_micros("start_utc")
    left = intervals.join(priced.groupBy(*key).agg(sf.sum("us").alias("met")), key, "left").withColumn(
        "us", whole - sf.coalesce("met", sf.lit(0))
    )
    parts = priced.unionByName(left.where("us > 0").drop("met"), allowMissingColumns=True)
    part = sf.col("energy_kwh") * sf.col("us") / whole
    write(
        "cost",
        parts.select(
            *key,
            "tariff_id",
            "period",
            "price_per_kwh",
            part.alias("energy_kwh"),
            (sf.col("us") / 1e6).alias("part_s"),
            (part.cast("decimal(20,9)") * sf.col("price_per_kwh")).cast("decimal(38,12)").alias("energy_cost"),
        ),
    )


DEMAND = Family("energy demand", "a row per second", land, ours_demand, naive_demand)
COST = Family("energy cost by tariff", "a range join with the tariff's periods", land, ours_cost, naive_cost)
