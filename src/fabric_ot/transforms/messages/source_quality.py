"""The qualities that sources send, as one of GOOD, UNCERTAIN, BAD and STALE, beside their own code.

Choices: nothing said means GOOD; an unknown word is UNCERTAIN. Codes 0..255 are OPC DA bytes (0 is Bad, as in
Sparkplug, never OPC UA's Good), 500 is Sparkplug's STALE, larger ones are OPC UA status codes.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as sf

from fabric_ot.contracts.sparkplug import QUALITY_STALE

_DA_MASK, _DA_GOOD, _DA_UNCERTAIN = 0xC0, 0xC0, 0x40
_UA_MASK, _UA_GOOD, _UA_UNCERTAIN = 0xC0000000, 0x00000000, 0x40000000
_DA_MAX = 255
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
