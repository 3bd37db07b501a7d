"""Failure modes of a machining process that follow from its readings: heat, power, overstrain.

The rules of the AI4I 2020 data set. All of them are judged in binary doubles, whatever the type of the columns: the
data set's own labels are, and in decimals 12 of its heat failures are none (8.6 K is not below 8.6 K there).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as sf

from fabric_ot.errors import ConfigError
from fabric_ot.transforms.numbers import finite_or_null, is_finite

OVERSTRAIN_LIMITS_MIN_NM: Mapping[str, float] = {"L": 11_000.0, "M": 12_000.0, "H": 13_000.0}
"""Tool wear times torque (min Nm) that each quality of product bears: low, medium, high."""

_RAD_PER_S_OF_RPM = 2 * math.pi / 60


def has_heat_dissipation_failure(
    *,
    air_temp_k: Column,
    process_temp_k: Column,
    speed_rpm: Column,
    min_difference_k: float = 8.6,
    min_speed_rpm: float = 1380.0,
) -> Column:
    """Say whether heat cannot leave: process and air differ by less than `min_difference_k` and the tool turns slowly.

    Both bounds are exclusive. Null where an operand is null, NaN or infinite.

    Source of the formula: AI4I 2020 Predictive Maintenance Dataset (HDF), S. Matzka, 2020.
    """
    air, process, speed = (_double(column) for column in (air_temp_k, process_temp_k, speed_rpm))
    verdict = (process - air < sf.lit(min_difference_k)) & (speed < sf.lit(min_speed_rpm))
    return sf.when(is_finite(air) & is_finite(process) & is_finite(speed), verdict)


def has_power_failure(
    *, torque_nm: Column, speed_rpm: Column, min_power_w: float = 3_500.0, max_power_w: float = 9_000.0
) -> Column:
    """Say whether the power of the tool, torque times angular speed, is outside `min_power_w`..`max_power_w`.

    Both bounds belong to what is sound. Null where an operand is null, NaN or infinite.

    Source of the formula: AI4I 2020 Predictive Maintenance Dataset (PWF), S. Matzka, 2020.

    Raises:
        ConfigError: the bounds are crossed.
    """
    if not min_power_w < max_power_w:
        raise ConfigError("has_power_failure", [f"min_power_w {min_power_w} is not below max_power_w {max_power_w}"])
    power = finite_or_null(_double(torque_nm) * _double(speed_rpm) * sf.lit(_RAD_PER_S_OF_RPM))
    return (power < sf.lit(min_power_w)) | (power > sf.lit(max_power_w))


def has_overstrain_failure(
    *,
    tool_wear_min: Column,
    torque_nm: Column,
    product_type: Column,
    limits_min_nm: Mapping[str, float] = OVERSTRAIN_LIMITS_MIN_NM,
) -> Column:
    """Say whether tool wear times torque is above what the product's quality bears.

    Null where an operand is null, NaN or infinite, and for a `product_type` that `limits_min_nm` does not name:
    its limit is not known, so nothing is said.

    Source of the formula: AI4I 2020 Predictive Maintenance Dataset (OSF), S. Matzka, 2020.

    Raises:
        ConfigError: there are no limits, or one of them is not a positive number.
    """
    wrong = {name: limit for name, limit in limits_min_nm.items() if not 0 < limit < math.inf}
    if wrong or not limits_min_nm:
        raise ConfigError("has_overstrain_failure", [f"limits_min_nm: {wrong or 'none'}; positive numbers are needed"])
    limit = sf.lit(None).cast("double")
    for name, bound in limits_min_nm.items():
        limit = sf.when(product_type == name, sf.lit(float(bound))).otherwise(limit)
    return finite_or_null(_double(tool_wear_min) * _double(torque_nm)) > limit


def _double(number: Column) -> Column:
    return number.cast("double")
