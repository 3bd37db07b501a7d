"""The silver tables: decoded, typed, checked; each can be rebuilt from bronze."""

from __future__ import annotations

from fabric_ot.contracts.silver_namespace import NAMESPACE_TABLE
from fabric_ot.contracts.silver_production import (
    COUNT_DELTA,
    ENERGY_INTERVAL,
    PLANNED_STOP,
    PRODUCTION,
    SHIFT_INSTANCE,
    STATE_INTERVAL,
    STATE_TIME,
)
from fabric_ot.contracts.silver_readings import BATCH_AUDIT, PROGRESS, QUARANTINE, READING, SPARKPLUG_MESSAGE
from fabric_ot.contracts.silver_reference import (
    ASSET,
    PRODUCT,
    SHIFT,
    SHIFT_STOP,
    SITE,
    STATE_CATEGORY,
    TAG,
    WORK_ORDER,
)
from fabric_ot.contracts.silver_sparkplug import REBIRTH_REQUEST, VIOLATION
from fabric_ot.contracts.table import Table

SILVER_TABLES: tuple[Table, ...] = (
    READING,
    QUARANTINE,
    SPARKPLUG_MESSAGE,
    BATCH_AUDIT,
    TAG,
    ASSET,
    PRODUCT,
    SITE,
    STATE_CATEGORY,
    SHIFT,
    SHIFT_STOP,
    WORK_ORDER,
    SHIFT_INSTANCE,
    PLANNED_STOP,
    STATE_INTERVAL,
    COUNT_DELTA,
    ENERGY_INTERVAL,
    STATE_TIME,
    PRODUCTION,
    PROGRESS,
    VIOLATION,
    REBIRTH_REQUEST,
    NAMESPACE_TABLE,
)
