"""Strict mode refuses a message that breaks a "must" by itself, and tells the rules; it overrides no other reason."""

from __future__ import annotations

import pytest

from fabric_ot.contracts.sparkplug_rules import STRICT_REASON, STRICT_RULES, WARNINGS
from fabric_ot.testing import frame
from fabric_ot.transforms.sparkplug.payloads import BROKEN_DDL
from fabric_ot.transforms.sparkplug.violations import with_strict_reason

MUST, OTHER_MUST = sorted(STRICT_RULES)[:2]
WARNING = sorted(WARNINGS)[0]
MESSAGES: dict[str, tuple] = {
    # message: reason and error before, broken rules, reason and error after
    "sound": (None, None, [], None, None),
    "unread": (None, None, None, None, None),
    "warned": (None, None, [(WARNING, 0)], None, None),
    "broken": (None, None, [(MUST, -1), (WARNING, 0)], STRICT_REASON, MUST),
    "broken twice": (None, None, [(MUST, 1), (MUST, 2), (OTHER_MUST, 2)], STRICT_REASON, f"{MUST}, {OTHER_MUST}"),
    "command": ("command", None, [(MUST, 0)], "command", None),
    "torn": ("invalid_protobuf", "DecodeError", [(MUST, -1)], "invalid_protobuf", "DecodeError"),
}


@pytest.mark.spark
def test_a_message_that_breaks_a_must_is_refused_with_its_rules(spark) -> None:
    ddl = f"name string, message_reason string, error string, broken {BROKEN_DDL}"
    rows = [(name, *before) for name, (*before, _, _) in MESSAGES.items()]
    found = {row.name: (row.message_reason, row.error) for row in with_strict_reason(frame(spark, ddl, rows)).collect()}
    assert found == {name: tuple(after) for name, (_, _, _, *after) in MESSAGES.items()}
