"""XML into JSON and back, XPath, and what is refused."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fabric_ot.errors import ExpressionError
from fabric_ot.workbench.local.expressions import Scope, evaluate

JSON_ANSWERS: dict[str, Any] = {
    '<r a="1"><b>x</b></r>': {"r": {"@a": "1", "b": "x"}},
    "<r><b>1</b><b>2</b><b>3</b></r>": {"r": {"b": ["1", "2", "3"]}},
    "<r><a/><b></b></r>": {"r": {"a": None, "b": ""}},
    "<r/>": {"r": None},
    '<r a="1">x</r>': {"r": {"@a": "1", "#text": "x"}},
    '<p:r xmlns:p="u"><p:b>x</p:b></p:r>': {"p:r": {"@xmlns:p": "u", "p:b": "x"}},
    '<?xml version="1.0" encoding="utf-8"?><r>\n  <b>x</b>\n</r>': {
        "?xml": {"@version": "1.0", "@encoding": "utf-8"},
        "r": {"b": "x"},
    },
}


def text_of(envelope: dict[str, str]) -> str:
    return base64.b64decode(envelope["$content"]).decode()


@pytest.mark.parametrize(("document", "expected"), JSON_ANSWERS.items())
def test_xml_becomes_json(document, expected):
    assert evaluate("@json(xml(variables('x')))", Scope(variables={"x": document})) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"person": {"name": "Sophia"}}, "<person><name>Sophia</name></person>"),
        ({"r": {"@a": 'q"<', "b": [1, True, None]}}, "<r a='q\"&lt;'><b>1</b><b>true</b><b /></r>"),
        ({"r": {"#text": "a & b"}}, "<r>a &amp; b</r>"),
    ],
)
def test_json_becomes_xml(document, expected):
    envelope = evaluate("@xml(variables('x'))", Scope(variables={"x": document}))
    assert envelope["$content-type"] == "application/xml;charset=utf-8"
    assert text_of(envelope) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("/p/i/n/text()", ["Gala", "Honey"]),
        ("sum(/p/i/c)", 30.0),
        ("string(/p/i/n)", "Gala"),
        ("count(/p/i) = 2", True),
        ("/p/none", []),
    ],
)
def test_xpath_gives_text_number_truth_or_array(query, expected):
    document = "<p><i><n>Gala</n><c>20</c></i><i><n>Honey</n><c>10</c></i></p>"
    scope = Scope(variables={"x": document, "q": query})
    assert evaluate("@xpath(xml(variables('x')), variables('q'))", scope) == expected


def test_xpath_elements_come_as_xml_content():
    (element,) = evaluate("@xpath(xml('<p><c>1</c></p>'), '/p/c')", Scope())
    assert text_of(element) == "<c>1</c>"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("@json(xml('<a><!-- c --></a>'))", "comments is not supported"),
        ("@json(xml('<a><![CDATA[x]]></a>'))", "CDATA sections is not supported"),
        ("@json(xml('<a>x<b/>y</a>'))", "text between elements is not supported"),
        ("@json(xml('<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/hostname\">]><a>&e;</a>'))", "document types"),
        ("@xml('<a>')", "cannot be evaluated"),
        ('@xml(json(\'{"a":1,"b":2}\'))', "exactly one property"),
        ("@xml(json('{\"a b\":1}'))", "not an XML name"),
        ("@xml(json('{\"a\":[1]}'))", "must not be an array"),
        ("@xpath(xml('<a/>'), '///')", "cannot be evaluated"),
    ],
)
def test_what_has_no_sure_meaning_is_refused(expression, message):
    with pytest.raises(ExpressionError, match=message):
        evaluate(expression, Scope())


def test_external_entities_are_not_read():
    document = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>'
    scope = Scope(variables={"x": document})
    assert evaluate("@xpath(xml(variables('x')), 'string(/a)')", scope) == ""
