"""Demand, peak, load and power factor, energy per state and per good unit: nothing lost, nothing invented."""

from __future__ import annotations

import csv
import datetime as dt
import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from pyspark.sql import functions as sf

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.energy.indicators import (
    rollup_demand,
    rollup_load,
    rollup_specific_energy,
    split_energy_intervals,
    to_demand,
    to_integrated_energy,
    with_power_factor,
)
from fabric_ot.transforms.energy.parts import to_energy_parts, to_state_energy

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
NAN = float("nan")
INTERVALS = "tag_id string, asset_id string, start_utc timestamp, end_utc timestamp, energy_kwh double"
STATES = "asset_id string, start_utc timestamp, end_utc timestamp, state string, time_category string"
DEMAND = "tag_id string, start_utc timestamp, energy_kwh double, coverage double, demand_kw double"
SAMPLES = "tag_id string, asset_id string, event_time_utc timestamp, value_double double, quality string"


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def second_of(moment: dt.datetime) -> int:
    return round((moment - T0.replace(tzinfo=None)).total_seconds())


def chain(random: Random, longest: int) -> list[tuple[int, int]]:
    """Draw spans in order that do not overlap, some of them touching."""
    spans, now = [], random.randint(-2000, 500)
    for _ in range(random.randint(0, 6)):
        end = now + random.randint(1, longest)
        spans.append((now, end))
        now = end + random.choice([0, 0, random.randint(1, 2000)])
    return spans


@pytest.mark.acceptance(18)
def test_a_year_of_steel_has_its_peak_load_factor_and_every_power_factor(spark, shared_data: Path) -> None:
    rows = []
    with next((shared_data / "steel_energy").glob("*.csv")).open(encoding="utf-8-sig", newline="") as file:
        for line in list(csv.reader(file))[1:]:
            end = dt.datetime.strptime(line[0], "%d/%m/%Y %H:%M").replace(tzinfo=dt.UTC)
            end += dt.timedelta(days=(end.hour, end.minute) == (0, 0))
            rows.append((end, *[float(line[n]) for n in (1, 2, 3, 5, 6)]))
    ddl = "end_utc timestamp, energy_kwh double, lagging double, leading double, pf_lag double, pf_lead double"
    energy = spark.createDataFrame(rows, ddl).select(
        sf.lit("steel").alias("tag_id"), (sf.col("end_utc") - sf.expr("interval 15 minutes")).alias("start_utc"), "*"
    )
    load = rollup_load(to_demand(energy), by=["tag_id"]).collect()[0]
    assert (round(load.energy_kwh, 2), round(load.peak_kw, 2), round(load.load_factor, 4)) == (
        959_640.31,
        628.72,
        0.1742,
    )
    assert (load.window_count, load.left_out_count, round(load.mean_kw * 8760, 2)) == (35_040, 0, 959_640.31)
    both = with_power_factor(energy, reactive="lagging").withColumnRenamed("power_factor_pct", "lag_pct")
    both = with_power_factor(both, reactive="leading").withColumnRenamed("power_factor_pct", "lead_pct")
    errors = [sf.abs(sf.col("lag_pct") - sf.col("pf_lag")), sf.abs(sf.col("lead_pct") - sf.col("pf_lead"))]
    worst = both.agg(*[sf.max(error) for error in errors], *[sf.count(error) for error in errors]).collect()[0]
    assert max(worst[:2]) <= 0.005
    assert tuple(worst[2:]) == (35_040, 35_040)


def test_the_power_factor_of_nothing_is_undefined(spark) -> None:
    rows = [(3.0, 4.0), (0.0, 2.0), (-3.0, 4.0), (0.0, -0.0), (None, 1.0), (NAN, 1.0), (1.0, float("inf"))]
    found = with_power_factor(frame(spark, "energy_kwh double, reactive_kvarh double", rows)).collect()
    by_row = {(str(r.energy_kwh), str(r.reactive_kvarh)): r.power_factor_pct for r in found}
    assert by_row == {
        ("3.0", "4.0"): 60.0, ("0.0", "2.0"): 0.0, ("-3.0", "4.0"): -60.0, ("0.0", "-0.0"): None,
        ("None", "1.0"): None, ("nan", "1.0"): None, ("1.0", "inf"): 0.0,
    }  # fmt: skip


def demand_by_hand(spans: list[tuple[int, int, float]], window: int, offset: int) -> dict[int, tuple]:
    found: dict[int, list] = {}
    for start, end, kwh in spans:
        first = (start - offset) // window * window + offset
        for begin in range(first, end, window):
            overlap = min(end, begin + window) - max(start, begin)
            if overlap > 0:
                entry = found.setdefault(begin, [Fraction(0), 0])
                entry[0] += Fraction(kwh) * Fraction(overlap, end - start)
                entry[1] += overlap
    return {begin: (float(kwh), covered, float(kwh * 3600 / covered)) for begin, (kwh, covered) in found.items()}


@pytest.mark.parametrize(("window", "offset"), [(900, 0), (1800, 300)])
def test_demand_agrees_with_a_walk_along_the_windows_and_keeps_all_energy(spark, window: int, offset: int) -> None:
    random = Random(window)
    cases = {
        f"m{n}": [(a, b, random.choice([0.0, 0.1, 7.0, -1.5])) for a, b in chain(random, 4000)] for n in range(150)
    }
    rows = [(m, "a", at(a), at(b), kwh) for m, spans in cases.items() for a, b, kwh in spans]
    refused = [
        ("m0", "a", at(0), at(0), 9.0), ("m0", "a", at(9), at(0), 9.0), ("m0", "a", None, at(9), 9.0),
        ("m0", "a", at(0), at(9), NAN), ("m0", "a", at(0), at(9), None), ("m0", "a", at(0), at(9), float("inf")),
    ]  # fmt: skip
    demand = to_demand(frame(spark, INTERVALS, rows + refused), window_s=window, offset_s=offset).collect()
    found: dict[str, dict] = {name: {} for name in cases}
    for r in demand:
        assert second_of(r.end_utc) - second_of(r.start_utc) == window
        assert r.coverage == pytest.approx(r.covered_s / window)
        found[r.tag_id][second_of(r.start_utc)] = (r.energy_kwh, r.covered_s, r.demand_kw)
    for name, spans in cases.items():
        wanted = demand_by_hand(spans, window, offset)
        assert found[name].keys() == wanted.keys(), name
        assert all(found[name][begin] == pytest.approx(wanted[begin], abs=1e-12) for begin in wanted), name
        assert sum(kwh for kwh, _, _ in found[name].values()) == pytest.approx(sum(s[2] for s in spans), abs=1e-9)


def test_refused_intervals_are_told_with_their_reason_and_the_rest_stays(spark) -> None:
    rows = [
        ("ok", "a", at(0), at(1), -1.0), ("zero", "a", at(0), at(0), 1.0), ("back", "a", at(1), at(0), 1.0),
        ("open", "a", at(0), None, 1.0), ("nan", "a", at(0), at(1), NAN), ("none", "a", at(0), at(1), None),
    ]  # fmt: skip
    usable, refused = split_energy_intervals(frame(spark, INTERVALS, rows))
    assert [r.tag_id for r in usable.collect()] == ["ok"]
    assert {r.tag_id: r.reason for r in refused.collect()} == {
        "zero": "interval_not_forward", "back": "interval_not_forward", "open": "interval_without_bounds",
        "nan": "energy_not_a_number", "none": "energy_not_a_number",
    }  # fmt: skip


def test_a_peak_counts_whole_windows_only_and_of_equal_peaks_the_first(spark) -> None:
    rows = [
        ("tie", at(1800), 2.0, 1.0, 8.0), ("tie", at(900), 2.0, 1.0, 8.0), ("tie", at(0), 1.0, 1.0, 4.0),
        ("part", at(0), 1.0, 0.1, 40.0), ("part", at(900), 1.0, 1.0, 4.0), ("part", at(1800), 9.0, 1.5, 24.0),
        ("none", at(0), 1.0, 0.5, 8.0),
        ("zero", at(0), 0.0, 1.0, 0.0),
    ]  # fmt: skip
    demand = frame(spark, DEMAND, rows)
    loads = {r.tag_id: r for r in rollup_load(demand, by=["tag_id"]).collect()}
    tie, part, none, zero = (loads[name] for name in ("tie", "part", "none", "zero"))
    assert (tie.peak_kw, second_of(tie.peak_start_utc), tie.load_factor) == (8.0, 900, pytest.approx(20 / 24))
    assert (part.peak_kw, part.energy_kwh, part.window_count, part.left_out_count) == (4.0, 11.0, 1, 2)
    assert (none.peak_kw, none.peak_start_utc, none.load_factor, none.energy_kwh) == (None, None, None, 1.0)
    assert (zero.peak_kw, zero.load_factor) == (0.0, None)
    lenient = {r.tag_id: r.peak_kw for r in rollup_load(demand, by=["tag_id"], min_coverage=0.1).collect()}
    assert (lenient["part"], lenient["none"]) == (40.0, 8.0)
    assert rollup_load(demand.where("tag_id = ''"), by=["tag_id"]).collect() == []


def test_a_site_adds_up_its_meters_window_by_window(spark) -> None:
    rows = [
        ("m1", "a", at(0), at(1800), 10.0),
        ("m2", "a", at(900), at(1800), 5.0),
        ("m2", "a", at(2000), at(2700), 7.0),
    ]
    demand = to_demand(frame(spark, INTERVALS, rows), keys=["tag_id", "asset_id"])
    found = {
        second_of(r.start_utc): (r.energy_kwh, r.demand_kw, r.meter_count, round(r.coverage, 3))
        for r in rollup_demand(demand, by=["asset_id"]).collect()
    }
    assert found == {0: (5.0, 20.0, 1, 1.0), 900: (10.0, 40.0, 2, 1.0), 1800: (7.0, pytest.approx(36.0), 1, 0.778)}


def integral_by_hand(samples: list[tuple[int, float | None, str]], hold: int, method: str) -> list[tuple]:
    found = []
    for (start, kw, quality), (end, next_kw, next_quality) in pairwise(samples):
        good = kw is not None and not math.isnan(kw) and quality in ("GOOD", "UNCERTAIN")
        next_good = next_kw is not None and not math.isnan(next_kw) and next_quality in ("GOOD", "UNCERTAIN")
        if method == "step" and good:
            until = min(end, start + hold)
            found.append((start, until, kw * (until - start) / 3600))
        if method == "linear" and good and next_good and end - start <= hold:
            found.append((start, end, (kw + next_kw) / 2 * (end - start) / 3600))
    return found


@pytest.mark.parametrize("method", ["step", "linear"])
def test_power_is_integrated_over_the_time_it_is_known(spark, method: str) -> None:
    random = Random(7)
    cases = {}
    for n in range(120):
        times = sorted(random.sample(range(600), random.randint(0, 8)))
        cases[f"m{n}"] = [
            (t, random.choice([None, NAN, 0.0, 3.5, 100.0, -2.0]), random.choice(["GOOD", "GOOD", "UNCERTAIN", "BAD"]))
            for t in times
        ]
    rows = [(m, "a", at(t), kw, quality) for m, samples in cases.items() for t, kw, quality in samples]
    energy = to_integrated_energy(frame(spark, SAMPLES, rows), max_hold_s=90, method=method)
    found: dict[str, list] = {name: [] for name in cases}
    for r in energy.collect():
        found[r.tag_id].append((second_of(r.start_utc), second_of(r.end_utc), r.energy_kwh))
    for name, samples in cases.items():
        wanted = integral_by_hand(samples, 90, method)
        assert [row[:2] for row in sorted(found[name])] == [row[:2] for row in wanted], name
        assert [row[2] for row in sorted(found[name])] == pytest.approx([row[2] for row in wanted]), name


def test_energy_is_cut_by_state_and_the_rest_has_no_signal(spark) -> None:
    random = Random(17)
    energy_rows, state_rows, wanted = [], [], {}
    for n in range(120):
        asset = f"a{n}"
        states = [(a - 86_000, b - 86_000, random.choice(["RUN", "IDLE", "DOWN"])) for a, b in chain(random, 90_000)]
        state_rows += [(asset, at(a), at(b), name, f"as {name}") for a, b, name in states]
        for start, end in chain(random, 3000):
            kwh = random.choice([0.0, 1.25, -3.0])
            energy_rows.append((f"m{n}", asset, at(start), at(end), kwh))
            left = end - start
            for a, b, name in states:
                overlap = min(b, end) - max(a, start)
                if overlap > 0:
                    left -= overlap
                    parts = wanted.setdefault((asset, start), {})
                    parts[name] = parts.get(name, 0) + overlap
            if left:
                wanted.setdefault((asset, start), {})["NO_SIGNAL"] = left
    parts = to_state_energy(frame(spark, INTERVALS, energy_rows), frame(spark, STATES, state_rows)).collect()
    found, kwh_of = {}, {}
    for r in parts:
        key = (r.asset_id, second_of(r.start_utc))
        of_state = found.setdefault(key, {})
        of_state[r.state] = of_state.get(r.state, 0) + r.part_s
        kwh_of[key] = kwh_of.get(key, 0.0) + r.energy_kwh
        assert r.time_category == ("unqualified" if r.state == "NO_SIGNAL" else f"as {r.state}")
    assert found == wanted
    told = {(row[1], second_of(row[2].replace(tzinfo=None))): row[4] for row in energy_rows}
    assert {key: pytest.approx(kwh, abs=1e-9) for key, kwh in told.items()} == kwh_of


def test_a_state_of_no_length_parts_nothing(spark) -> None:
    moments = [
        ("a", at(0), at(300), "RUN", "r"),
        ("a", at(100), at(100), "FLASH", "f"),
        ("a", at(600), at(600), "END", "e"),
    ]
    energy = frame(spark, INTERVALS, [("m", "a", at(0), at(900), 9.0)])
    parts = to_state_energy(energy, frame(spark, STATES, moments)).collect()
    assert sorted((r.state, r.part_s, r.energy_kwh) for r in parts) == [("NO_SIGNAL", 600.0, 6.0), ("RUN", 300.0, 3.0)]


def test_specific_energy_is_a_ratio_of_sums_and_states_part_it(spark) -> None:
    energy = frame(spark, "line string, shift string, state string, energy_kwh double", [
        ("l1", "A", "RUN", 80.0), ("l1", "A", "IDLE", 20.0), ("l1", "B", "IDLE", 10.0), ("l2", "A", "RUN", 5.0),
        ("l3", "A", "RUN", 5.0),
    ])  # fmt: skip
    made = frame(
        spark, "line string, shift string, good_qty double", [("l1", "A", 40.0), ("l1", "B", 0.0), ("l2", "A", 0.0)]
    )
    by_line = {r.line: r.specific_energy_kwh for r in rollup_specific_energy(energy, made, by=["line"]).collect()}
    assert by_line == {"l1": 110 / 40, "l2": None, "l3": None}
    split = rollup_specific_energy(energy, made, by=["line"], split=["state"]).where("line = 'l1'").collect()
    assert {r.state: r.specific_energy_kwh for r in split} == {"RUN": 2.0, "IDLE": 0.75}
    assert [r.specific_energy_kwh for r in rollup_specific_energy(energy, made, by=[]).collect()] == [3.0]


def test_what_cannot_be_computed_is_refused_before_anything_runs(spark) -> None:
    intervals, states = spark.createDataFrame([], INTERVALS), spark.createDataFrame([], STATES)
    for window in (0, -900, 700):
        with pytest.raises(ContractError, match="does not divide a day"):
            to_demand(intervals, window_s=window)
    with pytest.raises(ColumnContractError, match="energy_kwh"):
        to_demand(intervals.drop("energy_kwh"))
    with pytest.raises(ContractError, match="max_hold_s=0"):
        to_integrated_energy(spark.createDataFrame([], SAMPLES), max_hold_s=0)
    with pytest.raises(ContractError, match="'cubic'"):
        to_integrated_energy(spark.createDataFrame([], SAMPLES), max_hold_s=1, method="cubic")
    with pytest.raises(ContractError, match=r"\['state'\] are columns of both"):
        to_energy_parts(intervals.withColumn("state", sf.lit("")), states, on=("asset_id",), carry=("state",))
    with pytest.raises(ColumnContractError, match="should be numbers"):
        with_power_factor(intervals, reactive="tag_id")
    plan = to_demand(intervals)._jdf.queryExecution().executedPlan().toString()
    assert plan.count("Exchange hashpartitioning") == 1
