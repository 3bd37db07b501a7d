"""The additive inputs of the KPIs by asset and production date, from what the plant's tables tell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.production.kpis import KPIS, known_sum, with_kpis
from fabric_ot.transforms.production.losses import rollup_stop_times

ASSET_DAY: tuple[str, ...] = ("asset_id", "site_id", "production_date")
STOP_CAUSES: tuple[str, ...] = ("setup_s", "idle_s", "unplanned_down_s", "planned_down_s", "unqualified_s")
"""The causes of stops that the states tell; the rest of planned busy time less production is other_stop."""

_PRODUCTION = (
    "planned_busy_s", "production_s", "ideal_runtime_s", "ideal_good_runtime_s", "produced_qty", "good_qty",
    "scrap_qty", "rework_qty",
)  # fmt: skip


def to_shift_facts(production: DataFrame, state_time: DataFrame) -> DataFrame:
    """Bring products together per asset and shift instance, and add how long it stood still for which cause.

    Columns in:  production: `plant.production`; state_time: `plant.state_time`.
    Columns out: `asset_id`, `site_id`, `shift_id`, `production_date`, the times and quantities of production,
                 `capacity_qty` (planned busy time / the ideal cycle of what was made), `STOP_CAUSES` (seconds outside
                 planned stops).
    Grain out:   one row per asset and shift instance with facts.
    Nulls:       `capacity_qty` where nothing was made, or the ideal cycle of something is not known.
    Cost:        one shuffle of partial sums per frame and a join of the sums.
    """
    keys = ["asset_id", "site_id", "shift_id", "production_date"]
    require_columns("to_shift_facts production", production, [*keys, *_PRODUCTION])
    units = sf.try_divide(sf.col("planned_busy_s") * sf.col("produced_qty"), sf.col("ideal_runtime_s"))
    made = production.withColumn("capacity_qty", units).groupBy(*keys)
    sums = made.agg(*[sf.sum(name).alias(name) for name in _PRODUCTION], known_sum("capacity_qty"))
    return sums.join(rollup_stop_times(state_time, by=keys), keys, "left").fillna(0.0, list(STOP_CAUSES))


def to_day_facts(
    shift_facts: DataFrame, sites: DataFrame, more: Sequence[DataFrame] = (), *, items_per_asset: int = 0
) -> DataFrame:
    """Add up shifts by production date and name the inputs of the KPIs.

    Choices, in the standard's symbols: AUST is set-up; ADET is unplanned downtime and idling; AUPT = APT + AUST;
    AUBT = AUPT + ADET; all outside planned stops. Operating time is APT; each asset carries `items_per_asset` items
    that are replaced, not repaired, and they operate while it does. Calendar time is the local day of the production
    date, an hour short or long where the clock is changed. Rework is what `more` tells of it: no counter does.

    Columns in:  shift_facts: as `to_shift_facts` returns them; sites: `plant.site`; more: `asset_id`,
                 `production_date` and additive inputs of `KPIS`, one row per both.
    Columns out: `ASSET_DAY`, sums of `shift_facts`, `unit_delay_s`, `unit_processing_s`, `unit_busy_s`, `operating_s`,
                 `item_operating_s`, `calendar_s`, those of `more`.
    Grain out:   one row per asset and production date.
    Nulls:       `capacity_qty`; those of `more` where it has no row.
    Cost:        one shuffle of partial sums, a join per frame of `more`; sites are broadcast.
    """
    told = {name for frame in more for name in frame.columns}
    names = [name for name in (*_PRODUCTION, "capacity_qty", *STOP_CAUSES) if name not in told]
    sums = shift_facts.groupBy(*ASSET_DAY).agg(*[known_sum(name) for name in names])
    delay = sf.col("unplanned_down_s") + sf.col("idle_s")
    processing = sf.col("production_s") + sf.col("setup_s")
    first, last = (_local_midnight(day) for day in (sf.col("production_date"), sf.date_add("production_date", 1)))
    zoned = sums.join(sf.broadcast(sites.select("site_id", "time_zone")), "site_id")
    timed = zoned.withColumns(
        {
            "unit_delay_s": delay,
            "unit_processing_s": processing,
            "unit_busy_s": processing + delay,
            "operating_s": sf.col("production_s"),
            "item_operating_s": sf.col("production_s") * sf.lit(items_per_asset),
            "calendar_s": (sf.unix_seconds(last) - sf.unix_seconds(first)).cast("double"),
        }
    ).drop("time_zone")
    return reduce(lambda facts, frame: facts.join(frame, ["asset_id", "production_date"], "left"), more, timed)


def to_energy_facts(energy_state: DataFrame) -> DataFrame:
    """Add up the energy of shifts with facts: `converted_energy_kwh` of electricity, whose coefficient is 1.

    Columns in:  `plant.energy_state`.
    Columns out: `asset_id`, `production_date`, `converted_energy_kwh`, `own_energy_kwh` (0).
    Grain out:   one row per asset and production date with energy in a shift that is over.
    Cost:        one shuffle of partial sums.
    """
    over = energy_state.where(sf.col("good_qty").isNotNull())
    return over.groupBy("asset_id", "production_date").agg(
        sf.sum("energy_kwh").alias("converted_energy_kwh"), sf.lit(0.0).alias("own_energy_kwh")
    )


def to_kpis(day_facts: DataFrame) -> DataFrame:
    """Form every KPI whose inputs there are, one row each.

    Columns in:  as `to_day_facts` returns them.
    Columns out: `ASSET_DAY`, `kpi`, `subject` (''), `unit`, `value`.
    Grain out:   one row per asset, production date and KPI with inputs.
    Nulls:       `value` where the KPI is undefined.
    Cost:        no shuffle.
    """
    require_columns("to_kpis", day_facts, ASSET_DAY)
    formed = [kpi for kpi in KPIS.values() if set(kpi.inputs) <= set(day_facts.columns)]
    wide = with_kpis(day_facts, kpis=[kpi.name for kpi in formed])
    long = [
        sf.struct(
            sf.lit(k.name).alias("kpi"),
            sf.lit("").alias("subject"),
            sf.lit(k.unit).alias("unit"),
            sf.col(k.name).alias("value"),
        )
        for k in formed
    ]
    return wide.select(*ASSET_DAY, sf.explode(sf.array(*long)).alias("_kpi")).select(*ASSET_DAY, "_kpi.*")


def _local_midnight(day: Column) -> Column:
    wall = sf.timestamp_seconds(sf.unix_date(day).cast("long") * 86_400)
    return sf.to_utc_timestamp(wall, sf.col("time_zone"))
