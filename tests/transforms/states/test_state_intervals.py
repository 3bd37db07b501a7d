"""States hold until the next sample, die with their source and never overlap."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fabric_ot.errors import ColumnContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.states.runs import to_state_intervals

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SAMPLES = "asset_id string, event_time_utc timestamp, value_string string, value_double double, quality string"
CATEGORIES = [("EXECUTE", "production"), ("IDLE", "idle"), ("4", "unplanned_down"), ("NO_SIGNAL", "production")]


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def intervals_of(spark, rows, horizon: float) -> list[tuple]:
    categories = frame(spark, "state string, time_category string", CATEGORIES)
    found = to_state_intervals(frame(spark, SAMPLES, rows), categories, horizon_utc=at(horizon)).collect()
    return sorted(
        (
            r.asset_id,
            (r.start_utc.replace(tzinfo=dt.UTC) - T0).total_seconds(),
            (r.end_utc.replace(tzinfo=dt.UTC) - T0).total_seconds(),
            r.state,
            r.time_category,
            r.duration_s,
            r.is_open,
        )
        for r in found
    )


def test_repeats_merge_states_are_upper_cased_and_the_last_is_closed_at_the_horizon(spark) -> None:
    rows = [
        ("a", at(0), "execute", None, "GOOD"),
        ("a", at(5), " Execute ", None, "UNCERTAIN"),
        ("a", at(10), "PURGE", None, "GOOD"),
        ("a", at(15), None, 4.0, "GOOD"),
        ("a", at(20), "IDLE", None, "GOOD"),
        ("a", at(30), "EXECUTE", None, "GOOD"),
    ]
    assert intervals_of(spark, rows, 30) == [
        ("a", 0, 10, "EXECUTE", "production", 10.0, False),
        ("a", 10, 15, "PURGE", "unqualified", 5.0, False),
        ("a", 15, 20, "4", "unplanned_down", 5.0, False),
        ("a", 20, 30, "IDLE", "idle", 10.0, True),
    ]


def test_a_dead_or_bad_source_gives_no_signal_until_its_next_good_sample(spark) -> None:
    rows = [
        ("a", at(0), "EXECUTE", None, "GOOD"),
        ("a", at(4), None, None, "STALE"),
        ("a", at(6), "IDLE", None, "BAD"),
        ("a", at(8), "EXECUTE", None, "GOOD"),
        ("a", at(9), "", None, "GOOD"),
    ]
    assert intervals_of(spark, rows, 10) == [
        ("a", 0, 4, "EXECUTE", "production", 4.0, False),
        ("a", 4, 8, "NO_SIGNAL", "unqualified", 4.0, False),
        ("a", 8, 9, "EXECUTE", "production", 1.0, False),
        ("a", 9, 10, "NO_SIGNAL", "unqualified", 1.0, True),
    ]


def test_no_samples_give_no_intervals_and_a_missing_column_is_named(spark) -> None:
    assert intervals_of(spark, [], 10) == []
    with pytest.raises(ColumnContractError, match="quality"):
        to_state_intervals(frame(spark, SAMPLES, []).drop("quality"), frame(spark, SAMPLES, []), horizon_utc=at(1))


states = st.sampled_from(["execute", "Idle", "odd", None])
case = st.lists(
    st.tuples(st.integers(0, 40), states, st.sampled_from(["GOOD", "GOOD", "BAD", "STALE"])),
    max_size=10,
    unique_by=lambda sample: sample[0],
)


def slow_states(samples, second: int) -> str | None:
    told = [s for s in samples if s[0] <= second]
    if not told:
        return None
    _, value, quality = max(told)
    return value.upper() if value and quality == "GOOD" else "NO_SIGNAL"


@settings(max_examples=2, phases=[Phase.generate])
@given(st.lists(case, min_size=30, max_size=50))
def test_intervals_say_for_each_second_what_the_last_sample_said(spark, cases) -> None:
    rows = [(f"a{n}", at(t), value, None, quality) for n, samples in enumerate(cases) for t, value, quality in samples]
    found = intervals_of(spark, rows, 35)
    for n, samples in enumerate(cases):
        mine = [row for row in found if row[0] == f"a{n}"]
        by_second = {s: row[3] for row in mine for s in range(int(row[1]), int(row[2]))}
        assert by_second == {s: state for s in range(35) if (state := slow_states(samples, s))}
        assert all(a[2] == b[1] and a[3] != b[3] for a, b in pairwise(mine)), "maximal, without gap"
        assert sum(row[5] for row in mine) == (35 - mine[0][1] if mine else 0)
        assert [row[6] for row in mine] == [False] * (len(mine) - 1) + [True] * bool(mine)
