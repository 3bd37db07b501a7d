"""Which rules of Sparkplug 3.0 a data set or a template breaks: plain Python, no Spark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fabric_ot.contracts.sparkplug_rules import PAYLOADS

_BASIC_TYPES = frozenset(range(1, 16))
_BASIC_VALUES = ("int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value")
_BIRTHS = ("NBIRTH", "DBIRTH")


def data_set_rules(data_set: Any) -> Iterator[str]:
    """Yield the rules that a data set breaks, each once."""
    if data_set.num_of_columns != len(data_set.columns):
        yield f"{PAYLOADS}dataset-column-size"
    if not data_set.types:
        yield f"{PAYLOADS}dataset-parameter-type-req"
    elif len(data_set.types) != len(data_set.columns):
        yield f"{PAYLOADS}dataset-column-num-headers"
    if any(type_ not in _BASIC_TYPES for type_ in data_set.types):
        yield f"{PAYLOADS}dataset-types-value"
    if any(element.WhichOneof("value") not in _BASIC_VALUES for row in data_set.rows for element in row.elements):
        yield f"{PAYLOADS}template-dataset-value"


def template_rules(payload: Any, message_type: str) -> Iterator[tuple[str, int]]:
    """Yield the rules that the templates of a payload break, with the index of the metric.

    Instances are compared with the definitions of the same node's birth: a later message's definition is elsewhere.
    """
    templates = [(n, m) for n, m in enumerate(payload.metrics) if m.WhichOneof("value") == "template_value"]
    defined = {m.name: _members(m.template_value) for _, m in templates if m.template_value.is_definition}
    for index, metric in templates:
        template = metric.template_value
        rules = [*_one_template(template, message_type), *_parameters(template, is_birth=message_type in _BIRTHS)]
        if message_type == "NBIRTH" and not template.is_definition:
            rules += _against_definition(template, defined)
        yield from ((f"{PAYLOADS}template-{rule}", index) for rule in rules)


def _one_template(template: Any, message_type: str) -> Iterator[str]:
    if not template.HasField("is_definition"):
        yield "is-definition"
    if template.is_definition:
        if message_type != "NBIRTH":
            yield "definition-nbirth-only"
        if template.HasField("template_ref"):
            yield "definition-ref"
    elif not template.template_ref:
        yield "instance-ref"


def _parameters(template: Any, *, is_birth: bool) -> Iterator[str]:
    if any(not parameter.name for parameter in template.parameters):
        yield "parameter-name-required"
    if is_birth and any(not parameter.HasField("type") for parameter in template.parameters):
        yield "parameter-type-req"
    if any(p.HasField("type") and p.type not in _BASIC_TYPES for p in template.parameters):
        yield "parameter-type-value"


def _against_definition(template: Any, defined: dict[str, set[str]]) -> Iterator[str]:
    if template.template_ref and template.template_ref not in defined:
        yield "definition-nbirth"
    elif template.template_ref:
        wanted, found = defined[template.template_ref], _members(template)
        if found - wanted:
            yield "instance-members"
        if wanted - found:
            yield "instance-members-birth"


def _members(template: Any) -> set[str]:
    return {metric.name for metric in template.metrics}
