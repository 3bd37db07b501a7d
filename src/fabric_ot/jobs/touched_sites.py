"""Which sites a run computes again: those of the assets that new batches, or time, have touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.jobs.touched_assets import Touched

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from fabric_ot.lakehouse import Lakehouse


@dataclass(frozen=True)
class TouchedSites:
    """Sites to compute again, and every asset that ever stood at one of them; None means all."""

    sites: tuple[str, ...] | None = ()
    assets: Touched = field(default_factory=Touched)

    @property
    def is_nothing(self) -> bool:
        """Whether no site needs computing."""
        return self.sites == ()

    @property
    def condition(self) -> Column | None:
        """The rows of a table with `site_id` that are computed again; None means all."""
        return None if self.sites is None else sf.col("site_id").isin(*self.sites)

    def rows_of(self, table: DataFrame) -> DataFrame:
        """Return the rows of `table`, which has `site_id`, that belong to the sites."""
        return table if self.condition is None else table.where(self.condition)


def sites_of(silver: Lakehouse, touched: Touched, completed: Sequence[str] = ()) -> TouchedSites:
    """Return the sites of `touched` and of the assets `completed`; an asset without a site belongs to site ''."""
    if touched.assets is None:
        return TouchedSites(None, Touched(None))
    wanted = {*touched.assets, *completed}
    if not wanted:
        return TouchedSites()
    rows = silver.read("plant.asset").select("asset_id", "site_id").distinct().collect()
    sites = {row.site_id for row in rows if row.asset_id in wanted} | {""}
    assets = wanted | {row.asset_id for row in rows if row.site_id in sites}
    return TouchedSites(tuple(sorted(sites)), Touched(tuple(sorted(assets))))
