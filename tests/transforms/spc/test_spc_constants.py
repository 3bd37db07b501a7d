"""The table of control-chart constants against the distributions that it tabulates; no JVM needed."""

from __future__ import annotations

import math

import pytest

from fabric_ot.errors import ContractError
from fabric_ot.transforms.spc.constants import (
    CONSTANTS,
    INDIVIDUALS_FACTOR,
    LARGEST_SUBGROUP,
    MOVING_RANGE_D2,
    MOVING_RANGE_D4,
    SMALLEST_SUBGROUP,
)
from fabric_ot.transforms.spc.rules import NELSON, RULES, WESTERN_ELECTRIC, longest_window

SIZES = range(SMALLEST_SUBGROUP, LARGEST_SUBGROUP + 1)
STEP = 0.1
BELOW = [0.5 * math.erfc(-(-7.6 + STEP * i) / math.sqrt(2)) for i in range(153)]


def table(name: str) -> dict[int, float]:
    return dict(zip(SIZES, CONSTANTS[name], strict=True))


def mean_range(n: int) -> float:
    return STEP * sum(1 - p**n - (1 - p) ** n for p in BELOW)


def mean_square(n: int, every: int) -> float:
    total, grid = 0.0, BELOW[::every]
    for i, low in enumerate(grid):
        column = [1 - high**n - (1 - low) ** n + (high - low) ** n for high in grid[i:]]
        total += sum(column) - column[0] / 2
    return 2 * total * (STEP * every) ** 2


def stddev_of_range(n: int) -> float:
    extrapolated = (4 * mean_square(n, 1) - mean_square(n, 2)) / 3
    return math.sqrt(extrapolated - mean_range(n) ** 2)


def exact_c4(n: int) -> float:
    return math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))


def test_there_is_one_value_of_each_constant_for_every_size_from_2_to_25() -> None:
    assert {name: len(values) for name, values in CONSTANTS.items()} == dict.fromkeys(CONSTANTS, 24)


@pytest.mark.parametrize("n", SIZES)
def test_the_table_is_the_distribution_rounded(n: int) -> None:
    d2, d3, c4 = mean_range(n), stddev_of_range(n), exact_c4(n)
    spread = 3 * math.sqrt(1 - c4 * c4) / c4
    assert table("c4")[n] == round(c4, 4)
    exact = {
        "d2": d2, "d3": d3, "A2": 3 / (d2 * math.sqrt(n)), "A3": 3 / (c4 * math.sqrt(n)),
        "B3": max(0.0, 1 - spread), "B4": 1 + spread, "D3": max(0.0, 1 - 3 * d3 / d2), "D4": 1 + 3 * d3 / d2,
    }  # fmt: skip
    allowed = {"d3": 0.0006, "D3": 0.001, "D4": 0.001}  # 0.73348 (n = 19) is printed 0.734; D3, D4 from rounded d3
    for name, value in exact.items():
        assert table(name)[n] == pytest.approx(value, abs=allowed.get(name, 0.00051)), name
        assert table(name)[n] == round(table(name)[n], 3), name


def test_the_constants_of_the_domain_reference_are_the_tabulated_ones() -> None:
    assert (INDIVIDUALS_FACTOR, MOVING_RANGE_D4, MOVING_RANGE_D2) == (2.660, 3.267, 1.128)
    of_five = {name: table(name)[5] for name in ("A2", "D3", "D4", "d2", "A3", "B3", "B4", "c4")}
    assert of_five == {
        "A2": 0.577, "D3": 0.0, "D4": 2.114, "d2": 2.326, "A3": 1.427, "B3": 0.0, "B4": 2.089, "c4": 0.94
    }  # fmt: skip
    assert table("d2")[2] == MOVING_RANGE_D2
    assert table("D4")[2] == MOVING_RANGE_D4


def test_a_rule_set_tells_how_far_it_looks_and_refuses_an_unknown_rule() -> None:
    assert [RULES[name].points for name in WESTERN_ELECTRIC] == [1, 3, 5, 8]
    assert [RULES[name].points for name in NELSON] == [1, 9, 6, 14, 3, 5, 15, 8]
    assert longest_window(["nelson_1", "nelson_3"]) == 6
    with pytest.raises(ContractError, match=r"unknown rule\(s\) \['nelson_9'\]"):
        longest_window(["nelson_1", "nelson_9"])
    with pytest.raises(ContractError, match="or none"):
        longest_window([])
