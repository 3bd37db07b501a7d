"""Declared tags get the levels that their names tell: topics by depth, Sparkplug by a fold, files none."""

from __future__ import annotations

import datetime as dt

import pytest

from fabric_ot.contracts.namespace import NamespaceRule
from fabric_ot.contracts.silver import TAG
from fabric_ot.contracts.silver_namespace import NAMESPACE_TABLE
from fabric_ot.errors import ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.reference.namespace import to_namespace

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
RULE = NamespaceRule(sparkplug_group=("enterprise", "site"), sparkplug_separator="_")
NAMES: dict[str, tuple] = {
    # tag: source, enterprise, site, area, work center, work unit, virtual path, tag name, problem
    "acme/berlin/hall/line_1/robot/good": ("uns", "acme", "berlin", "hall", "line_1", "robot", None, "good", None),
    "acme/berlin/hall/line_1/robot/t/good": ("uns", "acme", "berlin", "hall", "line_1", "robot", "t", "good", None),
    "acme//hall/line_1/robot/good": ("uns", "acme", "", "hall", "line_1", "robot", None, "good", None),
    "acme/good": ("uns", "acme", None, None, None, None, None, "good", None),
    "good": ("uns", None, None, None, None, None, None, None, "no_level"),
    "spBv1.0/acme_berlin/line_3/oven/Counters/Good": (
        "sparkplug", "acme", "berlin", None, "line_3", "oven", None, "Counters/Good", None),
    "spBv1.0/acme_berlin/line_3/CPU": ("sparkplug", "acme", "berlin", None, "line_3", None, None, "CPU", None),
    "spBv1.0/a_b_c/line_3/CPU": ("sparkplug", None, None, None, None, None, None, "CPU", "too_many_levels"),
    "spBv1.0/acme_berlin": ("sparkplug", None, None, None, None, None, None, None, "no_topic"),
    "meter/kwh": ("historian", None, None, None, None, None, None, None, "no_topic"),
}  # fmt: skip


@pytest.mark.spark
def test_each_current_tag_has_its_place_or_the_reason_why_not(spark) -> None:
    rows = [(tag, "m1", "measure", "double", None, None, LONG_AGO, None, True) for tag in NAMES]
    old = ("acme/old", "m1", "measure", "double", None, None, LONG_AGO, LONG_AGO, False)
    tags = frame(spark, TAG.spark_ddl(), [*rows, old])
    found = to_namespace(tags, rule=RULE, historian_tags=["meter/kwh"])
    assert tuple(found.columns) == NAMESPACE_TABLE.column_names
    assert {
        r.tag_id: (r.source, r.enterprise, r.site, r.area, r.work_center, r.work_unit, r.virtual_path, r.tag_name,
                   r.hierarchy_problem)
        for r in found.collect()
    } == NAMES  # fmt: skip


@pytest.mark.spark
def test_levels_out_of_order_are_refused(spark) -> None:
    tags = frame(spark, TAG.spark_ddl(), [])
    with pytest.raises(ConfigError, match="not in the order of ISA-95"):
        to_namespace(tags, rule=NamespaceRule(uns_levels=("site", "enterprise")))
