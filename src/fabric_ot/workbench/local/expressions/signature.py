"""How a function of the language is declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Function:
    """One function: its documented name, what it does and how many arguments it takes (`most` None: any number)."""

    name: str
    apply: Callable[..., Any]
    least: int
    most: int | None
    needs_scope: bool = False
    """The scope comes first, before the arguments: for clock and randomness."""

    def accepts(self, count: int) -> bool:
        """Say whether `count` arguments are right."""
        return self.least <= count and (self.most is None or count <= self.most)

    @property
    def arity(self) -> str:
        """The number of arguments in words.

        Example:
            >>> Function("add", int, 2, 2).arity, Function("concat", str, 1, None).arity
            ('2 argument(s)', 'at least 1 argument(s)')
        """
        if self.most is None:
            return f"at least {self.least} argument(s)"
        return f"{self.least} argument(s)" if self.least == self.most else f"{self.least} to {self.most} arguments"
