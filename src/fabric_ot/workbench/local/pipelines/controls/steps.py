"""Filter, Wait and Fail."""

from __future__ import annotations

from dataclasses import replace

from fabric_ot.workbench.local.expressions.values import is_number, to_text
from fabric_ot.workbench.local.pipelines.calls import ActivityError
from fabric_ot.workbench.local.pipelines.controls.branching import truth
from fabric_ot.workbench.local.pipelines.controls.loops import items_of
from fabric_ot.workbench.local.pipelines.state import Result, Step


def filter_items(step: Step) -> Result:
    """Keep the items for which the condition is true."""
    items = items_of(step)
    kept = [item for item in items if truth(step, replace(step.frame, item=item), "condition")]
    return Result({"ItemsCount": len(items), "FilteredItemsCount": len(kept), "Value": kept})


def wait(step: Step) -> Result:
    """Sleep, by the sleep that the run was given."""
    seconds = step.value("waitTimeInSeconds")
    if not is_number(seconds) or seconds < 0:
        message = f"waitTimeInSeconds must be a number from 0, found {seconds!r}"
        raise ActivityError(message, error_code="InvalidWaitTime")
    step.run.world.sleep(seconds)
    return Result({"waitTimeInSeconds": seconds})


def fail(step: Step) -> Result:
    """Fail with the message and code of the definition."""
    raise ActivityError(to_text(step.value("message")), error_code=to_text(step.value("errorCode")))
