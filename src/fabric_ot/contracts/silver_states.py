"""Silver tables of state evidence: what was measured, what people said later, and the account of all time."""

from __future__ import annotations

from fabric_ot.contracts.table import Table, optional, required

STATE_RECODING = Table(
    layer="silver",
    schema="plant",
    name="state_recoding",
    grain="one statement of a person about what a time was",
    key=("recoding_id",),
    written_by="nb_silver_reference",
    columns=(
        required("recoding_id", "string"),
        required("asset_id", "string"),
        required("start_utc", "timestamp", "inclusive"),
        required("end_utc", "timestamp", "exclusive"),
        required("reason_code", "string"),
        required("time_category", "string", "of contracts.roles"),
        required("recorded_at_utc", "timestamp", "recorded last holds; of one instant the greater recoding_id"),
        required("recorded_by", "string"),
    ),
)

STATE_EVIDENCE = Table(
    layer="silver",
    schema="plant",
    name="state_evidence",
    grain="stretch of one state under one re-coding or none",
    key=("asset_id", "start_utc"),
    written_by="nb_silver_production",
    columns=(
        required("asset_id", "string"),
        required("start_utc", "timestamp", "inclusive"),
        required("end_utc", "timestamp", "exclusive"),
        required("state", "string", "as the machine said; never rewritten"),
        required("time_category", "string", "what the time counts as: what facts and failures are made of"),
        required("measured_category", "string", "of the state, before micro-stops and re-coding"),
        required("is_micro_stop", "boolean"),
        required("duration_s", "double"),
        required("is_open", "boolean"),
        optional("recoding_id", "string", "this and what follows: null where nobody re-coded"),
        optional("reason_code", "string"),
        optional("recorded_by", "string"),
        optional("recorded_at_utc", "timestamp"),
    ),
)

TIME_ACCOUNT = Table(
    layer="silver",
    schema="plant",
    name="time_account",
    grain="asset x shift instance: calendar = told + no signal + gap - overlap",
    key=("asset_id", "shift_id", "production_date"),
    written_by="nb_silver_production",
    columns=(
        required("asset_id", "string"),
        required("site_id", "string"),
        required("shift_id", "string"),
        required("production_date", "date"),
        required("calendar_s", "double", "of the shift instance"),
        required("told_s", "double", "in a state that was told"),
        required("no_signal_s", "double", "in NO_SIGNAL: dead, or a bad sample"),
        required("gap_s", "double", "without any interval"),
        required("overlap_s", "double", "told twice or more: what is more than once"),
        required("difference_s", "double", "calendar less what plant.state_time adds up to"),
    ),
)

STATE_TABLES: tuple[Table, ...] = (STATE_RECODING, STATE_EVIDENCE, TIME_ACCOUNT)
