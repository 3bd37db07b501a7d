"""Silver tables of production: the calendar, states, counts, energy and additive facts."""

from __future__ import annotations

from fabric_ot.contracts.table import Table, optional, required

SHIFT_INSTANCE = Table(
    layer="silver",
    schema="plant",
    name="shift_instance",
    grain="one shift on one production date",
    key=("site_id", "shift_id", "production_date"),
    written_by="nb_silver_production",
    columns=(
        required("site_id", "string"),
        required("shift_id", "string"),
        required("production_date", "date", "local date of the shift's start"),
        required("shift_name", "string"),
        required("start_utc", "timestamp"),
        required("end_utc", "timestamp"),
        required("planned_stop_s", "double"),
        required("planned_busy_s", "double", "PBT: elapsed time less planned stops"),
        required("time_zone", "string", "IANA"),
    ),
)

PLANNED_STOP = Table(
    layer="silver",
    schema="plant",
    name="planned_stop",
    grain="one placed planned stop of one shift instance",
    key=("site_id", "shift_id", "production_date", "stop_id"),
    written_by="nb_silver_production",
    columns=(
        required("site_id", "string"),
        required("shift_id", "string"),
        required("production_date", "date"),
        required("stop_id", "string"),
        required("reason", "string"),
        required("start_utc", "timestamp"),
        required("end_utc", "timestamp"),
    ),
)

STATE_INTERVAL = Table(
    layer="silver",
    schema="plant",
    name="state_interval",
    grain="one maximal run of one state",
    key=("asset_id", "start_utc"),
    written_by="nb_silver_production",
    columns=(
        required("asset_id", "string"),
        required("start_utc", "timestamp", "inclusive"),
        required("end_utc", "timestamp", "exclusive"),
        required("state", "string", "upper case; NO_SIGNAL after a death or a hold limit"),
        required("time_category", "string", "of contracts.roles"),
        required("duration_s", "double"),
        required("is_open", "boolean", "closed by the horizon, not by the next state"),
    ),
)

COUNT_DELTA = Table(
    layer="silver",
    schema="plant",
    name="count_delta",
    grain="one increment of one counter",
    key=("tag_id", "event_time_utc"),
    written_by="nb_silver_production",
    columns=(
        required("tag_id", "string"),
        required("asset_id", "string"),
        required("role", "string", "good_, scrap_, rework_, produced_, energy_ or reactive_counter"),
        required("previous_time_utc", "timestamp"),
        required("event_time_utc", "timestamp"),
        required("delta", "double", "in the counter's unit"),
        required("kind", "string", "increment | reset | rollover"),
        optional("product_id", "string", "running at event_time_utc"),
    ),
)

ENERGY_INTERVAL = Table(
    layer="silver",
    schema="plant",
    name="energy_interval",
    grain="energy of one meter between two readings, or of one labeled interval",
    key=("tag_id", "start_utc"),
    written_by="nb_silver_production",
    columns=(
        required("tag_id", "string"),
        required("asset_id", "string"),
        required("start_utc", "timestamp"),
        required("end_utc", "timestamp"),
        required("energy_kwh", "double"),
    ),
)

REACTIVE_INTERVAL = Table(
    layer="silver",
    schema="plant",
    name="reactive_interval",
    grain="reactive energy of one register between two readings, or of one labeled interval",
    key=("tag_id", "start_utc"),
    written_by="nb_silver_production",
    columns=(
        required("tag_id", "string"),
        required("asset_id", "string"),
        required("start_utc", "timestamp"),
        required("end_utc", "timestamp"),
        required("reactive_kvarh", "double", "lagging or leading: by plant.reactive_meter"),
    ),
)

STATE_TIME = Table(
    layer="silver",
    schema="plant",
    name="state_time",
    grain="asset, shift instance, state and what it counts as",
    key=("asset_id", "shift_id", "production_date", "state", "time_category"),
    written_by="nb_silver_production",
    columns=(
        required("asset_id", "string"),
        required("site_id", "string"),
        required("shift_id", "string"),
        required("production_date", "date"),
        required("state", "string"),
        required("time_category", "string", "as re-coded: of plant.state_evidence"),
        required("duration_s", "double", "within the shift, planned stops included"),
        required("planned_stop_s", "double", "the part of duration_s inside placed planned stops"),
    ),
)

PRODUCTION = Table(
    layer="silver",
    schema="plant",
    name="production",
    grain="asset x shift instance x product: additive facts",
    key=("asset_id", "shift_id", "production_date", "product_id"),
    written_by="nb_silver_production",
    columns=(
        required("asset_id", "string"),
        required("site_id", "string"),
        required("shift_id", "string"),
        required("production_date", "date"),
        required("product_id", "string", "'' where no product was running"),
        required("shift_start_utc", "timestamp"),
        required("planned_busy_s", "double", "PBT"),
        required("production_s", "double", "APT: production outside planned stops"),
        required("planned_stop_production_s", "double", "production inside planned stops: told, not in APT"),
        required("unplanned_down_s", "double"),
        required("unqualified_s", "double", "no signal or unmapped state, outside planned stops"),
        required("produced_qty", "double", "PQ = GQ + SQ + RQ"),
        required("good_qty", "double", "GQ"),
        required("scrap_qty", "double", "SQ"),
        required("rework_qty", "double", "RQ"),
        required("ideal_runtime_s", "double", "PRU * PQ"),
        required("ideal_good_runtime_s", "double", "PRU * GQ"),
    ),
)
