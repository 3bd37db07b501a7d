"""PackML states: their numbers, and the time category that each counts as until a plant declares another.

Two numberings are in use and contradict each other; which one a machine speaks has to be declared.
"""

from __future__ import annotations

from collections.abc import Mapping

from fabric_ot.contracts.roles import TimeCategory

TR88_STATES: Mapping[int, str] = {
    1: "CLEARING",
    2: "STOPPED",
    3: "STARTING",
    4: "IDLE",
    5: "SUSPENDED",
    6: "EXECUTE",
    7: "STOPPING",
    8: "ABORTING",
    9: "ABORTED",
    10: "HOLDING",
    11: "HELD",
    12: "UNHOLDING",
    13: "SUSPENDING",
    14: "UNSUSPENDING",
    15: "RESETTING",
    16: "COMPLETING",
    17: "COMPLETE",
}
"""`StateCurrent` of the PackTags (ISA-TR88.00.02); 0 is undefined, vendors number their own states from 18."""

OPC_30060_STATES: Mapping[int, str] = {
    0: "STOPPED",
    1: "RESETTING",
    2: "IDLE",
    3: "STARTING",
    4: "EXECUTE",
    5: "COMPLETING",
    6: "COMPLETE",
    7: "ABORTING",
    8: "ABORTED",
    9: "STOPPING",
    10: "CLEARING",
    11: "SUSPENDING",
    12: "SUSPENDED",
    13: "UNSUSPENDING",
    14: "HOLDING",
    15: "HELD",
    16: "UNHOLDING",
}
"""`StateEnumeration` of OPC 30060 (tobacco machinery), clause 11.9: the same states under other numbers."""

PACKML_CATEGORIES: Mapping[str, TimeCategory] = {
    "EXECUTE": "production",
    "COMPLETING": "production",
    "STARTING": "setup",
    "RESETTING": "setup",
    "IDLE": "idle",
    "COMPLETE": "idle",
    "SUSPENDING": "idle",
    "SUSPENDED": "idle",
    "UNSUSPENDING": "idle",
    "HOLDING": "unplanned_down",
    "HELD": "unplanned_down",
    "UNHOLDING": "unplanned_down",
    "STOPPING": "unplanned_down",
    "STOPPED": "unplanned_down",
    "ABORTING": "unplanned_down",
    "ABORTED": "unplanned_down",
    "CLEARING": "unplanned_down",
}
"""Suspended waits for others (starved, blocked): idle. Held waits for its own cause: down. Re-coding says more."""


def packml_category_rows(numbers: Mapping[int, str] = TR88_STATES) -> tuple[tuple[str, TimeCategory], ...]:
    """Return rows of `plant.state_category` for machines that report PackML states by name or by number.

    Example:
        >>> [row for row in packml_category_rows() if row[0] in ("6", "EXECUTE")]
        [('EXECUTE', 'production'), ('6', 'production')]
    """
    named = tuple(PACKML_CATEGORIES.items())
    return named + tuple((str(number), PACKML_CATEGORIES[name]) for number, name in numbers.items())
