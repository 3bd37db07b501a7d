"""T-SQL text as tokens: comments dropped, strings and quoted names whole, every token with its line."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fabric_ot.errors import ItemError

TokenKind = Literal["word", "quoted", "string", "variable", "number", "operator"]

_TOKEN = re.compile(
    r"(?P<string>[nN]?'(?:[^']|'')*')"
    r"|(?P<quoted>\[(?:[^\]]|\]\])*\]|\"(?:[^\"]|\"\")*\")"
    r"|(?P<variable>@@?[\w$#]+)"
    r"|(?P<number>0[xX][0-9a-fA-F]*|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[^\W\d][\w$#@]*|#{1,2}[\w$#]+)"
    r"|(?P<operator><>|[!<>]=|![<>]|[-+*/%&|^]=|::|\|\||.)",
    re.DOTALL,
)
_SPACE = re.compile(r"(?:\s+|--[^\n]*)+")
_COMMENT_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its text as written and where it stands; `line` counts from 1."""

    kind: TokenKind
    text: str
    start: int
    end: int
    line: int

    @property
    def word(self) -> str:
        """The upper-case keyword or operator; '' for strings, quoted names, numbers and variables."""
        return self.text.upper() if self.kind in ("word", "operator") else ""

    @property
    def name(self) -> str | None:
        """The identifier without its quotes; None where the token is no identifier."""
        if self.kind == "word":
            return self.text
        if self.kind == "quoted":
            close = self.text[-1]
            return self.text[1:-1].replace(close * 2, close)
        return None


@functools.lru_cache(maxsize=2048)
def tokenize(sql: str) -> tuple[Token, ...]:
    """Cut `sql` into tokens.

    Raises:
        ItemError: a string, a quoted name or a comment is not closed; the message has the line.

    Example:
        >>> [token.text for token in tokenize("SELECT [a b] /* c */ FROM t -- end")]
        ['SELECT', '[a b]', 'FROM', 't']
    """
    tokens: list[Token] = []
    position, line = 0, 1
    while position < len(sql):
        after = _skip(sql, position, line)
        line += sql.count("\n", position, after)
        position = after
        match = _TOKEN.match(sql, position)
        if match is None:
            break
        if match[0] in ("'", "[", '"'):
            message = f"line {line}: {match[0]} is not closed. Hint: close the string or the name."
            raise ItemError(message)
        tokens.append(Token(match.lastgroup, match[0], match.start(), match.end(), line))  # type: ignore[arg-type]
        line += match[0].count("\n")
        position = match.end()
    return tuple(tokens)


def _skip(sql: str, position: int, line: int) -> int:
    """Return the position after white space and comments; block comments nest, as on the server."""
    while True:
        space = _SPACE.match(sql, position)
        if space:
            position = space.end()
        elif sql.startswith("/*", position):
            position = _comment_end(sql, position, line)
        else:
            return position


def _comment_end(sql: str, start: int, line: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    message = f"line {line}: the comment that starts here is not closed. Hint: add */."
    raise ItemError(message)


def split_batches(sql: str) -> tuple[tuple[str, int], ...]:
    r"""Cut a script at lines that hold only GO; returns each batch's text and first line.

    Example:
        >>> split_batches("SELECT 1;\nGO\nSELECT 2;")
        (('SELECT 1;\n', 1), ('\nSELECT 2;', 2))
    """
    tokens = tokenize(sql)
    batches: list[tuple[str, int]] = []
    start, line = 0, 1
    for index, token in enumerate(tokens):
        if token.word == "GO" and _stands_alone(tokens, index):
            batches.append((sql[start : token.start], line))
            start, line = token.end, token.line
    batches.append((sql[start:], line))
    return tuple((text, first) for text, first in batches if tokenize(text))


def _stands_alone(tokens: Sequence[Token], index: int) -> bool:
    neighbors = [tokens[i] for i in (index - 1, index + 1) if 0 <= i < len(tokens)]
    return all(other.line != tokens[index].line for other in neighbors)
