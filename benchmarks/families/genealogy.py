"""What a recall reaches: the trace of some lots through all movements."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

from benchmarks.families.family import Family, Write
from benchmarks.families.inputs import SECOND_US, START_US, instants, put, same
from fabric_ot.transforms.genealogy.lots import to_lot_edges, to_lot_trace

_STAGES, _RECALLED, _DEPTH = 6, 50, 6


def land(folder: Path, rows: int) -> None:
    """Movements through six stages, in each of which a lot goes into three others; 50 lots are recalled."""
    random = np.random.default_rng(7)
    lots = rows // (3 * (_STAGES - 1)) + 1
    number = np.arange(rows)
    stage, source = number // (3 * lots), number // 3 % lots
    near = np.minimum(source + random.integers(0, 4, rows), lots - 1)
    put(
        folder,
        "movement",
        {
            "input_lot": [f"s{s}-{n}" for s, n in zip(stage.tolist(), source.tolist(), strict=True)],
            "output_lot": [f"s{s + 1}-{n}" for s, n in zip(stage.tolist(), near.tolist(), strict=True)],
            "qty": random.integers(1, 100, rows).astype(float),
            "uom": same("KGM", rows),
            "time_utc": instants(START_US + number * SECOND_US),
        },
    )
    put(folder, "recall", {"lot_id": [f"s0-{n}" for n in np.linspace(0, lots - 1, _RECALLED).astype(int)]})


def ours(spark: SparkSession, folder: Path, write: Write) -> None:
    edges = to_lot_edges(spark.read.parquet(f"{folder}/movement"))
    lots = spark.read.parquet(f"{folder}/recall")
    trace = to_lot_trace(edges, lots=lots, max_depth=_DEPTH, settle=lambda frame: frame.localCheckpoint())
    write("trace", trace)


def naive(spark: SparkSession, folder: Path, write: Write) -> None:
    """A join per step with distinct, all steps united."""
    edges = spark.read.parquet(f"{folder}/movement").select("input_lot", "output_lot").distinct()
    step = spark.read.parquet(f"{folder}/recall").select("lot_id", sf.col("lot_id").alias("at"))
    found: DataFrame | None = None
    for depth in range(1, _DEPTH + 1):
        step = step.join(edges, sf.col("at") == sf.col("input_lot")).select("lot_id", sf.col("output_lot").alias("at"))
        step = step.distinct()
        told = step.select("lot_id", sf.col("at").alias("reached_lot"), sf.lit(depth).alias("depth"))
        found = told if found is None else found.unionByName(told)
    assert found is not None
    write("trace", found.groupBy("lot_id", "reached_lot").agg(sf.min("depth").alias("depth")))


FAMILY = Family("genealogy trace", "a join per step with `distinct`, all steps united", land, ours, naive)
