"""Retries, timeouts and secrecy."""

from __future__ import annotations

import datetime as dt
import decimal
import sys
import threading
from dataclasses import replace

from fabric_ot.errors import NotSupportedError
from fabric_ot.workbench.local.pipelines import ActivityError

NOT_YET = ValueError("not yet")


def failing(times, error=NOT_YET):
    calls = []

    def connect(call):
        calls.append(call)
        if len(calls) <= times:
            raise error
        return {"n": len(calls)}

    return connect, calls


def test_a_retry_waits_its_interval_and_then_succeeds(stage, step):
    stage.connectors["Do"], calls = failing(2)
    run = stage.run(step("A", policy={"retry": 3, "retryIntervalInSeconds": 45}))
    assert (run.find("A").attempts, run.find("A").output) == (3, {"n": 3})
    assert stage.slept == [45, 45]
    assert [call.attempt for call in calls] == [1, 2, 3]
    assert len({call.activity_run_id for call in calls}) == 3


def test_when_the_retries_are_used_up_the_last_error_stays(stage, step):
    stage.connectors["Do"], calls = failing(9)
    run = stage.run(step("A", policy={"retry": 2}))
    assert (run.status, run.find("A").attempts, len(calls)) == ("Failed", 3, 3)
    assert run.find("A").error["message"] == "ValueError: not yet"
    assert [event.phase for event in stage.events] == ["started", "retrying", "retrying", "ended"]


def test_without_a_retry_there_is_one_attempt(stage, step):
    stage.connectors["Do"], calls = failing(9)
    stage.run(step("A"))
    assert (len(calls), stage.slept) == (1, [])


def test_what_is_not_supported_is_not_tried_again(stage, step):
    stage.connectors["Do"], calls = failing(9, NotSupportedError("no such thing"))
    run = stage.run(step("A", policy={"retry": 5}))
    assert len(calls) == 1
    assert run.find("A").error["errorCode"] == "NotSupportedError"


def test_a_wrong_expression_fails_the_activity_without_calling_it(stage, step):
    stage.connectors["Do"], calls = failing(0)
    run = stage.run(step("A", {"x": "@div(1, 0)"}, policy={"retry": 5}))
    assert (calls, run.status) == ([], "Failed")
    assert "division of 1 by zero" in run.error


def with_timeout(stage, seconds, **policy):
    pipeline = stage.write({"name": "Slow", "type": "Do", "policy": policy})
    (slow,) = pipeline.activities
    return replace(pipeline, activities=(replace(slow, policy=replace(slow.policy, timeout_s=seconds)),))


def test_an_activity_that_does_not_end_in_time_fails_and_is_not_tried_again(stage):
    release = threading.Event()

    def hang(call):
        release.wait()
        return {}

    stage.connectors["Do"] = hang
    run = stage.start(with_timeout(stage, 0.05, retry=3))
    release.set()
    assert run.find("Slow").error["errorCode"] == "Timeout"
    assert "did not end within 0.05 s" in run.error
    assert run.find("Slow").attempts == 1
    assert stage.slept == []


def test_a_child_pipeline_that_times_out_starts_nothing_more(stage, step):
    release, done = threading.Event(), []

    def work(call):
        done.append(call.activity.name)
        release.wait()
        return {}

    stage.connectors["Do"] = work
    stage.others["ws-1", "child"] = stage.write(step("One"), step("Two", after={"One": "Succeeded"}), name="child")
    pipeline = stage.write(
        {"name": "Call", "type": "ExecutePipeline", "typeProperties": {"pipeline": {"referenceName": "child"}}}
    )
    (call,) = pipeline.activities
    run = stage.start(replace(pipeline, activities=(replace(call, policy=replace(call.policy, timeout_s=0.05)),)))
    abandoned = [thread for thread in threading.enumerate() if thread.name == "pl/Call"]
    release.set()
    for thread in abandoned:
        thread.join()
    assert run.find("Call").error["errorCode"] == "Timeout"
    assert "Two" not in done


def test_work_that_wants_to_end_the_process_fails_the_activity_only(stage, step):
    stage.connectors["Do"] = lambda _: sys.exit(3)
    run = stage.run(step("A"), step("B", after={"A": "Failed"}, type="Wait", properties={"waitTimeInSeconds": 1}))
    assert run.find("A").error["message"] == "SystemExit: 3"
    assert run.find("B").status == "Succeeded"


def test_secret_input_and_output_are_not_in_the_records_but_expressions_see_them(stage, step):
    policy = {"secureInput": True, "secureOutput": True}
    use = step("B", {"x": "@activity('A').output.got.key"}, after={"A": "Succeeded"})
    run = stage.run(step("A", {"key": "s3cret"}, policy=policy), use)
    assert "s3cret" not in repr(run.find("A"))
    assert run.find("B").output["got"]["x"] == "s3cret"


def test_an_output_is_made_json(stage, step):
    stage.connectors["Do"] = lambda _: {
        "rows": ({"n": decimal.Decimal("1.5"), "k": decimal.Decimal(3), "d": dt.date(2026, 3, 1)},),
        "at": dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC),
    }
    run = stage.run(step("A"))
    assert run.find("A").output == {
        "rows": [{"n": 1.5, "k": 3, "d": "2026-03-01"}],
        "at": "2026-03-01T06:00:00+00:00",
    }


def test_an_output_without_a_json_form_is_an_error(stage, step):
    stage.connectors["Do"] = lambda _: {"rows": {1, 2}}
    assert "no JSON value" in stage.run(step("A")).error
    stage.connectors["Do"] = lambda _: None
    assert "returned NoneType, not an object" in stage.run(step("A")).error


def test_a_connector_may_say_code_kind_and_what_it_had_so_far(stage, step):
    def connect(_):
        raise ActivityError("refused", error_code="2402", failure_type="UserError", details="d", output={"rows": 3})

    stage.connectors["Do"] = connect
    record = stage.run(step("A")).find("A")
    assert record.error == {
        "message": "refused",
        "errorCode": "2402",
        "failureType": "UserError",
        "target": "A",
        "details": "d",
    }
    assert record.output == {"rows": 3}


def test_the_call_carries_what_a_connector_needs(stage, step):
    stage.connectors["Do"], calls = failing(0)
    linked = {"name": "wh", "properties": {"typeProperties": {"artifactId": "@concat('a', 'b')"}}}
    stage.run(step("A", {"x": "@add(1,1)"}, linkedService=linked, externalReferences={"connection": "c-1"}))
    (call,) = calls
    assert (call.properties, call.activity.connection) == ({"x": 2}, "c-1")
    assert call.linked_service["properties"]["typeProperties"]["artifactId"] == "ab"
    assert (call.run.workspace_id, call.run.pipeline_name, call.run.parent_run_id) == ("ws-1", "pl", None)
