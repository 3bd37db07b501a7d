"""Quantities of parts: produced = good + scrap + rework, and the one of them that a machine does not count."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.production.counters import PART_COUNTERS


def with_derived_quantity(counts: DataFrame, tags: DataFrame) -> DataFrame:
    """Derive the quantity that a machine has no counter for from those that it counts: PQ = GQ + SQ + RQ.

    Choices: the catalogue says what a machine counts, not whether a counter spoke: a silent one counted nothing.
    Without a counter of all parts these are the sum of the others. With one, the first of good, scrap and rework
    without a counter is the rest of all parts; further ones without a counter are 0. Where all four are counted,
    each stays as it was told. Nothing is clamped: a quantity below 0 says that the counters contradict each other.

    Columns in:  counts: `asset_id`, `good_qty`, `scrap_qty`, `rework_qty`, `produced_qty` (double, 0 where nothing was
                 counted) and more; tags: `plant.tag` (`asset_id`, `role`), all versions: what a machine ever counted.
    Columns out: those of `counts`.
    Grain out:   that of `counts`.
    Nulls:       none come out.
    Cost:        one row per asset of `tags` is broadcast; no shuffle of `counts`.
    Source of the formula: ISO 22400-2:2014, 5: produced, good, scrap and rework quantity.

    Raises:
        ColumnContractError: a column is missing.
    """
    require_columns("with_derived_quantity counts", counts, ["asset_id", *PART_COUNTERS.values()])
    require_columns("with_derived_quantity tags", tags, ["asset_id", "role"])
    counted = tags.where(sf.col("role").isin(*PART_COUNTERS)).groupBy("asset_id")
    known = counted.agg(sf.collect_set("role").alias("_roles"))
    joined = counts.join(sf.broadcast(known), "asset_id", "left")
    has = {role: sf.coalesce(sf.array_contains("_roles", role), sf.lit(False)) for role in PART_COUNTERS}
    good, scrap, rework, produced = (sf.col(name) for name in PART_COUNTERS.values())
    has_good, has_scrap, has_rework, has_produced = has.values()
    told = {
        "good_qty": sf.when(has_produced & ~has_good, produced - scrap - rework).otherwise(good),
        "scrap_qty": sf.when(has_produced & has_good & ~has_scrap, produced - good - rework).otherwise(scrap),
        "rework_qty": sf.when(has_produced & has_good & has_scrap & ~has_rework, produced - good - scrap).otherwise(
            rework
        ),
        "produced_qty": sf.when(has_produced, produced).otherwise(good + scrap + rework),
    }
    return joined.withColumns(told).select(*counts.columns)
