"""The units of plant floors as data: UNECE Rec 20 codes, OPC UA unit ids, `si = scale * x + offset`.

A pressure without a reference, a gauge and an absolute pressure are three dimensions here, and so are actual, normal
(0 C) and standard (15 C) volumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from fabric_ot.errors import ContractError

_MAX_CODE_LENGTH = 3
_LARGEST_ID = 0x7F7F7F


@dataclass(frozen=True)
class Unit:
    """One unit: UNECE code (None where Rec 20 has none), symbol, `si = scale * x + offset`."""

    code: str | None
    symbol: str
    dimension: str
    scale: Fraction
    offset: Fraction = Fraction(0)
    aliases: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text that names this unit: code, symbol, aliases, and the OPC UA unit id in digits."""
        coded = (self.code, str(unit_id_of(self.code))) if self.code else ()
        return tuple(dict.fromkeys((*coded, self.symbol, *self.aliases)))


def unit_id_of(code: str) -> int:
    """Return the OPC UA `unitId` of a UNECE code: its ASCII bytes, big-endian (OPC 10000-8).

    Raises:
        ContractError: not one to three ASCII characters.

    Example:
        >>> unit_id_of("KGM"), unit_id_of("CEL"), unit_id_of("4H")
        (4933453, 4408652, 13384)
    """
    if not (0 < len(code) <= _MAX_CODE_LENGTH and code.isascii() and code.isalnum()):
        message = f"not a UNECE code: {code!r}\nHint: one to three letters or digits, such as 'KGM'"
        raise ContractError(message)
    return int.from_bytes(code.encode("ascii"), "big")


def unit_code_of(unit_id: int) -> str:
    """Return the UNECE code that an OPC UA unit id packs.

    Raises:
        ContractError: the number packs no such code (-1 and 0 are what servers send for "no unit").

    Example:
        >>> unit_code_of(4342098)
        'BAR'
    """
    packed = unit_id.to_bytes(_MAX_CODE_LENGTH, "big").lstrip(b"\0") if 0 < unit_id <= _LARGEST_ID else b""
    code = packed.decode("ascii", errors="replace")
    if not (code.isascii() and code.isalnum()):
        message = f"OPC UA unit id {unit_id} packs no UNECE code\nHint: take the unit from the tag catalogue instead"
        raise ContractError(message)
    return code


def _units(dimension: str, *rows: tuple[str | None, str, str] | tuple[str | None, str, str, str]) -> tuple[Unit, ...]:
    """Build units of one dimension from (code, symbol, scale[, aliases parted by spaces])."""
    return tuple(
        Unit(code, symbol, dimension, Fraction(scale), aliases=tuple(rest[0].split()) if rest else ())
        for code, symbol, scale, *rest in rows
    )


_PSI = "44482216152605/6451600000"
UNITS: tuple[Unit, ...] = (
    *_units("length", ("MTR", "m", "1"), ("MMT", "mm", "1/1000"), ("CMT", "cm", "1/100"), ("KMT", "km", "1000"),
            ("4H", "µm", "1/1000000", "um μm"), ("INH", "in", "0.0254"), ("FOT", "ft", "0.3048")),
    *_units("area", ("MTK", "m²", "1", "m2"), ("CMK", "cm²", "1/10000", "cm2"), ("MMK", "mm²", "1/1000000", "mm2")),
    *_units("mass", ("KGM", "kg", "1"), ("GRM", "g", "1/1000"), ("MGM", "mg", "1/1000000"), ("TNE", "t", "1000"),
            ("LBR", "lb", "0.45359237"), ("ONZ", "oz", "0.028349523125")),
    *_units("time", ("SEC", "s", "1"), ("C26", "ms", "1/1000"), ("B98", "µs", "1/1000000", "us μs"),
            ("MIN", "min", "60"), ("HUR", "h", "3600"), ("DAY", "d", "86400")),
    Unit("KEL", "K", "temperature", Fraction(1)),
    Unit("CEL", "°C", "temperature", Fraction(1), Fraction("273.15"), ("degC", "℃")),
    Unit("FAH", "°F", "temperature", Fraction(5, 9), Fraction(45967, 180), ("degF", "℉")),
    *_units("pressure", ("PAL", "Pa", "1"), ("A97", "hPa", "100"), ("KPA", "kPa", "1000"), ("MPA", "MPa", "1000000"),
            ("BAR", "bar", "100000"), ("MBR", "mbar", "100"), ("PS", "psi", _PSI, "lbf/in²"),
            ("HN", "mmHg", "133.322387415")),
    *_units("pressure_gauge", (None, "bar(g)", "100000", "barg bar_g"), (None, "mbar(g)", "100", "mbarg"),
            (None, "kPa(g)", "1000", "kPag"), ("64", "psi(g)", _PSI, "psig")),
    *_units("pressure_absolute", (None, "bar(a)", "100000", "bara bar_a"), (None, "mbar(a)", "100", "mbara"),
            (None, "kPa(a)", "1000", "kPaa"), ("80", "psi(a)", _PSI, "psia"), ("ATM", "atm", "101325")),
    *_units("volume", ("MTQ", "m³", "1", "m3"), ("LTR", "l", "1/1000", "L"), ("MLT", "ml", "1/1000000", "mL"),
            ("HLT", "hl", "1/10", "hL"), ("CMQ", "cm³", "1/1000000", "cm3"), ("GLL", "gal (US)", "0.003785411784")),
    *_units("volume_normal", ("NM3", "Nm³", "1", "Nm3")),
    *_units("volume_standard", ("SM3", "Sm³", "1", "Sm3")),
    *_units("volume_flow", ("MQS", "m³/s", "1", "m3/s"), ("MQH", "m³/h", "1/3600", "m3/h"),
            ("G51", "l/s", "1/1000", "L/s"), ("L2", "l/min", "1/60000", "L/min"), ("E32", "l/h", "1/3600000", "L/h")),
    *_units("volume_flow_normal", ("Q40", "Nm³/h", "1/3600", "Nm3/h")),
    *_units("volume_flow_standard", ("Q38", "Sm³/h", "1/3600", "Sm3/h")),
    *_units("mass_flow", ("KGS", "kg/s", "1"), ("F31", "kg/min", "1/60"), ("E93", "kg/h", "1/3600"),
            ("E18", "t/h", "5/18")),
    *_units("density", ("KMQ", "kg/m³", "1", "kg/m3"), ("23", "g/cm³", "1000", "g/cm3"),
            ("B35", "kg/l", "1000", "kg/L"), ("GL", "g/l", "1", "g/L"), ("M1", "mg/l", "1/1000", "mg/L")),
    *_units("energy", ("JOU", "J", "1"), ("KJO", "kJ", "1000"), ("3B", "MJ", "1000000"), ("GV", "GJ", "1000000000"),
            ("WHR", "Wh", "3600", "W·h"), ("KWH", "kWh", "3600000", "kW·h"), ("MWH", "MWh", "3600000000", "MW·h"),
            ("GWH", "GWh", "3600000000000", "GW·h")),
    *_units("power", ("WTT", "W", "1"), ("KWT", "kW", "1000"), ("MAW", "MW", "1000000"), ("C31", "mW", "1/1000")),
    *_units("reactive_energy", ("K3", "kvarh", "3600000", "kvar·h"), ("MAH", "Mvarh", "3600000000", "Mvar·h")),
    *_units("reactive_power", ("D44", "var", "1"), ("KVR", "kvar", "1000")),
    *_units("apparent_power", ("D46", "VA", "1", "V·A"), ("KVA", "kVA", "1000", "kV·A"),
            ("MVA", "MVA", "1000000", "MV·A")),
    *_units("current", ("AMP", "A", "1"), ("4K", "mA", "1/1000")),
    *_units("voltage", ("VLT", "V", "1"), ("2Z", "mV", "1/1000"), ("KVT", "kV", "1000")),
    *_units("resistance", ("OHM", "Ω", "1", "ohm \u2126")),
    *_units("conductivity", ("D10", "S/m", "1"), ("H61", "mS/cm", "1/10"), ("G42", "µS/cm", "1/10000", "uS/cm")),
    *_units("frequency", ("HTZ", "Hz", "1"), ("KHZ", "kHz", "1000"), ("MHZ", "MHz", "1000000")),
    *_units("rotational_speed", ("RPS", "r/s", "1"), ("RPM", "r/min", "1/60", "rpm 1/min min-1")),
    *_units("speed", ("MTS", "m/s", "1"), ("C16", "mm/s", "1/1000"), ("2X", "m/min", "1/60"), ("KMH", "km/h", "5/18")),
    *_units("acceleration", ("MSK", "m/s²", "1", "m/s2"), (None, "g0", "9.80665")),
    *_units("force", ("NEW", "N", "1"), ("B47", "kN", "1000")),
    *_units("torque", ("NU", "N·m", "1", "Nm")),
    *_units("viscosity", ("C65", "Pa·s", "1"), ("C24", "mPa·s", "1/1000", "cP")),
    *_units("ratio", ("C62", "1", "1"), ("P1", "%", "1/100", "pct"), ("59", "ppm", "1/1000000")),
    *_units("count", ("H87", "piece", "1", "pcs pc"), ("EA", "each", "1", "ea")),
    *_units("illuminance", ("LUX", "lx", "1")),
)  # fmt: skip
"""The units of plant floors that come with the library; each text names one of them only."""
