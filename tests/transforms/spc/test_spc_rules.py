"""Western Electric's and Nelson's rules: golden series, a slow walk over random ones, and late data."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from pyspark.sql import functions as sf

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.testing import assert_frames_equal, frame
from fabric_ot.transforms.spc.flags import MOST_POINTS
from fabric_ot.transforms.spc.individuals import to_individual_points
from fabric_ot.transforms.spc.limits import join_limits
from fabric_ot.transforms.spc.reevaluation import to_changed_points, to_reevaluations
from fabric_ot.transforms.spc.rules import RULES, WESTERN_ELECTRIC, with_fired_rules

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
POINTS = (
    "chart_id string, statistic string, event_time_utc timestamp, run_id string, value double, limit_version string, "
    "center double, sigma double, ucl double, lcl double"
)
ALL = tuple(RULES)
NAN = float("nan")


def at(minute: float) -> dt.datetime:
    return T0 + dt.timedelta(minutes=minute)


def minute_of(moment: dt.datetime) -> int:
    return round((moment.replace(tzinfo=dt.UTC) - T0).total_seconds() / 60)


def point(chart: str, minute: int, value, *, run: str | None = "A", center: float | None = 0.0) -> tuple:
    limits = (center, 1.0, center + 3.0, center - 3.0) if center is not None else (None,) * 4
    return (chart, "individual", at(minute), run, value, f"v{center}", *limits)


def fired_in(spark, rows: list[tuple], **options) -> dict[str, dict[int, list[str] | None]]:
    judged = with_fired_rules(frame(spark, POINTS, rows), **options)
    found: dict[str, dict[int, list[str] | None]] = {}
    for r in judged.collect():
        found.setdefault(r.chart_id, {})[minute_of(r.event_time_utc)] = r.rules_fired
    return found


# name: (rule, values, the points at which it fires)
GOLDEN = {
    "beyond 3 sigma, not on it": ("nelson_1", [3.0, 3.01, -3.0, -3.01], [1, 3]),
    "2 of 3 beyond 2 sigma": ("nelson_5", [0, 2.5, 0, 2.5, 0, 0, 2.5], [3]),
    "2 of 3 by the second point already": ("nelson_5", [2.5, 2.5, 0], [1]),
    "2 of 3 not at a point that is not beyond": ("nelson_5", [2.5, 2.5, 0, 0], [1]),
    "2 of 3 not on the line": ("nelson_5", [2.0, 2.5, 2.0], []),
    "2 of 3 not on two sides": ("nelson_5", [2.5, -2.5, 0], []),
    "2 of 3 below": ("western_electric_2", [0, -2.5, -2.1], [2]),
    "4 of 5 beyond 1 sigma": ("nelson_6", [1.5, 1.5, 0, 1.5, 1.5, 0, 1.5], [4]),
    "4 of 5 by the fourth point already": ("western_electric_3", [1.5, 1.5, 1.5, 1.5], [3]),
    "4 of 5 not on the line": ("western_electric_3", [1.5, 1.5, 1.5, 1.0, 1.0], []),
    "8 in a row on a side": ("western_electric_4", [0.1] * 9, [7, 8]),
    "7 in a row are not 8": ("western_electric_4", [0.1] * 7 + [0.0, 0.1], []),
    "9 in a row on a side": ("nelson_2", [-0.1] * 9, [8]),
    "8 in a row are not 9": ("nelson_2", [-0.1] * 8 + [0.1], []),
    "6 rising": ("nelson_3", [0, 1, 2, 3, 4, 5, 6, 0], [5, 6]),
    "6 falling": ("nelson_3", [5, 4, 3, 2, 1, 0], [5]),
    "5 rising are not 6": ("nelson_3", [0, 1, 2, 3, 4, 0, 1], []),
    "equal neighbors end a trend": ("nelson_3", [0, 1, 2, 2, 3, 4, 5], []),
    "14 alternating": ("nelson_4", [0, 1] * 7, [13]),
    "13 alternating are not 14": ("nelson_4", [0, 1] * 6 + [0], []),
    "equal neighbors end the alternation": ("nelson_4", [0, 1] * 6 + [1, 0, 1], []),
    "15 within 1 sigma, on it included": ("nelson_7", [1.0, -1.0, 0.5] * 5, [14]),
    "14 within 1 sigma are not 15": ("nelson_7", [0.5] * 14 + [1.1], []),
    "8 beyond 1 sigma on both sides": ("nelson_8", [1.5] * 7 + [-1.5], [7]),
    "8 beyond 1 sigma on one side": ("nelson_8", [1.5] * 9, []),
    "8 beyond 1 sigma, one of them on it": ("nelson_8", [1.5, -1.5] * 3 + [1.0, 1.5], []),
}


@pytest.mark.acceptance(9)
def test_each_rule_fires_at_the_point_that_completes_it_and_nowhere_else(spark) -> None:
    rows = [point(name, n, float(v)) for name, (_, values, _) in GOLDEN.items() for n, v in enumerate(values)]
    found = fired_in(spark, rows, rules=ALL)
    for name, (rule, values, fires_at) in GOLDEN.items():
        assert [n for n in range(len(values)) if rule in found[name][n]] == fires_at, name


def test_rules_restart_with_the_run_and_close_over_points_that_are_skipped(spark) -> None:
    restarted = [point("restart", n, 0.1, run="A" if n < 5 else "B") for n in range(14)]
    back = [point("a b a", n, 0.1, run="B" if n == 4 else "A") for n in range(13)]
    unnamed = [point("null is a run", n, 0.1, run=None if n < 5 else "A") for n in range(9)]
    skipped = [point("skip", n, {3: None, 4: NAN, 5: float("inf")}.get(n, 0.1)) for n in range(12)]
    unlimited = [point("no limits", n, 0.1, center=None if n == 5 else 0.0) for n in range(10)]
    found = fired_in(spark, [*restarted, *back, *unnamed, *skipped, *unlimited], rules=["nelson_2"])
    fires = {chart: [n for n, fired in sorted(by.items()) if fired] for chart, by in found.items()}
    assert fires == {"restart": [13], "a b a": [], "null is a run": [], "skip": [11], "no limits": [9]}
    assert [n for n, fired in sorted(found["skip"].items()) if fired is None] == [3, 4, 5]
    assert [n for n, fired in sorted(found["no limits"].items()) if fired is None] == [5]
    assert found["restart"][0] == []


def test_each_point_is_judged_by_its_own_limits_and_windows_may_restart_with_them(spark) -> None:
    rows = [point("a", n, 0.5, center=0.0 if n < 4 else 0.2) for n in range(12)]
    rows += [point("b", n, 0.5, center=0.0 if n < 4 else 0.9) for n in range(12)]
    carried = fired_in(spark, rows, rules=["western_electric_4"])
    assert [n for n, fired in sorted(carried["a"].items()) if fired] == [7, 8, 9, 10, 11]
    assert [n for n, fired in sorted(carried["b"].items()) if fired] == [11], "below its new center from point 4 on"
    anew = fired_in(spark, rows, rules=["western_electric_4"], restart_at=["run_id", "limit_version"])
    assert [n for n, fired in sorted(anew["a"].items()) if fired] == [11]
    never = fired_in(spark, [point("c", n, 0.5, run=str(n)) for n in range(9)], rules=["nelson_2"], restart_at=[])
    assert never["c"][8] == ["nelson_2"]


def slow_fired(points: list[tuple]) -> dict[int, list[str] | None]:
    """Judge one chart's (minute, run, value, center), every rule at every point, over the points of its run so far."""
    found: dict[int, list[str] | None] = {}
    run_points: list[tuple[float, float]] = []
    last_run: tuple = ()
    for minute, run, value, center in points:
        if (run,) != last_run:
            run_points, last_run = [], (run,)
        if value is None or not math.isfinite(value) or center is None:
            found[minute] = None
            continue
        run_points.append((value, value - center))
        found[minute] = [name for name in ALL if slow_rule(name, run_points)]
    return found


def slow_rule(name: str, points: list[tuple[float, float]]) -> bool:
    values, offsets = [v for v, _ in points], [o for _, o in points]
    steps = [b - a for a, b in pairwise(values)]

    def among(k: int, n: int, sigmas: float) -> bool:
        last = offsets[-n:]
        above, below = sum(o > sigmas for o in last), sum(o < -sigmas for o in last)
        return (offsets[-1] > sigmas and above >= k) or (offsets[-1] < -sigmas and below >= k)

    if name in ("western_electric_1", "nelson_1"):
        return abs(offsets[-1]) > 3
    if name in ("western_electric_2", "nelson_5"):
        return among(2, 3, 2)
    if name in ("western_electric_3", "nelson_6"):
        return among(4, 5, 1)
    if name in ("western_electric_4", "nelson_2"):
        n = 8 if name == "western_electric_4" else 9
        return among(n, n, 0)
    if name == "nelson_3":
        return len(points) >= 6 and (all(s > 0 for s in steps[-5:]) or all(s < 0 for s in steps[-5:]))
    if name == "nelson_4":
        return len(points) >= 14 and all(a * b < 0 for a, b in zip(steps[-13:-1], steps[-12:], strict=True))
    if name == "nelson_7":
        return len(points) >= 15 and all(abs(o) <= 1 for o in offsets[-15:])
    last = offsets[-8:]
    return len(points) >= 8 and all(abs(o) > 1 for o in last) and min(last) < 0 < max(last)


def random_series(rng: Random) -> list[tuple]:
    """Make a series that is, stretch by stretch, of a kind that some rule is about."""
    kinds = {
        "any": lambda n: rng.choice([-3.5, -3, -2.5, -2, -1.5, -1, -0.5, -0.0, 0.0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]),
        "trend": lambda n: -3 + n * 0.5,
        "saw": lambda n: rng.choice([0.25, 0.5]) * (-1) ** n,
        "calm": lambda n: rng.choice([-1, -0.5, 0.0, 0.5, 1]),
        "high": lambda n: rng.choice([0.5, 1.5, 1.5, 2.5]),
        "low": lambda n: rng.choice([-0.5, -1.5, -2.5]),
        "spread": lambda n: rng.choice([-1.5, 1.5, 2.5]),
    }
    found, run, center = [], "A", 0.0
    while len(found) < 60 and (not found or rng.random() < 0.9):
        kind = kinds[rng.choice(list(kinds))]
        for n in range(rng.randint(1, 18)):
            run = rng.choice(["A", "B", None]) if rng.random() < 0.03 else run
            center = rng.choice([0.0, 0.5, None]) if rng.random() < 0.03 else center
            value = rng.choice([None, NAN]) if rng.random() < 0.04 else float(kind(n))
            found.append((len(found), run, value, center))
    return found


@pytest.mark.acceptance(9)
def test_rules_agree_with_a_slow_walk_over_hundreds_of_random_series(spark) -> None:
    rng = Random(1984)
    series = {f"s{n}": random_series(rng) for n in range(400)}
    rows = [point(name, m, value, run=run, center=c) for name, pts in series.items() for m, run, value, c in pts]
    found = fired_in(spark, rows, rules=ALL)
    fired: Counter[str] = Counter()
    for name, points in series.items():
        wanted = slow_fired(points)
        assert found[name] == wanted, name
        fired.update(rule for names in wanted.values() for rule in names or [])
    assert min(fired[name] for name in ALL) >= 20, fired


def test_asking_for_fewer_rules_gives_those_in_their_order(spark) -> None:
    rows = [point("a", n, 3.5) for n in range(9)]
    assert fired_in(spark, rows, rules=["nelson_2", "nelson_1"])["a"][8] == ["nelson_1", "nelson_2"]
    assert fired_in(spark, rows, rules=WESTERN_ELECTRIC)["a"][8] == list(WESTERN_ELECTRIC)
    assert fired_in(spark, rows)["a"][8] == ["nelson_1", "nelson_2", "nelson_5", "nelson_6"]


def test_no_rule_looks_at_more_points_than_the_counts_of_flags_can_hold() -> None:
    assert max(rule.points for rule in RULES.values()) <= MOST_POINTS


def test_unknown_rules_and_missing_limits_are_refused(spark) -> None:
    empty = spark.createDataFrame([], POINTS)
    with pytest.raises(ContractError, match="western_1"):
        with_fired_rules(empty, rules=["western_1"])
    with pytest.raises(ColumnContractError, match=r"\['recipe', 'ucl'\]"):
        with_fired_rules(empty.drop("ucl"), restart_at=["recipe"])
    assert with_fired_rules(empty).collect() == []


SAMPLES = "chart_id string, run_id string, event_time_utc timestamp, value_double double"
LIMITS = "chart_id string, limit_version string, valid_from_utc timestamp, center double, sigma double"


def test_judging_the_suffix_again_equals_judging_the_whole_chart(spark) -> None:
    rng = Random(77)
    early, late = [], []
    for n in range(120):
        points = [(m, run, v) for m, run, v, _ in random_series(rng) if v is not None]
        first = rng.randrange(max(1, len(points)))
        for m, run, value in points:
            is_late = m >= first and rng.random() < 0.15
            (late if is_late else early).append((f"c{n}", run, at(m), value))
    limits = frame(spark, LIMITS, [(f"c{n}", "v1", at(5), 0.0, 1.0) for n in range(120)])

    def judge(samples):
        return with_fired_rules(join_limits(to_individual_points(samples), limits))

    columns = ("chart_id", "statistic", "event_time_utc", "value", "rules_fired")

    before, arrived = frame(spark, SAMPLES, early), frame(spark, SAMPLES, late)
    everything = before.unionByName(arrived)
    whole, stands = judge(everything).persist(), judge(before).persist()
    suffixes = to_reevaluations(stands, arrived)
    changed = to_changed_points(whole, stands)
    assert_frames_equal(to_changed_points(stands, whole), changed)  # what is gone has changed too
    charted = arrived.where("not isnan(value_double)")  # a sample without a number makes no point
    assert_frames_equal(to_reevaluations(stands, changed), to_reevaluations(stands, charted))
    bounds = {r.chart_id: (r.evaluate_from_utc, r.read_from_utc) for r in suffixes.collect()}
    assert set(bounds) == {row[0] for row in late}
    assert all(read <= evaluate for evaluate, read in bounds.values())
    sent = frame(spark, "chart_id string, from_utc timestamp, read_utc timestamp", [(c, *b) for c, b in bounds.items()])
    reread = everything.join(sent, "chart_id").where("event_time_utc >= read_utc").drop("from_utc", "read_utc")
    told = {
        "again": judge(reread).join(sent, "chart_id").where("event_time_utc >= from_utc"),
        "stands": stands.join(sent, "chart_id", "left").where("from_utc is null or event_time_utc < from_utc"),
        "whole": whole,
    }
    rows: dict[str, set] = {name: set() for name in told}
    named = [judged.select(sf.lit(name).alias("name"), *columns) for name, judged in told.items()]
    for name, *point_told, fired in named[0].unionAll(named[1]).unionAll(named[2]).collect():
        rows[name].add((*point_told, None if fired is None else tuple(fired)))
    assert rows["stands"] | rows["again"] == rows["whole"]
    assert len(rows["whole"]) == 2 * len([row for row in early + late if math.isfinite(row[3])])
    assert min(len(rows["stands"]), len(rows["again"])) > 500
    read_after = {chart: read for chart, (_, read) in bounds.items()}
    spared = [row for row in early if row[0] in bounds and row[2].replace(tzinfo=None) < read_after[row[0]]]
    assert len(spared) > 100, "what lies well before the first late point is not read"
