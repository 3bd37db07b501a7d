"""Segments and production facts agree with a count of seconds, and the textbook shift with its textbook."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fabric_ot.testing import frame
from fabric_ot.transforms.production.facts import to_production, to_shift_counts
from fabric_ot.transforms.states.segments import to_asset_shifts, to_segments, to_state_time

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = T0.date()
INTERVALS = "asset_id string, start_utc timestamp, end_utc timestamp, state string, time_category string"
RUNS = "asset_id string, start_utc timestamp, end_utc timestamp, product_id string"
SHIFTS = (
    "asset_id string, site_id string, shift_id string, production_date date, start_utc timestamp, end_utc timestamp, "
    "planned_busy_s double"
)
STOPS = "site_id string, shift_id string, production_date date, start_utc timestamp, end_utc timestamp"
COUNTERS = "asset_id string, role string"
DELTAS = (
    "asset_id string, role string, previous_time_utc timestamp, event_time_utc timestamp, "
    "delta double, product_id string"
)
PRODUCTS = "product_id string, ideal_cycle_s double, valid_from_utc timestamp, valid_to_utc timestamp"
CATEGORIES = {"RUN": "production", "DOWN": "unplanned_down", "IDLE": "idle", "ODD": "unqualified"}
TIMES = ("planned_busy_s", "production_s", "planned_stop_production_s", "unplanned_down_s", "unqualified_s")


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


class Plant:
    """Rows of one small plant; every asset has a site of its own."""

    def __init__(self) -> None:
        self.intervals: list[tuple] = []
        self.runs: list[tuple] = []
        self.shifts: list[tuple] = []
        self.stops: list[tuple] = []
        self.deltas: list[tuple] = []
        self.products: list[tuple] = []

    def shift(self, asset: str, start: float, end: float, *, shift_id: str = "s", busy: float | None = None) -> None:
        length = float(end - start if busy is None else busy)
        self.shifts.append((asset, f"site {asset}", shift_id, DAY, at(start), at(end), length))

    def stop(self, asset: str, start: float, end: float, *, shift_id: str = "s") -> None:
        self.stops.append((f"site {asset}", shift_id, DAY, at(start), at(end)))

    def state(self, asset: str, start: float, end: float, state: str) -> None:
        self.intervals.append((asset, at(start), at(end), state, CATEGORIES[state]))

    def product(self, asset: str, start: float, end: float, product: str) -> None:
        self.runs.append((asset, at(start), at(end), product))

    def count(self, asset: str, role: str, start: float, end: float, delta: float, product: str | None) -> None:
        self.deltas.append((asset, f"{role}_counter", at(start), at(end), float(delta), product))

    @property
    def counters(self) -> list[tuple]:
        """What the catalogue says of each asset: it counts good and scrapped parts, and whatever else it counted."""
        roles = {(asset, role) for asset, role, *_ in self.deltas}
        return sorted(roles | {(asset, f"{role}_counter") for asset, _ in roles for role in ("good", "scrap")})

    def facts(self, spark) -> tuple[list, list]:
        """Return the rows of state_time and of production."""
        shifts = frame(spark, SHIFTS, self.shifts)
        states, runs = frame(spark, INTERVALS, self.intervals), frame(spark, RUNS, self.runs)
        segments = to_segments(states, runs, shifts, frame(spark, STOPS, self.stops)).persist()
        counts = to_shift_counts(frame(spark, DELTAS, self.deltas), shifts, frame(spark, COUNTERS, self.counters))
        production = to_production(segments, counts, shifts, frame(spark, PRODUCTS, self.products))
        found = to_state_time(segments).collect(), production.collect()
        segments.unpersist()
        return found


BEFORE = T0 - dt.timedelta(days=1)
MINUTE = 60


def textbook(plant: Plant, name: str, *, placed: bool) -> None:
    """480 min, breaks 60, down 47, ideal 1 s, 19,271 made, 423 of them rejected."""
    plant.shift(name, 0, 480 * MINUTE, busy=420 * MINUTE)
    plant.product(name, -99, 9e6, "second")
    if placed:
        plant.stop(name, 240 * MINUTE, 300 * MINUTE)
    times = [(0, 100, "RUN"), (100, 147, "DOWN"), (147, 240, "RUN"), (240, 300, "IDLE"), (300, 480, "RUN")]
    for start, end, state in times:
        plant.state(name, start * MINUTE, end * MINUTE, state)
    plant.count(name, "good", 0, 480 * MINUTE, 19_271 - 423, "second")
    plant.count(name, "scrap", 0, 480 * MINUTE, 423, "second")


def hand_made() -> Plant:
    """Return one plant with all hand-made cases, an asset each: Spark is asked once."""
    plant = Plant()
    plant.products = [("second", 1.0, BEFORE, None), ("slow", 3.0, BEFORE, None)]
    plant.products += [("retimed", 2.0, at(50), at(150)), ("retimed", 5.0, at(150), None)]
    textbook(plant, "breaks placed", placed=True)
    textbook(plant, "breaks unplaced", placed=False)
    plant.shift("too fast", 0, 100)
    plant.state("too fast", 0, 100, "RUN")
    plant.count("too fast", "good", 0, 100, 50, "slow")
    plant.product("too fast", 0, 100, "slow")
    plant.shift("split", 0, 100, busy=80)
    plant.stop("split", 90, 100)
    plant.product("split", 0, 50, "P")
    plant.product("split", 50, 100, "Q")
    for start, end, state in [(0, 30, "RUN"), (30, 50, "DOWN"), (50, 60, "RUN"), (60, 80, "ODD"), (80, 100, "RUN")]:
        plant.state("split", start, end, state)
    plant.shift("down", 0, 100)
    plant.product("down", 0, 100, "P")
    plant.state("down", 20, 100, "DOWN")
    plant.count("down", "scrap", 0, 50, 4, "P")
    plant.shift("silent", 0, 100)
    for shift_id, start in (("one", 0), ("two", 100), ("three", 200)):
        plant.shift("cycles", start, start + 100, shift_id=shift_id)
        plant.count("cycles", "good", start, start + 100, 10, "retimed")
        plant.count("cycles", "good", start, start + 100, 1, "unknown")
        plant.count("cycles", "good", start, start + 100, 1, None)
    plant.shift("borders", 0, 100, shift_id="one")
    plant.shift("borders", 100, 200, shift_id="two")
    plant.count("borders", "good", 90, 100, 7, "P")  # exactly on the border
    plant.count("borders", "good", 100, 110, 5, "P")
    plant.count("borders", "scrap", 60, 140, 8, "P")  # over the border
    plant.count("borders", "scrap", -100, 100, 2, "P")  # half of it before any shift
    plant.count("borders", "energy", 0, 100, 99, None)
    return plant


@pytest.fixture(scope="module")
def computed(spark_session) -> tuple[list, list]:
    return hand_made().facts(spark_session)


def facts_of(computed: tuple[list, list], name: str) -> list:
    return [fact for fact in computed[1] if fact.asset_id == name]


@pytest.mark.acceptance(3)
@pytest.mark.parametrize("name", ["breaks placed", "breaks unplaced"])
def test_the_textbook_shift_has_the_oee_of_the_textbook(computed, name: str) -> None:
    [fact] = facts_of(computed, name)
    assert (fact.product_id, fact.planned_busy_s, fact.production_s) == ("second", 25_200.0, 22_380.0)
    assert (fact.produced_qty, fact.good_qty, fact.scrap_qty) == (19_271.0, 18_848.0, 423.0)
    availability, effectiveness = fact.production_s / fact.planned_busy_s, fact.ideal_runtime_s / fact.production_s
    oee = availability * effectiveness * fact.good_qty / fact.produced_qty
    assert oee == pytest.approx(0.7479365, abs=5e-8)
    assert fact.ideal_good_runtime_s / fact.planned_busy_s == pytest.approx(oee, abs=1e-12)
    assert fact.unplanned_down_s == 47 * MINUTE


def test_an_effectiveness_above_one_is_reported_not_clamped(computed) -> None:
    [fact] = facts_of(computed, "too fast")
    assert fact.ideal_runtime_s / fact.production_s == 1.5


def test_busy_time_is_split_by_running_time_and_other_times_stand_at_their_product(computed) -> None:
    facts = {fact.product_id: tuple(fact[name] for name in TIMES) for fact in facts_of(computed, "split")}
    assert facts == {"P": (48.0, 30.0, 0.0, 20.0, 0.0), "Q": (32.0, 20.0, 10.0, 0.0, 20.0)}


def test_where_nothing_ran_all_times_stand_at_no_product_and_counts_at_theirs(computed) -> None:
    facts = facts_of(computed, "down") + facts_of(computed, "silent")
    found = {(f.asset_id, f.product_id): (*(f[name] for name in TIMES), f.scrap_qty) for f in facts}
    assert found == {
        ("down", ""): (100.0, 0.0, 0.0, 80.0, 20.0, 0.0),
        ("down", "P"): (0.0, 0.0, 0.0, 0.0, 0.0, 4.0),
        ("silent", ""): (100.0, 0.0, 0.0, 0.0, 100.0, 0.0),
    }


def test_time_without_any_state_is_no_signal_and_unqualified(computed) -> None:
    states = [s for s in computed[0] if s.asset_id in ("down", "silent")]
    assert sorted((s.asset_id, s.state, s.time_category, s.duration_s) for s in states) == [
        ("down", "DOWN", "unplanned_down", 80.0),
        ("down", "NO_SIGNAL", "unqualified", 20.0),
        ("silent", "NO_SIGNAL", "unqualified", 100.0),
    ]


def test_the_ideal_cycle_is_that_of_the_shifts_start_and_unknown_products_have_none(computed) -> None:
    facts = facts_of(computed, "cycles")
    found = {(f.shift_id, f.product_id): f.ideal_runtime_s for f in facts if f.produced_qty}
    assert [found[shift, "retimed"] for shift in ("one", "two", "three")] == [20.0, 20.0, 50.0]
    assert [found["one", name] for name in ("unknown", "")] == [0.0, 0.0]


def test_counts_are_shared_in_time_and_a_sample_on_the_border_counts_for_the_earlier_shift(computed) -> None:
    facts = facts_of(computed, "borders")
    found = {f.shift_id: (f.good_qty, f.scrap_qty) for f in facts if f.product_id == "P"}
    assert found == {"one": (7.0, 5.0), "two": (5.0, 4.0)}


def test_an_asset_works_the_shifts_of_the_site_where_it_stands(spark) -> None:
    instances = frame(
        spark,
        SHIFTS.replace("asset_id string, ", ""),
        [(site, shift, DAY, at(t), at(t + 9), 9.0) for site in ("x", "y") for shift, t in (("one", 0), ("two", 10))],
    )
    ddl = "asset_id string, site_id string, valid_from_utc timestamp, valid_to_utc timestamp"
    assets = frame(spark, ddl, [("a", "x", at(-5), at(5)), ("a", "y", at(5), None), ("new", "x", at(10), None)])
    found = sorted((r.asset_id, r.site_id, r.shift_id) for r in to_asset_shifts(instances, assets).collect())
    assert found == [("a", "x", "one"), ("a", "y", "two"), ("new", "x", "two")]


borders = st.lists(st.integers(0, 60), min_size=2, max_size=8, unique=True).map(sorted)
part = st.tuples(borders, st.lists(st.sampled_from("RDIO-"), min_size=8, max_size=8))
counts = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 30), st.integers(0, 9), st.sampled_from("PQ")), max_size=4
)
asset = st.tuples(part, part, borders, borders, counts)
STATES = {"R": "RUN", "D": "DOWN", "I": "IDLE", "O": "ODD"}


def spans(of: tuple[list[int], list[str]]) -> list[tuple[int, int, str]]:
    marks, labels = of
    return [(a, b, label) for a, b, label in zip(marks, marks[1:], labels, strict=False) if label != "-"]


def label_at(of: list[tuple[int, int, str]], second: int) -> str | None:
    return next((label for a, b, label in of if a <= second < b), None)


@settings(max_examples=2, phases=[Phase.generate])
@given(st.lists(asset, min_size=25, max_size=35))
def test_facts_agree_with_a_count_of_seconds(spark, assets) -> None:
    plant, wanted, seconds = Plant(), {}, defaultdict(Counter)
    for n, (states, products, shift_marks, stop_marks, made) in enumerate(assets):
        name = f"a{n}"
        shift_spans = [(a, b, f"s{m}") for m, (a, b) in enumerate(pairwise(shift_marks))]
        stop_spans = [(a, b, "stop") for a, b in zip(stop_marks[::2], stop_marks[1::2], strict=False)]
        for a, b, label in spans(states):
            plant.state(name, a, b, STATES[label])
        for a, b, label in spans(products):
            plant.product(name, a, b, label)
        for a, b, shift_id in shift_spans:
            plant.shift(name, a, b, shift_id=shift_id)
            for c, d, _ in stop_spans:
                if max(a, c) < min(b, d):
                    plant.stop(name, max(a, c), min(b, d), shift_id=shift_id)
            wanted[name, shift_id] = slow_facts(range(a, b), spans(states), spans(products), stop_spans)
            for second in range(a, b):
                seconds[name, shift_id][STATES.get(label_at(spans(states), second) or "", "NO_SIGNAL")] += 1
        for start, length, delta, product in made:
            plant.count(name, "good", start, start + length, float(delta), product)
    state_rows, facts = plant.facts(spark)
    found_states = defaultdict(Counter)
    for row in state_rows:
        found_states[row.asset_id, row.shift_id][row.state] += row.duration_s
    assert found_states == {key: Counter({s: float(n) for s, n in c.items()}) for key, c in seconds.items()}
    check_facts(facts, wanted, plant)


def slow_facts(shift: range, states, products, stops) -> dict[str, Counter]:
    """Return seconds by product and kind of time, second by second."""
    found: dict[str, Counter] = defaultdict(Counter)
    for second in shift:
        state, product = label_at(states, second), label_at(products, second) or ""
        stopped = label_at(stops, second) is not None
        kind = {"R": "production_s", "D": "unplanned_down_s", "O": "unqualified_s", None: "unqualified_s"}.get(state)
        if stopped:
            kind = "planned_stop_production_s" if state == "R" else None
        found[product][kind] += 1
    return found


def check_facts(facts: list, wanted: dict, plant: Plant) -> None:
    by_shift: dict[tuple, dict] = defaultdict(dict)
    for fact in facts:
        by_shift[fact.asset_id, fact.shift_id][fact.product_id] = fact
    assert by_shift.keys() == wanted.keys(), "at least one fact per asset and shift"
    for key, products in wanted.items():
        ran = sum(times["production_s"] for times in products.values())
        told = products if ran else {"": sum(products.values(), Counter())}
        found = by_shift[key]
        busy = next(s[6] for s in plant.shifts if (s[0], s[2]) == key)
        assert sum(f.planned_busy_s for f in found.values()) == pytest.approx(busy)
        for product, times in told.items():
            fact = found.get(product)
            assert fact is not None or (product == "" and not any(times[name] for name in TIMES))
            if fact is not None:
                share = times["production_s"] / ran if ran else 1.0
                assert fact.planned_busy_s == pytest.approx(busy * share)
                assert [fact[name] for name in TIMES[1:]] == [times[name] for name in TIMES[1:]]
    for name in {shift[0] for shift in plant.shifts}:
        covered = [(s[4], s[5]) for s in plant.shifts if s[0] == name]
        counted = sum(fact.good_qty for fact in facts if fact.asset_id == name)
        assert counted == pytest.approx(sum(inside(d, covered) for d in plant.deltas if d[0] == name))


def inside(delta: tuple, shifts: list[tuple[dt.datetime, dt.datetime]]) -> float:
    start, end = delta[2], delta[3]
    overlaps = [max(dt.timedelta(), min(end, b) - max(start, a)) for a, b in shifts]
    return delta[4] * (sum(overlaps, dt.timedelta()) / (end - start))
