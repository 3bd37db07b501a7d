"""Charts of several kinds in one frame: each by its own kind, spreads by the first rule only."""

from __future__ import annotations

import datetime as dt

import pytest
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.spc.charts import CHART_KINDS, is_chartable, to_chart_points, with_chart_rules

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SAMPLES = (
    "chart_id string, chart_kind string, subgroup_id string, run_id string, event_time_utc timestamp, "
    "value_double double, inspected_qty double, defective_qty double, defect_qty double"
)
POINTS = "chart_id string, statistic string, event_time_utc timestamp, run_id string, value double"


def at(minutes: int) -> dt.datetime:
    return T0 + dt.timedelta(minutes=minutes)


def told(row) -> dt.datetime:
    return row.event_time_utc.replace(tzinfo=dt.UTC)


def test_each_chart_gives_the_points_of_its_kind_and_one_of_each_instant(spark) -> None:
    def measured(chart, kind, minute, value, group=None):
        return (chart, kind, group, None, at(minute), value, None, None, None)

    rows = [
        measured("i", "i_mr", 0, 1.0), measured("i", "i_mr", 1, 4.0), measured("i", "i_mr", 1, 2.0),
        *(measured(kind, kind, 0, value, "g1") for kind in ("xbar_r", "xbar_s") for value in (1.0, 3.0)),
        measured("xbar_r", "xbar_r", 0, 9.0, "g2"), measured("xbar_r", "xbar_r", 5, 9.0),
        measured("i", "i_mr", 9, None),
        ("p", "p", None, None, at(0), None, 10.0, 2.0, None), ("p", "p", None, None, at(1), None, 10.0, 11.0, None),
        ("u", "u", None, None, at(0), None, 10.0, None, 25.0), ("x", "ewma", None, None, at(0), 1.0, 1.0, 1.0, 1.0),
    ]  # fmt: skip
    samples = frame(spark, SAMPLES, rows)
    points = to_chart_points(samples)
    found = sorted((r.chart_id, r.statistic, told(r), r.sample_size, r.value) for r in points.collect())
    root_two = pytest.approx(2**0.5)
    assert found == [
        ("i", "individual", at(0), 1.0, 1.0), ("i", "individual", at(1), 1.0, 4.0),
        ("i", "moving_range", at(0), 2.0, None), ("i", "moving_range", at(1), 2.0, 2.0),
        ("p", "proportion", at(0), 10.0, 0.2), ("u", "rate", at(0), 10.0, 2.5),
        ("xbar_r", "mean", at(0), 2.0, 2.0), ("xbar_r", "range", at(0), 2.0, 2.0),
        ("xbar_s", "mean", at(0), 2.0, 2.0), ("xbar_s", "stddev", at(0), 2.0, root_two),
    ]  # fmt: skip
    unfit = samples.where(~is_chartable()).groupBy("chart_id").agg(sf.count(sf.lit(1))).collect()
    assert sorted(tuple(row) for row in unfit) == [("i", 1), ("p", 1), ("x", 1), ("xbar_r", 1)]
    for kinds in ((), ("p", "ewma")):
        with pytest.raises(ContractError, match=r"to_chart_points: unknown kind\(s\)"):
            to_chart_points(samples, kinds=kinds)
    assert set(CHART_KINDS) == {"i_mr", "xbar_r", "xbar_s", "p", "u"}


def test_a_spread_is_held_to_the_first_rule_only(spark) -> None:
    values = [0.5] * 9 + [9.0]
    rows = [("c", name, at(n), None, value) for name in ("mean", "range") for n, value in enumerate(values)]
    limited = frame(spark, POINTS, rows).withColumns(
        {name: sf.lit(value) for name, value in {"center": 0.0, "sigma": 1.0, "ucl": 3.0, "lcl": -3.0}.items()}
    )
    judged = {(r.statistic, told(r)): r.rules_fired for r in with_chart_rules(limited).collect()}
    assert judged["mean", at(8)] == ["nelson_2"]
    assert judged["range", at(8)] == []
    assert judged["mean", at(9)] == ["nelson_1", "nelson_2"]
    assert judged["range", at(9)] == ["nelson_1"]
