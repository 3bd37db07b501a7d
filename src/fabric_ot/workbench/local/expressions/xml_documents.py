"""XML and JSON into each other as Json.NET does it, and XPath."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from fabric_ot.errors import MissingDependencyError
from fabric_ot.workbench.local.expressions.values import Fault, compact_json, from_utf8, is_number, to_binary

XML_TYPE = "application/xml;charset=utf-8"
_NAME = re.compile(r"[^\W\d][\w.\-]*(:[^\W\d][\w.\-]*)?")


def json_to_xml(document: Any) -> str:
    """Write an object with one root property as XML; `@name` is an attribute, `#text` the text.

    Example:
        >>> json_to_xml({"person": {"@id": "7", "name": "Sophia", "age": None}})
        '<person id="7"><name>Sophia</name><age /></person>'
    """
    if not isinstance(document, Mapping) or len(document) != 1:
        raise Fault("expects an object with exactly one property, the root element")
    ((name, content),) = document.items()
    if isinstance(content, list):
        message = f"the root element {name!r} must not be an array"
        raise Fault(message)
    return _element(name, content)


def _element(name: str, content: Any) -> str:
    if isinstance(content, list):
        return "".join(_element(name, item) for item in content)
    if not _NAME.fullmatch(name):
        message = f"{name!r} is not an XML name"
        raise Fault(message)
    if content is None:
        return f"<{name} />"
    if not isinstance(content, Mapping):
        return f"<{name}>{escape(_scalar(content))}</{name}>"
    attributes = "".join(f" {key[1:]}={quoteattr(_scalar(v))}" for key, v in content.items() if key.startswith("@"))
    children = "".join(_child(key, value) for key, value in content.items() if not key.startswith("@"))
    return f"<{name}{attributes}>{children}</{name}>" if children else f"<{name}{attributes} />"


def _child(key: str, value: Any) -> str:
    return escape(_scalar(value)) if key == "#text" else _element(key, value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or is_number(value):
        return compact_json(value)
    message = f"expects a simple value as XML text, found {value!r}"
    raise Fault(message)


def xml_to_json(data: bytes) -> dict[str, Any]:
    """Read XML into an object: attributes under `@name`, repeated elements as an array, an empty tag as null.

    Comments, CDATA sections, processing instructions and document types are refused.
    """
    return _Reader().read(data)


class _Reader:
    """Collects elements; the parser's own namespace handling stays off so that prefixes are kept as written."""

    def __init__(self) -> None:
        self._stack: list[tuple[str, dict[str, Any], list[str]]] = []
        self._result: dict[str, Any] = {}
        self._data = b""
        self._parser = expat.ParserCreate()
        self._parser.ordered_attributes = True
        self._parser.buffer_text = True
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.CommentHandler = lambda _: self._refuse("comments")
        self._parser.ProcessingInstructionHandler = lambda *_: self._refuse("processing instructions")
        self._parser.StartCdataSectionHandler = lambda: self._refuse("CDATA sections")
        self._parser.StartDoctypeDeclHandler = lambda *_: self._refuse("document types")

    def read(self, data: bytes) -> dict[str, Any]:
        self._data = from_utf8(data).encode("utf-8")
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError as exc:
            message = f"not well-formed XML ({exc})"
            raise Fault(message) from exc
        return self._result

    def _refuse(self, what: str) -> None:
        message = f"XML with {what} is not supported"
        raise Fault(message)

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding and encoding.lower() not in ("utf-8", "us-ascii"):
            self._refuse(f"encoding {encoding}")
        declared: dict[str, Any] = {"@version": version}
        if encoding:
            declared["@encoding"] = encoding
        if standalone != -1:
            declared["@standalone"] = "yes" if standalone else "no"
        self._result["?xml"] = declared

    def _start(self, name: str, attributes: list[str]) -> None:
        pairs = zip(attributes[::2], attributes[1::2], strict=True)
        self._stack.append((name, {f"@{key}": value for key, value in pairs}, []))

    def _text(self, text: str) -> None:
        if self._stack:
            self._stack[-1][2].append(text)

    def _end(self, name: str) -> None:
        _, members, texts = self._stack.pop()
        text = "".join(texts) if "".join(texts).strip() else ""
        if any(not key.startswith("@") for key in members) and text:
            self._refuse("text between elements")
        # The end of `<a/>` is reported behind it, that of `<a></a>` before its end tag.
        is_empty_tag = self._data.endswith(b"/>", 0, self._parser.CurrentByteIndex)
        content: Any = members
        if members and text:
            content = {**members, "#text": text}
        elif not members:
            content = None if is_empty_tag else text
        _attach(self._stack[-1][1] if self._stack else self._result, name, content)


def _attach(parent: dict[str, Any], name: str, content: Any) -> None:
    if name not in parent:
        parent[name] = content
    elif isinstance(parent[name], list):
        parent[name].append(content)
    else:
        parent[name] = [parent[name], content]


def xpath(data: bytes, query: str) -> Any:
    """Evaluate `query`: text, number or truth as they are; nodes as an array, elements as XML content."""
    try:
        from lxml import etree
    except ImportError as exc:
        raise MissingDependencyError.for_extra("xpath() in an expression", "local") from exc
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        found = etree.fromstring(data, parser).xpath(query)
    except etree.Error as exc:
        message = f"{query!r} cannot be evaluated ({exc})"
        raise Fault(message) from exc
    if isinstance(found, str):
        return str(found)
    if not isinstance(found, list):
        return found
    return [_node(node, etree.tostring) for node in found]


def _node(node: Any, serialize: Any) -> Any:
    return str(node) if isinstance(node, str) else to_binary(serialize(node, with_tail=False), XML_TYPE)
