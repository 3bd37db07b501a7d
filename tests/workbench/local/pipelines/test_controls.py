"""Control activities, each rule as a claim."""

from __future__ import annotations

import threading

import pytest

from fabric_ot.errors import NotSupportedError

FAIL = {"fail": "broken"}


def put(step, name, value, variable="v", **more):
    return step(name, {"variableName": variable, "value": value}, type="SetVariable", **more)


def names(run):
    return [one.name for one in run.activities]


def test_a_variable_is_set_and_seen_by_what_follows(stage, step):
    run = stage.run(
        put(step, "A", "@concat('a', 'b')"),
        step("B", {"x": "@variables('v')"}, after={"A": "Succeeded"}),
        variables={"v": {"type": "String"}},
    )
    assert run.find("B").output["got"]["x"] == "ab"
    assert run.variables == {"v": "ab"}


@pytest.mark.parametrize(
    ("type_", "value"), [("String", "@add(1,1)"), ("Boolean", "true"), ("Array", "a"), ("Integer", "@true")]
)
def test_a_variable_holds_values_of_its_type_only(stage, step, type_, value):
    run = stage.run(put(step, "A", value), variables={"v": {"type": type_}})
    assert f"variable 'v' holds {type_} values" in run.error


def test_appending_adds_to_an_array_that_starts_empty(stage, step):
    def append(name, value, **more):
        return step(name, {"variableName": "v", "value": value}, type="AppendVariable", **more)

    run = stage.run(
        append("A", 1), append("B", "@add(1,1)", after={"A": "Succeeded"}), variables={"v": {"type": "Array"}}
    )
    assert run.variables == {"v": [1, 2]}


def test_the_return_value_is_a_list_of_typed_contents(stage, step):
    entries = [
        {"key": "sum", "value": {"type": "Expression", "content": "@add(1, 2)"}},
        {"key": "name", "value": {"type": "String", "content": "x"}},
        {"key": "none", "value": {"type": "Null"}},
        {"key": "list", "value": {"type": "Array", "content": [{"type": "Int", "content": 4}]}},
        {"key": "map", "value": {"type": "Object", "content": [{"key": "a", "value": {"type": "Int", "content": 1}}]}},
    ]
    run = stage.run(
        step(
            "R",
            {"variableName": "pipelineReturnValue", "value": entries, "setSystemVariable": True},
            type="SetVariable",
        )
    )
    assert run.return_value == {"sum": 3, "name": "x", "none": None, "list": [4], "map": {"a": 1}}


def test_a_return_value_of_an_unknown_type_is_refused_by_name(stage, step):
    entries = [{"key": "k", "value": {"type": "Table", "content": []}}]
    run = stage.run(step("R", {"variableName": "pipelineReturnValue", "value": entries}, type="SetVariable"))
    assert "a return value of type 'Table' is not supported" in run.error


@pytest.mark.parametrize(("test", "expected"), [("@equals(1, 1)", ["If", "Yes"]), ("@false", ["If", "No"])])
def test_an_if_runs_one_branch(stage, step, test, expected):
    branches = {"ifTrueActivities": [step("Yes")], "ifFalseActivities": [step("No")]}
    run = stage.run(step("If", {"expression": {"value": test, "type": "Expression"}, **branches}, type="IfCondition"))
    assert names(run) == expected


def test_an_if_without_the_branch_succeeds(stage, step):
    assert stage.run(step("If", {"expression": "@true"}, type="IfCondition")).succeeded


def test_a_condition_must_be_true_or_false(stage, step):
    run = stage.run(step("If", {"expression": "@string('true')"}, type="IfCondition"))
    assert "expression must be true or false, found 'true'" in run.error


def test_a_failure_inside_a_container_names_both(stage, step):
    run = stage.run(step("If", {"expression": "@true", "ifTrueActivities": [step("In", FAIL)]}, type="IfCondition"))
    assert run.error == ("pipeline 'pl' failed: activity 'If' (IfCondition): activity 'In' (Do): ValueError: broken")
    assert run.find("In").path == ("If",)


@pytest.mark.parametrize(("on", "expected"), [("@1", "One"), ("@true", "True"), ("x", "Other")])
def test_a_switch_compares_the_text_form(stage, step, on, expected):
    cases = [{"value": "1", "activities": [step("One")]}, {"value": "True", "activities": [step("True")]}]
    run = stage.run(step("S", {"on": on, "cases": cases, "defaultActivities": [step("Other")]}, type="Switch"))
    assert names(run) == ["S", expected]


def loop(step, items, *inner, **more):
    return step("Each", {"items": items, "activities": list(inner), **more}, type="ForEach")


@pytest.mark.parametrize("how", [{"isSequential": True}, {"batchCount": 3}, {}])
def test_each_pass_sees_its_own_item_and_outputs(stage, step, how):
    inner = [
        step("In", {"x": "@item()"}),
        step("Next", {"y": "@activity('In').output.got.x"}, after={"In": "Succeeded"}),
    ]
    run = stage.run(loop(step, "@range(0, 7)", *inner, **how))
    assert [one.output["got"]["y"] for one in run.activities if one.name == "Next"] == list(range(7))
    assert [one.path for one in run.activities if one.name == "In"] == [(f"Each[{n}]",) for n in range(7)]


def test_a_loop_sees_what_ended_before_it_but_its_outputs_stay_inside(stage, step):
    run = stage.run(
        step("Before", {"x": 5}),
        {
            **loop(step, "@createArray(1)", step("In", {"x": "@activity('Before').output.got.x"})),
            "dependsOn": [{"activity": "Before", "dependencyConditions": ["Succeeded"]}],
        },
        step("After", {"x": "@activity('In').output"}, after={"Each": "Succeeded"}),
    )
    assert run.find("In").output["got"]["x"] == 5
    assert "no finished activity 'In'" in run.find("After").error["message"]


def test_passes_really_run_side_by_side(stage, step):
    meeting = threading.Barrier(3, timeout=30)
    stage.connectors["Do"] = lambda call: {"n": meeting.wait()}
    run = stage.run(loop(step, "@range(0, 3)", step("In"), batchCount=3))
    assert run.succeeded
    assert sorted(one.output["n"] for one in run.activities if one.name == "In") == [0, 1, 2]


def test_a_sequential_loop_keeps_the_order_and_one_at_a_time(stage, step):
    running, seen = [], []

    def connect(call):
        running.append(1)
        assert len(running) == 1
        seen.append(call.properties["x"])
        running.pop()
        return {}

    stage.connectors["Do"] = connect
    stage.run(loop(step, "@range(0, 5)", step("In", {"x": "@item()"}), isSequential=True))
    assert seen == [0, 1, 2, 3, 4]


def test_every_pass_runs_and_one_failure_fails_the_loop(stage, step):
    def connect(call):
        if call.properties["x"] == 1:
            raise ValueError("one")
        return {}

    stage.connectors["Do"] = connect
    run = stage.run(loop(step, "@range(0, 3)", step("In", {"x": "@item()"})))
    assert [one.status for one in run.activities if one.name == "In"] == ["Succeeded", "Failed", "Succeeded"]
    assert "1 of 3 passes failed; Each[1]: activity 'In' (Do): ValueError: one" in run.error


def test_parallel_passes_append_without_losing_a_value(stage, step):
    append = step("Add", {"variableName": "v", "value": "@item()"}, type="AppendVariable")
    run = stage.run(loop(step, "@range(0, 200)", append, batchCount=50), variables={"v": {"type": "Array"}})
    assert sorted(run.variables["v"]) == list(range(200))


def test_a_loop_over_nothing_succeeds(stage, step):
    run = stage.run(loop(step, "@json('[]')", step("In")))
    assert (run.succeeded, names(run)) == (True, ["Each"])


@pytest.mark.parametrize("type_", ["ForEach", "Filter"])
def test_items_must_be_an_array(stage, step, type_):
    properties = {"items": "@string('abc')", "activities": [], "condition": "@true"}
    run = stage.run(step("L", properties, type=type_))
    assert "items must be an array, found 'abc'" in run.error


def test_until_tests_after_each_pass(stage, step):
    inner = [step("Wait", {"waitTimeInSeconds": 10}, type="Wait")]
    test = "@greaterOrEquals(utcNow('mm:ss'), '00:30')"
    run = stage.run(step("U", {"expression": test, "activities": inner}, type="Until"))
    assert run.find("U").output == {"passes": 3}
    assert stage.slept == [10, 10, 10]


def test_until_gives_up_at_its_timeout(stage, step):
    inner = [step("Wait", {"waitTimeInSeconds": 10}, type="Wait")]
    run = stage.run(step("U", {"expression": "@false", "activities": inner, "timeout": "0.00:00:25"}, type="Until"))
    assert run.find("U").error["errorCode"] == "Timeout"
    assert "still false after 3 passes" in run.error


def test_until_ends_when_a_pass_fails(stage, step):
    run = stage.run(step("U", {"expression": "@false", "activities": [step("In", FAIL)]}, type="Until"))
    assert names(run) == ["U", "In"]
    assert "ValueError: broken" in run.error


def test_a_filter_gives_counts_and_the_items_kept(stage, step):
    properties = {"items": "@range(0, 5)", "condition": {"value": "@greater(item(), 2)", "type": "Expression"}}
    run = stage.run(step("F", properties, type="Filter"))
    assert run.find("F").output == {"ItemsCount": 5, "FilteredItemsCount": 2, "Value": [3, 4]}


def test_wait_sleeps_as_told(stage, step):
    stage.run(step("W", {"waitTimeInSeconds": "@add(1, 2)"}, type="Wait"))
    assert stage.slept == [3]


@pytest.mark.parametrize("seconds", [-1, "soon"])
def test_wait_refuses_what_is_no_time(stage, step, seconds):
    assert (
        "waitTimeInSeconds must be a number from 0"
        in stage.run(step("W", {"waitTimeInSeconds": seconds}, type="Wait")).error
    )


def test_fail_fails_with_its_message_and_code(stage, step):
    properties = {"message": {"value": "@concat('gate ', 'closed')", "type": "Expression"}, "errorCode": "409"}
    run = stage.run(step("F", properties, type="Fail"))
    assert run.find("F").error["message"] == "gate closed"
    assert run.find("F").error["errorCode"] == "409"


def test_an_unsupported_type_inside_a_container_stops_the_run_before_it_starts(stage, step):
    with pytest.raises(NotSupportedError, match="activity 'In': type 'Copy' is not supported"):
        stage.run(step("A"), loop(step, "@range(0, 1)", step("In", type="Copy")))
    assert stage.events == []
