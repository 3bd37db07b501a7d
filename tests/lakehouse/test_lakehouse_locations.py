"""A lakehouse's place comes from `notebookutils` alone."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from fabric_ot.errors import PlatformError
from fabric_ot.lakehouse import open_lakehouse
from fabric_ot.lakehouse.locations import spark_path


def platform(monkeypatch: pytest.MonkeyPatch, answer) -> list[tuple[str, str]]:
    asked: list[tuple[str, str]] = []

    def get(name: str, workspace_id: str = ""):
        asked.append((name, workspace_id))
        return answer

    module = ModuleType("notebookutils")
    module.lakehouse = SimpleNamespace(getWithProperties=get)
    monkeypatch.setitem(sys.modules, "notebookutils", module)
    return asked


PATHS = {"oneLakeTablesPath": "/one/Tables", "oneLakeFilesPath": "/one/Files"}


@pytest.mark.parametrize("answer", [{"properties": PATHS}, SimpleNamespace(properties=SimpleNamespace(**PATHS))])
def test_the_platform_is_asked_for_the_lakehouse_in_the_named_workspace(monkeypatch, answer) -> None:
    asked = platform(monkeypatch, answer)
    lakehouse = open_lakehouse(None, "ot_bronze", workspace_id="w")
    assert (lakehouse.name, lakehouse.layer, asked) == ("ot_bronze", "bronze", [("ot_bronze", "w")])
    open_lakehouse(None, "ot_silver")
    assert asked[-1] == ("ot_silver", "")


def test_a_lakehouse_without_a_layer_is_refused(monkeypatch) -> None:
    platform(monkeypatch, {})
    with pytest.raises(PlatformError, match=r"no layer belongs to .other.\. Known: ot_bronze, ot_silver"):
        open_lakehouse(None, "other")


def test_an_answer_without_paths_is_refused(monkeypatch) -> None:
    platform(monkeypatch, {"id": "1"})
    with pytest.raises(PlatformError, match="'ot_bronze' tells no oneLakeTablesPath"):
        open_lakehouse(None, "ot_bronze")


def test_without_notebookutils_the_error_says_how_to_run(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "notebookutils", None)
    with pytest.raises(PlatformError, match="there is no notebookutils here"):
        open_lakehouse(None, "ot_bronze")


def test_an_https_address_becomes_the_one_spark_opens() -> None:
    address = "https://onelake.dfs.fabric.microsoft.com/w/i/Files"
    assert spark_path(address) == "abfss://w@onelake.dfs.fabric.microsoft.com/i/Files"
    assert spark_path("abfss://w@h/i/Tables") == "abfss://w@h/i/Tables"
