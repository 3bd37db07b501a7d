"""UNS JSON: two shapes, one parse, and a reason for everything that is not a sample."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from pyspark.sql import functions as sf

from fabric_ot.contracts.bronze import MESSAGE
from fabric_ot.contracts.json_mapping import JsonMapping
from fabric_ot.contracts.landing import LandingConfig, TopicRule
from fabric_ot.contracts.silver import READING, TAG
from fabric_ot.testing import NOON, NOON_MS, frame, message
from fabric_ot.transforms.messages.decoders import with_decoder
from fabric_ot.transforms.messages.quarantine import rollup_audit, rollup_messages, to_quarantine
from fabric_ot.transforms.messages.readings import join_catalogue, to_readings
from fabric_ot.transforms.messages.uns_json import to_uns_samples

pytestmark = pytest.mark.spark

CONFIG = LandingConfig(topics=(TopicRule("acme/#", "uns_json"),))
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
SPLIT = NOON - dt.timedelta(hours=1)
AT = NOON_MS - 60_000


def tag(tag_id: str, data_type: str, unit: str | None = None, asset: str = "m1", start=LONG_AGO, end=None) -> tuple:
    return (tag_id, asset, "measure", data_type, unit, None, start, end, end is None)


TAGS = [
    tag("acme/num", "double", "degC"), tag("acme/text", "string"), tag("acme/flag", "boolean"),
    tag("acme/many/a b", "double"), tag("acme/many/t", "string"),
    tag("acme/moved", "double", "psi", "old", LONG_AGO, SPLIT), tag("acme/moved", "double", "bar", "new", SPLIT),
]  # fmt: skip


def said(**members: object) -> bytes:
    return json.dumps({"timestamp_ms": AT, **members}).encode()


ACCEPTED: dict[str, tuple[str, bytes, list[tuple]]] = {
    # case: topic, payload, (tag below acme/, value_double, value_string, unit, quality, code)
    "number": ("num", said(value=21.5), [("num", 21.5, None, "degC", "GOOD", None)]),
    "whole": ("num", said(value=-3, unit="K"), [("num", -3.0, None, "K", "GOOD", None)]),
    "exponent": ("num", b'{"timestamp_ms":%d,"value":1E3}' % AT, [("num", 1000.0, None, "degC", "GOOD", None)]),
    "spaced": ("num", b' { "timestamp_ms" : %d ,\n "value" : 4 } ' % AT, [("num", 4.0, None, "degC", "GOOD", None)]),
    "bad": ("num", said(value=1, quality="Bad_NoCommunication"), [("num", 1.0, None, "degC", "BAD", None)]),
    "da_good": ("num", said(value=1, quality=192), [("num", 1.0, None, "degC", "GOOD", 192)]),
    "da_uncertain": ("num", said(value=1, quality="64"), [("num", 1.0, None, "degC", "UNCERTAIN", 64)]),
    "da_bad": ("num", said(value=1, quality=0), [("num", 1.0, None, "degC", "BAD", 0)]),
    "ua_bad": ("num", said(value=1, quality=0x80050000), [("num", 1.0, None, "degC", "BAD", 0x80050000)]),
    "ua_good": ("num", said(value=1, quality=0x00A90000), [("num", 1.0, None, "degC", "GOOD", 0x00A90000)]),
    "odd_word": ("num", said(value=1, quality="fine"), [("num", 1.0, None, "degC", "UNCERTAIN", None)]),
    "text": ("text", said(value="Run"), [("text", None, "Run", None, "GOOD", None)]),
    "number_for_text": ("text", said(value=7), [("text", None, "7", None, "GOOD", None)]),
    "flag": ("flag", said(value=True), [("flag", 1.0, None, None, "GOOD", None)]),
    "flag_as_0": ("flag", said(value=0), [("flag", 0.0, None, None, "GOOD", None)]),
    "unknown_number": ("new", said(value=5), [("new", 5.0, None, None, "GOOD", None)]),
    "unknown_digits_in_quotes": ("new", said(value="5"), [("new", None, "5", None, "GOOD", None)]),
    "unknown_object": ("new", said(value={"x": [1]}), [("new", None, '{"x":[1]}', None, "GOOD", None)]),
    "unknown_escape": ("new", said(value='say "5"'), [("new", None, 'say "5"', None, "GOOD", None)]),
    "other_value_in_quotes": ("num", said(value=5, unit="5"), [("num", 5.0, None, "5", "GOOD", None)]),
    "many": (
        "many", said(**{"a b": 1, "t": "x", "z": True}),
        [("many/a b", 1.0, None, None, "GOOD", None), ("many/t", None, "x", None, "GOOD", None),
         ("many/z", 1.0, None, None, "GOOD", None)],
    ),
    "many_with_one_bad": ("many", said(**{"a b": "9", "t": "y"}), [("many/t", None, "y", None, "GOOD", None)]),
    "before_the_move": ("moved", b'{"timestamp_ms":%d,"value":1}' % (NOON_MS - 3_600_001),
                        [("moved", 1.0, None, "psi", "GOOD", None)]),
    "after_the_move": ("moved", b'{"timestamp_ms":%d,"value":1}' % (NOON_MS - 3_600_000),
                       [("moved", 1.0, None, "bar", "GOOD", None)]),
}  # fmt: skip

REFUSED: dict[str, tuple[str, bytes | None, str]] = {
    "none": ("num", None, "empty_payload"),
    "empty": ("num", b"", "empty_payload"),
    "two_megabytes": ("num", said(value="x" * 2_000_000), "payload_too_large"),
    "latin_1": ("text", '{"timestamp_ms":1,"value":"é"}'.encode("latin-1"), "not_utf8"),
    "nan": ("num", b'{"timestamp_ms":%d,"value":NaN}' % AT, "invalid_json"),
    "infinity": ("num", b'{"timestamp_ms":%d,"value":-Infinity}' % AT, "invalid_json"),
    "cut": ("num", said(value=21.5)[:-1], "invalid_json"),
    "two_documents": ("num", said(value=1) + said(value=2), "invalid_json"),
    "list_of_documents": ("num", said(value=1) + b"," + said(value=2), "invalid_json"),
    "array": ("num", b"[1]", "invalid_json"),
    "bare_number": ("num", b"5", "invalid_json"),
    "single_quotes": ("num", b"{'timestamp_ms':1,'value':1}", "invalid_json"),
    "blank": ("num", b"  ", "invalid_json"),
    "repeated_key": ("num", b'{"timestamp_ms":%d,"value":1,"value":1}' % AT, "invalid_json"),
    "no_time": ("num", b'{"value":1}', "unknown_shape"),
    "only_time": ("num", said(), "unknown_shape"),
    "only_quality": ("num", said(quality="BAD"), "unknown_shape"),
    "both_shapes": ("num", said(value=1, temp=2), "unknown_shape"),
    "odd_sequence": ("num", said(value=1, sequence="first"), "unknown_shape"),
    "iso_time": ("num", b'{"timestamp_ms":"2026-03-02T11:59:00Z","value":1}', "timestamp_not_a_number"),
    "quoted_time": ("num", b'{"timestamp_ms":"%d","value":1}' % AT, "timestamp_not_a_number"),
    "broken_time": ("num", b'{"timestamp_ms":%d.5,"value":1}' % AT, "timestamp_not_a_number"),
    "null_time": ("num", b'{"timestamp_ms":null,"value":1}', "timestamp_not_a_number"),
    "year_1970": ("num", b'{"timestamp_ms":1000,"value":1}', "event_time_out_of_range"),
    "year_2100": ("num", b'{"timestamp_ms":4102444800000,"value":1}', "event_time_out_of_range"),
    "too_early_by_1_ms": ("num", b'{"timestamp_ms":946684799999,"value":1}', "event_time_out_of_range"),
    "too_late_by_1_ms": ("num", b'{"timestamp_ms":%d,"value":1}' % (NOON_MS + 300_001), "event_time_out_of_range"),
    "astronomical": ("num", b'{"timestamp_ms":99999999999999999999999,"value":1}', "event_time_out_of_range"),
    "null": ("num", said(value=None), "value_is_null"),
    "digits_in_quotes": ("num", said(value="21.5"), "number_as_text"),
    "word_for_a_number": ("num", b'{ "timestamp_ms" : %d , "value" : "off" }' % AT, "number_as_text"),
    "nan_in_quotes": ("num", said(value="NaN"), "number_as_text"),
    "true_for_a_number": ("num", said(value=True), "type_mismatch"),
    "object_for_a_number": ("num", said(value={"x": 1}), "type_mismatch"),
    "two_for_a_flag": ("flag", said(value=2), "type_mismatch"),
    "word_for_a_flag": ("flag", said(value="true"), "type_mismatch"),
}

IGNORED = {"retained": ("num", said(value=1), "retained"), "cleared": ("num", b"", "retained")}
EDGES = {
    "earliest": b'{"timestamp_ms":946684800000,"value":1}',
    "latest": b'{"timestamp_ms":%d,"value":1}' % (NOON_MS + 300_000),
}


def catalogued(spark):
    rows = [
        message(f"acme/{topic}", payload, source_partition=case, is_retained=case in IGNORED)
        for case, (topic, payload, _) in {**ACCEPTED, **REFUSED, **IGNORED}.items()
    ]
    rows += [message("acme/num", payload, source_partition=case) for case, payload in EDGES.items()]
    messages = with_decoder(frame(spark, MESSAGE.spark_ddl(), rows), CONFIG)
    tags = frame(spark, TAG.spark_ddl(), TAGS)
    return messages, join_catalogue(to_uns_samples(messages), tags)


@pytest.fixture(scope="module")
def results(spark_session):
    """Every case through the whole route, in three actions."""
    messages, samples = catalogued(spark_session)
    samples = samples.persist()
    by_case: dict[str, dict[str, list]] = {}
    for kind, rows in {
        "readings": to_readings(samples.withColumn("tag_id", sf.concat_ws("@", "tag_id", "source_partition"))),
        "quarantine": to_quarantine(samples, messages),
        "outcomes": rollup_messages(samples),
    }.items():
        for row in rows.collect():
            by_case.setdefault(row.source_partition, {}).setdefault(kind, []).append(row)
    audit = rollup_audit(rollup_messages(samples)).collect()
    samples.unpersist()
    return by_case, audit


def test_only_numbers_and_booleans_carry_a_number(spark):
    numbers = {"5": 5.0, "true": 1.0, "false": 0.0, '"5"': None, '"true"': None, "null": None, "[1]": None}
    rows = [
        message("acme/x", b'{"timestamp_ms":%d,"value":%s}' % (AT, value.encode()), source_offset=n)
        for n, value in enumerate(numbers)
    ]
    samples = to_uns_samples(with_decoder(frame(spark, MESSAGE.spark_ddl(), rows), CONFIG))
    found = {row.source_offset: row.value_double for row in samples.collect()}
    assert found == dict(enumerate(numbers.values()))


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted_payloads_become_readings(results, case):
    found = sorted(results[0][case].get("readings", []), key=lambda row: row.metric_index)
    values = [
        (r.tag_id.removeprefix("acme/").partition("@")[0], r.value_double, r.value_string, r.unit, r.quality,
         r.quality_code)
        for r in found
    ]  # fmt: skip
    assert values == ACCEPTED[case][2]
    outcome = results[0][case]["outcomes"][0]
    assert (outcome.outcome, outcome.reason, outcome.value_count) == ("decoded", "", len(values))


@pytest.mark.parametrize("case", REFUSED)
def test_refused_payloads_are_kept_raw_with_their_reason(results, case):
    _, payload, reason = REFUSED[case]
    assert "readings" not in results[0][case]
    row = results[0][case]["quarantine"][0]
    assert (row.reasons, None if row.payload is None else bytes(row.payload)) == ([reason], payload)
    by_value = reason in ("value_is_null", "number_as_text", "type_mismatch")
    assert row.metric_index == (0 if by_value else -1)
    outcome = results[0][case]["outcomes"][0]
    assert (outcome.outcome, outcome.reason, outcome.value_count) == ("quarantined", reason, 0)


@pytest.mark.parametrize("case", IGNORED)
def test_retained_messages_are_counted_and_left_aside(results, case):
    assert set(results[0][case]) == {"outcomes"}
    assert (results[0][case]["outcomes"][0].outcome, results[0][case]["outcomes"][0].reason) == ("ignored", "retained")


def test_a_bad_field_refuses_itself_and_spares_its_neighbors(results):
    case = results[0]["many_with_one_bad"]
    assert [(row.metric_index, row.reasons) for row in case["quarantine"]] == [(0, ["number_as_text"])]
    assert case["quarantine"][0].detail == "tag acme/many/a b: json_text 9"


def test_the_borders_of_plausible_time_are_inclusive(results):
    assert [len(results[0][case]["readings"]) for case in EDGES] == [1, 1]


def test_times_assets_and_sequences_come_from_where_they_should(results):
    row = results[0]["number"]["readings"][0]
    assert row.event_time_utc == (NOON - dt.timedelta(minutes=1)).replace(tzinfo=None)
    assert (row.asset_id, row.source_sequence, row.time_source, row.is_historical) == ("m1", 0, "payload", False)
    moved = [results[0][case]["readings"][0].asset_id for case in ("before_the_move", "after_the_move")]
    assert moved == ["old", "new"]
    assert results[0]["unknown_number"]["readings"][0].asset_id is None


def test_the_account_adds_up_to_the_messages(results):
    total = len(ACCEPTED) + len(REFUSED) + len(IGNORED) + len(EDGES)
    assert sum(row.message_count for row in results[1]) == total
    assert sum(row.value_count for row in results[1]) == sum(len(v[2]) for v in ACCEPTED.values()) + len(EDGES)


def test_of_one_key_the_last_arrival_wins_whatever_the_order(spark):
    rows = [
        message("acme/num", said(value=n, sequence=s), source_offset=n, source_partition=p, broker_time_utc=at)
        for n, s, p, at in [
            (1, 1, "0", NOON), (2, 1, "0", NOON + dt.timedelta(seconds=1)), (3, 2, "0", NOON),
            (4, 2, "1", NOON), (5, 3, "0", NOON), (6, 3, "0", NOON),
        ]
    ]  # fmt: skip
    tags = frame(spark, TAG.spark_ddl(), TAGS)
    for seed in (1, 2):
        messages = with_decoder(frame(spark, MESSAGE.spark_ddl(), rows, seed=seed), CONFIG)
        found = to_readings(join_catalogue(to_uns_samples(messages), tags)).collect()
        assert sorted((row.source_sequence, row.value_double) for row in found) == [(1, 2.0), (2, 4.0), (3, 6.0)]
    assert list(found[0].asDict()) == list(READING.column_names)


BERLIN = JsonMapping("ts", "yyyy-MM-dd HH:mm:ss", "Europe/Berlin", value="v", unit="uom", ignored=("meta",))
SECONDS = JsonMapping(timestamp="t", timestamp_format="epoch_s", sequence="n")
SHAPES = (
    TopicRule("plant/berlin/standard", "uns_json"),
    TopicRule("plant/berlin/+", "uns_json", BERLIN),
    TopicRule("plant/#", "uns_json", SECONDS),
)
# NOON is 13:00 in Berlin
SHAPED: dict[str, tuple[str, bytes, object]] = {
    "single": ("berlin/a", b'{"ts":"2026-03-02 12:59:00","v":2.5,"uom":"bar","meta":{"x":1}}',
               [("", 2.5, "bar", AT, 0)]),
    "several": ("berlin/b", b'{"ts":"2026-03-02 12:59:00","p":1,"q":"on"}',
                [("/p", 1.0, None, AT, 0), ("/q", "on", None, AT, 0)]),
    "quoted": ("berlin/c", b'{"ts":"2026-03-02 12:59:00","v":"5"}', [("", "5", None, AT, 0)]),
    "first filter": ("berlin/standard", said(value=1), [("", 1.0, None, AT, 0)]),
    "seconds": ("x", b'{"t":"%d.25","value":3,"n":7}' % (AT // 1000), [("", 3.0, None, AT + 250, 7)]),
    "whole seconds": ("x/y", b'{"t":%d,"p":3}' % (AT // 1000), [("/p", 3.0, None, AT, 0)]),
    "other pattern": ("berlin/d", b'{"ts":"02.03.2026 12:59","v":1}', "timestamp_not_a_number"),
    "milliseconds for seconds": ("x", b'{"t":%d,"value":3}' % AT, "timestamp_not_a_number"),
    "no time": ("berlin/e", b'{"v":1}', "unknown_shape"),
    "two values": ("berlin/f", b'{"ts":"2026-03-02 12:59:00","v":1,"value":2}', "unknown_shape"),
    "two times": ("x", b'{"t":%d,"timestamp_ms":1,"value":3}' % (AT // 1000), "unknown_shape"),
    "no object": ("x", b"[1]", "invalid_json"),
}  # fmt: skip


def test_declared_shapes_times_and_zones_are_read_and_nothing_is_guessed(spark) -> None:
    rows = [message(f"plant/{topic}", data, source_offset=n) for n, (topic, data, _) in enumerate(SHAPED.values())]
    messages = with_decoder(frame(spark, MESSAGE.spark_ddl(), rows), LandingConfig(topics=SHAPES))
    found: dict[str, list[tuple]] = {name: [] for name in SHAPED}
    told: dict[str, object] = {}
    ms = sf.unix_millis("event_time_utc").alias("ms")
    for r in to_uns_samples(messages, SHAPES).select("*", ms).collect():
        name = list(SHAPED)[r.source_offset]
        if r.reasons:
            told[name] = r.reasons[0]
        else:
            tag_id = r.tag_id.removeprefix(f"plant/{SHAPED[name][0]}")
            value = r.value_double if r.value_kind == "number" else r.value_string
            found[name].append((tag_id, value, r.unit, r.ms, r.source_sequence))
    told |= {name: sorted(samples) for name, samples in found.items() if samples}
    assert told == {name: wanted for name, (_, _, wanted) in SHAPED.items()}


def test_the_plan_parses_once_shuffles_once_and_runs_no_python(spark):
    _, samples = catalogued(spark)
    plan = to_readings(samples)._jdf.queryExecution().executedPlan().toString()
    assert plan.count("from_json(") == 1
    # the test frame's own repartition is round robin
    assert plan.count("Exchange hashpartitioning") == 1
    assert "SortMergeJoin" not in plan
    assert not any(name in plan for name in ("Python", "InArrow", "InPandas"))
