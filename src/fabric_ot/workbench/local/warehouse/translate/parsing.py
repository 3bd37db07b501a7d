"""One statement as a syntax tree: sqlglot's T-SQL grammar with every function kept under the name that was written."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import SqlglotError

from fabric_ot.workbench.items.tsql_tokens import tokenize
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.translate.scope import refused

_KEPT = ("CAST", "TRY_CAST", "CONVERT", "TRY_CONVERT", "STRING_AGG")
_FOREIGN = {"||": "CONCAT or +", "::": "CAST", "QUALIFY": "a derived table", "ILIKE": "LIKE", "USING": "ON"}
_HINTED = {"OUTPUT": "read the rows before the change", "PIVOT": "CASE inside SUM", "UNPIVOT": "CROSS APPLY"}


class WrittenNames(TSQL):
    """T-SQL without the parser's own renaming of functions, which loses what was written."""

    class Parser(TSQL.Parser):  # type: ignore[misc,valid-type]
        """Functions other than the casts stay anonymous."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            k: v for k, v in TSQL.Parser.FUNCTION_PARSERS.items() if k in _KEPT
        }
        NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}


@functools.lru_cache(maxsize=4096)
def parse_statement(sql: str) -> exp.Expr:
    """Parse one leaf statement; the tree is shared, so nobody may change it.

    Raises:
        TsqlError: the text is no statement (102).
        NotSupportedError: words of another dialect, or of a construct that is refused.
    """
    _refuse_words(sql)
    try:
        with _silenced():
            found = [tree for tree in sqlglot.parse(sql, read=WrittenNames) if tree is not None]
    except SqlglotError as exc:
        detail = str(exc).splitlines()[0].partition(". Line")[0]
        raise TsqlError(102, f"Incorrect syntax: {detail}.", hint="the statement could not be parsed.") from exc
    if len(found) != 1 or isinstance(found[0], exp.Command):
        raise refused(what=f"the statement {' '.join(sql.split())[:60]!r}")
    return found[0]


def parse_expression(sql: str) -> exp.Expr:
    """Parse one scalar expression."""
    tree = parse_statement(f"SELECT {sql}")
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or len(tree.args["expressions"]) != 1:
        raise TsqlError(102, f"Incorrect syntax near '{sql[:40]}'.")
    if any(value for key, value in tree.args.items() if key != "expressions"):
        raise TsqlError(102, f"Incorrect syntax near '{sql[:40]}'.", hint="put a query into parentheses.")
    return tree.expressions[0]


def parse_condition(sql: str) -> exp.Expr:
    """Parse one condition."""
    tree = parse_statement(f"SELECT 1 WHERE {sql}")
    if not isinstance(tree, exp.Select) or any(v for k, v in tree.args.items() if k not in ("expressions", "where")):
        raise TsqlError(102, f"Incorrect syntax near '{sql[:40]}'.")
    return tree.args["where"].this


def _refuse_words(sql: str) -> None:
    tokens = tokenize(sql)
    for index, token in enumerate(tokens):
        word = token.word
        if word in _FOREIGN:
            raise refused(word, f"T-SQL has not got it; write {_FOREIGN[word]}.")
        if word == "LIMIT" and index + 1 < len(tokens) and tokens[index + 1].kind == "number":
            raise refused("LIMIT", "T-SQL has not got it; write TOP or OFFSET ... FETCH.")
        if word in _HINTED and index:
            raise refused(word, f"write {_HINTED[word]}.")


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep the parser's warnings off the screen: what it does not understand is refused by us, with a reason."""
    logger = logging.getLogger("sqlglot")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
