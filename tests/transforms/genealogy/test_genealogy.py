"""Lots are traced through cycles without end, their shares add up to one, and mass that is missing is told."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from random import Random

import pytest

from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.genealogy.lots import to_lot_blend, to_lot_edges, to_lot_trace
from fabric_ot.transforms.genealogy.mass_balance import to_mass_balance

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
EDGES = "input_lot string, output_lot string, uom string, qty double"
MOVEMENTS = "input_lot string, output_lot string, qty double, uom string, time_utc timestamp, segment string"
STOCKS = "lot_id string, uom string, scrap_qty double, wip_qty double"
NAN, INF = float("nan"), float("inf")

Pairs = list[tuple[str, str]]


def random_graphs(count: int, seed: int) -> dict[int, Pairs]:
    """Make small graphs, many of them with cycles and self-loops; the graph is a part of the name of a lot."""
    rng = Random(seed)
    graphs = {}
    for n in range(count):
        size = rng.randint(1, 7)
        pairs = {(rng.randrange(size), rng.randrange(size)) for _ in range(rng.randint(1, 9))}
        graphs[n] = [(f"{n}/{'abcdefg'[a]}", f"{n}/{'abcdefg'[b]}") for a, b in sorted(pairs)]
    return graphs


def slow_trace(pairs: Pairs, max_depth: int) -> set[tuple]:
    """Walk from each lot breadth first, the neighbors by name; a lot that was met is not walked again."""
    following = defaultdict(list)
    for a, b in pairs:
        following[a].append(b)
    rows = set()
    for lot in list(following):
        paths: dict[str, list[str]] = {}
        frontier = [[lot]]
        depth = 0
        while frontier:
            depth += 1
            found: dict[str, list[str]] = {}
            for path in sorted(frontier):
                for after in sorted(following[path[-1]]):
                    if after not in paths and after not in found:
                        found[after] = [*path, after]
            paths |= found
            frontier = list(found.values())
        is_truncated = any(len(path) - 1 > max_depth for path in paths.values())
        rows |= {
            (lot, reached, len(path) - 1, tuple(path), reached == lot, is_truncated)
            for reached, path in paths.items()
            if len(path) - 1 <= max_depth
        }
    return rows


@pytest.mark.acceptance(11)
@pytest.mark.parametrize(("direction", "max_depth"), [("forward", 3), ("backward", 6)])
def test_the_trace_of_hundreds_of_graphs_agrees_with_a_walk(spark, direction: str, max_depth: int) -> None:
    graphs = random_graphs(400, seed=3)
    rows = [(a, b, "kg", 1.0) for pairs in graphs.values() for a, b in pairs]
    rows += [(None, "0/a", "kg", 1.0), ("0/a", None, "kg", 1.0)]
    trace = to_lot_trace(frame(spark, EDGES, rows), direction=direction, max_depth=max_depth).collect()
    turned = [(a, b) if direction == "forward" else (b, a) for pairs in graphs.values() for a, b in pairs]
    wanted = slow_trace(turned, max_depth)
    assert {(r[0], r[1], r[2], tuple(r[3]), r[4], r[5]) for r in trace} == wanted
    assert len(trace) == len(wanted), "one row per lot and lot reached"
    assert any(row[4] for row in wanted), "some lots reach themselves"
    assert any(row[5] for row in wanted) == (max_depth == 3), "no graph of seven lots is deeper than six steps but one"


@pytest.mark.acceptance(11)
def test_a_rework_cycle_ends_and_says_where_the_depth_cut_it(spark) -> None:
    rows = [("raw", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "sold"), ("x", "x")]
    edges = frame(spark, EDGES, [(a, b, "kg", 1.0) for a, b in rows])
    roots = frame(spark, "lot_id string", [("raw",), ("raw",), ("x",), ("unheard of",)])
    whole = to_lot_trace(edges, max_depth=4, lots=roots).collect()
    assert sorted((r.lot_id, r.reached_lot, r.depth, r.is_cycle, r.is_truncated) for r in whole) == [
        ("raw", "a", 1, False, False),
        ("raw", "b", 2, False, False),
        ("raw", "c", 3, False, False),
        ("raw", "sold", 4, False, False),
        ("x", "x", 1, True, False),
    ]
    cut = to_lot_trace(edges, max_depth=3, lots=roots).collect()
    assert {(r.lot_id, r.is_truncated) for r in cut} == {("raw", True), ("x", False)}
    assert max(r.depth for r in cut) == 3


def weighed(pairs: Pairs, rng: Random) -> list[tuple]:
    quantities: list[float | None] = [1.0, 2.0, 5.0, 0.5, 3.25]
    odd = [None, NAN, 0.0, -1.0, INF]
    return [(a, b, rng.choice(["kg"] * 15 + ["l", None]), rng.choice(quantities * 4 + odd)) for a, b in pairs]


def slow_weights(edges: list[tuple]) -> tuple[dict[str, dict[str, float]], set[str]]:
    inputs = defaultdict(list)
    for a, b, uom, qty in edges:
        inputs[b].append((a, uom, qty))
    weights, unweighed = {}, set()
    for lot, entries in inputs.items():
        quantities = [qty for *_, qty in entries]
        is_told = all(qty is not None and 0 <= qty < INF for qty in quantities)
        units = {uom for _, uom, _ in entries}
        if not is_told or len(units) != 1 or None in units or sum(quantities) <= 0:
            unweighed.add(lot)
        else:
            weights[lot] = {a: qty / sum(quantities) for a, _, qty in entries}
    return weights, unweighed


def slow_blend(lot: str, weights: dict[str, dict[str, float]], steps: int) -> dict[str, float]:
    shares = {lot: 1.0}
    for _ in range(steps):
        moved: dict[str, float] = defaultdict(float)
        for at, share in shares.items():
            for origin, weight in weights.get(at, {at: 1.0}).items():
                moved[origin] += share * weight
        shares = {at: share for at, share in moved.items() if share > 0}
    return shares


def test_shares_agree_with_a_walk_and_with_its_limit_and_add_up_to_one(spark) -> None:
    rng = Random(8)
    steps = 7
    edges = {n: weighed(pairs, rng) for n, pairs in random_graphs(300, seed=4).items()}
    rows = [edge for graph in edges.values() for edge in graph]
    blend = to_lot_blend(frame(spark, EDGES, [*rows, (None, "0/a", "kg", 9.0)]), max_steps=steps).collect()
    found = defaultdict(dict)
    for r in blend:
        found[r.lot_id][r.origin_lot] = r
    assert set(found) == {b for _, b, *_ in rows}
    residuals = []
    for graph in edges.values():
        weights, unweighed = slow_weights(graph)
        for lot in {b for _, b, *_ in graph}:
            told, wanted, limit = found[lot], slow_blend(lot, weights, steps), slow_blend(lot, weights, 900)
            assert {at: r.fraction for at, r in told.items()} == pytest.approx(wanted, abs=1e-12)
            assert sum(r.fraction for r in told.values()) == pytest.approx(1.0, abs=1e-12)
            kinds = {at: "unweighed" if at in unweighed else "open" if at in weights else "source" for at in told}
            assert {at: r.origin_kind for at, r in told.items()} == kinds
            open_share = sum(share for at, share in wanted.items() if kinds[at] == "open")
            assert [r.residual for r in told.values()] == pytest.approx([open_share] * len(told), abs=1e-12)
            for at, kind in kinds.items():
                if kind != "open":
                    assert -1e-9 <= limit[at] - told[at].fraction <= open_share + 1e-9
            residuals.append(open_share)
    assert sum(residual == 0 for residual in residuals) > 50
    assert sum(0 < residual < 0.2 for residual in residuals) > 20, "cycles that settle"
    assert {kind.origin_kind for kind in blend} == {"source", "open", "unweighed"}


@pytest.mark.acceptance(11)
def test_rework_settles_at_the_mix_that_came_in_and_a_closed_circle_stays_open(spark) -> None:
    rows = [
        ("r1", "a", "kg", 60.0),
        ("r2", "a", "kg", 40.0),
        ("b", "a", "kg", 10.0),
        ("a", "b", "kg", 110.0),
        ("m", "n", "kg", 1.0),
        ("n", "m", "kg", 1.0),
    ]
    edges = frame(spark, EDGES, rows)
    lots = frame(spark, "lot_id string", [("b",), ("n",), ("r1",)])
    blend = {(r.lot_id, r.origin_lot): r for r in to_lot_blend(edges, max_steps=9, lots=lots).collect()}
    residual = 11.0**-4
    assert blend[("b", "r1")].fraction == pytest.approx(0.6 * (1 - residual), abs=1e-12)
    assert blend[("b", "r2")].fraction == pytest.approx(0.4 * (1 - residual), abs=1e-12)
    assert blend[("b", "r1")].residual == pytest.approx(residual, abs=1e-12)
    assert [(r.origin_kind, r.fraction, r.residual) for key, r in blend.items() if key[0] == "n"] == [
        ("open", 1.0, 1.0)
    ]
    assert (blend[("r1", "r1")].origin_kind, blend[("r1", "r1")].fraction) == ("source", 1.0)


def test_movements_between_the_same_lots_are_one_edge_and_an_unknown_quantity_spoils_it(spark) -> None:
    rows = [
        ("a", "b", 0.1, "kg", T0, "mix"),
        ("a", "b", 0.2, "kg", T0 + dt.timedelta(hours=1), "mix"),
        ("a", "b", 0.3, "kg", T0, "mix"),
        ("a", "b", 5.0, "l", T0, "mix"),
        ("a", "c", NAN, "kg", T0, "mix"),
        ("a", "c", 1.0, "kg", T0, "mix"),
        ("c", "c", 1.0, None, T0, "rework"),
        (None, "a", 9.0, "kg", T0, "receipt"),
        ("b", None, 9.0, "kg", T0, "issue"),
    ]
    edges = to_lot_edges(frame(spark, MOVEMENTS, rows)).collect()
    found = {(r.input_lot, r.output_lot, r.uom): (r.qty, r.movement_count, r.is_self) for r in edges}
    assert found == {
        ("a", "b", "kg"): (0.1 + 0.2 + 0.3, 3, False),
        ("a", "b", "l"): (5.0, 1, False),
        ("a", "c", "kg"): (None, 2, False),
        ("c", "c", None): (1.0, 1, True),
    }
    times = {(r.first_time_utc.hour, r.last_time_utc.hour) for r in edges if r.uom == "kg" and r.output_lot == "b"}
    assert times == {(0, 1)}


def slow_balance(movements: list[tuple], stocks: list[tuple], qty: float, fraction: float) -> dict[str, tuple]:
    bookings = defaultdict(list)
    for source, target, amount, uom, *_ in movements:
        for lot, kind in ((target, "in"), (source, "out")):
            if lot is not None:
                bookings[lot].append((kind, uom, amount))
    for lot, uom, scrap, wip in stocks:
        bookings[lot] += [("scrap", uom, scrap), ("wip", uom, wip)]
    found = {}
    for lot, entries in bookings.items():
        units = {uom for _, uom, _ in entries}
        amounts = [amount for *_, amount in entries]
        if len(units) != 1 or None in units or any(a is None or not abs(a) < INF for a in amounts):
            found[lot] = ("undefined", None)
            continue
        total = {kind: sum(Fraction(a) for k, _, a in entries if k == kind) for kind in ("in", "out", "scrap", "wip")}
        difference = total["in"] - total["out"] - total["scrap"] - total["wip"]
        allowed = max(Fraction(qty), abs(total["in"]) * Fraction(fraction))
        status = "balanced" if abs(difference) <= allowed else "lost" if difference > 0 else "gained"
        found[lot] = (status, float(difference))
    return found


@pytest.mark.acceptance(11)
def test_the_balance_of_random_lots_agrees_with_exact_sums(spark) -> None:
    rng = Random(21)
    amounts = [0.25, 0.5, 1.0, 1.5, 2.0, 4.0, -0.5, -0.0]
    lots = [f"lot{n}" for n in range(200)]

    def amount() -> float | None:
        return rng.choice(amounts * 8 + [None, NAN, INF])

    def lot() -> str | None:
        return rng.choice([*lots, None, None])

    movements = [(lot(), lot(), amount(), rng.choice(["kg"] * 30 + ["l", None]), T0, "s") for _ in range(220)]
    stocks = [(name, "kg", amount(), amount()) for name in lots if rng.random() < 0.4]
    found = to_mass_balance(
        frame(spark, MOVEMENTS, movements), frame(spark, STOCKS, stocks), tolerance_qty=0.5, tolerance_fraction=0.25
    ).collect()
    assert {r.lot_id: (r.status, r.difference_qty) for r in found} == slow_balance(movements, stocks, 0.5, 0.25)
    assert {r.status for r in found} == {"balanced", "lost", "gained", "undefined"}
    for r in found:
        share = None if r.difference_qty is None or r.in_qty == 0 else r.difference_qty / r.in_qty
        assert r.difference_fraction == share


@pytest.mark.acceptance(11)
def test_mass_that_was_not_told_is_lost_and_a_spoiled_sum_is_null_alone(spark) -> None:
    movements = [
        (None, "a", 100.0, "kg", T0, "receipt"),
        ("a", "b", 90.0, "kg", T0, "mix"),
        ("b", None, 88.0, "kg", T0, ""),
    ]
    stocks = [("a", "kg", 4.0, 5.0), ("c", "kg", None, 0.0), ("d", "kg", 1.0, 0.0), ("d", "l", 0.0, 0.0)]
    balance = to_mass_balance(frame(spark, MOVEMENTS, movements), frame(spark, STOCKS, stocks), tolerance_fraction=0.02)
    found = {r.lot_id: tuple(r)[1:] for r in balance.collect()}
    assert found == {
        "a": ("kg", 100.0, 90.0, 4.0, 5.0, 1.0, 0.01, "balanced"),
        "b": ("kg", 90.0, 88.0, 0.0, 0.0, 2.0, pytest.approx(2 / 90), "lost"),
        "c": ("kg", 0.0, 0.0, None, 0.0, None, None, "undefined"),
        "d": (None, None, None, None, None, None, None, "undefined"),
    }


def test_empty_frames_keep_the_schema_and_steps_and_columns_are_checked(spark) -> None:
    empty = spark.createDataFrame([], EDGES)
    assert to_lot_trace(empty, max_depth=1).collect() == []
    assert dict(to_lot_trace(empty, max_depth=1).dtypes)["path"] == "array<string>"
    assert to_lot_blend(empty, max_steps=1).columns == ["lot_id", "origin_lot", "fraction", "origin_kind", "residual"]
    with pytest.raises(ConfigError, match="max_depth is 0"):
        to_lot_trace(empty, max_depth=0)
    with pytest.raises(ConfigError, match="direction is 'up'"):
        to_lot_trace(empty, direction="up")
    with pytest.raises(ConfigError, match="max_steps is 0"):
        to_lot_blend(empty, max_steps=0)
    with pytest.raises(ColumnContractError, match="qty"):
        to_lot_blend(empty.drop("qty"))
    with pytest.raises(ConfigError, match="tolerances"):
        to_mass_balance(spark.createDataFrame([], MOVEMENTS), spark.createDataFrame([], STOCKS), tolerance_qty=-1.0)


def nodes_of(plan) -> list[str]:
    """Name the nodes of a JVM plan; its text is cut at a length, the tree is not."""
    name = plan.nodeName()
    if name == "Exchange":
        name = plan.outputPartitioning().getClass().getSimpleName()
    children = plan.children()
    return [name, *(node for n in range(children.size()) for node in nodes_of(children.apply(n)))]


def test_the_plan_grows_by_one_join_per_step(spark) -> None:
    edges = spark.createDataFrame([], EDGES)

    def joins(depth: int) -> int:
        return nodes_of(to_lot_trace(edges, max_depth=depth)._jdf.queryExecution().analyzed()).count("Join")

    assert [joins(depth) for depth in (1, 3, 6)] == [1, 3, 6]
