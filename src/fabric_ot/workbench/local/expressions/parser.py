"""Tokens to a syntax tree, by recursive descent."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fabric_ot.errors import ExpressionError
from fabric_ot.workbench.local.expressions.lexer import END, MARK, NAME, NUMBER, TEXT, Token, tokenize
from fabric_ot.workbench.local.expressions.syntax import Access, Call, Literal, Node

_MAX_DEPTH = 100
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


@lru_cache(maxsize=4096)
def parse_expression(source: str) -> Node:
    """Parse one expression, written without its leading `@`.

    Raises:
        ExpressionError: the text is not an expression; the message has the position.

    Example:
        >>> parse_expression("item().name").key.value
        'name'
    """
    return _Parser(source).parse()


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokenize(source)
        self._index = 0

    def parse(self) -> Node:
        node = self._expression(0)
        if self._token.kind != END:
            raise self._failure("the expression has ended", "join texts with concat() or write @{...} inside a text.")
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._index]

    def _next(self) -> Token:
        token = self._token
        self._index += 1
        return token

    def _accept(self, mark: str) -> bool:
        if self._token.kind == MARK and self._token.text == mark:
            self._index += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            message = f"expected {mark!r}"
            raise self._failure(message, "check the brackets and commas before it.")

    def _failure(self, what: str, hint: str) -> ExpressionError:
        found = f"found {self._token.text!r}" if self._token.kind != END else "found the end"
        place = f"at position {self._token.position} of {self._source!r}"
        return ExpressionError(f"{what}, but {found} {place}.\nHint: {hint}")

    def _expression(self, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            message = f"nested deeper than {_MAX_DEPTH} levels"
            raise self._failure(message, "split it over several variables.")
        node = self._primary(depth)
        while True:
            position = self._token.position
            if self._accept(".") or self._accept("?."):
                is_null_safe = self._tokens[self._index - 1].text == "?."
                node = Access(node, self._member(), is_null_safe, position)
            elif self._accept("[") or self._accept("?["):
                is_null_safe = self._tokens[self._index - 1].text == "?["
                key = self._expression(depth + 1)
                self._expect("]")
                node = Access(node, key, is_null_safe, position)
            else:
                return node

    def _member(self) -> Literal:
        if self._token.kind != NAME:
            raise self._failure("expected a property name", "names with blanks or digits first are written ['name'].")
        token = self._next()
        return Literal(token.text, token.position)

    def _primary(self, depth: int) -> Node:
        token = self._token
        if token.kind == NUMBER:
            return Literal(self._number(), token.position)
        if token.kind == TEXT:
            return Literal(self._next().text[1:-1].replace("''", "'"), token.position)
        if token.kind != NAME:
            raise self._failure("expected a value or a function", "an expression needs at least one.")
        self._next()
        if self._accept("("):
            return Call(token.text, self._arguments(depth), token.position)
        if token.text.lower() in _WORDS:
            return Literal(_WORDS[token.text.lower()], token.position)
        message = (
            f"unknown word {token.text!r} at position {token.position} of {self._source!r}.\n"
            "Hint: a text stands in single quotes, a function has brackets."
        )
        raise ExpressionError(message)

    def _number(self) -> int | float:
        token = self._next()
        if any(mark in token.text for mark in ".eE"):
            return float(token.text)
        if abs(int(token.text)) > 2**63 - 1:
            message = f"{token.text} at position {token.position} of {self._source!r} does not fit a 64-bit integer."
            raise ExpressionError(message)
        return int(token.text)

    def _arguments(self, depth: int) -> tuple[Node, ...]:
        if self._accept(")"):
            return ()
        arguments = [self._expression(depth + 1)]
        while self._accept(","):
            arguments.append(self._expression(depth + 1))
        self._expect(")")
        return tuple(arguments)
