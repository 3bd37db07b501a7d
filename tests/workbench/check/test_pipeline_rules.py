"""Pipelines: the order of activities, the names they use, the items they run."""

from __future__ import annotations

import pytest

from fabric_ot.workbench.items.notebook import Cell

LAND = "pipelines/bronze/pl_bronze_land.DataPipeline"
DAY = "pipelines/gold/pl_plant_day.DataPipeline"
PARAMETERS = {"day": {"type": "string"}}
ONES = "11111111-1111-1111-1111-111111111111"


def wait(name, *after, seconds="1"):
    """A Wait activity after others."""
    depends_on = [{"activity": other, "dependencyConditions": ["Succeeded"]} for other in after]
    settings = {"waitTimeInSeconds": {"value": seconds, "type": "Expression"}}
    return {"name": name, "type": "Wait", "dependsOn": depends_on, "typeProperties": settings}


def container(name, type_, *inner, **settings):
    """A ForEach or Until with nested activities."""
    return {"name": name, "type": type_, "dependsOn": [], "typeProperties": {**settings, "activities": list(inner)}}


@pytest.fixture
def land(plant):
    """Replace the activities of the bronze pipeline and return the problems."""

    def replace(*activities, parameters=PARAMETERS, **sections):
        plant.add_pipeline(LAND, list(activities), parameters=parameters, **sections)
        return [(problem.rule, problem.message) for problem in plant.problems()]

    return replace


def assert_only(found, rule, *said):
    """Exactly one problem, of this rule, that says this."""
    ((name, message),) = found
    assert name == rule
    for text in said:
        assert text in message


@pytest.mark.parametrize(
    ("activities", "said"),
    [
        ([wait("A", "B")], "depends on 'B'"),
        ([wait("A", "B"), wait("B", "A")], "circular"),
        ([wait("A"), wait("A")], "twice"),
        ([{**wait("A"), "dependsOn": [{"activity": "A"}]}], "no dependencyConditions"),
        ([{**wait("A"), "policy": {"timeout": "soon"}}], "'soon' is not of the form"),
        ([container("F", "ForEach", wait("A", "Top"), items="@createArray(1)"), wait("Top")], "depends on 'Top'"),
    ],
)
def test_structure_is_checked_on_each_level(land, activities, said):
    found = [message for rule, message in land(*activities) if rule == "pipelines_read"]
    assert any(said in message for message in found)
    assert not any("problem(s)" in message for message in found)


def test_a_problem_names_the_pipeline(plant):
    plant.add_pipeline(LAND, [wait("A", seconds="@activity('Z').output")], parameters=PARAMETERS)
    assert plant.only_problem().path == f"{LAND}/pipeline-content.json"


@pytest.mark.parametrize(("type_", "said"), [("Waits", "Did you mean Wait?"), ("Xyz", "Known: AppendVariable, ")])
def test_an_activity_has_a_type_that_fabric_has(land, type_, said):
    assert_only(land({**wait("A"), "type": type_}), "activity_types_exist", f"'A' has the unknown type '{type_}'", said)
    assert_only(land({**wait("A"), "type": ""}), "pipelines_read", "has no type")
    assert land({**wait("A"), "type": "Copy"}) == [], "whether the local runtime can run it is another question"


def test_an_activity_that_does_not_exist_cannot_be_read(land):
    found = land(wait("A"), wait("B", "A", seconds="@activity('Z').output.x"))
    assert_only(found, "referenced_activities_run_before", "activity('Z'), which does not exist", "There: A, B")


def test_an_activity_must_be_waited_for_before_it_is_read(land):
    assert land(wait("A"), wait("M", "A"), wait("B", "M", seconds="@activity('A').output.x")) == []
    found = land(wait("A"), wait("B", seconds="@activity('A').output.x"))
    assert_only(found, "referenced_activities_run_before", "does not wait for it")


def test_nested_activities_read_what_their_container_waited_for(land):
    inner = wait("In", seconds="@activity('A').output.x")
    loop = container("F", "ForEach", inner, items="@createArray(1)")
    loop["dependsOn"] = wait("F", "A")["dependsOn"]
    assert land(wait("A"), loop) == []
    loop["dependsOn"] = []
    assert_only(land(wait("A"), loop), "referenced_activities_run_before", "'In'")


def test_until_reads_what_it_repeats_but_foreach_does_not(land):
    expression = {"value": "@equals(activity('In').output.x, 1)", "type": "Expression"}
    assert land(container("U", "Until", wait("In"), expression=expression)) == []
    items = {"value": "@activity('In').output.x", "type": "Expression"}
    found = land(container("F", "ForEach", wait("In"), items=items))
    assert_only(found, "referenced_activities_run_before", "'F'")


def test_text_about_an_activity_is_no_reference(land):
    described = {**wait("A"), "description": "reads activity('Z') in words"}
    assert land(described) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@pipeline().parameters.dag", "'dag' is not in parameters: day"),
        ("@pipeline().parameters['dag']", "'dag' is not in parameters"),
        ("@{pipeline()?.parameters?.dag}s", "'dag' is not in parameters"),
        ("@variables('done')", "'done' is not in variables: none"),
        ("@pipeline().libraryVariables.cfg_x", "'cfg_x' is not in libraryVariables"),
    ],
)
def test_a_name_must_be_declared_before_it_is_used(land, text, said):
    assert_only(land(wait("A", seconds=text)), "used_names_are_declared", said)


def test_a_variable_that_is_set_must_be_declared_unless_it_is_the_return_value(land):
    def set_variable(**settings):
        typed = {"value": "x", **settings}
        return {"name": "S", "type": "SetVariable", "dependsOn": [], "typeProperties": typed}

    assert_only(land(set_variable(variableName="done")), "used_names_are_declared", "'done'")
    assert land(set_variable(variableName="done"), variables={"done": {"type": "String"}}) == []
    assert land(set_variable(variableName="pipelineReturnValue", setSystemVariable=True)) == []


def notebook_with(plant, **changes):
    activity = plant.notebook_activity()
    activity["typeProperties"].update(changes)
    return activity


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"notebookId": ONES}, "notebookId '11111111-1111-1111-1111-111111111111' is the logicalId of no item"),
        ({"notebookId": "58c8b2e5-4f79-57d0-a351-5acb3ca436df"}, "names ot_settings, a VariableLibrary"),
        ({"workspaceId": ONES}, "breaks between stages"),
        ({"workspaceId": None}, "is missing"),
        ({"notebookId": None}, "is missing"),
    ],
)
def test_a_reference_inside_the_workspace_is_a_logical_id_that_exists(land, plant, changes, said):
    found = land(notebook_with(plant, **changes))
    assert [said in message for rule, message in found if rule == "pipeline_references_resolve"] == [True]


def test_an_item_of_another_workspace_is_out_of_reach(land, plant):
    plant.add_notebook("notebooks/silver/nb_far.Notebook", Cell("parameters", "day = ''", "python"))
    settings = {"notebookId": plant.item_id("Notebook", "nb_far"), "parameters": {}}
    assert_only(land(notebook_with(plant, **settings)), "pipeline_references_resolve", "nb_far, which is in silver")


def test_a_linked_warehouse_must_exist(land, plant):
    script = {"name": "S", "type": "Script", "dependsOn": [], "typeProperties": {"scripts": []}}
    linked = {"artifactId": ONES, "workspaceId": plant.zero, "endpoint": "x"}
    script["linkedService"] = {"name": "w", "properties": {"type": "DataWarehouse", "typeProperties": linked}}
    assert_only(land(script), "pipeline_references_resolve", "artifactId")


def test_an_executed_pipeline_must_exist_in_the_workspace(land, plant):
    def execute(name):
        reference = {"referenceName": plant.item_id("DataPipeline", name), "type": "PipelineReference"}
        return {"name": "E", "type": "ExecutePipeline", "dependsOn": [], "typeProperties": {"pipeline": reference}}

    assert_only(land(execute("pl_plant_day")), "pipeline_references_resolve", "which is in gold")
    assert_only(land(execute("pl_lost")), "pipeline_references_resolve", "logicalId of no item")


@pytest.fixture
def day(plant):
    """Replace the one activity of the day's pipeline and return the problems."""

    def replace(*names, types=None, drop=(), **changes):
        activity = plant.invoke_activity(**changes)
        for key in drop:
            activity.pop(key, None) or activity["typeProperties"].pop(key)
        declared = plant.library_variables(*(names or ("bronze_workspace_id", "bronze_pipeline_id")))
        for alias, type_ in (types or {}).items():
            declared[alias]["type"] = type_
        plant.add_pipeline(DAY, [activity], libraryVariables=declared)
        return [(problem.rule, problem.message) for problem in plant.problems()]

    return replace


def library(name):
    return {"value": f"@pipeline().libraryVariables.ot_settings_{name}", "type": "Expression"}


ALL = ("bronze_workspace_id", "bronze_pipeline_id", "silver_workspace_id", "silver_pipeline_id", "model_id")


def test_an_invoked_pipeline_is_found_through_its_library_variables(day):
    assert day() == []
    found = day(*ALL, pipelineId=library("silver_pipeline_id"))
    assert_only(found, "pipeline_references_resolve", "is the logicalId of no item")


def test_both_library_variables_must_mean_one_workspace(day):
    found = day(*ALL, workspaceId=library("silver_workspace_id"))
    assert_only(found, "pipeline_references_resolve", "which is in bronze", "is another workspace")


def test_an_id_that_is_only_known_at_run_time_is_left_alone(day):
    assert day(*ALL, pipelineId="@concat(pipeline().libraryVariables.ot_settings_model_id, '')") == []


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"libraryName": "lost", "variableName": "a", "type": "String"}, "no VariableLibrary is called 'lost'"),
        ({"libraryName": "ot_settings", "variableName": "lost", "type": "String"}, "no variable 'lost'. Available: "),
        (
            {"libraryName": "ot_settings", "variableName": "model_id", "type": "Int"},
            "type must be 'String', found 'Int'",
        ),
        (
            {"libraryName": "ot_settings", "variableName": "silver_lakehouse", "type": "String"},
            "type must be 'Object'",
        ),
        (
            {"libraryName": "ot_settings", "variableName": "model_id", "type": "String", "libraryId": "x"},
            "needs exactly",
        ),
    ],
)
def test_a_library_variable_exists_and_has_the_type_that_fabric_gives_it(land, entry, said):
    assert_only(land(wait("A"), libraryVariables={"x": entry}), "library_variables_exist", said)


def test_a_number_cannot_be_read_by_a_pipeline(land, plant):
    path = "settings/ot_settings.VariableLibrary/variables.json"
    plant.edit(path, lambda d: d["variables"].append({"name": "ratio", "type": "Number", "value": 1.5}))
    entry = {"libraryName": "ot_settings", "variableName": "ratio", "type": "String"}
    assert_only(land(wait("A"), libraryVariables={"x": entry}), "library_variables_exist", "pipelines cannot read")


@pytest.mark.parametrize(
    ("name", "entry", "said"),
    [
        ("dag", {"value": "x", "type": "string"}, "the parameters cell has no 'dag'. Available: day, limit"),
        ("day", {"value": "x", "type": "text"}, "type must be one of string, int, float, bool, found 'text'"),
        ("day", "x", "type must be one of"),
        ("limit", {"value": "x", "type": "string"}, "passed as string, but its default 0 is int"),
        ("limit", {"value": "five", "type": "int"}, "the value 'five' is no int"),
        ("limit", {"value": True, "type": "int"}, "the value True is no int"),
    ],
)
def test_a_notebook_takes_what_its_parameters_cell_declares(land, plant, name, entry, said):
    assert_only(land(notebook_with(plant, parameters={name: entry})), "notebook_parameters_exist", said)


def test_a_whole_number_fits_a_float_parameter(land, plant):
    assert land(notebook_with(plant, parameters={"limit": {"value": 5, "type": "float"}})) == []


def test_parameters_of_an_invoked_pipeline_are_declared_and_given(day):
    assert_only(day(parameters={}), "invoked_parameters_exist", "pl_bronze_land needs the parameter 'day'")
    found = day(parameters={"day": "x", "dag": "x"})
    assert_only(found, "invoked_parameters_exist", "pl_bronze_land has no parameter 'dag'. Available: day.")


def test_an_invocation_needs_a_connection(day):
    assert_only(day(drop=["externalReferences"]), "connections_are_present", "(InvokePipeline)")


def test_an_invocation_says_whether_it_waits(day):
    assert_only(day(drop=["waitOnCompletion"]), "invocations_say_whether_they_wait", "set waitOnCompletion")


PROJECT = """\
<Project DefaultTargets="Build">
  <PropertyGroup>
    <Name>wh</Name>
    <DSP>Microsoft.Data.Tools.Schema.Sql.SqlDwUnifiedDatabaseSchemaProvider</DSP>
  </PropertyGroup>
</Project>
"""


def test_a_procedure_that_is_called_exists(plant):
    plant.add_platform("warehouse/wh.Warehouse")
    plant.write("warehouse/wh.Warehouse/wh.sqlproj", PROJECT)
    plant.write("warehouse/wh.Warehouse/etl/etl.sql", "CREATE SCHEMA etl;\n")
    procedure = "CREATE PROCEDURE etl.load AS BEGIN SELECT 1; END;\n"
    plant.write("warehouse/wh.Warehouse/etl/StoredProcedures/load.sql", procedure)
    linked = {"artifactId": plant.item_id("Warehouse", "wh"), "workspaceId": plant.zero}

    def call(name):
        service = {"name": "wh", "properties": {"type": "DataWarehouse", "typeProperties": linked}}
        settings = {"storedProcedureName": name}
        activity = {"name": "C", "type": "SqlServerStoredProcedure", "dependsOn": [], "typeProperties": settings}
        plant.add_pipeline("pipelines/gold/pl_call.DataPipeline", [{**activity, "linkedService": service}])
        return [(p.rule, p.message) for p in plant.problems() if p.rule != "warehouse_tables_equal_contracts"]

    assert call("[etl].[load]") == []
    assert_only(call("etl.lost"), "stored_procedures_exist", "wh has no procedure 'etl.lost'. Available: etl.load.")
