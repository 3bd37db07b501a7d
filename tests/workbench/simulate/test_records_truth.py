"""What the laboratory and the lots of the simulated day tell is what was done to them."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from random import Random

import pytest

from fabric_ot.workbench.simulate.control_charts import Limits, Point, fired_rules
from fabric_ot.workbench.simulate.day import live_through, plan_calendar
from fabric_ot.workbench.simulate.genealogy import tell_genealogy
from fabric_ot.workbench.simulate.quality import tell_quality


@pytest.fixture(scope="module")
def day():
    return live_through(plan_calendar(date(2026, 3, 28), 1), seed=7, scale=0.02)


def test_rules_fire_in_the_shift_and_a_late_subgroup_lies_in_its_place(day):
    told = tell_quality(day, Random(7))
    signals = defaultdict(list)
    for row in told.truth["spc_point"]:
        if row["statistic"] in ("individual", "mean", "proportion", "rate"):
            signals[row["chart_id"]].append((row["time_s"], bool(row["rules_fired"])))
    for chart, points in signals.items():
        in_order = [is_signal for _, is_signal in sorted(points)]
        shifted = in_order[int(0.82 * len(in_order)) + 1 : int(0.95 * len(in_order))]
        assert sum(shifted) >= len(shifted) / 2, chart
        assert sum(in_order) - sum(shifted) <= 5, chart
    samples = next(records for records in told.records if records.entity == "quality_sample").good
    gears = [row for row in samples if row[2]]
    assert gears[-1][2] == "G030", "its file has it last"
    assert max(row[4] for row in gears) > gears[-1][4]


def test_the_rules_by_hand_fire_at_the_point_that_completes_them():
    limits = Limits(0.0, 1.0, 3.0, -3.0)

    def last(*values: float) -> str:
        points = [(Point("individual", n, None, 1.0, value), limits) for n, value in enumerate(values)]
        return list(fired_rules(points).values())[-1]

    assert last(3.1) == "nelson_1"
    assert last(3.0) == ""
    assert last(*[0.1, 0.2] * 4, 0.1) == "nelson_2"
    assert last(-0.5, -0.3, -0.1, 0.1, 0.3, 0.5) == "nelson_3"
    assert last(*[1.2, -1.2] * 7) == "nelson_4, nelson_8"
    assert last(2.1, 2.1) == "nelson_5"
    assert last(1.1, 1.1, 0.0, 1.1, 1.1) == "nelson_6"
    assert last(*[0.5, 0.5, -0.5] * 5) == "nelson_7"


def test_lots_hold_what_the_machines_made_and_lack_what_was_taken(day):
    told = tell_genealogy(day, Random(7))
    balances = {row["lot_id"]: row for row in told.truth["mass_balance"]}
    made = sum(row["in_qty"] for lot, row in balances.items() if lot.startswith("lot/"))
    first, last = ([k.machine.made_by(ms) for k in day.known if k.machine] for ms in (0, 2**45))
    whole = sum(map(sum, last)) - sum(map(sum, first))
    assert 0.5 * whole < made <= whole + 36, "all whole shifts, and 36 parts that came back from rework"
    off = {lot: row["difference_qty"] for lot, row in balances.items() if row["status"] in ("lost", "gained")}
    assert off.pop("tank/1") == -20
    assert off.pop("syrup/c") == -12
    assert all(lot.endswith("/1") and qty == balances[lot]["in_qty"] // 20 for lot, qty in off.items())
    shares = defaultdict(float)
    for row in told.truth["lot_blend"]:
        shares[row["lot_id"]] += row["fraction"]
    assert shares == pytest.approx(dict.fromkeys(shares, 1.0))
    cycles = {row["lot_id"] for row in told.truth["lot_trace"] if row["is_cycle"]}
    assert "rework/berlin-robot-1" in cycles
    assert len(cycles) == 2
