"""Genealogy of lots: from movements of material to what came out of what, over any number of steps.

The closure is a plan of joins of declared depth, each of which reads the step before it once: nothing is collected,
cached or asked of the driver, so a cycle of rework ends where the depth ends, and says whether more was to come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ConfigError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.numbers import finite_or_null

_ENDS = ("input_lot", "output_lot")

Settle = Callable[[DataFrame], DataFrame]
"""Computes a frame now and forgets how, as `Lakehouse.settled`: spares planning a long chain of steps at once."""

Direction = Literal["forward", "backward"]


def to_lot_edges(movements: DataFrame) -> DataFrame:
    """Turn movements into edges: how much of one lot went into another, and between which times.

    A movement without an input lot is a receipt, one without an output lot an issue: neither is an edge.

    Columns in:  `input_lot`, `output_lot` (string), `qty` (double, of `uom`), `uom` (string), `time_utc`.
    Columns out: `input_lot`, `output_lot`, `uom`, `qty` (double), `first_time_utc`, `last_time_utc`,
                 `movement_count` (long), `is_self` (boolean: a lot put back into itself).
    Grain out:   one row per input lot, output lot and unit.
    Nulls:       `qty` is null where one of its movements has none, or NaN; `uom` where it had none.
    Cost:        one shuffle by the lots.
    """
    require_columns("to_lot_edges", movements, [*_ENDS, "qty", "uom", "time_utc"])
    linked = movements.where(sf.col("input_lot").isNotNull() & sf.col("output_lot").isNotNull())
    edges = linked.groupBy(*_ENDS, "uom").agg(
        total_qty(sf.col("qty")).alias("qty"),
        sf.min("time_utc").alias("first_time_utc"),
        sf.max("time_utc").alias("last_time_utc"),
        sf.count(sf.lit(1)).alias("movement_count"),
    )
    is_self = sf.col("input_lot") == sf.col("output_lot")
    return edges.select(
        *_ENDS, "uom", "qty", "first_time_utc", "last_time_utc", "movement_count", is_self.alias("is_self")
    )


def to_lot_trace(
    edges: DataFrame,
    *,
    direction: Direction = "forward",
    max_depth: int = 10,
    lots: DataFrame | None = None,
    settle: Settle | None = None,
) -> DataFrame:
    """Turn edges into the trace of each lot: every lot that its material reached, or that it was made from.

    The trace is complete where `is_truncated` is false. Where a lot is met again it is not walked again: a cycle of
    rework ends, and the lot that comes back to itself has a row of its own with the length of the cycle.

    Columns in:  edges: `input_lot`, `output_lot`; lots: `lot_id`, those to be traced (default: every lot that moved).
    Columns out: `lot_id`, `reached_lot`, `depth` (int, the fewest steps, from 1), `path` (array<string>, from `lot_id`
                 to `reached_lot`: a shortest way, of several the first by name), `is_cycle` (the lot reached itself),
                 `is_truncated` (boolean: more lots lie beyond `max_depth` of this `lot_id`).
    Grain out:   one row per traced lot and other lot that it reached, and per lot that lies on a cycle.
    Nulls:       edges with a null lot are passed over; none come out.
    Cost:        `max_depth` + 1 joins with the edges, each with a shuffle of the lots reached so far; linear in
                 `max_depth`. Trace the lots of a recall, not all, where there are many. `settle` keeps each step.

    Raises:
        ColumnContractError: a column is missing.
        ConfigError: `max_depth` is below 1, or the direction is unknown.
    """
    _require_steps("to_lot_trace", max_depth=max_depth)
    if direction not in ("forward", "backward"):
        raise ConfigError("to_lot_trace", [f"direction is {direction!r}; known: forward, backward"])
    require_columns("to_lot_trace edges", edges, _ENDS)
    source, target = _ENDS if direction == "forward" else _ENDS[::-1]
    steps = _next_lots(edges, source, target)
    if settle:
        steps = settle(steps)
    reached = _first_steps(steps, lots)
    for depth in range(1, max_depth + 1):
        reached = _step(reached, steps, depth)
        if settle:
            reached = settle(reached)
    farthest = sf.max("depth").over(Window.partitionBy("lot_id"))
    told = reached.withColumn("is_truncated", farthest > max_depth).where(sf.col("depth") <= max_depth)
    is_cycle = sf.col("lot_id") == sf.col("reached_lot")
    return told.select("lot_id", "reached_lot", "depth", "path", is_cycle.alias("is_cycle"), "is_truncated")


def to_lot_blend(
    edges: DataFrame, *, max_steps: int = 16, lots: DataFrame | None = None, settle: Settle | None = None
) -> DataFrame:
    """Turn edges into the shares that each lot holds of the lots it was made from, cycles in their steady state.

    A lot is the mix of its inputs by quantity, and each of those likewise, down to lots without an input (`source`).
    With rework the shares are those of the steady state, found by walking back `max_steps` steps: what still
    circulates then stays where it is (`open`), and no share is further than `residual` from its limit. A lot whose
    inputs cannot be weighed against each other (no quantity, none above zero, or several units) is not walked
    through (`unweighed`). So the shares of a lot always add up to one.

    Columns in:  edges: as `to_lot_edges` returns them; lots: `lot_id`, those to be told (default: every output lot).
    Columns out: `lot_id`, `origin_lot`, `fraction` (double, 0 to 1), `origin_kind` (source, open, unweighed),
                 `residual` (double, 0 to 1: the part of `lot_id` whose origin is open).
    Grain out:   one row per lot and lot it holds a share of.
    Nulls:       edges with a null lot are passed over; none come out.
    Cost:        `max_steps` joins with the edges, each with a shuffle of the shares found so far. `settle` keeps
                 each step.

    Raises:
        ColumnContractError: a column is missing.
        ConfigError: `max_steps` is below 1.
    """
    _require_steps("to_lot_blend", max_steps=max_steps)
    require_columns("to_lot_blend edges", edges, [*_ENDS, "qty", "uom"])
    weights = settle(_weights(edges)) if settle else _weights(edges)
    walked = sf.col("kind").isNull()
    told = weights.select(sf.col("_lot").alias("lot_id")) if lots is None else lots.select("lot_id").distinct()
    shares = told.where(sf.col("lot_id").isNotNull()).select(
        "lot_id", sf.col("lot_id").alias("_at"), sf.lit(1.0).alias("_share")
    )
    for _ in range(max_steps):
        shares = _walk_back(shares, weights.where(walked))
        if settle:
            shares = settle(shares)
    kind = sf.when(sf.col("_lot").isNull(), "source").otherwise(sf.coalesce("kind", sf.lit("open")))
    ends = shares.join(weights.select("_lot", "kind"), sf.col("_at") == sf.col("_lot"), "left")
    named = ends.select(
        "lot_id", sf.col("_at").alias("origin_lot"), sf.col("_share").alias("fraction"), kind.alias("origin_kind")
    )
    opened = sf.when(sf.col("origin_kind") == "open", sf.col("fraction")).otherwise(0.0)
    by_name = (
        Window.partitionBy("lot_id")
        .orderBy("origin_lot")
        .rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    )
    return named.withColumn("residual", sf.sum(opened).over(by_name))


def total_qty(qty: Column) -> Column:
    """Return the sum of quantities, the same in any order; null where one of them is null, NaN or infinite."""
    known = finite_or_null(qty.cast("double"))
    ordered = sf.array_sort(sf.collect_list(known))
    total = sf.aggregate(ordered, sf.lit(0.0), lambda sum_, one: sum_ + one)
    is_known = sf.count(known) == sf.count(sf.lit(1))
    return sf.when(is_known, finite_or_null(total))


def _next_lots(edges: DataFrame, source: str, target: str) -> DataFrame:
    named = edges.select(sf.col(source).alias("_from"), sf.col(target).alias("_to"))
    pairs = named.where(sf.col("_from").isNotNull() & sf.col("_to").isNotNull())
    return pairs.groupBy("_from").agg(sf.collect_set("_to").alias("_next"))


def _first_steps(steps: DataFrame, lots: DataFrame | None) -> DataFrame:
    if lots is not None:
        require_columns("to_lot_trace lots", lots, ["lot_id"])
        steps = steps.join(lots.select(sf.col("lot_id").alias("_from")).distinct(), "_from")
    opened = steps.select(sf.col("_from").alias("lot_id"), sf.explode("_next").alias("reached_lot"))
    path = sf.array("lot_id", "reached_lot")
    return opened.select("lot_id", "reached_lot", sf.lit(1).alias("depth"), path.alias("path"))


def _step(reached: DataFrame, steps: DataFrame, depth: int) -> DataFrame:
    """Walk one step on from the lots first reached at `depth`, and keep each lot at its fewest steps.

    The lots reached so far travel through the same join, so that the plan grows by one join per step.
    """
    is_frontier = (sf.col("depth") == depth) & (sf.col("reached_lot") == sf.col("_from"))
    here = sf.struct("reached_lot", "depth", "path")
    there = sf.transform(
        sf.coalesce("_next", sf.array().cast("array<string>")),
        lambda lot: sf.struct(
            lot.alias("reached_lot"),
            sf.lit(depth + 1).alias("depth"),
            sf.concat(sf.col("path"), sf.array(lot)).alias("path"),
        ),
    )
    found = reached.join(steps, is_frontier, "left").select(
        "lot_id", sf.explode(sf.concat(sf.array(here), there)).alias("_found")
    )
    nearest = sf.min(sf.struct("_found.depth", "_found.path")).alias("_nearest")
    kept = found.groupBy("lot_id", sf.col("_found.reached_lot").alias("reached_lot")).agg(nearest)
    return kept.select("lot_id", "reached_lot", "_nearest.depth", "_nearest.path")


def _weights(edges: DataFrame) -> DataFrame:
    """Return per output lot the shares of its inputs; `kind` says why where it has none."""
    linked = edges.where(sf.col("input_lot").isNotNull() & sf.col("output_lot").isNotNull())
    inputs = linked.groupBy("output_lot", "input_lot").agg(
        total_qty(sf.col("qty")).alias("_qty"),
        sf.min("uom").alias("_first_uom"),
        sf.max("uom").alias("_last_uom"),
        sf.count("uom").alias("_told"),
        sf.count(sf.lit(1)).alias("_edges"),
        sf.min(sf.coalesce(sf.col("qty") >= 0, sf.lit(False))).alias("_is_positive"),
    )
    entry = sf.struct(sf.col("input_lot").alias("lot"), sf.col("_qty").alias("qty"))
    lots = inputs.groupBy(sf.col("output_lot").alias("_lot")).agg(
        total_qty(sf.col("_qty")).alias("_total"),
        sf.array_sort(sf.collect_list(entry)).alias("_inputs"),
        (sf.min("_is_positive") & (sf.min("_first_uom") == sf.max("_last_uom"))).alias("_is_one_unit"),
        (sf.sum("_told") == sf.sum("_edges")).alias("_is_told"),
    )
    is_weighed = sf.col("_is_told") & sf.col("_is_one_unit") & (sf.col("_total") > 0)
    kind = sf.when(sf.coalesce(is_weighed, sf.lit(False)), sf.lit(None)).otherwise(sf.lit("unweighed"))
    return lots.select("_lot", "_inputs", "_total", kind.cast("string").alias("kind"))


def _walk_back(shares: DataFrame, weights: DataFrame) -> DataFrame:
    """Replace each share by those of the inputs of the lot where it is; at a lot without any it stays."""
    stays = sf.array(sf.struct(sf.col("_at").alias("lot"), sf.col("_share").alias("share")))
    goes = sf.transform(
        "_inputs",
        lambda one: sf.struct(
            one["lot"].alias("lot"), (sf.col("_share") * one["qty"] / sf.col("_total")).alias("share")
        ),
    )
    moved = shares.join(weights, sf.col("_at") == sf.col("_lot"), "left")
    parts = moved.select("lot_id", sf.explode(sf.coalesce(goes, stays)).alias("_part"))
    added = total_qty(sf.col("_part.share"))
    totals = parts.where(sf.col("_part.share") > 0).groupBy("lot_id", sf.col("_part.lot").alias("_at"))
    return totals.agg(added.alias("_share"))


def _require_steps(where: str, **steps: int) -> None:
    problems = [f"{name} is {value}, it must be 1 or more" for name, value in steps.items() if value < 1]
    if problems:
        raise ConfigError(where, problems)
