"""Nelson's rules over the points of control charts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

from benchmarks.families.family import Family, Write
from benchmarks.families.inputs import SECOND_US, START_US, instants, put, same, steps, words
from fabric_ot.transforms.spc.rules import NELSON, with_fired_rules

_CHARTS = [f"chart{n}" for n in range(100)]
_RUN = 2_000


def land(folder: Path, rows: int) -> None:
    """Points of 100 charts each second, around their center with a slow drift; 1 % are missing, runs have 2,000."""
    random = np.random.default_rng(7)
    step, chart = steps(rows, len(_CHARTS))
    shape = (-(-rows // len(_CHARTS)), len(_CHARTS))
    drift = np.cumsum(random.normal(0, 0.02, shape), axis=0).ravel()[:rows]
    values = np.round(50 + np.sin(drift) + random.normal(0, 1, rows), 3)
    put(
        folder,
        "point",
        {
            "chart_id": words(chart, _CHARTS),
            "statistic": same("individual", rows),
            "event_time_utc": instants(START_US + step * SECOND_US),
            "run_id": words(step // _RUN, [f"run{n}" for n in range(int(step[-1]) // _RUN + 1)]),
            "value": pa.array(values, mask=random.random(rows) < 0.01),
            "center": same(50.0, rows),
            "sigma": same(1.0, rows),
            "ucl": same(53.0, rows),
            "lcl": same(47.0, rows),
        },
    )


def ours(spark: SparkSession, folder: Path, write: Write) -> None:
    write("judged", with_fired_rules(spark.read.parquet(f"{folder}/point"), rules=NELSON))


def naive(spark: SparkSession, folder: Path, write: Write) -> None:
    """A pandas function per chart with a rolling sum per rule."""
    points = spark.read.parquet(f"{folder}/point")
    out = StructType([*points.schema.fields, StructField("rules_fired", ArrayType(StringType()))])
    write("judged", points.groupBy("chart_id", "statistic").applyInPandas(_judge, out))


def _judge(chart: Any) -> Any:
    rows = chart.sort_values("event_time_utc").reset_index(drop=True)
    run = (rows["run_id"] != rows["run_id"].shift()).cumsum()
    rows["rules_fired"] = None
    judged = rows[rows["value"].notna()]
    for _, points in judged.groupby(run):
        rows.loc[points.index, "rules_fired"] = _fired(points)
    return rows


def _fired(rows: Any) -> Any:
    value, center, sigma = rows["value"], rows["center"], rows["sigma"]
    step = value.diff()
    turns = ((step > 0) & (step.shift() < 0)) | ((step < 0) & (step.shift() > 0))

    def last(flag: Any, n: int) -> Any:
        return flag.astype("int").rolling(n, min_periods=1).sum()

    above = [value > center + sigma * k for k in range(3)]
    below = [value < center - sigma * k for k in range(3)]
    within = ~above[1] & ~below[1]
    ups, downs = last(above[1], 8), last(below[1], 8)
    fired = {
        "nelson_1": (value > rows["ucl"]) | (value < rows["lcl"]),
        "nelson_2": (last(above[0], 9) >= 9) | (last(below[0], 9) >= 9),
        "nelson_3": (last(step > 0, 5) >= 5) | (last(step < 0, 5) >= 5),
        "nelson_4": last(turns, 12) >= 12,
        "nelson_5": (above[2] & (last(above[2], 3) >= 2)) | (below[2] & (last(below[2], 3) >= 2)),
        "nelson_6": (above[1] & (last(above[1], 5) >= 4)) | (below[1] & (last(below[1], 5) >= 4)),
        "nelson_7": last(within, 15) >= 15,
        "nelson_8": (ups + downs >= 8) & (ups > 0) & (downs > 0),
    }
    flags = np.column_stack([flag.to_numpy() for flag in fired.values()])
    names = list(fired)
    return pd.Series(
        [[name for name, flag in zip(names, row, strict=True) if flag] for row in flags], index=rows.index, dtype=object
    )


FAMILY = Family("spc rules", "`applyInPandas` per chart, a rolling sum per rule", land, ours, naive)
