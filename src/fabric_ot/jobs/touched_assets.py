"""Which assets a production run must compute again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.contracts.sparkplug import NAMESPACE
from fabric_ot.transforms.intervals import utc_literal

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from fabric_ot.lakehouse import Lakehouse


@dataclass(frozen=True)
class Touched:
    """The assets to compute again; None means all of them."""

    assets: tuple[str, ...] | None = ()

    @property
    def is_nothing(self) -> bool:
        """Whether no asset needs computing."""
        return self.assets == ()

    @property
    def condition(self) -> Column | None:
        """The rows of a table with `asset_id` that are computed again; None means all."""
        return None if self.assets is None else sf.col("asset_id").isin(*self.assets)

    def rows_of(self, table: DataFrame) -> DataFrame:
        """Return the rows of `table` that belong to the touched assets."""
        return table if self.condition is None else table.where(self.condition)

    def with_assets(self, assets: Sequence[str]) -> Touched:
        """Return these and `assets`."""
        return self if self.assets is None else Touched(tuple(sorted({*self.assets, *assets})))


def find_touched(silver: Lakehouse, batches: Sequence[str], *, as_of_utc: dt.datetime) -> Touched:
    """Return the assets whose facts `batches`, or time that has passed, may have changed.

    All of them when reference rows came; else those with new readings, those of Sparkplug edge nodes with new
    messages (their earlier readings may have been decoded anew), and those whose open interval ends before
    `as_of_utc`. Where there is any, assets that never told a state come along: their shifts complete too.
    """
    if has_reference_rows(silver, batches):
        return Touched(None)
    tags = silver.read("plant.tag").select("tag_id", "asset_id").distinct()
    open_ends = sf.col("is_open") & (sf.col("end_utc") < utc_literal(as_of_utc))
    causes = silver.read("plant.state_interval").where(open_ends).select("asset_id", sf.lit(True).alias("is_cause"))
    if batches:
        for assets in (_with_new_readings(silver, tags, batches), _on_new_nodes(silver, tags, batches)):
            causes = causes.union(assets.select("asset_id", sf.lit(True)))
    found = causes.union(_silent(silver).select("asset_id", sf.lit(False))).distinct().collect()
    if not any(row.is_cause for row in found):
        return Touched()
    return Touched(tuple(sorted({row.asset_id for row in found})))


def has_reference_rows(silver: Lakehouse, batches: Sequence[str]) -> bool:
    """Say whether one of `batches` brought reference rows: only then the reference tables may have changed."""
    if not batches:
        return False
    audit = silver.read("plant.batch_audit").where(sf.col("decoder") == "reference")
    return not audit.where(sf.col("ingest_batch_id").isin(*batches)).isEmpty()


def _with_new_readings(silver: Lakehouse, tags: DataFrame, batches: Sequence[str]) -> DataFrame:
    readings = silver.read("plant.reading").where(sf.col("ingest_batch_id").isin(*batches))
    return tags.join(readings.select("tag_id").distinct(), "tag_id", "left_semi")


def _on_new_nodes(silver: Lakehouse, tags: DataFrame, batches: Sequence[str]) -> DataFrame:
    messages = silver.read("plant.sparkplug_message").where(sf.col("ingest_batch_id").isin(*batches))
    levels = sf.split("tag_id", "/")
    on_nodes = tags.where(sf.col("tag_id").startswith(f"{NAMESPACE}/")).withColumn(
        "edge_node_id", sf.concat_ws("/", sf.get(levels, sf.lit(1)), sf.get(levels, sf.lit(2)))
    )
    return on_nodes.join(messages.select("edge_node_id").distinct(), "edge_node_id", "left_semi")


def _silent(silver: Lakehouse) -> DataFrame:
    states = silver.read("plant.tag").where(sf.col("role") == "state").select("asset_id").distinct()
    return states.join(silver.read("plant.state_interval").select("asset_id"), "asset_id", "left_anti")
