"""`landing.json` is read whole or refused with every problem at once."""

from __future__ import annotations

import json

import pytest

from fabric_ot.contracts.json_mapping import JsonMapping
from fabric_ot.contracts.landing import (
    CsvMapping,
    CsvValue,
    EventstreamTable,
    LandingConfig,
    TopicRule,
    parse_landing_config,
)
from fabric_ot.errors import ConfigError

HISTORIAN = CsvMapping(
    name="meter",
    kind="historian",
    path="historian/meter/*.csv",
    columns=("when", "kwh"),
    timestamp_column="when",
    timestamp_format="yyyy-MM-dd HH:mm",
    time_zone="Europe/Berlin",
    interval_label="end",
    interval_s=900.0,
    values=(CsvValue("kwh", "meter/energy", "kWh"),),
)

SHAPED = TopicRule(
    "plant/#", "uns_json", JsonMapping("ts", "yyyy-MM-dd HH:mm:ss", "Europe/Berlin", value="v", ignored=("meta",))
)


def test_what_is_written_is_read_back() -> None:
    config = LandingConfig(
        topics=(TopicRule("spBv1.0/#", "sparkplug"), TopicRule("acme/+/x", "uns_json"), SHAPED),
        hivemq_columns=(("t", "${mqtt-topic}"), ("p", "${mqtt-payload-base64}"), ("ts", "${timestamp}")),
        csv=(HISTORIAN, CsvMapping("tag", "reference", "reference/tag*.csv", ("tag_id",))),
    )
    assert parse_landing_config(config.to_json()) == config


def test_every_problem_is_told_at_once() -> None:
    document = {
        "topics": [
            {"filter": "a/#/b", "decoder": "sparkplug"},
            {"filter": "a+", "decoder": "xml"},
            7,
            {"filter": "b", "decoder": "sparkplug", "json": {"value": "v", "ignored": ["v"], "unit": 3}},
        ],
        "hivemq_columns": {"t": "${topic}"},
        "csv": [
            {"name": "a", "kind": "table", "path": "../a.csv", "columns": ["x"]},
            {"name": "b", "kind": "historian", "path": "b.csv", "columns": ["x"], "timestamp_column": "when"},
            {"name": "c", "kind": "reference", "path": "c.csv", "columns": [], "colour": "red"},
        ],
        "mqtt": {},
    }
    with pytest.raises(ConfigError) as caught:
        parse_landing_config(json.dumps(document))
    text = "\n".join(caught.value.problems)
    for expected in (
        "unknown keys ['mqtt']",
        "topics[0]: '#' must be the last level",
        "topics[1]: '+' must fill a whole level",
        "decoder must be sparkplug or uns_json, found 'xml'",
        "topics[2]: needs exactly 'filter' and 'decoder'",
        "topics[3].json.unit: unknown, or neither text nor a list of texts",
        "topics[3].json: member(s) ['v'] play more than one role",
        "topics[3]: json belongs to decoder uns_json, found 'sparkplug'",
        "hivemq_columns.t: unknown placeholder '${topic}'",
        "kind must be historian or reference, found 'table'",
        "path must stay below Files/landing, found '../a.csv'",
        "column(s) ['when'] are not in the declared header",
        "csv[2] 'c': unknown keys ['colour']",
    ):
        assert expected in text


def test_a_mapping_without_a_topic_column_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no column is mapped to \$\{mqtt-topic\}"):
        parse_landing_config('{"hivemq_columns": {"p": "${mqtt-payload}", "ts": "${timestamp}"}}')


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_text_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"landing\.json: 1 problem"):
        parse_landing_config(text)


STREAM = EventstreamTable("plant.raw", (("t", "${mqtt-topic}"), ("p", "${mqtt-payload}")), "number")


def test_a_declared_eventstream_is_read_back_and_needs_no_time_of_the_broker() -> None:
    config = LandingConfig(eventstreams=(STREAM,))
    assert parse_landing_config(config.to_json()) == config
    assert parse_landing_config("{}").eventstreams == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"table": "raw"}, "eventstreams[0].table: expected <schema>.<name>, found 'raw'"),
        ({"table": "plant.message"}, "eventstreams[0].table: plant.message is what the landing itself writes"),
        ({"columns": {}}, "eventstreams[0].columns: none is declared"),
        ({"columns": {"p": "${mqtt-payload}"}}, "eventstreams[0].columns: no column is mapped to ${mqtt-topic}"),
        ({"sequence_column": None}, "eventstreams[0].sequence_column: expected a column's name, found None"),
        ({"key": "x"}, "eventstreams[0]: needs exactly ['columns', 'sequence_column', 'table']"),
    ],
)
def test_a_declared_eventstream_that_cannot_be_read_is_refused(changes: dict, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_landing_config(json.dumps({"eventstreams": [{**STREAM.to_dict(), **changes}]}))
    assert any(said in problem for problem in caught.value.problems)


def test_a_table_that_is_declared_twice_or_no_list_is_refused() -> None:
    for told, said in (([STREAM.to_dict()] * 2, "'plant.raw' is declared twice"), ({}, "expected a list of tables")):
        with pytest.raises(ConfigError, match=said):
            parse_landing_config(json.dumps({"eventstreams": told}))
