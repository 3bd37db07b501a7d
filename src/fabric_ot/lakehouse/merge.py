"""What a merge would do, row by row, before anything is written: the actions and their counts.

A Delta MERGE rewrites every file that holds a matched row, changed or not, and commits even then. So the source is
compared with the target first; only rows that differ go into the MERGE, and no difference means no commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Literal

from pyspark.sql import Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

Keep = Literal["last_arrival", "source", "target"]

SOURCE_PREFIX = "_s_"
"""Source columns carry it, so that a plain name always means the target's column."""

ACTION = "_action"


@dataclass(frozen=True)
class MergeCounts:
    """Rows that a write inserted, updated and deleted."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    @property
    def changed(self) -> int:
        """All rows that the write touched.

        Example:
            >>> MergeCounts(inserted=2, deleted=1).changed
            3
        """
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True)
class MergePlan:
    """How a merge treats rows that match, and rows that do not."""

    keep: Keep
    order_by: tuple[str, ...] = ()
    delete_where: Column | None = None
    bound: Column | None = None
    is_unique: bool = False
    within: tuple[Column, ...] = ()
    is_whole_table: bool = False

    @property
    def conditions(self) -> tuple[Column, ...]:
        """What every source row must satisfy."""
        return self.within if self.bound is None else (*self.within, self.bound)

    @property
    def needs_key_check(self) -> bool:
        """Whether nothing else makes sure that a key comes once."""
        return not (self.is_unique or self.order_by)

    def one_per_key(self, rows: DataFrame, key: Sequence[str], *, where: str) -> DataFrame:
        """Keep one row per key: the last by `order_by`, or the first where the target is kept; one shuffle by the key.

        Raises:
            ContractError: the last arrival is wanted, and nothing orders arrivals.
        """
        if self.keep == "last_arrival" and not self.order_by:
            message = f"{where}: keep='last_arrival' needs order_by, the columns that order arrivals."
            raise ContractError(message)
        if self.is_unique or not self.order_by:
            return rows
        order = [sf.col(name).asc() if self.keep == "target" else sf.col(name).desc() for name in self.order_by]
        numbered = rows.withColumn("_n", sf.row_number().over(Window.partitionBy(*key).orderBy(*order)))
        return numbered.where(sf.col("_n") == 1).drop("_n")


def to_actions(source: DataFrame, target: DataFrame, key: Sequence[str], plan: MergePlan) -> DataFrame:
    """Return one row per change of the target: source columns with a prefix, and `_action` insert, update or delete.

    `source` and `target` have the contract's columns and unique keys without nulls. Cost: one join on the key.
    """
    known = target if plan.bound is None else target.where(plan.bound)
    prefixed = _prefix(source)
    if plan.keep == "target" and plan.delete_where is None:
        return prefixed.join(known.select(*key), _is_same(key), "left_anti").withColumn(ACTION, sf.lit("insert"))
    return _changes(prefixed, known, key, plan)


def count_actions(actions: DataFrame) -> MergeCounts:
    """Count the actions; the last job of a merge that changes nothing."""
    kinds = ("insert", "update", "delete")
    counts = [sf.count(sf.when(sf.col(ACTION) == kind, 1)).alias(kind) for kind in kinds]
    return MergeCounts(*actions.agg(*counts).collect()[0])


def to_inserted(actions: DataFrame) -> DataFrame:
    """Return the rows that actions insert, under their names in the table."""
    names = [name for name in actions.columns if name != ACTION]
    inserted = actions.where(sf.col(ACTION) == "insert")
    return inserted.select(*(sf.col(name).alias(name.removeprefix(SOURCE_PREFIX)) for name in names))


def apply_actions(
    spark: SparkSession,
    path: str,
    actions: DataFrame,
    key: Sequence[str],
    counts: MergeCounts,
    *,
    bound: Column | None = None,
) -> None:
    """Merge `actions` into the Delta table at `path`, with no more clauses than there are kinds of action."""
    from delta.tables import DeltaTable

    columns = [name.removeprefix(SOURCE_PREFIX) for name in actions.columns if name != ACTION]
    values: dict[str, str | Column] = {name: sf.col(SOURCE_PREFIX + name) for name in columns}
    condition = _is_same(key) if bound is None else _is_same(key) & bound
    merge = DeltaTable.forPath(spark, path).merge(actions, condition)
    if counts.deleted:
        merge = merge.whenMatchedDelete(condition=sf.col(ACTION) == "delete")
    if counts.updated:
        merge = merge.whenMatchedUpdate(condition=sf.col(ACTION) == "update", set=values)
    if counts.inserted:
        merge = merge.whenNotMatchedInsert(condition=sf.col(ACTION) == "insert", values=values)
    merge.execute()


def _changes(prefixed: DataFrame, target: DataFrame, key: Sequence[str], plan: MergePlan) -> DataFrame:
    names = plan.order_by if plan.keep == "last_arrival" else target.columns
    compared = [name for name in names if name not in key]
    goes = sf.lit(False) if plan.delete_where is None else plan.delete_where
    known = target.select(*key, *compared, sf.lit(True).alias("_is_known"), goes.alias("_goes"))
    joined = prefixed.join(known, _is_same(key), "left" if plan.delete_where is None else "full")
    is_new = sf.col("_is_known").isNull()
    is_gone = sf.col(SOURCE_PREFIX + key[0]).isNull()
    outcome = (
        sf.when(is_new, "insert")
        .when(is_gone, sf.when(sf.col("_goes"), "delete"))
        .when(_is_update(compared, plan.keep), "update")
    )
    keys = {SOURCE_PREFIX + name: sf.coalesce(SOURCE_PREFIX + name, name) for name in key}
    columns = [keys[name].alias(name) if name in keys else sf.col(name) for name in prefixed.columns]
    return joined.select(*columns, outcome.alias(ACTION)).where(sf.col(ACTION).isNotNull())


def _is_update(compared: Sequence[str], keep: Keep) -> Column:
    if keep == "target" or not compared:
        return sf.lit(False)
    if keep == "last_arrival":
        return sf.struct(*(sf.col(SOURCE_PREFIX + n).alias(n) for n in compared)) > sf.struct(*compared)
    return ~_equal(compared)


def _prefix(rows: DataFrame) -> DataFrame:
    return rows.select(*(sf.col(name).alias(SOURCE_PREFIX + name) for name in rows.columns))


def _is_same(key: Sequence[str]) -> Column:
    return reduce(lambda a, b: a & b, (sf.col(name) == sf.col(SOURCE_PREFIX + name) for name in key))


def _equal(names: Sequence[str]) -> Column:
    return reduce(lambda a, b: a & b, (sf.col(name).eqNullSafe(sf.col(SOURCE_PREFIX + name)) for name in names))
