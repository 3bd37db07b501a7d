"""The rules of BLANK, comparison and arithmetic, as documented."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from fabric_ot.errors import DaxError, NotSupportedError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BLANK() + 4", 4),
        ("BLANK() + BLANK()", None),
        ("BLANK() - 4", -4),
        ("BLANK() - BLANK()", None),
        ("BLANK() * 4", None),
        ("BLANK() / 4", None),
        ("BLANK() / BLANK()", None),
        ("4 / BLANK()", math.inf),
        ("-4 / 0", -math.inf),
        ("BLANK() ^ 1", None),
        ("1 ^ BLANK()", 1),
        ("INT(BLANK())", None),
        ("BLANK() = 0", True),
        ('BLANK() = ""', True),
        ("BLANK() = FALSE()", True),
        ("BLANK() == 0", False),
        ('BLANK() == ""', False),
        ("BLANK() == BLANK()", True),
        ("BLANK() < 1", True),
        ("BLANK() IN {0}", False),
        ("BLANK() IN {BLANK()}", True),
        ('BLANK() & "A"', "A"),
        ("BLANK() && TRUE()", False),
        ("BLANK() || TRUE()", True),
        ("NOT BLANK()", True),
        ("IF(BLANK(), 1, 2)", 2),
        ("IF(FALSE, 1)", None),
        ("DIVIDE(1, 0)", None),
        ("DIVIDE(1, BLANK(), -1)", -1),
        ("DIVIDE(BLANK(), 2)", None),
        ("COALESCE(BLANK(), BLANK(), 7)", 7),
        ("ISBLANK(1)", False),
        ("SUM(T[x])", 3),
        ("COUNT(T[x])", 2),
        ("COUNTROWS(T)", 3),
        ("DISTINCTCOUNT(T[x])", 3),
        ("AVERAGE(T[x])", 1.5),
        ("CALCULATE(COUNTROWS(T), T[x] > 5)", None),
        ("CALCULATE(SUM(T[x]), T[x] > 5)", None),
    ],
)
def test_blank_follows_the_documented_rules(value, text, expected):
    assert value(text) == expected
    assert type(value(text)) is type(expected)


def test_zero_by_zero_is_not_a_number(value):
    assert math.isnan(value("0 / 0"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("-2 ^ 2", -4),
        ("2 ^ -1", 0.5),
        ("10 - 4 - 3", 3),
        ("TRUE || FALSE && FALSE", True),
        ("NOT 1 IN {2}", True),
        ("1 + 1 = 2", True),
        ('"a" & 1 + 1', "a2"),
        ('"Jam" = "JAM"', True),
        ('"a" IN {"A", "b"}', True),
        ("ROUND(2.5, 0)", 3.0),
        ("ROUND(-2.5, 0)", -3.0),
        ("ROUND(2.675, 2)", 2.68),
        ("ROUND(1234, -2)", 1200.0),
        ("INT(-1.5)", -2),
        ("ABS(-3)", 3),
        ('SWITCH(2, 1, "a", 2, "b", "c")', "b"),
        ('SWITCH(3, 1, "a", "c")', "c"),
        ("SWITCH(3, 1, 10)", None),
        ('SWITCH(TRUE(), 1 > 2, "a", 2 > 1, "b")', "b"),
        ("DATE(2026, 3, 31) + 1", dt.datetime(2026, 4, 1)),
        ("DATE(2026, 4, 1) - DATE(2026, 3, 31)", 1.0),
        ("YEAR(DATE(2026, 3, 31)) * 100 + MONTH(DATE(2026, 3, 31))", 202603),
        ("DATE(2026, 3, 31) < DATE(2026, 4, 1)", True),
        ("VAR a = 2 VAR b = a * 3 RETURN a + b", 8),
        ("VAR t = {1, 2, 3} RETURN SUMX(t, [Value] * 10)", 60),
        ('"it""s" & 0.5', 'it"s0.5'),
        ("1 /* one */ + 1 // two", 2),
    ],
)
def test_operators_and_functions_give_the_documented_value(value, text, expected):
    assert value(f"{text}\n") == expected


def test_branches_that_are_not_taken_are_not_evaluated(value):
    assert value('IF(TRUE(), 1, "a" + 1)') == 1
    assert value('SWITCH(1, 1, 5, 2, "a" + 1)') == 5
    assert value('COALESCE(1, "a" + 1)') == 1
    assert value('TRUE() || "a"') is True


@pytest.mark.parametrize(
    "text",
    ['"a" + 1', '"a" = 1', "TRUE = 1", 'IF("x", 1, 2)', "(-8) ^ 0.5", "0 ^ -1", "DATE(2026, 1, 1) = 5"],
)
def test_types_that_do_not_go_together_are_an_error(value, text):
    with pytest.raises(DaxError, match="position"):
        value(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("BLANK() / 0", "DIVIDE"),
        ('SWITCH(BLANK(), 0, "zero")', "ISBLANK"),
        ('TRUE() & ""', "TRUE/FALSE"),
        ('1E30 & ""', "joined as text"),
        ("DATE(2026, 13, 1)", "calendar"),
    ],
)
def test_what_is_not_documented_is_refused_rather_than_guessed(value, text, part):
    with pytest.raises(NotSupportedError, match=part):
        value(text)
