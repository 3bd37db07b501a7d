"""The conversion functions: between texts, numbers, JSON, base64, URIs and XML."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes

from fabric_ot.workbench.local.expressions.signature import Function
from fabric_ot.workbench.local.expressions.values import (
    CONTENT_TYPE,
    Fault,
    as_text,
    from_base64,
    from_utf8,
    in_range,
    is_binary,
    is_number,
    to_binary,
    to_bytes,
    to_text,
    type_name,
)
from fabric_ot.workbench.local.expressions.xml_documents import XML_TYPE, json_to_xml, xml_to_json, xpath

_INTEGER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_FLOAT = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_DATA_URI_START = "data:text/plain;charset=utf-8;base64,"


def _not_convertible(value: Any, target: str) -> Fault:
    return Fault(f"{type_name(value)} {value!r} cannot be converted to {target}")


def _int(value: Any) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(in_range(int(value)))
    if is_number(value) and value == value // 1:
        return int(in_range(int(value)))
    raise _not_convertible(value, "an integer")


def _float(value: Any) -> float:
    if is_number(value) or (isinstance(value, str) and _FLOAT.fullmatch(value)):
        return float(value)
    raise _not_convertible(value, "a float")


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if is_number(value):
        return bool(value != 0)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _not_convertible(value, "a Boolean")


def _json(value: Any) -> Any:
    if is_binary(value):
        data = to_bytes(value)
        return xml_to_json(data) if "xml" in str(value[CONTENT_TYPE]) else _parsed(from_utf8(data))
    if isinstance(value, list | Mapping):
        return value
    return _parsed(as_text(value))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError as exc:
        message = f"the text is not JSON ({exc}): {text[:60]!r}"
        raise Fault(message) from exc


def _no_constant(name: str) -> Any:
    message = f"{name} is no JSON value"
    raise ValueError(message)


def _xml(value: Any) -> dict[str, str]:
    is_document = isinstance(value, Mapping) and not is_binary(value)
    data = json_to_xml(value).encode("utf-8") if is_document else to_bytes(value)
    if not is_document:
        xpath(data, "true()")  # refuses what is not well-formed
    return to_binary(data, XML_TYPE)


def _data_uri_parts(value: Any) -> tuple[str, bytes]:
    head, comma, data = as_text(value).partition(",")
    if not head.startswith("data:") or not comma:
        message = f"expects a data URI, found {value[:40]!r}"
        raise Fault(message)
    if head.endswith(";base64"):
        return head[5:].removesuffix(";base64"), from_base64(data)
    return head[5:], unquote_to_bytes(data)


def _data_uri_to_binary(value: Any) -> dict[str, str]:
    content_type, data = _data_uri_parts(value)
    return to_binary(data, content_type)


def _encoded(value: Any) -> str:
    return base64.b64encode(to_bytes(value)).decode("ascii")


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _uri_component(value: Any) -> str:
    return quote(to_text(value), safe="-_.~")


def _decoded_text(value: Any) -> str:
    return from_utf8(from_base64(value))


def _data_uri_text(value: Any) -> str:
    return from_utf8(_data_uri_parts(value)[1])


def _uri_text(value: Any) -> str:
    return unquote(as_text(value))


FUNCTIONS: tuple[Function, ...] = (
    Function("array", lambda value: value if isinstance(value, list) else [value], 1, 1),
    Function("base64", _encoded, 1, 1),
    Function("base64ToBinary", lambda value: to_binary(from_base64(value)), 1, 1),
    Function("base64ToString", _decoded_text, 1, 1),
    Function("binary", lambda value: to_binary(to_bytes(value)), 1, 1),
    Function("bool", _bool, 1, 1),
    Function("coalesce", _coalesce, 1, None),
    Function("createArray", lambda *values: list(values), 1, None),
    Function("dataUri", lambda value: _DATA_URI_START + _encoded(value), 1, 1),
    Function("dataUriToBinary", _data_uri_to_binary, 1, 1),
    Function("dataUriToString", _data_uri_text, 1, 1),
    Function("decodeBase64", _decoded_text, 1, 1),
    Function("decodeDataUri", _data_uri_text, 1, 1),
    Function("decodeUriComponent", _uri_text, 1, 1),
    Function("encodeUriComponent", _uri_component, 1, 1),
    Function("float", _float, 1, 1),
    Function("int", _int, 1, 1),
    Function("json", _json, 1, 1),
    Function("string", to_text, 1, 1),
    Function("uriComponent", _uri_component, 1, 1),
    Function("uriComponentToBinary", lambda value: to_binary(_uri_text(value).encode("utf-8")), 1, 1),
    Function("uriComponentToString", _uri_text, 1, 1),
    Function("xml", _xml, 1, 1),
    Function("xpath", lambda document, query: xpath(to_bytes(document), as_text(query)), 2, 2),
)
