"""Evidence keeps the time and tells who said what; every second of a shift is accounted for, however it was told."""

from __future__ import annotations

import datetime as dt
from random import Random

import pytest

from fabric_ot.contracts.roles import NO_SIGNAL
from fabric_ot.contracts.silver_states import STATE_EVIDENCE, STATE_RECODING, TIME_ACCOUNT
from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.production.planned_time import with_planned_down_off
from fabric_ot.transforms.states.accounts import to_time_account
from fabric_ot.transforms.states.evidence import to_state_evidence, with_numbered_states
from fabric_ot.transforms.states.segments import to_segments, to_state_time

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
INTERVALS = (
    "asset_id string, start_utc timestamp, end_utc timestamp, state string, time_category string, "
    "duration_s double, is_open boolean"
)
SHIFTS = (
    "asset_id string, site_id string, shift_id string, production_date date, start_utc timestamp, "
    "end_utc timestamp, planned_busy_s double"
)
RUNS = "asset_id string, product_id string, start_utc timestamp, end_utc timestamp"
STOPS = "site_id string, shift_id string, production_date date, stop_id string, start_utc timestamp, end_utc timestamp"
CATEGORY = {"RUN": "production", "IDLE": "idle", "DOWN": "unplanned_down", NO_SIGNAL: "unqualified"}
MINUTE = dt.timedelta(minutes=1)


def at(minutes: float) -> dt.datetime:
    return T0 + minutes * MINUTE


def interval(asset: str, start: float, end: float, state: str, is_open: bool = False) -> tuple:
    return (asset, at(start), at(end), state, CATEGORY[state], (end - start) * 60.0, is_open)


def shift(asset: str, number: int, start: float, end: float) -> tuple:
    return (asset, "s", f"shift-{number}", T0.date(), at(start), at(end), (end - start) * 60.0)


def minute_of(moment: dt.datetime) -> float:
    return (moment.replace(tzinfo=dt.UTC) - T0) / MINUTE


def test_evidence_tells_what_was_measured_what_it_counts_as_and_by_whose_word(spark) -> None:
    told = [(0, 30, "RUN"), (30, 33, "DOWN"), (33, 60, "RUN"), (60, 60.05, "IDLE"), (60.05, 80, "RUN"),
            (80, 100, "DOWN"), (100, 120, "RUN")]  # fmt: skip
    intervals = frame(spark, INTERVALS, [interval("a", *row, is_open=row[1] == 120) for row in told])
    words = [("r1", "a", at(75), at(90), "cleaning", "planned_down", at(200), "lead")]
    recodings = frame(spark, STATE_RECODING.spark_ddl(), words)

    def rows(**choices) -> list[tuple]:
        found = to_state_evidence(intervals, recodings, **choices)
        assert tuple(found.columns) == STATE_EVIDENCE.column_names
        keys = ("state", "time_category", "measured_category", "is_micro_stop", "recoding_id", "recorded_by")
        return [
            (minute_of(r.start_utc), minute_of(r.end_utc), *(r[name] for name in keys))
            for r in sorted(found.collect(), key=lambda r: r.start_utc)
        ]

    plain = rows()
    assert [row[:2] for row in plain] == [(a, b) for a, b, _ in told[:5]] + [(80, 90), (90, 100), (100, 120)]
    assert plain[5] == (80, 90, "DOWN", "planned_down", "unplanned_down", False, "r1", "lead")
    assert plain[4][3] == "production", "what was made is not talked away"
    assert not any(row[5] for row in plain), "no stop is too short unless that is declared"
    judged = rows(debounce=dt.timedelta(seconds=5), micro_stop=5 * MINUTE)
    assert judged == [
        (0, 30, "RUN", "production", "production", False, None, None),
        (30, 33, "DOWN", "production", "unplanned_down", True, None, None),
        (33, 80, "RUN", "production", "production", False, None, None),
        *plain[5:],
    ]
    with pytest.raises(ConfigError, match="negative"):
        to_state_evidence(intervals, recodings, micro_stop=-MINUTE)


def test_states_by_number_are_named_only_by_the_numbering_that_the_tag_declares(spark) -> None:
    samples = [
        (1, "packml_tr88", None, 4.0), (2, "packml_opc30060", None, 4.0), (3, None, None, 4.0),
        (4, "packml_tr88", "6", None), (5, "packml_tr88", None, 99.0), (6, "packml_tr88", None, None),
        (7, None, "Un-Holding", None), (8, "packml_tr88", "Un-Holding", None),
    ]  # fmt: skip
    df = frame(spark, "n int, unit string, value_string string, value_double double", samples)
    named = {row.n: row.value_string for row in with_numbered_states(df).collect()}
    assert named == {
        1: "IDLE", 2: "EXECUTE", 3: None, 4: "EXECUTE", 5: None, 6: None, 7: "Un-Holding", 8: "UNHOLDING",
    }  # fmt: skip
    with pytest.raises(ColumnContractError, match="with_numbered_states"):
        with_numbered_states(df.drop("unit"))


def random_plant(rng: Random) -> tuple[list[tuple], list[tuple]]:
    """Intervals that touch, overlap and leave holes; shifts of several lengths, one asset without any interval."""
    intervals, shifts = [], []
    for number in range(40):
        asset = f"a{number}"
        shifts += [shift(asset, n, n * 60, n * 60 + rng.choice([60, 45, 60])) for n in range(3)]
        for _ in range(rng.randint(0, 9)):
            start = rng.randint(-20, 185)
            end = start + rng.choice([1, 7, 30, 90])
            intervals.append(interval(asset, start, end, rng.choice(sorted(CATEGORY))))
    return intervals, shifts


def test_every_account_adds_up_to_the_calendar_also_where_intervals_overlap(spark) -> None:
    intervals, shifts = random_plant(Random(11))
    told, asset_shifts = frame(spark, INTERVALS, intervals), frame(spark, SHIFTS, shifts)
    nothing = (spark.createDataFrame([], ddl) for ddl in (RUNS, STOPS))
    segments = to_segments(told, next(nothing), asset_shifts, next(nothing))
    found = to_time_account(told, asset_shifts, segments)
    assert tuple(found.columns) == TIME_ACCOUNT.column_names
    accounts = {(r.asset_id, r.shift_id): r for r in found.collect()}
    assert len(accounts) == len(shifts)
    by_hand = {}
    for asset, _, shift_id, _, start, end, _ in shifts:
        own = [i for i in intervals if i[0] == asset]
        heard = silent = covered = 0
        for minute in range(round(minute_of(start)), round(minute_of(end))):
            states = [i[3] for i in own if i[1] <= at(minute) < i[2]]
            silent += states.count(NO_SIGNAL)
            heard += len(states) - states.count(NO_SIGNAL)
            covered += bool(states)
        length = round(minute_of(end) - minute_of(start))
        by_hand[asset, shift_id] = (length, heard, silent, length - covered, heard + silent - covered, 0)
    assert any(row[4] for row in by_hand.values())
    assert any(row[3] for row in by_hand.values())
    assert {key: tuple(seconds / 60 for seconds in row[4:]) for key, row in accounts.items()} == by_hand
    for row in accounts.values():
        assert row.calendar_s == row.told_s + row.no_signal_s + row.gap_s - row.overlap_s


def test_facts_that_lose_time_show_in_the_account(spark) -> None:
    told = frame(spark, INTERVALS, [interval("a", 0, 60, "RUN")])
    asset_shifts = frame(spark, SHIFTS, [shift("a", 1, 0, 60)])
    nothing = [spark.createDataFrame([], ddl) for ddl in (RUNS, STOPS)]
    segments = to_segments(told, nothing[0], asset_shifts, nothing[1])
    (whole,) = to_time_account(told, asset_shifts, segments).collect()
    (lost,) = to_time_account(told, asset_shifts, segments.where("false")).collect()
    assert (whole.difference_s, lost.difference_s) == (0.0, 3600.0)


def test_a_state_has_a_row_for_each_thing_that_it_counts_as_and_planned_time_is_off_only_where_declared(spark) -> None:
    intervals = frame(spark, INTERVALS, [interval("a", 0, 30, "RUN"), interval("a", 30, 60, "DOWN")])
    words = [("r1", "a", at(30), at(40), "cleaning", "planned_down", at(99), "lead")]
    evidence = to_state_evidence(intervals, frame(spark, STATE_RECODING.spark_ddl(), words))
    asset_shifts = frame(spark, SHIFTS, [shift("a", 1, 0, 60)])
    stops = frame(spark, STOPS, [("s", "shift-1", T0.date(), "meal", at(35), at(37))])
    segments = to_segments(evidence, spark.createDataFrame([], RUNS), asset_shifts, stops)
    times = {(r.state, r.time_category): (r.duration_s, r.planned_stop_s) for r in to_state_time(segments).collect()}
    assert times == {
        ("RUN", "production"): (1800.0, 0.0),
        ("DOWN", "planned_down"): (600.0, 120.0),
        ("DOWN", "unplanned_down"): (1200.0, 0.0),
    }
    (row,) = with_planned_down_off(asset_shifts, segments).collect()
    assert row.planned_busy_s == 3600.0 - 480.0, "what is inside a placed stop is off already"
    short = frame(spark, SHIFTS, [(*shift("a", 1, 0, 60)[:6], 60.0)])
    assert with_planned_down_off(short, segments).collect()[0].planned_busy_s == 0.0
