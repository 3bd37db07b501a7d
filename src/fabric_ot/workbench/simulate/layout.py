"""The simulated plant: two sites, their shifts, products, states, machines and how each machine reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fabric_ot.workbench.simulate.shifts import PlannedStop, Shift, Site

Speech = Literal["sparkplug_hivemq", "sparkplug_event_hubs", "uns_single", "uns_many", "silent"]
ResetPolicy = Literal["never", "each_shift", "after_abort"]

VALID_FROM = "2020-01-01T00:00:00Z"
SPARKPLUG_GROUP = {"denver": "acme_denver", "berlin": "acme_berlin"}
SHIFT_NAMES = {"day": "Day", "evening": "Evening", "night": "Night"}

STATE_CATEGORIES: dict[str, str] = {
    "EXECUTE": "production",
    "IDLE": "idle",
    "SUSPENDED": "idle",
    "COMPLETE": "idle",
    "SETUP": "setup",
    "HELD": "unplanned_down",
    "ABORTED": "unplanned_down",
    "CLEARING": "unplanned_down",
    "STOPPED": "planned_down",
    "NO_SIGNAL": "unqualified",
}
"""PackML states; a state that is not here (PURGE) is unqualified."""

DECLARED_STATES = tuple(state for state in STATE_CATEGORIES if state != "NO_SIGNAL")
UNMAPPED_STATE = "PURGE"


@dataclass(frozen=True)
class Product:
    """A product and its ideal cycle, the planned runtime per unit (PRU)."""

    product_id: str
    product_name: str
    ideal_cycle_s: float


@dataclass(frozen=True)
class ProductChange:
    """A changeover in each `shift_id`: SETUP from `offset_s` on; the product changes in its middle."""

    shift_id: str
    offset_s: int
    setup_s: int = 1200


@dataclass(frozen=True)
class Asset:
    """One machine: where it stands, what it runs and how it speaks."""

    asset_id: str
    asset_name: str
    site_id: str
    area: str
    line: str
    unit: str
    speech: Speech
    products: tuple[str, ...] = ()
    changes: tuple[ProductChange, ...] = ()
    reset: ResetPolicy = "never"
    counter_modulus: int | None = None
    counter_start: int = 0
    runs_through_breaks: bool = False
    is_textbook: bool = False
    has_unmapped_state: bool = False
    counts_all_parts: bool = False
    has_reactive_meter: bool = False

    @property
    def count_field(self) -> str:
        """The field of its first counter: of good parts, or of all."""
        return "made" if self.counts_all_parts else "good"

    @property
    def is_sparkplug(self) -> bool:
        """Whether its tags are metrics of an edge node's device."""
        return self.speech in ("sparkplug_hivemq", "sparkplug_event_hubs", "silent")

    @property
    def edge_node(self) -> str:
        """`group/node` of a Sparkplug machine: the line is the edge node, the unit its device."""
        return f"{SPARKPLUG_GROUP[self.site_id]}/{self.line}"

    @property
    def topic(self) -> str:
        """The topic below which its tags live."""
        if self.is_sparkplug:
            return f"spBv1.0/{self.edge_node}/{self.unit}"
        base = f"acme/{self.site_id}/{self.area}/{self.line}/{self.unit}"
        return f"{base}/telemetry" if self.speech == "uns_many" else base

    def tag_id(self, field: str) -> str:
        """Return the catalog's name of one of its fields.

        Example:
            >>> next(a for a in ASSETS if a.unit == "press").tag_id("good")
            'spBv1.0/acme_denver/line_2/press/Counters/Good'
        """
        return f"{self.topic}/{METRIC_NAMES[field] if self.is_sparkplug else field}"


METRIC_NAMES: dict[str, str] = {
    "state": "State",
    "product": "Product",
    "good": "Counters/Good",
    "made": "Counters/Made",
    "scrap": "Counters/Scrap",
    "energy": "Energy/Total",
    "reactive": "Energy/Reactive",
    "temperature": "Temperature",
    "trim": "Torque Trim",
}

FIELD_ROLES: dict[str, tuple[str, str, str]] = {
    "state": ("state", "string", ""),
    "product": ("product", "string", ""),
    "good": ("good_counter", "double", "1"),
    "made": ("produced_counter", "double", "1"),
    "scrap": ("scrap_counter", "double", "1"),
    "energy": ("energy_counter", "double", "kWh"),
    "reactive": ("reactive_counter", "double", "kvarh"),
    "temperature": ("measure", "double", "degC"),
    "trim": ("measure", "double", "1"),
}
"""Field -> role, data type, unit of its tag."""


def fields_of(asset: Asset) -> tuple[str, ...]:
    """Return the fields that `asset` reports: one count of good or of all parts; `trim` where it speaks Sparkplug."""
    others = {"good", "made"} - {asset.count_field} | (set() if asset.is_sparkplug else {"trim"})
    others |= set() if asset.has_reactive_meter else {"reactive"}
    return tuple(field for field in FIELD_ROLES if field not in others)


def _minutes(stop_id: str, reason: str, start_local: str | None, minutes: int) -> PlannedStop:
    return PlannedStop(stop_id, reason, start_local, minutes * 60)


_DENVER_STOPS = {
    "day": (
        _minutes("day_morning", "Break", "08:00:00", 15),
        _minutes("day_lunch", "Break", "10:00:00", 30),
        _minutes("day_noon", "Break", "12:00:00", 15),
    ),
    "evening": (_minutes("evening_meal", "Break", "18:00:00", 30), _minutes("evening_clean", "Cleaning", None, 15)),
    "night": (_minutes("night_meal", "Break", "02:30:00", 30),),
}
_BERLIN_STOPS = {
    "day": (_minutes("day_breakfast", "Break", "09:00:00", 15), _minutes("day_lunch", "Break", "12:00:00", 30)),
    "evening": (_minutes("evening_meal", "Break", "18:00:00", 30), _minutes("evening_meeting", "Meeting", None, 10)),
    # 02:30 does not exist in the night of 29 March 2026
    "night": (_minutes("night_meal", "Break", "01:00:00", 30), _minutes("night_rest", "Break", "02:30:00", 15)),
}
_HOURS = {"day": ("06:00:00", "14:00:00"), "evening": ("14:00:00", "22:00:00"), "night": ("22:00:00", "06:00:00")}


def _shifts(stops: Mapping[str, tuple[PlannedStop, ...]]) -> tuple[Shift, ...]:
    return tuple(Shift(key, SHIFT_NAMES[key], *_HOURS[key], stops[key]) for key in _HOURS)


SITES: tuple[Site, ...] = (
    Site("denver", "Denver", "America/Denver", _shifts(_DENVER_STOPS)),
    Site("berlin", "Berlin", "Europe/Berlin", _shifts(_BERLIN_STOPS)),
)

PRODUCTS: tuple[Product, ...] = (
    Product("P-100", "Can 330 ml", 1.0),
    Product("P-200", "Can 500 ml", 1.5),
    Product("P-300", "Bracket", 4.0),
    Product("P-400", "Gear 24 teeth", 12.5),
    Product("P-500", "Gear 36 teeth", 20.0),
    Product("P-600", "Hardened gear", 8.0),
)

ASSETS: tuple[Asset, ...] = (
    Asset("denver-filler-1", "Filler 1", "denver", "filling", "line_1", "filler", "sparkplug_hivemq",
          ("P-100", "P-200"), (ProductChange("day", 9000),), reset="each_shift"),
    Asset("denver-capper-1", "Capper 1", "denver", "filling", "line_1", "capper", "sparkplug_hivemq",
          ("P-100",), runs_through_breaks=True),
    Asset("denver-press-2", "Press 2", "denver", "forming", "line_2", "press", "sparkplug_hivemq",
          ("P-300", "P-200"), (ProductChange("day", 18000),), counter_modulus=65536, counter_start=64800,
          has_reactive_meter=True),
    Asset("denver-packer-3", "Packer 3 (textbook)", "denver", "packing", "line_3", "packer", "sparkplug_hivemq",
          ("P-100",), counter_modulus=65536, counter_start=60000, is_textbook=True),
    Asset("denver-labeler-4", "Labeler 4 (never heard)", "denver", "packing", "line_4", "labeler", "silent"),
    Asset("berlin-robot-1", "Robot 1", "berlin", "assembly", "line_1", "robot", "uns_single",
          ("P-300", "P-400"), (ProductChange("day", 16200), ProductChange("night", 3600)), reset="after_abort"),
    Asset("berlin-tester-1", "Tester 1", "berlin", "assembly", "line_1", "tester", "uns_many",
          ("P-400",), counter_modulus=65536, counter_start=65000, counts_all_parts=True),
    Asset("berlin-lathe-2", "Lathe 2", "berlin", "machining", "line_2", "lathe", "uns_single",
          ("P-400", "P-500"), (ProductChange("evening", 9000),), reset="each_shift", has_unmapped_state=True),
    Asset("berlin-oven-3", "Oven 3", "berlin", "machining", "line_3", "oven", "sparkplug_event_hubs", ("P-600",)),
)  # fmt: skip

METER_ASSET_ID = "berlin-meter-0"
METER_TAG_ID = "historian/berlin_meter/energy"
METER_REACTIVE_TAG_IDS: dict[str, str] = {
    direction: f"historian/berlin_meter/reactive_{direction}" for direction in ("lagging", "leading")
}
REACTIVE_MODULUS = 100
"""A machine's register of reactive energy has few digits: it rolls over within a day, in kvarh."""


def site_of(asset: Asset) -> Site:
    """Return the site where `asset` stands."""
    return next(site for site in SITES if site.site_id == asset.site_id)


def ideal_cycle_s(product_id: str) -> float:
    """Return the PRU of a product; 0 for '' (no product).

    Example:
        >>> ideal_cycle_s("P-200"), ideal_cycle_s("")
        (1.5, 0.0)
    """
    return next((p.ideal_cycle_s for p in PRODUCTS if p.product_id == product_id), 0.0)
