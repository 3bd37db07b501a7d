"""All functions of the language by lower-case name."""

from __future__ import annotations

from difflib import get_close_matches

from fabric_ot.workbench.local.expressions import arithmetic, conversions, dates, lists, logic, strings
from fabric_ot.workbench.local.expressions.signature import Function
from fabric_ot.workbench.local.expressions.values import Fault

CONTEXT_FUNCTIONS: dict[str, int] = {"pipeline": 0, "variables": 1, "activity": 1, "item": 0}
"""What looks at the run, with its number of arguments."""

IF = "if"
"""The one function that leaves an argument unevaluated."""

FUNCTIONS: dict[str, Function] = {
    function.name.lower(): function
    for module in (strings, lists, logic, conversions, arithmetic, dates)
    for function in module.FUNCTIONS
}


def function_names() -> tuple[str, ...]:
    """Return the documented names of all functions but the context functions, sorted.

    Example:
        >>> len(function_names())
        84
    """
    return tuple(sorted((IF, *(function.name for function in FUNCTIONS.values())), key=str.lower))


def find_function(name: str, count: int) -> Function:
    """Return the function called `name` that takes `count` arguments; case does not matter."""
    function = FUNCTIONS.get(name.lower())
    if function is None:
        near = get_close_matches(name.lower(), [*FUNCTIONS, *CONTEXT_FUNCTIONS, IF], n=3)
        hint = f" Hint: did you mean {', '.join(near)}?" if near else ""
        message = f"there is no such function.{hint}"
        raise Fault(message)
    check_count(name, count, function)
    return function


def check_count(name: str, count: int, function: Function | None = None) -> None:
    """Refuse a wrong number of arguments for a function of any kind."""
    if function is not None:
        is_right, arity = function.accepts(count), function.arity
    else:
        wanted = 3 if name.lower() == IF else CONTEXT_FUNCTIONS[name.lower()]
        is_right, arity = count == wanted, f"{wanted} argument(s)"
    if not is_right:
        message = f"takes {arity}, found {count}"
        raise Fault(message)
