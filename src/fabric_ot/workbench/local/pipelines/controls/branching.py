"""IfCondition and Switch."""

from __future__ import annotations

from typing import Any

from fabric_ot.workbench.items.pipeline_definition import CASE
from fabric_ot.workbench.local.expressions.values import to_text
from fabric_ot.workbench.local.pipelines.calls import ActivityError
from fabric_ot.workbench.local.pipelines.state import Frame, Result, Step


def truth(step: Step, frame: Frame, key: str) -> bool:
    """Return a property that must be true or false.

    Raises:
        ActivityError: it is something else.
    """
    value: Any = step.value_in(frame, key)
    if not isinstance(value, bool):
        message = f"{key} must be true or false, found {value!r}. Hint: bool() converts."
        raise ActivityError(message, error_code="InvalidExpression")
    return value


def if_condition(step: Step) -> Result:
    """Run one of two branches."""
    is_true = truth(step, step.frame, "expression")
    key = "ifTrueActivities" if is_true else "ifFalseActivities"
    return Result({"result": is_true}, step.run_branch(key, step.frame.inside(step.activity.name)))


def switch(step: Step) -> Result:
    """Run the case whose value is the text form of `on`, else the default."""
    value = to_text(step.value("on"))
    key = f"{CASE}{value}" if f"{CASE}{value}" in step.activity.branches else "defaultActivities"
    return Result({"on": value}, step.run_branch(key, step.frame.inside(step.activity.name)))
