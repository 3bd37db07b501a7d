"""Consumption and stock of an asset's material, from the movements of lots: inputs of the KPIs."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import join_overlaps, require_columns, utc_literal

_MOVED = ("asset_id", "at_utc", "stock_qty", "consumed_qty", "throughput_qty")


def to_material_moves(movements: DataFrame) -> DataFrame:
    """Turn movements of lots into what they add to, and take from, the material of each asset.

    The material of an asset are the lots that it ever took from and did not fill itself: what comes back from rework
    is no material. A movement on the border of two shifts belongs to the one that ends, as a counter's sample does.

    Columns in:  `plant.lot_movement`.
    Columns out: `asset_id`, `at_utc`, `stock_qty` (+ into the material, - out of it), `consumed_qty` (CM: taken by
                 the asset), `throughput_qty` (the same: what went through the stock); in the movements' unit.
    Grain out:   one row per movement and asset whose material it moves.
    Nulls:       the quantities of an asset whose material is told in several units, or in one without.
    Cost:        three shuffles of `movements`: to find the material, to book it, and by asset.
    """
    require_columns("to_material_moves", movements, ["input_lot", "output_lot", "qty", "uom", "time_utc", "asset_id"])
    booked = _booked(movements, "output_lot", sign=1).unionByName(_booked(movements, "input_lot", sign=-1))
    moves = booked.join(_materials(movements), "_lot")
    taken = sf.when(sf.col("_by") == sf.col("asset_id"), -sf.col("stock_qty")).otherwise(sf.lit(0.0))
    counted = moves.withColumns({"consumed_qty": taken, "throughput_qty": taken})
    return counted.select("asset_id", "at_utc", *[_in_one_unit(name).alias(name) for name in _MOVED[2:]])


def to_stock_inputs(moves: DataFrame, windows: DataFrame, *, until_utc: dt.datetime) -> DataFrame:
    """Integrate the stock of each asset's material over its shifts: average inventory times time.

    Columns in:  moves: as `to_material_moves` returns them; windows: `asset_id`, `production_date`, `start_utc`,
                 `end_utc`; until_utc: the stock is known until then.
    Columns out: `asset_id`, `production_date`, `inventory_qty_s`.
    Grain out:   one row per stretch of unchanged stock and shift.
    Nulls:       `inventory_qty_s` as the quantities of `moves`.
    Cost:        one shuffle by `asset_id`; windows are broadcast.
    """
    in_time = Window.partitionBy("asset_id").orderBy("at_utc")
    sums = moves.groupBy("asset_id", "at_utc").agg(sf.sum("stock_qty").alias("_step"))
    stock = sums.select(
        "asset_id",
        sf.col("at_utc").alias("start_utc"),
        sf.coalesce(sf.lead("at_utc").over(in_time), utc_literal(until_utc)).alias("end_utc"),
        sf.sum("_step").over(in_time).alias("_stock"),
    )
    shifts = windows.select("asset_id", "production_date", "start_utc", "end_utc")
    held = join_overlaps(stock, shifts, on=["asset_id"])
    inventory = sf.col("_stock") * sf.col("overlap_us") / 1e6
    return held.select("asset_id", "production_date", inventory.alias("inventory_qty_s"))


def _materials(movements: DataFrame) -> DataFrame:
    """Return the lots that an asset took from and never filled itself."""
    sides = [
        sf.struct(sf.col(side).alias("_lot"), sf.lit(side == "output_lot").alias("_is_made"))
        for side in ("input_lot", "output_lot")
    ]
    in_machine = movements.where(sf.col("asset_id").isNotNull())
    touched = in_machine.select("asset_id", sf.explode(sf.array(*sides)).alias("_side")).select("asset_id", "_side.*")
    lots = touched.where(sf.col("_lot").isNotNull()).groupBy("asset_id", "_lot")
    return lots.agg(sf.max("_is_made").alias("_is_made")).where(~sf.col("_is_made")).drop("_is_made")


def _booked(movements: DataFrame, side: str, *, sign: int) -> DataFrame:
    return movements.where(sf.col(side).isNotNull()).select(
        sf.col(side).alias("_lot"),
        # a microsecond earlier: still in the shift that ends at this instant
        sf.timestamp_micros(sf.unix_micros("time_utc") - 1).alias("at_utc"),
        (sf.col("qty") * sf.lit(float(sign))).alias("stock_qty"),
        "uom",
        (sf.col("asset_id") if sign < 0 else sf.lit(None).cast("string")).alias("_by"),
    )


def _in_one_unit(name: str) -> Column:
    of_asset = Window.partitionBy("asset_id")
    count, named = sf.count(sf.lit(1)).over(of_asset), sf.count("uom").over(of_asset)
    is_one = (sf.min("uom").over(of_asset) == sf.max("uom").over(of_asset)) & (count == named)
    return sf.when(is_one, sf.col(name))
