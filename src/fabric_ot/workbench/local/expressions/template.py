"""A JSON string as the pipeline reads it: plain text, one expression, or text with expressions in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from fabric_ot.errors import ExpressionError
from fabric_ot.workbench.local.expressions.parser import parse_expression
from fabric_ot.workbench.local.expressions.syntax import Node


@dataclass(frozen=True)
class Formula:
    """One expression with its source."""

    source: str
    node: Node


@dataclass(frozen=True)
class Template:
    """Texts and formulas in turn; `is_single` when the whole string is `@formula`, which keeps its type."""

    parts: tuple[str | Formula, ...]
    is_single: bool = False

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """The expressions among the parts."""
        return tuple(part for part in self.parts if isinstance(part, Formula))


@lru_cache(maxsize=4096)
def parse_template(text: str) -> Template:
    """Parse any string of a pipeline definition.

    `@x` is an expression, `a @{x} b` is text with expressions in it, `@@x` and `@@{x}` are text that starts with `@`.

    Raises:
        ExpressionError: an expression in it cannot be parsed, or `@@...` is mixed with `@{`, whose meaning is unknown.

    Example:
        >>> parse_template("plain").formulas, parse_template("a @{item()} b").parts[0]
        ((), 'a ')
    """
    if text.startswith("@@"):
        return Template((_unescaped(text),))
    if text.startswith("@") and not text.startswith("@{"):
        return Template((_formula(text[1:]),), is_single=True)
    return Template(tuple(_parts(text)))


def _unescaped(text: str) -> str:
    if "@{" in text[2:].replace("@@{", ""):
        message = (
            f"{text!r} starts with '@@' and also holds an interpolation; which of them wins is not known.\n"
            "Hint: write @concat('@...', ...)."
        )
        raise ExpressionError(message)
    return text[1:]


def _formula(source: str) -> Formula:
    return Formula(source, parse_expression(source))


def _parts(text: str) -> list[str | Formula]:
    parts: list[str | Formula] = []
    plain = ""
    position = 0
    while position < len(text):
        if text.startswith("@@{", position):
            plain += "@{"
            position += 3
        elif text.startswith("@{", position):
            end = _closing_brace(text, position + 2)
            parts += [plain, _formula(text[position + 2 : end])]
            plain = ""
            position = end + 1
        else:
            plain += text[position]
            position += 1
    return [part for part in (*parts, plain) if part != ""]


def _closing_brace(text: str, start: int) -> int:
    is_quoted = False
    for position in range(start, len(text)):
        if text[position] == "'":
            is_quoted = not is_quoted
        elif text[position] == "}" and not is_quoted:
            return position
    message = f"'@{{' at position {start - 2} of {text!r} is not closed.\nHint: add the closing brace."
    raise ExpressionError(message)
