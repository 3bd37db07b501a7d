"""The unified namespace of a plant: its declared tags with the ISA-95 levels that their names tell."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.namespace import NamespaceRule
from fabric_ot.contracts.silver_namespace import NAMESPACE_TABLE
from fabric_ot.contracts.sparkplug import NAMESPACE
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.reference.hierarchy import (
    SparkplugFold,
    TopicLayout,
    with_sparkplug_levels,
    with_uns_levels,
)

_NODE_DEPTH, _DEVICE_DEPTH = 4, 5


def to_namespace(tags: DataFrame, *, rule: NamespaceRule, historian_tags: Sequence[str] = ()) -> DataFrame:
    """Turn the tag catalogue into the namespace, one row per tag of today.

    Choices: a Sparkplug tag of five levels or more names a device at the fourth (a node's own metric whose name has
    a slash looks the same, and is taken so); tags of historian files have names of their own and no level.

    Columns in:  `tag_id`, `asset_id`, `is_current`, as `plant.tag` has them.
    Columns out: `plant.namespace`.
    Grain out:   one row per current tag.
    Nulls:       levels that the name does not tell; all levels where `hierarchy_problem` says why.
    Cost:        no shuffle.

    Raises:
        ConfigError: the rule's levels are not those of ISA-95 in their order.
    """
    require_columns("to_namespace", tags, ["tag_id", "asset_id", "is_current"])
    layout = TopicLayout(rule.uns_separator, rule.uns_root, rule.uns_levels, rule.uns_contract_prefix)
    fold = SparkplugFold(
        rule.sparkplug_group, rule.sparkplug_edge_node, rule.sparkplug_device, rule.sparkplug_separator
    )
    is_sparkplug = sf.col("tag_id").startswith(f"{NAMESPACE}/")
    source = sf.when(is_sparkplug, "sparkplug").when(sf.col("tag_id").isin(*historian_tags), "historian")
    named = tags.where("is_current").select("tag_id", "asset_id", source.otherwise("uns").alias("source"))
    plain = named.where(~is_sparkplug).withColumn("_topic", sf.when(sf.col("source") == "uns", sf.col("tag_id")))
    told = with_uns_levels(plain, layout=layout, topic="_topic")
    levels = sf.split("tag_id", "/")
    depth = sf.size(levels)
    is_whole, has_device = depth >= _NODE_DEPTH, depth >= _DEVICE_DEPTH
    node = sf.concat_ws("/", sf.get(levels, sf.lit(1)), sf.get(levels, sf.lit(2)))
    metric = sf.array_join(sf.slice(levels, sf.when(has_device, 5).otherwise(4), depth), "/")
    sent = named.where(is_sparkplug).withColumns(
        {
            "edge_node_id": sf.when(is_whole, node),
            "device_id": sf.when(has_device, sf.get(levels, sf.lit(3))),
            "tag_name": sf.when(is_whole, metric),
            "data_contract": sf.lit(None).cast("string"),
            "virtual_path": sf.lit(None).cast("string"),
        }
    )
    folded = with_sparkplug_levels(sent, fold=fold)
    names = NAMESPACE_TABLE.column_names
    return told.select(*names).unionByName(folded.select(*names))
