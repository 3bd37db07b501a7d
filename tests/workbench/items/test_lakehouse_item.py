"""Lakehouse items: schemas and shortcuts."""

from __future__ import annotations

import json

import pytest

from fabric_ot.errors import ItemError, NotSupportedError
from fabric_ot.workbench.items.lakehouse import LakehouseItem, Shortcut, load_lakehouse

ZERO = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def write_lakehouse(tmp_path):
    def write(shortcuts=None, *, metadata=None):
        (tmp_path / "lakehouse.metadata.json").write_text(json.dumps(metadata or {}), encoding="utf-8")
        if shortcuts is not None:
            (tmp_path / "shortcuts.metadata.json").write_text(json.dumps(shortcuts), encoding="utf-8")
        return tmp_path

    return write


def one_lake(**details):
    return {"name": "t", "path": "/Tables/plant", "target": {"type": "OneLake", "oneLake": details}}


def test_without_a_default_schema_there_are_no_schemas(write_lakehouse):
    assert load_lakehouse(write_lakehouse()) == LakehouseItem(None, ())


def test_a_shortcut_targets_an_item_or_a_variable(write_lakehouse):
    folder = write_lakehouse(
        [
            one_lake(path="Tables/a", itemId=ZERO, workspaceId=ZERO, artifactType="Lakehouse"),
            one_lake(path="Tables/b", itemReference="$(/**/cfg/x)"),
        ],
        metadata={"defaultSchema": "dbo"},
    )
    assert load_lakehouse(folder) == LakehouseItem(
        "dbo",
        (
            Shortcut("t", "/Tables/plant", "Tables/a", ZERO, ZERO, None),
            Shortcut("t", "/Tables/plant", "Tables/b", None, None, "$(/**/cfg/x)"),
        ),
    )


@pytest.mark.parametrize(
    ("shortcuts", "said"),
    [
        ({}, "expected a list of shortcuts, found dict"),
        ([{"name": "t"}], "shortcut 0: needs name, path and target"),
        ([one_lake(itemReference="$(/**/cfg/x)")], "shortcut 0 't': target.oneLake needs a path"),
        ([one_lake(path=["Tables/a"], itemReference="$(x)")], "['path'] must be text"),
        ([one_lake(path="Tables/a")], "needs either itemReference or itemId"),
        ([one_lake(path="Tables/a", itemId=ZERO)], "itemId needs a workspaceId"),
        ([one_lake(path="Tables/a", itemId=ZERO, workspaceId=ZERO, itemReference="$(x)")], "needs either"),
    ],
)
def test_a_malformed_shortcut_is_refused(write_lakehouse, shortcuts, said):
    with pytest.raises(ItemError) as caught:
        load_lakehouse(write_lakehouse(shortcuts))
    assert said in str(caught.value)


def test_a_default_schema_that_is_no_text_is_refused(write_lakehouse):
    with pytest.raises(ItemError, match="defaultSchema must be text, found 7"):
        load_lakehouse(write_lakehouse(metadata={"defaultSchema": 7}))


def test_a_shortcut_out_of_onelake_is_refused_by_name(write_lakehouse):
    shortcut = {"name": "t", "path": "/Files", "target": {"type": "AmazonS3", "amazonS3": {}}}
    with pytest.raises(NotSupportedError, match="'AmazonS3' is not supported"):
        load_lakehouse(write_lakehouse([shortcut]))


def test_the_lakehouses_of_this_repository_have_schemas(repository_root):
    found = {p.name: load_lakehouse(p) for p in (repository_root / "lakehouses").glob("*/*.Lakehouse")}
    assert {name: item.default_schema for name, item in found.items()} == {
        "ot_bronze.Lakehouse": "dbo",
        "ot_silver.Lakehouse": "dbo",
        "ot_gold_shortcuts.Lakehouse": "dbo",
    }
    shortcuts = found["ot_gold_shortcuts.Lakehouse"].shortcuts
    assert {s.target_path for s in shortcuts} == {f"Tables/plant/{s.name}" for s in shortcuts}
    assert {"asset", "product", "site", "shift", "shift_instance", "production", "state_time"} <= {
        s.name for s in shortcuts
    }
