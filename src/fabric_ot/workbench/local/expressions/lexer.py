"""Text of an expression to tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fabric_ot.errors import ExpressionError

NUMBER, TEXT, NAME, MARK, END = "number", "text", "name", "mark", "end"

_TOKEN = re.compile(
    r"""
    (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<text>'(?:[^']|'')*')
  | (?P<name>[^\W\d][\w$\-]*|\$[\w$\-]*)
  | (?P<mark>\?\.|\?\[|[().,\[\]])
    """,
    re.VERBOSE,
)
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True)
class Token:
    """One piece of an expression; `position` counts characters from 0 behind the `@`."""

    kind: str
    text: str
    position: int


def tokenize(source: str) -> tuple[Token, ...]:
    """Split `source` (without its `@`) into tokens, the last one being the end.

    Raises:
        ExpressionError: a character that starts no token, or a text that is not closed.

    Example:
        >>> [token.text for token in tokenize("add(1, -2)")]
        ['add', '(', '1', ',', '-2', ')', '']
    """
    tokens: list[Token] = []
    position = _skip_space(source, 0)
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise unexpected(source, position)
        tokens.append(Token(str(match.lastgroup), match.group(), position))
        position = _skip_space(source, match.end())
    return (*tokens, Token(END, "", len(source)))


def _skip_space(source: str, position: int) -> int:
    match = _SPACE.match(source, position)
    return match.end() if match else position


def unexpected(source: str, position: int) -> ExpressionError:
    """Return the error for a character that starts no token."""
    character = source[position]
    hints = {
        "'": "the text that begins here is not closed; a quote inside a text is written twice ('').",
        '"': "texts stand in single quotes.",
    }
    hint = hints.get(character, "operators are functions here: add(a, b), equals(a, b), and(a, b).")
    return ExpressionError(f"unexpected {character!r} at position {position} of {source!r}.\nHint: {hint}")
