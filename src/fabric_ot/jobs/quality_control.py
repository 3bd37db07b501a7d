"""Statistical process control: from samples to points with frozen limits, fired rules and capability."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.contracts.silver_quality import SPC_POINT as SPC_POINT_TABLE
from fabric_ot.jobs.chart_suffix import SPC_POINT, find_suffix
from fabric_ot.jobs.progress import finish_batches, pending_batches
from fabric_ot.jobs.quality_context import write_quality_context
from fabric_ot.jobs.report import JobReport
from fabric_ot.jobs.touched_assets import has_reference_rows
from fabric_ot.transforms.intervals import utc_literal
from fabric_ot.transforms.spc.capability import rollup_charted_capability
from fabric_ot.transforms.spc.charts import MEASURED_KINDS, is_chartable, to_chart_points, with_chart_rules
from fabric_ot.transforms.spc.limits import join_limits, to_limits

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fabric_ot.lakehouse import Lakehouse

STEP = "quality_control"
_VERSION = ("chart_id", "limit_version")
_POINT_NAMES = SPC_POINT_TABLE.column_names
_WINDOW = ("valid_from_utc", "baseline_start_utc", "baseline_end_utc")


def run_quality_control(
    silver: Lakehouse, *, as_of_utc: dt.datetime, min_points: int = 20, min_samples: int = 30
) -> JobReport:
    """Chart the samples anew when reference rows have come, or a declared baseline is over that has no limits yet.

    Points are formed of all samples, which are few. Rules look at points again only from the first one of a chart on
    that is new, gone or changed: what lies before a late sample stands. Limits are not computed again: a version is
    frozen once its baseline is over and has enough points, whatever comes later. The report counts the points that
    were judged again (`reevaluated`). A table that comes out as it is stays untouched.

    Samples of charts that declare tags are seen with the process as of each, anew from the earliest new reading on.

    Args:
        silver: the silver lakehouse.
        as_of_utc: the run's clock; baselines that end later have no limits yet.
        min_points: points that a baseline needs.
        min_samples: samples that a capability needs.
    """
    references = silver.read("plant.progress").where(sf.col("step") == "reference")
    batches = pending_batches(references, silver, step=STEP)
    counts = {"batches": len(batches)}
    notes: tuple[str, ...] = ()
    if has_reference_rows(silver, batches) or not _undefined(silver, as_of_utc, is_new=True).isEmpty():
        charts = silver.read("plant.control_chart")
        joined = silver.read("plant.quality_sample").join(sf.broadcast(charts), "chart_id")
        with silver.staged(joined) as samples:
            kinds, notes = _kinds_of(samples)
            if kinds:
                counts |= _write_charts(silver, samples, kinds, as_of_utc=as_of_utc, minima=(min_points, min_samples))
        notes += _findings(silver)
    counts |= write_quality_context(silver, as_of_utc=as_of_utc)
    silver.create("plant.spc_point")  # gold reads it by shortcut, also where nothing is charted
    finish_batches(silver, batches, step=STEP, as_of_utc=as_of_utc)
    return JobReport(STEP, counts, notes)


def _kinds_of(samples: DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the kinds of chart that have samples, and what to tell of samples that no chart can take."""
    unfit = sf.count_if(~is_chartable()).alias("unfit")
    rows = sorted(samples.groupBy("chart_kind").agg(unfit).collect())
    notes = [
        f"{r.unfit} sample(s) lack what a chart of kind {r.chart_kind} needs: passed over" for r in rows if r.unfit
    ]
    return tuple(row.chart_kind for row in rows), tuple(notes)


def _write_charts(
    silver: Lakehouse, samples: DataFrame, kinds: Sequence[str], *, as_of_utc: dt.datetime, minima: tuple[int, int]
) -> dict[str, int]:
    charts = silver.read("plant.control_chart")
    with silver.staged(to_chart_points(samples, kinds=kinds)) as points:
        declared = _undefined(silver, as_of_utc, is_new=False)
        found = to_limits(points, declared, min_points=minima[0])
        frozen_at = sf.when(sf.col("center").isNotNull(), utc_literal(as_of_utc))
        limits = silver.merge("plant.control_limit", found.withColumn("frozen_at_utc", frozen_at))
        of_asset = sf.broadcast(charts.select("chart_id", "asset_id"))
        # planned in two steps: the limits' expressions are long, and the rules read them again and again
        placed = silver.settled(join_limits(points, silver.read("plant.control_limit")).join(of_asset, "chart_id"))
        suffix = find_suffix(silver, placed)
        judged = silver.settled(_judged(placed.where(suffix.is_read)).where(suffix.is_judged))
        whole = suffix.stands(silver).unionByName(judged.select(*_POINT_NAMES))
        specs = charts.where(sf.col("chart_kind").isin(*MEASURED_KINDS))
        capability = rollup_charted_capability(samples, points, specs, min_samples=minima[1])
        signals = whole.groupBy("chart_id", "asset_id").agg(sf.count_if("is_signal").alias("signal_count"))
        told = capability.join(sf.broadcast(signals), "chart_id")
        written = {"control_limit": limits.changed}
        written["spc_point"] = silver.replace(SPC_POINT, judged, where=suffix.replaced).changed
        written["process_capability"] = silver.replace("plant.process_capability", told).changed
        return written if suffix.is_all else written | {"reevaluated": judged.count()}


def _judged(placed: DataFrame) -> DataFrame:
    judged = with_chart_rules(placed)
    is_signal = sf.coalesce(sf.size("rules_fired") > 0, sf.lit(False))  # a point that was not judged is none
    return judged.withColumns({"is_signal": is_signal, "rules_fired": sf.array_join("rules_fired", ", ")})


def _undefined(silver: Lakehouse, as_of_utc: dt.datetime, *, is_new: bool) -> DataFrame:
    """Return the baselines that are over and whose limits are not frozen; `is_new`: that were not even tried."""
    tried = silver.read("plant.control_limit")
    known = tried if is_new else tried.where(sf.col("frozen_at_utc").isNotNull())
    over = silver.read("plant.control_baseline").where(sf.col("baseline_end_utc") <= utc_literal(as_of_utc))
    return over.join(known.select(*_VERSION), list(_VERSION), "left_anti")


def _findings(silver: Lakehouse) -> tuple[str, ...]:
    """Return what a person should know about the limits: those that are missing, and those that were declared anew."""
    frozen = silver.read("plant.control_limit").where(sf.col("frozen_at_utc").isNotNull())
    stored = frozen.select(*_VERSION, sf.struct(*_WINDOW).alias("_frozen"))
    declared = silver.read("plant.control_baseline").join(stored, list(_VERSION), "left")
    is_other = sf.col("_frozen").isNotNull() & (sf.col("_frozen") != sf.struct(*_WINDOW))
    found = declared.select(
        sf.count_if(sf.col("_frozen").isNull()).alias("pending"), sf.count_if(is_other).alias("other")
    ).collect()[0]
    texts = {
        "pending": "baseline(s) without limits: not over yet, too few points, or no spread",
        "other": "baseline(s) declared anew after their limits were frozen: give them a limit_version of their own",
    }
    return tuple(f"{found[name]} {text}" for name, text in texts.items() if found[name])
