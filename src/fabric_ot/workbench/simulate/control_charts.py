"""What control charts must show, computed by hand from the samples: limits, fired rules and capability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import sqrt
from statistics import mean, stdev

# subgroup size -> A2, D4, d2, d3 as printed in textbooks; D3 is 0 up to a size of 6
_TABLE = {4: (0.729, 2.282, 2.059, 0.880), 5: (0.577, 2.114, 2.326, 0.864)}
LOCATIONS = ("individual", "mean", "proportion", "rate")


@dataclass(frozen=True)
class Point:
    """One point: `value` is None for a spread that one sample alone does not have."""

    statistic: str
    at_ms: int
    run_id: str | None
    size: float
    value: float | None

    @property
    def is_location(self) -> bool:
        """Whether it tells where the process is, not how wide it is."""
        return self.statistic in LOCATIONS


@dataclass(frozen=True)
class Version:
    """A version of limits, with the half-open window of its baseline."""

    name: str
    valid_from_ms: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Limits:
    """The limits of one point."""

    center: float
    sigma: float
    ucl: float
    lcl: float


Sample = tuple[int, str | None, float]
"""Instant, run, measurement."""


def individual_points(samples: Sequence[Sample]) -> list[Point]:
    """Return individuals and moving ranges; the range does not span two runs."""
    steps = [abs(b[2] - a[2]) if a[1] == b[1] else None for a, b in pairwise(samples)]
    singles = [Point("individual", at, run, 1.0, value) for at, run, value in samples]
    ranges = zip(samples, [None, *steps], strict=True)
    return singles + [Point("moving_range", at, run, 2.0, step) for (at, run, _), step in ranges]


def subgroup_points(groups: Sequence[Sequence[Sample]]) -> list[Point]:
    """Return mean and range of each subgroup, at its last sample."""
    points = []
    for group in groups:
        values = [value for _, _, value in group]
        at, run, _ = group[-1]
        points.append(Point("mean", at, run, len(values), mean(values)))
        points.append(Point("range", at, run, len(values), max(values) - min(values)))
    return points


def sigma_within(points: Sequence[Point]) -> float:
    """Return the mean of what each range tells about the sigma of one measurement."""
    told = [p.value / 1.128 for p in points if p.statistic == "moving_range" and p.value is not None]
    told += [p.value / _TABLE[int(p.size)][2] for p in points if p.statistic == "range" and p.value is not None]
    return mean(told)


def baseline_of(points: Sequence[Point], version: Version) -> tuple[int, float | None, float | None]:
    """Return number of points, center and sigma of a baseline; no limits below 20 points."""
    inside = [p for p in points if version.start_ms <= p.at_ms < version.end_ms]
    places = [(p.size, p.value) for p in inside if p.is_location and p.value is not None]
    if len(places) < 20:
        return len(places), None, None
    center = sum(n * value for n, value in places) / sum(n for n, _ in places)
    kind = next(p.statistic for p in inside if p.is_location)
    if kind == "proportion":
        return len(places), center, sqrt(center * (1 - center))
    return len(places), center, sqrt(center) if kind == "rate" else sigma_within(inside)


def limits_of(point: Point, center: float, sigma: float) -> Limits:
    """Return the limits of one point from the center and the sigma of one measurement."""
    n = point.size
    if point.statistic == "individual":
        return Limits(center, sigma, center + 2.660 * 1.128 * sigma, center - 2.660 * 1.128 * sigma)
    if point.statistic == "moving_range":
        return Limits(1.128 * sigma, 0.853 * sigma, 3.267 * 1.128 * sigma, 0.0)
    if point.statistic in ("mean", "range"):
        a2, upper, d2, d3 = _TABLE[int(n)]
        if point.statistic == "range":
            return Limits(d2 * sigma, d3 * sigma, upper * d2 * sigma, 0.0)
        return Limits(center, sigma / sqrt(n), center + a2 * d2 * sigma, center - a2 * d2 * sigma)
    width = 3 * sigma / sqrt(n)
    highest = 1.0 if point.statistic == "proportion" else float("inf")
    return Limits(center, sigma / sqrt(n), min(center + width, highest), max(center - width, 0.0))


def fired_rules(points: Sequence[tuple[Point, Limits]]) -> dict[Point, str]:
    """Return the rules of Nelson that each point of one statistic completes; spreads are held to the first alone."""
    fired = {}
    for _, in_run in groupby(points, key=lambda pair: pair[0].run_id):
        run = list(in_run)
        places = [((p.value or 0.0) - limits.center) / limits.sigma for p, limits in run]
        for n, (point, limits) in enumerate(run):
            value = point.value or 0.0
            names = ["nelson_1"] if value > limits.ucl or value < limits.lcl else []
            if point.is_location:
                values = [p.value or 0.0 for p, _ in run[: n + 1]]
                names += [name for name, fires in _PATTERNS.items() if fires(places[: n + 1], values)]
            fired[point] = ", ".join(names)
    return fired


def capability(
    values: Sequence[float], points: Sequence[Point], lsl: float | None, usl: float | None
) -> dict[str, float | int | None]:
    """Return the indices of one chart; None where a limit is missing."""
    center, within, overall = mean(values), sigma_within(points), stdev(values)
    sides = [abs(limit - center) for limit in (lsl, usl) if limit is not None]
    width = usl - lsl if lsl is not None and usl is not None else None
    return {
        "samples": len(values),
        "mean": center,
        "cp": None if width is None else width / 6 / within,
        "cpk": min(sides) / 3 / within,
        "pp": None if width is None else width / 6 / overall,
        "ppk": min(sides) / 3 / overall,
    }


def _one_side(z: Sequence[float], n: int) -> bool:
    return len(z) >= n and (min(z[-n:]) > 0 or max(z[-n:]) < 0)


def _trend(values: Sequence[float]) -> bool:
    steps = [b - a for a, b in pairwise(values[-6:])]
    return len(steps) == 5 and (min(steps) > 0 or max(steps) < 0)


def _alternates(values: Sequence[float]) -> bool:
    steps = [b - a for a, b in pairwise(values[-14:])]
    return len(steps) == 13 and all(a * b < 0 for a, b in pairwise(steps))


def _beyond(z: Sequence[float], k: int, n: int, sigmas: int) -> bool:
    side = 1 if z[-1] > 0 else -1
    return z[-1] * side > sigmas and sum(place * side > sigmas for place in z[-n:]) >= k


def _outside(z: Sequence[float]) -> bool:
    last = z[-8:]
    return len(last) == 8 and min(abs(place) for place in last) > 1 and min(last) < 0 < max(last)


_PATTERNS: dict[str, Callable[[Sequence[float], Sequence[float]], bool]] = {
    "nelson_2": lambda z, _: _one_side(z, 9),
    "nelson_3": lambda _, values: _trend(values),
    "nelson_4": lambda _, values: _alternates(values),
    "nelson_5": lambda z, _: _beyond(z, 2, 3, 2),
    "nelson_6": lambda z, _: _beyond(z, 4, 5, 1),
    "nelson_7": lambda z, _: len(z) >= 15 and max(abs(place) for place in z[-15:]) <= 1,
    "nelson_8": lambda z, _: _outside(z),
}
