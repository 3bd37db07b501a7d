"""The laboratory of the simulated plant: what it measured for four charts, of processes that shift for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fabric_ot.workbench.simulate.control_charts import Point, Version, individual_points, subgroup_points
from fabric_ot.workbench.simulate.machine import Machine
from fabric_ot.workbench.simulate.records import Row
from fabric_ot.workbench.simulate.timeline import label_at
from fabric_ot.workbench.simulate.truth import iso_utc

DAY_MS = 86_400_000
_BASELINE = 24
# the shifted stretch, as shares of the day's points
_SHIFT = (0.82, 0.95)

# chart, asset, characteristic, kind, unit, lsl, usl
GEAR = ("gear-diameter", "berlin-lathe-2", "Deviation from the nominal diameter", "xbar_r", "um", -20.0, 20.0)
FILL = ("fill-volume", "denver-filler-1", "Deviation from the nominal volume", "i_mr", "ml", -4.5, None)
SCRAP = ("packed-scrap", "denver-packer-3", "Damaged packs", "p", None, None, None)
SURFACE = ("gear-surface", "berlin-oven-3", "Surface defects per gear", "u", None, None, None)


@dataclass
class Chart:
    """One chart with its sample rows, its points and the versions of its limits."""

    row: Row
    rows: list[Row] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)

    @property
    def chart_id(self) -> str:
        """Its name."""
        return str(self.row[0])

    def note(self, at_ms: int, run: str, value: float | None = None, *, group: str | None = None) -> None:
        """Add the row of one measurement."""
        self._add(at_ms, group, run, value, None, None, None)

    def inspect(self, at_ms: int, run: str, inspected: int, found: int, *, statistic: str) -> None:
        """Add the row and the point of one inspection."""
        defective, defects = (found, None) if statistic == "proportion" else (None, found)
        self._add(at_ms, None, run, None, inspected, defective, defects)
        self.points.append(Point(statistic, at_ms, run, inspected, found / inspected))

    def _add(self, at_ms: int, group: str | None, run: str, *told: Any) -> None:
        sample_id = f"{self.chart_id}-{len(self.rows) + 1:04d}"
        self.rows.append((sample_id, self.chart_id, group, run, iso_utc(at_ms), *told))


def gears(machine: Machine, rng: Random) -> Chart:
    """Five gears every 20 minutes; one measurement is lost, one subgroup comes in last of all."""
    chart, groups = Chart(GEAR), []
    instants = _running(machine, 20)
    for n, (at, run) in enumerate(instants):
        middle = 12.0 if _is_shifted(n, instants) else 0.5
        told = [(at + 10_000 * k, run, round(rng.gauss(middle, 4.0), 2)) for k in range(5)]
        for k, (at_ms, _, value) in enumerate(told):
            chart.note(at_ms, run, None if (n, k) == (7, 2) else value, group=f"G{n:03d}")
        groups.append([sample for k, sample in enumerate(told) if (n, k) != (7, 2)])
    chart.points = subgroup_points(groups)
    chart.values = [value for group in groups for _, _, value in group]
    late = [row for row in chart.rows if row[2] == "G030"]
    chart.rows = [row for row in chart.rows if row not in late] + late
    start, end = groups[0][0][0], groups[_BASELINE][0][0]
    chart.versions = [Version("v1", end, start, end)]
    return chart


def fills(machine: Machine, rng: Random) -> Chart:
    """A single fill every 15 minutes, with limits that are declared anew after a while; one sample has no value."""
    chart, samples = Chart(FILL), []
    instants = _running(machine, 15)
    for n, (at, run) in enumerate(instants):
        value = round(rng.gauss(4.5 if _is_shifted(n, instants) else 0.2, 1.2), 2)
        chart.note(at, run, None if n == 5 else value)
        if n != 5:
            samples.append((at, run, value))
    chart.points, chart.values = individual_points(samples), [value for _, _, value in samples]
    start, middle, end = samples[0][0], samples[_BASELINE][0], samples[2 * _BASELINE][0]
    chart.versions = [Version("v1", start, start, middle), Version("v2", end, middle, end)]
    return chart


def inspections(
    row: Row, machine: Machine, rng: Random, *, per_unit: tuple[int, float, float], statistic: str
) -> Chart:
    """An inspection every half hour; `per_unit`: chances per unit, and how likely each is before and in the shift."""
    chart, (chances, usual, shifted) = Chart(row), per_unit
    instants = _running(machine, 30)
    for n, (at, run) in enumerate(instants):
        inspected = rng.randint(60, 120) // chances
        share = shifted if _is_shifted(n, instants) else usual
        found = sum(rng.random() < share for _ in range(inspected * chances))
        chart.inspect(at, run, inspected, found, statistic=statistic)
    start, end = instants[0][0], instants[_BASELINE][0]
    # the first version has no point in its baseline: nothing is judged by it
    chart.versions = [Version("v0", start, start - DAY_MS, start), Version("v1", end, start, end)]
    return chart


def _running(machine: Machine, every_minutes: int) -> list[tuple[int, str]]:
    """Return the instants of the first day when the machine runs, with the product that it makes."""
    start_ms = machine.states[0].start_ms
    instants = range(start_ms, min(start_ms + DAY_MS, machine.states[-1].end_ms), every_minutes * 60_000)
    return [(t, label_at(machine.products, t)) for t in instants if label_at(machine.states, t) == "EXECUTE"]


def _is_shifted(n: int, instants: Sequence[Any]) -> bool:
    return _SHIFT[0] <= n / len(instants) < _SHIFT[1]
