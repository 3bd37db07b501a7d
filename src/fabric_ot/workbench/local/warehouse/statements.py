"""The statement tree of a batch or a procedure: plain data, one class per kind of statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fabric_ot.workbench.items.tsql_table import TableColumn
from fabric_ot.workbench.local.warehouse.sql_types import SqlType


@dataclass(frozen=True)
class Fragment:
    """A piece of SQL text (an expression, a condition) and the line where it starts."""

    text: str
    line: int


@dataclass(frozen=True)
class Statement:
    """What every statement has: its first line in the object's text, and its own text for messages."""

    line: int
    text: str


@dataclass(frozen=True)
class Leaf(Statement):
    """A statement that is translated as a whole: SELECT, INSERT, UPDATE, DELETE, TRUNCATE, DROP TABLE."""


@dataclass(frozen=True)
class CreateTable(Statement):
    """CREATE TABLE with a column list."""

    name: tuple[str, ...]
    columns: tuple[TableColumn, ...]


@dataclass(frozen=True)
class Block(Statement):
    """BEGIN ... END, or a whole body."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class If(Statement):
    """IF with an optional ELSE."""

    condition: Fragment
    then: Statement
    otherwise: Statement | None


@dataclass(frozen=True)
class While(Statement):
    """WHILE."""

    condition: Fragment
    body: Statement


@dataclass(frozen=True)
class Jump(Statement):
    """BREAK or CONTINUE."""

    kind: Literal["break", "continue"]


@dataclass(frozen=True)
class TryCatch(Statement):
    """BEGIN TRY ... END TRY BEGIN CATCH ... END CATCH."""

    body: Block
    handler: Block


@dataclass(frozen=True)
class Variable:
    """One scalar of a DECLARE."""

    name: str
    type: SqlType
    value: Fragment | None


@dataclass(frozen=True)
class Declare(Statement):
    """DECLARE of scalars."""

    variables: tuple[Variable, ...]


@dataclass(frozen=True)
class DeclareTable(Statement):
    """DECLARE of a table variable."""

    name: str
    columns: tuple[TableColumn, ...]


@dataclass(frozen=True)
class SetVariable(Statement):
    """SET @x = ..., SET @x += ...; `operator` is '' or the arithmetic operator."""

    name: str
    operator: str
    value: Fragment


@dataclass(frozen=True)
class SetOption(Statement):
    """SET NOCOUNT | XACT_ABORT ON | OFF."""

    option: str
    is_on: bool


@dataclass(frozen=True)
class Print(Statement):
    """PRINT."""

    value: Fragment


@dataclass(frozen=True)
class Return(Statement):
    """RETURN with an optional code."""

    value: Fragment | None


@dataclass(frozen=True)
class Throw(Statement):
    """THROW; without arguments it raises the caught error again."""

    arguments: tuple[Fragment, ...]


@dataclass(frozen=True)
class Raiserror(Statement):
    """RAISERROR(message, severity, state, ...)."""

    arguments: tuple[Fragment, ...]


@dataclass(frozen=True)
class Argument:
    """One argument of EXEC: by name or by position; `value` None is DEFAULT."""

    name: str | None
    value: Fragment | None
    is_output: bool


@dataclass(frozen=True)
class Execute(Statement):
    """EXEC of a procedure."""

    procedure: tuple[str, ...]
    arguments: tuple[Argument, ...]
    result: str | None


@dataclass(frozen=True)
class ExecuteText(Statement):
    """EXEC (@sql)."""

    value: Fragment


@dataclass(frozen=True)
class Transaction(Statement):
    """BEGIN, COMMIT or ROLLBACK TRANSACTION."""

    kind: Literal["begin", "commit", "rollback"]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a procedure; `default` None means that the caller has to give it."""

    name: str
    type: SqlType
    default: Fragment | None
    is_output: bool


@dataclass(frozen=True)
class Procedure:
    """One stored procedure, ready to be run."""

    schema: str
    name: str
    parameters: tuple[Parameter, ...]
    body: Block

    @property
    def full_name(self) -> str:
        """`schema.name`, as ERROR_PROCEDURE() tells it."""
        return f"{self.schema}.{self.name}"
