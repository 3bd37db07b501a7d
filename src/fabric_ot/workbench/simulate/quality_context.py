"""What the process was like at each gear that the laboratory measured: the last word of the lathe's tags before it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.laboratory import GEAR, Chart
from fabric_ot.workbench.simulate.layout import ASSETS
from fabric_ot.workbench.simulate.records import Records
from fabric_ot.workbench.simulate.signal_samples import Sample, signal_samples
from fabric_ot.workbench.simulate.signals import FIELD

_LATHE = next(asset for asset in ASSETS if asset.asset_id == GEAR[1])
# at scale 1 the temperature comes every 20 s, the energy every minute: some samples find nothing young enough
_MAX_AGE_S = {FIELD: 60.0, "energy": 45.0}


def chart_tags() -> Records:
    """Return which tags the chart of gears looks at, and declarations that must be refused."""
    good = [(GEAR[0], _LATHE.tag_id(field), age_s) for field, age_s in _MAX_AGE_S.items()]
    bad = [
        (("gear-bore", _LATHE.tag_id(FIELD), 60), "reference_not_found"),
        ((GEAR[0], "acme/nowhere/temperature", 60), "reference_not_found"),
        ((GEAR[0], _LATHE.tag_id("scrap"), 0), "limit_not_positive"),
    ]
    return Records("chart_tag", good, bad)


def context_rows(day: PlantDay, chart: Chart) -> list[dict[str, Any]]:
    """Return what must be known of the process at each sample of the gears' `chart`."""
    ages = {_LATHE.tag_id(field): age_s for field, age_s in _MAX_AGE_S.items()}
    known = signal_samples(day.messages, tuple(ages))
    return [_row(row, tag, age_s, known) for row in chart.rows for tag, age_s in ages.items()]


def _row(row: Sequence[Any], tag: str, max_age_s: float, known: Mapping[str, Sequence[Sample]]) -> dict[str, Any]:
    at_ms = round(datetime.fromisoformat(row[4]).timestamp() * 1000)
    n = bisect_right(known[tag], at_ms, key=lambda sample: sample.at_ms)
    told = {"chart_id": row[1], "sample_id": row[0], "tag_id": tag}
    last = known[tag][n - 1] if n else None
    if last is None or at_ms - last.at_ms > max_age_s * 1000:
        return {**told, "is_good": None, "value_double": None, "age_s": None}
    good = str(last.is_good).lower()
    return {**told, "is_good": good, "value_double": last.value, "age_s": (at_ms - last.at_ms) / 1000}
