"""Wall times by declared pattern and zone: parsed strictly, skipped hours moved, repeated hours the first."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import functions as sf

from fabric_ot.errors import ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.calendar.wall_time import parse_time_pattern, wall_time_to_utc

CASES: dict[tuple[str, str, str], str | None] = {
    # (pattern, zone, text): UTC, or None where it does not fit
    ("dd/MM/yyyy HH:mm", "UTC", "01/02/2018 00:15"): "2018-02-01T00:15:00",
    ("dd/MM/yyyy HH:mm", "UTC", "1/2/2018 0:15"): None,
    ("dd/MM/yyyy HH:mm", "UTC", "31/02/2018 00:15"): None,
    ("dd/MM/yyyy HH:mm", "UTC", "01/02/2018 24:15"): None,
    ("dd/MM/yyyy HH:mm", "UTC", "01/02/2018 00:15 "): None,
    ("dd/MM/yyyy HH:mm", "UTC", "01-02-2018 00:15"): None,
    ("dd/MM/yyyy HH:mm", "UTC", "rubbish"): None,
    ("dd/MM/yyyy HH:mm", "UTC", ""): None,
    ("yyyy-MM-dd HH:mm:ss", "Europe/Berlin", "2026-07-01 14:00:00"): "2026-07-01T12:00:00",
    ("yyyy-MM-dd'T'HH:mm:ss.SSS", "Asia/Kolkata", "2026-07-01T05:30:00.250"): "2026-07-01T00:00:00.250",
    ("yyyy-MM-dd HH:mm:ss.S", "UTC", "2026-07-01 05:30:00.2"): "2026-07-01T05:30:00.200",
    ("yyyy-MM-dd HH:mm:ss.SSSSSS", "UTC", "2026-07-01 05:30:00.000002"): "2026-07-01T05:30:00.000002",
    ("M/d/yyyy h:mm:ss a", "America/Phoenix", "7/1/2026 6:00:00 AM"): "2026-07-01T13:00:00",
    ("M/d/yyyy h:mm:ss a", "America/Phoenix", "7/1/2026 12:00:00 am"): "2026-07-01T07:00:00",
    ("M/d/yyyy h:mm:ss a", "America/Phoenix", "7/1/2026 12:30:00 PM"): "2026-07-01T19:30:00",
    ("M/d/yyyy h:mm:ss a", "America/Phoenix", "7/1/2026 x:30:00 PM"): None,
    ("dd-MMM-yy HH:mm:ss", "UTC", "05-Dec-18 23:59:59"): "2018-12-05T23:59:59",
    ("dd-MMM-yy HH:mm:ss", "UTC", "05-ANF-18 23:59:59"): None,
    ("yyyy-MM-dd HH:mm:ssXXX", "Europe/Berlin", "2026-07-01 14:00:00+05:00"): "2026-07-01T09:00:00",
    ("yyyy-MM-dd HH:mm:ssX", "Europe/Berlin", "2026-07-01 14:00:00Z"): "2026-07-01T14:00:00",
    ("yyyy-MM-dd", "America/Denver", "2026-07-01"): "2026-07-01T06:00:00",
    ("yyyy-MM-dd HH:mm", "America/Denver", "2024-03-10 02:30"): "2024-03-10T09:30:00",  # skipped: as 03:30
    ("yyyy-MM-dd HH:mm", "America/Denver", "2024-11-03 01:30"): "2024-11-03T07:30:00",  # repeated: the first
    ("yyyy-MM-dd HH:mm", "Australia/Lord_Howe", "2026-10-04 02:15"): "2026-10-03T15:45:00",  # 30-minute gap
}


@pytest.mark.parametrize("pattern", ["dd/MM/yy EEEE", "MM/yyyy", "dd/MM/yyyy dd", "dd/MM/yyyy hh:mm", "yyyyy-MM-dd"])
def test_a_pattern_that_cannot_be_read_is_refused_by_name(pattern):
    with pytest.raises(ConfigError, match=r"timestamp_format.*\n.*" + pattern.split()[0]):
        parse_time_pattern(pattern)


@pytest.mark.spark
def test_texts_become_the_instants_they_mean_or_null(spark):
    kinds = sorted({(pattern, zone) for pattern, zone, _ in CASES})
    times = [wall_time_to_utc(sf.col("t"), parse_time_pattern(p), zone=z).alias(f"{p}|{z}") for p, z in kinds]
    texts = sorted({text for _, _, text in CASES})
    rows = frame(spark, "t string", [(t,) for t in texts]).select("t", *times).collect()
    found = {(p, z, row.t): row[f"{p}|{z}"] for row in rows for p, z in kinds}
    wanted = {case: None if text is None else dt.datetime.fromisoformat(text) for case, text in CASES.items()}
    assert {case: found[case] for case in CASES} == wanted


@pytest.mark.spark
@pytest.mark.parametrize("zone", ["America/Denver", "Australia/Lord_Howe", "Asia/Ho_Chi_Minh"])
def test_every_half_hour_of_a_year_agrees_with_the_zone_rules(spark, zone):
    start = dt.datetime(2026, 1, 1)
    walls = [start + dt.timedelta(minutes=30 * n) for n in range(48 * 365)]
    time = wall_time_to_utc(sf.col("t"), parse_time_pattern("yyyy-MM-dd HH:mm"), zone=zone)
    rows = frame(spark, "t string", [(w.strftime("%Y-%m-%d %H:%M"),) for w in walls]).select("t", time.alias("u"))
    found = {row.t: row.u for row in rows.collect()}
    # fold 0 is the first of two; in a gap Python keeps the offset before it, which moves forward by the gap
    wanted = {
        w.strftime("%Y-%m-%d %H:%M"): w.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)
        for w in walls
    }
    assert found == wanted


@pytest.mark.spark
def test_a_day_s_last_interval_ends_at_the_end_of_the_day(spark):
    pattern = parse_time_pattern("dd/MM/yyyy HH:mm")
    time = wall_time_to_utc(sf.col("t"), pattern, zone="Europe/Berlin", end_of_day_is_midnight=True)
    texts = ["28/03/2026 23:45", "28/03/2026 00:00", "28/03/2026 00:15"]
    rows = frame(spark, "t string", [(t,) for t in texts]).select("t", time.alias("u")).collect()
    found = {row.t: row.u.isoformat() for row in rows}
    assert [found[t] for t in texts] == ["2026-03-28T22:45:00", "2026-03-28T23:00:00", "2026-03-27T23:15:00"]
