"""Variable libraries, environments and shortcuts."""

from __future__ import annotations

import pytest

LIBRARY = "settings/ot_settings.VariableLibrary"
COMPUTE = "environments/ot_runtime.Environment/Setting/Sparkcompute.yml"
PUBLIC = "environments/ot_runtime.Environment/Libraries/PublicLibraries/environment.yml"
WHEELS = "environments/ot_runtime.Environment/Libraries/CustomLibraries"
SHORTCUTS = "lakehouses/gold/ot_gold_shortcuts.Lakehouse/shortcuts.metadata.json"
ONES = "11111111-1111-1111-1111-111111111111"


def test_every_problem_of_a_library_is_its_own_finding_in_its_own_file(plant):
    plant.edit(f"{LIBRARY}/variables.json", lambda d: d["variables"][0].update(value=""))
    plant.edit(f"{LIBRARY}/valueSets/prod.json", lambda d: d["variableOverrides"].append({"name": "x", "value": "y"}))
    found = {(p.rule, p.path) for p in plant.problems() if p.rule == "variable_libraries_read"}
    assert found == {
        ("variable_libraries_read", f"{LIBRARY}/variables.json"),
        ("variable_libraries_read", f"{LIBRARY}/valueSets/prod.json"),
    }


def test_a_stage_that_keeps_one_default_id_is_named(plant):
    plant.edit(f"{LIBRARY}/valueSets/prod.json", lambda d: d["variableOverrides"].pop(0))
    problem = plant.only_problem()
    assert (problem.rule, problem.path) == ("value_sets_leave_no_id_behind", f"{LIBRARY}/valueSets/prod.json")
    assert "['bronze_workspace_id']" in problem.message


def test_a_stage_without_any_override_means_the_defaults(plant):
    plant.edit(f"{LIBRARY}/valueSets/prod.json", lambda d: d["variableOverrides"].clear())
    assert plant.problems() == []


def change(plant, path, old, new):
    text = (plant.root / path).read_text(encoding="utf-8")
    assert old in text
    plant.write(path, text.replace(old, new))
    return plant.only_problem()


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"),
    [
        ("spark_conf:", "spark_conf: [", "environments_read", "not YAML"),
        ('runtime_version: "2.0"', "", "environments_read", "runtime_version is missing"),
        ('"2.0"', '"1.2"', "environments_pin_a_runtime", "'1.2' is not supported: 1.3, 2.0"),
        ("driver_memory: 28g", "driver_memory: 56g", "environment_sizes_are_legal", "driver_cores 4 with"),
        ("executor_cores: 4", "executor_cores: 5", "environment_sizes_are_legal", "executor_cores 5 with"),
        ("max_executors: 1", "max_executors: 0", "environment_sizes_are_legal", "executors 1 to 0"),
    ],
)
def test_compute_is_what_fabric_has(plant, old, new, rule, said):
    text = (plant.root / COMPUTE).read_text(encoding="utf-8")
    assert old in text
    plant.write(COMPUTE, text.replace(old, new))
    problem = next(p for p in plant.problems() if p.rule == rule)
    assert problem.path == COMPUTE
    assert said in problem.message


def test_public_libraries_are_pinned(plant):
    problem = change(plant, PUBLIC, "==", ">=")
    assert (problem.rule, problem.path) == ("environment_libraries_are_pinned", PUBLIC)


def test_the_wheel_is_of_this_version(plant):
    plant.write(f"{WHEELS}/fabric_ot-0.0.0-py3-none-any.whl", b"")
    problem = plant.only_problem()
    assert problem.rule == "environment_wheel_is_this_version"
    assert problem.path == f"{WHEELS}/fabric_ot-0.0.0-py3-none-any.whl"


def test_a_shortcut_that_cannot_be_read_is_named(plant):
    plant.edit(SHORTCUTS, lambda d: d[0].pop("target"))
    problem = plant.only_problem()
    assert (problem.rule, problem.path) == ("lakehouses_read", SHORTCUTS)


def test_a_shortcut_is_declared_once(plant):
    plant.edit(SHORTCUTS, lambda d: d.append(d[0]))
    problem = plant.only_problem()
    assert problem.rule == "shortcut_names_are_unique"
    assert problem.message.startswith("/Tables/plant/asset is declared 2 times")


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"itemReference": "silver"}, "'silver' is no variable reference"),
        ({"itemReference": "$(/**/lost/x)"}, "no VariableLibrary is called 'lost'"),
        ({"itemReference": "$(/**/ot_settings/lost)"}, "no variable 'lost'"),
        ({"itemReference": "$(/**/ot_settings/model_id)"}, "variable 'model_id' is a Guid"),
        ({"itemId": ONES, "workspaceId": "00000000-0000-0000-0000-000000000000"}, "is the logicalId of no item"),
        ({"itemId": ONES, "workspaceId": ONES}, "breaks between stages"),
        (
            {"itemId": "36773abe-8a1e-5598-925a-7185535a7c72", "workspaceId": "00000000-0000-0000-0000-000000000000"},
            "ot_silver lies in silver",
        ),
        (
            {"itemId": "58c8b2e5-4f79-57d0-a351-5acb3ca436df", "workspaceId": "00000000-0000-0000-0000-000000000000"},
            "ot_settings is a VariableLibrary, not a Lakehouse",
        ),
    ],
)
def test_a_shortcut_points_to_a_lakehouse_that_is_there(plant, details, said):
    plant.edit(SHORTCUTS, lambda d: d[0]["target"].update(oneLake={"path": "Tables/plant/asset", **details}))
    problem = plant.only_problem()
    assert problem.rule == "shortcut_targets_are_lakehouses"
    assert problem.message.startswith("shortcut 'asset': ")
    assert said in problem.message


def test_the_variable_of_a_shortcut_names_the_workspace_of_its_lakehouse(plant):
    def move(document):
        (variable,) = [v for v in document["variables"] if v["name"] == "silver_lakehouse"]
        variable["value"]["workspaceId"] = ONES

    plant.edit(f"{LIBRARY}/variables.json", move)
    problems = plant.problems()
    assert {p.rule for p in problems} == {"shortcut_targets_are_lakehouses"}
    assert "into another workspace than silver" in problems[0].message


def test_a_shortcut_shows_a_contract_table(plant):
    plant.edit(SHORTCUTS, lambda d: d[0]["target"]["oneLake"].update(path="Tables/plant/assets"))
    problem = plant.only_problem()
    assert problem.rule == "shortcut_targets_are_contract_tables"
    assert "no contract in silver declares 'Tables/plant/assets'" in problem.message
