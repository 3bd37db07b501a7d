"""What names mean at one place of a statement: columns of sources, common table expressions, variables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlglot import exp

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import SqlType
from fabric_ot.workbench.local.warehouse.sql_values import quoted_name


@dataclass(frozen=True)
class Typed:
    """A translated expression with its T-SQL type; `text` is the value of a string literal or variable."""

    sql: str
    type: SqlType
    text: str | None = None


@dataclass(frozen=True)
class Relation:
    """Something that FROM can name: `sql` reads it, or `view` is its query.

    `hidden` tells for a column that cannot be read why not. `target` names a table that may be written.
    """

    columns: Mapping[str, SqlType]
    sql: str = ""
    view: exp.Query | None = None
    hidden: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    nullable: Mapping[str, bool] = field(default_factory=dict)


class Context(Protocol):
    """What a statement sees of its session."""

    now: dt.datetime

    def variable(self, name: str) -> tuple[Any, SqlType]:
        """Return value and type of `@name` or `@@name`; TsqlError 137 where it is not declared."""
        ...

    def session_function(self, name: str) -> tuple[Any, SqlType] | None:
        """Return value and type of a function such as ERROR_NUMBER; None for all others."""
        ...

    def relation(self, parts: tuple[str, ...]) -> Relation:
        """Return what a name of one to three parts means; TsqlError 208 where it means nothing."""
        ...

    def object_id(self, name: str) -> int | None:
        """Return a number for an object that exists, else None."""
        ...


@dataclass
class Scope:
    """The sources that one SELECT sees; `parent` is the query around a correlated subquery."""

    context: Context
    parent: Scope | None = None
    ctes: dict[str, Relation] = field(default_factory=dict)
    sources: dict[str, Relation] = field(default_factory=dict)
    views: tuple[str, ...] = ()

    def inner(self) -> Scope:
        """Return the scope of a subquery that sees this query's columns."""
        return Scope(self.context, self, dict(self.ctes), views=self.views)

    def beside(self) -> Scope:
        """Return the scope of a derived table, which does not see its neighbors."""
        return Scope(self.context, self.parent, dict(self.ctes), views=self.views)

    def add(self, alias: str, relation: Relation) -> None:
        """Let `alias` stand for `relation`."""
        if alias in self.sources:
            raise TsqlError(1013, f"The FROM clause names '{alias}' twice.", hint="give each source its own alias.")
        self.sources[alias] = relation

    def column(self, name: str, qualifier: str | None) -> Typed:
        """Return the column that a name means here, or in a query around.

        Raises:
            TsqlError: no such column (207), no such alias (4104), or several columns (209).
            NotSupportedError: the column's type is not visible to T-SQL.
        """
        found = [
            (alias, relation)
            for alias, relation in self.sources.items()
            if (qualifier is None or alias == qualifier) and (name in relation.columns or name in relation.hidden)
        ]
        if len(found) > 1:
            raise TsqlError(209, f"Ambiguous column name '{name}'.", hint=f"in {sorted(a for a, _ in found)}.")
        if found:
            return _column_of(name, *found[0])
        if self.parent is not None and (qualifier is None or qualifier not in self.sources):
            return self.parent.column(name, qualifier)
        raise self._unknown(name, qualifier)

    def _unknown(self, name: str, qualifier: str | None) -> TsqlError:
        if qualifier is not None and qualifier not in self.sources:
            message = f'The multi-part identifier "{qualifier}.{name}" could not be bound.'
            return TsqlError(4104, message, hint=f"sources here: {sorted(self.sources)}.")
        available = sorted(c for a, r in self.sources.items() if qualifier in (None, a) for c in r.columns)
        return TsqlError(207, f"Invalid column name '{name}'.", hint=f"columns here: {available}; names mind case.")


def _column_of(name: str, alias: str, relation: Relation) -> Typed:
    if name in relation.hidden:
        message = f"column {alias}.{name}: {relation.hidden[name]}"
        raise NotSupportedError(message)
    return Typed(f"{quoted_name(alias)}.{quoted_name(name)}", relation.columns[name])


def only(node: exp.Expr, *handled: str) -> None:
    """Refuse a node that has a part which nobody translates.

    Raises:
        NotSupportedError: names the part.
    """
    extra = sorted(key for key, value in node.args.items() if value and key not in handled)
    if extra:
        what = f"{type(node).__name__.upper()} with {', '.join(k.strip('_').upper() for k in extra)}"
        raise refused(what)


def refused(what: str, hint: str = "") -> NotSupportedError:
    """Return the refusal of one construct by name."""
    suffix = f" Hint: {hint}" if hint else ""
    return NotSupportedError(f"{what} is not supported by the local Warehouse.{suffix}")
