"""Power factor of meters with registers of reactive energy: by window, and by local day and month as ratio of sums.

Lagging and leading energy are kept apart and never netted: a month that lags by day and leads by night has no factor
of 100 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.roles import REACTIVE_DIRECTIONS
from fabric_ot.transforms.energy.indicators import to_demand, with_power_factor
from fabric_ot.transforms.intervals import require_columns

_PAIR = ("active_tag_id", "direction", "tag_id")
_PLACE = ("tag_id", "asset_id", "site_id", "local_date", "start_utc", "end_utc")


def to_power_factor(demand: DataFrame, reactive: DataFrame, meters: DataFrame, *, window_s: int = 900) -> DataFrame:
    """Set the reactive energy of each meter's registers beside its active energy, window by window.

    Choice: a register belongs to the meter's own asset. A window counts where the meter and each of its registers
    cover it once and wholly (`is_whole`); elsewhere the energies are of different times and have no power factor.

    Columns in:  demand: as `to_meter_demand` returns them, with the same `window_s`; reactive:
                 `plant.reactive_interval`; meters: `plant.reactive_meter`.
    Columns out: those of `plant.power_factor`.
    Grain out:   one row per window of `demand` whose meter has a register.
    Nulls:       kvarh where the meter has no such register or it tells nothing; a power factor also where the window
                 is not whole, or neither energy flows.
    Cost:        one shuffle of partial sums of `reactive`, one by meter and window; `meters` are broadcast.

    Raises:
        ColumnContractError: a column is missing.
        ContractError: windows that do not divide a day.
    """
    require_columns("to_power_factor demand", demand, [*_PLACE, "energy_kwh", "coverage"])
    require_columns("to_power_factor reactive", reactive, ["tag_id", "asset_id", "reactive_kvarh"])
    require_columns("to_power_factor meters", meters, _PAIR)
    metered = demand.join(sf.broadcast(_registers(meters)), "tag_id")
    told = metered.join(_reactive_windows(reactive, meters, window_s), ["tag_id", "asset_id", "start_utc"], "left")
    is_whole = sf.col("coverage") == 1
    for direction in REACTIVE_DIRECTIONS:
        is_covered = sf.coalesce(sf.col(f"_{direction}_coverage") == 1, sf.lit(False))
        is_whole = is_whole & (~sf.col(f"_has_{direction}") | is_covered)
    return _with_factors(told.withColumn("is_whole", is_whole), where=sf.col("is_whole")).select(
        *_PLACE, "is_whole", "energy_kwh", *_reactive_columns()
    )


def rollup_power_factor(windows: DataFrame, *, by: Sequence[str]) -> DataFrame:
    """Add up active and reactive energy, and form the power factor of the sums: never a mean of ratios.

    Columns in:  `by`, and as `to_power_factor` returns them.
    Columns out: `by`, `energy_kwh`, `lagging_kvarh`, `leading_kvarh` (of the windows that are whole),
                 `lagging_power_factor_pct`, `leading_power_factor_pct`, `window_count`, `left_out_count` (long),
                 `left_out_kwh`: the energy of the windows that are not whole.
    Grain out:   one row per group; over several meters kvarh are added as numbers, as bills do.
    Nulls:       energies where no window is whole; the kvarh of a direction that one of the meters has no register
                 of; a power factor also where neither energy flows.
    Cost:        one shuffle of partial sums by `by`.

    Raises:
        ColumnContractError: a column is missing.
    """
    kvarh = [f"{direction}_kvarh" for direction in REACTIVE_DIRECTIONS]
    require_columns("rollup_power_factor", windows, [*by, "is_whole", "energy_kwh", *kvarh])
    whole = sf.col("is_whole")
    sums = windows.groupBy(*by).agg(
        sf.sum(sf.when(whole, sf.col("energy_kwh"))).alias("energy_kwh"),
        *[_known_sum(name, whole).alias(name) for name in kvarh],
        sf.count_if(whole).alias("window_count"),
        sf.count_if(~whole).alias("left_out_count"),
        sf.sum(sf.when(whole, sf.lit(0.0)).otherwise(sf.col("energy_kwh"))).alias("left_out_kwh"),
    )
    return _with_factors(sums, where=sf.lit(True)).select(
        *by, "energy_kwh", *_reactive_columns(), "window_count", "left_out_count", "left_out_kwh"
    )


def rollup_power_factor_periods(windows: DataFrame) -> DataFrame:
    """Form the power factor of each meter by local day and by local month.

    Columns in:  as `to_power_factor` returns them.
    Columns out: those of `plant.power_factor_period`.
    Grain out:   one row per meter, site, period (day, month) and its first local date.
    Nulls:       as `rollup_power_factor`.
    Cost:        one shuffle of partial sums.
    """
    require_columns("rollup_power_factor_periods", windows, ["local_date"])
    first_dates = {"day": sf.col("local_date"), "month": sf.trunc("local_date", "month")}
    periods = sf.array(
        *[sf.struct(sf.lit(period).alias("period"), date.alias("from_date")) for period, date in first_dates.items()]
    )
    each = windows.withColumn("_period", sf.explode(periods)).select(*windows.columns, "_period.*")
    return rollup_power_factor(each, by=["tag_id", "site_id", "period", "from_date"])


def to_unpaired_meters(meters: DataFrame, reactive: DataFrame, demand: DataFrame) -> DataFrame:
    """Tell the registers that come into no power factor, and why.

    Columns in:  as `to_power_factor`.
    Columns out: `tag_id` (of the register), `pair_problem` (not_declared: it tells reactive energy and is no row of
                 `meters`; register_silent: it is one and tells none; meter_not_on_asset: its meter tells no energy, or
                 tells that of another asset).
    Grain out:   one row per register with a problem.
    Cost:        one shuffle of each frame's distinct tags; all are broadcast.
    """
    require_columns("to_unpaired_meters meters", meters, _PAIR)
    require_columns("to_unpaired_meters reactive", reactive, ["tag_id", "asset_id"])
    require_columns("to_unpaired_meters demand", demand, ["tag_id", "asset_id"])
    registers = sf.broadcast(reactive.select("tag_id", "asset_id").distinct())
    active = sf.broadcast(demand.select(sf.col("tag_id").alias("active_tag_id"), "asset_id").distinct())
    placed = meters.select("active_tag_id", "tag_id").join(registers, "tag_id", "left")
    not_declared = registers.join(sf.broadcast(meters.select("tag_id")), "tag_id", "left_anti")
    not_met = placed.where(sf.col("asset_id").isNotNull()).join(active, ["active_tag_id", "asset_id"], "left_anti")
    found = [
        (not_declared, "not_declared"),
        (placed.where(sf.col("asset_id").isNull()), "register_silent"),
        (not_met, "meter_not_on_asset"),
    ]
    told = [rows.select("tag_id", sf.lit(problem).alias("pair_problem")) for rows, problem in found]
    return reduce(DataFrame.unionByName, told).distinct()


def _registers(meters: DataFrame) -> DataFrame:
    """Return which directions each active meter has a register of."""
    return meters.groupBy(sf.col("active_tag_id").alias("tag_id")).agg(
        *[sf.max(sf.col("direction") == direction).alias(f"_has_{direction}") for direction in REACTIVE_DIRECTIONS]
    )


def _reactive_windows(reactive: DataFrame, meters: DataFrame, window_s: int) -> DataFrame:
    """Return the reactive energy of each active meter and window, a column for each direction."""
    spans = reactive.withColumnRenamed("reactive_kvarh", "energy_kwh")
    windows = to_demand(spans, window_s=window_s, keys=("tag_id", "asset_id"))
    named = windows.join(sf.broadcast(meters.select(*_PAIR)), "tag_id")
    sums: list[Column] = []
    for direction in REACTIVE_DIRECTIONS:
        is_such = sf.col("direction") == direction
        sums.append(sf.max(sf.when(is_such, sf.col("energy_kwh"))).alias(f"{direction}_kvarh"))
        sums.append(sf.max(sf.when(is_such, sf.col("coverage"))).alias(f"_{direction}_coverage"))
    return named.groupBy(sf.col("active_tag_id").alias("tag_id"), "asset_id", "start_utc").agg(*sums)


def _with_factors(energy: DataFrame, *, where: Column) -> DataFrame:
    for direction in REACTIVE_DIRECTIONS:
        name = f"{direction}_power_factor_pct"
        energy = with_power_factor(energy, reactive=f"{direction}_kvarh", factor=name)
        energy = energy.withColumn(name, sf.when(where, sf.col(name)))
    return energy


def _known_sum(name: str, whole: Column) -> Column:
    """Return the sum over whole windows; null where one of them lacks it."""
    return sf.when(sf.count_if(whole & sf.col(name).isNull()) == 0, sf.sum(sf.when(whole, sf.col(name))))


def _reactive_columns() -> list[str]:
    return [f"{direction}_{what}" for what in ("kvarh", "power_factor_pct") for direction in REACTIVE_DIRECTIONS]
