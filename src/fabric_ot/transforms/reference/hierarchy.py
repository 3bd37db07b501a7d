"""The ISA-95 hierarchy of a plant, read from topics, and its assets as versions where topics are renamed.

Topics are split, never matched: an empty level is a level (`a//c` has three), and a level that a topic does not have
is null. What does not fit the declared rule is told in `hierarchy_problem`, and then nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.contracts.namespace import ISA95_LEVELS
from fabric_ot.errors import ConfigError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.reference.versions import ARRIVAL_ORDER, to_versions


def _level_problems(levels: Sequence[str]) -> list[str]:
    unknown = [level for level in levels if level not in ISA95_LEVELS]
    if unknown or not levels:
        return [f"levels are {unknown or 'none'}, ISA-95 knows {ISA95_LEVELS}"]
    order = [ISA95_LEVELS.index(level) for level in levels]
    return [] if order == sorted(set(order)) else [f"levels {tuple(levels)} are not in the order of ISA-95"]


@dataclass(frozen=True)
class TopicLayout:
    """How a topic of the unified namespace is built: `root`, `levels`, and the name of the tag at the end.

    With `contract_prefix` the first name that starts with it (after the first level) ends the levels, as in UMH's
    `umh.v1.<levels>._<contract>[.<virtual path>].<name>`; without it the levels end where there are no more of them.

    Raises:
        ConfigError: the levels are not those of ISA-95 in their order, or the separator is empty.
    """

    separator: str = "/"
    root: tuple[str, ...] = ()
    levels: tuple[str, ...] = ISA95_LEVELS
    contract_prefix: str = ""

    def __post_init__(self) -> None:
        """Refuse levels that are unknown or out of order."""
        problems = _level_problems(self.levels)
        if not self.separator:
            problems.append("the separator is empty")
        if problems:
            raise ConfigError("TopicLayout", problems)


UMH_LAYOUT = TopicLayout(".", ("umh", "v1"), ISA95_LEVELS, "_")
"""Topics of the United Manufacturing Hub, in the form its documentation writes them."""


@dataclass(frozen=True)
class SparkplugFold:
    """Which levels the three names of Sparkplug stand for; a name of several levels is split at `separator`.

    Raises:
        ConfigError: the levels are not those of ISA-95 in their order, or no separator can be in the group's name.
    """

    group: tuple[str, ...] = ("enterprise", "site", "area")
    edge_node: tuple[str, ...] = ("work_center",)
    device: tuple[str, ...] = ("work_unit",)
    separator: str = ":"

    def __post_init__(self) -> None:
        """Refuse levels that are unknown or out of order, and a separator that Sparkplug forbids in names."""
        problems = _level_problems((*self.group, *self.edge_node, *self.device))
        if self.separator in ("", "/", "+", "#"):
            problems.append(f"the separator is {self.separator!r}, which no Sparkplug name can hold")
        if problems:
            raise ConfigError("SparkplugFold", problems)


def with_uns_levels(topics: DataFrame, *, layout: TopicLayout | None = None, topic: str = "topic") -> DataFrame:
    """Add the ISA-95 levels that a topic of the unified namespace names, and what follows them.

    Topics that carry several values name no tag at their end: pass their `tag_id` (topic and name) as `topic`.

    Columns in:  `topic` (string).
    Columns out: those of `topics`, `ISA95_LEVELS` (null: the topic ends before; '': the level is empty),
                 `asset_path` (the levels as the topic writes them), `data_contract`, `virtual_path`, `tag_name`,
                 `hierarchy_problem` (no_topic, other_root, no_level, no_data_contract, no_tag_name, too_many_levels;
                 null where all is well, else all others are null).
    Grain out:   that of `topics`.
    Cost:        no shuffle.

    Raises:
        ColumnContractError: `topic` is not a column.
    Source: MQTT 5.0, 4.7 (topic names); the topic convention of united-manufacturing-hub.
    """
    require_columns("with_uns_levels", topics, [topic])
    declared = layout or TopicLayout()
    names = sf.split(sf.col(topic), rf"\Q{declared.separator}\E", -1)
    depth = len(declared.root)
    rest = sf.slice(names, depth + 1, sf.size(names)) if depth else names
    is_rooted = sf.slice(names, 1, depth) == sf.array(*map(sf.lit, declared.root)) if depth else sf.lit(True)
    split = topics.withColumns({"_rest": rest, "_is_rooted": is_rooted})
    ends = _end_by_contract(declared) if declared.contract_prefix else _end_by_depth(declared)
    ended = split.withColumn("_end", ends)
    contract = sf.when(sf.lit(bool(declared.contract_prefix)), _name_at(sf.col("_end")))
    after = sf.slice("_rest", sf.col("_end") + (2 if declared.contract_prefix else 1), sf.size("_rest"))
    located = ended.withColumns({"_levels": sf.slice("_rest", 1, sf.col("_end")), "_after": after})
    judged = located.withColumn("_problem", _topic_problem(topic, declared))
    told = _levels_of(sf.col("_levels"), declared.levels) | {
        "asset_path": sf.array_join("_levels", declared.separator),
        "data_contract": contract,
        "virtual_path": _path(sf.slice("_after", 1, sf.greatest(sf.size("_after") - 1, sf.lit(0))), declared.separator),
        "tag_name": sf.get("_after", sf.size("_after") - 1),
    }
    return _told_where_sound(judged, topics.columns, told)


def with_sparkplug_levels(messages: DataFrame, *, fold: SparkplugFold | None = None) -> DataFrame:
    """Add the ISA-95 levels that the three names of Sparkplug stand for, by a declared rule.

    A name of several levels with fewer parts leaves the last ones null; one with more parts fits nothing.

    Columns in:  `edge_node_id` (group/node), `device_id` (null for the node itself), as `with_edge_node` adds them.
    Columns out: those of `messages`, `ISA95_LEVELS`, `asset_path` (group/node[/device], as the topic writes them),
                 `hierarchy_problem` (no_topic, too_many_levels; null where all is well, else all others are null).
    Grain out:   that of `messages`.
    Cost:        no shuffle.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("with_sparkplug_levels", messages, ["edge_node_id", "device_id"])
    rule = fold or SparkplugFold()
    names = sf.split("edge_node_id", "/", 2)
    whole = {"group": sf.get(names, sf.lit(0)), "edge_node": sf.get(names, sf.lit(1)), "device": sf.col("device_id")}
    levels: dict[str, Column] = {}
    too_many = sf.lit(False)
    for name, wanted in (("group", rule.group), ("edge_node", rule.edge_node), ("device", rule.device)):
        parts = sf.split(whole[name], rf"\Q{rule.separator}\E", -1) if len(wanted) > 1 else sf.array(whole[name])
        levels |= {level: sf.get(parts, sf.lit(n)) for n, level in enumerate(wanted)}
        too_many = too_many | sf.coalesce((sf.size(parts) > len(wanted)) & whole[name].isNotNull(), sf.lit(False))
    problem = sf.when(whole["edge_node"].isNull(), "no_topic").when(too_many, "too_many_levels")
    path = sf.concat_ws("/", "edge_node_id", "device_id")
    told = {level: levels.get(level, _nothing()) for level in ISA95_LEVELS} | {"asset_path": path}
    return _told_where_sound(messages.withColumn("_problem", problem), messages.columns, told)


def to_asset_versions(namings: DataFrame, *, order_by: Sequence[str] = ARRIVAL_ORDER) -> DataFrame:
    """Turn what was said of the place of assets into versions: a renamed topic is a version, not a new asset.

    Late and back-dated namings take their place by `valid_from_utc`; see `to_versions`.

    Columns in:  `asset_id` (the business key), `asset_path`, `ISA95_LEVELS`, `valid_from_utc`, *order_by.
    Columns out: `asset_key` (string: a digest of `asset_id` and `valid_from_utc`), `asset_id`, `asset_path`,
                 `ISA95_LEVELS`, `valid_from_utc`, `valid_to_utc`, `is_current`.
    Grain out:   one row per asset and version, without gap or overlap.
    Nulls:       none in `asset_id`, `valid_from_utc`, `order_by`.
    Cost:        one shuffle by `asset_id`.

    Raises:
        ColumnContractError: a column is missing.
    """
    tracked = ("asset_path", *ISA95_LEVELS)
    versions = to_versions(namings, key=("asset_id",), tracked=tracked, order_by=order_by)
    identity = sf.concat_ws("|", sf.unix_micros("valid_from_utc").cast("string"), "asset_id")
    return versions.select(sf.sha2(identity, 256).alias("asset_key"), *versions.columns)


def join_asset_versions(points: DataFrame, versions: DataFrame, *, at: str = "event_time_utc") -> DataFrame:
    """Add the asset that stood under the path of a point at the time of the point.

    Columns in:  points: `asset_path`, `at` (timestamp); versions: as `to_asset_versions` returns them.
    Columns out: those of `points` (`asset_id`, `asset_key` replaced), `asset_id`, `asset_key`, `asset_match` (found,
                 unknown, ambiguous: several assets claim the path at that time, and none is taken).
    Grain out:   that of `points`.
    Cost:        versions are few and broadcast; no shuffle of `points`.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("join_asset_versions points", points, ["asset_path", at])
    needed = ("asset_path", "asset_id", "asset_key", "valid_from_utc", "valid_to_utc")
    require_columns("join_asset_versions versions", versions, needed)
    version = sf.struct("asset_id", "asset_key", "valid_from_utc", "valid_to_utc")
    known = versions.groupBy(sf.col("asset_path").alias("_path")).agg(sf.collect_list(version).alias("_versions"))
    joined = points.join(sf.broadcast(known), sf.col("asset_path") == sf.col("_path"), "left")

    def holds(one: Column) -> Column:
        return (one["valid_from_utc"] <= sf.col(at)) & (
            one["valid_to_utc"].isNull() | (sf.col(at) < one["valid_to_utc"])
        )

    valid = joined.withColumn("_valid", sf.filter("_versions", holds))
    count = sf.coalesce(sf.when(sf.col("_valid").isNotNull(), sf.size("_valid")), sf.lit(0))
    one = sf.when(count == 1, sf.get("_valid", sf.lit(0)))
    match = sf.when(count == 1, "found").when(count > 1, "ambiguous").otherwise("unknown")
    return valid.select(
        *[name for name in points.columns if name not in ("asset_id", "asset_key")],
        one["asset_id"].alias("asset_id"),
        one["asset_key"].alias("asset_key"),
        match.alias("asset_match"),
    )


def keep_shared_paths(versions: DataFrame) -> DataFrame:
    """Keep the versions under a path that an earlier version of another asset still holds.

    Columns in:  as `to_asset_versions` returns them.
    Columns out: those of `versions`.
    Grain out:   one row per version that begins inside an earlier one of its path; none in a sound catalogue.
    Nulls:       versions without a path share none.
    Cost:        one shuffle by `asset_path`.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("keep_shared_paths", versions, ["asset_path", "asset_id", "valid_from_utc", "valid_to_utc"])
    in_time = Window.partitionBy("asset_path").orderBy("valid_from_utc", "asset_id")
    before = in_time.rowsBetween(Window.unboundedPreceding, -1)
    latest_end = sf.max("valid_to_utc").over(before)
    is_endless = sf.max(sf.col("valid_to_utc").isNull()).over(before)
    marked = versions.where(sf.col("asset_path").isNotNull()).withColumns({"_end": latest_end, "_endless": is_endless})
    return marked.where(sf.col("_endless") | (sf.col("valid_from_utc") < sf.col("_end"))).drop("_end", "_endless")


def _end_by_contract(layout: TopicLayout) -> Column:
    """Return how many names come before the contract; null where there is none."""
    starts = sf.transform("_rest", lambda name, n: name.startswith(layout.contract_prefix) & (n > 0))
    position = sf.array_position(starts, True).cast("int")
    return sf.when(position > 0, position - 1)


def _end_by_depth(layout: TopicLayout) -> Column:
    return sf.least(sf.greatest(sf.size("_rest") - 1, sf.lit(0)), sf.lit(len(layout.levels)))


def _topic_problem(topic: str, layout: TopicLayout) -> Column:
    return (
        sf.when(sf.col(topic).isNull(), "no_topic")
        .when(~sf.col("_is_rooted"), "other_root")
        .when(sf.col("_end").isNull(), "no_data_contract")
        .when(sf.col("_end") == 0, "no_level")
        .when(sf.col("_end") > len(layout.levels), "too_many_levels")
        .when(sf.size("_after") == 0, "no_tag_name")
    )


def _levels_of(names: Column, levels: Sequence[str]) -> dict[str, Column]:
    placed = {level: sf.get(names, sf.lit(n)) for n, level in enumerate(levels)}
    return {level: placed.get(level, _nothing()) for level in ISA95_LEVELS}


def _name_at(position: Column) -> Column:
    return sf.get("_rest", position)


def _path(names: Column, separator: str) -> Column:
    return sf.when(sf.size(names) > 0, sf.array_join(names, separator))


def _nothing() -> Column:
    return sf.lit(None).cast("string")


def _told_where_sound(judged: DataFrame, kept: Sequence[str], told: dict[str, Column]) -> DataFrame:
    is_sound = sf.col("_problem").isNull()
    added = [sf.when(is_sound, value).alias(name) for name, value in told.items()]
    return judged.select(
        *[name for name in kept if name not in told], *added, sf.col("_problem").alias("hierarchy_problem")
    )
