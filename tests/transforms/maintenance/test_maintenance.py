"""Maintenance: failures from states, their orders, reliability with censoring, compliance and backlog."""

from __future__ import annotations

import datetime as dt
from random import Random

import pytest

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.maintenance.failures import split_orders, to_failures, to_operating
from fabric_ot.transforms.maintenance.matches import to_failure_matches
from fabric_ot.transforms.maintenance.orders import (
    rollup_backlog,
    rollup_maintenance_time,
    rollup_order_compliance,
)
from fabric_ot.transforms.maintenance.reliability import rollup_component_reliability, rollup_reliability

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
INTERVALS = (
    "asset_id string, start_utc timestamp, end_utc timestamp, state string, time_category string, is_open boolean"
)
ORDERS = (
    "order_id string, asset_id string, order_type string, component string, reported_utc timestamp, "
    "acknowledged_utc timestamp, started_utc timestamp, finished_utc timestamp, verified_utc timestamp, "
    "due_utc timestamp"
)
PERIODS = "period_id string, start_utc timestamp, end_utc timestamp"
DOWN, RUN, SETUP, NO_SIGNAL = "unplanned_down", "production", "setup", "unqualified"


def at(minutes: float | None) -> dt.datetime | None:
    return None if minutes is None else T0 + dt.timedelta(minutes=minutes)


def minutes(moment: dt.datetime | None) -> float | None:
    return None if moment is None else (moment.replace(tzinfo=dt.UTC) - T0).total_seconds() / 60


def spans(asset: str, *stretches: tuple, is_open: bool = False) -> list[tuple]:
    """Lay (category, minutes[, state]) end to end; None as a category leaves a gap."""
    rows, start = [], 0.0
    for category, length, *state in stretches:
        if category is not None:
            rows.append((asset, at(start), at(start + length), (state or [category.upper()])[0], category, False))
        start += length
    if rows and is_open:
        rows[-1] = (*rows[-1][:5], True)
    return rows


def order(order_id: str, asset: str | None, *times: float | None, kind: str = "corrective", component=None, due=None):
    stages = [at(t) for t in (*times, None, None, None, None, None)[:5]]
    return (order_id, asset, kind, component, *stages, at(due))


def periods_of(spark, *bounds: tuple[float, float]):
    return frame(spark, PERIODS, [(f"p{n}", at(start), at(end)) for n, (start, end) in enumerate(bounds)])


def test_a_failure_is_a_maximal_spell_of_unplanned_downtime(spark) -> None:
    rows = [
        *spans("joined", (RUN, 10), (DOWN, 5, "ABORTED"), (DOWN, 7, "CLEARING"), (RUN, 10), (DOWN, 3)),
        *spans("apart", (DOWN, 5), (None, 1), (DOWN, 5), (SETUP, 2), (DOWN, 5), (NO_SIGNAL, 1), (DOWN, 1)),
        *spans("open", (RUN, 1), (DOWN, 4), is_open=True), *spans("soon", (RUN, 1), (DOWN, 2), is_open=True),
        *spans("none", (RUN, 60)),
        ("broken", at(5), at(5), "X", DOWN, False), ("broken", at(9), at(8), "X", DOWN, None),
    ]  # fmt: skip
    intervals = frame(spark, INTERVALS, rows)

    def found(**options) -> dict[str, list]:
        told: dict[str, list] = {}
        for r in to_failures(intervals, **options).orderBy("failure_start_utc").collect():
            told.setdefault(r.asset_id, []).append((minutes(r.failure_start_utc), r.failure_s / 60, r.state, r.is_open))
            assert minutes(r.failure_end_utc) - minutes(r.failure_start_utc) == r.failure_s / 60
        return told

    state = "UNPLANNED_DOWN"
    assert found() == {
        "joined": [(10, 12, "ABORTED", False), (32, 3, state, False)],
        "apart": [(0, 5, state, False), (6, 5, state, False), (13, 5, state, False), (19, 1, state, False)],
        "open": [(1, 4, state, True)], "soon": [(1, 2, state, True)],
    }  # fmt: skip
    assert found(micro_stop_s=180.0, max_gap_s=60.0) == {
        "joined": [(10, 12, "ABORTED", False), (32, 3, state, False)],
        "apart": [(0, 11, state, False), (13, 7, state, False)],
        "open": [(1, 4, state, True)],
    }


@pytest.mark.acceptance(10)
def test_mtbf_is_undefined_and_censored_without_a_failure(spark) -> None:
    rows = [
        *spans("sound", (RUN, 100)), *spans("idle", ("idle", 100)), *spans("late", (RUN, 110), (DOWN, 10), (RUN, 20)),
        *spans("failing", (RUN, 20), (DOWN, 10), (RUN, 20), (DOWN, 20), (SETUP, 10), (RUN, 20)),
        *spans("open", (RUN, 60), (DOWN, 30), is_open=True), *spans("across", (RUN, 90), (DOWN, 30), (RUN, 30)),
    ]  # fmt: skip
    intervals = frame(spark, INTERVALS, rows)
    matches = to_failure_matches(to_failures(intervals), spark.createDataFrame([], ORDERS))
    periods = periods_of(spark, (0, 100), (100, 200))
    told = rollup_reliability(matches, to_operating(intervals), periods).collect()
    found = {(r.asset_id, r.period_id): r for r in told}

    def figures(*key: str) -> tuple:
        r = found[key]
        ratio = None if r.inherent_availability is None else round(r.inherent_availability, 12)
        whole = (r.operating_s, r.mtbf_s, r.mttr_s)
        return (*(None if v is None else v / 60 for v in whole), ratio, r.failures, r.is_censored)

    assert figures("sound", "p0") == (100, None, None, None, 0, True)
    assert figures("failing", "p0") == (60, 30, 15, round(30 / 45, 12), 2, False)
    assert figures("open", "p0") == (60, 60, None, None, 1, False)
    assert (found[("open", "p0")].open_failures, found[("open", "p0")].restored_failures) == (1, 0)
    assert figures("across", "p0") == (90, 90, 30, 0.75, 1, False), "the repair keeps its whole length"
    assert figures("across", "p1") == (30, None, None, None, 0, True)
    assert figures("late", "p0") == (100, None, None, None, 0, True)
    assert figures("late", "p1") == (30, 30, 10, 0.75, 1, False)
    assert ("idle", "p0") not in found
    assert {minutes(found[("late", p)].period_end_utc) for p in ("p0", "p1")} == {100, 200}


def test_orders_and_failures_without_a_partner_are_reported_on_both_sides(spark) -> None:
    rows = [
        *spans("a", (RUN, 100), (DOWN, 20), (RUN, 80), (DOWN, 10), (RUN, 10)),
        *spans("b", (RUN, 100), (DOWN, 20)),
    ]
    orders = [
        order("second", "a", 110.0, component="belt"), order("first", "a", 90.0, component="motor"),
        order("edge", "a", 88.0), order("too early", "a", 87.9), order("after", "a", 214.0), order("late", "a", 216.0),
        order("nearer", "a", 135.0), order("pm", "a", 110.0, kind="preventive"), order("other", "c", 110.0),
        order("no report", "a", None), order("no asset", None, 110.0),
    ]  # fmt: skip
    failures = to_failures(frame(spark, INTERVALS, rows))
    told = to_failure_matches(failures, frame(spark, ORDERS, orders), before_s=720, after_s=300 * 3).collect()
    found = {r.order_id: (r.match, r.asset_id, minutes(r.failure_start_utc), r.order_rank) for r in told if r.order_id}
    alone = "order_without_failure"
    assert found == {
        "edge": ("matched", "a", 100, 1), "first": ("matched", "a", 100, 2), "second": ("matched", "a", 100, 3),
        "nearer": ("matched", "a", 100, 4), "after": ("matched", "a", 200, 1), "late": ("matched", "a", 200, 2),
        "too early": (alone, "a", None, None), "other": (alone, "c", None, None), "no report": (alone, "a", None, None),
        "no asset": (alone, None, None, None),
    }  # fmt: skip
    (without,) = [r for r in told if r.order_id is None]
    assert (without.match, without.asset_id, without.order_rank) == ("failure_without_order", "b", None)
    assert (minutes(without.failure_start_utc), without.failure_s) == (100, 1200.0)


# -- a slow walk over random plants ----------------------------------------------------------------------------------


def slow_failures(rows: list[tuple], micro: float, gap: float) -> list[list]:
    spells: list[list] = []
    for _, start, end, state, category, is_open in sorted(rows, key=lambda r: r[1]):
        if category != DOWN:
            continue
        if spells and (start - spells[-1][1]).total_seconds() <= gap:
            spells[-1][1], spells[-1][3] = end, spells[-1][3] or is_open
        else:
            spells.append([start, end, state, is_open])
    return [s for s in spells if (s[1] - s[0]).total_seconds() >= micro]


def slow_operating(rows: list[tuple], micro: float, gap: float) -> list[tuple]:
    running = [(r[1], r[2]) for r in rows if r[4] == RUN]
    if micro <= 0:
        return running
    spells = slow_failures(rows, 0, gap)
    short = [s for s in spells if (s[1] - s[0]).total_seconds() < micro and not s[3]]
    return running + [(r[1], r[2]) for r in rows if r[4] == DOWN and any(s[0] <= r[1] < s[1] for s in short)]


def slow_matches(failures: list[list], orders: list[tuple], before: float, after: float) -> list[tuple]:
    """-> (failure or None, order or None, rank or None)."""
    claims: dict[int, list[tuple]] = {n: [] for n in range(len(failures))}
    found = []
    for o in orders:
        if o[2] != "corrective":
            continue
        near = []
        for n, (start, end, *_) in enumerate(failures):
            early, late = (start - o[4]).total_seconds(), (o[4] - end).total_seconds()
            if early <= before and late <= after:
                near.append((max(early, late, 0), start, n))
        if near:
            claims[min(near)[2]].append(o)
        else:
            found.append((None, o, None))
    for n, mine in claims.items():
        ranked = sorted(mine, key=lambda o: (o[4], o[0]))
        found += [(failures[n], o, rank + 1) for rank, o in enumerate(ranked)] or [(failures[n], None, None)]
    return found


def slow_figures(matches: list[tuple], operating: list[tuple], period: tuple, evidence: str) -> dict | None:
    seconds = 0.0
    for start, end in operating:
        seconds += max(0.0, (min(end, period[1]) - max(start, period[0])).total_seconds())
    told = dict.fromkeys(("failures", "restored", "acknowledged", "restore", "acknowledge", "waiting", "wrench"), 0)
    any_row = False
    for failure, o, rank in matches:
        if failure is None and evidence == "state":
            continue
        start, end, is_open = (failure[0], failure[1], failure[3]) if failure else (o[4], o[7], o[7] is None)
        if not period[0] <= start < period[1]:
            continue
        any_row = True
        if rank in (None, 1):
            told["failures"] += 1
            told["restored"] += not is_open
            told["restore"] += 0 if is_open else (end - start).total_seconds()
        if o:
            reported, acknowledged, started, finished = o[4:8]
            told["acknowledged"] += acknowledged is not None
            told["acknowledge"] += (acknowledged - reported).total_seconds() if acknowledged else 0
            told["waiting"] += (started - acknowledged).total_seconds() if started and acknowledged else 0
            told["wrench"] += (finished - started).total_seconds() if finished and started else 0
    return {"operating": seconds, **told} if any_row or seconds else None


def random_plant(rng: Random, asset: str) -> tuple[list[tuple], list[tuple]]:
    categories = [RUN, RUN, DOWN, DOWN, SETUP, NO_SIGNAL, None]
    stretches = [(rng.choice(categories), rng.randint(1, 9), rng.choice("XYZ")) for _ in range(rng.randint(0, 16))]
    orders = []
    for n in range(rng.randint(0, 6)):
        times: list[float | None] = sorted(rng.uniform(0, 110) // 0.5 / 2 for _ in range(4))
        told = [times[0], *[t if rng.random() < 0.8 else None for t in times[1:]]]
        kind = "corrective" if rng.random() < 0.9 else "preventive"
        orders.append(order(f"{asset}-{n}", asset, *told, kind=kind, component=rng.choice(["m", "b", None])))
    return spans(asset, *stretches, is_open=rng.random() < 0.3), orders


@pytest.mark.acceptance(10)
@pytest.mark.parametrize(("evidence", "micro", "gap"), [("state", 0.0, 0.0), ("either", 240.0, 120.0)])
def test_reliability_agrees_with_a_slow_walk_over_random_plants(spark, evidence: str, micro: float, gap: float) -> None:
    rng = Random(341)
    plants = {f"a{n}": random_plant(rng, f"a{n}") for n in range(200)}
    intervals = frame(spark, INTERVALS, [row for rows, _ in plants.values() for row in rows])
    orders = frame(spark, ORDERS, [row for _, rows in plants.values() for row in rows])
    bounds = [(0, 30), (30, 60), (60, 200)]
    limits = {"micro_stop_s": micro, "max_gap_s": gap}
    matches = to_failure_matches(to_failures(intervals, **limits), orders, before_s=300, after_s=420)
    frames = matches, to_operating(intervals, **limits), periods_of(spark, *bounds)

    wanted_matches, wanted, wanted_by_component = set(), {}, {}
    for asset, (rows, told_orders) in plants.items():
        failures = slow_failures(rows, micro, gap)
        paired, operating = slow_matches(failures, told_orders, 300, 420), slow_operating(rows, micro, gap)
        wanted_matches |= {(asset, f and f[0], f and f[1], f and f[3], o and o[0], rank) for f, o, rank in paired}
        counted = [m for m in paired if m[0] or evidence == "either"]
        parts = {(o[3] if o else None) or "" for _, o, _ in counted}
        for n, (start, end) in enumerate(bounds):
            wanted[(asset, f"p{n}")] = slow_figures(paired, operating, (at(start), at(end)), evidence)
            for part in parts:
                of_part = [m for m in counted if ((m[1][3] if m[1] else None) or "") == part]
                key = (asset, part, f"p{n}")
                wanted_by_component[key] = slow_figures(of_part, operating, (at(start), at(end)), evidence)

    def aware(moment: dt.datetime | None) -> dt.datetime | None:
        return moment and moment.replace(tzinfo=dt.UTC)

    assert wanted_matches == {
        (r.asset_id, aware(r.failure_start_utc), aware(r.failure_end_utc), r.is_open, r.order_id, r.order_rank)
        for r in matches.collect()
    }
    check_figures(
        {(r.asset_id, r.period_id): r for r in rollup_reliability(*frames, evidence=evidence).collect()}, wanted
    )
    by_component = rollup_component_reliability(*frames, evidence=evidence).collect()
    check_figures({(r.asset_id, r.component, r.period_id): r for r in by_component}, wanted_by_component)


def check_figures(found: dict, wanted: dict) -> None:
    assert set(found) == {key for key, told in wanted.items() if told is not None}
    for key, r in found.items():
        told = wanted[key]
        sums = (r.operating_s, r.failures, r.restored_failures, r.restore_s)
        assert sums == (told["operating"], told["failures"], told["restored"], told["restore"]), key
        times = (r.acknowledged_orders, r.acknowledge_s, r.waiting_s, r.wrench_s)
        assert times == (told["acknowledged"], told["acknowledge"], told["waiting"], told["wrench"]), key
        mtbf = told["operating"] / told["failures"] if told["failures"] else None
        mttr = told["restore"] / told["restored"] if told["restored"] else None
        mtta = told["acknowledge"] / told["acknowledged"] if told["acknowledged"] else None
        assert (r.mtbf_s, r.mttr_s, r.mtta_s) == pytest.approx((mtbf, mttr, mtta)), key
        defined = mtbf is not None and mttr is not None
        assert r.inherent_availability == (pytest.approx(mtbf / (mtbf + mttr)) if defined else None), key
        assert r.is_censored == (told["failures"] == 0)
        assert r.open_failures == told["failures"] - told["restored"]


# -- orders ----------------------------------------------------------------------------------------------------------


def test_orders_that_cannot_be_used_are_split_off_with_all_reasons(spark) -> None:
    rows = [
        order("good", "a", 1.0, 2.0, 2.0, 3.0, 4.0), order("partly told", "a", 1.0, None, 2.0),
        order("backward", "a", 1.0, 2.0, 1.5), order("finished early", "a", 5.0, None, None, 4.0),
        order("twice", "a", 1.0), order("twice", "a", 2.0), order(None, "a", 1.0), order(None, "a", 1.0),
        order("all wrong", None, None, 3.0, 2.0, kind="inspection"), order("no type", "a", 1.0, kind=None),
    ]  # fmt: skip
    good, refused = split_orders(frame(spark, ORDERS, rows))
    assert sorted(r.order_id for r in good.collect()) == ["good", "partly told"]
    assert sorted((r.order_id or "", r.reasons) for r in refused.collect()) == [
        ("", ["no_order_id"]), ("", ["no_order_id"]),
        ("all wrong", ["no_asset_id", "unknown_order_type", "no_reported_time", "times_out_of_order"]),
        ("backward", ["times_out_of_order"]), ("finished early", ["times_out_of_order"]),
        ("no type", ["unknown_order_type"]), ("twice", ["repeated_order_id"]), ("twice", ["repeated_order_id"]),
    ]  # fmt: skip


def test_compliance_counts_what_is_decided_in_the_period_in_which_it_was_due(spark) -> None:
    def due(order_id: str, asset: str, finished: float | None, at_minute: float | None, kind: str = "preventive"):
        return order(order_id, asset, 0.0, None, None, finished, kind=kind, due=at_minute)

    rows = [
        due("early", "a", 5, 50), due("on time", "a", 40, 50), due("last moment", "a", 60, 50),
        due("late", "a", 60.5, 50),
        due("never", "a", None, 50), due("corrective", "a", 50, 50, "corrective"), due("pending", "a", None, 95),
        due("at its border", "a", None, 90), due("not yet", "a", 101, 95), due("unplanned", "a", 10, None),
        due("next", "a", 100, 100), due("only pending", "b", None, 99), due("not pm", "c", 10, 10, "corrective"),
    ]  # fmt: skip
    orders, periods = frame(spark, ORDERS, rows), periods_of(spark, (0, 100), (100, 200))
    options = {"as_of_utc": at(100), "late_s": 600.0}
    found = {
        (r.asset_id, r.period_id): tuple(r)[4:] for r in rollup_order_compliance(orders, periods, **options).collect()
    }
    assert found == {
        ("a", "p0"): (6, 4, 3, pytest.approx(4 / 6), 5, 3, pytest.approx(3 / 5)),
        ("a", "p1"): (1, 1, 0, 1.0, 1, 1, 1.0),
        ("b", "p0"): (0, 0, 1, None, 0, 0, None),
        ("c", "p0"): (1, 1, 0, 1.0, 0, 0, None),
    }
    strict = rollup_order_compliance(orders, periods, early_s=600.0, **options)
    (row,) = strict.where("asset_id = 'a' and period_id = 'p0'").collect()
    assert (row.due_preventive, row.done_preventive) == (5, 2), "45 minutes before is too early"


def test_maintenance_time_is_whole_and_counts_where_work_started(spark) -> None:
    def work(n: int, asset: str, started: float, finished: float | None, kind: str = "corrective"):
        return order(f"o{n}", asset, 0.0, None, started, finished, kind=kind)

    rows = [
        work(1, "a", 10, 40), work(2, "a", 90, 120), work(3, "a", 0, 20, "preventive"), work(4, "a", 5, None),
        work(5, "a", 100, 110, "preventive"), work(6, "b", 10, 10),
    ]  # fmt: skip
    told = rollup_maintenance_time(frame(spark, ORDERS, rows), periods_of(spark, (0, 100), (100, 200))).collect()
    assert {(r.asset_id, r.period_id): tuple(r)[4:] for r in told} == {
        ("a", "p0"): (3600.0, 1200.0, 0.75), ("a", "p1"): (0.0, 600.0, 0.0), ("b", "p0"): (0.0, 0.0, None),
    }  # fmt: skip


def test_the_backlog_is_what_is_open_at_an_instant(spark) -> None:
    rows = [
        (*order("open", "a", 10.0, due=50), 3600.0), (*order("overdue only later", "a", 20.0, due=60), None),
        (*order("done", "a", 0.0, None, None, 60.0), 9.0), (*order("done later", "a", 0.0, None, None, 60.5), 7200.0),
        (*order("future", "a", 61.0), 9.0), (*order("blank", "b", 60.0), None),
        (*order("shut", "c", 1.0, 2, 3, 4), 9.0),
    ]  # fmt: skip
    orders = frame(spark, ORDERS + ", estimated_s double", rows)
    told = rollup_backlog(orders, as_of_utc=at(60), weekly_capacity_s=5400.0).collect()
    assert {r.asset_id: tuple(r)[1:] for r in told} == {
        "a": (3, 1, 3600.0, 1, 10800.0, 2.0), "b": (1, 0, 0.0, 1, None, None),
    }  # fmt: skip
    counted = {r.asset_id: tuple(r)[1:] for r in rollup_backlog(orders.drop("estimated_s"), as_of_utc=at(60)).collect()}
    assert counted == {"a": (3, 1, 3600.0, 3, None, None), "b": (1, 0, 0.0, 1, None, None)}


def test_empty_frames_and_unusable_ones(spark) -> None:
    intervals, orders, periods = (spark.createDataFrame([], ddl) for ddl in (INTERVALS, ORDERS, PERIODS))
    failures = to_failures(intervals)
    matches = to_failure_matches(failures, orders)
    operating = to_operating(intervals)
    empty = rollup_component_reliability(matches, operating, periods)
    assert empty.collect() == []
    with pytest.raises(ColumnContractError, match=r"to_failures: missing column\(s\) \['time_category'\]"):
        to_failures(intervals.drop("time_category"))
    with pytest.raises(ColumnContractError, match=r"to_failure_matches orders.*component"):
        to_failure_matches(failures, orders.drop("component"))
    with pytest.raises(ColumnContractError, match=r"rollup_reliability periods.*period_id"):
        rollup_reliability(matches, operating, periods.drop("period_id"))
    with pytest.raises(ContractError, match="unknown evidence 'both'"):
        rollup_reliability(matches, operating, periods, evidence="both")
    with pytest.raises(ContractError, match="without a time zone"):
        rollup_order_compliance(orders, periods, as_of_utc=dt.datetime(2026, 3, 1))
    with pytest.raises(ContractError, match="weekly_capacity_s is 0"):
        rollup_backlog(orders, as_of_utc=T0, weekly_capacity_s=0)


def test_failures_cost_one_shuffle(spark) -> None:
    plan = to_failures(spark.createDataFrame([], INTERVALS))._jdf.queryExecution().executedPlan().toString()
    assert plan.count("Exchange hashpartitioning") == 1
    assert "Python" not in plan
