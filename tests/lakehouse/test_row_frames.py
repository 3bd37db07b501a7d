"""Rows on the driver become the frame that Spark makes of them, and no Python worker is asked for them."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pytest

from fabric_ot.lakehouse.row_frames import frame_of_rows

pytestmark = pytest.mark.spark

DDL = (
    "text string, number double, short float, whole bigint, small int, flag boolean, at timestamp, day date, "
    "money decimal(12,6), raw binary, words array<string>"
)
AWARE = dt.datetime(2026, 3, 29, 3, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
ROWS = [
    ("ü", 1.5, 0.1, 2**63 - 1, -(2**31), True, AWARE, dt.date(2026, 2, 28), Decimal("0.1"), b"\x00\xff", ["a", None]),
    ("", -0.0, -0.0, -(2**63), 0, False, dt.datetime(1900, 1, 1), dt.date(1, 1, 1), Decimal("-1"), b"", []),
    ("x", math.inf, -math.inf, 0, 1, None, dt.datetime(9999, 12, 31, 23, 59, 59, 999_999), None, None, None, None),
    (None,) * 11,
    ("nan", math.nan, math.nan, 1, 1, True, dt.datetime(2026, 3, 2, 6, 0, 0, 1), dt.date(2026, 3, 2), None, None, [""]),
]


def told(frame) -> list[str]:
    return sorted(map(repr, frame.collect()))


def test_every_type_and_odd_value_is_as_spark_itself_makes_it(spark) -> None:
    ours, sparks = frame_of_rows(spark, ROWS, DDL), spark.createDataFrame(ROWS, DDL)
    assert ours.schema == sparks.schema
    assert told(ours) == told(sparks)
    assert told(frame_of_rows(spark, [], DDL)) == []


def test_no_worker_is_asked_for_the_rows(spark) -> None:
    plan = frame_of_rows(spark, ROWS, DDL)._jdf.queryExecution().executedPlan().toString()
    assert plan.startswith("LocalTableScan")


def test_what_arrow_does_not_take_goes_the_usual_way(spark) -> None:
    nested = "place struct<line: string, unit: int>, names map<string, string>"
    assert told(frame_of_rows(spark, [(("l1", 2), {"a": "b"})], nested)) == [
        "Row(place=Row(line='l1', unit=2), names={'a': 'b'})"
    ]
    for rows, ddl in (([(None,)], "a string not null"), ([("x",)], "a double"), ([(1, 2)], "a int")):
        with pytest.raises(Exception, match=r"(?i)null|none|accept|fields|length|mismatch"):
            frame_of_rows(spark, rows, ddl).collect()
