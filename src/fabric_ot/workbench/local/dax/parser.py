"""A Pratt parser for DAX expressions."""

from __future__ import annotations

from typing import NoReturn

from fabric_ot.errors import DaxError, NotSupportedError
from fabric_ot.workbench.local.dax.lexer import Token, TokenKind, tokenize
from fabric_ot.workbench.local.dax.syntax import (
    Binary,
    Call,
    Literal,
    Name,
    Node,
    Reference,
    TableConstructor,
    Unary,
    Variables,
)

_BINDING = {
    "||": 1, "&&": 2,
    "IN": 4, "=": 4, "==": 4, "<>": 4, "<": 4, ">": 4, "<=": 4, ">=": 4,
    "&": 5, "+": 6, "-": 6, "*": 7, "/": 7, "^": 9,
}  # fmt: skip
_NOT_BINDING = 3
_SIGN_BINDING = 8
_COMPARISON_BINDING = 4


def parse_expression(source: str) -> Node:
    """Parse one DAX expression, for example a measure's.

    Raises:
        DaxError: the text is not DAX; the message has the position.
        NotSupportedError: the text is DAX that this engine refuses.

    Example:
        >>> parse_expression("1 + 2 * 3").operator
        '+'
    """
    parser = Parser(tokenize(source))
    node = parser.expression()
    parser.expect_end()
    return node


class Parser:
    """Walks the tokens; the methods without an underscore also serve the query parser."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def current(self) -> Token:
        """The token that is read next."""
        return self.tokens[self.at]

    def take(self) -> Token:
        """Return the current token and step over it."""
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def fail(self, problem: str) -> NoReturn:
        """Refuse what is no DAX."""
        found = self.current.text or "the end"
        message = f"position {self.current.position}: {problem}; found {found!r}"
        raise DaxError(message)

    def refuse(self, what: str) -> NoReturn:
        """Refuse what is DAX but not supported."""
        message = f"{what} at position {self.tokens[max(self.at - 1, 0)].position} is not supported"
        raise NotSupportedError(message)

    def takes(self, operator: str) -> bool:
        """Step over `operator` if it stands here."""
        if self.current.kind == "operator" and self.current.text == operator:
            self.take()
            return True
        return False

    def takes_word(self, word: str) -> bool:
        """Step over a keyword if it stands here."""
        if self.current.kind == "name" and self.current.text.upper() == word:
            self.take()
            return True
        return False

    def expect(self, operator: str) -> None:
        """Step over `operator` or fail."""
        if not self.takes(operator):
            self.fail(f"expected {operator!r}")

    def expect_end(self) -> None:
        """Fail unless everything has been read."""
        if self.current.kind != "end":
            self.fail("expected an operator or the end")

    def expression(self, binding: int = 0) -> Node:
        """Read one expression whose operators bind tighter than `binding`."""
        left = self._prefix()
        while True:
            token = self.current
            operator = token.text.upper() if token.kind in ("operator", "name") else ""
            strength = _BINDING.get(operator, -1)
            if strength <= binding:
                return left
            self.take()
            left = Binary(token.position, operator, left, self.expression(strength))

    def _prefix(self) -> Node:
        token = self.current
        if token.kind == "operator":
            return self._prefix_operator()
        self.take()
        if token.kind == "number":
            is_whole = token.text.isdigit()
            return Literal(token.position, int(token.text) if is_whole else float(token.text))
        if token.kind == "text":
            return Literal(token.position, token.text)
        if token.kind == "bracketed":
            return Reference(token.position, None, token.text)
        if token.kind == "name" and (special := self._keyword(token)):
            return special
        if token.kind in ("name", "quoted_name"):
            return self._named(token)
        self.at -= token.kind != "end"
        return self.fail("expected an expression")

    def _prefix_operator(self) -> Node:
        token = self.current
        if self.takes("("):
            node = self.expression()
            if self.current.text == ",":
                self.fail("a tuple stands only inside { }")
            self.expect(")")
            return node
        if self.takes("{"):
            return self._table_constructor(token.position)
        if self.takes("-") or self.takes("+"):
            return Unary(token.position, token.text, self.expression(_SIGN_BINDING))
        return self.fail("expected an expression")

    def _keyword(self, token: Token) -> Node | None:
        word = token.text.upper()
        if word == "VAR":
            return self._variables(token.position)
        if word == "NOT":
            return self._negation(token.position)
        if word in ("TRUE", "FALSE") and self.current.text != "(":
            return Literal(token.position, word == "TRUE")
        return None

    def _negation(self, position: int) -> Node:
        is_parenthesized = self.current.text == "(" and self.current.kind == "operator"
        if not is_parenthesized:
            return Unary(position, "NOT", self.expression(_NOT_BINDING))
        operand = self._prefix()
        if _BINDING.get(self.current.text.upper(), 0) >= _COMPARISON_BINDING:
            self.at += 1
            self.refuse("an operator after NOT ( ... ), which can be read in two ways: add parentheses; it")
        return Unary(position, "NOT", operand)

    def _variables(self, position: int) -> Node:
        definitions: list[tuple[str, Node]] = []
        while True:
            name = self._expect_kind("name", "a variable name")
            self.expect("=")
            definitions.append((name.text, self.expression()))
            if self.takes_word("RETURN"):
                return Variables(position, tuple(definitions), self.expression())
            if not self.takes_word("VAR"):
                self.fail("expected VAR or RETURN")

    def _expect_kind(self, kind: TokenKind, what: str) -> Token:
        if self.current.kind != kind:
            self.fail(f"expected {what}")
        return self.take()

    def _named(self, token: Token) -> Node:
        if self.current.kind == "bracketed":
            return Reference(token.position, token.text, self.take().text)
        if token.kind == "name" and self.takes("("):
            return Call(token.position, token.text.upper(), self._list(")"))
        return Name(token.position, token.text, token.kind == "quoted_name")

    def _list(self, closing: str) -> tuple[Node, ...]:
        items: list[Node] = []
        if self.takes(closing):
            return ()
        while True:
            items.append(self.expression())
            if self.takes(closing):
                return tuple(items)
            self.expect(",")

    def _table_constructor(self, position: int) -> Node:
        rows: list[tuple[Node, ...]] = []
        while True:
            rows.append(self._row())
            if self.takes("}"):
                break
            self.expect(",")
        if len({len(row) for row in rows}) > 1:
            self.fail("all rows of { } must have the same number of values")
        return TableConstructor(position, tuple(rows))

    def _row(self) -> tuple[Node, ...]:
        """A row is one expression or a tuple; `(1 + 2) * 3` also starts with a parenthesis, so both are tried."""
        start = self.at
        if self.takes("("):
            cells = [self.expression()]
            while self.takes(","):
                cells.append(self.expression())
            if len(cells) > 1:
                self.expect(")")
                return tuple(cells)
            self.at = start
        return (self.expression(),)
