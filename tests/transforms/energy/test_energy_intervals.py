"""Energy by interval: meters that count, and histories that label the end of an interval."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from pyspark.sql import functions as sf

from fabric_ot.testing import frame
from fabric_ot.transforms.energy.meters import REACTIVE, rollup_refused_units, to_labeled_energy, to_metered_energy
from fabric_ot.transforms.samples import join_tags

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
TAGS = (
    "tag_id string, asset_id string, role string, unit string, counter_modulus double, "
    "valid_from_utc timestamp, valid_to_utc timestamp"
)
SAMPLES = "tag_id string, event_time_utc timestamp, value_double double, quality string"
SINCE = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def at(minutes: float) -> dt.datetime:
    return T0 + dt.timedelta(minutes=minutes)


def tag(tag_id: str, role: str, unit: str | None) -> tuple:
    return (tag_id, "meter", role, unit, None, SINCE, None)


def test_increments_of_meters_become_kwh_and_other_counters_stay_out(spark) -> None:
    times = "previous_time_utc timestamp, event_time_utc timestamp"
    ddl = f"tag_id string, asset_id string, role string, {times}, delta double"
    units = {"k": "kWh", "w": "Wh", "m": "MWh", "u": None}
    deltas = [(name, "meter", "energy_counter", at(0), at(5), 2000.0) for name in units]
    deltas.append(("g", "meter", "good_counter", at(0), at(5), 7.0))
    tags = [tag(name, "energy_counter", unit) for name, unit in units.items()] + [tag("g", "good_counter", None)]
    energy = to_metered_energy(frame(spark, ddl, deltas), frame(spark, TAGS, tags)).collect()
    found = {r.tag_id: (r.start_utc.minute, r.end_utc.minute, r.energy_kwh) for r in energy}
    assert found == {"k": (0, 5, 2000.0), "w": (0, 5, 2.0), "m": (0, 5, 2_000_000.0), "u": (0, 5, 2000.0)}


def test_a_labeled_sample_covers_the_interval_that_ends_at_it(spark) -> None:
    rows = [
        ("a", at(30), 3.0, "GOOD"),
        ("b", at(30), 4.0, "GOOD"),
        ("b", at(45), 9.0, "BAD"),
        ("x", at(30), 1.0, "GOOD"),
    ]
    tags = [tag(name, "energy_interval", "kWh") for name in "ab"] + [tag("x", "measure", "kWh")]
    energy = to_labeled_energy(
        frame(spark, SAMPLES, rows), frame(spark, TAGS, tags), interval_s={"b": 1800.0}
    ).collect()
    found = sorted((r.tag_id, r.start_utc.minute, r.end_utc.minute, r.energy_kwh) for r in energy)
    assert found == [("a", 15, 30, 3.0), ("b", 0, 30, 4.0)]


def test_what_is_in_no_unit_of_energy_is_left_out_and_told_never_taken_for_kwh(spark) -> None:
    units = {"joule": "MJ", "code": "KWH", "spaced": " kWh ", "power": "kW", "typo": "kwh", "none": None}
    tags = frame(spark, TAGS, [tag(name, "energy_interval", unit) for name, unit in units.items()])
    rows = [(name, at(15), 36.0, "GOOD") for name in units] + [("power", at(30), 1.0, "BAD")]
    samples = frame(spark, SAMPLES, rows)
    found = {r.tag_id: r.energy_kwh for r in to_labeled_energy(samples, tags).collect()}
    assert found == {"joule": 10.0, "code": 36.0, "spaced": 36.0, "none": 36.0}
    refused = rollup_refused_units(join_tags(samples, tags)).collect()
    told = {r.tag_id: (r.unit, r.unit_reason, r.sample_count) for r in refused}
    assert told == {"power": ("kW", "unit_dimension", 1), "typo": ("kwh", "unit_unknown", 1)}
    times = "previous_time_utc timestamp, event_time_utc timestamp"
    ddl = f"tag_id string, asset_id string, role string, {times}, delta double"
    deltas = frame(spark, ddl, [(name, "meter", "energy_counter", at(0), at(5), 7.2) for name in units])
    metered = to_metered_energy(deltas, tags.withColumn("role", sf.lit("energy_counter"))).collect()
    assert {r.tag_id: r.energy_kwh for r in metered} == {"joule": 2.0, "code": 7.2, "spaced": 7.2, "none": 7.2}


def test_reactive_energy_becomes_intervals_by_the_same_rules_and_kwh_are_not_kvarh(spark) -> None:
    units = {"plain": "kvarh", "code": "K3", "large": "Mvarh", "none": None, "active": "kWh", "power": "kvar"}
    labels = frame(spark, TAGS, [tag(name, "reactive_interval", unit) for name, unit in units.items()])
    samples = frame(spark, SAMPLES, [(name, at(15), 2.0, "GOOD") for name in units] + [("plain", at(30), 9.0, "BAD")])
    labeled = to_labeled_energy(samples, labels, energy=REACTIVE).collect()
    wanted = {"plain": 2.0, "code": 2.0, "large": 2000.0, "none": 2.0}
    assert {r.tag_id: r.reactive_kvarh for r in labeled} == wanted
    assert {(r.start_utc.minute, r.end_utc.minute) for r in labeled} == {(0, 15)}
    assert to_labeled_energy(samples, labels).isEmpty(), "a register of reactive energy tells no kWh"
    refused = rollup_refused_units(join_tags(samples, labels)).collect()
    told = {r.tag_id: (r.unit, r.unit_reason, r.sample_count) for r in refused}
    assert told == {"active": ("kWh", "unit_dimension", 1), "power": ("kvar", "unit_dimension", 1)}
    times = "previous_time_utc timestamp, event_time_utc timestamp"
    ddl = f"tag_id string, asset_id string, role string, {times}, delta double"
    deltas = frame(spark, ddl, [(name, "meter", "reactive_counter", at(0), at(5), 2.0) for name in units])
    counters = labels.withColumn("role", sf.lit("reactive_counter"))
    assert {
        r.tag_id: r.reactive_kvarh for r in to_metered_energy(deltas, counters, energy=REACTIVE).collect()
    } == wanted
    assert to_metered_energy(deltas, counters).isEmpty()


def steel_rows(folder: Path) -> list[tuple]:
    """Read the published history: a day's last interval carries the same day's 00:00 and belongs to its end."""
    with next(folder.glob("*.csv")).open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))[1:]
    rows = []
    for line in lines:
        end = dt.datetime.strptime(line[0], "%d/%m/%Y %H:%M").replace(tzinfo=dt.UTC)
        rolled = end + dt.timedelta(days=1) if (end.hour, end.minute) == (0, 0) else end
        rows.append(("steel/kwh", rolled, float(line[1]), "GOOD"))
    return rows


@pytest.mark.acceptance(18)
def test_a_year_of_steel_keeps_every_interval_and_every_kwh(spark, shared_data: Path) -> None:
    samples = spark.createDataFrame(steel_rows(shared_data / "steel_energy"), SAMPLES)
    energy = to_labeled_energy(samples, frame(spark, TAGS, [tag("steel/kwh", "energy_interval", "kWh")]))
    total = energy.agg(
        sf.count_distinct("start_utc").alias("intervals"),
        sf.sum("energy_kwh").alias("kwh"),
        sf.min("start_utc").alias("start"),
        sf.max("end_utc").alias("end"),
    ).collect()[0]
    assert (total.intervals, round(total.kwh, 2)) == (35_040, 959_640.31)
    assert (total.start, total.end) == (dt.datetime(2018, 1, 1), dt.datetime(2019, 1, 1))
