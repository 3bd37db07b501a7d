"""The qualities that sources send, as one of GOOD, UNCERTAIN, BAD and STALE, beside their own code.

Choices: nothing said means GOOD; an unknown word is UNCERTAIN. Codes 0..255 are OPC DA bytes (0 is Bad, as in
Sparkplug, never OPC UA's Good), 500 is Sparkplug's STALE, larger ones are OPC UA status codes. A severity or quality
that the specifications reserve is BAD. Limits and overflow are information: they change no quality.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as sf

from fabric_ot.contracts.sparkplug import QUALITY_STALE

_DA_MASK, _DA_GOOD, _DA_UNCERTAIN = 0xC0, 0xC0, 0x40
_UA_MASK, _UA_GOOD, _UA_UNCERTAIN = 0xC0000000, 0x00000000, 0x40000000
_DA_MAX = 255
_DA_LIMIT = 0x03
_UA_INFO_TYPE, _UA_DATA_VALUE, _UA_LIMIT, _UA_OVERFLOW = 0xC00, 0x400, 0x300, 0x80
LIMITS: tuple[str, ...] = ("none", "low", "high", "constant")
_WHOLE = r"^-?\d{1,18}$"
_WORDS = ("GOOD", "UNCERTAIN", "BAD", "STALE")


def quality_of_code(code: Column) -> Column:
    """Return the quality that a numeric code means; null where `code` is. *OPC 10000-4 7.39, 10000-8 A.4.3.3*."""
    is_da = code.between(0, _DA_MAX)
    da, ua = code.bitwiseAND(sf.lit(_DA_MASK)), code.bitwiseAND(sf.lit(_UA_MASK))
    good = sf.when(is_da, da == _DA_GOOD).otherwise(ua == _UA_GOOD)
    uncertain = sf.when(is_da, da == _DA_UNCERTAIN).otherwise(ua == _UA_UNCERTAIN)
    named = sf.when(good, sf.lit("GOOD")).when(uncertain, sf.lit("UNCERTAIN")).otherwise(sf.lit("BAD"))
    return sf.when(code == QUALITY_STALE, sf.lit("STALE")).when(code.isNotNull(), named)


def limit_of_code(code: Column) -> Column:
    """Return at which limit of its source a value is (`LIMITS`); null where `code` is. *OPC 10000-4 7.39.1*.

    `constant` cannot move at all. OPC UA says it in bits 8 and 9 of a data value's code, OPC DA in its last two bits.
    """
    of_ua = sf.when(_has_value_bits(code), sf.shiftright(code.bitwiseAND(sf.lit(_UA_LIMIT)), 8))
    number = sf.when(code.between(0, _DA_MAX), code.bitwiseAND(sf.lit(_DA_LIMIT))).otherwise(
        sf.coalesce(of_ua, sf.lit(0))
    )
    return sf.when(code.isNotNull(), sf.get(sf.array(*map(sf.lit, LIMITS)), number.cast("int")))


def has_overflow(code: Column) -> Column:
    """Say whether an OPC UA server had to drop values before this one; null where `code` is. *OPC 10000-4 7.39.1*."""
    return _has_value_bits(code) & (code.bitwiseAND(sf.lit(_UA_OVERFLOW)) != 0)


def quality_code_of(text: Column) -> Column:
    """Return the code in a quality that was sent as text; null where it is a word."""
    return sf.when(text.rlike(_WHOLE), text.cast("bigint"))


def quality_of(text: Column) -> Column:
    """Return the quality that a word (`GOOD`, `Bad_NoCommunication`) or a code in digits means."""
    word = sf.upper(sf.trim(text))
    by_word = sf.when(text.isNull(), sf.lit("GOOD"))
    for name in _WORDS:
        by_word = by_word.when(word.startswith(name), sf.lit(name))
    return sf.coalesce(quality_of_code(quality_code_of(text)), by_word.otherwise(sf.lit("UNCERTAIN")))


def _has_value_bits(code: Column) -> Column:
    """Say whether the lower bits of an OPC UA code speak of a data value; other codes use them otherwise, or not."""
    is_ua = ~code.between(0, _DA_MAX) & (code != QUALITY_STALE)
    return is_ua & (code.bitwiseAND(sf.lit(_UA_INFO_TYPE)) == _UA_DATA_VALUE)
