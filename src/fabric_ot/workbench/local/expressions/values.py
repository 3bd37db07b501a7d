"""Values as the pipeline engine sees them: JSON, with the text forms and the strictness of .NET."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

CONTENT, CONTENT_TYPE = "$content", "$content-type"
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


class Fault(Exception):  # noqa: N818 - it never leaves this package: the evaluator adds the place
    """What a function objects to; the evaluator turns it into an `ExpressionError` with the place."""


def type_name(value: Any) -> str:
    """Name the JSON type of `value` as the engine's messages do.

    Example:
        >>> type_name(None), type_name(True), type_name(1), type_name([])
        ('Null', 'Boolean', 'Integer', 'Array')
    """
    for kind, name in ((bool, "Boolean"), (int, "Integer"), (float, "Float"), (str, "String"), (list, "Array")):
        if isinstance(value, kind):
            return name
    return "Null" if value is None else "Object"


def _mismatch(wanted: str, value: Any) -> Fault:
    shown = repr(value)
    return Fault(f"expects {wanted}, found {type_name(value)} {shown if len(shown) <= 80 else shown[:77] + '...'}")


def as_text(value: Any) -> str:
    """Return `value` if it is text; anything else is a fault."""
    if not isinstance(value, str):
        raise _mismatch("text", value)
    return value


def as_boolean(value: Any) -> bool:
    """Return `value` if it is true or false; numbers and texts are not converted."""
    if not isinstance(value, bool):
        raise _mismatch("a Boolean (bool() converts)", value)
    return value


def is_number(value: Any) -> bool:
    """Say whether `value` is an integer or a float; a Boolean is neither."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_number(value: Any) -> int | float:
    """Return `value` if it is a number."""
    if not is_number(value):
        raise _mismatch("a number (int() and float() convert)", value)
    return value


def as_integer(value: Any) -> int:
    """Return `value` if it is a whole number of integer type."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise _mismatch("an integer (int() converts)", value)
    return value


def as_list(value: Any) -> list[Any]:
    """Return `value` if it is an array."""
    if not isinstance(value, list):
        raise _mismatch("an array", value)
    return value


def in_range(value: int | float) -> int | float:
    """Refuse integers that do not fit 64 bits, where the engine overflows."""
    if isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
        message = f"the result {value} does not fit a 64-bit integer"
        raise Fault(message)
    return value


def equal(left: Any, right: Any) -> bool:
    """Compare deeply: 1 equals 1.0, but true does not equal 1 and '1' does not equal 1.

    Example:
        >>> equal(1, 1.0), equal(True, 1), equal([1], [1.0]), equal("A", "a")
        (True, False, True, False)
    """
    if is_number(left) and is_number(right):
        return bool(left == right)
    if type_name(left) != type_name(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, Mapping):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def to_text(value: Any) -> str:
    """Return the text form that `string`, `concat` and interpolation give.

    Example:
        >>> to_text(None), to_text(True), to_text(1.50), to_text({"a": [1, True]})
        ('', 'True', '1.5', '{"a":[1,true]}')
    """
    if value is None:
        return ""
    if isinstance(value, str | bool | int):
        return str(value)
    if isinstance(value, float):
        return float_text(value)
    if is_binary(value):
        raise Fault("binary content has no text form here. Hint: base64ToString(x['$content'])")
    return compact_json(value)


def float_text(value: float) -> str:
    """Return the shortest text that gives back `value`, with .NET's choice of exponent.

    Example:
        >>> float_text(30.0), float_text(1e15), float_text(0.00001), float_text(-2.5)
        ('30', '1E+15', '1E-05', '-2.5')
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    sign, digits, _ = exact = Decimal(repr(value)).normalize().as_tuple()
    exponent = len(digits) - 1 + int(exact.exponent)
    if value == 0 or -5 < exponent < 15:
        return f"{Decimal(repr(value)).normalize():f}"
    first, rest = str(digits[0]), "".join(map(str, digits[1:]))
    return f"{'-' if sign else ''}{first}{'.' + rest if rest else ''}E{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def compact_json(value: Any) -> str:
    """Return JSON without blanks, non-ASCII characters as they are, floats as .NET writes them."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_quoted(str(key))}:{compact_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact_json, value)) + "]"
    if isinstance(value, float):
        text = float_text(value)
        return text if any(mark in text for mark in ".EN") or "I" in text else text + ".0"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def is_binary(value: Any) -> bool:
    """Say whether `value` is the engine's envelope of bytes."""
    return isinstance(value, Mapping) and CONTENT in value and CONTENT_TYPE in value


def to_binary(data: bytes, content_type: str = "application/octet-stream") -> dict[str, str]:
    """Return the engine's envelope of `data`."""
    return {CONTENT_TYPE: content_type, CONTENT: base64.b64encode(data).decode("ascii")}


def to_bytes(value: Any) -> bytes:
    """Return the bytes of an envelope, or the UTF-8 bytes of any other value's text."""
    if is_binary(value):
        return from_base64(value[CONTENT])
    return to_text(value).encode("utf-8")


def from_base64(text: str) -> bytes:
    """Decode base64, refusing what is not."""
    try:
        return base64.b64decode(as_text(text), validate=True)
    except ValueError as exc:
        message = f"expects base64, found {text[:40]!r}"
        raise Fault(message) from exc


def from_utf8(data: bytes) -> str:
    """Decode UTF-8, refusing what is not."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        message = f"the content is not UTF-8 text (byte {exc.start})"
        raise Fault(message) from exc
