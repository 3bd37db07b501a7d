"""Silver tables of reference data: what plants, people and ERP systems declare."""

from __future__ import annotations

from fabric_ot.contracts.table import Column, Table, optional, required

_SCD2: tuple[Column, ...] = (
    required("valid_from_utc", "timestamp", "inclusive"),
    optional("valid_to_utc", "timestamp", "exclusive; null while current"),
    required("is_current", "boolean"),
)

TAG = Table(
    layer="silver",
    schema="plant",
    name="tag",
    grain="one version of one tag",
    key=("tag_id", "valid_from_utc"),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("tag_id", "string"),
        required("asset_id", "string"),
        required("role", "string", "of contracts.roles"),
        required("data_type", "string", "double | string | boolean"),
        optional("unit", "string"),
        optional("counter_modulus", "double", "the counter rolls over from modulus - 1 to 0; null: never"),
        *_SCD2,
    ),
)

ASSET = Table(
    layer="silver",
    schema="plant",
    name="asset",
    grain="one version of one asset",
    key=("asset_id", "valid_from_utc"),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("asset_id", "string"),
        required("asset_name", "string"),
        required("site_id", "string"),
        optional("area", "string"),
        optional("line", "string"),
        *_SCD2,
    ),
)

PRODUCT = Table(
    layer="silver",
    schema="plant",
    name="product",
    grain="one version of one product",
    key=("product_id", "valid_from_utc"),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("product_id", "string"),
        required("product_name", "string"),
        required("ideal_cycle_s", "double", "planned runtime per unit (PRU)"),
        *_SCD2,
    ),
)

SITE = Table(
    layer="silver",
    schema="plant",
    name="site",
    grain="one site",
    key=("site_id",),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("site_id", "string"),
        required("site_name", "string"),
        required("time_zone", "string", "IANA"),
    ),
)

STATE_CATEGORY = Table(
    layer="silver",
    schema="plant",
    name="state_category",
    grain="one state",
    key=("state",),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("state", "string", "as the machine reports it, upper case"),
        required("time_category", "string", "of contracts.roles"),
    ),
)

SHIFT = Table(
    layer="silver",
    schema="plant",
    name="shift",
    grain="one shift of one site's calendar",
    key=("site_id", "shift_id"),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("site_id", "string"),
        required("shift_id", "string"),
        required("shift_name", "string"),
        required("start_local", "string", "HH:mm:ss wall time"),
        required("end_local", "string", "HH:mm:ss wall time; at or before the start means the next day"),
    ),
)

SHIFT_STOP = Table(
    layer="silver",
    schema="plant",
    name="shift_stop",
    grain="one planned stop of one shift",
    key=("site_id", "shift_id", "stop_id"),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("site_id", "string"),
        required("shift_id", "string"),
        required("stop_id", "string"),
        required("reason", "string"),
        optional("start_local", "string", "HH:mm:ss wall time; null: planned minutes without a place"),
        required("duration_s", "double"),
    ),
)

WORK_ORDER = Table(
    layer="silver",
    schema="plant",
    name="work_order",
    grain="one reported work order",
    key=("work_order_id",),
    written_by="nb_silver_reference",
    columns=(
        required("work_order_id", "string"),
        required("asset_id", "string"),
        required("site_id", "string"),
        required("shift_id", "string"),
        required("product_id", "string"),
        required("production_date", "date"),
        required("produced_qty", "double"),
        required("good_qty", "double"),
        required("scrap_qty", "double"),
    ),
)
