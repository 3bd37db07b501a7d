"""Power factors of windows and periods: only of energies of the same time, and always of sums."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from fractions import Fraction
from random import Random

import pytest
from pyspark.sql import functions as sf

from fabric_ot.contracts import find_table
from fabric_ot.errors import ColumnContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.energy.indicators import to_demand
from fabric_ot.transforms.energy.power_factor import (
    rollup_power_factor,
    rollup_power_factor_periods,
    to_power_factor,
    to_unpaired_meters,
)

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 30, tzinfo=dt.UTC)
WINDOW_S = 900
SPANS = "tag_id string, asset_id string, start_utc timestamp, end_utc timestamp"
METERS = "active_tag_id string, direction string, tag_id string"
DIRECTIONS = ("lagging", "leading")


def at(seconds: int) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def demand_of(spark, rows: list[tuple]):
    """Return the demand of meters as a site in UTC has it."""
    demand = to_demand(frame(spark, f"{SPANS}, energy_kwh double", rows), keys=("tag_id", "asset_id"))
    return demand.withColumn("site_id", sf.lit("utc")).withColumn("local_date", sf.col("start_utc").cast("date"))


def factors_of(spark, active: list[tuple], reactive: list[tuple], meters: list[tuple]):
    spans = frame(spark, f"{SPANS}, reactive_kvarh double", reactive)
    return to_power_factor(demand_of(spark, active), spans, frame(spark, METERS, meters))


def walk(random: Random, energies: list[float]) -> list[tuple[int, int, float]]:
    """Draw readings on a grid of 300 s: most spans touch, some leave a gap, one in a while overlaps the one before."""
    spans, now = [], 0
    while now < 6 * WINDOW_S:
        end = now + 300 * random.randint(1, 5)
        spans.append((now, end, random.choice(energies)))
        now = end + 300 * random.choice([0] * 14 + [1, -1])
    return spans


def by_window(spans: list[tuple[int, int, float]]) -> dict[int, tuple[Fraction, int]]:
    """Return energy and covered seconds by window, second by second of the grid."""
    found: dict[int, list] = defaultdict(lambda: [Fraction(0), 0])
    for start, end, energy in spans:
        for second in range(start, end, 300):
            window = found[second // WINDOW_S * WINDOW_S]
            window[0] += Fraction(energy) * Fraction(300, end - start)
            window[1] += 300
    return {window: (energy, seconds) for window, (energy, seconds) in found.items()}


def angle(kwh: Fraction, kvarh: Fraction) -> float | None:
    return 100 * math.cos(math.atan2(float(kvarh), float(kwh))) if kwh or kvarh else None


def test_windows_and_days_agree_with_a_walk_along_the_readings_of_each_register(spark) -> None:
    random = Random(16)
    cases: dict[str, tuple] = {}
    for n in range(120):
        registers = {d: walk(random, [0.0, 0.5, 4.0]) for d in random.choice([("lagging",), ("leading",), DIRECTIONS])}
        cases[f"m{n}"] = (walk(random, [0.0, 1.0, 3.0]), registers)
    active = [(m, "a", at(a), at(b), kwh) for m, (spans, _) in cases.items() for a, b, kwh in spans]
    reactive = [
        (f"{m}/{d}", "a", at(a), at(b), kvarh)
        for m, (_, registers) in cases.items()
        for d, spans in registers.items()
        for a, b, kvarh in spans
    ]
    meters = [(m, d, f"{m}/{d}") for m, (_, registers) in cases.items() for d in registers]
    # a meter without a register, and a register that is not declared
    active.append(("alone", "a", at(0), at(900), 1.0))
    reactive.append(("stray", "a", at(0), at(900), 1.0))
    windows = factors_of(spark, active, reactive, meters).localCheckpoint()
    found = {(r.tag_id, r.start_utc): r for r in windows.collect()}
    days = {r.tag_id: r for r in rollup_power_factor_periods(windows).where("period = 'day'").collect()}
    assert {tag for tag, _ in found} == set(days) == set(cases)

    seen = 0
    for m, (spans, registers) in cases.items():
        told = {d: by_window(own) for d, own in registers.items()}
        day: dict[str, Fraction] = defaultdict(Fraction)
        whole_count = 0
        for window, (kwh, seconds) in by_window(spans).items():
            row = found.pop((m, at(window).replace(tzinfo=None)))
            shown = {d: own.get(window, (None, 0)) for d, own in told.items()}
            is_whole = seconds == WINDOW_S and all(s == WINDOW_S for _, s in shown.values())
            assert (row.is_whole, row.energy_kwh) == (is_whole, pytest.approx(float(kwh)))
            for d in DIRECTIONS:
                kvarh = shown.get(d, (None, 0))[0]
                assert row[f"{d}_kvarh"] == (None if kvarh is None else pytest.approx(float(kvarh)))
                wanted = angle(kwh, kvarh) if is_whole and kvarh is not None else None
                assert row[f"{d}_power_factor_pct"] == (None if wanted is None else pytest.approx(wanted))
                day[d] += kvarh if is_whole and kvarh else 0
            day["kwh" if is_whole else "left_out"] += kwh
            whole_count += is_whole
            seen += is_whole
        row = days[m]
        assert (row.window_count, row.left_out_kwh) == (whole_count, pytest.approx(float(day["left_out"])))
        for d in DIRECTIONS:
            wanted = angle(day["kwh"], day[d]) if d in registers and whole_count else None
            assert row[f"{d}_power_factor_pct"] == (None if wanted is None else pytest.approx(wanted))
    assert not found
    assert 200 < seen < 600, "many windows are whole, and many are not"


def test_a_period_divides_the_sums_and_keeps_lagging_and_leading_apart(spark) -> None:
    # two quarter-hours of 100 % and of 60 %: their mean would be 80 %
    active = [
        ("m", "a", at(0), at(900), 1.0),
        ("m", "a", at(900), at(1800), 9.0),
        ("m", "a", at(86400), at(87300), 4.0),
    ]
    lagging = [
        ("q", "a", at(0), at(900), 0.0),
        ("q", "a", at(900), at(1800), 12.0),
        ("q", "a", at(86400), at(87300), 3.0),
    ]
    leading = [("c", "a", start, end, 15.0 - kvarh) for _, _, start, end, kvarh in lagging]
    meters = [("m", "lagging", "q"), ("m", "leading", "c")]
    windows = factors_of(spark, active, lagging + leading, meters)
    told = [r.lagging_power_factor_pct for r in windows.orderBy("start_utc").collect()]
    assert told == [100.0, pytest.approx(60.0), pytest.approx(80.0)]
    rows = {(r.period, f"{r.from_date:%m-%d}"): r for r in rollup_power_factor_periods(windows).collect()}
    assert set(rows) == {("day", "03-30"), ("day", "03-31"), ("month", "03-01")}
    day, month = rows["day", "03-30"], rows["month", "03-01"]
    assert day.lagging_power_factor_pct == pytest.approx(100 * 10 / math.hypot(10, 12))
    assert day.leading_power_factor_pct == pytest.approx(100 * 10 / math.hypot(10, 18))
    assert (month.energy_kwh, month.lagging_kvarh, month.leading_kvarh, month.window_count) == (14.0, 15.0, 30.0, 3)
    assert month.lagging_power_factor_pct == pytest.approx(100 * 14 / math.hypot(14, 15))


def test_a_sum_over_meters_is_unknown_in_a_direction_that_one_of_them_has_no_register_of(spark) -> None:
    active = [(m, m, at(0), at(900), 3.0) for m in ("m1", "m2")]
    reactive = [("q1", "m1", at(0), at(900), 4.0), ("q2", "m2", at(0), at(900), 2.0), ("c2", "m2", at(0), at(900), 1.0)]
    meters = [("m1", "lagging", "q1"), ("m2", "lagging", "q2"), ("m2", "leading", "c2")]
    [row] = rollup_power_factor(factors_of(spark, active, reactive, meters), by=[]).collect()
    assert (row.energy_kwh, row.lagging_kvarh, row.leading_kvarh, row.leading_power_factor_pct) == (
        6.0,
        6.0,
        None,
        None,
    )
    assert row.lagging_power_factor_pct == pytest.approx(100 / math.sqrt(2))


def test_nothing_flowing_has_no_factor_and_a_missing_half_has_none_either(spark) -> None:
    active = [("m", "a", at(900 * n), at(900 * n + 900), kwh) for n, kwh in enumerate([0.0, 0.0, 5.0, 5.0])]
    reactive = [
        ("q", "a", at(0), at(900), 0.0), ("q", "a", at(900), at(1800), 2.0), ("q", "a", at(1800), at(2400), 5.0),
    ]  # fmt: skip
    windows = factors_of(spark, active, reactive, [("m", "lagging", "q")])
    rows = windows.orderBy("start_utc").collect()
    assert [(r.is_whole, r.lagging_kvarh, r.lagging_power_factor_pct) for r in rows] == [
        (True, 0.0, None),
        (True, 2.0, 0.0),
        (False, 5.0, None),
        (False, None, None),
    ]
    [day] = rollup_power_factor_periods(windows.where("NOT is_whole")).where("period = 'day'").collect()
    assert (day.energy_kwh, day.lagging_kvarh, day.window_count, day.left_out_kwh) == (None, None, 0, 10.0)


def test_registers_that_come_into_no_factor_are_told_with_the_reason(spark) -> None:
    active = [("m", "oven", at(0), at(900), 1.0), ("n", "press", at(0), at(900), 1.0)]
    reactive = [(name, "oven", at(0), at(900), 1.0) for name in ("good", "stray", "far", "late")]
    meters = [
        ("m", "lagging", "good"), ("m", "leading", "mute"), ("n", "lagging", "far"), ("gone", "lagging", "late"),
    ]  # fmt: skip
    demand, spans = demand_of(spark, active), frame(spark, f"{SPANS}, reactive_kvarh double", reactive)
    declared = frame(spark, METERS, meters)
    found = {r.tag_id: r.pair_problem for r in to_unpaired_meters(declared, spans, demand).collect()}
    assert found == {
        "stray": "not_declared",
        "mute": "register_silent",
        "far": "meter_not_on_asset",
        "late": "meter_not_on_asset",
    }
    told = {r.tag_id: (r.is_whole, r.lagging_kvarh) for r in to_power_factor(demand, spans, declared).collect()}
    assert told == {"m": (False, 1.0), "n": (False, None)}, "a register of another asset is not taken"


def test_frames_have_the_columns_of_their_tables_and_a_missing_one_is_named(spark) -> None:
    windows = factors_of(spark, [], [], [])
    for rows, name in ((windows, "power_factor"), (rollup_power_factor_periods(windows), "power_factor_period")):
        assert tuple(rows.columns) == find_table("silver", f"plant.{name}").column_names
    with pytest.raises(ColumnContractError, match="reactive_kvarh"):
        to_power_factor(demand_of(spark, []), windows, windows)
    with pytest.raises(ColumnContractError, match="is_whole"):
        rollup_power_factor(windows.drop("is_whole"), by=["tag_id"])
