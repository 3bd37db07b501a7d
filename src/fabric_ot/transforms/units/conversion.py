"""Units of measure: UNECE Rec 20 codes, OPC UA unit ids, and affine conversion `si = scale * x + offset`.

The table is data (`UNITS`, `unit_rows`): a plant adds its own rows. A pressure without a reference, a gauge and an
absolute pressure are three quantities, and so are actual, normal (0 C) and standard (15 C) volumes: none becomes
another unless a bridge says how.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.units.table import UNITS, Unit, unit_code_of, unit_id_of

__all__ = [
    "UNITS", "UNIT_COLUMNS", "Bridges", "Unit", "conversion", "find_unit", "gauge_bridge", "normal_volume_bridge",
    "unit_code_of", "unit_id_of", "unit_rows", "value_in_unit", "with_value_in_unit",
]  # fmt: skip

UNIT_COLUMNS = "unit string, code string, dimension string, scale double, offset double"
"""The columns of a frame of units, for `createDataFrame(unit_rows(), UNIT_COLUMNS)`."""

Bridges = Mapping[tuple[str, str], tuple[float, float]]
"""Between two dimensions, in SI units: `{(from, to): (a, b)}` means `to = a * from + b`; it serves both ways."""


def _by_text(units: Iterable[Unit]) -> dict[str, Unit]:
    return {text: unit for unit in units for text in unit.texts}


_BY_TEXT = _by_text(UNITS)


def find_unit(text: str, units: Iterable[Unit] | None = None) -> Unit:
    """Return the unit that `text` names: code, symbol, alias or OPC UA id; case counts.

    Raises:
        ContractError: no unit has that name.

    Example:
        >>> find_unit("degC").code, find_unit("MPA").symbol, find_unit("4937544").symbol
        ('CEL', 'MPa', 'kWh')
    """
    table = UNITS if units is None else tuple(units)
    known = _BY_TEXT if units is None else _by_text(table)
    if text in known:
        return known[text]
    similar = sorted(name for name in known if name.casefold() == text.strip().casefold())
    hint = f"did you mean one of {similar}?" if similar else "use a UNECE code, or add a row to the units"
    message = f"unknown unit {text!r}.\nKnown: {sorted(unit.code or unit.symbol for unit in table)}.\nHint: {hint}"
    raise ContractError(message)


def conversion(
    from_unit: str, to_unit: str, *, is_difference: bool = False, bridges: Bridges | None = None
) -> tuple[float, float]:
    """Return `(a, b)` of `y = a * x + b`; of a difference or tolerance `b` is 0.

    Raises:
        ContractError: an unknown unit, or two quantities that no bridge connects.

    Example:
        >>> conversion("CEL", "FAH"), conversion("CEL", "FAH", is_difference=True)
        ((1.8, 32.0), (1.8, 0.0))
    """
    source, target = find_unit(from_unit), find_unit(to_unit)
    over = _bridge(source, target, bridges or {})
    scale = source.scale * over[0] / target.scale
    offset = (source.offset * over[0] + over[1] - target.offset) / target.scale
    return float(scale), 0.0 if is_difference else float(offset)


def _bridge(source: Unit, target: Unit, bridges: Bridges) -> tuple[Fraction, Fraction]:
    if source.dimension == target.dimension:
        return Fraction(1), Fraction(0)
    pair = (source.dimension, target.dimension)
    if pair in bridges:
        a, b = bridges[pair]
        return Fraction(a), Fraction(b)
    if pair[::-1] in bridges:
        a, b = bridges[pair[::-1]]
        return 1 / Fraction(a), -Fraction(b) / Fraction(a)
    message = (
        f"{source.symbol} is {source.dimension}, {target.symbol} is {target.dimension}: no conversion.\n"
        f"Bridges told: {sorted(bridges)}.\n"
        "Hint: correct the unit, or pass bridges={(from, to): (a, b)} in SI units"
    )
    raise ContractError(message)


def gauge_bridge(*, ambient_pa: float) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the bridge absolute = gauge + ambient pressure.

    Example:
        >>> conversion("bar(g)", "bar(a)", bridges=gauge_bridge(ambient_pa=101_325))
        (1.0, 1.01325)
    """
    return {("pressure_gauge", "pressure_absolute"): (1.0, ambient_pa)}


def normal_volume_bridge(*, pressure_pa: float, temperature_k: float) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the bridges from normal (273.15 K, 101,325 Pa) to actual volume and flow.

    Choice: an ideal dry gas in one constant state; where it varies, convert with the measured pressure and
    temperature instead.

    Raises:
        ContractError: a pressure or temperature that is not above zero.
    """
    if not (pressure_pa > 0 and temperature_k > 0):
        message = f"normal volume at {pressure_pa} Pa and {temperature_k} K\nHint: absolute values, above zero"
        raise ContractError(message)
    actual = (101_325.0 / pressure_pa) * (temperature_k / 273.15)
    return {("volume_normal", "volume"): (actual, 0.0), ("volume_flow_normal", "volume_flow"): (actual, 0.0)}


def value_in_unit(
    value: Column, *, from_unit: str, to_unit: str, is_difference: bool = False, bridges: Bridges | None = None
) -> Column:
    """Return `value` in another unit; both units are known when the plan is made.

    Raises:
        ContractError: an unknown unit, or two quantities that no bridge connects.
    """
    scale, offset = conversion(from_unit, to_unit, is_difference=is_difference, bridges=bridges)
    scaled = value if scale == 1.0 else value * sf.lit(scale)
    return scaled if offset == 0.0 else scaled + sf.lit(offset)


def unit_rows(units: Iterable[Unit] | None = None) -> list[tuple[str, str, str, float, float]]:
    """Return one row of `UNIT_COLUMNS` per text; `code` is the symbol where Rec 20 has none.

    Raises:
        ContractError: one text names two units.
    """
    rows: dict[str, tuple[str, str, str, float, float]] = {}
    for unit in UNITS if units is None else units:
        for text in unit.texts:
            if text in rows:
                message = f"{text!r} names {rows[text][1]} and {unit.code or unit.symbol}\nHint: drop one alias"
                raise ContractError(message)
            name = unit.code or unit.symbol
            rows[text] = (text, name, unit.dimension, float(unit.scale), float(unit.offset))
    return list(rows.values())


def with_value_in_unit(
    readings: DataFrame,
    units: DataFrame,
    *,
    to_unit: str | Column,
    value: str = "value_double",
    unit: str = "unit",
    is_difference: bool = False,
    bridges: Bridges | None = None,
) -> DataFrame:
    """Add each value in another unit; its own unit comes from the data; refuse by a reason.

    A refused row keeps its own value and unit and has no converted one. A value already in the wanted unit stays
    as it is, to the last bit. Where a tag's unit changed, `unit` must be the one valid at the event time, as
    `join_tags` adds it.

    Columns in:  readings: `value` (double), `unit` (string: code, symbol, alias or OPC UA id) and more; units: the
                 columns of `UNIT_COLUMNS`, one row per text.
    Columns out: those of `readings`, `converted_value` (double), `converted_unit` (string, UNECE code),
                 `unit_reason` (string: value_not_finite, unit_missing, unit_unknown, target_missing,
                 target_unknown, unit_dimension; null where converted).
    Grain out:   that of `readings`.
    Nulls:       a null value is null in any unit, without a reason, where the units fit.
    Cost:        units are broadcast twice; no shuffle.

    Args:
        readings: what is to be converted.
        units: the units of the plant, usually `unit_rows()`.
        to_unit: a unit by name (checked against `UNITS` at once), or a column that names one per row.
        value: the column to convert.
        unit: the column that names the value's own unit.
        is_difference: the value is a difference, tolerance or deviation: offsets do not apply.
        bridges: conversions between dimensions that the plant declares.

    Raises:
        ColumnContractError: a column is missing.
        ContractError: `to_unit` is a name that is not known.
    """
    require_columns("with_value_in_unit readings", readings, [value, unit])
    require_columns("with_value_in_unit units", units, ["unit", "code", "dimension", "scale", "offset"])
    wanted = sf.lit(find_unit(to_unit).texts[0]) if isinstance(to_unit, str) else to_unit
    sides = readings.withColumn("_to_text", sf.trim(wanted)).withColumn("_from_text", sf.trim(sf.col(unit)))
    known = sides.join(_side(units, "_from"), "_from_text", "left").join(_side(units, "_to"), "_to_text", "left")
    over = _bridge_columns(bridges or {})
    is_over = over[0].isNotNull()
    number = sf.col(value).cast("double")
    reason = (
        sf.when(sf.isnan(number) | (sf.abs(number) == sf.lit(float("inf"))), "value_not_finite")
        .when(sf.coalesce("_from_text", sf.lit("")) == "", "unit_missing")
        .when(sf.col("_from.code").isNull(), "unit_unknown")
        .when(sf.coalesce("_to_text", sf.lit("")) == "", "target_missing")
        .when(sf.col("_to.code").isNull(), "target_unknown")
        .when(~is_over, "unit_dimension")
    )
    converted = _converted(number, over, is_difference=is_difference)
    return known.withColumn("unit_reason", reason).select(
        *[sf.col(name) for name in readings.columns],
        sf.when(sf.col("unit_reason").isNull(), converted).alias("converted_value"),
        sf.when(sf.col("unit_reason").isNull(), sf.col("_to.code")).alias("converted_unit"),
        "unit_reason",
    )


def _side(units: DataFrame, name: str) -> DataFrame:
    return sf.broadcast(units.select(sf.col("unit").alias(f"{name}_text"), sf.struct("*").alias(name)))


def _bridge_columns(bridges: Bridges) -> tuple[Column, Column]:
    """Return the scale and offset from the one side's dimension to the other's; null where nothing connects them."""
    source, target = sf.col("_from.dimension"), sf.col("_to.dimension")
    scale, offset = sf.when(source == target, sf.lit(1.0)), sf.when(source == target, sf.lit(0.0))
    for (one, other), (a, b) in bridges.items():
        there, back = (source == one) & (target == other), (source == other) & (target == one)
        scale = scale.when(there, sf.lit(float(a))).when(back, sf.lit(1.0 / a))
        offset = offset.when(there, sf.lit(float(b))).when(back, sf.lit(-b / a))
    return scale, offset


def _converted(number: Column, over: tuple[Column, Column], *, is_difference: bool) -> Column:
    scale = sf.try_divide(sf.col("_from.scale") * over[0], sf.col("_to.scale"))
    if is_difference:
        return sf.when(sf.col("_from.code") == sf.col("_to.code"), number).otherwise(number * scale)
    shift = sf.col("_from.offset") * over[0] + over[1] - sf.col("_to.offset")
    shifted = number * scale + sf.try_divide(shift, sf.col("_to.scale"))
    return sf.when(sf.col("_from.code") == sf.col("_to.code"), number).otherwise(shifted)
