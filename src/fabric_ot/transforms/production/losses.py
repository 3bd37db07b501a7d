"""The loss tree of OEE: planned busy time down to good time, exact to the microsecond at any roll-up.

planned busy = stops (each cause, and other) + production; production = speed loss + ideal run time;
ideal run time = quality loss + good time. Times are decimals of seconds with six places, so that sums are exact.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.roles import TIME_CATEGORIES
from fabric_ot.errors import ContractError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.numbers import require_numbers
from fabric_ot.transforms.production.kpis import known_sum

STOPS: tuple[str, ...] = ("unplanned_down_s", "unqualified_s")
"""The causes of stops that `plant.production` tells; what is left of PBT - APT is the other stops."""

_SECONDS = "decimal(20,6)"
_MOST_S = 1e12
_LEVELS = ("planned_busy_s", "production_s", "ideal_runtime_s", "ideal_good_runtime_s")
_LEVEL_LOSSES = ("other_stop_loss_s", "speed_loss_s", "quality_loss_s", "good_s")


def with_losses(facts: DataFrame, *, stops: Sequence[str] = STOPS) -> DataFrame:
    """Add the losses of each row; together with the good time they are its planned busy time.

    Choices: each time is rounded to the microsecond first, losses are differences of rounded times. Nothing is
    clamped: a machine that ran faster than its ideal cycle has a negative speed loss; other stops come out negative
    where more time is told as stopped than was planned less produced (planned minutes without a place, products that
    share a shift).

    Columns in:  `planned_busy_s`, `production_s`, `ideal_runtime_s`, `ideal_good_runtime_s` and `stops` (numbers,
                 seconds).
    Columns out: those of `facts`; per stop `<cause>_loss_s`; `other_stop_loss_s`, `speed_loss_s`, `quality_loss_s`,
                 `good_s` (decimal(20,6), seconds).
    Grain out:   that of `facts`.
    Nulls:       a loss is null where a time it is formed of is null, NaN or infinite.
    Cost:        no shuffle.

    Raises:
        ColumnContractError: a column is missing or not a number.
        ContractError: a stop that is named twice, is a level of the tree, or does not end in `_s`.
    """
    _check_stops("with_losses", facts, stops)
    busy, production, ideal, good = (_exact(name) for name in _LEVELS)
    named = {f"{stop.removesuffix('_s')}_loss_s": _exact(stop) for stop in stops}
    other = busy - production
    for lost in named.values():
        other = other - lost
    losses = {
        **named,
        "other_stop_loss_s": other,
        "speed_loss_s": production - ideal,
        "quality_loss_s": ideal - good,
        "good_s": good,
    }
    return facts.withColumns({name: lost.cast(_SECONDS) for name, lost in losses.items()})


def rollup_losses(facts: DataFrame, *, by: Sequence[str], stops: Sequence[str] = STOPS) -> DataFrame:
    """Add up planned busy time and its losses by any dimension; they still add up exactly.

    Columns in:  `by`, and as `with_losses`.
    Columns out: `by`, `planned_busy_s`, per stop `<cause>_loss_s`, `other_stop_loss_s`, `speed_loss_s`,
                 `quality_loss_s`, `good_s` (decimal, seconds).
    Grain out:   one row per group; without `by`, one row in all.
    Nulls:       one unknown part makes the sum of its group unknown.
    Cost:        one shuffle of partial sums by `by`.

    Raises:
        ColumnContractError, ContractError: as `with_losses`.
    """
    require_columns("rollup_losses", facts, by)
    lost = with_losses(facts, stops=stops).withColumn("planned_busy_s", _exact("planned_busy_s"))
    names = ("planned_busy_s", *(f"{stop.removesuffix('_s')}_loss_s" for stop in stops), *_LEVEL_LOSSES)
    return lost.groupBy(*by).agg(*[known_sum(name) for name in names])


def to_loss_tree(facts: DataFrame, *, by: Sequence[str], stops: Sequence[str] = STOPS) -> DataFrame:
    """Turn facts into the nodes of a loss tree per group: what a waterfall chart shows.

    Columns in:  `by`, and as `with_losses`.
    Columns out: `by`, `position` (int, from 1, top to bottom), `node`, `parent` (string; null for the root),
                 `is_leaf`, `duration_s` (decimal, seconds), `share` (double, of planned busy time).
    Grain out:   one row per group and node; the leaves add up to the root, children to their parent, exactly.
    Nulls:       `share` is null where planned busy time is 0.
    Cost:        one shuffle of partial sums by `by`.

    Raises:
        ColumnContractError, ContractError: as `with_losses`.
    """
    sums = rollup_losses(facts, by=by, stops=stops)
    tree = _nodes(stops)
    parents = {parent for _, parent, _ in tree}
    rows = [
        sf.struct(
            sf.lit(position).alias("position"),
            sf.lit(node).alias("node"),
            sf.lit(parent).cast("string").alias("parent"),
            sf.lit(node not in parents).alias("is_leaf"),
            _total(parts).cast("decimal(38,6)").alias("duration_s"),
        )
        for position, (node, parent, parts) in enumerate(tree, start=1)
    ]
    nodes = sums.select(*by, "planned_busy_s", sf.explode(sf.array(*rows)).alias("_node"))
    share = sf.try_divide(sf.col("_node.duration_s").cast("double"), sf.col("planned_busy_s").cast("double"))
    return nodes.select(*by, "_node.*", share.alias("share"))


def rollup_stop_times(state_time: DataFrame, *, by: Sequence[str]) -> DataFrame:
    """Add up each stop category outside planned stops: more causes for the loss tree.

    Columns in:  `by`, `time_category`, `duration_s`, `planned_stop_s` (`plant.state_time`).
    Columns out: `by`, `setup_s`, `idle_s`, `unplanned_down_s`, `planned_down_s`, `unqualified_s` (double, seconds).
    Grain out:   one row per group.
    Nulls:       none come out; a category that did not occur lasted 0.
    Cost:        one shuffle of partial sums by `by`.

    Raises:
        ColumnContractError: a column is missing or not a number.
    """
    require_columns("rollup_stop_times", state_time, [*by, "time_category"])
    require_numbers("rollup_stop_times", state_time, ["duration_s", "planned_stop_s"])
    lasted = sf.col("duration_s") - sf.col("planned_stop_s")
    categories = [category for category in TIME_CATEGORIES if category != "production"]
    return state_time.groupBy(*by).agg(
        *[sf.sum(sf.when(sf.col("time_category") == c, lasted).otherwise(0.0)).alias(f"{c}_s") for c in categories]
    )


def _nodes(stops: Sequence[str]) -> list[tuple[str, str | None, list[str]]]:
    """Name each node, its parent, and the losses it consists of."""
    stopped = [f"{stop.removesuffix('_s')}_loss_s" for stop in stops]
    below_ideal = ["quality_loss_s", "good_s"]
    return [
        ("planned_busy", None, ["planned_busy_s"]),
        ("availability_loss", "planned_busy", [*stopped, "other_stop_loss_s"]),
        *[(name.removesuffix("_s"), "availability_loss", [name]) for name in (*stopped, "other_stop_loss_s")],
        ("production", "planned_busy", ["speed_loss_s", *below_ideal]),
        ("speed_loss", "production", ["speed_loss_s"]),
        ("ideal_runtime", "production", below_ideal),
        ("quality_loss", "ideal_runtime", ["quality_loss_s"]),
        ("good", "ideal_runtime", ["good_s"]),
    ]


def _total(names: Sequence[str]) -> Column:
    total = sf.col(names[0])
    for name in names[1:]:
        total = total + sf.col(name)
    return total


def _exact(name: str) -> Column:
    """Return seconds as a decimal; null where the number is not finite (a cast of it would raise)."""
    return sf.when(sf.abs(sf.col(name).cast("double")) < sf.lit(_MOST_S), sf.col(name).cast(_SECONDS))


def _check_stops(where: str, facts: DataFrame, stops: Sequence[str]) -> None:
    require_numbers(where, facts, [*_LEVELS, *stops])
    wrong = [stop for stop in stops if stop in _LEVELS or not stop.endswith("_s") or list(stops).count(stop) > 1]
    if wrong:
        message = f"{where}: not usable as stops: {wrong}\nHint: distinct columns of seconds that end in _s"
        raise ContractError(message)
