"""What a row names must exist elsewhere: with several columns, as of a time, and without multiplying rows."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from random import Random

import pytest

from fabric_ot.contracts import ALL_TABLES
from fabric_ot.contracts.rules import TABLE_RULES, AddsUp, ForeignKey, operands
from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.quality.references import join_reference, with_is_found
from fabric_ot.quality.rules import RuleSet
from fabric_ot.quality.split import split_by_rules, with_reasons
from fabric_ot.testing import frame

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
ROWS = "id long, asset string, site double, at timestamp"
VERSIONS = "asset_id string, site_id double, valid_from_utc timestamp, valid_to_utc timestamp"
NAN = float("nan")


def at(day: int | None) -> dt.datetime | None:
    return None if day is None else T0 + dt.timedelta(days=day)


@pytest.mark.spark
def test_keys_of_several_columns_as_of_a_time_agree_with_a_search(spark) -> None:
    rng = Random(5)
    sites = [None, NAN, -0.0, 0.0, 1.0]
    versions = [
        (rng.choice([None, "a", "b", "c"]), rng.choice(sites), rng.choice([None, 0, 2, 4]), rng.choice([None, 3, 5, 6]))
        for _ in range(30)
    ]
    rows = [
        (n, rng.choice([None, "a", "b", "c", "z"]), rng.choice(sites), rng.choice([None, *range(8)]))
        for n in range(600)
    ]
    key = ForeignKey("not_there", ("asset", "site"), "assets", ("asset_id", "site_id"), as_of="at")
    loose = ForeignKey("unknown", ("asset",), "assets", ("asset_id",), nulls="pass", severity="warning")
    df = frame(spark, ROWS, [(n, a, s, at(day)) for n, a, s, day in rows])
    parent = frame(spark, VERSIONS, [(a, s, at(start), at(end)) for a, s, start, end in versions])
    judged = with_reasons(df, RuleSet("rows", (key, loose)), parents={"assets": parent}).collect()

    def is_valid(asset, site, day) -> bool:
        return any(
            a == asset and s == site and start is not None and start <= day and (end is None or day < end)
            for a, s, start, end in versions
            if day is not None and asset is not None and site is not None
        )

    known = {a for a, *_ in versions if a is not None}
    assert {r.id: r.reasons for r in judged} == {
        n: [] if is_valid(a, s, day) else ["not_there"] for n, a, s, day in rows
    }
    assert {r.id: r.warnings for r in judged} == {
        n: [] if a is None or a in known else ["unknown"] for n, a, _, _ in rows
    }
    assert len(judged) == len(rows), "versions that overlap repeat no row"
    assert 50 < sum(bool(r.reasons) for r in judged) < 550


@pytest.mark.spark
def test_a_reference_that_contradicts_itself_says_nothing(spark) -> None:
    shifts = frame(
        spark, "id long, plant string", [(1, "p"), (2, "p"), (2, "q"), (3, "p"), (3, None), (4, "q"), (4, "q")]
    )
    rows = frame(spark, "row long, shift long", [(n, n) for n in range(6)] + [(9, None)])
    joined = join_reference(rows, shifts, on={"shift": "id"}, add={"plant": "shift_plant"})
    told = {r.row: r.shift_plant for r in joined.collect()}
    assert told == {0: None, 1: "p", 2: None, 3: None, 4: "q", 5: None, 9: None}


@pytest.mark.spark
def test_keys_of_another_kind_and_absent_parents_are_told_at_plan_time(spark) -> None:
    rows = spark.createDataFrame([], ROWS)
    parent = spark.createDataFrame([], VERSIONS)
    key = ForeignKey("r", ("id",), "assets", ("asset_id",))
    with pytest.raises(ColumnContractError, match="'id' is of kind number, 'asset_id' of 'assets' is of kind text"):
        with_is_found(rows, parent, key, flag="f")
    rules = RuleSet("rows", (ForeignKey("r", ("asset",), "assets", as_of="at"),))
    with pytest.raises(ColumnContractError, match="no frame of its parent 'assets'"):
        split_by_rules(rows, rules)
    with pytest.raises(ColumnContractError, match=r"has no column \['asset'\]"):
        split_by_rules(rows, rules, parents={"assets": parent})
    with pytest.raises(ColumnContractError, match="already there"):
        join_reference(rows, parent, on={"asset": "asset_id"}, add={"site_id": "site"})
    with pytest.raises(ColumnContractError, match="missing"):
        join_reference(rows, parent, on={"nothing": "asset_id"}, add={"site_id": "s"})


def test_a_key_refers_to_as_many_columns_as_it_has() -> None:
    with pytest.raises(ConfigError, match=r"2 column\(s\) refer to 1"):
        RuleSet("t", (ForeignKey("r", ("a", "b"), "p", ("a",)),))


def nodes_of(plan) -> list[str]:
    """Name the nodes of a JVM plan; its text is cut at a length, the tree is not."""
    name = plan.nodeName()
    if name == "Exchange":
        name = plan.outputPartitioning().getClass().getSimpleName()
    children = plan.children()
    return [name, *(node for n in range(children.size()) for node in nodes_of(children.apply(n)))]


@pytest.mark.spark
def test_references_are_checked_without_a_shuffle_of_the_rows(spark) -> None:
    keys = (
        ForeignKey("r", ("asset",), "p", ("asset_id",)),
        ForeignKey("s", ("asset",), "p", ("asset_id",), as_of="at"),
    )
    rows = spark.range(10).selectExpr("id", "string(id) asset", "timestamp_seconds(id) at")
    versions = spark.range(9).selectExpr(
        "string(id) asset_id", "timestamp_seconds(id) valid_from_utc", "timestamp_seconds(id + 9) valid_to_utc"
    )
    good, _ = split_by_rules(rows, RuleSet("rows", keys), parents={"p": versions})
    plan = good._jdf.queryExecution().executedPlan()
    assert nodes_of(plan).count("BroadcastHashJoin") == 2, nodes_of(plan)
    while plan.children().size() > 0:
        plan = plan.children().apply(0)
        assert "Exchange" not in plan.nodeName(), "the side of the rows is read as it comes"


def read_csv(spark, folder: Path, name: str, ddl: str):
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    columns = [column.split()[0] for column in ddl.split(", ")]
    kinds = {"long": int, "double": float, "string": str}
    types = [kinds[column.split()[1]] for column in ddl.split(", ")]
    rows = [[kind(line[name]) for name, kind in zip(columns, types, strict=True)] for line in lines]
    return frame(spark, ddl, rows)


@pytest.mark.spark
def test_three_public_work_orders_join_an_asset_of_one_plant_to_a_shift_of_another(spark, shared_data) -> None:
    folder = shared_data / "iiot_patterns" / "mes"
    orders = read_csv(
        spark,
        folder,
        "ProductQuality",
        "WorkOrder string, ShiftId long, AssetId long, ProductId long, QuantityIn double, QuantityOut double, "
        "QuantityScraped double",
    )
    assets = read_csv(spark, folder, "Assets", "Id long, PlantId long")
    shifts = read_csv(spark, folder, "Shifts", "Id long, PlantId long")
    products = read_csv(spark, folder, "Products", "Id long, ProductName string")
    placed = join_reference(orders, shifts, on={"ShiftId": "Id"}, add={"PlantId": "ShiftPlantId"})
    rules = RuleSet(
        "ProductQuality",
        (
            AddsUp("quantities_do_not_add_up", "QuantityIn", ("QuantityOut", "QuantityScraped")),
            ForeignKey("asset_not_found", ("AssetId",), "assets", ("Id",)),
            ForeignKey("shift_not_found", ("ShiftId",), "shifts", ("Id",)),
            ForeignKey("product_not_found", ("ProductId",), "products", ("Id",)),
            ForeignKey("shift_of_another_plant", ("AssetId", "ShiftPlantId"), "assets", ("Id", "PlantId")),
        ),
    )
    parents = {"assets": assets, "shifts": shifts, "products": products}
    good, quarantined = split_by_rules(placed, rules, parents=parents)
    assert sorted(r.WorkOrder for r in good.collect()) == ["WB001", "WB002"]
    assert sorted((r.WorkOrder, r.ShiftPlantId, *r.reasons) for r in quarantined.collect()) == [
        ("WB003", 1, "shift_of_another_plant"),
        ("WB004", 1, "shift_of_another_plant"),
        ("WB005", 1, "shift_of_another_plant"),
    ]


def test_declared_rules_name_columns_of_their_tables() -> None:
    tables = {table.full_name: table for table in ALL_TABLES if table.layer == "silver"}
    checked = 0
    for name, rules in TABLE_RULES.items():
        RuleSet.of_table(name, now_utc=T0)
        if name in tables:
            checked += 1
            assert {c for rule in rules for c in operands(rule)} <= set(tables[name].column_names), name
            for rule in rules:
                if isinstance(rule, ForeignKey):
                    theirs = {*(rule.parent_columns or rule.columns), *((rule.valid_from,) if rule.as_of else ())}
                    assert theirs <= set(tables[rule.parent].column_names), rule
    assert checked >= 6
