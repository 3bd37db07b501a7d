"""The 12 string functions. Positions count UTF-16 units in the engine, so characters beyond U+FFFF are refused."""

from __future__ import annotations

import uuid
from typing import Any

from fabric_ot.workbench.local.expressions.scope import Scope
from fabric_ot.workbench.local.expressions.signature import Function
from fabric_ot.workbench.local.expressions.values import Fault, as_integer, as_text, to_text


def units(text: str) -> str:
    """Return `text` if its characters and the engine's UTF-16 units are the same thing."""
    if any(character > "\uffff" for character in text):
        message = f"positions in {text[:40]!r} are not supported: it has characters beyond U+FFFF"
        raise Fault(message)
    return text


def _simple(character: str, mapped: str) -> str:
    return mapped if len(mapped) == 1 else character


def _upper(text: str) -> str:
    return "".join(_simple(character, character.upper()) for character in text)


def _lower(text: str) -> str:
    return "".join(_simple(character, character.lower()) for character in text)


def _concat(*values: Any) -> str:
    if isinstance(values[0], list):
        raise Fault("joining arrays is not supported. Hint: union() joins arrays, join() makes text of one")
    return "".join(map(to_text, values))


def _starts_with(text: Any, search: Any) -> bool:
    return _upper(as_text(text)).startswith(_upper(as_text(search)))


def _ends_with(text: Any, search: Any) -> bool:
    return _upper(as_text(text)).endswith(_upper(as_text(search)))


def _index_of(text: Any, search: Any) -> int:
    return _upper(units(as_text(text))).find(_upper(as_text(search)))


def _last_index_of(text: Any, search: Any) -> int:
    if as_text(search) == "":
        return max(len(units(as_text(text))) - 1, 0)
    return _upper(units(as_text(text))).rfind(_upper(search))


def _replace(text: Any, old: Any, new: Any) -> str:
    if as_text(old) == "":
        raise Fault("the text to replace is empty")
    return as_text(text).replace(old, as_text(new))


def _split(text: Any, delimiter: Any) -> list[str]:
    if as_text(delimiter) == "":
        raise Fault("the delimiter is empty")
    return as_text(text).split(delimiter)


def _substring(text: Any, start: Any, length: Any = None) -> str:
    size = len(units(as_text(text)))
    begin = as_integer(start)
    count = size - begin if length is None else as_integer(length)
    if begin < 0 or count < 0 or begin + count > size:
        message = f"start {begin} and length {count} do not lie within a text of {size} characters"
        raise Fault(message)
    return str(text[begin : begin + count])


def _guid(scope: Scope, form: Any = "D") -> str:
    value = uuid.UUID(int=scope.dice().getrandbits(128), version=4)
    forms = {"D": str(value), "N": value.hex, "B": f"{{{value}}}", "P": f"({value})"}
    if as_text(form).upper() not in forms:
        message = f"unknown GUID format {form!r}. Available: {', '.join(forms)}"
        raise Fault(message)
    return forms[form.upper()]


FUNCTIONS: tuple[Function, ...] = (
    Function("concat", _concat, 1, None),
    Function("endsWith", _ends_with, 2, 2),
    Function("guid", _guid, 0, 1, needs_scope=True),
    Function("indexOf", _index_of, 2, 2),
    Function("lastIndexOf", _last_index_of, 2, 2),
    Function("replace", _replace, 3, 3),
    Function("split", _split, 2, 2),
    Function("startsWith", _starts_with, 2, 2),
    Function("substring", _substring, 2, 3),
    Function("toLower", lambda text: _lower(as_text(text)), 1, 1),
    Function("toUpper", lambda text: _upper(as_text(text)), 1, 1),
    Function("trim", lambda text: as_text(text).strip(), 1, 1),
)
