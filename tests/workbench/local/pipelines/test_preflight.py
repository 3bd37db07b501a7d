"""What is refused before anything runs."""

from __future__ import annotations

import pytest

from fabric_ot.errors import NotSupportedError, PipelineError
from fabric_ot.workbench.local.pipelines import parameters_from_text


def refused(stage, *activities, error=PipelineError, **properties):
    with pytest.raises(error) as caught:
        stage.start(stage.write(*activities, **properties))
    assert stage.events == []
    return str(caught.value)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("@activity('Gone').output", "there is no activity 'Gone', in"),
        ("text @{variables('gone')}", "there is no variable 'gone'"),
        ("@pipeline().parameters.gone", "there is no parameter 'gone'"),
        ("@pipeline().libraryVariables.gone", "there is no library variable 'gone'"),
        ("@item()", "item() exists inside ForEach and Filter only"),
        ("@ad(1, 2)", "there is no such function"),
        ("@add(1)", "takes 2 argument(s), found 1"),
        ("@add(1", "expected ')'"),
    ],
)
def test_a_dangling_name_or_wrong_expression_stops_the_run(stage, step, expression, message):
    text = refused(stage, step("Fine"), step("A", {"deep": [{"x": {"value": expression, "type": "Expression"}}]}))
    assert message in text
    assert "activity 'A'" in text


def test_all_problems_come_in_one_message(stage, step):
    text = refused(
        stage,
        step("A", {"x": "@activity('Gone')"}),
        step("B", type="Copy"),
        step("C", {"variableName": "v", "value": 1}, type="SetVariable"),
        error=NotSupportedError,
    )
    assert text.startswith("pipeline 'pl' was not started: 3 problem(s):")
    assert "Supported: AppendVariable, Do," in text


@pytest.mark.parametrize("type_", ["SetVariable", "AppendVariable"])
def test_an_undeclared_variable_stops_the_run(stage, step, type_):
    text = refused(stage, step("A", {"variableName": "v", "value": 1}, type=type_), variables={"w": {"type": "String"}})
    assert "variable 'v' is not declared. Declared: w" in text


def test_only_arrays_are_appended_to(stage, step):
    text = refused(
        stage, step("A", {"variableName": "v", "value": 1}, type="AppendVariable"), variables={"v": {"type": "String"}}
    )
    assert "only an Array can be appended to" in text


def test_a_variable_is_not_set_from_itself(stage, step):
    properties = {"variableName": "v", "value": "@concat(variables('v'), 'x')"}
    text = refused(stage, step("A", properties, type="SetVariable"), variables={"v": {"type": "String"}})
    assert "cannot be set from itself" in text


@pytest.mark.parametrize("batch", [0, 51, "10"])
def test_a_batch_count_out_of_range_stops_the_run(stage, step, batch):
    text = refused(stage, step("L", {"items": "@range(0,1)", "activities": [], "batchCount": batch}, type="ForEach"))
    assert "batchCount must be a number from 1 to 50" in text


def test_an_inactive_activity_is_not_held_against_the_pipeline(stage, step):
    loop = step("L", {"items": "@x(", "activities": [step("In", type="Copy")]}, type="ForEach", state="Inactive")
    assert stage.run(loop).succeeded


def test_an_item_is_seen_in_loops_and_filter_conditions(stage, step):
    branch = step("If", {"expression": "@equals(item(), 1)"}, type="IfCondition")
    loop = step("L", {"items": "@range(0,2)", "activities": [branch]}, type="ForEach")
    keep = step("F", {"items": "@range(0,2)", "condition": "@equals(item(), 1)"}, type="Filter")
    assert stage.run(loop, keep).succeeded


def test_missing_unknown_and_mistyped_parameters_come_in_one_message(stage, step):
    pipeline = stage.write(step("A"), parameters={"day": {"type": "string"}, "n": {"type": "int", "defaultValue": 1}})
    with pytest.raises(PipelineError) as caught:
        stage.start(pipeline, parameters={"n": "7", "o": 1})
    for part in ("'day' (string) has no default", "'n' must be int, found '7'", "'o' is not declared. Declared: day"):
        assert part in str(caught.value)


def test_a_library_variable_that_cannot_be_read_stops_the_run(stage, step):
    library = {"cfg_x": {"libraryName": "cfg", "variableName": "x", "type": "String"}}
    assert "library variable 'cfg_x' cannot be read" in refused(stage, step("A"), libraryVariables=library)


def test_texts_of_a_command_line_become_the_declared_types(stage, step):
    types = {"s": "string", "i": "int", "f": "float", "b": "bool", "a": "array", "o": "object"}
    pipeline = stage.write(step("A"), parameters={name: {"type": type_} for name, type_ in types.items()})
    texts = {"s": "7", "i": "7", "f": "7.5", "b": "true", "a": "[1]", "o": '{"k": 1}'}
    assert parameters_from_text(pipeline, texts) == {"s": "7", "i": 7, "f": 7.5, "b": True, "a": [1], "o": {"k": 1}}
    with pytest.raises(PipelineError, match="'i' must be int, found 'many'"):
        parameters_from_text(pipeline, {"i": "many"})
