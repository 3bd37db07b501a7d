"""Minutes of a signal: what held, and how many samples broke which rule; a minute without samples broke none."""

from __future__ import annotations

import datetime as dt

import pytest

from fabric_ot.testing import frame
from fabric_ot.transforms.signals.minutes import in_catalogue_unit, to_reading_minutes, with_filled_minutes

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SAMPLES = (
    "tag_id string, event_time_utc timestamp, value_double double, quality string, quality_code long, "
    "is_unit_refused boolean, "
    "max_hold_s double, lower_limit double, upper_limit double, max_rate_per_s double, stuck_after_s double, "
    "flat_tolerance double"
)
NOT_JUDGED = (None, None, None, None, None)


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def test_a_minute_tells_what_held_and_counts_its_own_samples_only(spark) -> None:
    rows = [
        # before the first minute: speaks into it, and is out of limits, but is not counted there
        ("t", at(-30), 99.0, "GOOD", 0xC2, False, 120.0, 0.0, 50.0, None, None, None),
        ("t", at(15), 60.0, "GOOD", 0xC2, False, 120.0, 0.0, 50.0, None, None, None),
        ("t", at(30), -1.0, "GOOD", None, False, 120.0, 0.0, 50.0, None, None, None),
        ("t", at(45), 20.0, "BAD", None, True, 120.0, 0.0, 50.0, None, None, None),
        ("t", at(50), 20.0, "GOOD", 0xC0, False, 120.0, 0.0, 50.0, None, None, None),
        # held through the second minute and half of the third; then nothing is known
        ("free", at(0), 99.0, "GOOD", None, False, 60.0, *NOT_JUDGED),
    ]
    told = to_reading_minutes(frame(spark, SAMPLES, rows), from_utc=at(0), to_utc=at(300), max_hold_s="max_hold_s")
    found = {(r.tag_id, round((r.minute_utc.replace(tzinfo=dt.UTC) - T0).total_seconds())): r for r in told.collect()}
    assert sorted(found) == [("free", 0), ("t", 0), ("t", 60), ("t", 120)]
    counts = {
        key: (r.sample_count, r.good_count, r.out_of_limits_count, r.unit_refused_count) for key, r in found.items()
    }
    assert counts == {
        ("free", 0): (1, 1, 0, 0),
        ("t", 0): (4, 3, 2, 1),
        ("t", 60): (0, 0, 0, 0),
        ("t", 120): (0, 0, 0, 0),
    }
    limited = {key: r.limited_count for key, r in found.items() if r.limited_count}
    assert limited == {("t", 0): 1}, "the source said that one value of this minute is at the sensor's upper limit"
    for row in found.values():
        assert (row.too_fast_count, row.stuck_count, row.flat_line_count) == (0, 0, 0), "no such rule was declared"
        assert row.event_date == T0.date()
    first = found["t", 0]
    assert (first.covered_s, first.bad_s) == (55.0, 5.0)
    assert first.mean == pytest.approx((99 * 15 + 60 * 15 - 1 * 15 + 20 * 10) / 55)
    assert (first.min, first.max, first.end_value) == (-1.0, 99.0, 20.0)
    assert (found["t", 60].mean, found["t", 60].coverage) == (20.0, 1.0)
    assert (found["t", 120].mean, found["t", 120].covered_s) == (20.0, 50.0)


def test_a_line_is_flat_once_it_has_been_for_ten_minutes(spark) -> None:
    rows = [("t", at(60 * n), 5.0, "GOOD", None, False, 60.0, None, None, None, None, 0.1) for n in range(12)]
    told = to_reading_minutes(frame(spark, SAMPLES, rows), from_utc=at(0), to_utc=at(720), max_hold_s="max_hold_s")
    counts = [r.flat_line_count for r in sorted(told.collect(), key=lambda r: r.minute_utc)]
    assert counts == [0] * 10 + [1, 1]


def test_a_filled_minute_measures_nothing_and_stands_beside_those_that_do(spark) -> None:
    told = "double, fill_method string, max_fill_s double"
    rows = [("t", at(s), v, "GOOD", None, False, 60.0, *NOT_JUDGED, "linear", 600.0) for s, v in ((0, 1.0), (240, 5.0))]
    samples = frame(spark, SAMPLES.removesuffix("double") + told, rows)
    minutes = to_reading_minutes(samples, from_utc=at(0), to_utc=at(300), max_hold_s="max_hold_s")
    whole = with_filled_minutes(minutes, samples, from_utc=at(120), to_utc=at(300))
    assert whole.columns == [*minutes.columns, "filled_value", "fill_method"]
    found = sorted(whole.collect(), key=lambda r: r.minute_utc)
    assert [r.filled_value for r in found] == [None, 3.5, 4.5, None], "the minute before `from_utc` is not asked for"
    assert [r.mean for r in found] == [1.0, None, None, 5.0]
    for row in found[1:3]:
        assert (row.quality, row.fill_method, row.event_date) == ("BAD", "linear", T0.date())
        names = ("covered_s", "bad_s", "coverage", "percent_good", "sample_count", "good_count", "out_of_limits_count")
        assert [row[name] for name in names] == [0] * len(names)


def test_a_value_in_a_unit_that_does_not_convert_is_bad_and_flagged(spark) -> None:
    ddl = "case string, value_double double, quality string"
    rows = [
        ("told", 1.0, "GOOD", 33.8, None),
        ("no unit", 2.0, "UNCERTAIN", None, "unit_missing"),
        ("unknown", 3.0, "GOOD", None, "unit_unknown"),
        ("of a mass", 4.0, "UNCERTAIN", None, "unit_dimension"),
        ("dead", 5.0, "STALE", None, "target_unknown"),
    ]
    converted = frame(spark, f"{ddl}, converted_value double, unit_reason string", rows)
    settled = in_catalogue_unit(converted.select("case", "value_double", "quality"), converted)
    found = {row["case"]: (row.value_double, row.quality, row.is_unit_refused) for row in settled.collect()}
    assert found == {
        "told": (33.8, "GOOD", False),
        "no unit": (2.0, "UNCERTAIN", False),
        "unknown": (None, "BAD", True),
        "of a mass": (None, "BAD", True),
        "dead": (None, "STALE", True),
    }
