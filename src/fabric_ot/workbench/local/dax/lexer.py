"""DAX text into tokens, each with its position."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from fabric_ot.errors import DaxError

TokenKind = Literal["number", "text", "quoted_name", "bracketed", "name", "operator", "end"]


@dataclass(frozen=True)
class Token:
    """One token: `text` is its content without quotes or brackets, `position` counts characters from 1."""

    kind: TokenKind
    text: str
    position: int


_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|(?://|--)[^\n]*|/\*.*?\*/)
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<text>"(?:[^"]|"")*")
  | (?P<quoted_name>'(?:[^']|'')*')
  | (?P<bracketed>\[(?:[^\]]|\]\])*\])
  | (?P<name>[^\W\d][\w.]*)
  | (?P<operator>&&|\|\||<>|<=|>=|==|[-+*/^&=<>(){},])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"text": '"', "quoted_name": "'", "bracketed": "]"}


def tokenize(source: str) -> list[Token]:
    """Return the tokens of `source`; the last one is of kind `end`.

    Raises:
        DaxError: a character that starts no token, or a quote that is never closed.

    Example:
        >>> [token.text for token in tokenize("SUM('State Time'[duration_s]) // seconds")]
        ['SUM', '(', 'State Time', 'duration_s', ')', '']
    """
    tokens: list[Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            message = f"position {at + 1}: {source[at]!r} starts nothing that DAX knows, or is never closed"
            raise DaxError(message)
        kind = match.lastgroup or "blank"
        if kind != "blank":
            tokens.append(Token(kind, _content(kind, match.group()), at + 1))  # type: ignore[arg-type]
        at = match.end()
    tokens.append(Token("end", "", len(source) + 1))
    return tokens


def _content(kind: str, text: str) -> str:
    mark = _ESCAPES.get(kind)
    return text[1:-1].replace(mark * 2, mark) if mark else text
