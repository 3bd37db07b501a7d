"""Values in another unit, where the data names both units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as sf

from benchmarks.families.family import Family, Write
from benchmarks.families.inputs import put, words
from fabric_ot.transforms.units.conversion import UNIT_COLUMNS, unit_rows, with_value_in_unit

_FROM = ["degF", "bar", "kWh", "m³/h", "rpm", "furlong"]
_TO = ["CEL", "kPa", "MJ", "l/s", "r/s", "m"]


def land(folder: Path, rows: int) -> None:
    """Values in six units, of which one is not known."""
    random = np.random.default_rng(7)
    kind = random.integers(0, len(_FROM), rows)
    put(
        folder,
        "value",
        {
            "n": pa.array(np.arange(rows)),
            "value_double": pa.array(np.round(random.normal(80, 20, rows), 2)),
            "unit": words(kind, _FROM),
            "wanted": words(kind, _TO),
        },
    )
    table = list(zip(*unit_rows(), strict=True))
    names = [column.split()[0] for column in UNIT_COLUMNS.split(", ")]
    put(folder, "unit", {name: list(column) for name, column in zip(names, table, strict=True)})


def ours(spark: SparkSession, folder: Path, write: Write) -> None:
    values, units = (spark.read.parquet(f"{folder}/{name}") for name in ("value", "unit"))
    write("converted", with_value_in_unit(values, units, to_unit=sf.col("wanted")))


def naive(spark: SparkSession, folder: Path, write: Write) -> None:
    """A Python function per row, with the units in a dictionary."""
    known = {
        row.unit: (row.code, row.dimension, row.scale, row.offset)
        for row in spark.read.parquet(f"{folder}/unit").collect()
    }

    def convert(
        value: float | None, unit: str | None, wanted: str | None
    ) -> tuple[float | None, str | None, str | None]:
        source, target = known.get((unit or "").strip()), known.get((wanted or "").strip())
        if source is None:
            return None, None, "unit_unknown"
        if target is None:
            return None, None, "target_unknown"
        if source[1] != target[1]:
            return None, None, "unit_dimension"
        return None if value is None else (value * source[2] + source[3] - target[3]) / target[2], target[0], None

    function = sf.udf(convert, "converted_value double, converted_unit string, unit_reason string")
    values = spark.read.parquet(f"{folder}/value").withColumn("c", function("value_double", "unit", "wanted"))
    write("converted", values.select("n", "value_double", "c.*"))


FAMILY = Family("units", "a Python UDF per row", land, ours, naive)
