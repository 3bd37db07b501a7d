"""`EVALUATE` queries: a table expression and the order of its rows."""

from __future__ import annotations

from dataclasses import dataclass

from fabric_ot.workbench.local.dax.lexer import tokenize
from fabric_ot.workbench.local.dax.parser import Parser
from fabric_ot.workbench.local.dax.syntax import Node, Reference


@dataclass(frozen=True)
class OrderBy:
    """One key of a query's ORDER BY."""

    reference: Reference
    is_descending: bool


@dataclass(frozen=True)
class Query:
    """One `EVALUATE` with its order."""

    table: Node
    order: tuple[OrderBy, ...]


def parse_query(source: str) -> Query:
    """Parse `EVALUATE <table> [ORDER BY <column> [ASC|DESC], ...]`.

    Raises:
        DaxError: the text is not a query.
        NotSupportedError: DEFINE, START AT or a second EVALUATE.

    Example:
        >>> parse_query('EVALUATE ROW("n", 1) ORDER BY [n] DESC').order[0].is_descending
        True
    """
    parser = Parser(tokenize(source))
    if parser.takes_word("DEFINE"):
        parser.refuse("DEFINE")
    if not parser.takes_word("EVALUATE"):
        parser.fail("a query starts with EVALUATE")
    table = parser.expression()
    order = _order_by(parser)
    if parser.takes_word("START"):
        parser.refuse("START AT")
    if parser.takes_word("EVALUATE"):
        parser.refuse("a second EVALUATE")
    parser.expect_end()
    return Query(table, order)


def _order_by(parser: Parser) -> tuple[OrderBy, ...]:
    if not parser.takes_word("ORDER"):
        return ()
    if not parser.takes_word("BY"):
        parser.fail("expected BY after ORDER")
    keys = [_order_key(parser)]
    while parser.takes(","):
        keys.append(_order_key(parser))
    return tuple(keys)


def _order_key(parser: Parser) -> OrderBy:
    node = parser.expression()
    if not isinstance(node, Reference):
        parser.refuse("ORDER BY something other than a column of the result")
    is_descending = parser.takes_word("DESC")
    if not is_descending:
        parser.takes_word("ASC")
    return OrderBy(node, is_descending)
