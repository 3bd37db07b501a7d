"""Silver tables of a Sparkplug host: broken rules, and the rebirths that it would ask for."""

from __future__ import annotations

from fabric_ot.contracts.bronze import TRANSPORT_COLUMNS
from fabric_ot.contracts.table import Table, optional, required

VIOLATION = Table(
    layer="silver",
    schema="plant",
    name="violation",
    grain="one rule of Sparkplug 3.0 that one message breaks",
    key=("route", "source_partition", "source_offset", "assertion_id"),
    written_by="nb_silver_reading",
    columns=(
        *TRANSPORT_COLUMNS,
        required("assertion_id", "string", "of contracts.sparkplug_rules"),
        required("severity", "string", "error | warning"),
        optional("edge_node_id", "string", "group/node; null where the topic names none"),
        optional("device_id", "string"),
        optional("message_type", "string"),
        optional("birth_epoch", "int", "as in plant.sparkplug_message"),
        required("metric_index", "int", "the first metric that breaks it; -1 where the message as a whole does"),
        required("metric_count", "long", "how many metrics break it; 0 where the message as a whole does"),
        optional("detail", "string", "what was found, for a person"),
        required("arrival_time_utc", "timestamp"),
        required("ingest_batch_id", "string"),
    ),
)

REBIRTH_REQUEST = Table(
    layer="silver",
    schema="plant",
    name="rebirth_request",
    grain="one edge node and birth epoch in which a host would ask for a rebirth",
    key=("edge_node_id", "birth_epoch"),
    written_by="nb_silver_reading",
    columns=(
        required("edge_node_id", "string", "group/node"),
        required("birth_epoch", "int", "in which it is asked; 0 before any birth"),
        required("reason", "string", "of contracts.sparkplug_rules: the first cause"),
        required("requested_utc", "timestamp", "arrival of the message that gave the first cause"),
        optional("answered_utc", "timestamp", "arrival of the node's birth that followed; null while open"),
        required("cause_count", "long", "messages that gave cause while it was open"),
        *TRANSPORT_COLUMNS,
    ),
)
