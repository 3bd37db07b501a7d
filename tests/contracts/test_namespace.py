"""The declared namespace survives `landing.json`, and what cannot be used is refused by name."""

from __future__ import annotations

import json

import pytest

from fabric_ot.contracts.landing import LandingConfig, parse_landing_config
from fabric_ot.contracts.namespace import NamespaceRule
from fabric_ot.errors import ConfigError


def test_a_declared_namespace_is_read_back_and_the_default_needs_no_word() -> None:
    rule = NamespaceRule(uns_root=("umh", "v1"), uns_separator=".", sparkplug_group=("site",), sparkplug_separator="_")
    assert parse_landing_config(LandingConfig(namespace=rule).to_json()).namespace == rule
    assert parse_landing_config("{}").namespace == NamespaceRule()


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({"uns_levels": "site"}, r"namespace\.uns_levels"),
        ({"sparkplug_device": [1]}, r"namespace\.sparkplug_device"),
        ({"sparkplug_separator": ["_"]}, r"namespace\.sparkplug_separator"),
        ({"levels": ["site"]}, r"namespace\.levels: unknown"),
        (["site"], "namespace: expected an object"),
    ],
)
def test_what_is_no_namespace_is_refused_by_name(item, problem) -> None:
    with pytest.raises(ConfigError, match=problem):
        parse_landing_config(json.dumps({"namespace": item}))
