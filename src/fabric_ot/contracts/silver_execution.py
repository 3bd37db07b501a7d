"""Silver tables of what MES and time clock tell: how orders were executed, and the time of the people who did it."""

from __future__ import annotations

from fabric_ot.contracts.table import Table, optional, required

EXECUTION_QUANTITIES: tuple[str, ...] = (
    "produced_qty", "planned_scrap_qty", "rework_qty", "inspected_qty", "first_pass_good_qty", "integrated_good_qty",
    "production_loss_qty", "storage_transport_loss_qty", "other_loss_qty",
)  # fmt: skip

ORDER_EXECUTION = Table(
    layer="silver",
    schema="plant",
    name="order_execution",
    grain="one operation of one production order, executed on one asset on one production date",
    key=("execution_id",),
    written_by="nb_silver_reference",
    columns=(
        required("execution_id", "string"),
        required("order_id", "string"),
        required("operation_no", "double", "place in the order's sequence; the lowest that is told is the first"),
        required("asset_id", "string"),
        optional("product_id", "string"),
        required("production_date", "date"),
        required("start_utc", "timestamp", "inclusive"),
        required("end_utc", "timestamp", "exclusive; AOET is the time between"),
        required("produced_qty", "double", "PQ of the execution, as the order was told"),
        required("planned_scrap_qty", "double", "PSQ"),
        required("rework_qty", "double", "RQ"),
        required("inspected_qty", "double", "IP"),
        required("first_pass_good_qty", "double", "GP: good at the first inspection"),
        required("integrated_good_qty", "double", "IGQ: good, and what else could be sold"),
        required("production_loss_qty", "double", "PL, in units of the consumed material"),
        required("storage_transport_loss_qty", "double", "STL, likewise"),
        required("other_loss_qty", "double", "OL, likewise"),
    ),
)

PERSONNEL_TIME = Table(
    layer="silver",
    schema="plant",
    name="personnel_time",
    grain="asset and shift instance: all its people together, no single person",
    key=("asset_id", "shift_id", "production_date"),
    written_by="nb_silver_reference",
    columns=(
        required("asset_id", "string"),
        required("site_id", "string"),
        required("shift_id", "string"),
        required("production_date", "date"),
        required("attendance_s", "double", "APAT: present, all people added up"),
        required("work_s", "double", "APWT: worked on orders, likewise"),
    ),
)

EXECUTION_TABLES: tuple[Table, ...] = (ORDER_EXECUTION, PERSONNEL_TIME)
