"""Values as rules see them, and what only other rows can tell: whether a key repeats, whether a series falls."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf
from pyspark.sql.types import DoubleType, FloatType

from fabric_ot.contracts.rules import Monotonic, Unique, operands
from fabric_ot.quality.predicates import all_of


def rule_values(rows: DataFrame) -> dict[str, Column]:
    """Return the columns of `rows` as rules see them: NaN is null, minus zero is zero."""
    values = {}
    for field in rows.schema.fields:
        value = sf.col(f"`{field.name}`")
        is_floating = isinstance(field.dataType, DoubleType | FloatType)
        nothing = sf.lit(None).cast(field.dataType)
        values[field.name] = sf.nanvl(value, nothing) + sf.lit(0.0) if is_floating else value
    return values


def with_is_unique(rows: DataFrame, rule: Unique, *, flag: str) -> DataFrame:
    """Add whether no other row has the key of a row.

    Columns in:  the operands of `rule`.
    Columns out: those of `rows`, `flag` (boolean).
    Grain out:   that of `rows`.
    Nulls:       never in `flag`; rows with a null or NaN in the key count as rows of one key.
    Cost:        one shuffle by the key.
    """
    values = rule_values(rows)
    same_key = Window.partitionBy(*[values[name] for name in rule.columns])
    return rows.withColumn(flag, sf.count(sf.lit(1)).over(same_key) == 1)


def with_is_not_falling(rows: DataFrame, rule: Monotonic, *, flag: str) -> DataFrame:
    """Add whether a row is not below the highest value of the place before it, in its key.

    Rows of one place are judged alike, so that the order in which they came does not matter.

    Columns in:  the operands of `rule`.
    Columns out: those of `rows`, `flag` (boolean).
    Grain out:   that of `rows`.
    Nulls:       rows with a null or NaN operand are no predecessors; their flag means nothing.
    Cost:        one shuffle by the keys of `rule`, one sort by its places.
    """
    values = rule_values(rows)
    is_told = all_of([values[name].isNotNull() for name in operands(rule)])
    keys = [values[name] for name in rule.keys]
    places = [values[name] for name in rule.order_by]
    value = values[rule.column]
    in_order = Window.partitionBy(*keys).orderBy(*places, value)
    told_before = sf.last(sf.when(is_told, value), ignorenulls=True)
    at_row = told_before.over(in_order.rowsBetween(Window.unboundedPreceding, -1))
    at_place = Window.partitionBy(*keys, *places).orderBy(value)
    before = f"{flag}_before"
    marked = rows.withColumn(before, at_row).withColumn(before, sf.first(before).over(at_place))
    return marked.withColumn(flag, sf.col(before).isNull() | (value >= sf.col(before))).drop(before)
