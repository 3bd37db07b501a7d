"""The loss tree: planned busy time down to good time, exact at every roll-up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.production.losses import rollup_losses, rollup_stop_times, to_loss_tree, with_losses

pytestmark = pytest.mark.spark

TIMES = (
    "planned_busy_s", "production_s", "ideal_runtime_s", "ideal_good_runtime_s", "unplanned_down_s", "unqualified_s",
)  # fmt: skip
DDL = "site string, line string, " + ", ".join(f"{name} double" for name in TIMES)
LOSSES = (
    "unplanned_down_loss_s", "unqualified_loss_s", "other_stop_loss_s", "speed_loss_s", "quality_loss_s", "good_s",
)  # fmt: skip


def micro(seconds: float) -> Decimal:
    return Decimal(repr(seconds)).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def by_hand(times: dict[str, Decimal]) -> dict[str, Decimal]:
    stops = times["planned_busy_s"] - times["production_s"]
    return {
        "unplanned_down_loss_s": times["unplanned_down_s"],
        "unqualified_loss_s": times["unqualified_s"],
        "other_stop_loss_s": stops - times["unplanned_down_s"] - times["unqualified_s"],
        "speed_loss_s": times["production_s"] - times["ideal_runtime_s"],
        "quality_loss_s": times["ideal_runtime_s"] - times["ideal_good_runtime_s"],
        "good_s": times["ideal_good_runtime_s"],
    }


def test_losses_add_up_to_planned_busy_time_at_any_roll_up(spark) -> None:
    random = Random(420)
    rows = [
        (f"s{n % 4}", f"l{n % 7}", *[random.choice([0.0, 1 / 3, 0.1, random.uniform(0, 3e4)]) for _ in TIMES])
        for n in range(300)
    ]
    facts = frame(spark, DDL, rows)
    for by in (["site"], ["line", "site"], []):
        wanted: dict[tuple, dict[str, Decimal]] = {}
        for row in rows:
            named = {"site": row[0], "line": row[1]}
            group = wanted.setdefault(tuple(named[name] for name in by), dict.fromkeys(TIMES, Decimal(0)))
            for name, value in zip(TIMES, row[2:], strict=True):
                group[name] += micro(value)
        found = rollup_losses(facts, by=by).collect()
        assert len(found) == len(wanted)
        for row in found:
            sums = wanted[tuple(row[name] for name in by)]
            assert {name: row[name] for name in LOSSES} == by_hand(sums)
            assert sum(row[name] for name in LOSSES) == row.planned_busy_s == sums["planned_busy_s"]


def test_the_tree_of_the_worked_example_has_exact_levels_and_good_time_is_oee(spark) -> None:
    rows = [("s", "l", 25_200.0, 22_380.0, 19_271.0, 18_848.0, 2_400.0, 120.0)]
    tree = {r.node: r for r in to_loss_tree(frame(spark, DDL, rows), by=["site"]).collect()}
    assert [node for node, _ in sorted(tree.items(), key=lambda item: item[1].position)] == [
        "planned_busy", "availability_loss", "unplanned_down_loss", "unqualified_loss", "other_stop_loss",
        "production", "speed_loss", "ideal_runtime", "quality_loss", "good",
    ]  # fmt: skip
    seconds = {node: float(row.duration_s) for node, row in tree.items()}
    assert seconds == {
        "planned_busy": 25_200, "availability_loss": 2_820, "unplanned_down_loss": 2_400, "unqualified_loss": 120,
        "other_stop_loss": 300, "production": 22_380, "speed_loss": 3_109, "ideal_runtime": 19_271,
        "quality_loss": 423, "good": 18_848,
    }  # fmt: skip
    assert round(tree["good"].share, 7) == 0.7479365
    for name, parent in tree.items():
        parts = [row.duration_s for row in tree.values() if row.parent == name]
        assert parent.is_leaf == (not parts)
        assert not parts or sum(parts) == parent.duration_s
    assert sum(row.duration_s for row in tree.values() if row.is_leaf) == tree["planned_busy"].duration_s


def test_a_machine_faster_than_its_cycle_has_a_negative_speed_loss_and_unknown_stays_unknown(spark) -> None:
    rows = [
        ("fast", "l", 100.0, 50.0, 75.0, 75.0, 50.0, 0.0),
        ("overfull", "l", 100.0, 80.0, 80.0, 80.0, 30.0, 0.0),
        ("unknown", "l", 100.0, 80.0, float("nan"), None, 20.0, float("inf")),
        ("unknown", "m", 100.0, 80.0, 1.0, 1.0, 20.0, 0.0),
        ("idle", "l", 0.0, -0.0, 0.0, 0.0, 0.0, 0.0),
    ]
    facts = frame(spark, DDL, rows)
    found = {(r.site, r.line): tuple(r[name] for name in LOSSES) for r in with_losses(facts).collect()}
    assert found["fast", "l"] == (50, 0, 0, -25, 0, 75)
    assert found["overfull", "l"] == (30, 0, -10, 0, 0, 80)
    assert found["unknown", "l"] == (20, None, None, None, None, None)
    sums = {r.site: r for r in rollup_losses(facts, by=["site"]).collect()}
    assert (sums["unknown"].planned_busy_s, sums["unknown"].good_s) == (200, None)
    shares = {r.site: r.share for r in to_loss_tree(facts, by=["site"]).where("node = 'good'").collect()}
    assert shares == {"fast": 0.75, "overfull": 0.8, "unknown": None, "idle": None}
    empty = facts.where("site = 'none'")
    assert to_loss_tree(empty, by=["site"]).collect() == []


def test_stop_categories_become_causes_in_the_tree(spark) -> None:
    ddl = "asset_id string, time_category string, duration_s double, planned_stop_s double"
    rows = [
        ("a", "production", 80.0, 5.0), ("a", "setup", 10.0, 0.0), ("a", "setup", 6.0, 4.0), ("a", "idle", 7.0, 0.0),
        ("a", "unqualified", 1.0, 0.0), ("b", "production", 9.0, 0.0),
    ]  # fmt: skip
    stops = rollup_stop_times(frame(spark, ddl, rows), by=["asset_id"])
    assert {r.asset_id: tuple(r)[1:] for r in stops.collect()} == {"a": (12, 7, 0, 0, 1), "b": (0, 0, 0, 0, 0)}
    levels = "asset_id string, planned_busy_s double, production_s double, ideal_runtime_s double, " \
             "ideal_good_runtime_s double"  # fmt: skip
    facts = frame(spark, levels, [("a", 100.0, 75.0, 70.0, 70.0)]).join(stops, "asset_id")
    row = with_losses(facts, stops=["setup_s", "idle_s", "unplanned_down_s", "unqualified_s"]).collect()[0]
    assert (row.setup_loss_s, row.idle_loss_s, row.unqualified_loss_s, row.other_stop_loss_s) == (12, 7, 1, 5)


def test_stops_must_be_columns_of_seconds_named_once(spark) -> None:
    facts = spark.createDataFrame([], DDL + ", jam double")
    for stops in (["jam"], ["planned_busy_s"], ["unqualified_s", "unqualified_s"]):
        with pytest.raises(ContractError, match="not usable as stops"):
            with_losses(facts, stops=stops)
    with pytest.raises(ColumnContractError, match=r"missing column.*setup_s"):
        rollup_losses(facts, by=["site"], stops=["setup_s"])
    assert len(to_loss_tree(facts, by=["site"], stops=[]).columns) == 7
