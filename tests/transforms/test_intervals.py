"""Runs, overlaps and coverings agree with slow and obvious versions in plain Python."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.intervals import epoch_us, join_covering, join_overlaps, require_columns, to_runs

T0 = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
HOUR = 3600
EVENTS = "asset_id string, event_time_utc timestamp, value string"
SPANS = "asset_id string, name string, start_utc timestamp, end_utc timestamp"


def at(hours: float) -> dt.datetime:
    return T0 + dt.timedelta(hours=hours)


def hours(moment: dt.datetime) -> float:
    return (moment.replace(tzinfo=dt.UTC) - T0).total_seconds() / HOUR


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ContractError, match="without a time zone"):
        epoch_us(dt.datetime(2026, 1, 1))


@pytest.mark.spark
def test_a_missing_column_is_named_before_anything_runs(spark) -> None:
    with pytest.raises(ColumnContractError, match=r"there: missing column\(s\) \['end_utc'\]"):
        require_columns("there", frame(spark, "start_utc timestamp", []), ["start_utc", "end_utc"])


changes = st.lists(st.tuples(st.integers(0, 60), st.sampled_from("ab")), max_size=8, unique_by=lambda change: change[0])


def slow_runs(events: list[tuple[int, str]], horizon: int) -> list[tuple[int, int, str, bool]]:
    runs: list[list] = []
    for time, value in sorted(event for event in events if event[0] < horizon):
        if runs and runs[-1][2] == value:
            continue
        if runs:
            runs[-1][1] = time
        runs.append([time, horizon, value])
    return [(a, b, value, n == len(runs) - 1) for n, (a, b, value) in enumerate(runs)]


@pytest.mark.spark
@settings(max_examples=2, phases=[Phase.generate])
@given(st.lists(changes, min_size=30, max_size=50))
def test_runs_agree_with_a_walk_along_the_events(spark, cases) -> None:
    rows = [(f"a{n}", at(time), value) for n, case in enumerate(cases) for time, value in case]
    runs = to_runs(frame(spark, EVENTS, rows), keys=("asset_id",), value="value", horizon_utc=at(50)).collect()
    found = sorted((r.asset_id, hours(r.start_utc), hours(r.end_utc), r.value, r.is_open) for r in runs)
    assert found == sorted((f"a{n}", *run) for n, case in enumerate(cases) for run in slow_runs(case, 50))


spans = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 70)), max_size=5)


@pytest.mark.spark
@settings(max_examples=2, phases=[Phase.generate])
@given(st.lists(st.tuples(spans, spans), min_size=30, max_size=50))
def test_overlaps_agree_with_a_comparison_of_all_pairs(spark, cases) -> None:
    def rows(side: int) -> list[tuple]:
        return [
            (f"a{n}", f"{n}.{m}", at(start), at(start + length))
            for n, case in enumerate(cases)
            for m, (start, length) in enumerate(case[side])
        ]

    windows = frame(spark, SPANS, rows(1)).withColumnRenamed("name", "window")
    pairs = join_overlaps(frame(spark, SPANS, rows(0)), windows, on=("asset_id",)).collect()
    found = sorted((pair.name, pair.window, pair.overlap_us / 1e6 / HOUR) for pair in pairs)
    wanted = [
        (f"{n}.{i}", f"{n}.{j}", min(a + x, b + y) - max(a, b))
        for n, (left, right) in enumerate(cases)
        for i, (a, x) in enumerate(left)
        for j, (b, y) in enumerate(right)
        if min(a + x, b + y) > max(a, b)
    ]
    assert found == sorted(wanted)


@pytest.mark.spark
def test_a_point_meets_the_run_that_covers_it_and_no_other(spark) -> None:
    runs = frame(
        spark, SPANS, [("a", "first", at(0), at(30)), ("a", "second", at(30), at(31)), ("b", "x", at(0), at(90))]
    )
    points = frame(
        spark, "asset_id string, moment timestamp", [("a", at(h)) for h in (-1, 0, 29.9, 30, 31)] + [("c", at(1))]
    )
    found = {
        (r.asset_id, hours(r.moment)): r.name
        for r in join_covering(points, runs, on=("asset_id",), at="moment").collect()
    }
    assert found == {
        ("a", -1): None, ("a", 0): "first", ("a", 29.9): "first", ("a", 30): "second", ("a", 31): None, ("c", 1): None,
    }  # fmt: skip


@pytest.mark.spark
def test_no_events_give_no_runs_and_keep_the_columns(spark) -> None:
    runs = to_runs(frame(spark, EVENTS, []), keys=("asset_id",), value="value", horizon_utc=at(1))
    assert runs.columns == ["asset_id", "value", "start_utc", "end_utc", "is_open"]
    assert runs.count() == 0
