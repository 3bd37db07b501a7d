"""Predicates without options are the strictest reading, and rules of single rows are told apart from all others."""

from __future__ import annotations

import datetime as dt

import pytest
from pyspark.sql import functions as sf

from fabric_ot.contracts.rules import TABLE_RULES, ForeignKey, Monotonic, Unique, operands
from fabric_ot.quality.predicates import is_in_order, is_not_future, is_sum
from fabric_ot.quality.rules import RuleSet
from fabric_ot.testing import frame

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
STEP = dt.timedelta(microseconds=1)


@pytest.mark.spark
def test_without_a_tolerance_a_sum_is_exact_and_the_clock_gives_no_grace(spark) -> None:
    rows = [(0, 10, 4, 6, NOW), (1, 10, 4, 5, NOW + STEP), (2, 10, 5, 6, NOW - STEP), (3, None, 4, 6, None)]
    told = (
        frame(spark, "id int, whole long, a long, b long, at timestamp", rows)
        .orderBy("id")
        .select(
            is_sum(sf.col("whole"), [sf.col("a"), sf.col("b")]),
            is_sum(sf.col("whole"), [sf.col("a"), sf.col("b")], tolerance=1.0),
            is_not_future(sf.col("at"), now_utc=NOW),
            is_not_future(sf.col("at"), now_utc=NOW, tolerance=STEP),
            is_in_order(sf.col("a"), sf.col("a")),
            is_in_order(sf.col("a"), sf.col("a"), strict=True),
        )
    )
    assert [tuple(row) for row in told.collect()] == [
        (True, True, True, True, True, False),
        (False, True, False, True, True, False),
        (False, True, True, True, True, False),
        (None, None, None, None, True, False),
    ]


@pytest.mark.parametrize("table", TABLE_RULES)
def test_a_row_alone_is_judged_by_what_its_columns_can_tell(table: str) -> None:
    columns = {column for rule in TABLE_RULES[table] for column in operands(rule)}
    alone = RuleSet.of_rows(table, columns, now_utc=NOW).rules
    others = [rule for rule in TABLE_RULES[table] if rule not in alone]
    assert not any(isinstance(rule, Unique | Monotonic | ForeignKey) for rule in alone)
    assert all(isinstance(rule, Unique | Monotonic | ForeignKey) for rule in others)
    for absent in columns:
        fewer = RuleSet.of_rows(table, columns - {absent}, now_utc=NOW).rules
        assert fewer == tuple(rule for rule in alone if absent not in operands(rule))


def test_a_table_without_declared_rules_has_none_for_its_rows() -> None:
    assert any(RuleSet.of_rows(table, (), now_utc=NOW).rules == () for table in TABLE_RULES)
    assert RuleSet.of_rows("plant.of_nobody", ("tag_id",), now_utc=NOW).rules == ()
