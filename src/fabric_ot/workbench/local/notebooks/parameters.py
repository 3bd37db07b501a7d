"""Parameters of a run: typed as the activity declares them, then written as a cell of assignments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fabric_ot.errors import NotebookError

_TRUE, _FALSE = ("true", "1"), ("false", "0")


@dataclass(frozen=True)
class NotebookParameter:
    """One value with the type that the activity declares: string, int, float or bool; None is null of any type."""

    value: Any
    type: str = "string"


def parameters_of_activity(declared: Mapping[str, Any] | None) -> dict[str, NotebookParameter]:
    """Read the `parameters` of a TridentNotebook activity whose expressions are resolved.

    Raises:
        NotebookError: an entry has no value or type.

    Example:
        >>> parameters_of_activity({"day": {"value": "2026-03-01", "type": "string"}})
        {'day': NotebookParameter(value='2026-03-01', type='string')}
    """
    found: dict[str, NotebookParameter] = {}
    for name, entry in (declared or {}).items():
        if not isinstance(entry, Mapping) or "value" not in entry:
            message = f"notebook parameter {name!r} needs value and type, found {entry!r}."
            raise NotebookError(message)
        found[name] = NotebookParameter(entry["value"], str(entry.get("type", "string")))
    return found


def parameters_of_arguments(arguments: Mapping[str, Any]) -> dict[str, NotebookParameter]:
    """Type the arguments of `notebook.run` by their Python classes.

    Raises:
        NotebookError: a value is neither text, a number, a truth value nor None.
    """
    names = {str: "string", bool: "bool", int: "int", float: "float", type(None): "string"}
    wrong = {name: type(value).__name__ for name, value in arguments.items() if type(value) not in names}
    if wrong:
        message = f"arguments of a notebook must be str, int, float, bool or None, found {wrong}."
        raise NotebookError(message)
    return {name: NotebookParameter(value, names[type(value)]) for name, value in arguments.items()}


def typed_values(parameters: Mapping[str, NotebookParameter], *, where: str) -> dict[str, Any]:
    """Return each value as its declared type, as Fabric injects it.

    Raises:
        NotebookError: a name is no Python name, a type is unknown, or a value is not of its type; all at once.

    Example:
        >>> typed_values({"n": NotebookParameter("5", "int"), "b": NotebookParameter("False", "bool")}, where="nb")
        {'n': 5, 'b': False}
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, parameter in parameters.items():
        convert = _CONVERTERS.get(parameter.type)
        if not name.isidentifier():
            problems.append(f"{name!r} is no Python name")
        elif convert is None:
            problems.append(f"{name!r} has the unknown type {parameter.type!r}; known: {', '.join(_CONVERTERS)}")
        else:
            try:
                values[name] = None if parameter.value is None else convert(parameter.value)
            except (TypeError, ValueError):
                problems.append(f"{name!r} must be {parameter.type}, found {parameter.value!r}")
    if problems:
        message = f"{where}: parameters cannot be used: {'; '.join(problems)}."
        raise NotebookError(message)
    return values


def assignment_source(values: Mapping[str, Any]) -> str:
    r"""Return the cell that sets the parameters.

    Example:
        >>> assignment_source({"day": "2026-03-01", "n": 5})
        "day = '2026-03-01'\nn = 5"
    """
    return "\n".join(f"{name} = {_literal(value)}" for name, value in values.items())


def _literal(value: Any) -> str:
    # repr() of these writes nan and inf, which are no Python names.
    return f"float({str(value)!r})" if isinstance(value, float) else repr(value)


def _to_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _to_int(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise TypeError
    return int(value)


def _to_float(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text not in (*_TRUE, *_FALSE):
        raise ValueError
    return text in _TRUE


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "string": _to_text,
    "int": _to_int,
    "float": _to_float,
    "bool": _to_bool,
}
