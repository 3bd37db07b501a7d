"""Function calls: a closed list by T-SQL name; what is not on it is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import SqlType, text_type
from fabric_ot.workbench.local.warehouse.translate.conversions import convert, plain_text
from fabric_ot.workbench.local.warehouse.translate.expressions import bound, translates, value
from fabric_ot.workbench.local.warehouse.translate.scope import Scope, Typed, refused

FUNCTIONS: dict[str, Callable[[Call], Typed]] = {}
"""Scalar functions by T-SQL name."""

AGGREGATES: dict[str, Callable[[Call, str], Typed]] = {}
"""Aggregates and window functions; the second argument is the OVER clause or ''."""

WINDOW_ONLY: set[str] = set()
"""Those of `AGGREGATES` that need OVER."""

_HINTS = {
    "FORMAT": "CONVERT with style 23, 112 or 120.",
    "NEWID": "allocate keys by MAX + ROW_NUMBER().",
    "RAND": "a run has to be repeatable.",
    "ISNUMERIC": "TRY_CAST(... AS float) IS NOT NULL.",
    "HASHBYTES": "compare the columns.",
    "CHECKSUM": "compare the columns.",
    "SCOPE_IDENTITY": "allocate keys by MAX + ROW_NUMBER().",
    "TRY_PARSE": "TRY_CAST.",
    "PARSE": "CAST.",
}


@dataclass(frozen=True)
class Call:
    """One function call as it was written."""

    name: str
    arguments: tuple[exp.Expr, ...]
    scope: Scope

    def takes(self, low: int, high: int | None = None) -> None:
        """Check the number of arguments; TsqlError 174 otherwise."""
        if not low <= len(self.arguments) <= (high or low):
            expected = low if high is None else f"{low} to {high}"
            raise TsqlError(174, f"The {self.name.lower()} function requires {expected} argument(s).")

    def value(self, index: int) -> Typed:
        """Return the translated argument."""
        return value(self.arguments[index], self.scope)

    def values(self) -> list[Typed]:
        """Return all translated arguments."""
        return [value(argument, self.scope) for argument in self.arguments]

    def text(self, index: int) -> str:
        """Return an argument that has to be text; numbers are converted as the server prints them."""
        return convert(plain_text(self.value(index)), text_type(None)).sql

    def number(self, index: int, type_: SqlType) -> str:
        """Return an argument as a number of `type_`."""
        return convert(self.value(index), type_).sql

    def word(self, index: int) -> str:
        """Return an argument that is a bare word, such as a date part, in lower case."""
        node = self.arguments[index]
        if not isinstance(node, (exp.Column, exp.Var, exp.Identifier)):
            raise TsqlError(1023, f"Invalid parameter {index + 1} specified for {self.name.lower()}.")
        return node.name.lower()


def scalar(*names: str) -> Callable[[Callable[[Call], Typed]], Callable[[Call], Typed]]:
    """Register a scalar function."""

    def register(function: Callable[[Call], Typed]) -> Callable[[Call], Typed]:
        FUNCTIONS.update(dict.fromkeys(names, function))
        return function

    return register


def aggregate(
    *names: str, window_only: bool = False
) -> Callable[[Callable[[Call, str], Typed]], Callable[[Call, str], Typed]]:
    """Register an aggregate or a window function."""

    def register(function: Callable[[Call, str], Typed]) -> Callable[[Call, str], Typed]:
        AGGREGATES.update(dict.fromkeys(names, function))
        if window_only:
            WINDOW_ONLY.update(names)
        return function

    return register


@translates(exp.Anonymous, parts=("this", "expressions"))
def _call(node: exp.Expr, scope: Scope) -> Typed:
    call = call_of(node, scope)
    if call.name in FUNCTIONS:
        return FUNCTIONS[call.name](call)
    if call.name in AGGREGATES:
        if call.name in WINDOW_ONLY:
            raise TsqlError(10753, f"The function '{call.name}' must have an OVER clause.")
        return AGGREGATES[call.name](call, "")
    held = scope.context.session_function(call.name)
    if held is not None:
        call.takes(0)
        return bound(*held)
    raise refused(what=f"the function {call.name}", hint=_HINTS.get(call.name, ""))


def call_of(node: exp.Expr, scope: Scope) -> Call:
    """Return a function node as a call."""
    return Call(str(node.name).upper(), tuple(node.args.get("expressions") or ()), scope)
