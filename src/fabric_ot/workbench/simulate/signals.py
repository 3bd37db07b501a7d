"""Temperatures that misbehave on purpose: stuck, too hot, silent, at a limit, in another unit, in none that is one.

Times are offsets from the machine's start; what must be found in them is `signal_truth`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fabric_ot.workbench.simulate.layout import Asset
from fabric_ot.workbench.simulate.reports import Report, Value

FIELD = "temperature"
_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000


@dataclass(frozen=True)
class Stretch:
    """A half-open stretch of a machine's life."""

    from_ms: int
    to_ms: int

    def holds(self, elapsed_ms: int) -> bool:
        """Whether an offset from the machine's start lies in it."""
        return self.from_ms <= elapsed_ms < self.to_ms


STUCK = Stretch(3 * _HOUR_MS, 3 * _HOUR_MS + 40 * _MINUTE_MS)
HOT = Stretch(5 * _HOUR_MS, 5 * _HOUR_MS + 30 * _MINUTE_MS)
SILENT = Stretch(6 * _HOUR_MS + 30 * _MINUTE_MS, 7 * _HOUR_MS + 30 * _MINUTE_MS)
FAHRENHEIT = Stretch(8 * _HOUR_MS, 400 * 24 * _HOUR_MS)
NO_UNIT = Stretch(9 * _HOUR_MS, 9 * _HOUR_MS + 20 * _MINUTE_MS)
PAUSED = Stretch(10 * _HOUR_MS, 10 * _HOUR_MS + 30 * _MINUTE_MS)
STUCK_AT_C, HEAT_C = 61.5, 25.0
GOOD_AT_HIGH_LIMIT = 0xC2
"""The OPC DA quality of a good value at the upper limit of its sensor."""


def disturbed(asset: Asset, reports: Iterable[Report], *, start_ms: int) -> Iterator[Report]:
    """Yield the reports with the robot's temperature stuck, too hot or silent at its times, the lathe's silent once.

    Only reports of the temperature alone are touched: what else a machine says stays as it is.
    """
    for report in reports:
        elapsed_ms = report.at_ms - start_ms
        value = report.values.get(FIELD)
        if not isinstance(value, float) or len(report.values) > 1:
            yield report
        elif asset.unit != "robot":
            if asset.unit != "lathe" or not PAUSED.holds(elapsed_ms):
                yield report
        elif STUCK.holds(elapsed_ms):
            yield replace(report, values={FIELD: STUCK_AT_C})
        elif HOT.holds(elapsed_ms):
            yield replace(report, values={FIELD: round(value + HEAT_C, 2)})
        elif not SILENT.holds(elapsed_ms):
            yield report


def spoken_unit(asset: Asset, value: float, *, elapsed_ms: int) -> tuple[Value, str]:
    """Return a temperature as the machine says it: the lathe changes to Fahrenheit, and for a while to nonsense.

    Example:
        >>> from fabric_ot.workbench.simulate.layout import ASSETS
        >>> lathe = next(asset for asset in ASSETS if asset.unit == "lathe")
        >>> spoken_unit(lathe, 60.0, elapsed_ms=0), spoken_unit(lathe, 60.0, elapsed_ms=30_000_000)
        ((60.0, 'degC'), (140.0, 'degF'))
    """
    if asset.unit != "lathe" or not FAHRENHEIT.holds(elapsed_ms):
        return value, "degC"
    return round(value * 9 / 5 + 32, 2), "furlong" if NO_UNIT.holds(elapsed_ms) else "degF"


def spoken_quality(asset: Asset, *, elapsed_ms: int) -> int | None:
    """Return the quality that a machine says of a temperature beyond its sensor's range; None where it says none."""
    return GOOD_AT_HIGH_LIMIT if asset.unit == "robot" and HOT.holds(elapsed_ms) else None
