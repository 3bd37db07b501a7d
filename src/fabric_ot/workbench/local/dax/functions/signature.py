"""What a DAX function is to the engine: its handler, how many arguments it takes and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabric_ot.errors import DaxError
from fabric_ot.workbench.local.dax.catalog import ColumnKey
from fabric_ot.workbench.local.dax.context import Context, Value
from fabric_ot.workbench.local.dax.syntax import Call, Node, Reference

if TYPE_CHECKING:
    from fabric_ot.workbench.local.dax.evaluator import Evaluator

Handler = Callable[["Evaluator", Call, Context], Value]


@dataclass(frozen=True)
class Function:
    """One function; `most` None means any number of arguments."""

    handler: Handler
    least: int
    most: int | None
    returns_table: bool = False
    takes_column: bool = False

    @property
    def arity(self) -> str:
        """The number of arguments, as a message tells it."""
        if self.most is None:
            return f"at least {self.least}"
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


def column_argument(evaluator: Evaluator, node: Node) -> ColumnKey:
    """Return the column that an argument names; anything else is a `DaxError`."""
    if isinstance(node, Reference) and node.table is not None:
        return evaluator.catalog.column(node.table, node.name, node.position)
    message = f"position {node.position}: a column written as Table[column] is needed"
    raise DaxError(message)
