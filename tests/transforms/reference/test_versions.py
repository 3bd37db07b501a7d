"""Versions have no gap and no overlap, whatever the order in which their rows came."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fabric_ot.testing import frame
from fabric_ot.transforms.reference.versions import keep_last_arrival, to_versions
from fabric_ot.transforms.signals.as_of import join_as_of

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
ROWS = (
    "product_id string, cycle double, note string, valid_from_utc timestamp, "
    "arrival_time_utc timestamp, route string, source_partition string, source_offset long"
)


def at(day: int) -> dt.datetime:
    return T0 + dt.timedelta(days=day)


def versions_of(spark, cases) -> list[list[tuple]]:
    """Each case is a list of (valid_from, cycle, note, arrival, offset)."""
    rows = [
        (f"p{n}", cycle, note, at(valid), at(arrival), "file", "f.csv", offset)
        for n, case in enumerate(cases)
        for valid, cycle, note, arrival, offset in case
    ]
    versions = to_versions(frame(spark, ROWS, rows), key=("product_id",), tracked=("cycle", "note"))
    found: list[list[tuple]] = [[] for _ in cases]
    for r in sorted(versions.collect(), key=lambda row: row.valid_from_utc):
        ends = None if r.valid_to_utc is None else (r.valid_to_utc.replace(tzinfo=dt.UTC) - T0).days
        starts = (r.valid_from_utc.replace(tzinfo=dt.UTC) - T0).days
        found[int(r.product_id[1:])].append((starts, ends, r.cycle, r.note, r.is_current))
    return found


@pytest.mark.acceptance(8)
def test_versions_follow_each_other_and_only_the_last_is_current(spark) -> None:
    two, repeated, back_dated, corrected, nothing = versions_of(
        spark,
        [
            [(0, 1.0, "a", 0, 0), (5, 2.0, "a", 0, 1)],
            [(0, 1.0, "a", 0, 0), (3, 1.0, "a", 0, 1), (5, 1.0, None, 0, 2), (7, 1.0, None, 0, 3)],
            [(0, 1.0, "a", 0, 0), (9, 3.0, "a", 0, 1), (4, 2.0, "late", 8, 0)],
            [(0, 1.0, "a", 0, 5), (0, 2.0, "b", 1, 0), (0, 3.0, "c", 1, 1)],
            [],
        ],
    )
    assert two == [(0, 5, 1.0, "a", False), (5, None, 2.0, "a", True)]
    assert repeated == [(0, 5, 1.0, "a", False), (5, None, 1.0, None, True)]
    assert back_dated == [(0, 4, 1.0, "a", False), (4, 9, 2.0, "late", False), (9, None, 3.0, "a", True)]
    assert corrected == [(0, None, 3.0, "c", True)]
    assert nothing == []


row = st.tuples(
    st.integers(0, 6), st.sampled_from([1.0, 2.0]), st.sampled_from(["a", None]), st.integers(0, 3), st.integers(0, 99)
)


@pytest.mark.acceptance(8)
@settings(max_examples=2, phases=[Phase.generate])
@given(st.lists(st.lists(row, max_size=7, unique_by=lambda r: (r[3], r[4])), min_size=30, max_size=50))
def test_each_day_finds_exactly_the_last_word_told_about_it(spark, cases) -> None:
    for case, versions in zip(cases, versions_of(spark, cases), strict=True):
        assert bool(versions) == bool(case)
        for day in range(8):
            valid = [v for v in versions if v[0] <= day and (v[1] is None or day < v[1])]
            told = sorted((r for r in case if r[0] <= day), key=lambda r: (r[0], r[3], r[4]))
            assert [v[2:4] for v in valid] == [r[1:3] for r in told[-1:]], "one version a day: no gap, no overlap"
        assert [v[4] for v in versions] == [False] * (len(versions) - 1) + [True] * bool(versions)
        assert all(a[2:4] != b[2:4] for a, b in pairwise(versions)), "a version changes something"


CENTERS = (
    "asset_id string, cost_center string, valid_from_utc timestamp, "
    "arrival_time_utc timestamp, route string, source_partition string, source_offset long"
)


@pytest.mark.acceptance(8)
def test_an_event_belongs_to_the_cost_center_of_its_own_time_also_after_late_and_same_instant_changes(spark) -> None:
    first = [("press", "CC-100", 0, 0, 0), ("press", "CC-200", 10, 9, 1), ("oven", "CC-900", 5, 0, 2)]
    late = [
        ("press", "CC-150", 4, 20, 0),  # told on day 20, held from day 4 on
        ("press", "CC-210", 10, 20, 1),  # a correction of day 10 ...
        ("press", "CC-220", 10, 20, 2),  # ... and of the correction, at the same instant
        ("press", "CC-150", 7, 20, 3),  # says nothing new
    ]
    events = frame(
        spark,
        "event string, asset_id string, event_time_utc timestamp",
        [
            *[(f"day {day}", "press", at(day)) for day in (0, 3, 4, 8, 10, 30)],
            ("last instant before", "press", at(10) - dt.timedelta(microseconds=1)),
            ("before any", "oven", at(4)), ("at its start", "oven", at(5)), ("unknown", "robot", at(5)),
        ],
    )  # fmt: skip

    def centers(rows: list[tuple]) -> dict[str, str | None]:
        told = frame(spark, CENTERS, [(a, c, at(v), at(told), "file", "f.csv", n) for a, c, v, told, n in rows])
        versions = to_versions(told, key=("asset_id",), tracked=("cost_center",)).select(
            "asset_id", "cost_center", "valid_from_utc"
        )
        joined = join_as_of(events, versions, on=["asset_id"], known_at="valid_from_utc")
        return {r.event: r.cost_center for r in joined.collect()}

    others = {"before any": None, "at its start": "CC-900", "unknown": None}
    assert centers(first) == {
        "day 0": "CC-100", "day 3": "CC-100", "day 4": "CC-100", "day 8": "CC-100", "last instant before": "CC-100",
        "day 10": "CC-200", "day 30": "CC-200", **others,
    }, "the historical one, not the current one"  # fmt: skip
    restated = {
        "day 0": "CC-100", "day 3": "CC-100", "day 4": "CC-150", "day 8": "CC-150", "last instant before": "CC-150",
        "day 10": "CC-220", "day 30": "CC-220", **others,
    }  # fmt: skip
    assert centers([*first, *late]) == centers([*reversed(late), *first]) == restated, "in any order of arrival"


def test_the_last_arrival_of_a_key_is_kept(spark) -> None:
    rows = [
        ("p", cycle, None, at(0), at(arrival), "file", "f", offset)
        for cycle, arrival, offset in [(1.0, 2, 0), (2.0, 1, 9), (3.0, 2, 1)]
    ]
    rows.append(("q", 9.0, None, at(0), at(0), "file", "f", 0))
    kept = keep_last_arrival(frame(spark, ROWS, rows), key=("product_id",)).collect()
    assert {r.product_id: r.cycle for r in kept} == {"p": 3.0, "q": 9.0}
