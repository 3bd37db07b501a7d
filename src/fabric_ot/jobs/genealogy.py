"""Genealogy: from movements of lots to traces in both directions, shares of origin and mass balances."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.jobs.progress import finish_batches, pending_batches
from fabric_ot.jobs.report import JobReport, changed_rows
from fabric_ot.jobs.touched_assets import has_reference_rows
from fabric_ot.lakehouse import do_together
from fabric_ot.transforms.genealogy.lots import Direction, to_lot_blend, to_lot_edges, to_lot_trace
from fabric_ot.transforms.genealogy.mass_balance import to_mass_balance

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fabric_ot.lakehouse import Lakehouse

STEP = "genealogy"


def run_genealogy(
    silver: Lakehouse,
    *,
    as_of_utc: dt.datetime,
    max_depth: int = 6,
    max_steps: int = 8,
    tolerance_fraction: float = 0.005,
) -> JobReport:
    """Trace all lots anew when reference rows have come: one movement may join what was apart.

    A table that comes out as it is stays untouched. Where a trace or a blend goes on beyond the steps of the run, the
    rows say so (`is_truncated`, `residual`), and so does the report.

    Args:
        silver: the silver lakehouse.
        as_of_utc: the run's clock.
        max_depth: steps that a trace goes, from a lot to what was made of it.
        max_steps: steps that a blend is walked back; a cycle of rework takes two or more each time round.
        tolerance_fraction: of what came into a lot, what may be missing of it.
    """
    references = silver.read("plant.progress").where(sf.col("step") == "reference")
    batches = pending_batches(references, silver, step=STEP)
    counts = {"batches": len(batches)}
    notes: tuple[str, ...] = ()
    movements = silver.read("plant.lot_movement")
    if has_reference_rows(silver, batches) and not movements.isEmpty():
        stocks = silver.read("plant.lot_stock")
        balance = to_mass_balance(movements, stocks, tolerance_fraction=tolerance_fraction)
        with silver.staged(to_lot_edges(movements)) as edges:
            walks: dict[str, Callable[[], DataFrame]] = {
                "forward": partial(_trace, silver, edges, "forward", max_depth=max_depth),
                "backward": partial(_trace, silver, edges, "backward", max_depth=max_depth),
                "blend": partial(to_lot_blend, edges, max_steps=max_steps, settle=silver.settled),
            }
            walked = do_together(walks)
            tables = {
                "plant.lot_trace": walked["forward"].unionByName(walked["backward"]),
                "plant.lot_blend": walked["blend"],
                "plant.mass_balance": balance,
            }
            counts |= changed_rows(silver.replace_all(tables))
        notes = _findings(silver)
    finish_batches(silver, batches, step=STEP, as_of_utc=as_of_utc)
    return JobReport(STEP, counts, notes)


def _trace(silver: Lakehouse, edges: DataFrame, direction: Direction, *, max_depth: int) -> DataFrame:
    trace = to_lot_trace(edges, direction=direction, max_depth=max_depth, settle=silver.settled)
    return trace.withColumns({"direction": sf.lit(direction), "path": sf.array_join("path", " > ")})


def _findings(silver: Lakehouse) -> tuple[str, ...]:
    """Return what a person should know: traces and blends that are not complete, and mass that is not accounted for."""
    kinds = {
        "lot_trace": (sf.lit("truncated"), sf.col("is_truncated")),
        "lot_blend": (sf.lit("open"), sf.col("residual") > 1e-6),
        "mass_balance": (sf.col("status"), sf.col("status") != "balanced"),
    }
    told = [
        silver.read(f"plant.{name}").where(chosen).select("lot_id", kind.alias("kind"))
        for name, (kind, chosen) in kinds.items()
    ]
    found = told[0].unionByName(told[1]).unionByName(told[2]).groupBy("kind").agg(sf.count_distinct("lot_id"))
    lots = dict(sorted(tuple(row) for row in found.collect()))
    texts = {
        "truncated": "lot(s) whose trace goes on beyond max_depth",
        "open": "lot(s) of which more than a millionth still circulates after max_steps",
        "lost": "lot(s) of which more came in than is accounted for",
        "gained": "lot(s) of which less came in than is accounted for",
        "undefined": "lot(s) in several units: their balance is undefined",
    }
    return tuple(f"{lots[kind]} {text}" for kind, text in texts.items() if kind in lots)
