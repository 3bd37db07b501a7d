"""Environments: the runtime that is pinned, the compute that fits, the libraries that are listed."""

from __future__ import annotations

import pytest

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.environment import load_environment


@pytest.fixture
def write_environment(tmp_path):
    def write(compute, libraries=None):
        (tmp_path / "Setting").mkdir()
        (tmp_path / "Setting/Sparkcompute.yml").write_text(compute, encoding="utf-8")
        if libraries is not None:
            (tmp_path / "Libraries/PublicLibraries").mkdir(parents=True)
            (tmp_path / "Libraries/PublicLibraries/environment.yml").write_text(libraries, encoding="utf-8")
        return tmp_path

    return write


@pytest.mark.parametrize("written", ["2.0", '"2.0"'])
def test_the_runtime_is_text_however_it_is_written(write_environment, written):
    assert load_environment(write_environment(f"runtime_version: {written}\n")).runtime_version == "2.0"


def test_spark_settings_are_text_as_spark_reads_them(write_environment):
    folder = write_environment("runtime_version: 1.3\nspark_conf:\n  a: true\n  b: 8\n  c: FAIR\n")
    assert load_environment(folder).spark_conf == {"a": "true", "b": "8", "c": "FAIR"}


def test_libraries_of_both_kinds_are_listed(write_environment):
    folder = write_environment("runtime_version: 2.0\n", "dependencies:\n  - numpy==2.4.1\n  - pip:\n      - x==1\n")
    (folder / "Libraries/CustomLibraries").mkdir()
    wheel = folder / "Libraries/CustomLibraries/a-1-py3-none-any.whl"
    wheel.write_bytes(b"")
    environment = load_environment(folder)
    assert environment.public_libraries == ("numpy==2.4.1", "x==1")
    assert environment.custom_libraries == (wheel,)


@pytest.mark.parametrize(
    ("compute", "libraries", "said"),
    [
        ("driver_cores: 4\n", None, "runtime_version is missing"),
        ("a: [\n", None, "not YAML"),
        ("- a\n", None, "expected a mapping, found list"),
        ("runtime_version: 2.0\nspark_conf: [a]\n", None, "spark_conf must be a mapping"),
        ("runtime_version: 2.0\n", "dependencies: numpy\n", "dependencies must be a list"),
        ("runtime_version: 2.0\n", "dependencies:\n  - conda: [x]\n", "a dependency is text or a 'pip' list"),
    ],
)
def test_a_malformed_file_is_refused(write_environment, compute, libraries, said):
    with pytest.raises(ItemError) as caught:
        load_environment(write_environment(compute, libraries))
    assert said in str(caught.value)


def test_the_environment_of_this_repository_fits_the_smallest_capacity(repository_root):
    environment = load_environment(repository_root / "environments/ot_runtime.Environment")
    assert environment.runtime_version == "2.0"
    assert environment.spark_conf["spark.sql.session.timeZone"] == "UTC"
    assert (environment.compute["driver_cores"], environment.compute["executor_cores"]) == (4, 4)
    assert environment.compute["dynamic_executor_allocation"]["max_executors"] == 1
    assert [library.partition("==")[0] for library in environment.public_libraries] == ["protobuf"]
