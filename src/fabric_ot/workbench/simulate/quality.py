"""Quality control in the simulated plant: charts, baselines and samples, what must come out, and rows to refuse."""

from __future__ import annotations

from itertools import groupby
from random import Random
from typing import Any

from fabric_ot.workbench.simulate.control_charts import (
    Limits,
    Point,
    baseline_of,
    capability,
    fired_rules,
    limits_of,
)
from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.laboratory import (
    DAY_MS,
    FILL,
    GEAR,
    SCRAP,
    SURFACE,
    Chart,
    fills,
    gears,
    inspections,
)
from fabric_ot.workbench.simulate.quality_context import chart_tags, context_rows
from fabric_ot.workbench.simulate.records import Family, Records, Row
from fabric_ot.workbench.simulate.truth import iso_utc


def tell_quality(day: PlantDay, rng: Random) -> Family:
    """Return the samples of four charts, what the charts must show, and rows that must be refused."""
    machines = {known.asset.asset_id: known.machine for known in day.known if known.machine}
    charts = [
        gears(machines[GEAR[1]], rng),
        fills(machines[FILL[1]], rng),
        inspections(SCRAP, machines[SCRAP[1]], rng, per_unit=(1, 0.02, 0.1), statistic="proportion"),
        inspections(SURFACE, machines[SURFACE[1]], rng, per_unit=(4, 0.05, 0.2), statistic="rate"),
    ]
    versions = [
        (c.chart_id, v.name, *(iso_utc(ms) for ms in (v.valid_from_ms, v.start_ms, v.end_ms)))
        for c in charts
        for v in c.versions
    ]
    start, ahead = iso_utc(day.calendar.start_ms), iso_utc(day.calendar.horizon_ms + DAY_MS)
    return Family(
        (
            Records("control_chart", [c.row for c in charts], _bad_charts()),
            Records(
                "control_baseline", versions, [((GEAR[0], "v9", start, start, start), "baseline_without_duration")]
            ),
            chart_tags(),
            Records("quality_sample", [row for c in charts for row in c.rows], _bad_samples(start, ahead)),
        ),
        {
            "control_limit": [row for c in charts for row in _limit_rows(c)],
            "spc_point": [row for c in charts for row in _point_rows(c)],
            "quality_context": context_rows(day, charts[0]),
            "process_capability": [_capability_row(c) for c in charts if c.values],
        },
    )


def _limit_rows(chart: Chart) -> list[dict[str, Any]]:
    rows = []
    for version in chart.versions:
        count, center, sigma = baseline_of(chart.points, version)
        told = {"baseline_points": count, "center": center, "sigma": sigma}
        rows.append({"chart_id": chart.chart_id, "limit_version": version.name, **told})
    return rows


def _point_rows(chart: Chart) -> list[dict[str, Any]]:
    rows = []
    in_order = sorted(chart.points, key=lambda p: (p.statistic, p.at_ms))
    for statistic, points in groupby(in_order, key=lambda p: p.statistic):
        told = [(point, *_limits_at(chart, point)) for point in points]
        judged = [(point, limits) for point, _, limits in told if limits and point.value is not None]
        fired = fired_rules(judged)
        for point, version, limits in told:
            row = {"chart_id": chart.chart_id, "statistic": statistic, "time_s": point.at_ms // 1000}
            row |= {"limit_version": version, "rules_fired": fired.get(point), "value": point.value}
            row |= {name: getattr(limits, name, None) for name in ("center", "ucl", "lcl")}
            rows.append(row)
    return rows


def _limits_at(chart: Chart, point: Point) -> tuple[str | None, Limits | None]:
    valid = [version for version in chart.versions if version.valid_from_ms <= point.at_ms]
    if not valid:
        return None, None
    _, center, sigma = baseline_of(chart.points, valid[-1])
    return valid[-1].name, None if center is None or sigma is None else limits_of(point, center, sigma)


def _capability_row(chart: Chart) -> dict[str, Any]:
    signals = sum(bool(row["rules_fired"]) for row in _point_rows(chart))
    found = capability(chart.values, chart.points, chart.row[5], chart.row[6])
    return {"chart_id": chart.chart_id, "undefined_reason": None, **found, "signal_count": signals}


def _bad_charts() -> list[tuple[Row, str]]:
    return [
        (("gear-runout", GEAR[1], "Run-out", "ewma", "um", None, 12.0), "unknown_chart_kind"),
        (("gear-bore", GEAR[1], "Bore", "i_mr", "mm", 20.1, 19.9), "specification_limits_crossed"),
        (("gear-mass", "berlin-lathe-9", "Mass", "i_mr", "g", None, None), "reference_not_found"),
    ]


def _bad_samples(at: str, ahead: str) -> list[tuple[Row, str]]:
    return [
        (("QS-9001", "gear-bore", None, None, at, 20.0, None, None, None), "reference_not_found"),
        (("QS-9002", FILL[0], None, None, ahead, 0.3, None, None, None), "sample_in_the_future"),
        (("QS-9003", SCRAP[0], None, None, at, None, 0, 0, None), "inspected_qty_not_positive"),
        (("QS-9004", SURFACE[0], None, None, at, None, 20, None, -1), "found_qty_negative"),
        (("QS-9005", SCRAP[0], None, None, at, None, 90, 91, None), "more_defective_than_inspected"),
        (("QS-9006", FILL[0], None, None, at, "0.3 ml", None, None, None), "row_does_not_fit_mapping"),
    ]
