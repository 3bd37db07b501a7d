"""Historian rows by declared mapping: quoted fields, zones, interval labels, and a reason for each bad row."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from pyspark.sql import functions as sf

from fabric_ot.contracts.bronze import MESSAGE
from fabric_ot.contracts.landing import CsvMapping, CsvValue, LandingConfig
from fabric_ot.contracts.silver import TAG
from fabric_ot.testing import frame, message
from fabric_ot.transforms.messages.decoders import with_decoder
from fabric_ot.transforms.messages.historian import to_historian_samples
from fabric_ot.transforms.messages.quarantine import rollup_messages, to_quarantine
from fabric_ot.transforms.messages.readings import join_catalogue, to_readings

pytestmark = pytest.mark.spark

BATCHES = CsvMapping(
    "batches", "historian", "historian/b*.csv", ("when", "note", "temp", "mode"), timestamp_column="when",
    timestamp_format="yyyy-MM-dd HH:mm:ss",
    values=(CsvValue("temp", "oven/temp", "degC"), CsvValue("mode", "oven/mode")),
)  # fmt: skip
METER = CsvMapping(
    "meter", "historian", "historian/m*.csv", ("Zeit", "kWh"), ";", "Zeit", "dd.MM.yyyy HH:mm", "Europe/Berlin",
    "start", 900.0, values=(CsvValue("kWh", "meter/kwh", "kWh"),),
)  # fmt: skip
STEEL = CsvMapping(
    "steel", "historian", "steel/*.csv",
    ("date", "Usage_kWh", "lag", "lead", "co2", "pf_lag", "pf_lead", "nsm", "week", "day", "load"),
    timestamp_column="date", timestamp_format="dd/MM/yyyy HH:mm", time_zone="Asia/Seoul", interval_label="end",
    interval_s=900.0, end_of_day_is_midnight=True, values=(CsvValue("Usage_kWh", "steel/kwh", "kWh"),),
)  # fmt: skip
NAB = CsvMapping(
    "nab", "historian", "nab/*.csv", ("timestamp", "value"), timestamp_column="timestamp",
    timestamp_format="yyyy-MM-dd HH:mm:ss", values=(CsvValue("value", "nab/temp", "degF"),),
)  # fmt: skip
CONFIG = LandingConfig(csv=(BATCHES, METER, STEEL, NAB))
TAGS = [("oven/temp", "oven", "measure", "double", "K", None, dt.datetime(2000, 1, 1, tzinfo=dt.UTC), None, True)]

ROWS: dict[str, tuple[str, bytes | None, list[tuple], list[tuple]]] = {
    # case: mapping, line, readings (tag, value_double, value_string, unit), quarantine (metric_index, reason)
    "plain": ("batches", b"2026-03-01 10:00:00,ok,20.5,AUTO",
              [("oven/mode", None, "AUTO", None), ("oven/temp", 20.5, None, "degC")], []),
    "quoted": ("batches", b'2026-03-01 10:00:00,"say ""hi"", all"," 21 ","A,B"',
               [("oven/mode", None, "A,B", None), ("oven/temp", 21.0, None, "degC")], []),
    "number_by_content": ("batches", b"2026-03-01 10:00:00,,1e2,7",
                          [("oven/mode", 7.0, None, None), ("oven/temp", 100.0, None, "degC")], []),
    "gap": ("batches", b"2026-03-01 10:00:00,ok,,AUTO",
             [("oven/mode", None, "AUTO", None)], [(0, "value_is_null")]),
    "word": ("batches", b"2026-03-01 10:00:00,ok,n/a,AUTO",
             [("oven/mode", None, "AUTO", None)], [(0, "type_mismatch")]),
    "nan": ("batches", b"2026-03-01 10:00:00,ok,NaN,AUTO",
             [("oven/mode", None, "AUTO", None)], [(0, "type_mismatch")]),
    "huge": ("batches", b"2026-03-01 10:00:00,ok,1e999,AUTO",
             [("oven/mode", None, "AUTO", None)], [(0, "type_mismatch")]),
    "all_gaps": ("batches", b"2026-03-01 10:00:00,ok,,", [], [(0, "value_is_null"), (1, "value_is_null")]),
    "short": ("batches", b"2026-03-01 10:00:00,ok,20.5", [], [(-1, "row_does_not_fit_mapping")]),
    "long": ("batches", b"2026-03-01 10:00:00,ok,20.5,AUTO,1", [], [(-1, "row_does_not_fit_mapping")]),
    "open_quote": ("batches", b'2026-03-01 10:00:00,"ok,20.5,AUTO', [], [(-1, "row_does_not_fit_mapping")]),
    "bad_time": ("batches", b"01.03.2026,ok,20.5,AUTO", [], [(-1, "row_does_not_fit_mapping")]),
    "no_time": ("batches", b",ok,20.5,AUTO", [], [(-1, "row_does_not_fit_mapping")]),
    "old": ("batches", b"1999-12-31 23:59:59,ok,20.5,AUTO", [], [(-1, "event_time_out_of_range")]),
    "future": ("batches", b"2026-03-03 10:00:00,ok,20.5,AUTO", [], [(-1, "event_time_out_of_range")]),
    "empty": ("batches", b"", [], [(-1, "empty_payload")]),
    "latin_1": ("batches", "2026-03-01 10:00:00,\u00e9,20.5,AUTO".encode("latin-1"), [], [(-1, "not_utf8")]),
    "meter": ("meter", b"01.03.2026 10:00;3", [("meter/kwh", 3.0, None, "kWh")], []),
}  # fmt: skip


def lines_of(spark, rows):
    columns = {"route": "file", "broker_time_utc": None}
    built = [
        message(f"historian/{name}", line, source_partition=part, source_offset=n, **columns)
        for n, (part, name, line) in enumerate(rows)
    ]
    return with_decoder(frame(spark, MESSAGE.spark_ddl(), built), CONFIG)


@pytest.fixture(scope="module")
def results(spark_session):
    rows = [(case, name, line) for case, (name, line, _, _) in ROWS.items()]
    messages = lines_of(spark_session, rows)
    tags = frame(spark_session, TAG.spark_ddl(), TAGS)
    samples = join_catalogue(to_historian_samples(messages, CONFIG.csv), tags).persist()
    frames = {
        "readings": to_readings(samples),
        "quarantine": to_quarantine(samples, messages),
        "outcomes": rollup_messages(samples),
    }
    found = {kind: rows.collect() for kind, rows in frames.items()}
    samples.unpersist()
    return {kind: {c: [r for r in rows if r.source_partition == c] for c in ROWS} for kind, rows in found.items()}


@pytest.mark.parametrize("case", ROWS)
def test_rows_become_readings_and_refusals(results, case):
    _, line, readings, refused = ROWS[case]
    found = sorted((r.tag_id, r.value_double, r.value_string, r.unit) for r in results["readings"][case])
    assert found == readings
    quarantined = results["quarantine"][case]
    assert sorted((r.metric_index, *r.reasons) for r in quarantined) == refused
    assert all(bytes(r.payload) == line for r in quarantined)
    outcome = results["outcomes"][case][0]
    assert outcome.outcome == ("decoded" if readings else "quarantined")
    assert (outcome.reason, outcome.value_count) == ("" if readings else refused[0][1], len(readings))


def test_a_reading_is_stamped_with_its_interval_s_end_and_its_row(results):
    row = results["readings"]["meter"][0]
    assert row.event_time_utc == dt.datetime(2026, 3, 1, 9, 15)
    assert row.source_sequence == list(ROWS).index("meter")
    assert (row.time_source, row.quality, row.asset_id, row.edge_node_id) == ("file", "GOOD", None, None)
    assert row.is_historical is False


def test_the_catalogue_s_asset_is_added_and_the_declared_unit_kept(results):
    row = next(r for r in results["readings"]["plain"] if r.tag_id == "oven/temp")
    assert (row.asset_id, row.unit) == ("oven", "degC")


@pytest.mark.acceptance(18)
def test_steel_energy_ends_each_day_at_midnight_and_loses_no_interval(spark, shared_data):
    path = shared_data / "steel_energy" / "Steel_industry_data.csv"
    lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()[1:]
    messages = lines_of(spark, [("steel", "steel", line) for line in lines])
    samples = join_catalogue(to_historian_samples(messages, CONFIG.csv), frame(spark, TAG.spark_ddl(), TAGS))
    readings = to_readings(samples)
    time = sf.unix_seconds("event_time_utc")
    found = readings.agg(
        sf.count("*"),
        sf.sum("value_double"),
        sf.max("value_double"),
        sf.countDistinct(time),
        sf.max(time) - sf.min(time),
    ).collect()[0]
    assert (found[0], round(found[1], 2), found[2]) == (35_040, 959_640.31, 157.18)
    assert (found[3], found[4]) == (35_040, 35_039 * 900)
    written = [dt.datetime.strptime(line.split(b",")[0].decode(), "%d/%m/%Y %H:%M") for line in lines]
    assert sum(after < before for before, after in pairwise(written)) == 365, "as written, each day steps back"
    repaired = {row.source_sequence: row.event_time_utc + dt.timedelta(hours=9) for row in readings.collect()}
    moved = [repaired[n] - time for n, time in enumerate(written) if repaired[n] != time]
    assert moved == [dt.timedelta(days=1)] * 365, "365 repairs, and nothing else is moved"


@pytest.mark.acceptance(6)
def test_nab_s_repeated_hour_keeps_both_passes(spark, shared_data):
    path = shared_data / "nab_machine_temperature" / "machine_temperature_system_failure.csv"
    lines = path.read_bytes().splitlines()[1:]
    messages = lines_of(spark, [("nab", "nab", line) for line in lines])
    samples = join_catalogue(to_historian_samples(messages, CONFIG.csv), frame(spark, TAG.spark_ddl(), TAGS))
    times = to_readings(samples).groupBy("event_time_utc").agg(sf.count("*").alias("n"))
    found = times.agg(sf.sum("n"), sf.count(sf.when(sf.col("n") == 2, 1)), sf.max("n")).collect()[0]
    assert tuple(found) == (22_695, 12, 2)


def test_the_plan_has_no_shuffle_and_no_python_before_the_readings(spark):
    messages = lines_of(spark, [("b", "batches", b"x")])
    plan = to_historian_samples(messages, CONFIG.csv)._jdf.queryExecution().executedPlan().toString()
    assert "Exchange hashpartitioning" not in plan
    assert "Python" not in plan
    assert plan.count("from_csv(") == len(CONFIG.csv)
