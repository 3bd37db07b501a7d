"""Which points of control charts must be judged again: the suffix of each chart from its first change on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.transforms.spc.reevaluation import to_changed_points, to_reevaluations

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Row

    from fabric_ot.lakehouse import Lakehouse

SPC_POINT = "plant.spc_point"


@dataclass(frozen=True)
class ChartSuffix:
    """What to read and what to judge and write; `is_all` where nothing was judged before."""

    is_read: Column
    is_judged: Column
    is_all: bool = False

    @property
    def replaced(self) -> Column | None:
        """The rows of the table that the judged points replace; None for all of them."""
        return None if self.is_all else self.is_judged

    def stands(self, silver: Lakehouse) -> DataFrame:
        """Return the points that were judged before and need not be judged again."""
        return silver.read(SPC_POINT).where(~self.is_judged)


def find_suffix(silver: Lakehouse, placed: DataFrame) -> ChartSuffix:
    """Compare points that have their limits with those judged before: what to judge from the first change on.

    `placed` has the columns of `join_limits` and `asset_id`.
    """
    judged = silver.read(SPC_POINT)
    if judged.isEmpty():
        return ChartSuffix(sf.lit(True), sf.lit(True), is_all=True)
    changed = to_changed_points(placed, judged, also=("asset_id",))
    found = to_reevaluations(judged, changed).collect()
    return ChartSuffix(_since(found, "read_from_utc"), _since(found, "evaluate_from_utc"))


def _since(found: Sequence[Row], name: str) -> Column:
    parts = [(sf.col("chart_id") == row.chart_id) & (sf.col("event_time_utc") >= sf.lit(row[name])) for row in found]
    return reduce(lambda a, b: a | b, parts, sf.lit(False))
