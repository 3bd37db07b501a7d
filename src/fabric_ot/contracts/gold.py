"""The gold tables of `ot_gold.Warehouse`: a star of additive facts; ratios are computed at query time."""

from __future__ import annotations

from fabric_ot.contracts.gold_facts import FACT_TABLES
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
        required("shift_key", "int", "0: outside every shift"),
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
    grain="one version of one asset (SCD2); a site that pays for its peak demand as a whole is one too",
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

GOLD_TABLES: tuple[Table, ...] = (DIM_DATE, DIM_SHIFT, DIM_ASSET, DIM_PRODUCT, *FACT_TABLES)
