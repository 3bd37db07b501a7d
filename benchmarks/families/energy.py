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
_HOURS = ((0, "night", "0.11"), (6, "day", "0.24"), (22, "night", "0.11"))


def land(folder: Path, rows: int) -> None:
    """Intervals of 30 s of 100 meters that do not begin on whole minutes; prices by hour of the day."""
    step, meter = steps(rows, len(_METERS))
    start = START_US + (step * _LENGTH_S + _OFFSET_S) * SECOND_US
    energy = np.random.default_rng(7).integers(1, 400, rows) * _LENGTH_S / 64  # exact in every part
    put(folder, "interval", {**_bounds(start), "tag_id": words(meter, _METERS), "tariff_id": same("t", rows),
                             "energy_kwh": pa.array(energy)})  # fmt: skip
    days = int(step[-1]) * _LENGTH_S // 86_400 + 2
    midnight = START_US - 6 * 3_600 * SECOND_US
    begins = [midnight + (day * 24 + hour) * 3_600 * SECOND_US for day in range(days) for hour, _, _ in _HOURS]
    put(
        folder,
        "period",
        {
            "tariff_id": same("t", len(begins)),
            "period": [name for _ in range(days) for _, name, _ in _HOURS],
            "price_per_kwh": pa.array([Decimal(p) for _ in range(days) for _, _, p in _HOURS], pa.decimal128(12, 6)),
            "start_utc": instants(begins),
            "end_utc": instants([*begins[1:], midnight + days * 86_400 * SECOND_US]),
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
    """A range join with the periods of the tariff."""
    intervals = spark.read.parquet(f"{folder}/interval").alias("i")
    meets = (
        (sf.col("i.tariff_id") == sf.col("p.tariff_id"))
        & (sf.col("i.start_utc") < sf.col("p.end_utc"))
        & (sf.col("i.end_utc") > sf.col("p.start_utc"))
    )
    joined = intervals.join(spark.read.parquet(f"{folder}/period").alias("p"), meets)
    us = sf.unix_micros(sf.least("i.end_utc", "p.end_utc")) - sf.unix_micros(sf.greatest("i.start_utc", "p.start_utc"))
    whole = sf.unix_micros("i.end_utc") - sf.unix_micros("i.start_utc")
    part = sf.col("energy_kwh") * us / whole
    write(
        "cost",
        joined.select(
            "i.tag_id",
            "i.start_utc",
            "i.end_utc",
            "period",
            "price_per_kwh",
            part.alias("energy_kwh"),
            (us / 1e6).alias("part_s"),
            (part.cast("decimal(20,9)") * sf.col("price_per_kwh")).cast("decimal(38,12)").alias("energy_cost"),
        ),
    )


DEMAND = Family("energy demand", "a row per second", land, ours_demand, naive_demand)
COST = Family("energy cost by tariff", "a range join with the tariff's periods", land, ours_cost, naive_cost)
