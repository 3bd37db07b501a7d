"""Rows are split into good and quarantined without loss, and every reason and warning is told."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter, defaultdict
from random import Random

import pytest
from pyspark.sql import functions as sf

from fabric_ot.contracts.rules import (
    AddsUp,
    InOrder,
    InRange,
    InSet,
    Matches,
    Monotonic,
    NotFuture,
    NotNull,
    Unique,
)
from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.quality.rules import Rule, RuleSet
from fabric_ot.quality.sequences import with_is_not_falling
from fabric_ot.quality.split import split_by_rules, split_judged, with_reasons
from fabric_ot.testing import frame

pytestmark = pytest.mark.spark

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
NAN, INF = float("nan"), float("inf")
DDL = "id long, k string, x double, y double, n long, text string, at timestamp, until timestamp"
MANY = tuple(float(n) for n in range(-3, 12))

RULES = (
    NotNull("no_k", "k"),
    NotNull("no_x", "x"),
    InRange("x_out", "x", 0, 5),
    InRange("x_not_above", "x", minimum=0, strict=True, nulls="pass"),
    InRange("y_high", "y", maximum=3, severity="warning"),
    InRange("at_early", "at", NOW - dt.timedelta(hours=2), nulls="pass"),
    InSet("x_unknown", "x", MANY, severity="warning"),
    InSet("k_unknown", "k", ("a", "b")),
    Matches("text_shape", "text", r"[A-Z]\d|-", nulls="pass"),
    NotFuture("at_future", "at", dt.timedelta(minutes=1)),
    InOrder("backwards", "at", "until"),
    InOrder("no_time", "at", "until", strict=True, severity="warning", nulls="pass"),
    AddsUp("sum_off", "x", ("y", "n"), 0.5),
    AddsUp("long_off", "n", ("n", "n"), severity="warning"),
    Unique("key_repeated", ("k", "x")),
    Monotonic("x_falls", "x", ("k",), ("at",), severity="warning"),
)


def random_rows(count: int, seed: int) -> list[tuple]:
    rng = Random(seed)
    numbers = [None, NAN, INF, -INF, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 3.5, 5.0, 5.5, -1.0, 7.25]
    longs = [None, 0, 1, 2, -1, 2**63 - 1, -(2**63)]
    texts = [None, "", "A1", "-", "A1\n", "xA1", "A12", "é9"]
    times = [None, *(NOW + dt.timedelta(minutes=m) for m in (-180, -120, -1, 0, 1, 2))]
    sound = [random_sound_row(n, rng) for n in range(0, count, 3)]
    return sound + [
        (
            n,
            rng.choice([None, "a", "b", "c", "d"]),
            rng.choice(numbers),
            rng.choice(numbers),
            rng.choice(longs),
            rng.choice(texts),
            rng.choice(times),
            rng.choice(times),
        )
        for n in range(count)
        if n % 3
    ]


def random_sound_row(n: int, rng: Random) -> tuple:
    x = rng.randint(1, 5_000_000) / 1e6
    at = NOW - dt.timedelta(seconds=rng.randint(0, 7000))
    until = at + dt.timedelta(seconds=rng.randint(0, 1))
    return (n, rng.choice("ab"), x, x + rng.choice([0.0, 0.4]), 0, rng.choice(["A1", "-", None]), at, until)


def is_absent(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def slow_reasons(rows: list[tuple]) -> dict[int, tuple[list[str], list[str]]]:
    """Judge every row by an obvious loop; NaN fails whatever looks at it, a null fails unless told otherwise."""
    names = [column.split()[0] for column in DDL.split(", ")]
    told = [dict(zip(names, row, strict=True)) for row in rows]
    pairs = Counter((r["k"], r["x"] + 0.0) for r in told if r["k"] is not None and not is_absent(r["x"]))
    falling = slow_falls(told)
    found = {}
    for r in told:
        x, y, n, at, until = r["x"], r["y"], r["n"], r["at"], r["until"]
        tests = {
            "no_k": ((r["k"],), False, lambda r=r: True),
            "no_x": ((x,), False, lambda: True),
            "x_out": ((x,), False, lambda x=x: 0 <= x <= 5),
            "x_not_above": ((x,), True, lambda x=x: 0 < x < INF),
            "y_high": ((y,), False, lambda y=y: -INF < y <= 3),
            "at_early": ((at,), True, lambda at=at: at >= NOW - dt.timedelta(hours=2)),
            "x_unknown": ((x,), False, lambda x=x: x in MANY),
            "k_unknown": ((r["k"],), False, lambda r=r: r["k"] in ("a", "b")),
            "text_shape": ((r["text"],), True, lambda r=r: re.fullmatch(r"[A-Z]\d|-", r["text"]) is not None),
            "at_future": ((at,), False, lambda at=at: at <= NOW + dt.timedelta(minutes=1)),
            "backwards": ((at, until), False, lambda at=at, until=until: at <= until),
            "no_time": ((at, until), True, lambda at=at, until=until: at < until),
            "sum_off": ((x, y, n), False, lambda x=x, y=y, n=n: abs(x - y - n) <= 0.5),
            "long_off": ((n,), False, lambda n=n: n == 0),
            "key_repeated": ((r["k"], x), False, lambda r=r, x=x: pairs[(r["k"], x + 0.0)] == 1),
            "x_falls": ((x, r["k"], at), False, lambda r=r: r["id"] not in falling),
        }
        failed = []
        for name, (values, null_passes, holds) in tests.items():
            if any(value is None for value in values):
                failed += [] if null_passes else [name]
            elif any(is_absent(value) for value in values) or not holds():
                failed.append(name)
        warned = {rule.reason for rule in RULES if rule.severity == "warning"}
        found[r["id"]] = (sorted(set(failed) - warned), sorted(set(failed) & warned))
    return found


def slow_falls(told: list[dict]) -> set[int]:
    series = defaultdict(list)
    for r in told:
        if r["k"] is not None and r["at"] is not None and not is_absent(r["x"]):
            series[r["k"]].append((r["at"], r["x"], r["id"]))
    falling = set()
    for points in series.values():
        for at, x, row_id in points:
            earlier = [(a, v) for a, v, _ in points if a < at]
            if earlier and x < max(earlier)[1]:
                falling.add(row_id)
    return falling


def test_a_series_falls_from_the_last_place_that_told_anything(spark) -> None:
    told = [(1, 5.0), (2, None), (3, NAN), (4, 4.0), (5, 5.0)]
    rows = [(n, "a", x, 0.0, 0, None, NOW + dt.timedelta(seconds=n), None) for n, x in told]
    rule = Monotonic("x_falls", "x", ("k",), ("at",))
    judged = with_is_not_falling(frame(spark, DDL, rows), rule, flag="is_fine").collect()
    assert {r.id: r.is_fine for r in judged if r.id in (1, 4, 5)} == {1: True, 4: False, 5: True}


def test_reasons_and_warnings_agree_with_a_slow_judge_and_no_row_is_lost(spark) -> None:
    rows = random_rows(900, seed=11)
    df = frame(spark, DDL, rows)
    good, quarantined = split_by_rules(df, RuleSet("random rows", RULES, NOW))
    assert good.columns == [*df.columns, "warnings"]
    assert quarantined.columns == [*df.columns, "reasons", "warnings"]
    wanted = slow_reasons(rows)
    kept, refused = good.collect(), quarantined.collect()
    found = {r.id: ([], r.warnings) for r in kept} | {r.id: (r.reasons, r.warnings) for r in refused}
    assert len(kept) + len(refused) == len(rows) == len(found), "each row is in exactly one of the two"
    assert found == wanted
    after = {r.id: repr(tuple(r)[: len(df.columns)]) for r in [*kept, *refused]}
    assert after == {r.id: repr(tuple(r)) for r in df.collect()}, "nothing else of a row changes"
    assert len(kept) > 100, "the oracle would agree on an empty side too"
    reasons = Counter(reason for failed, warned in found.values() for reason in (*failed, *warned))
    assert set(reasons) == {rule.reason for rule in RULES}, "every rule was broken by some row"
    assert all(count < len(rows) for count in reasons.values()), "and kept by another"


def test_values_pass_through_untouched_even_nan_and_minus_zero(spark) -> None:
    df = frame(spark, "id long, x double", [(1, -0.0), (2, NAN), (3, None)])
    rules = RuleSet("values", (InRange("out", "x", 0, 1), InSet("odd", "x", MANY)))
    good, quarantined = split_by_rules(df, rules)
    assert [math.copysign(1, row.x) for row in good.collect()] == [-1.0]
    assert {r.id: (r.x is None, r.reasons) for r in quarantined.collect()} == {
        2: (False, ["odd", "out"]),
        3: (True, ["odd", "out"]),
    }


def test_a_shared_reason_is_told_once_and_rules_of_ones_own_fail_where_they_are_null(spark) -> None:
    df = frame(spark, "id long, a long, b long", [(1, -1, -1), (2, 1, None), (3, 1, 3), (4, 4, 3)])
    rules = RuleSet(
        "orders",
        (
            InRange("negative", "a", 0),
            InRange("negative", "b", 0, nulls="pass"),
            Rule("a_above_b", sf.col("a") <= sf.col("b"), "warning"),
        ),
    )
    judged = with_reasons(df, rules)
    told = {r.id: (r.reasons, r.warnings) for r in judged.collect()}
    assert told == {1: (["negative"], []), 2: ([], ["a_above_b"]), 3: ([], []), 4: ([], ["a_above_b"])}
    good, quarantined = split_judged(judged)
    assert sorted(r.id for r in good.collect()) == [2, 3, 4]
    assert [r.id for r in quarantined.collect()] == [1]


def test_an_empty_frame_and_an_empty_rule_set_keep_the_schema(spark) -> None:
    good, quarantined = split_by_rules(spark.createDataFrame([], DDL), RuleSet("nothing", RULES, NOW))
    assert good.schema["warnings"].dataType.simpleString() == "array<string>"
    assert quarantined.count() == 0
    kept, none = split_by_rules(frame(spark, "id long", [(1,)]), RuleSet("no rules", ()))
    assert [tuple(row) for row in kept.collect()] == [(1, [])]
    assert none.collect() == []


def nodes_of(plan) -> list[str]:
    """Name the nodes of a JVM plan; its text is cut at a length, the tree is not."""
    name = plan.nodeName()
    if name == "Exchange":
        name = plan.outputPartitioning().getClass().getSimpleName()
    children = plan.children()
    return [name, *(node for n in range(children.size()) for node in nodes_of(children.apply(n)))]


def test_row_rules_cost_one_scan_and_no_shuffle(spark) -> None:
    rules = RuleSet("plan", tuple(rule for rule in RULES if not isinstance(rule, Unique | Monotonic)), NOW)
    for side in split_by_rules(spark.createDataFrame([], DDL), rules):
        nodes = nodes_of(side._jdf.queryExecution().executedPlan())
        assert set(nodes) <= {"Project", "Filter", "Scan ExistingRDD", "LocalTableScan", "RDDScanExec"}, nodes
        assert sum("Scan" in node for node in nodes) == 1, nodes


def test_wrong_columns_are_told_at_plan_time_all_at_once(spark) -> None:
    df = spark.createDataFrame([], "id long, text string, at timestamp")
    with pytest.raises(ColumnContractError, match=r"missing column\(s\) \['a', 'b'\]"):
        with_reasons(df, RuleSet("t", (NotNull("r", "a"), InOrder("s", "b", "at"))))
    wrong = (
        InRange("r1", "text", 0),
        InSet("r2", "id", ("x",)),
        Matches("r3", "id", "x"),
        NotFuture("r4", "text"),
        InOrder("r5", "id", "at"),
        AddsUp("r6", "id", ("text",)),
        Monotonic("r7", "text", ("id",), ("at",)),
        InRange("r8", "at", dt.date(2026, 1, 1)),
    )
    with pytest.raises(ColumnContractError) as caught:
        with_reasons(df, RuleSet("t", wrong, NOW))
    assert [reason for reason in (f"r{n}" for n in range(1, 9)) if f"{reason}: column" in str(caught.value)] == [
        f"r{n}" for n in range(1, 9)
    ]
    with pytest.raises(ColumnContractError, match="already there"):
        with_reasons(df.withColumn("reasons", sf.lit(1)), RuleSet("t", ()))
    with pytest.raises(ColumnContractError, match=r"missing column\(s\) \['reasons', 'warnings'\]"):
        split_judged(df)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (InRange("r", "x"), "neither minimum nor maximum"),
        (InRange("r", "x", 3, 1), "above its maximum"),
        (InRange("r", "x", NAN), "NaN"),
        (InRange("r", "x", 1, "b"), "of two kinds"),
        (InRange("r", "x", dt.datetime(2026, 1, 1)), "without a time zone"),
        (InSet("r", "x", ()), "empty"),
        (InSet("r", "x", (1, "a")), "number"),
        (InSet("r", "x", (1.0, NAN)), "NaN"),
        (Matches("r", "x", "[a"), "no regular expression"),
        (NotFuture("r", "x"), "clock"),
        (AddsUp("r", "x", ()), "no parts"),
        (Unique("r", ()), "no column"),
        (Monotonic("r", "x", ("k",), ()), "order_by"),
        (NotNull("r", "x", nulls="pass"), "nothing else"),
        (NotNull("", "x"), "no reason"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_when_the_set_is_made(rule, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        RuleSet("t", (rule,))


def test_one_reason_has_one_severity_and_a_java_pattern_is_taken() -> None:
    with pytest.raises(ConfigError, match="an error of one rule and a warning of another"):
        RuleSet("t", (NotNull("r", "a"), NotNull("r", "b", severity="warning")))
    assert RuleSet("t", (Matches("r", "a", r"\p{L}+"),)).reasons == ("r",)
    with pytest.raises(ConfigError, match="none are declared"):
        RuleSet.of_table("plant.nothing")
