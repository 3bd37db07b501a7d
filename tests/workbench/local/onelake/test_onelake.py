"""OneLake's folders: ids resolve to places, shortcuts to the tables that they show."""

from __future__ import annotations

from pathlib import Path

import pytest

from fabric_ot.errors import ItemError, PlatformError
from fabric_ot.workbench.items.repository import load_repository, workspace_ids
from fabric_ot.workbench.local.libraries import Libraries
from fabric_ot.workbench.local.onelake import OneLake


def delta(folder: Path) -> Path:
    (folder / "_delta_log").mkdir(parents=True)
    return folder


def test_a_workspace_id_is_a_layer_and_zero_means_here(small_fabric, known_guid) -> None:
    onelake = small_fabric.onelake()
    assert onelake.layer(known_guid("Workspace", "silver").upper()) == "silver"
    assert onelake.layer("", here="gold") == "gold"
    assert onelake.layer("00000000-0000-0000-0000-000000000000", here="gold") == "gold"
    with pytest.raises(PlatformError, match=r"no workspace has the id 'x'. Available:[\s\S]*power_bi"):
        onelake.layer("x", here="gold")


def test_an_item_has_its_folder_below_its_workspace(small_fabric, known_guid) -> None:
    onelake = small_fabric.onelake()
    folder = onelake.resolve_item(known_guid("Workspace", "silver"), known_guid("Lakehouse", "ot_silver"))
    assert folder == small_fabric.onelake_root / "silver" / "ot_silver.Lakehouse"
    assert sorted(path.name for path in folder.iterdir()) == ["Files", "Tables"]
    with pytest.raises(PlatformError, match=r"ot_silver.Lakehouse lies in the workspace 'silver', not in 'gold'"):
        onelake.resolve_item(known_guid("Workspace", "gold"), known_guid("Lakehouse", "ot_silver"))


def test_a_shortcut_shows_the_table_of_another_workspace_once_it_is_there(small_fabric) -> None:
    onelake = small_fabric.onelake()
    gold = onelake.named("Lakehouse", "ot_gold_shortcuts", "gold")
    assert onelake.resolve_table(gold, "plant", "site") is None
    target = delta(small_fabric.onelake_root / "silver" / "ot_silver.Lakehouse" / "Tables" / "plant" / "site")
    assert onelake.resolve_table(gold, "plant", "site") == target
    assert onelake.resolve_table(gold, "plant", "other") is None
    assert onelake.tables(gold) == {("plant", "site"): target}


def test_a_lakehouse_lists_its_own_tables(small_fabric) -> None:
    onelake = small_fabric.onelake()
    folder = delta(small_fabric.onelake_root / "bronze" / "ot_bronze.Lakehouse" / "Tables" / "plant" / "message")
    assert onelake.tables(onelake.named("Lakehouse", "ot_bronze", "bronze")) == {("plant", "message"): folder}


def test_shortcuts_in_a_circle_are_refused(small_fabric, known_guid) -> None:
    me = known_guid("Lakehouse", "ot_ring")
    small_fabric.shortcuts("ot_ring", "gold", [("a", me, "plant/b"), ("b", me, "plant/a")])
    onelake = _with_gold_workspace(small_fabric, known_guid)
    with pytest.raises(PlatformError, match="ot_ring: shortcuts lead in a circle"):
        onelake.resolve_table(onelake.named("Lakehouse", "ot_ring", "gold"), "plant", "a")


def test_a_shortcut_to_a_value_that_is_no_item_is_refused(small_fabric) -> None:
    small_fabric.shortcuts("ot_wrong", "gold", [("a", "$(/**/ot_settings/retries)", "plant/a")])
    onelake = small_fabric.onelake()
    with pytest.raises(ItemError, match="is no ItemReference, but 3"):
        onelake.resolve_table(onelake.named("Lakehouse", "ot_wrong", "gold"), "plant", "a")


def test_a_name_that_a_workspace_does_not_have_is_refused_with_those_it_has(small_fabric) -> None:
    with pytest.raises(
        PlatformError, match=r"no Lakehouse is called 'ot_silver' in the workspace 'gold'.*ot_gold_shortc"
    ):
        small_fabric.onelake().named("Lakehouse", "ot_silver", "gold")


def test_a_reference_that_is_none_is_refused(small_fabric) -> None:
    libraries = Libraries(load_repository(small_fabric.root))
    assert libraries.reference("$(/**/ot_settings/retries)") == 3
    for text in ("ot_settings/retries", "$(/ot_settings/retries)", "$(/**/ot_settings)"):
        with pytest.raises(PlatformError, match="is no variable reference"):
            libraries.reference(text)
    with pytest.raises(ItemError, match=r"no variable 'nothing'. Available: .*retries"):
        libraries.value("ot_settings", "nothing")


def test_the_shipped_shortcuts_point_to_the_shipped_silver_lakehouse(repository_root: Path, tmp_path: Path) -> None:
    repository = load_repository(repository_root)
    onelake = OneLake(tmp_path, repository, workspace_ids(repository))
    target = delta(tmp_path / "silver" / "ot_silver.Lakehouse" / "Tables" / "plant" / "production")
    gold = onelake.named("Lakehouse", "ot_gold_shortcuts", "gold")
    assert onelake.resolve_table(gold, "plant", "production") == target


def _with_gold_workspace(small_fabric, known_guid) -> OneLake:
    path = small_fabric.root / "lakehouses/gold/ot_ring.Lakehouse/shortcuts.metadata.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(known_guid("Workspace", "0"), known_guid("Workspace", "gold")), encoding="utf-8")
    return small_fabric.onelake()
