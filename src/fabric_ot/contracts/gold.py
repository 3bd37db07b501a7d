"""The gold tables of `ot_gold.Warehouse`: a star of additive facts; ratios are computed at query time."""

from __future__ import annotations

from fabric_ot.contracts.table import Table, optional, required

DIM_DATE = Table(
    layer="gold",
    schema="dim",
    name="date",
    grain="one calendar date",
    key=("date_key",),
    written_by="etl.load_dim_date",
    columns=(
        required("date_key", "int", "yyyymmdd"),
        required("date", "date"),
        required("year", "int"),
        required("quarter", "int"),
        required("month", "int"),
        required("month_name", "string"),
        required("iso_week", "int"),
        required("iso_year", "int"),
        required("day_of_week", "int", "1 = Monday"),
        required("day_name", "string"),
    ),
)

DIM_SHIFT = Table(
    layer="gold",
    schema="dim",
    name="shift",
    grain="one shift of one site",
    key=("shift_key",),
    written_by="etl.load_dim_shift",
    columns=(
        required("shift_key", "int"),
        required("site_id", "string"),
        required("shift_id", "string"),
        required("shift_name", "string"),
        required("start_local", "string"),
        required("end_local", "string"),
    ),
)

DIM_ASSET = Table(
    layer="gold",
    schema="dim",
    name="asset",
    grain="one version of one asset (SCD2)",
    key=("asset_key",),
    written_by="etl.load_dim_asset",
    columns=(
        required("asset_key", "int"),
        required("asset_id", "string"),
        required("asset_name", "string"),
        required("site_id", "string"),
        required("site_name", "string"),
        optional("area", "string"),
        optional("line", "string"),
        required("valid_from_utc", "timestamp"),
        optional("valid_to_utc", "timestamp"),
        required("is_current", "boolean"),
    ),
)

DIM_PRODUCT = Table(
    layer="gold",
    schema="dim",
    name="product",
    grain="one version of one product (SCD2)",
    key=("product_key",),
    written_by="etl.load_dim_product",
    columns=(
        required("product_key", "int", "0: no product was running"),
        required("product_id", "string"),
        required("product_name", "string"),
        required("ideal_cycle_s", "double"),
        required("valid_from_utc", "timestamp"),
        optional("valid_to_utc", "timestamp"),
        required("is_current", "boolean"),
    ),
)

_KEYS = (
    required("date_key", "int", "production date"),
    required("shift_key", "int"),
    required("asset_key", "int"),
)

_RESTATEMENT = (
    required("restated_at_utc", "timestamp", "clock of the run that wrote this version"),
    required("version", "int", "1 at first load, +1 with each restatement"),
)

FACT_PRODUCTION = Table(
    layer="gold",
    schema="fact",
    name="production",
    grain="asset x shift x production date x product",
    key=("date_key", "shift_key", "asset_key", "product_key"),
    written_by="etl.load_fact_production",
    columns=(
        *_KEYS,
        required("product_key", "int"),
        required("planned_busy_s", "double", "PBT"),
        required("production_s", "double", "APT"),
        required("planned_stop_production_s", "double"),
        required("unplanned_down_s", "double"),
        required("unqualified_s", "double"),
        required("produced_qty", "double"),
        required("good_qty", "double"),
        required("scrap_qty", "double"),
        required("rework_qty", "double"),
        required("ideal_runtime_s", "double", "PRU * PQ"),
        required("ideal_good_runtime_s", "double", "PRU * GQ"),
        *_RESTATEMENT,
    ),
)

FACT_STATE_TIME = Table(
    layer="gold",
    schema="fact",
    name="state_time",
    grain="asset x shift x production date x state x time category",
    key=("date_key", "shift_key", "asset_key", "state", "time_category"),
    written_by="etl.load_fact_state_time",
    columns=(
        *_KEYS,
        required("state", "string"),
        required("time_category", "string"),
        required("duration_s", "double"),
        required("planned_stop_s", "double"),
        *_RESTATEMENT,
    ),
)

GOLD_TABLES: tuple[Table, ...] = (DIM_DATE, DIM_SHIFT, DIM_ASSET, DIM_PRODUCT, FACT_PRODUCTION, FACT_STATE_TIME)
