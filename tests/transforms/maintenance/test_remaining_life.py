"""Remaining useful life: labels by the next failure, units kept whole, errors scored."""

from __future__ import annotations

import datetime as dt
import math
from random import Random

import pytest

from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.maintenance.remaining_life import rollup_life_error, with_is_test, with_remaining_life

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SEEN = "asset_id string, event_time_utc timestamp, n int"
FAILED = "asset_id string, failure_start_utc timestamp, failure_end_utc timestamp"
LIVES = "model string, predicted_life double, remaining_life double"


def at(minutes: float) -> dt.datetime:
    return T0 + dt.timedelta(minutes=minutes)


def test_the_life_ends_where_the_next_failure_begins_and_a_life_without_one_is_censored(spark) -> None:
    seen = [
        ("a", at(0), 0), ("a", at(90), 1), ("a", at(100), 2), ("a", at(110), 3), ("a", at(120), 4), ("a", at(121), 5),
        ("b", at(0), 6), (None, at(0), 7), ("a", None, 8), ("a", at(200), 9),
    ]  # fmt: skip
    failed = [("a", at(100), at(120)), ("a", at(150), at(160))]
    told = with_remaining_life(frame(spark, SEEN, seen), frame(spark, FAILED, failed), cap_s=3_600).collect()
    assert {r.n: (r.remaining_life_s, r.is_censored) for r in told} == {
        0: (3_600, False), 1: (600, False), 2: (0, False), 3: (None, False), 4: (1_800, False), 5: (1_740, False),
        6: (None, True), 7: (None, False), 8: (None, False), 9: (None, True),
    }  # fmt: skip


def slow_life(moment: int, failures: list[tuple[int, int]], cap: float) -> tuple[float | None, bool]:
    if any(start < moment < end for start, end in failures):
        return None, False
    coming = [start for start, _ in failures if start >= moment]
    return (min(cap, (min(coming) - moment) * 60.0), False) if coming else (None, True)


def test_lives_agree_with_a_slow_walk_over_random_machines(spark) -> None:
    rng, cap = Random(7), 1_200.0
    seen, failed, wanted = [], [], {}
    for machine in range(120):
        bounds = sorted(rng.sample(range(60), 2 * rng.randint(0, 4)))
        spells = list(zip(bounds[::2], bounds[1::2], strict=True))
        failed += [(f"m{machine}", at(start), at(end)) for start, end in spells]
        for moment in rng.choices(range(60), k=rng.randint(0, 12)):
            wanted[len(seen)] = slow_life(moment, spells, cap)
            seen.append((f"m{machine}", at(moment), len(seen)))
    told = with_remaining_life(frame(spark, SEEN, seen), frame(spark, FAILED, failed), cap_s=cap).collect()
    assert {r.n: (r.remaining_life_s, r.is_censored) for r in told} == wanted
    assert len(wanted) > 500


@pytest.mark.acceptance(12)
def test_a_unit_is_on_one_side_whole_and_stays_there_when_others_come(spark) -> None:
    rows = spark.range(4_000).selectExpr("concat('unit', id % 400) asset_id", "id")
    both = with_is_test(rows, test_share=0.25, seed=3)
    sides = {(r.asset_id, r.is_test) for r in both.distinct().collect()}
    assert len(sides) == 400
    assert 70 <= sum(is_test for _, is_test in sides) <= 130
    some = with_is_test(rows.where("id % 400 < 50"), test_share=0.25, seed=3).collect()
    assert {(r.asset_id, r.is_test) for r in some} < sides
    other = {(r.asset_id, r.is_test) for r in with_is_test(rows, test_share=0.25, seed=4).collect()}
    assert other != sides
    assert {r.is_test for r in with_is_test(rows, test_share=0).collect()} == {False}
    assert {r.is_test for r in with_is_test(rows, test_share=1).collect()} == {True}


@pytest.mark.acceptance(12)
def test_a_perfect_predictor_scores_0_and_a_late_warning_costs_more_than_an_early_one(spark) -> None:
    pairs = [
        ("perfect", 80.0, 80.0), ("perfect", 0.0, 0.0), ("early", 70.0, 83.0), ("late", 90.0, 80.0),
        ("late", None, 80.0), ("late", 1.0, float("nan")), ("none", None, 1.0), ("absurd", 1e6, 0.0),
    ]  # fmt: skip
    found = {r.model: r for r in rollup_life_error(frame(spark, LIVES, pairs), by=["model"]).collect()}
    assert (found["perfect"].phm08_score, found["perfect"].rmse) == (0.0, 0.0)
    assert found["early"].phm08_score == pytest.approx(math.e - 1)
    assert found["late"].phm08_score == pytest.approx(math.e - 1)  # 10 cycles late cost what 13 early do
    assert (found["late"].rmse, found["late"].prediction_count, found["late"].left_out_count) == (10.0, 1, 2)
    assert (found["none"].phm08_score, found["none"].rmse, found["none"].left_out_count) == (None, None, 1)
    assert (found["absurd"].phm08_score, found["absurd"].rmse) == (None, 1e6)
    (whole,) = rollup_life_error(frame(spark, LIVES, pairs[:3])).collect()
    assert whole.rmse == pytest.approx(13 / math.sqrt(3))


def test_what_cannot_be_meant_is_refused(spark) -> None:
    seen, failed, lives = (spark.createDataFrame([], schema) for schema in (SEEN, FAILED, LIVES))
    assert with_remaining_life(seen, failed).collect() == []
    with pytest.raises(ColumnContractError, match=r"with_remaining_life failures.*failure_end_utc"):
        with_remaining_life(seen, failed.drop("failure_end_utc"))
    with pytest.raises(ConfigError, match="cap_s is 0"):
        with_remaining_life(seen, failed, cap_s=0)
    for share in (-0.01, 1.5):
        with pytest.raises(ConfigError, match=f"test_share is {share}"):
            with_is_test(seen, test_share=share)
    with pytest.raises(ConfigError, match="units is empty"):
        with_is_test(seen, units=())
    with pytest.raises(ConfigError, match="early is 0"):
        rollup_life_error(lives, early=0)
    with pytest.raises(ColumnContractError, match="should be numbers"):
        rollup_life_error(lives, predicted="model")
