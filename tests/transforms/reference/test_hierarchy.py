"""Topics name ISA-95 levels, empty ones too; a renamed topic is a version of the same asset."""

from __future__ import annotations

import datetime as dt
from random import Random

import pytest

from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.reference.hierarchy import (
    ISA95_LEVELS,
    UMH_LAYOUT,
    SparkplugFold,
    TopicLayout,
    join_asset_versions,
    keep_shared_paths,
    to_asset_versions,
    with_sparkplug_levels,
    with_uns_levels,
)

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
PLACE = "asset_path string, enterprise string, site string, area string, work_center string, work_unit string"
NAMINGS = (
    f"asset_id string, {PLACE}, valid_from_utc timestamp, "
    "arrival_time_utc timestamp, route string, source_partition string, source_offset long"
)
TOLD = (*ISA95_LEVELS, "asset_path", "data_contract", "virtual_path", "tag_name", "hierarchy_problem")


def at(day: int) -> dt.datetime:
    return T0 + dt.timedelta(days=day)


def slow_levels(topic: str | None, layout: TopicLayout) -> tuple:
    """Read a topic with Python's own split."""
    nothing = (None,) * (len(TOLD) - 1)
    if topic is None:
        return (*nothing, "no_topic")
    names = topic.split(layout.separator)
    if tuple(names[: len(layout.root)]) != layout.root:
        return (*nothing, "other_root")
    rest = names[len(layout.root) :]
    contract = None
    if layout.contract_prefix:
        ends = [n for n, name in enumerate(rest) if n and name.startswith(layout.contract_prefix)]
        if not ends:
            return (*nothing, "no_data_contract")
        located, contract, after = rest[: ends[0]], rest[ends[0]], rest[ends[0] + 1 :]
    else:
        end = min(max(len(rest) - 1, 0), len(layout.levels))
        located, after = rest[:end], rest[end:]
    if not located:
        return (*nothing, "no_level")
    if len(located) > len(layout.levels):
        return (*nothing, "too_many_levels")
    if not after:
        return (*nothing, "no_tag_name")
    levels = dict(zip(layout.levels, located, strict=False))
    virtual = layout.separator.join(after[:-1]) if after[:-1] else None
    path = layout.separator.join(located)
    return (*[levels.get(level) for level in ISA95_LEVELS], path, contract, virtual, after[-1], None)


LAYOUTS = {
    "slash": TopicLayout(),
    "umh": UMH_LAYOUT,
    "two_levels": TopicLayout("/", ("plant",), ("site", "work_center")),
    "umh_slash": TopicLayout("/", ("umh", "v1"), ISA95_LEVELS, "_"),
    "pipes": TopicLayout("||", (), ("area", "work_unit")),
}


@pytest.mark.spark
@pytest.mark.parametrize("name", LAYOUTS)
def test_topics_are_split_as_python_splits_them(spark, name: str) -> None:
    layout = LAYOUTS[name]
    rng = Random(name)
    parts = ["", "a", "b", "_raw", "_", "Line 1", ".", "[x]", "plant", "umh", "v1", "ü"]
    root = list(layout.root)
    topics = [
        layout.separator.join([*(root if rng.random() < 0.9 else []), *rng.choices(parts, k=rng.randint(0, 9))])
        for _ in range(500)
    ]
    rows = [(n, topic) for n, topic in enumerate([*topics, None, ""])]
    found = with_uns_levels(frame(spark, "id long, topic string", rows), layout=layout).collect()
    assert {r.id: tuple(r[column] for column in TOLD) for r in found} == {
        n: slow_levels(topic, layout) for n, topic in rows
    }
    assert len(found) == len(rows)


@pytest.mark.spark
def test_empty_levels_are_kept_and_what_a_topic_lacks_is_null(spark) -> None:
    topics = ["acme/berlin//line1/press/temp", "acme/berlin/temp", "/berlin/temp", "acme/b/a/l/u/motor/rpm/", "alone"]
    found = with_uns_levels(frame(spark, "topic string", [(topic,) for topic in topics])).collect()
    told = {r.topic: (tuple(r[level] for level in ISA95_LEVELS), r.virtual_path, r.tag_name) for r in found}
    assert told == {
        "acme/berlin//line1/press/temp": (("acme", "berlin", "", "line1", "press"), None, "temp"),
        "acme/berlin/temp": (("acme", "berlin", None, None, None), None, "temp"),
        "/berlin/temp": (("", "berlin", None, None, None), None, "temp"),
        "acme/b/a/l/u/motor/rpm/": (("acme", "b", "a", "l", "u"), "motor/rpm", ""),
        "alone": ((None,) * 5, None, None),
    }
    assert {r.topic for r in found if r.hierarchy_problem} == {"alone"}


@pytest.mark.spark
def test_the_three_names_of_sparkplug_fold_by_the_declared_rule(spark) -> None:
    nodes = [
        ("acme:berlin:hall 1/line1", "press"),
        ("acme:berlin:hall 1/line1", None),
        ("acme:berlin/line1", "press:left"),
        ("acme::x/line1", ""),
        ("acme:berlin:hall:1/line1", "press"),
        (None, None),
    ]
    messages = frame(
        spark, "id long, edge_node_id string, device_id string", [(n, *row) for n, row in enumerate(nodes)]
    )
    found = {
        r.id: tuple(r[c] for c in (*ISA95_LEVELS, "asset_path", "hierarchy_problem"))
        for r in with_sparkplug_levels(messages).collect()
    }
    assert found == {
        0: ("acme", "berlin", "hall 1", "line1", "press", "acme:berlin:hall 1/line1/press", None),
        1: ("acme", "berlin", "hall 1", "line1", None, "acme:berlin:hall 1/line1", None),
        2: ("acme", "berlin", None, "line1", "press:left", "acme:berlin/line1/press:left", None),
        3: ("acme", "", "x", "line1", "", "acme::x/line1/", None),
        4: (*(None,) * 6, "too_many_levels"),
        5: (*(None,) * 6, "no_topic"),
    }
    fold = SparkplugFold(("site",), ("area", "work_center"), ("work_unit",), "-")
    other = frame(spark, "edge_node_id string, device_id string", [("a-b/hall-line", "p-q"), ("a/x-y-z", None)])
    told = sorted(
        (r.hierarchy_problem or "", r.enterprise, r.site, r.area, r.work_center, r.work_unit)
        for r in with_sparkplug_levels(other, fold=fold).collect()
    )
    assert told == [("", None, "a-b", "hall", "line", "p-q"), ("too_many_levels", *(None,) * 5)]


def naming(asset: str, path: str, valid: int, arrival: int, offset: int = 0) -> tuple:
    levels = (path.split("/") + [None] * 5)[:5]
    return (asset, path, *levels, at(valid), at(arrival), "file", "f.csv", offset)


@pytest.mark.acceptance(8)
@pytest.mark.spark
def test_a_renamed_topic_is_a_version_of_the_same_asset_also_when_told_late(spark) -> None:
    told = [
        naming("press", "acme/b/a/l1/press", 0, 0),
        naming("press", "acme/b/a/l2/press", 10, 10),
        naming("press", "acme/b/a/l3/press", 5, 12),
        naming("robot", "acme/b/a/l1/press", 10, 10),
        naming("robot", "acme/b/a/l1/robot", 10, 11),
    ]
    early = to_asset_versions(frame(spark, NAMINGS, told[:2])).collect()
    versions = to_asset_versions(frame(spark, NAMINGS, told))
    rows = sorted(versions.collect(), key=lambda r: (r.asset_id, r.valid_from_utc))
    places = [(r.asset_id, r.work_center, r.work_unit, r.valid_from_utc.day, r.is_current) for r in rows]
    assert places == [
        ("press", "l1", "press", 1, False),
        ("press", "l3", "press", 6, False),
        ("press", "l2", "press", 11, True),
        ("robot", "l1", "robot", 11, True),
    ]
    assert [rows[n].valid_to_utc == rows[n + 1].valid_from_utc for n in (0, 1)] == [True, True]
    keys = {(r.asset_id, r.valid_from_utc): r.asset_key for r in rows}
    assert len(set(keys.values())) == 4
    assert {key: keys[key] for key in keys if key in {(r.asset_id, r.valid_from_utc) for r in early}} == {
        (r.asset_id, r.valid_from_utc): r.asset_key for r in early
    }, "a late naming leaves the keys of the other versions alone"
    assert keep_shared_paths(versions).collect() == []

    points = [
        ("acme/b/a/l1/press", 4),
        ("acme/b/a/l1/press", 5),
        ("acme/b/a/l3/press", 5),
        (None, 5),
        ("acme/b/a/l2/press", 99),
    ]
    frame_of_points = frame(spark, "asset_path string, event_time_utc timestamp", [(p, at(day)) for p, day in points])
    found = join_asset_versions(frame_of_points, versions).collect()
    matches = {(r.asset_path, r.event_time_utc.replace(tzinfo=dt.UTC)): (r.asset_id, r.asset_match) for r in found}
    assert [matches[(path, at(day))] for path, day in points] == [
        ("press", "found"),
        (None, "unknown"),
        ("press", "found"),
        (None, "unknown"),
        ("press", "found"),
    ]


@pytest.mark.spark
def test_two_assets_under_one_path_are_told_and_neither_is_taken(spark) -> None:
    told = [naming("a", "x/y", 0, 0), naming("b", "x/y", 5, 0), naming("a", "x/z", 8, 0), naming("c", "x/y", 9, 0)]
    versions = to_asset_versions(frame(spark, NAMINGS, told))
    shared = sorted((r.asset_id, r.valid_from_utc.day) for r in keep_shared_paths(versions).collect())
    assert shared == [("b", 6), ("c", 10)]
    points = frame(spark, "asset_path string, event_time_utc timestamp", [("x/y", at(day)) for day in (1, 6, 8, 9)])
    found = join_asset_versions(points, versions).collect()
    assert sorted((r.event_time_utc.day, r.asset_id, r.asset_match) for r in found) == [
        (2, "a", "found"), (7, None, "ambiguous"), (9, "b", "found"), (10, None, "ambiguous"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: TopicLayout(levels=("site", "enterprise")), "not in the order"),
        (lambda: TopicLayout(levels=("site", "site")), "not in the order"),
        (lambda: TopicLayout(levels=("floor",)), "floor"),
        (lambda: TopicLayout(levels=()), "none"),
        (lambda: TopicLayout(separator=""), "separator is empty"),
        (lambda: SparkplugFold(separator="/"), "no Sparkplug name can hold"),
        (lambda: SparkplugFold(device=("area",)), "not in the order"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(make, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        make()


@pytest.mark.spark
def test_missing_columns_are_told_and_empty_frames_keep_their_schema(spark) -> None:
    empty = spark.createDataFrame([], "topic string")
    assert with_uns_levels(empty).columns == ["topic", *TOLD]
    assert with_uns_levels(empty).collect() == []
    with pytest.raises(ColumnContractError, match="tag_id"):
        with_uns_levels(empty, topic="tag_id")
    with pytest.raises(ColumnContractError, match="edge_node_id"):
        with_sparkplug_levels(empty)
