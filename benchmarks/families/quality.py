"""Rows split by declared rules into good and quarantined."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sf

from benchmarks.families.family import Family, Write
from benchmarks.families.inputs import SECOND_US, START_US, instants, put, words
from fabric_ot.contracts.rules import AddsUp, InOrder, InRange, InSet, Matches, NotNull
from fabric_ot.quality.rules import RuleSet
from fabric_ot.quality.split import split_by_rules

_RULES = RuleSet(
    "orders",
    (
        NotNull("no_order", "order_id"),
        InRange("negative_good", "good_qty", 0),
        InRange("negative_scrap", "scrap_qty", 0),
        InRange("too_many", "produced_qty", 0, 10_000),
        AddsUp("does_not_add_up", "produced_qty", ("good_qty", "scrap_qty"), 1e-6),
        InOrder("negative_duration", "start_utc", "end_utc"),
        InSet("unknown_status", "status", ("open", "done")),
        Matches("unreadable_order", "order_id", r"WO-\d{8}"),
    ),
)


def land(folder: Path, rows: int) -> None:
    """Work orders, of which some percent break one of eight rules or several."""
    random = np.random.default_rng(7)

    def some(share: float) -> np.ndarray:
        return random.random(rows) < share

    good, scrap = random.integers(0, 5_000, rows).astype(float), random.integers(0, 50, rows).astype(float)
    produced = good + scrap + some(0.01)
    good, scrap = np.where(some(0.01), -1 - good, good), np.where(some(0.005), -1 - scrap, scrap)
    start = START_US + np.arange(rows) * SECOND_US
    end = start + np.where(some(0.01), -60, 3_600) * SECOND_US
    ids = [f"WO-{n:08d}" for n in range(rows)]
    for n in np.flatnonzero(some(0.01)).tolist():
        ids[n] = f"wo{n}"
    put(
        folder,
        "order",
        {
            "n": pa.array(np.arange(rows)),
            "order_id": ids,
            "good_qty": pa.array(good),
            "scrap_qty": pa.array(scrap),
            "produced_qty": pa.array(np.where(some(0.01), 20_000.0, produced)),
            "start_utc": instants(start),
            "end_utc": instants(end),
            "status": words(np.where(some(0.01), 2, random.integers(0, 2, rows)), ["open", "done", "lost"]),
        },
    )


def ours(spark: SparkSession, folder: Path, write: Write) -> None:
    good, quarantined = split_by_rules(spark.read.parquet(f"{folder}/order"), _RULES)
    write("good", good)
    write("quarantined", quarantined)


def naive(spark: SparkSession, folder: Path, write: Write) -> None:
    """A pass per rule, the reasons gathered, the good rows by an anti-join."""
    orders = spark.read.parquet(f"{folder}/order")
    fails = _fails()
    broken = reduce(
        DataFrame.unionByName,
        [orders.where(fails_it).withColumn("reason", sf.lit(reason)) for reason, fails_it in fails.items()],
    )
    told = broken.groupBy("n").agg(sf.array_sort(sf.collect_set("reason")).alias("reasons"))
    write("quarantined", orders.join(told, "n"))
    write("good", orders.join(told, "n", "left_anti"))


def _fails() -> dict[str, Column]:
    order_id, good, scrap, produced = map(sf.col, ("order_id", "good_qty", "scrap_qty", "produced_qty"))
    return {
        "no_order": order_id.isNull(),
        "negative_good": good < 0,
        "negative_scrap": scrap < 0,
        "too_many": (produced < 0) | (produced > 10_000),
        "does_not_add_up": sf.abs(produced - good - scrap) > 1e-6,
        "negative_duration": sf.col("end_utc") < sf.col("start_utc"),
        "unknown_status": ~sf.col("status").isin("open", "done"),
        "unreadable_order": ~order_id.rlike(r"^WO-\d{8}$"),
    }


FAMILY = Family("quality split", "a pass per rule, good rows by an anti-join", land, ours, naive)
