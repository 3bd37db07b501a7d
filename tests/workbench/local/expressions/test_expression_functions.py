"""The documented behavior of each function, so that a bare clone proves it without the recorded answers."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest

from fabric_ot.errors import ExpressionError
from fabric_ot.workbench.local.expressions import Scope, evaluate, find_references, function_names

SCOPE = Scope(clock=lambda: dt.datetime(2026, 3, 1, 6, 0, 0, 250_000, tzinfo=dt.UTC), chance=random.Random(7))
BLOB = {"$content-type": "application/octet-stream", "$content": "aGVsbG8="}

ANSWERS: dict[str, Any] = {
    # null
    "@concat('x', null)": "x",
    "@string(null)": "",
    "@empty(null)": True,
    "@equals(null, '')": False,
    "@coalesce(null, null)": None,
    "@coalesce(null, false, true)": False,
    # Booleans
    "@string(true)": "True",
    "@concat('a', 1, true)": "a1True",
    "@equals(true, 1)": False,
    "@bool(0)": False,
    "@bool('False')": False,
    "@bool(2.5)": True,
    "@and(true, false)": False,
    "@or(false, true)": True,
    "@not(false)": True,
    # equality and order
    "@equals('A', 'a')": False,
    "@equals('1', 1)": False,
    "@equals(1, 1.0)": True,
    "@equals(createArray(1, 'a'), createArray(1.0, 'a'))": True,
    "@equals(json('{\"a\":1}'), json('{\"a\":2}'))": False,
    "@greater('apple', 'banana')": False,
    "@greaterOrEquals(5, 5.0)": True,
    "@less('banana', 'apple')": False,
    "@lessOrEquals('B', 'a')": True,
    # case
    "@startsWith('Hello', 'hELLO')": True,
    "@endsWith('hello', 'LLO')": True,
    "@indexOf('hello world', 'WORLD')": 6,
    "@contains('Hello', 'hello')": False,
    "@replace('aAa', 'a', 'b')": "bAb",
    "@toLower('ÄB')": "äb",
    "@toUpper('straße')": "STRAßE",
    # strings
    "@lastIndexOf('hello', '')": 4,
    "@lastIndexOf('', '')": 0,
    "@indexOf('hello', '')": 0,
    "@lastIndexOf('a-b-c', '-')": 3,
    "@split('a;b;;c', ';')": ["a", "b", "", "c"],
    "@substring('hello', 2)": "llo",
    "@substring('hello world', 6, 5)": "world",
    "@substring('hello', 5, 0)": "",
    "@trim(' a b ')": "a b",
    "@length('😀')": 2,
    # numbers
    "@div(-7, 2)": -3,
    "@mod(-7, 3)": -1,
    "@div(11, 5.0)": 2.2,
    "@div(9007199254740993, 1)": 9007199254740993,
    "@min(createArray(1, 2.5))": 1.0,
    "@max(1, 2, 3)": 3,
    "@add(1, 1.5)": 2.5,
    "@mul(1.5, 2)": 3.0,
    "@sub(5, 7)": -2,
    "@string(1.50)": "1.5",
    "@string(float('10'))": "10",
    "@string(mul(1000000.0, 1000000000.0))": "1E+15",
    "@string(0.00001)": "1E-05",
    "@int('-5')": -5,
    "@int(4.0)": 4,
    "@float('1e3')": 1000.0,
    "@range(2, 3)": [2, 3, 4],
    "@range(0, 0)": [],
    # collections
    "@contains(createArray(1, 2), 2.0)": True,
    "@contains(json('{\"a\":1}'), 'A')": False,
    "@first('')": "",
    "@last(json('[]'))": None,
    "@first(createArray(0, 1))": 0,
    "@skip('abcd', 2)": "cd",
    "@take(createArray(0, 1, 2), 5)": [0, 1, 2],
    "@union(createArray(1, 1, 2), createArray(2, 10))": [1, 2, 10],
    '@union(json(\'{"a":1}\'), json(\'{"a":2,"b":3}\'))': {"a": 2, "b": 3},
    "@intersection(createArray(1, 2, 3), createArray(101, 2, 1))": [1, 2],
    "@join(createArray('a', 1, true, null), '-')": "a-1-True-",
    "@empty(json('{}'))": True,
    # conversions
    "@array('x')": ["x"],
    "@base64('hello')": "aGVsbG8=",
    "@base64ToString('aGVsbG8=')": "hello",
    "@decodeBase64('aGVsbG8=')": "hello",
    "@base64ToBinary('aGVsbG8=')": BLOB,
    "@binary('hello')": BLOB,
    "@uriComponentToBinary('hello')": BLOB,
    "@dataUri('hello')": "data:text/plain;charset=utf-8;base64,aGVsbG8=",
    "@dataUriToBinary('data:text/plain;charset=utf-8;base64,aGVsbG8=')": {
        "$content-type": "text/plain;charset=utf-8",
        "$content": "aGVsbG8=",
    },
    "@dataUriToString('data:text/plain,a%20b')": "a b",
    "@decodeDataUri('data:text/plain;charset=utf-8;base64,aGVsbG8=')": "hello",
    "@uriComponent('https://a b')": "https%3A%2F%2Fa%20b",
    "@encodeUriComponent('ä')": "%C3%A4",
    "@uriComponentToString('a%20b')": "a b",
    "@decodeUriComponent('%C3%A4')": "ä",
    "@string(createArray(1, 'a', true, 2.0, null))": '[1,"a",true,2.0,null]',
    "@json('{\"a\":[5,9,4]}').a[1]": 9,
    "@json('null')": None,
    "@json(binary('[1]'))": [1],
    # laziness
    "@if(false, div(1, 0), 'x')": "x",
    "@if(true, 'y', json('broken'))": "y",
    # clock and chance come from the scope
    "@utcNow()": "2026-03-01T06:00:00.2500000Z",
    "@utcnow('yyyy-MM-dd')": "2026-03-01",
    "@getFutureTime(1, 'Day', 'yyyy-MM-dd')": "2026-03-02",
    "@getPastTime(1, 'Month', 'yyyy-MM-dd')": "2026-02-01",
    "@length(guid())": 36,
    "@length(guid('n'))": 32,
    "@length(guid('P'))": 38,
    "@less(rand(1, 5), 5)": True,
    "@rand(4, 5)": 4,
}

REFUSALS: dict[str, str] = {
    "@createArray()": "at least 1 argument",
    "@int(10.7)": "cannot be converted to an integer",
    "@int('1_0')": "cannot be converted",
    "@int(true)": "Boolean True cannot be converted",
    "@float('nan')": "cannot be converted to a float",
    "@bool('yes')": "cannot be converted to a Boolean",
    "@div(1, 0)": "by zero",
    "@mod(1, 0)": "by zero",
    "@add('1', 2)": "expects a number",
    "@add(true, 2)": "expects a number",
    "@add(9223372036854775807, 1)": "64-bit",
    "@and(1, true)": "expects a Boolean",
    "@or(true, 1)": "expects a Boolean",
    "@not('true')": "expects a Boolean",
    "@if('true', 1, 2)": "expects a Boolean",
    "@greater('a', 1)": "cannot compare String with Integer",
    "@toLower(1)": "expects text",
    "@length(null)": "found Null",
    "@length(json('{}'))": "found Object",
    "@substring('abc', 2, 5)": "do not lie within",
    "@substring('😀b', 0, 1)": "beyond U\\+FFFF",
    "@split('a', '')": "delimiter is empty",
    "@replace('a', '', 'b')": "is empty",
    "@skip(createArray(1), -1)": "must not be negative",
    "@union(createArray(1), json('{}'))": "only arrays or only objects",
    "@max(json('[]'))": "the array is empty",
    "@rand(5, 5)": "excluded",
    "@range(1, -1)": "must not be negative",
    "@json('{a:1}')": "not JSON",
    "@json('[NaN]')": "not JSON",
    "@base64ToString('@@@')": "expects base64",
    "@base64ToString('/w==')": "not UTF-8",
    "@dataUriToString('hello')": "expects a data URI",
    "@string(binary('x'))": "no text form",
    "@concat(createArray(1), createArray(2))": "joining arrays is not supported",
    "@guid('Q')": "Available: D, N, B, P",
    "@noSuchThing(1)": "no such function",
    "@toUper('a')": "did you mean toupper",
    "@add(1)": "takes 2 argument",
    "@pipeline(1)": "takes 0 argument",
}


@pytest.mark.parametrize(("text", "expected"), ANSWERS.items())
def test_a_call_gives_the_documented_value_and_type(text, expected):
    given = evaluate(text, SCOPE)
    assert (given, type(given)) == (expected, type(expected))


@pytest.mark.parametrize(("text", "message"), REFUSALS.items())
def test_a_wrong_call_is_refused_with_its_place(text, message):
    with pytest.raises(ExpressionError, match=message) as caught:
        evaluate(text, SCOPE)
    assert "position" in str(caught.value)


def test_there_are_84_functions():
    assert len(function_names()) == 84


@pytest.mark.parametrize("name", function_names())
def test_every_function_is_found_in_any_case(name):
    (*faults,) = find_references(f"@{name.upper()}()")
    assert all("takes" in fault.name for fault in faults)


@pytest.mark.parametrize("text", ["@utcNow()", "@getPastTime(1, 'Day')"])
def test_time_is_not_read_without_a_clock(text):
    with pytest.raises(ExpressionError, match="no clock"):
        evaluate(text, Scope())


@pytest.mark.parametrize("text", ["@guid()", "@rand(1, 5)"])
def test_nothing_is_random_without_a_source_of_randomness(text):
    with pytest.raises(ExpressionError, match="no randomness"):
        evaluate(text, Scope())


def test_the_same_seed_gives_the_same_guid():
    first, second = (evaluate("@guid()", Scope(chance=random.Random(3))) for _ in range(2))
    assert first == second
    assert evaluate("@guid()", Scope(chance=random.Random(4))) != first
