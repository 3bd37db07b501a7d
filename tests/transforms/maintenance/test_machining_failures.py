"""Failure modes of machining come out row by row as published, in binary doubles only."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.errors import ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.maintenance.machining_failures import (
    has_heat_dissipation_failure,
    has_overstrain_failure,
    has_power_failure,
)

pytestmark = pytest.mark.spark

COLUMNS = "uid long, product string, type string, air {0}, process {0}, rpm {0}, torque {0}, wear {0}, " + ", ".join(
    f"{name} int" for name in ("failed", "twf", "hdf", "pwf", "osf", "rnf")
)


def modes() -> dict[str, Column]:
    return {
        "hdf": has_heat_dissipation_failure(
            air_temp_k=sf.col("air"), process_temp_k=sf.col("process"), speed_rpm=sf.col("rpm")
        ),
        "pwf": has_power_failure(torque_nm=sf.col("torque"), speed_rpm=sf.col("rpm")),
        "osf": has_overstrain_failure(
            tool_wear_min=sf.col("wear"), torque_nm=sf.col("torque"), product_type=sf.col("type")
        ),
    }


@pytest.mark.acceptance(12)
@pytest.mark.parametrize("number", ["double", "decimal(9,1)"])
def test_the_ten_thousand_published_rows_have_their_failure_modes(spark, shared_data: Path, number: str) -> None:
    path = str(shared_data / "ai4i2020" / "ai4i2020.csv")
    rows: DataFrame = spark.read.csv(path, schema=COLUMNS.format(number), header=True, enforceSchema=True)
    told = modes()
    counts = [sf.count_if(told[name]).alias(name) for name in told]
    wrong = [sf.count_if(~told[name].eqNullSafe(sf.col(name) == 1)).alias(f"wrong_{name}") for name in told]
    in_column_s_type = sf.count_if(
        (sf.col("process") - sf.col("air") < sf.lit("8.6").cast(number)) & (sf.col("rpm") < 1380)
    )
    found = rows.agg(sf.count("*").alias("rows"), *counts, *wrong, in_column_s_type.alias("plain")).collect()[0]
    assert (found.rows, found.hdf, found.pwf, found.osf) == (10_000, 115, 95, 98)
    assert (found.wrong_hdf, found.wrong_pwf, found.wrong_osf) == (0, 0, 0), "row by row, not only in number"
    assert found.plain == (115 if number == "double" else 103), "decimal arithmetic would miss 12 of them"


def test_bounds_are_sound_and_what_is_unknown_is_not_judged(spark) -> None:
    watts_3500_at_1000_rpm = 3500 / (1000 * 2 * math.pi / 60)
    rows = [
        ("slow and even", "L", 300.0, 308.5, 1379.0, 40.0, 0.0),
        ("fast", "L", 300.0, 308.5, 1380.0, 40.0, 0.0),
        ("weak", "M", 300.0, 310.0, 1000.0, watts_3500_at_1000_rpm * 0.999, 0.0),
        ("worn to the bound", "H", 300.0, 310.0, 1500.0, 50.0, 260.0),
        ("worn beyond", "H", 300.0, 310.0, 1500.0, 50.0, 260.1),
        ("L to the bound", "L", 300.0, 310.0, 1500.0, 50.0, 220.0),
        ("L beyond", "L", 300.0, 310.0, 1500.0, 50.0, 220.01),
        ("M to the bound", "M", 300.0, 310.0, 1500.0, 50.0, 240.0),
        ("M beyond", "M", 300.0, 310.0, 1500.0, 50.0, 240.01),
        ("unknown type", "X", 300.0, 310.0, 1500.0, 50.0, 999.0),
        ("no air", "L", None, 310.0, 1000.0, 40.0, 0.0),
        ("no torque", "L", 300.0, 310.0, 1500.0, math.nan, 0.0),
    ]
    made = frame(
        spark, "name string, type string, air double, process double, rpm double, torque double, wear double", rows
    )
    found = {
        r.name: (r.hdf, r.pwf, r.osf) for r in made.select("name", *[c.alias(n) for n, c in modes().items()]).collect()
    }
    assert found == {
        "slow and even": (True, False, False), "fast": (False, False, False), "weak": (False, True, False),
        "worn to the bound": (False, False, False), "worn beyond": (False, False, True),
        "L to the bound": (False, False, False), "M to the bound": (False, False, False),
        "L beyond": (False, False, True), "M beyond": (False, False, True),
        "unknown type": (False, False, None), "no air": (None, False, False), "no torque": (False, None, None),
    }  # fmt: skip


def test_limits_that_cannot_be_are_refused(spark) -> None:
    column = sf.lit(1.0)
    with pytest.raises(ConfigError, match="min_power_w"):
        has_power_failure(torque_nm=column, speed_rpm=column, min_power_w=9000, max_power_w=3500)
    with pytest.raises(ConfigError, match="limits_min_nm"):
        has_overstrain_failure(
            tool_wear_min=column, torque_nm=column, product_type=column, limits_min_nm={"L": math.nan}
        )
