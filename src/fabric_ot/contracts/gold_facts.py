"""The facts of `ot_gold.Warehouse`: what they hold adds up; ratios are measures of the semantic model."""

from __future__ import annotations

from fabric_ot.contracts.table import Table, optional, required

_KEYS = (
    required("date_key", "int", "production date"),
    required("shift_key", "int", "0: outside every shift"),
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

FACT_PRODUCTION_LOSS = Table(
    layer="gold",
    schema="fact",
    name="production_loss",
    grain="asset x shift x production date x leaf of the loss tree",
    key=("date_key", "shift_key", "asset_key", "node"),
    written_by="etl.load_fact_production_loss",
    columns=(
        *_KEYS,
        required("node", "string", "the loss; 'good' is what is left of planned busy time"),
        required("loss_category", "string", "availability | performance | quality | good"),
        required("position", "int", "order of the nodes, top to bottom"),
        required("duration_s", "double", "the leaves of a shift add up to its planned busy time"),
        *_RESTATEMENT,
    ),
)

FACT_ENERGY = Table(
    layer="gold",
    schema="fact",
    name="energy",
    grain="asset x shift x production date x state",
    key=("date_key", "shift_key", "asset_key", "state", "time_category"),
    written_by="etl.load_fact_energy",
    columns=(
        *_KEYS,
        required("state", "string", "'' outside every shift"),
        required("time_category", "string"),
        required("energy_kwh", "double"),
        required("finished_energy_kwh", "double", "the part in shifts that are over: goes with good_qty"),
        required("good_qty", "double", "of asset and shift, in one of its states only, so that it adds up"),
        *_RESTATEMENT,
    ),
)

FACT_ENERGY_COST = Table(
    layer="gold",
    schema="fact",
    name="energy_cost",
    grain="charge of one meter, local date and tariff period; of a site and month where the charge is for demand",
    key=("date_key", "asset_key", "meter_id", "charge", "tariff_id", "period"),
    written_by="etl.load_fact_energy_cost",
    columns=(
        required("date_key", "int", "local calendar date; first of the month for demand"),
        required("asset_key", "int", "of the meter; of the whole site for demand"),
        required("meter_id", "string", "'' for demand"),
        required("charge", "string", "energy | demand"),
        required("tariff_id", "string", "'' where no price is told"),
        required("period", "string", "'' where no price is told, and for demand"),
        required("currency", "string", "'' where no price is told; costs add up within one currency"),
        required("is_top_meter", "boolean", "no other meter counts its energy: these are the bill, with demand"),
        required("is_leaf_meter", "boolean", "it counts the energy of no other meter: these are the machines"),
        required("energy_kwh", "double"),
        required("unpriced_kwh", "double", "the part without a price"),
        optional("cost", "double", "not rounded; null where no price is told"),
        *_RESTATEMENT,
    ),
)

FACT_MAINTENANCE = Table(
    layer="gold",
    schema="fact",
    name="maintenance",
    grain="asset x UTC month x component",
    key=("date_key", "asset_key", "component"),
    written_by="etl.load_fact_maintenance",
    columns=(
        required("date_key", "int", "first of the month"),
        required("asset_key", "int", "as of the start of the month"),
        required("component", "string", "'not told' where no order names it, and for what is told of the asset alone"),
        required("operating_s", "double", "of the asset: in one component only, so that it adds up"),
        required("failures", "long", "that began in the month"),
        required("restored_failures", "long"),
        required("open_failures", "long"),
        required("restore_s", "double", "down time of restored failures, whole"),
        required("acknowledged_orders", "long"),
        required("acknowledge_s", "double"),
        required("waiting_s", "double"),
        required("wrench_s", "double"),
        required("due_orders", "long", "this and what follows: of the asset, in component 'not told'"),
        required("done_orders", "long"),
        required("pending_orders", "long"),
        required("due_preventive", "long"),
        required("done_preventive", "long"),
        required("corrective_s", "double"),
        required("preventive_s", "double"),
        *_RESTATEMENT,
    ),
)

FACT_SPC_SIGNAL = Table(
    layer="gold",
    schema="fact",
    name="spc_signal",
    grain="control chart x statistic x shift x production date: its points; and each rule that fired, in a row",
    key=("date_key", "shift_key", "asset_key", "chart_id", "statistic", "rule_name"),
    written_by="etl.load_fact_spc_signal",
    columns=(
        *_KEYS,
        required("chart_id", "string"),
        required("statistic", "string", "individual, mean, proportion, rate | moving_range, range, stddev"),
        required("rule_name", "string", "'' in the row that counts points"),
        required("points", "long"),
        required("judged_points", "long", "with a value and limits"),
        required("signal_points", "long", "at which a rule fired"),
        required("fired_count", "long", "how often the rule fired; 0 in the row that counts points"),
        *_RESTATEMENT,
    ),
)

FACT_TABLES: tuple[Table, ...] = (
    FACT_PRODUCTION,
    FACT_STATE_TIME,
    FACT_PRODUCTION_LOSS,
    FACT_ENERGY,
    FACT_ENERGY_COST,
    FACT_MAINTENANCE,
    FACT_SPC_SIGNAL,
)
