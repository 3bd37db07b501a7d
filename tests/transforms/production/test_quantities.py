"""PQ = GQ + SQ + RQ, whichever of the four a machine has no counter for."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from fabric_ot.errors import ColumnContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.production.counters import PART_COUNTERS
from fabric_ot.transforms.production.quantities import with_derived_quantity

pytestmark = pytest.mark.spark

COUNTS = "asset_id string, good_qty double, scrap_qty double, rework_qty double, produced_qty double"
TAGS = "asset_id string, role string"
GOOD, SCRAP, REWORK, PRODUCED = PART_COUNTERS


def derived(spark, counts: list[tuple], roles: dict[str, tuple[str, ...]]) -> dict[str, tuple[float, ...]]:
    tags = [(asset, role) for asset, names in roles.items() for role in (*names, "state", "energy_counter")]
    found = with_derived_quantity(frame(spark, COUNTS, counts), frame(spark, TAGS, tags)).collect()
    return {row.asset_id: tuple(row)[1:] for row in found}


def test_whichever_quantity_is_not_counted_comes_from_the_others(spark) -> None:
    random, counts, roles, wanted = Random(11), [], {}, {}
    for n, missing in enumerate([*PART_COUNTERS, None] * 20):
        good, scrap, rework = (float(random.randint(0, 500)) for _ in range(3))
        whole = {GOOD: good, SCRAP: scrap, REWORK: rework, PRODUCED: good + scrap + rework}
        asset = f"m{n}"
        counts.append((asset, *(0.0 if role == missing else quantity for role, quantity in whole.items())))
        roles[asset] = tuple(role for role in PART_COUNTERS if role != missing)
        wanted[asset] = tuple(whole.values())
    assert derived(spark, counts, roles) == wanted


def test_of_several_that_are_not_counted_the_first_is_the_rest_and_the_others_are_none(spark) -> None:
    parts = {GOOD: 70.0, SCRAP: 20.0, REWORK: 10.0, PRODUCED: 150.0}
    counts, roles, wanted = [], {}, {}
    for size in range(5):
        for names in combinations(PART_COUNTERS, size):
            asset = "+".join(names) or "nothing"
            told = {role: quantity if role in names else 0.0 for role, quantity in parts.items()}
            counts.append((asset, *told.values()))
            roles[asset] = names
            by_hand = dict(told)
            missing = next((role for role in (GOOD, SCRAP, REWORK) if role not in names), None)
            if PRODUCED not in names:
                by_hand[PRODUCED] = told[GOOD] + told[SCRAP] + told[REWORK]
            elif missing:
                by_hand[missing] = told[PRODUCED] - sum(told[role] for role in (GOOD, SCRAP, REWORK))
            wanted[asset] = tuple(by_hand.values())
    found = derived(spark, counts, roles)
    assert found == wanted
    assert found["produced_counter"] == (150.0, 0.0, 0.0, 150.0)
    assert found["good_counter+scrap_counter+rework_counter+produced_counter"] == (70.0, 20.0, 10.0, 150.0)


def test_counters_that_contradict_each_other_show_as_a_quantity_below_zero(spark) -> None:
    found = derived(spark, [("m", 0.0, 12.0, 0.0, 10.0), ("unknown", 3.0, 1.0, 0.0, 9.0)], {"m": (SCRAP, PRODUCED)})
    assert found == {"m": (-2.0, 12.0, 0.0, 10.0), "unknown": (3.0, 1.0, 0.0, 4.0)}


def test_a_missing_column_is_refused_by_name(spark) -> None:
    counts, tags = frame(spark, COUNTS, []), frame(spark, TAGS, [])
    assert with_derived_quantity(counts, tags).collect() == []
    with pytest.raises(ColumnContractError, match="rework_qty"):
        with_derived_quantity(counts.drop("rework_qty"), tags)
    with pytest.raises(ColumnContractError, match="role"):
        with_derived_quantity(counts, tags.drop("role"))
