"""The plant's tariffs, as suppliers would write them, and which meter stands below which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from fabric_ot.workbench.simulate.layout import ASSETS, METER_REACTIVE_TAG_IDS, METER_TAG_ID, SITES
from fabric_ot.workbench.simulate.records import Records, Row

_HOLIDAY = 8
_SINCE = "2025-01-01"


@dataclass(frozen=True)
class Rate:
    """One line of a tariff: days as digits, wall times to the minute; an end at or before the start is tomorrow's."""

    tariff_id: str
    site_id: str
    currency: str
    period: str
    weekdays: str
    start_local: str
    end_local: str
    price_per_kwh: float


# the holiday sheet of Denver has a hole from 16:00 to 20:00: that energy has no price
RATES: tuple[Rate, ...] = (
    Rate("den-tou", "denver", "USD", "on_peak", "12345", "12:00", "20:00", 0.2130),
    Rate("den-tou", "denver", "USD", "off_peak", "12345", "00:00", "12:00", 0.0871),
    Rate("den-tou", "denver", "USD", "off_peak", "12345", "20:00", "00:00", 0.0871),
    Rate("den-tou", "denver", "USD", "weekend", "67", "00:00", "00:00", 0.0790),
    Rate("den-tou", "denver", "USD", "holiday", "8", "00:00", "16:00", 0.0655),
    Rate("den-tou", "denver", "USD", "holiday", "8", "20:00", "00:00", 0.0655),
    Rate("ber-ht-nt", "berlin", "EUR", "ht", "123456", "06:00", "22:00", 0.3125),
    Rate("ber-ht-nt", "berlin", "EUR", "nt", "123456", "22:00", "06:00", 0.1975),
    Rate("ber-ht-nt", "berlin", "EUR", "sunday", "78", "06:00", "22:00", 0.2240),
    Rate("ber-ht-nt", "berlin", "EUR", "nt", "78", "22:00", "06:00", 0.1975),
)
DEMAND_PRICES: dict[str, float] = {"den-tou": 14.25, "ber-ht-nt": 9.80}


def holidays(first: date) -> set[tuple[str, date]]:
    """Return the dates that each tariff counts as holidays: Denver's first production date is one.

    Example:
        >>> ("den-tou", date(2026, 3, 28)) in holidays(date(2026, 3, 28))
        True
    """
    return {("den-tou", first), ("ber-ht-nt", date(first.year, 12, 25))}


def rate_at(site_id: str, at_ms: int, off: set[tuple[str, date]]) -> Rate | None:
    """Return what a kWh of an instant costs at a site, by the clock on its wall; None where nothing is told."""
    zone = ZoneInfo(next(site.time_zone for site in SITES if site.site_id == site_id))
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    wall = f"{local:%H:%M}"
    for rate in (rate for rate in RATES if rate.site_id == site_id):
        is_overnight = rate.end_local <= rate.start_local
        begins_today = rate.start_local <= wall and (is_overnight or wall < rate.end_local)
        if begins_today and _holds(rate, local.date(), off):
            return rate
        if is_overnight and wall < rate.end_local and _holds(rate, local.date() - timedelta(days=1), off):
            return rate
    return None


def energy_records(off: set[tuple[str, date]]) -> tuple[Records, ...]:
    """Return the reference files, each with rows that must be refused."""
    rates: list[Row] = [
        (r.tariff_id, r.site_id, r.currency, r.period, r.weekdays, r.start_local, r.end_local, r.price_per_kwh, _SINCE,
         None)
        for r in RATES
    ]  # fmt: skip
    # last year's price: another version of the same line, over before the day begins
    rates.append(("den-tou", "denver", "USD", "weekend", "67", "00:00", "00:00", 0.05, "2024-01-01", _SINCE))
    registers: list[Row] = [
        *((METER_TAG_ID, direction, tag_id) for direction, tag_id in METER_REACTIVE_TAG_IDS.items()),
        *((a.tag_id("energy"), "lagging", a.tag_id("reactive")) for a in ASSETS if a.has_reactive_meter),
    ]
    broken = ("den-tou", "denver", "USD", "broken")
    below = [(a.tag_id("energy"), METER_TAG_ID) for a in ASSETS if a.site_id == "berlin"]
    return (
        Records(
            "tariff_rate",
            rates,
            [
                ((*broken, "129", "06:00", "07:00", 0.1, _SINCE, None), "weekdays_unreadable"),
                ((*broken, "1", "24:00", "07:00", 0.1, _SINCE, None), "wall_time_unreadable"),
                ((*broken, "2", "06:00", "07:00", 0.1, _SINCE, _SINCE), "valid_to_not_after_valid_from"),
                ((*broken, "3", "06:00", "07:00", "0,10 EUR", _SINCE, None), "row_does_not_fit_mapping"),
                (("mars-1", "mars", "USD", "day", "1", "06:00", "07:00", 0.1, _SINCE, None), "reference_not_found"),
            ],
        ),
        Records("tariff_holiday", sorted(off), [(("mars-1", _SINCE), "reference_not_found")]),
        Records(
            "demand_charge",
            [(tariff, price, _SINCE, None) for tariff, price in DEMAND_PRICES.items()],
            [(("den-tou", -1.0, "2024-01-01", _SINCE), "demand_price_negative")],
        ),
        Records("energy_meter", below, [(("acme/berlin/nothing/energy", METER_TAG_ID), "reference_not_found")]),
        Records(
            "reactive_meter",
            registers,
            [
                (("acme/berlin/nothing/energy", "lagging", registers[0][2]), "reference_not_found"),
                ((METER_TAG_ID, "lagging", "acme/berlin/nothing/reactive"), "reference_not_found"),
                ((METER_TAG_ID, "inductive", registers[0][2]), "row_does_not_fit_mapping"),
            ],
        ),
    )


def _holds(rate: Rate, day: date, off: set[tuple[str, date]]) -> bool:
    number = _HOLIDAY if (rate.tariff_id, day) in off else day.isoweekday()
    return str(number) in rate.weekdays
