from __future__ import annotations

import datetime as dt
import itertools

import pytest

from fabric_ot.workbench.local.preview.formats import format_value
from fabric_ot.workbench.local.preview.svg import ticks


@pytest.mark.parametrize(
    ("value", "format_string", "expected"),
    [
        (0.7479365, "0.0 %", "74.8 %"),
        (1.25, "0%", "125%"),
        (19271.0, "#,0", "19,271"),
        (1234.56, "#,0.0", "1,234.6"),
        (1234.56, "#,##0.00", "1,234.56"),
        (12.0, "0.000", "12.000"),
        (1234567, "", "1,234,567"),
        (0.1 + 0.2, "", "0.3"),
        (5, "\\$0", "5"),
        (None, "0.0 %", ""),
        (True, "", "yes"),
        ("Run", "0", "Run"),
        (dt.date(2026, 3, 31), "yyyy-mm-dd", "2026-03-31"),
        (dt.datetime(2026, 3, 31), "", "2026-03-31"),
        (dt.datetime(2026, 3, 31, 6, 30), "", "2026-03-31 06:30:00"),
        (dt.datetime(2026, 3, 31), "dd.mm.yyyy", "31.03.2026"),
    ],
)
def test_a_value_is_shown_as_its_format_string_says(value, format_string, expected):
    assert format_value(value, format_string) == expected


@pytest.mark.parametrize("greatest", [0.003, 0.93, 1.0, 7, 17, 99, 101, 12_345_678.9])
def test_axis_steps_are_even_start_at_zero_and_reach_the_greatest_value(greatest):
    steps = ticks(greatest)
    assert steps[0] == 0
    assert steps[-2] < greatest <= steps[-1] * (1 + 1e-9)
    assert {round(b - a, 9) for a, b in itertools.pairwise(steps)} == {round(steps[1], 9)}


def test_an_axis_without_values_still_has_a_scale():
    assert ticks(0) == [0.0, 1.0]
