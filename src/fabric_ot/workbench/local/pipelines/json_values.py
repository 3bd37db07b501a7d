"""Outputs, parameters and variables are JSON: what connectors return is made so, what users pass is checked."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from collections.abc import Mapping
from typing import Any

from fabric_ot.errors import PipelineError
from fabric_ot.workbench.items.pipeline import Parameter, Pipeline

_PARAMETER_CLASSES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "securestring": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "array": (list,),
    "object": (dict,),
}
_VARIABLE_CLASSES: Mapping[str, type] = {"String": str, "Boolean": bool, "Array": list, "Integer": int}


def to_json_value(value: Any) -> Any:
    """Return `value` as JSON types: dates as ISO text, decimals as numbers, tuples as arrays.

    Raises:
        PipelineError: a value has no JSON form.

    Example:
        >>> to_json_value({"rows": (decimal.Decimal("2"), dt.date(2026, 3, 1))})
        {'rows': [2, '2026-03-01']}
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): to_json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_value(item) for item in value]
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    message = f"an output holds {type(value).__name__} {value!r}, which is no JSON value"
    raise PipelineError(message)


def bind_parameters(pipeline: Pipeline, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter: the given one or the default.

    Raises:
        PipelineError: a value is missing, not declared or of the wrong type; every problem in one message.
    """
    declared = pipeline.parameters
    known = ", ".join(declared) or "none"
    problems = [f"parameter {name!r} is not declared. Declared: {known}" for name in given if name not in declared]
    bound: dict[str, Any] = {}
    for name, parameter in declared.items():
        if name not in given and not parameter.has_default:
            problems.append(f"parameter {name!r} ({parameter.type}) has no default and was not given")
            continue
        bound[name] = given.get(name, parameter.default)
        if name in given and not _fits(bound[name], parameter):
            problems.append(f"parameter {name!r} must be {parameter.type}, found {bound[name]!r}")
    if problems:
        message = f"pipeline {pipeline.name!r} cannot start:\n" + "\n".join(f"  - {problem}" for problem in problems)
        raise PipelineError(message)
    return bound


def _fits(value: Any, parameter: Parameter) -> bool:
    if isinstance(value, bool) and parameter.type != "bool":
        return False
    return isinstance(value, _PARAMETER_CLASSES[parameter.type])


def parameters_from_text(pipeline: Pipeline, texts: Mapping[str, str]) -> dict[str, Any]:
    """Turn texts, as a command line gives them, into the declared types; unknown names are left as they are.

    Raises:
        PipelineError: a text is not of the declared type.
    """
    return {name: _typed(pipeline, name, text) for name, text in texts.items()}


def _typed(pipeline: Pipeline, name: str, text: str) -> Any:
    parameter = pipeline.parameters.get(name)
    if parameter is None or parameter.type in ("string", "securestring"):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not _fits(value, parameter):
        message = f"pipeline {pipeline.name!r}: parameter {name!r} must be {parameter.type}, found {text!r}"
        raise PipelineError(message)
    return value


def check_variable(name: str, type_: str, value: Any) -> Any:
    """Return `value` if a variable of this type may hold it.

    Raises:
        PipelineError: it may not.
    """
    is_fit = isinstance(value, _VARIABLE_CLASSES[type_]) and (type_ == "Boolean" or not isinstance(value, bool))
    if not is_fit:
        message = f"variable {name!r} holds {type_} values, found {type(value).__name__} {value!r}"
        raise PipelineError(message)
    return value
