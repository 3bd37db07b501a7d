"""Units: codes and ids, affine conversion, differences, and refusal across dimensions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from pyspark.sql import functions as sf

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.units.conversion import (
    UNIT_COLUMNS,
    UNITS,
    Unit,
    conversion,
    find_unit,
    gauge_bridge,
    normal_volume_bridge,
    unit_code_of,
    unit_id_of,
    unit_rows,
    value_in_unit,
    with_value_in_unit,
)

READINGS = "case string, value_double double, unit string, wanted string"


def test_codes_pack_into_unit_ids_and_back() -> None:
    known = {"KGM": 4933453, "MMT": 5066068, "CEL": 4408652, "FAH": 4604232, "BAR": 4342098, "LTR": 5002322}
    assert {code: unit_id_of(code) for code in known} == known
    coded = [unit.code for unit in UNITS if unit.code]
    assert len(coded) >= 60
    assert [unit_code_of(unit_id_of(code)) for code in coded] == coded
    for wrong in ("", "KGMX", "°C", "k m"):
        with pytest.raises(ContractError, match="not a UNECE code"):
            unit_id_of(wrong)
    for number in (-1, 0, 1, 0x41004D, 0x808080, 2**31):
        with pytest.raises(ContractError, match="packs no UNECE code"):
            unit_code_of(number)


def test_a_text_names_one_unit_and_every_unit_converts_within_its_dimension_only() -> None:
    rows = unit_rows()
    assert len({row[0] for row in rows}) == len(rows)
    assert all(unit.scale > 0 for unit in UNITS)
    for one in UNITS:
        for other in UNITS:
            names = one.texts[0], other.texts[0]
            if one.dimension != other.dimension:
                with pytest.raises(ContractError, match="no conversion"):
                    conversion(*names)
                continue
            (a, b), (back_a, back_b) = conversion(*names), conversion(*names[::-1])
            assert math.isclose(a * back_a, 1.0, rel_tol=1e-15)
            assert math.isclose(back_a * b, -back_b, rel_tol=1e-12, abs_tol=1e-12)
            assert conversion(*names, is_difference=True) == (a, 0.0)
    twice = Unit("XYZ", "kg", "mass", Fraction(1))
    with pytest.raises(ContractError, match="'kg' names KGM and XYZ"):
        unit_rows([*UNITS, twice])


@pytest.mark.parametrize(
    ("source", "target", "factors"),
    [
        ("CEL", "FAH", (1.8, 32.0)), ("FAH", "CEL", (5 / 9, -160 / 9)), ("CEL", "KEL", (1.0, 273.15)),
        ("BAR", "KPA", (100.0, 0.0)), ("psi", "bar", (0.06894757293168361, 0.0)), ("KWH", "3B", (3.6, 0.0)),
        ("MQH", "l/min", (1000 / 60, 0.0)), ("rpm", "r/s", (1 / 60, 0.0)), ("km/h", "m/s", (1 / 3.6, 0.0)),
        ("GJ", "MWh", (1 / 3.6, 0.0)), ("gal (US)", "l", (3.785411784, 0.0)), ("%", "1", (0.01, 0.0)),
        ("mg/l", "kg/m3", (0.001, 0.0)), ("t", "lb", (1000 / 0.45359237, 0.0)), ("in", "mm", (25.4, 0.0)),
        ("mmHg", "mbar", (1.33322387415, 0.0)), ("t/h", "kg/s", (1 / 3.6, 0.0)), ("uS/cm", "S/m", (1e-4, 0.0)),
    ],
)  # fmt: skip
def test_published_factors(source: str, target: str, factors: tuple[float, float]) -> None:
    assert conversion(source, target) == pytest.approx(factors, rel=1e-15)


def test_names_are_taken_by_letter_and_an_unknown_one_is_refused_with_a_hint() -> None:
    assert find_unit("mW").scale * 10**9 == find_unit("MW").scale
    assert {find_unit(text).code for text in ("KWH", "kWh", "kW·h", "4937544")} == {"KWH"}
    with pytest.raises(ContractError, match=r"(?s)unknown unit 'kwh'.*did you mean one of \['KWH', 'kWh'\]"):
        find_unit("kwh")
    with pytest.raises(ContractError, match=r"(?s)unknown unit 'parsec'.*add a row"):
        conversion("m", "parsec")
    for pair in (("kW", "kWh"), ("bar", "bar(g)"), ("bar(g)", "bar(a)"), ("m3", "Nm3"), ("Nm3", "Sm3"), ("kW", "kVA"),
                 ("Nm", "J"), ("Hz", "rpm"), ("%", "pcs")):  # fmt: skip
        with pytest.raises(ContractError, match="no conversion"):
            conversion(*pair)


def test_gauge_pressure_and_normal_volume_convert_only_when_told_how() -> None:
    ambient = gauge_bridge(ambient_pa=98_000.0)
    assert conversion("barg", "kPa(a)", bridges=ambient) == pytest.approx((100.0, 98.0))
    assert conversion("kPa(a)", "barg", bridges=ambient) == pytest.approx((0.01, -0.98))
    assert conversion("barg", "kPa(a)", bridges=ambient, is_difference=True) == (100.0, 0.0)
    gas = normal_volume_bridge(pressure_pa=7 * 101_325.0, temperature_k=2 * 273.15)
    assert conversion("Nm3", "l", bridges=gas) == pytest.approx((2000 / 7, 0.0))
    assert conversion("m3/h", "Nm3/h", bridges=gas) == pytest.approx((3.5, 0.0))
    for pressure_pa, temperature_k in ((0.0, 300.0), (-1e5, 300.0), (1e5, -20.0), (1e5, float("nan"))):
        with pytest.raises(ContractError, match="above zero"):
            normal_volume_bridge(pressure_pa=pressure_pa, temperature_k=temperature_k)


CASES = {
    # case: (value, unit, wanted, converted, converted unit, reason)
    "body": (37.0, "CEL", "FAH", 98.6, "FAH", None),
    "by id": (212.0, "4604232", "°C", 100.0, "CEL", None),
    "padded": (1.0, " bar ", "kPa", 100.0, "KPA", None),
    "same": (0.1, "psi", "PS", 0.1, "PS", None),
    "minus zero": (-0.0, "m", "mm", 0.0, "MMT", None),
    "no value": (None, "m", "mm", None, "MMT", None),
    "nan": (float("nan"), "m", "mm", None, None, "value_not_finite"),
    "infinite": (float("-inf"), "m", "mm", None, None, "value_not_finite"),
    "no unit": (1.0, None, "mm", None, None, "unit_missing"),
    "blank unit": (1.0, " ", "mm", None, None, "unit_missing"),
    "unknown": (1.0, "furlong", "mm", None, None, "unit_unknown"),
    "no target": (1.0, "m", None, None, None, "target_missing"),
    "odd target": (1.0, "m", "furlong", None, None, "target_unknown"),
    "power": (1.0, "kW", "kWh", None, None, "unit_dimension"),
    "gauge": (1.0, "barg", "bar(a)", None, None, "unit_dimension"),
    "other letter": (1.0, "kwh", "kWh", None, None, "unit_unknown"),
}


def found_in(spark, **options) -> dict[str, tuple]:
    rows = [(case, *told[:3]) for case, told in CASES.items()]
    units = spark.createDataFrame(unit_rows(), UNIT_COLUMNS)
    converted = with_value_in_unit(frame(spark, READINGS, rows), units, to_unit=sf.col("wanted"), **options)
    assert converted.columns == [
        "case",
        "value_double",
        "unit",
        "wanted",
        "converted_value",
        "converted_unit",
        "unit_reason",
    ]
    found = converted.collect()
    assert len(found) == len(CASES)
    return {r.case: (r.converted_value, r.converted_unit, r.unit_reason) for r in found}


@pytest.mark.spark
def test_units_from_data_convert_or_give_a_reason(spark) -> None:
    found = found_in(spark)
    for case, (*_, value, unit, reason) in CASES.items():
        wanted = None if value is None else pytest.approx(value, rel=1e-13)
        assert found[case] == (wanted, unit, reason), case
    assert found["same"][0] == 0.1, "untouched to the last bit"


@pytest.mark.spark
def test_differences_and_bridges_apply_to_data_as_to_names(spark) -> None:
    bridges = gauge_bridge(ambient_pa=101_325.0)
    found = found_in(spark, bridges=bridges)
    assert found["gauge"] == (pytest.approx(2.01325), "bar(a)", None)
    steps = found_in(spark, is_difference=True, bridges=bridges)
    assert (steps["body"][0], steps["by id"][0]) == (pytest.approx(66.6), pytest.approx(212 / 1.8))
    assert (steps["gauge"][0], steps["same"][0]) == (1.0, 0.1)


@pytest.mark.spark
def test_literal_units_are_refused_when_the_plan_is_made(spark) -> None:
    rows = frame(spark, READINGS, [("a", 10.0, "bar(a)", ""), ("b", 1.0, "K", "")])
    back = with_value_in_unit(
        rows, spark.createDataFrame(unit_rows(), UNIT_COLUMNS), to_unit="barg", bridges=gauge_bridge(ambient_pa=1e5)
    )
    assert {r.case: (r.converted_value, r.unit_reason) for r in back.collect()} == {
        "a": (pytest.approx(9.0), None), "b": (None, "unit_dimension"),
    }  # fmt: skip
    with pytest.raises(ContractError, match="unknown unit 'grad'"):
        with_value_in_unit(rows, spark.createDataFrame([], UNIT_COLUMNS), to_unit="grad")
    with pytest.raises(ColumnContractError, match="with_value_in_unit units"):
        with_value_in_unit(rows, rows, to_unit="K")
    with pytest.raises(ColumnContractError, match="tag_unit"):
        with_value_in_unit(rows, rows, to_unit="K", unit="tag_unit")
    with pytest.raises(ContractError, match="no conversion"):
        value_in_unit(sf.col("value_double"), from_unit="kW", to_unit="kWh")
    shown = rows.select(
        value_in_unit(sf.col("value_double"), from_unit="CEL", to_unit="degF").alias("f"),
        value_in_unit(sf.col("value_double"), from_unit="CEL", to_unit="degF", is_difference=True).alias("d"),
        value_in_unit(sf.col("value_double"), from_unit="CEL", to_unit="degC").alias("c"),
    ).collect()
    assert sorted(tuple(r) for r in shown) == [(pytest.approx(33.8), 1.8, 1.0), (50.0, 18.0, 10.0)]
