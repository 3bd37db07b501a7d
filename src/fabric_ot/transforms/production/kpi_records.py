"""Inputs of the KPIs from records: order executions, attendance, maintenance, failures, material, capability.

A record that tells its production date is taken at its word. One that tells an instant belongs to the shift that it
falls into; outside the shifts with facts it belongs to no production date.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.calendar.shifts import INSTANCE_KEY
from fabric_ot.transforms.intervals import elapsed_us, join_covering, require_columns
from fabric_ot.transforms.production.kpis import KPIS
from fabric_ot.transforms.states.segments import ASSET_SHIFT_KEY

ASSET_DATE: tuple[str, ...] = ("asset_id", "production_date")
EXECUTION_INPUTS: tuple[str, ...] = (
    "planned_scrap_qty", "rework_qty", "inspected_qty", "first_pass_good_qty", "integrated_good_qty",
    "production_loss_qty", "storage_transport_loss_qty", "other_loss_qty",
)  # fmt: skip
"""Inputs of KPIs that an order execution tells as they stand."""

_CAPABILITIES = {"cm": "pp", "cmk": "ppk", "cp": "cp", "cpk": "cpk"}


def to_asset_windows(shift_facts: DataFrame, instances: DataFrame) -> DataFrame:
    """Return when the shifts with facts began and ended.

    Columns in:  shift_facts: `ASSET_SHIFT_KEY`; instances: `plant.shift_instance`.
    Columns out: `ASSET_SHIFT_KEY`, `start_utc`, `end_utc`.
    Grain out:   one row per asset and shift instance with facts.
    Cost:        instances are broadcast; no shuffle.
    """
    bounds = instances.select(*INSTANCE_KEY, "start_utc", "end_utc")
    return shift_facts.select(*ASSET_SHIFT_KEY).join(sf.broadcast(bounds), list(INSTANCE_KEY))


def to_execution_inputs(executions: DataFrame) -> DataFrame:
    """Name what order executions tell: AOET, the quantities, and what the first operation of the order made.

    The quantity of an order's first operation counts once at each later operation: what several executions of one
    operation share of it is in proportion to what they made, so that it adds up over dates and assets.

    Columns in:  `plant.order_execution`.
    Columns out: `ASSET_DATE`, `order_execution_s`, `first_operation_qty`, `EXECUTION_INPUTS`.
    Grain out:   that of `executions`.
    Nulls:       `first_operation_qty` where no execution of the operation made anything.
    Cost:        one shuffle by `order_id`.
    """
    of_order = Window.partitionBy("order_id")
    first_no = sf.min("operation_no").over(of_order)
    numbered = executions.withColumn("_first_no", first_no)
    is_first = sf.col("operation_no") == sf.col("_first_no")
    first_qty = sf.sum(sf.when(is_first, sf.col("produced_qty")).otherwise(0.0)).over(of_order)
    of_operation = sf.sum("produced_qty").over(Window.partitionBy("order_id", "operation_no"))
    return numbered.select(
        *ASSET_DATE,
        (elapsed_us(sf.col("start_utc"), sf.col("end_utc")) / 1e6).alias("order_execution_s"),
        sf.try_divide(first_qty * sf.col("produced_qty"), of_operation).alias("first_operation_qty"),
        *EXECUTION_INPUTS,
    )


def to_personnel_inputs(personnel_time: DataFrame) -> DataFrame:
    """Name attendance and work (`plant.personnel_time`) as inputs of KPIs, one row each; no shuffle."""
    return personnel_time.select(
        *ASSET_DATE,
        sf.col("work_s").alias("personnel_work_s"),
        sf.col("attendance_s").alias("personnel_attendance_s"),
    )


def to_maintenance_inputs(orders: DataFrame, failures: DataFrame, *, items: Sequence[str] = ()) -> DataFrame:
    """Turn finished maintenance work and failures into inputs of KPIs at the instants when they began.

    Work counts whole where it started (CMT, PMT), a failure with its whole restoration where it began; one that is
    still open is a failure, but none that was restored. Each order of a failure that names one of `items` tells of
    an item that failed.

    Columns in:  orders: `plant.maintenance_order`; failures: `plant.failure`; items: components that are replaced,
                 not repaired.
    Columns out: `asset_id`, `at_utc`, `corrective_maintenance_s`, `preventive_maintenance_s`; or `failure_count`,
                 `restored_count`, `restoration_s`, `failed_item_count`, the others null.
    Grain out:   one row per finished order, and per failure and order of it.
    Cost:        no shuffle.
    """
    work_s = elapsed_us(sf.col("started_utc"), sf.col("finished_utc")) / 1e6
    work = orders.where(sf.col("started_utc").isNotNull() & sf.col("finished_utc").isNotNull()).select(
        "asset_id",
        sf.col("started_utc").alias("at_utc"),
        _where(sf.col("order_type") == "corrective", work_s).alias("corrective_maintenance_s"),
        _where(sf.col("order_type") == "preventive", work_s).alias("preventive_maintenance_s"),
    )
    is_first = sf.coalesce(sf.col("order_rank"), sf.lit(1)) == 1
    is_restored = is_first & ~sf.col("is_open")
    is_item = sf.coalesce(sf.col("component").isin(*items), sf.lit(False))
    failed = failures.where(sf.col("failure_start_utc").isNotNull()).select(
        "asset_id",
        sf.col("failure_start_utc").alias("at_utc"),
        _where(is_first, sf.lit(1.0)).alias("failure_count"),
        _where(is_restored, sf.lit(1.0)).alias("restored_count"),
        _where(is_restored, sf.col("failure_s")).alias("restoration_s"),
        _where(is_item, sf.lit(1.0)).alias("failed_item_count"),
    )
    return work.unionByName(failed, allowMissingColumns=True)


def rollup_record_inputs(events: Sequence[DataFrame], dated: Sequence[DataFrame], windows: DataFrame) -> DataFrame:
    """Give instants their production date, and add up all inputs of KPIs that records tell.

    Columns in:  events: `asset_id`, `at_utc` and inputs; dated: `ASSET_DATE` and inputs; windows: as
                 `to_asset_windows` returns them.
    Columns out: `ASSET_DATE`, every input that a frame has.
    Grain out:   one row per asset and production date with a record.
    Nulls:       an input of which nothing is told.
    Cost:        windows are broadcast; one shuffle of partial sums.
    """
    shifts = windows.select("asset_id", "start_utc", "end_utc", "production_date")
    placed = join_covering(_together(events), shifts, on=["asset_id"], at="at_utc").drop("at_utc")
    told = _together([placed.where(sf.col("production_date").isNotNull()), *dated])
    inputs = [name for name in told.columns if name not in ASSET_DATE]
    return told.groupBy(*ASSET_DATE).agg(*[sf.sum(name).alias(name) for name in inputs])


def to_capability_kpis(capability: DataFrame, samples: DataFrame, windows: DataFrame) -> DataFrame:
    """Turn the capability of each chart into KPIs, dated by the last shift with facts that has a sample of it.

    A capability is no sum and speaks of all samples of its chart: Cm and Cmk with their overall spread (Pp, Ppk),
    Cp and Cpk with the spread within subgroups.

    Columns in:  capability: `plant.process_capability`; samples: `plant.quality_sample`; windows: as
                 `to_asset_windows` returns them.
    Columns out: `asset_id`, `site_id`, `production_date`, `kpi`, `subject` (the chart), `unit`, `value`.
    Grain out:   four rows per chart with a sample in a shift with facts.
    Nulls:       `value`; the reason is `undefined_reason` of the chart in `plant.process_capability`.
    Cost:        capability and windows are broadcast; one shuffle of the last dates.
    """
    require_columns("to_capability_kpis capability", capability, ["chart_id", "asset_id", *_CAPABILITIES.values()])
    measured = samples.where(sf.col("value_double").isNotNull()).select("chart_id", "event_time_utc")
    of_charts = measured.join(sf.broadcast(capability), "chart_id")
    shifts = windows.select("asset_id", "start_utc", "end_utc", "site_id", "production_date")
    placed = join_covering(of_charts, shifts, on=["asset_id"], at="event_time_utc")
    values = list(dict.fromkeys(_CAPABILITIES.values()))
    last = placed.where(sf.col("production_date").isNotNull()).groupBy("chart_id", "asset_id").agg(
        sf.max(sf.struct("production_date", "site_id")).alias("_on"), *[sf.first(name).alias(name) for name in values]
    )  # fmt: skip
    told = [_kpi(name, sf.col("chart_id"), sf.col(column)) for name, column in _CAPABILITIES.items()]
    rows = last.select("asset_id", "_on.site_id", "_on.production_date", sf.explode(sf.array(*told)).alias("_kpi"))
    return rows.select("asset_id", "site_id", "production_date", "_kpi.*")


def _kpi(name: str, subject: Column, value: Column) -> Column:
    kpi, unit = sf.lit(name).alias("kpi"), sf.lit(KPIS[name].unit).alias("unit")
    return sf.struct(kpi, subject.alias("subject"), unit, value.alias("value"))


def _where(condition: Column, value: Column) -> Column:
    return sf.when(condition, value).otherwise(sf.lit(0.0))


def _together(frames: Sequence[DataFrame]) -> DataFrame:
    return reduce(lambda all_, more: all_.unionByName(more, allowMissingColumns=True), frames)
