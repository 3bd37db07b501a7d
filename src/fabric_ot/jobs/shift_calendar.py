"""The shift instances that a plant's readings call for, written once per run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.jobs.touched_assets import Touched
from fabric_ot.transforms.calendar.shifts import keep_overlapping_shifts, to_planned_stops, to_shift_instances
from fabric_ot.transforms.intervals import utc_literal

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fabric_ot.lakehouse import Lakehouse

FirstTimes = Mapping[str, dt.datetime]
"""By site: the instant from which on its shifts are of interest."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SHOWN = 5


def find_first_times(silver: Lakehouse, touched: Touched) -> tuple[FirstTimes, Touched]:
    """Return the first reading of each site, and `touched` with all assets of sites whose first reading is new.

    A site that only reports work orders begins with the first of them. Sites without touched assets keep what their
    shift instances already say.
    """
    found = _first_readings(silver, touched)
    if touched.assets is None:
        return {**_first_work_orders(silver), **found}, touched
    known = _first_starts(silver)
    moved = [site for site, first in found.items() if site not in known or first < known[site]]
    assets = silver.read("plant.asset").where(sf.col("site_id").isin(*moved)).select("asset_id").distinct()
    wider = touched.with_assets([row.asset_id for row in assets.collect()] if moved else [])
    return {**found, **{site: min(first, found.get(site, first)) for site, first in known.items()}}, wider


def write_calendar(silver: Lakehouse, first_times: FirstTimes, *, as_of_utc: dt.datetime) -> dict[str, int]:
    """Write `plant.shift_instance` and `plant.planned_stop` from each site's first reading to `as_of_utc`.

    Raises:
        ContractError: shifts of one site overlap; nothing is written.
    """
    if not first_times:
        return {}
    shifts, stops, sites = (silver.read(f"plant.{name}") for name in ("shift", "shift_stop", "site"))
    # a day of slack on both sides: local dates run up to 14 h ahead of UTC and shifts may last 24 h
    from_date = min(first_times.values()).date() - dt.timedelta(days=2)
    to_date = max(from_date, as_of_utc.date() + dt.timedelta(days=1))
    wanted = [
        (sf.col("site_id") == site) & (sf.col("end_utc") > utc_literal(first)) for site, first in first_times.items()
    ]
    is_wanted = reduce(lambda a, b: a | b, wanted) & (sf.col("start_utc") < utc_literal(as_of_utc))
    all_instances = to_shift_instances(shifts, stops, sites, from_date=from_date, to_date=to_date)
    all_stops = to_planned_stops(shifts, stops, sites, from_date=from_date, to_date=to_date)
    with silver.staged(all_instances.where(is_wanted)) as instances:
        _refuse_overlaps(instances)
        counts = {"shift_instance": silver.replace("plant.shift_instance", instances).changed}
        key = ["site_id", "shift_id", "production_date"]
        wanted_stops = all_stops.join(instances.select(*key), key, "left_semi")
        counts["planned_stop"] = silver.replace("plant.planned_stop", wanted_stops).changed
    return counts


def _first_readings(silver: Lakehouse, touched: Touched) -> FirstTimes:
    places = silver.read("plant.asset").select("asset_id", "site_id").distinct()
    tags = touched.rows_of(silver.read("plant.tag")).select("tag_id", "asset_id").join(places, "asset_id").distinct()
    first = sf.min(sf.unix_micros("event_time_utc")).alias("first_us")
    by_tag = silver.read("plant.reading").join(sf.broadcast(tags), "tag_id").groupBy("site_id").agg(first)
    return _as_times(by_tag)


def _first_work_orders(silver: Lakehouse) -> FirstTimes:
    first = sf.min(sf.unix_micros(sf.col("production_date").cast("timestamp"))).alias("first_us")
    return _as_times(silver.read("plant.work_order").groupBy("site_id").agg(first))


def _first_starts(silver: Lakehouse) -> FirstTimes:
    first = sf.min(sf.unix_micros("start_utc")).alias("first_us")
    return _as_times(silver.read("plant.shift_instance").groupBy("site_id").agg(first))


def _as_times(by_site: DataFrame) -> FirstTimes:
    return {row.site_id: _EPOCH + dt.timedelta(microseconds=row.first_us) for row in by_site.collect()}


def _refuse_overlaps(instances: DataFrame) -> None:
    overlapping = keep_overlapping_shifts(instances).orderBy("site_id", "start_utc").limit(_SHOWN).collect()
    if not overlapping:
        return
    shown = "\n".join(f"  - {r.site_id} {r.shift_id} on {r.production_date}" for r in overlapping)
    message = (
        f"plant.shift: shifts of one site overlap, these begin before an earlier one has ended (first {_SHOWN}):\n"
        f"{shown}\nHint: correct start_local or end_local, and land the shift reference file again."
    )
    raise ContractError(message)
