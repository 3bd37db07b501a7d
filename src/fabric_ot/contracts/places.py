"""The names of workspaces and items: the one place that spells them."""

from __future__ import annotations

LAYERS: tuple[str, ...] = ("bronze", "silver", "gold", "power_bi")

BRONZE_LAKEHOUSE = "ot_bronze"
SILVER_LAKEHOUSE = "ot_silver"
GOLD_SHORTCUTS_LAKEHOUSE = "ot_gold_shortcuts"
GOLD_WAREHOUSE = "ot_gold"
SETTINGS_LIBRARY = "ot_settings"
SEMANTIC_MODEL = "plant_operations"

LANDING_FOLDER = "landing"
"""Below `Files/` of the bronze lakehouse."""

LANDING_CONFIG = "landing/landing.json"
"""Below `Files/`: the declared mappings (see `contracts.landing`)."""

HIVEMQ_FOLDER = "hivemq"
EVENT_HUBS_FOLDER = "event_hubs"
