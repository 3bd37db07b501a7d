"""Reading pipeline definitions: typed objects out, every structural problem at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.pipeline import Dependency, Policy, load_pipeline, parse_pipeline


def activity(name: str, type_: str = "Wait", after: dict[str, list[str]] | None = None, **more: Any) -> dict[str, Any]:
    depends = [{"activity": target, "dependencyConditions": conditions} for target, conditions in (after or {}).items()]
    properties = {"waitTimeInSeconds": 1} if type_ == "Wait" else {}
    return {"name": name, "type": type_, "dependsOn": depends, "typeProperties": properties, **more}


def text_of(*activities: dict[str, Any], **properties: Any) -> str:
    return json.dumps({"properties": {"activities": list(activities), **properties}})


def problems_of(*activities: dict[str, Any], **properties: Any) -> str:
    with pytest.raises(ItemError) as caught:
        parse_pipeline("pl", text_of(*activities, **properties))
    return str(caught.value)


def test_everything_that_is_written_is_read():
    step = activity(
        "Load",
        "TridentNotebook",
        {"First": ["Succeeded", "Skipped"]},
        policy={
            "timeout": "0.00:10:00",
            "retry": 2,
            "retryIntervalInSeconds": 45,
            "secureInput": True,
            "secureOutput": True,
        },
        typeProperties={"notebookId": "n", "workspaceId": "w"},
        externalReferences={"connection": "c"},
        linkedService={"name": "wh"},
        state="Inactive",
        onInactiveMarkAs="Skipped",
        description="why",
    )
    pipeline = parse_pipeline("pl", text_of(activity("First"), step))
    load = pipeline.activities[1]
    assert load.depends_on == (Dependency("First", ("Succeeded", "Skipped")),)
    assert load.policy == Policy(timeout_s=600, retry=2, retry_interval_s=45, secure_input=True, secure_output=True)
    assert load.type_properties == {"notebookId": "n", "workspaceId": "w"}
    assert (load.connection, load.linked_service, load.description) == ("c", {"name": "wh"}, "why")
    assert (load.is_inactive, load.inactive_status) == (True, "Skipped")


def test_without_a_policy_fabric_waits_seven_days_and_tries_once():
    (only,) = parse_pipeline("pl", text_of(activity("A"))).activities
    assert (only.policy.timeout_s, only.policy.retry) == (604800, 0)


def test_nested_activities_are_branches_and_are_walked_behind_their_container():
    switch = activity(
        "S",
        "Switch",
        typeProperties={
            "on": "@item()",
            "cases": [{"value": "a", "activities": [activity("Case")]}],
            "defaultActivities": [activity("Default")],
        },
    )
    loop = activity("L", "ForEach", typeProperties={"items": "@x", "activities": [switch]})
    pipeline = parse_pipeline("pl", text_of(loop, activity("Z")))
    assert [one.name for one in pipeline.walk()] == ["L", "S", "Default", "Case", "Z"]
    inner = pipeline.activities[0].branch("activities")[0]
    assert inner.branch("case:a")[0].name == "Case"
    assert inner.branch("case:b") == ()
    assert dict(inner.type_properties) == {"on": "@item()"}


def test_parameters_variables_and_library_variables_are_typed():
    pipeline = parse_pipeline(
        "pl",
        text_of(
            parameters={"day": {"type": "String"}, "n": {"type": "int", "defaultValue": None}},
            variables={"list": {"type": "Array"}, "name": {"type": "String", "defaultValue": "x"}},
            libraryVariables={"cfg_a": {"libraryName": "cfg", "variableName": "a", "type": "String"}},
        ),
    )
    assert [(p.type, p.has_default) for p in pipeline.parameters.values()] == [("string", False), ("int", True)]
    assert [v.default for v in pipeline.variables.values()] == [[], "x"]
    assert pipeline.library_variables["cfg_a"].library == "cfg"


def test_all_structural_problems_come_in_one_message():
    message = problems_of(
        activity("A", after={"Nowhere": ["Succeeded"]}),
        activity("A"),
        activity("B", policy={"timeout": "10 minutes", "retry": -1}),
        activity("C", after={"B": ["Sometimes"]}),
        activity("D", "TridentNotebook"),
        activity("E", after={"F": ["Succeeded"]}),
        activity("F", after={"E": ["Succeeded"]}),
        activity("G", after={"B": []}),
        activity("H", state="Inactive", onInactiveMarkAs="Maybe"),
        parameters={"p": {"type": "text"}},
        variables={"v": {"type": "Table"}},
        libraryVariables={"l": {"libraryName": "cfg"}},
    )
    for part in (
        "'A' depends on 'Nowhere'",
        "'A': the name is used twice",
        "timeout '10 minutes' is not of the form d.hh:mm:ss",
        "retry must be a whole number from 0, found -1",
        "a condition for 'B' is 'Sometimes'",
        "'D' (TridentNotebook): missing notebookId, workspaceId",
        "circular dependsOn among 'E', 'F'",
        "no dependencyConditions for 'B'",
        "onInactiveMarkAs is 'Maybe'",
        "parameter 'p': unknown type 'text'",
        "variable 'v': unknown type 'Table'",
        "library variable 'l': missing variableName, type",
    ):
        assert part in message
    assert message.startswith("pipeline 'pl': 12 problem(s):")


def test_a_dependency_does_not_reach_into_another_scope():
    inner = activity("Inner", after={"Outer": ["Succeeded"]})
    loop = activity("L", "ForEach", typeProperties={"items": "@x", "activities": [inner]})
    assert "'Inner' depends on 'Outer'" in problems_of(activity("Outer"), loop)


def test_names_are_unique_across_scopes():
    loop = activity("L", "ForEach", typeProperties={"items": "@x", "activities": [activity("A")]})
    assert "'A': the name is used twice" in problems_of(activity("A"), loop)


@pytest.mark.parametrize("timeout", ["1:00", "0.24:00:00", "00:60:00", "7 days", 600, None])
def test_a_timeout_of_another_form_is_refused(timeout):
    assert "is not of the form" in problems_of(activity("A", policy={"timeout": timeout}))


@pytest.mark.parametrize("document", ["[]", "3", '{"properties": []}', "{}", '{"properties": {"activities": {}}}'])
def test_a_document_of_another_shape_is_refused(document):
    with pytest.raises(ItemError, match="pipeline 'pl'"):
        parse_pipeline("pl", document)


def test_text_that_is_not_json_is_refused_with_its_place():
    with pytest.raises(ItemError, match="line 2, column 1: not JSON"):
        parse_pipeline("pl", '{"properties":\n')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_are_read_in_any_encoding_fabric_has_written(tmp_path: Path, encoding: str):
    folder = tmp_path / "pl_ä.DataPipeline"
    folder.mkdir()
    (folder / "pipeline-content.json").write_bytes(text_of(activity("Ä")).encode(encoding))
    pipeline = load_pipeline(folder)
    assert (pipeline.name, pipeline.activities[0].name, pipeline.logical_id) == ("pl_ä", "Ä", "")


def test_a_folder_without_content_is_refused(tmp_path: Path):
    with pytest.raises(ItemError, match=r"pipeline-content\.json"):
        load_pipeline(tmp_path)
