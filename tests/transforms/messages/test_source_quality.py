"""Qualities of OPC UA, OPC DA and Sparkplug on one scale, with the limits that their codes tell."""

from __future__ import annotations

import pytest
from pyspark.sql import functions as sf

from fabric_ot.testing import frame
from fabric_ot.transforms.messages.source_quality import has_overflow, limit_of_code, quality_of, quality_of_code

pytestmark = pytest.mark.spark

CODES: dict[int, tuple[str, str, bool]] = {
    # OPC DA: QQSSSSLL
    0x00: ("BAD", "none", False),
    0x18: ("BAD", "none", False),
    0x40: ("UNCERTAIN", "none", False),
    0x56: ("UNCERTAIN", "high", False),
    0x80: ("BAD", "none", False),
    0xC0: ("GOOD", "none", False),
    0xC1: ("GOOD", "low", False),
    0xC2: ("GOOD", "high", False),
    0xDB: ("GOOD", "constant", False),
    0xFF: ("GOOD", "constant", False),
    # Sparkplug, whose 0 and 192 are OPC DA's
    500: ("STALE", "none", False),
    # OPC UA: severity in the first two bits; limits and overflow count beside info type 01 (0x400) only
    0x00000400: ("GOOD", "none", False),
    0x00000500: ("GOOD", "low", False),
    0x00000600: ("GOOD", "high", False),
    0x00000780: ("GOOD", "constant", True),
    0x00000300: ("GOOD", "none", False),
    0x00960000: ("GOOD", "none", False),
    0x40900000: ("UNCERTAIN", "none", False),
    0x40000480: ("UNCERTAIN", "none", True),
    0x40940500: ("UNCERTAIN", "low", False),
    0x80000000: ("BAD", "none", False),
    0x808A0600: ("BAD", "high", False),
    0xC0000000: ("BAD", "none", False),
    -1: ("BAD", "none", False),
    # the same as a signed 32-bit number
    0x80000000 - 2**32: ("BAD", "none", False),
    0x808A0600 - 2**32: ("BAD", "high", False),
}
WORDS = {
    None: "GOOD",
    "Good": "GOOD",
    " good_clamped": "GOOD",
    "Uncertain_SensorNotAccurate": "UNCERTAIN",
    "Bad_NoCommunication": "BAD",
    "stale": "STALE",
    "fine": "UNCERTAIN",
    "194": "GOOD",
    "2147483648": "BAD",
}


def test_every_code_has_one_quality_and_its_limits(spark) -> None:
    code = sf.col("code")
    told = sf.struct(quality_of_code(code), limit_of_code(code), has_overflow(code)).alias("told")
    rows = frame(spark, "code long", [(c,) for c in (*CODES, None)]).select(code, told)
    assert {row.code: tuple(row.told) for row in rows.collect()} == {**CODES, None: (None, None, None)}


def test_words_and_codes_in_digits_mean_a_quality(spark) -> None:
    rows = frame(spark, "word string", [(w,) for w in WORDS]).select("word", quality_of(sf.col("word")))
    assert {row[0]: row[1] for row in rows.collect()} == WORDS
