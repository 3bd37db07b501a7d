"""Gaps, what is put into them, and values as of an instant: against plain walks, and on published series."""

from __future__ import annotations

import csv
import datetime as dt
import math
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.samples import keep_last_sample
from fabric_ot.transforms.signals.as_of import join_as_of
from fabric_ot.transforms.signals.filling import to_filled_minutes, to_filled_samples
from fabric_ot.transforms.signals.gaps import to_gaps, with_time_steps

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SAMPLES = "tag_id string, event_time_utc timestamp, value_double double, quality string"
READINGS = (
    f"{SAMPLES}, source_sequence long, arrival_time_utc timestamp, route string, source_partition int, "
    "source_offset long, metric_index int"
)


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def seconds(moment: dt.datetime | None) -> int | None:
    return None if moment is None else round((moment.replace(tzinfo=dt.UTC) - T0).total_seconds())


def published(folder: Path, name: str) -> list[tuple]:
    with (folder / "nab_machine_temperature" / f"{name}_temperature_system_failure.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    return [
        (name, dt.datetime.fromisoformat(time).replace(tzinfo=dt.UTC), float(value), "GOOD", n, T0, "file", 0, n, 0)
        for n, (time, value) in enumerate(rows)
    ]


def test_the_ambient_series_has_its_ten_published_gaps(spark, shared_data) -> None:
    rows = published(shared_data, "ambient")
    gaps = to_gaps(frame(spark, READINGS, rows), expected_interval_s=3600).collect()
    found = [(row.gap_s / 3600, row.missing_count) for row in sorted(gaps, key=lambda row: row.start_utc)]
    assert [hours for hours, _ in found] == [2, 32, 48, 160, 96, 71, 30, 3, 15, 174]
    assert [missing for _, missing in found] == [hours - 1 for hours, _ in found]


@pytest.mark.acceptance(6)
def test_the_machine_series_steps_back_once_and_repeats_twelve_instants(spark, shared_data) -> None:
    rows = published(shared_data, "machine")
    assert len(rows) == 22_695
    readings = frame(spark, READINGS, rows)
    odd = with_time_steps(readings, order=["source_sequence"]).where("step_s is null or step_s != 300").collect()
    assert sorted((row.step_s, row.is_backward) for row in odd if row.step_s is not None) == [(-55 * 60, True)]
    assert len(odd) == 2, "the first one has no step"
    once = keep_last_sample(readings).collect()
    assert len(once) == 22_695 - 12
    second_pass = {row[1]: row[2] for row in rows}
    hour = [row for row in once if row.event_time_utc.replace(minute=0) == dt.datetime(2014, 1, 7, 2)]
    assert len(hour) == 12
    assert all(row.value_double == second_pass[row.event_time_utc.replace(tzinfo=dt.UTC)] for row in hour)


def a_series(seed: int) -> list[tuple[int, float | None, str]]:
    random = Random(seed)
    times = sorted(random.sample(range(300), random.randint(1, 12)))
    values = (0.0, -0.0, 1.0, 8.0, -3.0, None, math.nan)
    return [(t, random.choice(values), random.choice(["GOOD", "GOOD", "GOOD", "UNCERTAIN", "BAD"])) for t in times]


CASES = {f"t{seed:03}": a_series(seed) for seed in range(200)}
ROWS = [(tag, at(t), value, quality) for tag, series in CASES.items() for t, value, quality in series]


def test_gaps_are_those_of_a_walk_and_end_at_the_horizon(spark) -> None:
    found = to_gaps(frame(spark, SAMPLES, ROWS), expected_interval_s=10, max_interval_s=25, horizon_utc=at(250))
    expected = []
    for tag, series in CASES.items():
        times = [t for t, _, _ in series if t < 250]
        pairs = pairwise([*times, 250])
        expected += [
            (tag, a, b, float(b - a), math.floor((b - a) / 10 + 0.5) - 1, a == times[-1])
            for a, b in pairs
            if b - a > 25
        ]
    rows = [
        (r.tag_id, seconds(r.start_utc), seconds(r.end_utc), r.gap_s, r.missing_count, r.is_open)
        for r in found.collect()
    ]
    assert sorted(rows) == sorted(expected)
    assert {row[-1] for row in rows} == {True, False}


def filled(series: list, policy: str, reach: float | None) -> list[tuple]:
    def number(sample) -> float | None:
        _, value, quality = sample
        return value if quality == "GOOD" and value is not None and not math.isnan(value) else None

    rows = []
    for n, (t, value, quality) in enumerate(series):
        rows.append((t, value, quality, False))
        if n + 1 == len(series):
            continue
        length, own, following = series[n + 1][0] - t, number(series[n]), number(series[n + 1])
        for k in range(1, math.floor(length / 10 + 0.5)):
            put = None if policy == "empty" or (reach is not None and 10 * k > reach) else own
            if policy == "linear" and put is not None and following is not None:
                put = own + (following - own) * 10 * k / length
            rows.append((t + 10 * k, put, "BAD" if put is None else "UNCERTAIN", True))
    return rows


@pytest.mark.parametrize(("policy", "reach"), [("empty", None), ("hold", 35.0), ("linear", None)])
def test_gaps_are_filled_by_the_declared_policy_and_never_after_a_bad_sample(spark, policy: str, reach) -> None:
    result = to_filled_samples(frame(spark, SAMPLES, ROWS), interval_s=10, policy=policy, max_fill_s=reach)
    found: dict[str, list] = {tag: [] for tag in CASES}
    for row in result.collect():
        found[row.tag_id].append((seconds(row.event_time_utc), row.value_double, row.quality, row.is_filled))
    for tag, series in CASES.items():
        expected = filled(series, policy, reach)
        assert [row[:1] + row[2:] for row in sorted(found[tag])] == [row[:1] + row[2:] for row in expected]
        values = [row[1] for row in sorted(found[tag], key=lambda row: row[0])]
        assert values == [pytest.approx(row[1], nan_ok=True) if row[1] is not None else None for row in expected]


HOLD_S, FILL_S = 20.0, 400.0
METHODS = ("hold", "linear", "guess", None)


def filled_minutes(series: list, method: str | None) -> dict[int, float]:
    """Look at each minute between two samples for itself."""
    found = {}
    for (t0, v0, q0), (t1, v1, q1) in pairwise(series):
        is_good = q0 == q1 == "GOOD" and all(v is not None and not math.isnan(v) for v in (v0, v1))
        if not is_good or t1 - t0 > FILL_S or method not in ("hold", "linear"):
            continue
        for minute in range(-600, 3600, 60):
            if t0 + HOLD_S <= minute and minute + 60 <= t1:
                found[minute] = v0 if method == "hold" else v0 + (v1 - v0) * (minute + 30 - t0) / (t1 - t0)
    return found


def test_whole_minutes_of_a_silence_between_good_samples_are_filled_and_no_others(spark) -> None:
    wide = {tag: [(5 * t - 300, value, quality) for t, value, quality in series] for tag, series in CASES.items()}
    wide |= {"edge": [(0, 1.0, "GOOD"), (140, 2.0, "GOOD")], "exact": [(40, 1.0, "GOOD"), (440, 2.0, "GOOD")]}
    wide |= {"just_after": [(40.000001, 1.0, "GOOD"), (240, 2.0, "GOOD")]}
    wide |= {"death": [(0, 1.0, "GOOD"), (200, None, "STALE"), (400, 2.0, "GOOD")], "open": [(0, 1.0, "GOOD")]}
    methods = {tag: METHODS[n % 4] for n, tag in enumerate(wide)} | dict.fromkeys(
        ("edge", "exact", "just_after", "death"), "linear"
    )
    rows = [(tag, at(t), v, q, methods[tag]) for tag, series in wide.items() for t, v, q in series]
    samples = frame(spark, f"{SAMPLES}, fill_method string", rows)
    made = to_filled_minutes(samples, method="fill_method", max_hold_s=HOLD_S, max_fill_s=FILL_S).collect()
    found: dict[str, dict[int | None, float]] = {tag: {} for tag in wide}
    for row in made:
        assert row.fill_method == methods[row.tag_id]
        found[row.tag_id][seconds(row.minute_utc)] = row.filled_value
    expected = {tag: filled_minutes(series, methods[tag]) for tag, series in wide.items()}
    assert found == {tag: pytest.approx(told) for tag, told in expected.items()}
    assert (found["edge"], sorted(found["exact"])) == ({60: pytest.approx(1 + 90 / 140)}, [60, 120, 180, 240, 300, 360])
    assert sorted(found["just_after"]) == [120, 180], "its value speaks until a millionth of a second past the minute"
    assert found["death"] == found["open"] == {}
    assert {row.fill_method for row in made} == {"hold", "linear"}


KNOWN = "tag_id string, since_utc timestamp, state string"
POINTS = "tag_id string, event_time_utc timestamp, n long"


@pytest.mark.parametrize(("max_age", "same"), [(None, True), (20.0, True), (20.0, False)])
def test_the_last_row_known_at_an_instant_is_found_as_by_a_search(spark, max_age, same: bool) -> None:
    random = Random(3)
    known = {key: sorted(random.sample(range(200), random.randint(0, 9))) for key in map(str, range(60))}
    points = [(random.choice([*known, "unknown"]), random.randint(-5, 220), n) for n in range(600)]
    nowhere = [(None, at(5), 1000), ("1", None, 1001)]
    rows = [(key, at(t), f"{key} {t}") for key, times in known.items() for t in times]
    odd = [(None, at(0), "no key"), ("unknown", None, "no time")]
    found = join_as_of(
        frame(spark, POINTS, [*[(key, at(t), n) for key, t, n in points], *nowhere]),
        frame(spark, KNOWN, [*rows, *odd]),
        on=["tag_id"],
        known_at="since_utc",
        max_age_s=max_age,
        include_same_instant=same,
    )
    assert found.columns == ["tag_id", "event_time_utc", "n", "state", "as_of_utc"]
    expected = {1000: (None, None), 1001: (None, None)}
    for key, t, n in points:
        before = [s for s in known.get(key, []) if s < t or (same and s == t)]
        hit = before[-1] if before and (max_age is None or t - before[-1] <= max_age) else None
        expected[n] = (None, None) if hit is None else (f"{key} {hit}", hit)
    rows_found = found.collect()
    assert len(rows_found) == len(expected)
    assert {row.n: (row.state, seconds(row.as_of_utc)) for row in rows_found} == expected


def nodes(plan) -> list[str]:
    children = plan.children()
    return [plan.nodeName(), *[name for n in range(children.size()) for name in nodes(children.apply(n))]]


def test_each_costs_one_shuffle_and_an_empty_frame_stays_one(spark) -> None:
    samples, known = spark.createDataFrame([], SAMPLES), spark.createDataFrame([], KNOWN)
    made = [
        to_gaps(samples, expected_interval_s=10, horizon_utc=at(9)),
        to_filled_samples(samples, interval_s=10, policy="linear"),
        join_as_of(samples, known, on=["tag_id"], known_at="since_utc"),
        to_filled_minutes(samples, method="quality", max_hold_s=10, max_fill_s=99),
    ]
    for result in made:
        assert nodes(result._jdf.queryExecution().executedPlan()).count("Exchange") == 1
    assert [result.collect() for result in made] == [[], [], [], []]


def test_what_cannot_be_used_is_refused_at_plan_time(spark) -> None:
    samples = spark.createDataFrame([], SAMPLES)
    with pytest.raises(ConfigError, match="expected_interval_s"):
        to_gaps(samples, expected_interval_s=0)
    with pytest.raises(ConfigError, match="policy"):
        to_filled_samples(samples, interval_s=1, policy="guess")
    with pytest.raises(ColumnContractError, match=r"\['quality', 'value_double'\] would come twice"):
        join_as_of(samples, samples, on=["tag_id"])
    with pytest.raises(ColumnContractError, match="event_time_utc is string"):
        to_gaps(samples.withColumn("event_time_utc", samples.tag_id), expected_interval_s=1)
    with pytest.raises(ConfigError, match="max_age_s"):
        join_as_of(samples, spark.createDataFrame([], KNOWN), on=["tag_id"], known_at="since_utc", max_age_s=-1)
