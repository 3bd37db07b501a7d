"""Shift calendars in local wall time, and the UTC instances they become."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class PlannedStop:
    """A planned stop of a shift; without `start_local` its minutes have no place."""

    stop_id: str
    reason: str
    start_local: str | None
    duration_s: int


@dataclass(frozen=True)
class Shift:
    """One shift of a site's calendar, in wall time; an end at or before the start means the next day."""

    shift_id: str
    shift_name: str
    start_local: str
    end_local: str
    stops: tuple[PlannedStop, ...] = ()


@dataclass(frozen=True)
class Site:
    """A site, its IANA zone and its shift calendar."""

    site_id: str
    site_name: str
    time_zone: str
    shifts: tuple[Shift, ...]


@dataclass(frozen=True)
class ShiftInstance:
    """One shift on one production date (the local date of its start), as a half-open UTC interval."""

    site_id: str
    shift_id: str
    production_date: date
    start_ms: int
    end_ms: int
    stops: tuple[tuple[int, int], ...]
    unplaced_s: int

    @property
    def planned_busy_s(self) -> float:
        """PBT: elapsed time less all planned stops, placed or not."""
        placed_ms = sum(end - start for start, end in self.stops)
        return (self.end_ms - self.start_ms - placed_ms) / 1000 - self.unplaced_s


def wall_to_ms(day: date, wall: str, zone: str) -> int:
    """Return the instant of a wall time; a time that does not exist moves forward, an ambiguous one is the first.

    Example:
        >>> skipped = wall_to_ms(date(2026, 3, 29), "02:30:00", "Europe/Berlin")
        >>> skipped == wall_to_ms(date(2026, 3, 29), "03:30:00", "Europe/Berlin")
        True
    """
    local = datetime.combine(day, time.fromisoformat(wall), tzinfo=ZoneInfo(zone))
    return int(local.timestamp()) * 1000


def shift_instance(site: Site, shift: Shift, day: date) -> ShiftInstance:
    """Return `shift` as it happens on production date `day`.

    Example:
        >>> night = Shift("night", "Night", "22:00:00", "06:00:00")
        >>> berlin = Site("berlin", "Berlin", "Europe/Berlin", (night,))
        >>> shift_instance(berlin, night, date(2026, 3, 28)).planned_busy_s / 3600
        7.0
    """
    start = wall_to_ms(day, shift.start_local, site.time_zone)
    end = wall_to_ms(_end_day(day, shift), shift.end_local, site.time_zone)
    stops = []
    for stop in shift.stops:
        if stop.start_local is not None:
            stop_day = day if stop.start_local >= shift.start_local else day + timedelta(days=1)
            stop_start = wall_to_ms(stop_day, stop.start_local, site.time_zone)
            stops.append((stop_start, min(stop_start + stop.duration_s * 1000, end)))
    unplaced_s = sum(stop.duration_s for stop in shift.stops if stop.start_local is None)
    return ShiftInstance(site.site_id, shift.shift_id, day, start, end, tuple(stops), unplaced_s)


def site_instances(site: Site, *, first: date, last: date) -> list[ShiftInstance]:
    """Return all instances with a production date in `[first, last]`, by start."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    found = [shift_instance(site, shift, day) for day in days for shift in site.shifts]
    return sorted(found, key=lambda instance: instance.start_ms)


def _end_day(day: date, shift: Shift) -> date:
    return day if shift.end_local > shift.start_local else day + timedelta(days=1)
