"""Counters: increments through resets, rollovers, noise and silence; and the product that they count."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fabric_ot.errors import ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.production.counters import join_product_running, to_count_deltas, to_product_runs
from fabric_ot.transforms.production.facts import to_shift_counts

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SAMPLES = "tag_id string, event_time_utc timestamp, value_double double, quality string"
TAGS = (
    "tag_id string, asset_id string, role string, unit string, counter_modulus double, "
    "valid_from_utc timestamp, valid_to_utc timestamp"
)


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def tag(tag_id: str, modulus: float | None = None, role: str = "good_counter") -> tuple:
    return (tag_id, f"asset of {tag_id}", role, None, modulus, T0 - dt.timedelta(days=1), None)


def deltas_of(
    spark, series: dict[str, list], tags: list[tuple], *, tolerance: float = 0.0, **options
) -> dict[str, list[tuple]]:
    rows = [
        (name, at(n), *(value if isinstance(value, tuple) else (value, "GOOD")))
        for name, values in series.items()
        for n, value in enumerate(values)
    ]
    deltas = to_count_deltas(
        frame(spark, SAMPLES, rows), frame(spark, TAGS, tags), noise_tolerance=tolerance, **options
    )
    found: dict[str, list[tuple]] = {name: [] for name in series}
    for row in sorted(deltas.collect(), key=lambda row: row.event_time_utc):
        found[row.tag_id].append((row.delta, row.kind))
    return found


@pytest.mark.acceptance(4)
def test_a_fall_is_a_rollover_where_the_modulus_is_known_and_a_reset_elsewhere(spark) -> None:
    values = [65_500, 65_535, 0, 20]
    numbers = [float(value) for value in values]
    series = {"rolls": numbers, "resets": numbers, "beyond": [70_000.0, 5.0]}
    found = deltas_of(spark, series, [tag("rolls", 65_536.0), tag("resets"), tag("beyond", 65_536.0)])
    assert found["rolls"] == [(35.0, "increment"), (1.0, "rollover"), (20.0, "increment")]
    assert sum(delta for delta, _ in found["rolls"]) == 56
    assert found["resets"] == [(35.0, "increment"), (0.0, "reset"), (20.0, "increment")]
    assert sum(delta for delta, _ in found["resets"]) == 55
    assert max(values) - min(values) == 65_535, "what counting by max - min would say"
    assert found["beyond"] == [(5.0, "reset")], "a value above the modulus cannot have rolled over"


@pytest.mark.acceptance(4)
def test_samples_without_a_value_are_passed_over_and_the_difference_across_the_gap_counts(spark) -> None:
    series = {
        "silent": [10.0, (None, "STALE"), (None, "GOOD"), (11.0, "BAD"), (float("nan"), "GOOD"), 17.0],
        "alone": [5.0],
        "unsure": [1.0, (2.0, "UNCERTAIN")],
    }
    found = deltas_of(spark, series, [tag(name) for name in series])
    assert found == {"silent": [(7.0, "increment")], "alone": [], "unsure": [(1.0, "increment")]}


SHIFTS = (
    "asset_id string, site_id string, shift_id string, production_date date, start_utc timestamp, end_utc timestamp"
)


@pytest.mark.acceptance(4)
def test_resets_rollovers_and_lost_samples_at_a_shift_border_count_once_and_in_their_shift(spark) -> None:
    """The border is at 100 s; each counter is its own asset. Expected: good pieces of the shift before and after."""
    series = {
        "reset on the border": ([(0, 500), (90, 590), (100, 0), (200, 40)], None, (90.0, 40.0)),
        "reset just after": ([(0, 500), (100, 600), (110, 5), (200, 50)], None, (100.0, 50.0)),
        "reset between": ([(0, 500), (90, 590), (110, 20), (200, 110)], None, (90.0 + 10.0, 10.0 + 90.0)),
        "rolls on the border": ([(0, 65_500), (90, 65_535), (100, 0), (200, 20)], 65_536.0, (36.0, 20.0)),
        "rolls across": ([(0, 65_500), (80, 65_530), (120, 34), (200, 50)], 65_536.0, (30.0 + 20.0, 20.0 + 16.0)),
        "lost around": ([(0, 0), (50, 50), (150, 150), (200, 200)], None, (100.0, 100.0)),
        "lost and reset": ([(0, 0), (80, 80), (180, 50), (200, 70)], None, (80.0 + 10.0, 40.0 + 20.0)),
        "bad at the border": ([(0, 0), (90, 90), (100, None), (110, 110), (200, 200)], None, (100.0, 100.0)),
    }
    rows = [
        (name, at(second), None if value is None else float(value), "BAD" if value is None else "GOOD")
        for name, (values, _, _) in series.items()
        for second, value in values
    ]
    tags = [tag(name, modulus) for name, (_, modulus, _) in series.items()]
    deltas = to_count_deltas(frame(spark, SAMPLES, rows), frame(spark, TAGS, tags))
    shifts = [
        (f"asset of {name}", "site", shift, T0.date(), at(start), at(start + 100))
        for name in series
        for shift, start in (("before", 0), ("after", 100))
    ]
    product = deltas.selectExpr("*", "cast(null as string) as product_id")
    counts = to_shift_counts(product, frame(spark, SHIFTS, shifts), frame(spark, TAGS, tags)).collect()
    found = {(r.asset_id.removeprefix("asset of "), r.shift_id): r.good_qty for r in counts}
    wanted = {
        (name, s): q for name, (_, _, both) in series.items() for s, q in zip(("before", "after"), both, strict=True)
    }
    assert found == pytest.approx(wanted)


def test_a_rollover_that_is_too_fast_is_a_reset_which_may_count_for_nothing(spark) -> None:
    series = {"a": [65_500.0, 65_535.0, 5.0, 60_000.0, 20.0]}  # 6 in a second, then 5,556 in a second
    limited = deltas_of(spark, series, [tag("a", 65_536.0)], max_rate_per_s=100.0)["a"]
    assert [kind for _, kind in limited] == ["increment", "rollover", "increment", "reset"]
    assert [delta for delta, _ in limited] == [35.0, 6.0, 59_995.0, 20.0]
    nothing = deltas_of(spark, series, [tag("a")], reset_delta="zero")["a"]
    assert nothing == [(35.0, "increment"), (0.0, "reset"), (59_995.0, "increment"), (0.0, "reset")]
    with pytest.raises(ConfigError, match="3 problem"):
        deltas_of(spark, series, [], tolerance=-1.0, max_rate_per_s=0.0, reset_delta="guess")


def test_noise_adds_nothing_until_the_earlier_high_is_passed(spark) -> None:
    series = {"a": [100.0, 99.6, 99.8, 100.5, 3.0, 4.0]}
    found = deltas_of(spark, series, [tag("a")], tolerance=0.5)["a"]
    kinds = ["increment", "increment", "increment", "reset", "increment"]
    assert [kind for _, kind in found] == kinds
    assert [delta for delta, _ in found] == pytest.approx([0.0, 0.0, 0.5, 3.0, 1.0])
    assert sum(delta for delta, _ in deltas_of(spark, series, [tag("a")])["a"]) == pytest.approx(99.6 + 0.2 + 0.7 + 4)


def test_only_catalogued_counters_are_counted_under_the_asset_of_that_time(spark) -> None:
    moved = [
        ("m", "first", "scrap_counter", None, None, at(-9), at(2)),
        ("m", "second", "scrap_counter", None, None, at(2), None),
    ]
    rows = [("m", at(n), float(n), "GOOD") for n in range(4)] + [("temp", at(n), 1.0, "GOOD") for n in range(2)]
    deltas = to_count_deltas(frame(spark, SAMPLES, rows), frame(spark, TAGS, [*moved, tag("temp", role="measure")]))
    found = sorted((r.event_time_utc.second, r.asset_id, r.role, r.delta) for r in deltas.collect())
    assert found == [
        (1, "first", "scrap_counter", 1.0), (2, "second", "scrap_counter", 1.0), (3, "second", "scrap_counter", 1.0),
    ]  # fmt: skip


def slow_deltas(values: list[float | None], modulus: float | None, tolerance: float) -> list[float]:
    found, last, high = [], None, None
    for value in values:
        if value is None:
            continue
        if last is not None:
            if value < last and last - value >= tolerance:
                found.append(value + modulus - high if modulus and high < modulus else value)
                high = value
            else:
                found.append(max(value - high, 0.0))
                high = max(high, value)
        else:
            high = value
        last = value
    return found


counter = st.tuples(
    st.lists(st.one_of(st.none(), st.integers(0, 9).map(float)), max_size=12), st.sampled_from([None, 8.0, 16.0])
)


@pytest.mark.acceptance(4)
@settings(max_examples=2, phases=[Phase.generate])
@given(st.lists(counter, min_size=30, max_size=50))
@pytest.mark.parametrize("tolerance", [0.0, 2.0])
def test_deltas_agree_with_a_walk_along_the_samples(spark, tolerance: float, counters) -> None:
    series = {f"t{n}": [(v, "GOOD") for v in values] for n, (values, _) in enumerate(counters)}
    tags = [tag(f"t{n}", modulus) for n, (_, modulus) in enumerate(counters)]
    found = deltas_of(spark, series, tags, tolerance=tolerance)
    for n, (values, modulus) in enumerate(counters):
        assert [delta for delta, _ in found[f"t{n}"]] == slow_deltas(values, modulus, tolerance)


def test_a_count_belongs_to_the_product_set_at_its_instant(spark) -> None:
    orders = [
        ("a", at(10), "P1", "GOOD"),
        ("a", at(20), None, "STALE"),
        ("a", at(25), " ", "GOOD"),
        ("a", at(30), "P2", "GOOD"),
    ]
    ddl = "asset_id string, event_time_utc timestamp, value_string string, quality string"
    runs = to_product_runs(frame(spark, ddl, orders), horizon_utc=at(100))
    counts = frame(
        spark, "asset_id string, event_time_utc timestamp", [("a", at(n)) for n in (9, 10, 29, 30)] + [("b", at(10))]
    )
    found = {(r.asset_id, r.event_time_utc.second): r.product_id for r in join_product_running(counts, runs).collect()}
    assert found == {("a", 9): None, ("a", 10): "P1", ("a", 29): "P1", ("a", 30): "P2", ("b", 10): None}


def test_counting_costs_one_shuffle(spark) -> None:
    deltas = to_count_deltas(spark.createDataFrame([], SAMPLES), spark.createDataFrame([], TAGS))
    plan = deltas._jdf.queryExecution().executedPlan().toString()
    assert plan.count("Exchange hashpartitioning") == 1
