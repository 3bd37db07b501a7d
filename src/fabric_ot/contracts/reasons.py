"""Why a message or metric was refused or left aside: a closed list, so that the account can be checked."""

from __future__ import annotations

QUARANTINE_REASONS: dict[str, str] = {
    "unknown_topic": "no declared topic filter matches",
    "empty_payload": "the message carries no bytes",
    "payload_too_large": "more bytes than Event Hubs Standard accepts (1 MiB)",
    "not_utf8": "the JSON payload is not valid UTF-8",
    "invalid_json": "the payload is not one JSON object (NaN and Infinity are not JSON)",
    "unknown_shape": "the JSON object has no timestamp_ms, or nothing beside it",
    "timestamp_not_a_number": "the time is not a whole number of milliseconds, or does not fit the declared format",
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
    "limits_crossed": "the lower limit is above the upper one",
    "limit_not_positive": "an interval, a rate or a tolerance is zero or below",
    "sample_in_the_future": "the sample's time is later than the run's clock by more than five minutes",
    "inspected_qty_not_positive": "an inspection that looked at no unit",
    "found_qty_negative": "an inspection that found fewer than no defects",
    "more_defective_than_inspected": "an inspection that found more defective units than it looked at",
    "unknown_chart_kind": "the control chart is none of i_mr, xbar_r, xbar_s, p, u",
    "specification_limits_crossed": "the lower specification limit is not below the upper one",
    "baseline_without_duration": "the baseline of a control chart does not end after it begins",
    "quantity_without_unit": "a movement of a lot that names no unit",
    "quantity_not_positive": "a movement of nothing, or of less",
    "movement_in_the_future": "the movement's time is later than the run's clock by more than five minutes",
    "stock_negative": "less than nothing of a lot is scrapped or in process",
    "times_out_of_order": "times of one row contradict their order: an end before its start",
    "execution_without_duration": "the execution of an order ends at or before its start",
    "quantity_negative": "an execution that made, lost or inspected less than nothing",
    "more_good_than_inspected": "an execution with more units good at first pass than inspected",
    "time_negative": "people attended or worked for less than no time",
    "more_work_than_attendance": "people worked longer than they were there",
    "weekdays_unreadable": "a tariff's weekdays are not digits from 1 (Monday) to 7, or 8 (holiday)",
    "wall_time_unreadable": "a tariff's wall time is not HH:mm or HH:mm:ss",
    "valid_to_not_after_valid_from": "the row is valid for no day",
    "demand_price_negative": "a price of peak demand is below zero",
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
