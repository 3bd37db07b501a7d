"""Every recorded answer of the official engine, except six that it could not give for want of time zones."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import pytest

from fabric_ot.errors import ExpressionError
from fabric_ot.workbench.local.expressions import Scope, evaluate, function_names

# The engine ran without zone data and answered with an error; these are the documented answers.
ZONES_THE_ENGINE_LACKED = {
    "@convertFromUtc('2018-01-01T08:00:00.0000000Z','Pacific Standard Time')": "2018-01-01T00:00:00.0000000",
    "@convertFromUtc('2018-07-01T08:00:00Z','W. Europe Standard Time','yyyy-MM-dd HH:mm')": "2018-07-01 10:00",
    "@convertTimeZone('2018-01-01T08:00:00.0000000Z','UTC','Pacific Standard Time')": "2018-01-01T00:00:00.0000000",
    "@convertTimeZone('2018-07-01T08:00:00Z','UTC','W. Europe Standard Time','o')": "2018-07-01T10:00:00.0000000",
    "@convertToUtc('01/01/2018 00:00:00','Pacific Standard Time')": "2018-01-01T08:00:00.0000000Z",
    "@convertToUtc('2018-01-01T00:00:00','Pacific Standard Time','D')": "Monday, 01 January 2018",
}

SCOPE = Scope(
    pipeline={
        "RunId": "11111111-1111-1111-1111-111111111111",
        "TriggerTime": "2026-01-01T00:00:00Z",
        "Pipeline": "PL",
        "DataFactory": "WS",
        "WorkspaceId": "WS",
        "GroupId": "GRP",
        "parameters": {"p1": "PV", "n": 3},
        "libraryVariables": {"lv1": "LV"},
        "globalParameters": {"g1": "GG"},
    },
    variables={"v1": "vv", "arr": [1, 2, 3]},
    activities={
        "A": {"output": {"firstRow": {"Col": "c1"}, "value": [{"n": 7}], "count": 1}, "status": "Succeeded"},
    },
    item={"name": "it"},
    clock=lambda: dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    chance=random.Random(7),
)


@pytest.fixture(scope="module")
def oracle(shared_prototypes: Path) -> dict[str, Any]:
    return json.loads((shared_prototypes / "runner" / "oracle.json").read_text(encoding="utf-8"))


def answer(text: str) -> Any:
    try:
        return evaluate(text, SCOPE)
    except ExpressionError:
        return ExpressionError


def test_the_engine_and_this_one_agree_on_every_case_that_it_could_answer(oracle):
    different = {}
    for text, case in oracle.items():
        expected = case["raw"].get("v", ExpressionError)
        given = answer(text)
        if (given, type(given)) != (expected, type(expected)):
            different[text] = given
    assert different == ZONES_THE_ENGINE_LACKED
    assert len(oracle) == 212


def test_the_six_differences_are_about_windows_time_zones_only(oracle):
    for text in ZONES_THE_ENGINE_LACKED:
        assert "time zone id" in oracle[text]["raw"]["err"], text


def test_the_recorded_cases_touch_every_function(oracle):
    touched = {case["fn"] for case in oracle.values()}
    assert set(function_names()) - touched == set()


@pytest.mark.parametrize(("text", "expected"), ZONES_THE_ENGINE_LACKED.items())
def test_windows_zones_give_the_documented_answers(text, expected):
    assert evaluate(text, SCOPE) == expected
