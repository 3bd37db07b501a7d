"""SetVariable and AppendVariable, with the pipeline's return value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.local.expressions import Scope, resolve
from fabric_ot.workbench.local.pipelines.state import Result, Step

RETURN_VALUE = "pipelineReturnValue"


def is_return_value(properties: Mapping[str, Any]) -> bool:
    """Say whether a SetVariable sets the return value instead of a variable."""
    return bool(properties.get("setSystemVariable")) or properties.get("variableName") == RETURN_VALUE


def set_variable(step: Step) -> Result:
    """Set a variable, or the pipeline's return values."""
    properties = step.activity.type_properties
    if is_return_value(properties):
        scope = step.run.scope(step.frame)
        values = {str(entry["key"]): _content(entry["value"], scope) for entry in properties["value"]}
        step.run.set_returned(values)
        return Result({"name": RETURN_VALUE, "value": values})
    name, value = str(properties["variableName"]), step.value("value")
    step.run.set_variable(name, value)
    return Result({"name": name, "value": value})


def append_variable(step: Step) -> Result:
    """Add one value to an Array variable."""
    name, value = str(step.activity.type_properties["variableName"]), step.value("value")
    step.run.append_variable(name, value)
    return Result({"name": name, "value": value})


def _content(value: Mapping[str, Any], scope: Scope) -> Any:
    type_, content = value.get("type"), value.get("content")
    if type_ == "Null":
        return None
    if type_ == "Array":
        return [_content(entry, scope) for entry in content or []]
    if type_ == "Object":
        return {str(entry["key"]): _content(entry["value"], scope) for entry in content or []}
    if type_ in ("Expression", "String", "Int", "Integer", "Float", "Boolean", "Bool"):
        return resolve(content, scope)
    message = f"a return value of type {type_!r} is not supported. Hint: Expression, String, Int, Float, Boolean, ..."
    raise NotSupportedError(message)
