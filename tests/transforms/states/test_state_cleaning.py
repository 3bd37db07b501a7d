"""Flicker is joined, short stops are told apart and reasons re-coded, and the time of an asset never changes."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from itertools import pairwise
from random import Random

import pytest

from fabric_ot.contracts.packml import OPC_30060_STATES, PACKML_CATEGORIES, TR88_STATES, packml_category_rows
from fabric_ot.contracts.roles import NO_SIGNAL, TIME_CATEGORIES
from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.states.cleaning import (
    to_debounced_intervals,
    to_recoded_intervals,
    with_micro_stops,
    with_packml_state,
)

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
INTERVALS = (
    "asset_id string, start_utc timestamp, end_utc timestamp, state string, time_category string, "
    "duration_s double, is_open boolean"
)
RECODINGS = (
    "asset_id string, start_utc timestamp, end_utc timestamp, recoding_id string, reason_code string, "
    "time_category string, recorded_at_utc timestamp, recorded_by string"
)
CATEGORY = {
    "RUN": "production",
    "IDLE": "idle",
    "DOWN": "unplanned_down",
    "PLAN": "planned_down",
    NO_SIGNAL: "unqualified",
}

Run = tuple[float, float, str, bool]
"""Start, end (seconds from T0), state, is it open."""


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def seconds(moment: dt.datetime) -> float:
    return (moment.replace(tzinfo=dt.UTC) - T0).total_seconds()


def random_series(count: int, seed: int, states: str = "RUN IDLE DOWN PLAN") -> dict[str, list[Run]]:
    """Make runs as `to_state_intervals` does: maximal where they touch; some assets have holes in time."""
    rng = Random(seed)
    series: dict[str, list[Run]] = {}
    for n in range(count):
        runs: list[Run] = []
        now, last = 0.0, ""
        for _ in range(rng.randint(0, 12)):
            if runs and rng.random() < 0.1:
                now, last = now + 1.0, ""
            state = rng.choice([s for s in [*states.split(), NO_SIGNAL] if s != last])
            length = rng.choice([0.5, 1.0, 1.5, 2.0, 2.5, 9.0])
            runs.append((now, now + length, state, False))
            now, last = now + length, state
        if runs and rng.random() < 0.7:
            runs[-1] = (*runs[-1][:3], True)
        series[f"m{n}"] = runs
    return series


def interval_rows(series: dict[str, list[Run]]) -> list[tuple]:
    return [
        (asset, at(a), at(b), state, CATEGORY[state], float(b - a), is_open)
        for asset, runs in series.items()
        for a, b, state, is_open in runs
    ]


def collected(intervals, *columns: str) -> dict[str, list[tuple]]:
    found = defaultdict(list)
    for r in sorted(intervals.collect(), key=lambda row: row.start_utc):
        found[r.asset_id].append((seconds(r.start_utc), seconds(r.end_utc), *[r[name] for name in columns]))
    return found


def nodes_of(plan) -> list[str]:
    """Name the nodes of a JVM plan; its text is cut at a length, the tree is not."""
    name = plan.nodeName()
    if name == "Exchange":
        name = plan.outputPartitioning().getClass().getSimpleName()
    children = plan.children()
    return [name, *(node for n in range(children.size()) for node in nodes_of(children.apply(n)))]


def slow_debounce(runs: list[Run], debounce: float) -> list[tuple]:
    """Walk along the runs: a short one lengthens the one before it, unless a gap lies between."""
    kept: list[list] = []
    before: Run | None = None
    for run in runs:
        a, b, state, is_open = run
        follows = before is not None and before[1] == a and before[2] != NO_SIGNAL
        if follows and b - a < debounce and state != NO_SIGNAL and not is_open:
            kept[-1][1] = b
            kept[-1][4] += 1
            kept[-1][5] += b - a
        else:
            kept.append([a, b, state, is_open, 0, 0.0])
        before = run
    merged: list[list] = []
    for run in kept:
        if merged and merged[-1][1] == run[0] and merged[-1][2] == run[2]:
            last = merged[-1]
            last[1], last[3], last[4], last[5] = run[1], run[3], last[4] + run[4], last[5] + run[5]
        else:
            merged.append(run)
    return [(a, b, s, CATEGORY[s], b - a, o, n, j) for a, b, s, o, n, j in merged]


@pytest.mark.spark
def test_debounced_runs_agree_with_a_walk_and_keep_the_time(spark) -> None:
    series = random_series(400, seed=1)
    intervals = frame(spark, INTERVALS, interval_rows(series))
    debounced = to_debounced_intervals(intervals, debounce=dt.timedelta(seconds=2))
    found = collected(debounced, "state", "time_category", "duration_s", "is_open", "joined_count", "joined_s")
    for asset, runs in series.items():
        assert found[asset] == slow_debounce(runs, 2.0), asset
        assert sum(b - a for a, b, *_ in found[asset]) == sum(b - a for a, b, *_ in runs)
        assert all(one[2] != two[2] for one, two in pairwise(found[asset]) if one[1] == two[0]), "maximal again"
    assert sum(row[6] for rows in found.values() for row in rows) > 300
    nodes = nodes_of(debounced._jdf.queryExecution().executedPlan())
    assert nodes.count("HashPartitioning") == 1, nodes


@pytest.mark.spark
def test_a_lasting_state_counts_from_its_start_and_flicker_belongs_to_what_was_before(spark) -> None:
    series = {
        "flicker": [(0, 60, "RUN", False), (60, 61, "DOWN", False), (61, 62, "IDLE", False), (62, 90, "RUN", False)],
        "lasts": [(0, 60, "RUN", False), (60, 61, "IDLE", False), (61, 70, "DOWN", True)],
        "border": [(0, 60, "RUN", False), (60, 62, "DOWN", False), (62, 63, "IDLE", True)],
        "gap": [(0, 60, "RUN", False), (60, 60.5, NO_SIGNAL, False), (60.5, 61, "RUN", False), (61, 80, "IDLE", False)],
        "first": [(0, 1, "DOWN", False), (1, 60, "RUN", False)],
    }
    debounced = to_debounced_intervals(frame(spark, INTERVALS, interval_rows(series)), debounce=dt.timedelta(seconds=2))
    found = {asset: [(a, b, s) for a, b, s in rows] for asset, rows in collected(debounced, "state").items()}
    assert found == {
        "flicker": [(0, 90, "RUN")],
        "lasts": [(0, 61, "RUN"), (61, 70, "DOWN")],
        "border": [(0, 60, "RUN"), (60, 62, "DOWN"), (62, 63, "IDLE")],
        "gap": [(0, 60, "RUN"), (60, 60.5, NO_SIGNAL), (60.5, 61, "RUN"), (61, 80, "IDLE")],
        "first": [(0, 1, "DOWN"), (1, 60, "RUN")],
    }
    same = to_debounced_intervals(frame(spark, INTERVALS, interval_rows(series)), debounce=dt.timedelta(0))
    assert {a: [r[2] for r in rows] for a, rows in collected(same, "state").items()} == {
        asset: [run[2] for run in runs] for asset, runs in series.items()
    }


def slow_stops(runs: list[Run], limit: float, stops: tuple[str, ...]) -> list[tuple]:
    rows: list[tuple] = []
    stretch: list[Run] = []

    def close() -> None:
        length = sum(b - a for a, b, *_ in stretch)
        is_micro = length < limit and not any(is_open for *_, is_open in stretch)
        for a, b, state, _ in stretch:
            category = CATEGORY[state]
            rows.append((a, b, "production" if is_micro else category, is_micro, category, length))
        stretch.clear()

    for run in runs:
        if stretch and (stretch[-1][1] != run[0] or CATEGORY[run[2]] not in stops):
            close()
        if CATEGORY[run[2]] in stops:
            stretch.append(run)
        else:
            rows.append((run[0], run[1], CATEGORY[run[2]], False, CATEGORY[run[2]], None))
    close()
    return rows


@pytest.mark.spark
@pytest.mark.parametrize("stops", [("idle", "unplanned_down"), ("unplanned_down",)])
def test_stops_are_judged_as_a_whole_whatever_states_they_are_made_of(spark, stops) -> None:
    series = random_series(400, seed=2)
    intervals = frame(spark, INTERVALS, interval_rows(series))
    marked = with_micro_stops(intervals, shorter_than=dt.timedelta(seconds=3), stop_categories=stops)
    found = collected(marked, "time_category", "is_micro_stop", "measured_category", "stop_s")
    for asset, runs in series.items():
        assert found[asset] == slow_stops(runs, 3.0, stops), asset
    kinds = {(row[4], row[3]) for rows in found.values() for row in rows}
    assert {("unplanned_down", True), ("unplanned_down", False), ("planned_down", False)} <= kinds
    assert not {("planned_down", True), ("unqualified", True), ("production", True)} & kinds


def slow_recode(runs: list[Run], recodings: list[tuple], protected: tuple[str, ...]) -> list[tuple]:
    """Look at every half second: the re-coding recorded last holds; equal neighbors of one run are one piece."""
    rows: list[list] = []
    for a, b, state, is_open in runs:
        pieces: list[list] = []
        for tick in range(int(a * 2), int(b * 2)):
            now = tick / 2
            covering = [r for r in recodings if r[1] <= now < r[2] and CATEGORY[state] not in protected]
            one = max(covering, key=lambda r: (r[6], r[3])) if covering else None
            if pieces and pieces[-1][2] is one:
                pieces[-1][1] = now + 0.5
            else:
                pieces.append([now, now + 0.5, one])
        for n, (start, end, one) in enumerate(pieces):
            told = (one[5], CATEGORY[state], one[4], one[3], one[7]) if one else (CATEGORY[state], *(None,) * 4)
            rows.append([start, end, state, end - start, is_open and n == len(pieces) - 1, *told])
    return [tuple(row) for row in rows]


@pytest.mark.spark
def test_recodings_agree_with_a_look_at_every_half_second_and_keep_the_time(spark) -> None:
    rng = Random(6)
    series = random_series(250, seed=3)
    recodings = defaultdict(list)
    for asset in [*series, "unheard of"]:
        for n in range(rng.choice([0, 0, 1, 2, 4, 6])):
            start = rng.randrange(60) / 2
            end = start + rng.choice([-1.0, 0.0, 0.5, 3.0, 8.0, 40.0])
            category = rng.choice(TIME_CATEGORIES)
            recodings[asset].append((asset, start, end, f"id{n}", f"r{n % 3}", category, rng.randrange(3), f"p{n}"))
    rows = [(r[0], at(r[1]), at(r[2]), *r[3:6], at(10_000 + r[6]), r[7]) for told in recodings.values() for r in told]
    intervals = frame(spark, INTERVALS, interval_rows(series))
    recoded = to_recoded_intervals(intervals, frame(spark, RECODINGS, rows))
    columns = (
        "state",
        "duration_s",
        "is_open",
        "time_category",
        "recoded_from",
        "reason_code",
        "recoding_id",
        "recoded_by",
    )
    found = collected(recoded, *columns)
    assert set(found) <= set(series)
    for asset, runs in series.items():
        assert found[asset] == slow_recode(runs, recodings[asset], ("production",)), asset
    told = [row for rows in found.values() for row in rows if row[6] is not None]
    assert len(told) > 100
    assert not any(row[6] == "production" for row in told), "measured production is not talked away"
    plan = recoded._jdf.queryExecution().executedPlan()
    while plan.children().size() > 0:
        assert nodes_of(plan)[0] != "HashPartitioning", "no shuffle of the intervals"
        plan = plan.children().apply(0)


@pytest.mark.spark
def test_a_stop_is_explained_later_with_who_and_when_and_what_was_measured(spark) -> None:
    series = {"m": [(0, 60, "RUN", False), (60, 360, "DOWN", False), (360, 400, "RUN", True)]}
    said = [
        ("m", at(60), at(180), "1", "jam", "unplanned_down", at(500), "ann"),
        ("m", at(120), at(380), "2", "meeting", "planned_down", at(600), "bob"),
    ]
    intervals = frame(spark, INTERVALS, interval_rows(series))
    columns = ("state", "time_category", "recoded_from", "reason_code", "recoded_by", "recoded_at_utc")
    found = collected(to_recoded_intervals(intervals, frame(spark, RECODINGS, said)), *columns)["m"]
    assert [row[:7] for row in found] == [
        (0, 60, "RUN", "production", None, None, None),
        (60, 120, "DOWN", "unplanned_down", "unplanned_down", "jam", "ann"),
        (120, 360, "DOWN", "planned_down", "unplanned_down", "meeting", "bob"),
        (360, 400, "RUN", "production", None, None, None),
    ]
    assert [row[7] and seconds(row[7]) for row in found] == [None, 500, 600, None]
    free = to_recoded_intervals(intervals, frame(spark, RECODINGS, said), protected=())
    assert [row[:4] for row in collected(free, "state", "time_category")["m"]] == [
        (0, 60, "RUN", "production"),
        (60, 120, "DOWN", "unplanned_down"),
        (120, 360, "DOWN", "planned_down"),
        (360, 380, "RUN", "planned_down"),
        (380, 400, "RUN", "production"),
    ]


@pytest.mark.spark
def test_packml_numbers_get_their_names_by_the_declared_table(spark) -> None:
    said = [
        "6",
        "6.0",
        " 17 ",
        "Un-Holding",
        "un holding",
        "execute",
        "18",
        "0",
        "-6",
        "",
        None,
        "Setup_A",
        "6.5",
        "x.0",
    ]
    rows = list(enumerate(said))
    samples = frame(spark, "id long, state string", rows)
    found = {r.id: r.state for r in with_packml_state(samples).collect()}
    assert [found[n] for n, _ in rows] == [
        "EXECUTE", "EXECUTE", "COMPLETE", "UNHOLDING", "UNHOLDING", "EXECUTE", "18", "0", "-6", "", None, "SETUP_A",
        "6.5", "X.0",
    ]  # fmt: skip
    other = {r.id: r.state for r in with_packml_state(samples, numbers=OPC_30060_STATES).collect()}
    assert (other[0], other[7]) == ("COMPLETE", "STOPPED")


def test_every_packml_state_has_a_category_in_both_numberings() -> None:
    assert len(TR88_STATES) == len(OPC_30060_STATES) == 17
    assert set(TR88_STATES.values()) == set(OPC_30060_STATES.values()) == set(PACKML_CATEGORIES)
    assert set(PACKML_CATEGORIES.values()) <= set(TIME_CATEGORIES)
    assert sorted(TR88_STATES) == list(range(1, 18))
    rows = packml_category_rows()
    assert len(dict(rows)) == len(rows) == 34
    assert dict(rows)["4"] == "idle"
    assert dict(packml_category_rows(OPC_30060_STATES))["4"] == "production"


@pytest.mark.spark
def test_empty_frames_keep_their_schema_and_wrong_use_is_told(spark) -> None:
    empty = spark.createDataFrame([], INTERVALS)
    nothing_said = spark.createDataFrame([], RECODINGS)
    runs = frame(spark, INTERVALS, interval_rows({"m": [(0, 60, "RUN", False)]}))
    assert to_debounced_intervals(empty, debounce=dt.timedelta(1)).collect() == []
    assert with_micro_stops(empty).columns[-4:] == ["time_category", "is_micro_stop", "measured_category", "stop_s"]
    assert to_recoded_intervals(runs, nothing_said).count() == 1
    with pytest.raises(ConfigError, match="negative"):
        to_debounced_intervals(empty, debounce=dt.timedelta(-1))
    with pytest.raises(ConfigError, match="stop_categories"):
        with_micro_stops(empty, stop_categories=("lunch",))
    with pytest.raises(ColumnContractError, match="is_open"):
        with_micro_stops(empty.drop("is_open"))
    with pytest.raises(ColumnContractError, match="recorded_by"):
        to_recoded_intervals(empty, nothing_said.drop("recorded_by"))
