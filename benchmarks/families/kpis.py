"""KPIs and the loss tree from additive facts."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sf

from benchmarks.families.family import Family, Write
from benchmarks.families.inputs import put, steps, words
from fabric_ot.transforms.production.kpis import rollup_kpis
from fabric_ot.transforms.production.losses import to_loss_tree

_ASSETS = [f"unit{n}" for n in range(500)]
_RATIOS = {
    "availability": ("production_s", "planned_busy_s"),
    "effectiveness": ("ideal_runtime_s", "production_s"),
    "quality_ratio": ("good_qty", "produced_qty"),
    "oee": ("ideal_good_runtime_s", "planned_busy_s"),
    "scrap_ratio": ("scrap_qty", "produced_qty"),
}
_STOPS = ("unplanned_down_s", "unqualified_s")


def land(folder: Path, rows: int) -> None:
    """Facts of 500 machines: times in whole seconds that fit into each other, and quantities."""
    random = np.random.default_rng(7)
    _, asset = steps(rows, len(_ASSETS))
    down, lost = random.integers(0, 3_000, rows), random.integers(0, 600, rows)
    production = 28_800 - down - lost
    good, scrap = random.integers(500, 3_000, rows), random.integers(0, 60, rows)
    numbers = {
        "planned_busy_s": np.full(rows, 28_800), "production_s": production, "unplanned_down_s": down,
        "unqualified_s": lost, "produced_qty": good + scrap, "good_qty": good, "scrap_qty": scrap,
        "ideal_runtime_s": (good + scrap) * 8, "ideal_good_runtime_s": good * 8,
    }  # fmt: skip
    facts = {name: pa.array(values.astype(float)) for name, values in numbers.items()}
    put(folder, "fact", {"asset_id": words(asset, _ASSETS), **facts})


def ours_kpis(spark: SparkSession, folder: Path, write: Write) -> None:
    write("kpi", rollup_kpis(spark.read.parquet(f"{folder}/fact"), by=["asset_id"], kpis=list(_RATIOS)))


def naive_kpis(spark: SparkSession, folder: Path, write: Write) -> None:
    """One aggregation per KPI, joined."""
    facts = spark.read.parquet(f"{folder}/fact")
    each = [
        facts.groupBy("asset_id").agg((sf.sum(above) / sf.sum(below)).alias(name))
        for name, (above, below) in _RATIOS.items()
    ]
    write("kpi", reduce(lambda a, b: a.join(b, "asset_id"), each))


def ours_losses(spark: SparkSession, folder: Path, write: Write) -> None:
    write("node", to_loss_tree(spark.read.parquet(f"{folder}/fact"), by=["asset_id"], stops=_STOPS))


def naive_losses(spark: SparkSession, folder: Path, write: Write) -> None:
    """One aggregation per node of the tree, united."""
    facts = spark.read.parquet(f"{folder}/fact")

    def of(name: str) -> Column:
        return sf.col(name).cast("decimal(20,6)")

    busy, production, ideal, good = map(
        of, ("planned_busy_s", "production_s", "ideal_runtime_s", "ideal_good_runtime_s")
    )
    stops = {name: of(name) for name in _STOPS}
    nodes = {
        "planned_busy": busy,
        "availability_loss": busy - production,
        **{f"{name.removesuffix('_s')}_loss": lost for name, lost in stops.items()},
        "other_stop_loss": busy - production - stops["unplanned_down_s"] - stops["unqualified_s"],
        "production": production,
        "speed_loss": production - ideal,
        "ideal_runtime": ideal,
        "quality_loss": ideal - good,
        "good": good,
    }
    write("node", reduce(DataFrame.unionByName, [_node(facts, name, time, busy) for name, time in nodes.items()]))


def _node(facts: DataFrame, name: str, time: Column, busy: Column) -> DataFrame:
    sums = facts.groupBy("asset_id").agg(sf.sum(time).alias("duration_s"), sf.sum(busy).alias("busy"))
    share = (sf.col("duration_s").cast("double") / sf.col("busy").cast("double")).alias("share")
    return sums.select("asset_id", sf.lit(name).alias("node"), "duration_s", share)


KPIS_FAMILY = Family("kpis", "one aggregation per KPI, joined", land, ours_kpis, naive_kpis)
LOSSES = Family("loss tree", "one aggregation per node, united", land, ours_losses, naive_losses)
