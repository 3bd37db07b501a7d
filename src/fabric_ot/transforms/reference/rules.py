"""What a field of reference data must look like: predicates, and the text that says which field is wrong."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from functools import cache

from pyspark.sql import Column
from pyspark.sql import functions as sf

from fabric_ot.contracts.roles import (
    COMPRESSION_METHODS,
    FILL_METHODS,
    REACTIVE_DIRECTIONS,
    TAG_ROLES,
    TIME_CATEGORIES,
)
from fabric_ot.contracts.table import Column as ContractColumn
from fabric_ot.transforms.energy.meters import ACTIVE, REACTIVE
from fabric_ot.transforms.maintenance.failures import ORDER_TYPES

DATA_TYPES: tuple[str, ...] = ("double", "string", "boolean")

_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$"
_INSTANT = r"^[12]\d{3}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2})$"
_WALL_TIME = r"^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$"
_ZONE_SHAPE = r"^(UTC|[A-Z]\w+(/[\w+-]+)+)$"


def is_number(text: Column) -> Column:
    """Say whether `text` is a plain finite decimal number, as CSV writes them (no NaN, no Infinity, no grouping)."""
    return text.rlike(_NUMBER)


def is_instant(text: Column) -> Column:
    """Say whether `text` has the shape of an ISO instant with zone, to the second."""
    return text.rlike(_INSTANT)


def is_text_utf8(payload: Column) -> Column:
    """Say whether the bytes are valid UTF-8: through UTF-16 and back they stay the same."""
    text = payload.cast("string")
    return sf.decode(sf.encode(text, "UTF-16BE"), "UTF-16BE").cast("binary") == payload


def problems_of(
    entity: str, columns: Sequence[ContractColumn], raw: Mapping[str, Column], typed: Mapping[str, Column]
) -> Column:
    """Return one text that lists what is wrong with a row; empty where nothing is."""
    found: list[Column] = []
    for column in columns:
        text, value = raw[column.name], typed[column.name]
        unreadable = sf.concat(sf.lit(f"{column.name}: "), text, sf.lit(f" is no {column.type}"))
        found.append(sf.when(text.isNotNull() & value.isNull(), unreadable))
        if not column.nullable:
            found.append(sf.when(text.isNull(), f"{column.name}: empty"))
    for name, (is_good, wanted) in _rules(entity, typed).items():
        text = sf.concat(sf.lit(f"{name}: "), raw[name], sf.lit(f" is not {wanted}"))
        found.append(sf.when(typed[name].isNotNull() & ~is_good, text))
    return sf.concat_ws("; ", *found)


def _rules(entity: str, typed: Mapping[str, Column]) -> dict[str, tuple[Column, str]]:
    """Return, by column, what a readable value must also satisfy, and how to say it."""
    return {name: rule for name, rule in _vocabulary(entity, typed).items() if name in typed}


def _vocabulary(entity: str, typed: Mapping[str, Column]) -> dict[str, tuple[Column, str]]:
    if entity == "site":
        return {"time_zone": (_is_zone(typed["time_zone"]), "an IANA time zone")}
    if entity in ("state_category", "state_recoding"):
        return {"time_category": (typed["time_category"].isin(*TIME_CATEGORIES), _one_of(TIME_CATEGORIES))}
    if entity == "product":
        return {"ideal_cycle_s": (typed["ideal_cycle_s"] > 0, "above zero")}
    if entity == "shift":
        return {name: (typed[name].rlike(_WALL_TIME), "a wall time HH:mm:ss") for name in ("start_local", "end_local")}
    if entity == "shift_stop":
        return {
            "start_local": (typed["start_local"].rlike(_WALL_TIME), "a wall time HH:mm:ss"),
            "duration_s": (typed["duration_s"] >= 0, "zero or more"),
        }
    if entity == "tag":
        return _tag_rules(typed)
    if entity == "work_order":
        return {name: (typed[name] >= 0, "zero or more") for name in ("produced_qty", "good_qty", "scrap_qty")}
    if entity == "maintenance_order":
        return {
            "order_type": (typed["order_type"].isin(*ORDER_TYPES), _one_of(ORDER_TYPES)),
            "estimated_s": (typed["estimated_s"] >= 0, "zero or more"),
        }
    if entity == "reactive_meter":
        return {"direction": (typed["direction"].isin(*REACTIVE_DIRECTIONS), _one_of(REACTIVE_DIRECTIONS))}
    if entity == "signal_rule":
        is_compression = typed["compression_method"].isin(*COMPRESSION_METHODS)
        has_deviation = typed["compression_deviation"].isNotNull()
        wanted = f"{_one_of(COMPRESSION_METHODS)} with a compression_deviation"
        return {
            "compression_method": (is_compression & has_deviation, wanted),
            "fill_method": (typed["fill_method"].isin(*FILL_METHODS), _one_of(FILL_METHODS)),
        }
    return {}


def _tag_rules(typed: Mapping[str, Column]) -> dict[str, tuple[Column, str]]:
    role, unit = typed["role"], typed["unit"]
    is_told = sf.lit(True)
    for energy in (ACTIVE, REACTIVE):
        is_told = is_told & (~role.isin(*energy.roles) | unit.isin(*energy.per_unit))
    return {
        "role": (typed["role"].isin(*TAG_ROLES), _one_of(TAG_ROLES)),
        "data_type": (typed["data_type"].isin(*DATA_TYPES), _one_of(DATA_TYPES)),
        "unit": (is_told, "a unit of energy of its role: kWh, Wh, MWh or MJ; of reactive energy kvarh or Mvarh"),
        "counter_modulus": (typed["counter_modulus"] > 0, "above zero"),
    }


def _one_of(words: Sequence[str]) -> str:
    return f"one of {tuple(words)}"


def _is_zone(zone: Column) -> Column:
    known = _known_zones()
    # without a zone database on this machine only the shape can be told
    return zone.rlike(_ZONE_SHAPE) & (zone.isin(*known) if known else sf.lit(True))


@cache
def _known_zones() -> tuple[str, ...]:
    return tuple(sorted(zoneinfo.available_timezones()))
