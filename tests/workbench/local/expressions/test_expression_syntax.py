"""Texts with `@`: interpolation, escapes, access, errors with their place, and whole JSON trees."""

from __future__ import annotations

from typing import Any

import pytest

from fabric_ot.errors import ExpressionError
from fabric_ot.workbench.local.expressions import NO_ITEM, Scope, evaluate, find_references, resolve

SCOPE = Scope(
    pipeline={"parameters": {"p1": "PV"}, "RunId": "r1"},
    variables={"v1": "vv", "arr": [1, 2, 3]},
    activities={"A": {"output": {"firstRow": {"Col": "c1"}, "value": [{"n": 7}]}, "status": "Succeeded"}},
    item={"name": "it"},
)

ANSWERS: dict[str, Any] = {
    "plain": "plain",
    "a@b.com": "a@b.com",
    " @add(1,2)": " @add(1,2)",
    "Answer is: @{add(40,2)}": "Answer is: 42",
    "@{add(40,2)}": "42",
    "@{null}|@{true}": "|True",
    "@@x": "@x",
    "@@": "@",
    "@@{add(1,2)}": "@{add(1,2)}",
    "see @@{x}": "see @{x}",
    "a @{'x'} b @{json('{\"k\":1}')} c": 'a x b {"k":1} c',
    "x@{toUpper('it''s')}y": "xIT'Sy",
    "@{'}'}": "}",
    "SELECT 1\nFROM @{variables('v1')}\nWHERE a = '@{item().name}'": "SELECT 1\nFROM vv\nWHERE a = 'it'",
    "@concat('it''s', ' ok')": "it's ok",
    "@CONCAT('a','b')": "ab",
    "@add( 1 , \n 2 )": 3,
    "@-1": -1,
    "@1": 1,
    "@true": True,
    "@null": None,
    "@'lit'": "lit",
    "@pipeline().parameters.p1": "PV",
    "@pipeline()['parameters']['p1']": "PV",
    "@pipeline().Parameters.P1": "PV",
    "@pipeline()?.TriggerEvent?.FileName": None,
    "@variables('arr')[1]": 2,
    "@variables('arr')?[9]": None,
    "@activity('A').output['firstRow']['Col']": "c1",
    "@activity('A').output.value[add(0,0)].n": 7,
    "@coalesce(activity('A').output?.missing?.x, 'dflt')": "dflt",
    "@Item().name": "it",
}

MISTAKES: dict[str, str] = {
    "@": "found the end",
    "@add(1": "expected '\\)'",
    "@add(1 2)": "expected '\\)'.*found '2' at position 6",
    "@add(1,)": "expected a value",
    "@add(1,2) and more": "the expression has ended, but found 'and' at position 9",
    "@foo": "unknown word 'foo' at position 0",
    "@'open": "not closed",
    '@concat("a")': "single quotes",
    "@1 + 2": "add\\(a, b\\)",
    "@{add(1,2)": "not closed",
    "@@x @{1}": "which of them wins is not known",
    "@pipeline().": "expected a property name",
    "@9223372036854775808": "does not fit a 64-bit integer",
    "@null.x": "'x' cannot be read from Null",
    "@variables('arr')[3]": "index 3 is not within an array of 3",
    "@variables('none')": "no variable 'none'. Available: arr, v1",
    "@activity('B').output": "no finished activity 'B'. Available: A",
    "@activity('A').output.missing": "'missing' does not exist. Available: firstRow, value",
    "@pipeline().parameters.p2": "'p2' does not exist. Available: p1",
    "@variables('v1').x": "cannot be read from String",
    "@" + "not(" * 200 + "true" + ")" * 200: "nested deeper",
}


@pytest.mark.parametrize(("text", "expected"), ANSWERS.items())
def test_a_text_stands_for(text, expected):
    given = evaluate(text, SCOPE)
    assert (given, type(given)) == (expected, type(expected))


@pytest.mark.parametrize(("text", "message"), MISTAKES.items())
def test_a_mistake_is_named(text, message):
    with pytest.raises(ExpressionError, match=f"(?s){message}"):
        evaluate(text, SCOPE)


def test_an_item_of_null_zero_or_false_is_an_item():
    for item in (None, 0, False, ""):
        assert evaluate("@item()", Scope(item=item)) == item
    with pytest.raises(ExpressionError, match="no item here"):
        evaluate("@item()", Scope(item=NO_ITEM))


def test_anything_but_text_stands_for_itself():
    for value in (None, 3, 2.5, True, ["@x"]):
        assert evaluate(value, SCOPE) is value


def test_a_tree_is_resolved_in_all_its_leaves_without_touching_the_original():
    tree = {"a": {"value": "@add(1,2)", "type": "Expression"}, "b": ["@{1}", {"c": "@variables('arr')"}], "d": 4}
    before = repr(tree)
    assert resolve(tree, SCOPE) == {"a": 3, "b": ["1", {"c": [1, 2, 3]}], "d": 4}
    assert repr(tree) == before


def test_a_typed_value_that_is_no_expression_keeps_its_envelope():
    tree = {"p": {"value": {"value": "@item().name", "type": "Expression"}, "type": "string"}}
    assert resolve(tree, SCOPE) == {"p": {"value": "it", "type": "string"}}


def test_lazy_keys_stay_as_they_are_at_the_top_level_only():
    tree = {"items": "@div(1,0)", "other": {"items": "@add(1,1)"}}
    assert resolve(tree, SCOPE, lazy=["items"]) == {"items": "@div(1,0)", "other": {"items": 2}}


def test_references_are_found_without_evaluation():
    tree = [
        "@if(equals(activity('Land').output.n, 0), variables('x'), item().y)",
        {"q": "day @{pipeline()['parameters']['day']} of @{pipeline().libraryVariables.lib_ws}"},
        "@pipeline()?.parameters?.maybe",
    ]
    found = {(reference.kind, reference.name) for reference in find_references(tree)}
    assert found == {
        ("activity", "Land"),
        ("variable", "x"),
        ("item", ""),
        ("parameter", "day"),
        ("library variable", "lib_ws"),
    }


def test_a_wrong_call_is_found_without_evaluation():
    (reference,) = find_references("@if(true, add(1), 2)")
    assert reference.kind == "fault"
    assert "takes 2 argument(s), found 1" in reference.name
