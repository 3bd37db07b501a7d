"""Silver tables of genealogy: movements and stocks of lots, and their traces, shares of origin and mass balances."""

from __future__ import annotations

from fabric_ot.contracts.table import Table, optional, required

LOT_MOVEMENT = Table(
    layer="silver",
    schema="plant",
    name="lot_movement",
    grain="one movement: so much of one lot into another",
    key=("movement_id",),
    written_by="nb_silver_reference",
    columns=(
        required("movement_id", "string"),
        optional("input_lot", "string", "null: a receipt"),
        optional("output_lot", "string", "null: an issue"),
        required("qty", "double", "of uom"),
        optional("uom", "string", "a movement without one is quarantined"),
        required("time_utc", "timestamp"),
        optional("asset_id", "string", "null: in no machine, as a receipt at the gate"),
    ),
)

LOT_STOCK = Table(
    layer="silver",
    schema="plant",
    name="lot_stock",
    grain="what is left of one lot in one unit",
    key=("lot_id", "uom"),
    written_by="nb_silver_reference",
    columns=(
        required("lot_id", "string"),
        required("uom", "string"),
        required("scrap_qty", "double", "of uom"),
        required("wip_qty", "double", "of uom; still in process"),
    ),
)

LOT_TRACE = Table(
    layer="silver",
    schema="plant",
    name="lot_trace",
    grain="direction, traced lot and lot that it reached",
    key=("direction", "lot_id", "reached_lot"),
    written_by="nb_silver_genealogy",
    columns=(
        required("direction", "string", "forward: what was made of the lot | backward: what it was made from"),
        required("lot_id", "string"),
        required("reached_lot", "string"),
        required("depth", "int", "the fewest steps, from 1"),
        required("path", "string", "a shortest way, lots with ' > ' between"),
        required("is_cycle", "boolean", "the lot reached itself: rework"),
        required("is_truncated", "boolean", "more lots lie beyond the depth of the run"),
    ),
)

LOT_BLEND = Table(
    layer="silver",
    schema="plant",
    name="lot_blend",
    grain="lot and lot it holds a share of",
    key=("lot_id", "origin_lot"),
    written_by="nb_silver_genealogy",
    columns=(
        required("lot_id", "string"),
        required("origin_lot", "string"),
        required("fraction", "double", "0 to 1; the fractions of a lot add up to 1"),
        required("origin_kind", "string", "source | open (still circulating) | unweighed"),
        required("residual", "double", "0 to 1: the part of lot_id whose origin is open"),
    ),
)

MASS_BALANCE = Table(
    layer="silver",
    schema="plant",
    name="mass_balance",
    grain="one lot",
    key=("lot_id",),
    written_by="nb_silver_genealogy",
    columns=(
        required("lot_id", "string"),
        optional("uom", "string", "null: several units, or none"),
        optional("in_qty", "double", "of uom"),
        optional("out_qty", "double", "of uom"),
        optional("scrap_qty", "double", "of uom"),
        optional("wip_qty", "double", "of uom"),
        optional("difference_qty", "double", "in less out, scrap and WIP; of uom"),
        optional("difference_fraction", "double", "of in_qty"),
        required("status", "string", "balanced | lost | gained | undefined"),
    ),
)

GENEALOGY_TABLES: tuple[Table, ...] = (LOT_MOVEMENT, LOT_STOCK, LOT_TRACE, LOT_BLEND, MASS_BALANCE)
