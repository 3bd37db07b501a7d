"""The rules of Sparkplug 3.0 that a host can judge from what it receives: a closed list of assertion ids.

`tck-id-...` are the specification's own ids; `ot-...` are rules that it states without an id. Severity follows its
words: what must be is an error, what should be is a warning. Also warnings, by choice: an NBIRTH whose `seq` is not 0
(two chapters disagree), flags (the way to the landing folder may change them) and the death of an older session.
"""

from __future__ import annotations

from typing import Literal

RuleSeverity = Literal["error", "warning"]
RuleMode = Literal["lenient", "strict"]
"""`lenient` keeps what can be read and tells what is broken; `strict` quarantines messages that break a "must"."""

STRICT_REASON = "sparkplug_violation"
"""Of contracts.reasons: why strict mode quarantines a message."""

PAYLOADS = "tck-id-payloads-"
TOPICS = "tck-id-topics-"
NAMES = "tck-id-topic-structure-namespace-"
BEHAVIOR = "tck-id-operational-behavior-"
FLOW = "tck-id-message-flow-"

SEQUENCE = f"{PAYLOADS}sequence-num-incrementing"
ALIAS_UNIQUE = f"{PAYLOADS}alias-uniqueness"
STALE_DEATH = f"{PAYLOADS}ndeath-bdseq"
DATATYPE_DIFFERS = "ot-datatype-differs-from-birth"
VALUE_DIFFERS = "ot-value-differs-from-datatype"
NOT_PROTOBUF = "ot-payload-not-protobuf"

_PAYLOAD_TEXTS: dict[str, str] = {
    **{f"{PAYLOADS}{t}-seq": "seq is absent or above 255" for t in ("nbirth", "dbirth", "ndata", "ddata", "ddeath")},
    **{f"{PAYLOADS}{t}-timestamp": "no time of sending" for t in ("nbirth", "dbirth", "ndata", "ddata", "ddeath")},
    f"{PAYLOADS}ndeath-seq": "a node's death carries a seq",
    f"{TOPICS}ndeath-payload": "a node's death carries anything but one bdSeq",
    f"{PAYLOADS}nbirth-bdseq": "a node's birth without bdSeq",
    f"{FLOW}edge-node-birth-publish-nbirth-payload-bdSeq": "bdSeq of a node's birth is no Int64",
    f"{FLOW}edge-node-birth-publish-will-message-payload-bdSeq": "bdSeq of a node's death is no Int64",
    f"{BEHAVIOR}data-commands-rebirth-name": "a node's birth does not offer Node Control/Rebirth",
    f"{BEHAVIOR}data-commands-rebirth-name-aliases": "Node Control/Rebirth has an alias",
    f"{BEHAVIOR}data-commands-rebirth-datatype": "Node Control/Rebirth is not Boolean",
    f"{BEHAVIOR}data-commands-rebirth-value": "Node Control/Rebirth is not false in the birth",
    ALIAS_UNIQUE: "one alias for two metrics of an edge node",
    f"{PAYLOADS}alias-birth-requirement": "a birth gives an alias without a name",
    f"{PAYLOADS}alias-data-cmd-requirement": "data carries name and alias",
    f"{PAYLOADS}name-requirement": "a metric has neither name nor alias",
    f"{PAYLOADS}metric-datatype-req": "a birth metric without datatype",
    f"{PAYLOADS}metric-datatype-value": "a datatype that does not exist",
    f"{PAYLOADS}name-birth-data-requirement": "a metric without a time of its own",
    f"{BEHAVIOR}data-publish-nbirth-values": "a node's birth metric has no value and is not null, or both",
    f"{BEHAVIOR}data-publish-dbirth-values": "a device's birth metric has no value and is not null, or both",
    f"{BEHAVIOR}data-publish-nbirth-order": "live metrics of a node's message are not in the order of time",
    f"{BEHAVIOR}data-publish-dbirth-order": "live metrics of a device's message are not in the order of time",
    VALUE_DIFFERS: "a value of another kind than the metric's own datatype",
    f"{PAYLOADS}propertyset-keys-array-size": "another number of property keys than of values",
    f"{PAYLOADS}metric-propertyvalue-type-req": "a birth property without type",
    f"{PAYLOADS}metric-propertyvalue-type-value": "a property type that does not exist",
    f"{PAYLOADS}propertyset-quality-value-type": "Quality is no Int32",
    f"{PAYLOADS}propertyset-quality-value-value": "Quality is not 0, 192 or 500",
    f"{PAYLOADS}dataset-column-size": "a data set counts other columns than it names",
    f"{PAYLOADS}dataset-column-num-headers": "a data set names other columns than it types",
    f"{PAYLOADS}dataset-parameter-type-req": "a data set without types",
    f"{PAYLOADS}dataset-types-value": "a data set column of a type that is not basic",
    f"{PAYLOADS}template-dataset-value": "a data set element without a basic value",
    f"{PAYLOADS}template-definition-nbirth-only": "a template is defined outside the node's birth",
    f"{PAYLOADS}template-is-definition": "a template does not say whether it is a definition",
    f"{PAYLOADS}template-definition-ref": "a template definition refers to another one",
    f"{PAYLOADS}template-instance-ref": "a template instance does not name its definition",
    f"{PAYLOADS}template-definition-nbirth": "a node's birth has an instance of a template that it does not define",
    f"{PAYLOADS}template-instance-members": "a template instance has a member that its definition does not have",
    f"{PAYLOADS}template-instance-members-birth": "a template instance of the birth lacks a member",
    f"{PAYLOADS}template-parameter-name-required": "a template parameter without name",
    f"{PAYLOADS}template-parameter-type-req": "a template parameter of a birth without type",
    f"{PAYLOADS}template-parameter-type-value": "a template parameter of a type that is not basic",
}
_STREAM_TEXTS: dict[str, str] = {
    SEQUENCE: "seq does not follow the one before",
    f"{PAYLOADS}ndata-order": "node data without a node's birth in force",
    f"{PAYLOADS}ddata-order": "device data without the births of its node and device in force",
    f"{FLOW}device-birth-publish-nbirth-wait": "a device's birth without a node's birth in force",
    "tck-id-principles-birth-certificates-order": "a device's death without a node's birth in force",
    f"{BEHAVIOR}data-publish-nbirth": "node data names a metric that no birth in force declares",
    f"{BEHAVIOR}data-publish-dbirth": "device data names a metric that no birth in force declares",
    DATATYPE_DIFFERS: "data of another datatype, or with a value of another kind, than the birth declared",
    f"{FLOW}edge-node-birth-publish-nbirth-payload": "a node's birth that cannot be decoded",
    f"{FLOW}device-birth-publish-dbirth-payload": "a device's birth that cannot be decoded",
    f"{FLOW}edge-node-birth-publish-will-message-payload": "a node's death that cannot be decoded",
    NOT_PROTOBUF: "data or a device's death that cannot be decoded",
}
_TOPIC_TEXTS: dict[str, str] = {
    "tck-id-topic-structure": "the topic is not of the form of the namespace",
    f"{NAMES}a": "the first level of the topic is not spBv1.0",
    f"{NAMES}device-id-associated-message-types": "a device's message without a device",
    f"{NAMES}device-id-non-associated-message-types": "a node's message with a device",
    f"{NAMES}valid-group-id": "a group that is not UTF-8, or has + or #",
    f"{NAMES}valid-edge-node-id": "an edge node that is not UTF-8, or has + or #",
    f"{NAMES}valid-device-id": "a device that is not UTF-8, or has + or #",
    "tck-id-host-topic-phid-birth-payload": "a host's STATE is not JSON with online and timestamp",
}
_FLAGGED = ("nbirth", "dbirth", "ndata", "ddata", "ncmd", "dcmd")
_WARNING_TEXTS: dict[str, str] = {
    f"{TOPICS}nbirth-seq-num": "seq of a node's birth is not 0",
    f"{PAYLOADS}metric-datatype-not-req": "data repeats the datatype",
    "tck-id-case-sensitivity-metric-names": "two metrics of a birth have names that differ in case only",
    STALE_DEATH: "a node's death of another session than the one in force",
    **{f"{PAYLOADS}{t}-qos": "QoS is not 0" for t in _FLAGGED},
    **{f"{PAYLOADS}{t}-retain": "the message is retained" for t in _FLAGGED},
    f"{TOPICS}ddeath-mqtt": "QoS is not 0, or the message is retained",
    f"{PAYLOADS}ndeath-will-message-qos": "QoS of a node's death is not 1",
    f"{PAYLOADS}ndeath-will-message-retain": "a node's death is retained",
    "tck-id-host-topic-phid-birth-qos": "QoS of a host's STATE is not 1",
}

RULE_TEXTS: dict[str, str] = {**_PAYLOAD_TEXTS, **_STREAM_TEXTS, **_TOPIC_TEXTS, **_WARNING_TEXTS}
"""Assertion id -> what a message that breaks it does, in our own words."""

WARNINGS: tuple[str, ...] = tuple(_WARNING_TEXTS)
STRICT_RULES: tuple[str, ...] = tuple(_PAYLOAD_TEXTS)
"""What strict mode quarantines for: errors that the message carries in itself, whatever came before it."""


def severity_of(assertion_id: str) -> RuleSeverity:
    """Return the severity of a rule.

    Example:
        >>> severity_of(SEQUENCE), severity_of("tck-id-topics-nbirth-seq-num")
        ('error', 'warning')
    """
    return "warning" if assertion_id in WARNINGS else "error"


REBIRTH_REASONS: dict[str, str] = {
    "data_before_birth": "data while no birth of the node, or of its device, is in force",
    "sequence_gap": "messages are missing before this one",
    "unknown_alias": "data by an alias that no birth in force defines",
}
"""Why a host would ask an edge node for a rebirth."""
