"""Why a message or metric was refused or left aside: a closed list, so that the account can be checked."""

from __future__ import annotations

QUARANTINE_REASONS: dict[str, str] = {
    "unknown_topic": "no declared topic filter matches",
    "empty_payload": "the message carries no bytes",
    "payload_too_large": "more bytes than Event Hubs Standard accepts (1 MiB)",
    "not_utf8": "the JSON payload is not valid UTF-8",
    "invalid_json": "the payload is not one JSON object (NaN and Infinity are not JSON)",
    "unknown_shape": "the JSON object has no timestamp_ms, or nothing beside it",
    "timestamp_not_a_number": "timestamp_ms is not a whole number of milliseconds",
    "event_time_out_of_range": "the source's time is before 2000 or later than arrival allows",
    "value_is_null": "the value is null where the tag's catalogue asks for one",
    "number_as_text": "a numeric tag carries a JSON string",
    "type_mismatch": "the value cannot be read as the tag's declared type",
    "invalid_protobuf": "the Sparkplug payload cannot be decoded",
    "illegal_sparkplug_topic": "the topic breaks the Sparkplug B namespace",
    "alias_without_birth": "DATA before the birth that defines its aliases: held, and released when that birth lands",
    "unnamed_metric": "a birth metric has neither name nor alias",
    "row_does_not_fit_mapping": "another number of fields than the declared header, or a field cannot be read",
    "reference_not_found": "the row names an asset, site, shift or product that is not in the reference tables",
    "reference_mismatch": "the row joins an asset of one site to a shift of another",
    "sparkplug_violation": "strict mode: the Sparkplug message breaks a rule by itself",
}

IGNORED_REASONS: dict[str, str] = {
    "retained": "a retained message is state at subscribe time, not a sample",
    "command": "NCMD and DCMD are orders to the edge, not samples",
    "host_state": "STATE messages tell about hosts, not about the plant",
    "stale_death": "an NDEATH whose bdSeq is not the current session's: a late will message",
    "redelivery": "the same topic and payload as fewer than 256 messages before, in the same birth epoch",
}

ALL_REASONS: dict[str, str] = {**QUARANTINE_REASONS, **IGNORED_REASONS}
