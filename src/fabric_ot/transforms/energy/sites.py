"""Demand and load of meters and of whole sites, by local date."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.energy.indicators import rollup_demand, rollup_load, to_demand
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.samples import is_before_end

NO_SITE_ZONE = "UTC"
"""The zone of an asset that no version in the catalogue places at a site."""


def join_sites(spans: DataFrame, assets: DataFrame, sites: DataFrame) -> DataFrame:
    """Add the site where the asset stood when a span began, and the local date there.

    Columns in:  spans: `asset_id`, `start_utc` and more; assets: `plant.asset`; sites: `plant.site`.
    Columns out: those of `spans`, `site_id` ('' where the catalogue does not place the asset), `local_date`.
    Grain out:   that of `spans`.
    Cost:        assets and sites are broadcast; no shuffle.
    """
    require_columns("join_sites spans", spans, ["asset_id", "start_utc"])
    placed = assets.join(sf.broadcast(sites.select("site_id", "time_zone")), "site_id")
    names = ("asset_id", "site_id", "time_zone", "valid_from_utc", "valid_to_utc")
    few, many = sf.broadcast(placed.select(*names)).alias("few"), spans.alias("many")
    stood = (sf.col("few.valid_from_utc") <= sf.col("many.start_utc")) & is_before_end(
        "many.start_utc", "few.valid_to_utc"
    )
    zone = sf.coalesce("few.time_zone", sf.lit(NO_SITE_ZONE))
    return many.join(few, (sf.col("many.asset_id") == sf.col("few.asset_id")) & stood, "left").select(
        "many.*",
        sf.coalesce("few.site_id", sf.lit("")).alias("site_id"),
        sf.from_utc_timestamp("many.start_utc", zone).cast("date").alias("local_date"),
    )


def to_meter_demand(
    intervals: DataFrame, meters: DataFrame, assets: DataFrame, sites: DataFrame, *, window_s: int = 900
) -> DataFrame:
    """Turn energy intervals into demand windows of each meter, placed at its site.

    A meter is a top meter unless `meters` names one above it. The offset of every zone is a multiple of 15 minutes,
    so a window of 15 minutes never straddles local midnight.

    Columns in:  intervals: `plant.energy_interval`; meters: `plant.energy_meter`; assets: `plant.asset`; sites:
                 `plant.site`.
    Columns out: as `to_demand` returns them by meter, `asset_id`, `site_id`, `local_date`, `is_top_meter`.
    Grain out:   one row per meter and window that an interval touches.
    Nulls:       none come out.
    Cost:        one shuffle of partial sums; the catalogues are broadcast.
    """
    require_columns("to_meter_demand meters", meters, ["tag_id", "parent_tag_id"])
    demand = to_demand(intervals, window_s=window_s, keys=("tag_id", "asset_id"))
    below = meters.where(sf.col("parent_tag_id") != sf.col("tag_id")).select("tag_id").distinct()
    named = demand.join(sf.broadcast(below.withColumn("_is_below", sf.lit(True))), "tag_id", "left")
    top = named.withColumn("is_top_meter", sf.col("_is_below").isNull()).drop("_is_below")
    return join_sites(top, assets, sites)


def to_site_demand(demand: DataFrame) -> DataFrame:
    """Add up the top meters of each site, window by window.

    A window counts only if every top meter that tells anything of that local date covers it: elsewhere `coverage`
    is 0. A site whose meters all have a meter above them, at another site, gives no row.

    Columns in:  as `to_meter_demand` returns them.
    Columns out: `site_id`, `local_date`, and as `rollup_demand` returns them.
    Grain out:   one row per site and window.
    Cost:        one shuffle by site and date, one of partial sums.
    """
    require_columns("to_site_demand", demand, ["tag_id", "site_id", "local_date", "is_top_meter"])
    of_date = Window.partitionBy("site_id", "local_date")
    top = demand.where("is_top_meter").withColumn("_meters", sf.size(sf.collect_set("tag_id").over(of_date)))
    sums = rollup_demand(top, by=["site_id", "local_date", "_meters"])
    is_whole = sf.col("meter_count") == sf.col("_meters")
    return sums.withColumn("coverage", sf.when(is_whole, sf.col("coverage")).otherwise(0.0)).drop("_meters")


def rollup_series_load(demand: DataFrame, site_demand: DataFrame) -> DataFrame:
    """Find peak and load factor of each meter and of each site, by local date.

    Columns in:  demand: as `to_meter_demand` returns them; site_demand: as `to_site_demand` does.
    Columns out: `level` (meter, site), `series_id` (tag_id, site_id), `site_id`, `local_date`, and as `rollup_load`.
    Grain out:   one row per series and local date.
    Nulls:       as `rollup_load`.
    Cost:        one shuffle of partial aggregates.
    """
    names = ("site_id", "local_date", "start_utc", "energy_kwh", "coverage", "demand_kw")
    meters = demand.select(sf.lit("meter").alias("level"), sf.col("tag_id").alias("series_id"), *names)
    sites = site_demand.select(sf.lit("site").alias("level"), sf.col("site_id").alias("series_id"), *names)
    return rollup_load(meters.unionByName(sites), by=["level", "series_id", "site_id", "local_date"])
