"""The silver tables: decoded, typed, checked; each can be rebuilt from bronze."""

from __future__ import annotations

from fabric_ot.contracts.silver_energy import (
    DEMAND_CHARGE,
    ENERGY_BASELINE,
    ENERGY_COST,
    ENERGY_DEMAND,
    ENERGY_LOAD,
    ENERGY_METER,
    ENERGY_STATE,
    POWER_FACTOR,
    POWER_FACTOR_PERIOD,
    REACTIVE_METER,
    TARIFF_HOLIDAY,
    TARIFF_RATE,
)
from fabric_ot.contracts.silver_execution import EXECUTION_TABLES
from fabric_ot.contracts.silver_genealogy import GENEALOGY_TABLES
from fabric_ot.contracts.silver_kpis import FORMULA_COMPARISON, KPI, PRODUCTION_LOSS
from fabric_ot.contracts.silver_maintenance import MAINTENANCE_TABLES
from fabric_ot.contracts.silver_namespace import NAMESPACE_TABLE
from fabric_ot.contracts.silver_production import (
    COUNT_DELTA,
    ENERGY_INTERVAL,
    PLANNED_STOP,
    PRODUCTION,
    REACTIVE_INTERVAL,
    SHIFT_INSTANCE,
    STATE_INTERVAL,
    STATE_TIME,
)
from fabric_ot.contracts.silver_quality import QUALITY_TABLES
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
from fabric_ot.contracts.silver_signals import (
    CLOCK_SKEW,
    READING_COMPRESSED,
    READING_GAP,
    READING_MINUTE,
    SIGNAL_RULE,
    UNIT,
)
from fabric_ot.contracts.silver_sparkplug import REBIRTH_REQUEST, VIOLATION
from fabric_ot.contracts.silver_states import STATE_TABLES
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
    REACTIVE_INTERVAL,
    STATE_TIME,
    PRODUCTION,
    PROGRESS,
    UNIT,
    SIGNAL_RULE,
    READING_MINUTE,
    READING_COMPRESSED,
    READING_GAP,
    CLOCK_SKEW,
    *QUALITY_TABLES,
    *GENEALOGY_TABLES,
    *MAINTENANCE_TABLES,
    *EXECUTION_TABLES,
    *STATE_TABLES,
    TARIFF_RATE,
    TARIFF_HOLIDAY,
    DEMAND_CHARGE,
    ENERGY_METER,
    REACTIVE_METER,
    ENERGY_DEMAND,
    ENERGY_LOAD,
    POWER_FACTOR,
    POWER_FACTOR_PERIOD,
    ENERGY_STATE,
    ENERGY_COST,
    ENERGY_BASELINE,
    PRODUCTION_LOSS,
    KPI,
    FORMULA_COMPARISON,
    VIOLATION,
    REBIRTH_REQUEST,
    NAMESPACE_TABLE,
)
