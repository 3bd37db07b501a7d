"""`notebookutils` gives what Fabric gives, inside OneLake only, and refuses the rest by name."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path

import pytest

from fabric_ot.errors import FabricOTError, ItemError, NotebookError, NotSupportedError, PlatformError
from fabric_ot.lakehouse import open_lakehouse
from fabric_ot.workbench.local.notebookutils import NotebookExit, Secrets, build_module, installed
from fabric_ot.workbench.local.notebookutils.notebook_runs import RunMultipleError


@pytest.fixture
def utils(small_fabric):
    return build_module(small_fabric.place())


def test_it_is_there_only_inside_the_block_even_after_an_error(utils) -> None:
    before = sys.modules.get("notebookutils")
    seen = []

    def cell() -> None:
        import notebookutils

        seen.extend([notebookutils, builtins.notebookutils])
        raise RuntimeError

    with pytest.raises(RuntimeError), installed(utils):
        cell()
    assert seen == [utils, utils]
    assert sys.modules.get("notebookutils") is before
    assert not hasattr(builtins, "notebookutils")


def test_a_child_sees_its_own_and_the_parent_gets_its_own_back(small_fabric, utils) -> None:
    child = build_module(small_fabric.place())
    with installed(utils):
        with installed(child):
            assert sys.modules["notebookutils"] is child
        assert sys.modules["notebookutils"] is utils is builtins.notebookutils


def test_a_lakehouse_tells_where_its_tables_and_files_lie(small_fabric, utils, known_guid) -> None:
    found = utils.lakehouse.getWithProperties("ot_bronze", known_guid("Workspace", "bronze"))
    root = small_fabric.onelake_root.resolve() / "bronze" / "ot_bronze.Lakehouse"
    assert found.properties.oneLakeTablesPath == found["properties"]["oneLakeTablesPath"] == str(root / "Tables")
    assert found["properties"]["oneLakeFilesPath"] == str(root / "Files")
    assert (found.id, found.displayName) == (known_guid("Lakehouse", "ot_bronze"), "ot_bronze")
    assert found.workspaceId == known_guid("Workspace", "bronze")
    with pytest.raises(PlatformError, match=r"no Lakehouse is called 'ot_bronze' in the workspace 'silver'"):
        utils.lakehouse.getWithProperties("ot_bronze")


def test_the_product_finds_its_lakehouses_through_it(utils, known_guid) -> None:
    with installed(utils):
        silver = open_lakehouse(None, "ot_silver", workspace_id="")
        bronze = open_lakehouse(None, "ot_bronze", workspace_id=known_guid("Workspace", "bronze"))
    assert (silver.layer, bronze.layer) == ("silver", "bronze")


def test_lakehouses_and_tables_are_listed(small_fabric, utils) -> None:
    (small_fabric.onelake_root / "silver/ot_silver.Lakehouse/Tables/plant/site/_delta_log").mkdir(parents=True)
    assert [lakehouse.displayName for lakehouse in utils.lakehouse.list()] == ["ot_silver"]
    assert [(t.schemaName, t.name) for t in utils.lakehouse.listTables("ot_silver")] == [("plant", "site")]
    assert utils.lakehouse.get().displayName == "ot_silver"


def test_variables_come_as_strings(utils, known_guid) -> None:
    library = utils.variableLibrary.getLibrary("ot_settings")
    assert (library.retries, library.getVariable("is_strict")) == ("3", "true")
    assert json.loads(library.silver_lakehouse)["itemId"] == known_guid("Lakehouse", "ot_silver")
    assert utils.variableLibrary.get("$(/**/ot_settings/retries)") == "3"
    with pytest.raises(ItemError, match="no variable 'Retries'"):
        _ = library.Retries
    with pytest.raises(PlatformError, match="no VariableLibrary is called 'nothing'"):
        utils.variableLibrary.getLibrary("nothing")
    with pytest.raises(PlatformError, match="is no variable reference"):
        utils.variableLibrary.get("retries")


def test_the_context_tells_of_notebook_workspace_and_run(small_fabric, known_guid) -> None:
    place = small_fabric.place(is_for_pipeline=True, activity_id="act", parent_run_id="p", root_run_id="r")
    context = build_module(place).runtime.context
    assert context["currentWorkspaceId"] == known_guid("Workspace", "silver")
    assert context["defaultLakehouseName"] == "ot_silver"
    assert (context["isForPipeline"], context["isReferenceRun"], context["activityId"]) == (True, True, "act")
    assert (context["currentRunId"], context["parentRunId"], context["rootRunId"]) == ("run-1", "p", "r")


def test_what_is_not_there_is_refused_by_name_when_used(utils) -> None:
    for use in (
        lambda: utils.fs.mount("a", "b"),
        lambda: utils.udf.getFunctions("x"),
        lambda: utils.lakehouse.create("x"),
        lambda: utils.credentials.putSecret("v", "n", "s"),
        lambda: str(utils.nbResPath),
        lambda: utils.session.stop(),
    ):
        with pytest.raises(NotSupportedError, match=r"notebookutils\.\w+(\.\w+)? is not supported on this machine"):
            use()


def test_secrets_come_from_environment_or_file_and_are_never_shown(small_fabric, tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"secrets": {"vault": {"sftp-password": "from file"}}, "tokens": {"pbi": "t0ken"}}))
    secrets = Secrets(environment={"FABRIC_OT_SECRET_API_KEY": "from environment"}, file=file)
    credentials = build_module(small_fabric.place(secrets=secrets)).credentials
    assert credentials.getSecret("https://vault.vault.azure.net/", "api-key") == "from environment"
    assert credentials.getSecret("https://vault.vault.azure.net/", "sftp-password") == "from file"
    assert credentials.getToken("pbi") == "t0ken"
    with pytest.raises(PlatformError, match=r"no value for 'other': neither.*FABRIC_OT_SECRET_OTHER.*vault/other") as e:
        credentials.getSecret("vault", "other")
    assert "from file" not in str(e.value)
    file.write_text('{"secrets": {"vault": "hush')
    with pytest.raises(PlatformError, match="not a JSON object") as broken:
        credentials.getToken("pbi")
    assert "hush" not in str(broken.value)


def test_files_are_written_read_copied_moved_and_removed(small_fabric, utils) -> None:
    fs = utils.fs
    assert fs.put("Files/a/one.txt", "1\n")
    with pytest.raises(PlatformError, match=r"exists. Hint: pass overwrite=True"):
        fs.put("Files/a/one.txt", "2")
    fs.append("Files/a/one.txt", "zwei \u00e4")
    with pytest.raises(PlatformError, match="createFileIfNotExists"):
        fs.append("Files/a/new.txt", "x")
    assert fs.head("/lakehouse/default/Files/a/one.txt") == "1\nzwei \u00e4"
    assert fs.head("Files/a/one.txt", 1) == "1"
    root = small_fabric.onelake_root / "silver" / "ot_silver.Lakehouse" / "Files"
    fs.cp(str(root / "a"), "Files/b", recurse=True)
    fs.mv(
        "Files/b/one.txt", "abfss://silver@onelake.dfs.fabric.microsoft.com/ot_silver.Lakehouse/Files/c/two.txt", True
    )
    assert [(entry.name, entry.isDir) for entry in fs.ls("Files")] == [("a", True), ("b", True), ("c", True)]
    assert (fs.ls("Files/c")[0].name, fs.ls("Files/c")[0].size) == ("two.txt", 9)
    with pytest.raises(PlatformError, match="recurse=True"):
        fs.rm("Files/a")
    fs.rm("Files/a", True)
    assert fs.mkdirs("Files/d/e")
    assert (fs.exists("Files/a"), fs.exists("Files/d/e")) == (False, True)


@pytest.mark.parametrize(
    "path",
    ["../../../secret", "/etc/passwd", "file:///etc/passwd", "Files/../../../../x", "Files/link/secret", "https://x/y"],
)
def test_no_path_leaves_onelake(small_fabric, utils, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("hush")
    (small_fabric.onelake_root / "silver/ot_silver.Lakehouse/Files/link").symlink_to(tmp_path)
    for use in (utils.fs.head, utils.fs.exists, utils.fs.ls, lambda p: utils.fs.put(p, "x", True)):
        with pytest.raises(PlatformError, match=r"leaves OneLake|only OneLake"):
            use(path)


def test_whole_items_and_workspaces_are_not_removed(small_fabric, utils) -> None:
    for path in ("", str(small_fabric.onelake_root), str(small_fabric.onelake_root / "silver")):
        with pytest.raises(PlatformError, match="is a whole workspace or item"):
            utils.fs.rm(path, True)


def test_a_relative_path_needs_a_default_lakehouse(small_fabric) -> None:
    fs = build_module(small_fabric.place(default_lakehouse=None)).fs
    with pytest.raises(PlatformError, match="nb_any has no default lakehouse"):
        fs.exists("Files/x")


def test_exit_cannot_be_swallowed(utils) -> None:
    def careless() -> None:
        try:
            utils.notebook.exit(5)
        except Exception:
            pytest.fail("swallowed")

    with pytest.raises(NotebookExit) as signal:
        careless()
    assert signal.value.value == "5"


def dag(*activities: dict) -> dict:
    return {"activities": list(activities), "timeoutInSeconds": 60, "concurrency": 2}


def test_a_dag_runs_in_order_and_hands_exit_values_on(small_fabric) -> None:
    calls: list[tuple[str, dict]] = []

    def child(name, layer, timeout, arguments):
        calls.append((name, dict(arguments)))
        return f"exit of {name}"

    notebook = build_module(small_fabric.place(run_child=child)).notebook
    graph = dag(
        {"name": "b", "path": "nb_b", "dependencies": ["a"], "args": {"x": "@activity('a').exitValue()", "n": 1}},
        {"name": "a", "path": "nb_a"},
    )
    assert notebook.validateDAG(graph) is True
    results = notebook.runMultiple(graph)
    assert results["b"] == {"exitVal": "exit of nb_b", "exception": None}
    assert calls == [("nb_a", {}), ("nb_b", {"x": "exit of nb_a", "n": 1})]
    assert notebook.runMultiple(["nb_c"])["nb_c"]["exitVal"] == "exit of nb_c"


def test_what_depends_on_a_failed_notebook_is_not_run(small_fabric) -> None:
    tries: list[str] = []

    def child(name, layer, timeout, arguments):
        tries.append(name)
        raise NotebookError("broken")

    notebook = build_module(small_fabric.place(run_child=child)).notebook
    with pytest.raises(RunMultipleError, match=r"2 of 2 notebook\(s\) failed") as failed:
        notebook.runMultiple(
            dag({"name": "a", "path": "a", "retry": 1}, {"name": "b", "path": "b", "dependencies": ["a"]})
        )
    assert tries == ["a", "a"]
    assert failed.value.result["b"]["exception"] == "not run, because ['a'] failed"


@pytest.mark.parametrize(
    ("graph", "problem"),
    [
        (dag({"name": "a", "path": "a", "dependencies": ["x"]}), "'a' refers to 'x', which does not exist"),
        (dag({"name": "a", "path": "a"}, {"name": "a", "path": "b"}), "two activities are named 'a'"),
        (dag({"name": "a", "path": "a", "wait": 1}), r"unknown keys \['wait'\]"),
        (dag({"path": "a"}), "an activity needs name and path"),
        ({"activities": [], "parallel": 3}, "unknown key 'parallel'"),
        (dag({"name": "a", "path": "a", "args": {"x": "@activity('b').exitValue()"}}, {"name": "b", "path": "b"}),
         "on which it does not depend"),
        (dag({"name": "a", "path": "a", "dependencies": ["b"]}, {"name": "b", "path": "b", "dependencies": ["a"]}),
         "go in a circle"),
    ],
)  # fmt: skip
def test_a_dag_that_cannot_run_is_refused(utils, graph, problem) -> None:
    with pytest.raises(FabricOTError, match=problem):
        utils.notebook.validateDAG(graph)
