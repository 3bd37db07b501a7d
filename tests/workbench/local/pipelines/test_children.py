"""Pipelines that run pipelines."""

from __future__ import annotations

import pytest

from fabric_ot.errors import NotSupportedError, PipelineError

ZERO = "00000000-0000-0000-0000-000000000000"


def invoke(step, workspace, pipeline, parameters=None, *, wait=True, **more):
    properties = {
        "operationType": "InvokeFabricPipeline",
        "workspaceId": workspace,
        "pipelineId": pipeline,
        "parameters": parameters or {},
    }
    if wait is not None:
        properties["waitOnCompletion"] = wait
    return step("Call", properties, type="InvokePipeline", **more)


def child(stage, step, **more):
    value = [{"key": "twice", "value": {"type": "Expression", "content": "@mul(pipeline().parameters.n, 2)"}}]
    give = step("Give", {"variableName": "pipelineReturnValue", "value": value}, type="SetVariable")
    seen = {
        "by": "@pipeline().TriggeredByPipelineName",
        "ws": "@pipeline().WorkspaceId",
        "type": "@pipeline().TriggerType",
    }
    return stage.write(step("Look", seen), give, name="pl_child", parameters={"n": {"type": "int"}}, **more)


def test_a_child_of_another_workspace_gets_parameters_and_returns_values(stage, step):
    stage.others["ws-2", "p-2"] = child(stage, step)
    stage.settings.update({("cfg", "ws"): "ws-2", ("cfg", "id"): "p-2"})
    call = invoke(
        step,
        "@pipeline().libraryVariables.cfg_ws",
        {"value": "@pipeline().libraryVariables.cfg_id", "type": "Expression"},
        {"n": {"value": "@add(3, 4)", "type": "Expression"}},
    )
    use = step("Use", {"x": "@activity('Call').output.pipelineReturnValue.twice"}, after={"Call": "Succeeded"})
    run = stage.run(
        call,
        use,
        libraryVariables={
            f"cfg_{name}": {"libraryName": "cfg", "variableName": name, "type": "String"} for name in ("ws", "id")
        },
    )
    assert run.find("Use").output["got"]["x"] == 14
    record = run.find("Call")
    assert record.output["pipelineRunId"] == record.child.run_id != run.run_id
    assert record.child.find("Look").output["got"] == {"by": "pl", "ws": "ws-2", "type": "PipelineActivity"}
    assert [one.name for _, one in run.walk()] == ["Call", "Look", "Give", "Use"]


def test_the_zero_workspace_is_the_one_the_pipeline_runs_in(stage, step):
    stage.others["ws-1", "p-1"] = child(stage, step)
    assert stage.run(invoke(step, ZERO, "p-1", {"n": 1})).succeeded


def test_execute_pipeline_finds_its_reference_in_the_same_workspace(stage, step):
    stage.others["ws-1", "p-1"] = child(stage, step)
    properties = {"pipeline": {"referenceName": "p-1", "type": "PipelineReference"}, "parameters": {"n": 2}}
    run = stage.run(step("Call", properties, type="ExecutePipeline"))
    assert run.find("Call").output["pipelineReturnValue"] == {"twice": 4}


def test_a_failed_child_fails_the_activity_and_names_the_cause(stage, step):
    stage.others["ws-1", "p-1"] = stage.write(step("Bad", {"fail": "broken"}), name="pl_child")
    run = stage.run(invoke(step, ZERO, "p-1"))
    assert run.error == (
        "pipeline 'pl' failed: activity 'Call' (InvokePipeline): "
        "pipeline 'pl_child' failed: activity 'Bad' (Do): ValueError: broken"
    )
    assert run.find("Call").child.find("Bad").status == "Failed"


def test_a_child_is_run_again_when_the_policy_says_so(stage, step):
    calls = []

    def connect(call):
        calls.append(call)
        if len(calls) == 1:
            raise ValueError("once")
        return {}

    stage.connectors["Do"] = connect
    stage.others["ws-1", "p-1"] = stage.write(step("A"), name="pl_child")
    run = stage.run(invoke(step, ZERO, "p-1", policy={"retry": 1, "retryIntervalInSeconds": 60}))
    assert (run.find("Call").attempts, run.find("Call").status, stage.slept) == (2, "Succeeded", [60])


@pytest.mark.parametrize("wait", [False, None])
def test_an_invocation_that_is_not_waited_for_is_refused(stage, step, wait):
    stage.others["ws-1", "p-1"] = child(stage, step)
    with pytest.raises(NotSupportedError, match="not waited for is not supported"):
        stage.run(invoke(step, ZERO, "p-1", {"n": 1}, wait=wait))


def test_problems_of_children_are_found_before_the_parent_starts(stage, step):
    stage.others["ws-1", "p-1"] = stage.write(
        step("A", type="Copy"), step("B", {"x": "@activity('Gone').output"}), name="pl_child"
    )
    with pytest.raises(
        NotSupportedError, match=r"(?s)pl_child: activity 'A': type 'Copy'.*there is no activity 'Gone'"
    ):
        stage.run(step("First"), invoke(step, ZERO, "p-1"))
    assert stage.events == []


def test_a_child_that_does_not_exist_is_found_before_the_parent_starts(stage, step):
    with pytest.raises(PipelineError, match="activity 'Call': no pipeline 'p-1' in workspace 'ws-1'"):
        stage.run(step("First"), invoke(step, ZERO, "p-1"))
    assert stage.events == []


def test_missing_and_unknown_child_parameters_are_found_before_the_parent_starts(stage, step):
    stage.others["ws-1", "p-1"] = child(stage, step)
    with pytest.raises(
        PipelineError, match=r"(?s)has no parameter 'm'.*parameter 'n' of pipeline 'pl_child' is missing"
    ):
        stage.run(invoke(step, ZERO, "p-1", {"m": 1}))


def test_a_child_parameter_of_the_wrong_type_fails_the_call(stage, step):
    stage.others["ws-1", "p-1"] = child(stage, step)
    run = stage.run(invoke(step, ZERO, "p-1", {"n": "three"}))
    assert "parameter 'n' must be int, found 'three'" in run.error


def test_a_pipeline_that_invokes_itself_is_refused(stage, step):
    stage.others["ws-1", "p-1"] = stage.write(invoke(step, ZERO, "p-1"), name="pl_child")
    with pytest.raises(PipelineError, match="pl_child: activity 'Call': invokes a pipeline that is among those"):
        stage.run(invoke(step, ZERO, "p-1"))


def test_recursion_by_a_computed_id_is_refused_when_it_happens(stage, step):
    again = invoke(step, ZERO, "@variables('id')")
    variables = {"id": {"type": "String", "defaultValue": "p-1"}}
    stage.others["ws-1", "p-1"] = stage.write(again, name="pl_child", variables=variables)
    run = stage.run(invoke(step, ZERO, "p-1"))
    assert "which is among those that invoked it" in run.error
