"""Mass balance of lots: what went in is what came out, was scrapped or is still there."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.errors import ConfigError
from fabric_ot.transforms.genealogy.lots import total_qty
from fabric_ot.transforms.intervals import require_columns

STOCK_COLUMNS: tuple[str, ...] = ("scrap_qty", "wip_qty")
"""What is left of a lot that did not move on: scrapped, and still in process (WIP)."""

_QUANTITIES = ("in_qty", "out_qty", *STOCK_COLUMNS)


def to_mass_balance(
    movements: DataFrame, stocks: DataFrame, *, tolerance_qty: float = 0.0, tolerance_fraction: float = 0.0
) -> DataFrame:
    """Turn movements and stocks into the balance of each lot: in = out + scrap + WIP, within a tolerance.

    What came into a lot are the movements that name it as output, receipts (without an input lot) among them; what
    left it are those that name it as input, issues (without an output lot) among them. A lot without a row in
    `stocks` has neither scrap nor WIP. A negative movement is a reversal and counts as such.

    Columns in:  movements: `input_lot`, `output_lot`, `qty` (double), `uom`; stocks: `lot_id`, `uom`, `scrap_qty`,
                 `wip_qty` (double), one or more rows per lot.
    Columns out: `lot_id`, `uom`, `in_qty`, `out_qty`, `scrap_qty`, `wip_qty`, `difference_qty` (double, in less the
                 rest, of `uom`), `difference_fraction` (of `in_qty`), `status` (balanced, lost, gained, undefined).
    Grain out:   one row per lot that moved or has stock.
    Nulls:       a lot with several units, with none, or with a quantity that is null, NaN or infinite is undefined:
                 what cannot be known is null, `uom` and the sum that it spoils.
    Cost:        one shuffle by lot.

    Raises:
        ColumnContractError: a column is missing.
        ConfigError: a tolerance is negative.
    """
    require_columns("to_mass_balance movements", movements, ["input_lot", "output_lot", "qty", "uom"])
    require_columns("to_mass_balance stocks", stocks, ["lot_id", "uom", *STOCK_COLUMNS])
    if not (tolerance_qty >= 0 and tolerance_fraction >= 0):
        raise ConfigError("to_mass_balance", [f"tolerances are {tolerance_qty}, {tolerance_fraction}: zero or more"])
    bookings = (
        _bookings(movements, "output_lot", "in_qty")
        .unionByName(_bookings(movements, "input_lot", "out_qty"))
        .unionByName(_stocked(stocks, "scrap_qty"))
        .unionByName(_stocked(stocks, "wip_qty"))
    )
    is_one_unit = (sf.min("uom") == sf.max("uom")) & (sf.count("uom") == sf.count(sf.lit(1)))
    sums = bookings.groupBy("lot_id").agg(
        sf.when(is_one_unit, sf.min("uom")).alias("uom"), *[_total_of(kind) for kind in _QUANTITIES]
    )
    known = [sf.when(sf.col("uom").isNotNull(), sf.col(name)).alias(name) for name in _QUANTITIES]
    rest = sf.col("out_qty") + sf.col("scrap_qty") + sf.col("wip_qty")
    balance = sums.select("lot_id", "uom", *known).withColumn("difference_qty", sf.col("in_qty") - rest)
    return balance.select(
        "lot_id",
        "uom",
        *_QUANTITIES,
        "difference_qty",
        sf.try_divide("difference_qty", "in_qty").alias("difference_fraction"),
        _status(tolerance_qty, tolerance_fraction).alias("status"),
    )


def _bookings(movements: DataFrame, lot: str, kind: str) -> DataFrame:
    named = movements.where(sf.col(lot).isNotNull())
    return named.select(sf.col(lot).alias("lot_id"), "uom", sf.lit(kind).alias("_kind"), sf.col("qty").alias("_qty"))


def _stocked(stocks: DataFrame, kind: str) -> DataFrame:
    named = stocks.where(sf.col("lot_id").isNotNull())
    return named.select("lot_id", "uom", sf.lit(kind).alias("_kind"), sf.col(kind).alias("_qty"))


def _total_of(kind: str) -> Column:
    # a booking of another kind adds nothing; one of this kind that is unknown spoils the sum
    return total_qty(sf.when(sf.col("_kind") == kind, sf.col("_qty")).otherwise(sf.lit(0.0))).alias(kind)


def _status(tolerance_qty: float, tolerance_fraction: float) -> Column:
    difference = sf.col("difference_qty")
    allowed = sf.greatest(sf.lit(tolerance_qty), sf.abs(sf.col("in_qty")) * tolerance_fraction)
    return (
        sf.when(difference.isNull(), "undefined")
        .when(sf.abs(difference) <= allowed, "balanced")
        .when(difference > 0, "lost")
        .otherwise("gained")
    )
