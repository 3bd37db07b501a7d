"""Order, dependency conditions, and when a scope has succeeded."""

from __future__ import annotations

import pytest

from fabric_ot.errors import PipelineError

FAIL = {"fail": "broken"}


def states(run):
    return {one.name: one.status for one in run.activities}


def test_an_activity_waits_for_all_it_depends_on(stage, step):
    run = stage.run(
        step("C", after={"A": "Succeeded", "B": "Succeeded"}), step("B", after={"A": "Succeeded"}), step("A")
    )
    assert [one.name for one in run.activities] == ["A", "B", "C"]
    assert run.succeeded


@pytest.mark.parametrize(
    ("condition", "upstream", "expected"),
    [
        ("Succeeded", {}, "Succeeded"),
        ("Succeeded", FAIL, "Skipped"),
        ("Failed", {}, "Skipped"),
        ("Failed", FAIL, "Succeeded"),
        ("Completed", {}, "Succeeded"),
        ("Completed", FAIL, "Succeeded"),
        ("Skipped", {}, "Skipped"),
        ("Succeeded Failed", FAIL, "Succeeded"),
    ],
)
def test_a_condition_decides_whether_an_activity_runs(stage, step, condition, upstream, expected):
    run = stage.run(step("A", upstream), step("B", after={"A": condition}))
    assert states(run)["B"] == expected


@pytest.mark.parametrize(("condition", "expected"), [("Skipped", "Succeeded"), ("Completed", "Skipped")])
def test_completed_does_not_cover_skipped(stage, step, condition, expected):
    run = stage.run(step("A", FAIL), step("B", after={"A": "Succeeded"}), step("C", after={"B": condition}))
    assert states(run)["C"] == expected


def test_a_handled_failure_is_a_success(stage, step):
    run = stage.run(step("A", FAIL), step("Handle", after={"A": "Failed"}))
    assert run.succeeded
    assert run.error is None


def test_a_handler_that_was_not_needed_does_not_fail_the_pipeline(stage, step):
    run = stage.run(step("A"), step("Handle", after={"A": "Failed"}))
    assert states(run) == {"A": "Succeeded", "Handle": "Skipped"}
    assert run.succeeded


def test_a_skipped_leaf_takes_the_result_of_what_is_before_it(stage, step):
    run = stage.run(step("A", FAIL), step("Then", after={"A": "Succeeded"}), step("Else", after={"A": "Failed"}))
    assert states(run) == {"A": "Failed", "Then": "Skipped", "Else": "Succeeded"}
    assert run.status == "Failed"
    assert run.error == "pipeline 'pl' failed: activity 'A' (Do): ValueError: broken"


def test_a_chain_of_skipped_leaves_leads_back_to_the_cause(stage, step):
    run = stage.run(step("A", FAIL), step("B", after={"A": "Succeeded"}), step("C", after={"B": "Succeeded"}))
    assert states(run) == {"A": "Failed", "B": "Skipped", "C": "Skipped"}
    assert "activity 'A' (Do)" in run.error


def test_a_failure_does_not_stop_what_does_not_depend_on_it(stage, step):
    run = stage.run(step("A", FAIL), step("B"))
    assert states(run) == {"A": "Failed", "B": "Succeeded"}
    assert not run.succeeded


@pytest.mark.parametrize(("status", "succeeded"), [("Succeeded", True), ("Failed", False), ("Skipped", True)])
def test_an_inactive_activity_has_the_status_it_is_marked_as_and_does_nothing(stage, step, status, succeeded):
    run = stage.run(step("A", FAIL, state="Inactive", onInactiveMarkAs=status))
    assert (run.find("A").status, run.find("A").attempts, run.succeeded) == (status, 0, succeeded)


def test_what_follows_an_inactive_activity_sees_its_marked_status(stage, step):
    off = step("A", state="Inactive", onInactiveMarkAs="Failed")
    run = stage.run(off, step("B", {"s": "@activity('A').status"}, after={"A": "Failed"}))
    assert run.find("B").output == {"got": {"s": "Failed"}}


def test_expressions_see_output_status_and_error_of_what_ended(stage, step):
    properties = {
        "value": "@activity('A').output.got.x",
        "status": "@activity('B').status",
        "message": "@activity('B').error.message",
        "target": "@activity('B').error.target",
        "type": "@activity('B').error.failureType",
    }
    run = stage.run(
        step("A", {"x": 7}), step("B", FAIL), step("C", properties, after={"A": "Succeeded", "B": "Failed"})
    )
    assert run.find("C").output["got"] == {
        "value": 7,
        "status": "Failed",
        "message": "ValueError: broken",
        "target": "B",
        "type": "SystemError",
    }


def test_the_output_of_a_skipped_activity_does_not_exist(stage, step):
    run = stage.run(
        step("A", FAIL),
        step("B", after={"A": "Succeeded"}),
        step("C", {"x": "@activity('B').output.got"}, after={"B": "Skipped"}),
    )
    assert "property 'output' does not exist. Available: status" in run.find("C").error["message"]


def test_pipeline_shows_the_run_its_parameters_and_settings(stage, step):
    stage.settings["cfg", "ws"] = "ws-9"
    properties = {
        "name": "@pipeline().PipelineName",
        "at": "@pipeline().TriggerTime",
        "ws": "@pipeline().WorkspaceId",
        "factory": "@pipeline().DataFactory",
        "layer": "@pipeline().WorkspaceName",
        "day": "@pipeline().parameters.day",
        "lib": "@pipeline().libraryVariables.cfg_ws",
        "by": "@pipeline().TriggeredByPipelineRunId",
    }
    pipeline = stage.write(
        step("A", properties),
        parameters={"day": {"type": "string"}},
        libraryVariables={"cfg_ws": {"libraryName": "cfg", "variableName": "ws", "type": "String"}},
    )
    run = stage.start(pipeline, parameters={"day": "2026-03-01"})
    assert run.find("A").output["got"] == {
        "name": "pl",
        "at": "2026-03-01T06:00:00.0000000Z",
        "ws": "ws-1",
        "factory": "ws-1",
        "layer": "gold",
        "day": "2026-03-01",
        "lib": "ws-9",
        "by": None,
    }


def test_an_observer_sees_each_activity_start_and_end(stage, step):
    stage.run(step("A"), step("B", FAIL), step("C", after={"B": "Succeeded"}))
    seen = [(event.phase, event.name, event.status) for event in stage.events]
    assert seen == [
        ("started", "A", None),
        ("ended", "A", "Succeeded"),
        ("started", "B", None),
        ("ended", "B", "Failed"),
        ("ended", "C", "Skipped"),
    ]


def test_require_success_raises_the_cause_with_pipeline_and_activity(stage, step):
    run = stage.run(step("A", FAIL))
    with pytest.raises(PipelineError, match=r"pipeline 'pl' failed: activity 'A' \(Do\): ValueError: broken") as caught:
        run.require_success()
    assert isinstance(caught.value.__cause__, ValueError)


def test_the_same_seed_and_clock_give_the_same_run(stage, step):
    assert stage.run(step("A", {"x": 1})) == stage.run(step("A", {"x": 1}))
